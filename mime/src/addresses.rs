//! Who a mail is from and to.
//!
//! Invariant: a mailbox has an address with something on both sides of its @ and no space in it, and a name that is one line.

use crate::charset;
use crate::headers::Fields;
use crate::limits::{MAX_ADDRESS, MAX_ADDRESS_FIELD, MAX_COUNTED, MAX_DELIVERED, MAX_NAME};
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, HeaderValue};

/// A person's address, and what they call themselves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailAddress {
    /// One line; empty where there is none.
    pub name: String,
    /// With its domain in lower case.
    pub address: String,
}

impl MailAddress {
    /// Makes one of what was written, where an address was.
    pub(crate) fn new(name: &str, address: &str) -> Option<Self> {
        let name = charset::one_line(&charset::decoded(name), MAX_NAME);
        let name = name.trim_matches(['"', ' ']);
        // A pair of quotation marks around all of it says nothing; one that belongs to a part of it stays.
        let name = name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(name).trim().to_owned();
        Some(Self { name, address: cleaned(address)? })
    }

    /// What stands before the last @.
    pub(crate) fn local(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(local, _)| local)
    }

    fn of(address: &Addr<'_>) -> Option<Self> {
        let name = address.name.as_deref().unwrap_or_default();
        match address.address.as_deref() {
            Some(written) => Self::new(name, written),
            // All of it between quotes or in an encoded word.
            None => Self::new("", name).or_else(|| Self::in_words(name)),
        }
    }

    /// A mailbox as people write it: `René de Wit <rene@klant.nl>`.
    fn in_words(written: &str) -> Option<Self> {
        let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '[' | ']' | '(' | ')' | '"' | ',' | ';');
        let at = written.find('@')?;
        let from = written[..at].rfind(ends).map_or(0, |end| end + written[end..].chars().next().map_or(1, char::len_utf8));
        let to = written[at..].find(ends).map_or(written.len(), |end| at + end);
        Self::new(written[..from].trim_end_matches(ends), &written[from..to])
    }
}

/// The address alone: no space, no brackets, its domain in lower case.
pub(crate) fn cleaned(written: &str) -> Option<String> {
    let written = written.trim().trim_matches(['<', '>', '"', '\'']).trim();
    let written = written.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map_or(written, |_| &written[7..]);
    let unfit = |c: char| c.is_whitespace() || c.is_control() || charset::turns(c) || matches!(c, '<' | '>' | ',' | ';');
    let (local, domain) = written.rsplit_once('@')?;
    if local.is_empty() || domain.is_empty() || written.len() > MAX_ADDRESS || written.contains(unfit) {
        return None;
    }
    Some(format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// The mailboxes in one field; at most so many are made, and up to [`MAX_COUNTED`] are counted.
pub(crate) fn mailboxes(value: &[u8], most: usize) -> (Vec<MailAddress>, usize) {
    let line = separated(&charset::quoted(&charset::unfolded(value, MAX_ADDRESS_FIELD))) + "\n";
    let HeaderValue::Address(found) = MessageStream::new(line.as_bytes()).parse_address() else { return (vec![], 0) };
    let mut kept = vec![];
    let mut counted = 0;
    let mut take = |address: &Addr<'_>| {
        if kept.len() < most {
            let mailbox = MailAddress::of(address);
            counted += usize::from(mailbox.is_some());
            kept.extend(mailbox);
        } else if counted < MAX_COUNTED {
            counted += 1;
        }
    };
    match &found {
        Address::List(list) => list.iter().for_each(&mut take),
        Address::Group(groups) => groups.iter().flat_map(|group| &group.addresses).for_each(&mut take),
    }
    (kept, counted)
}

/// The line with a comma between mailboxes that have none: a parser makes one address of two.
fn separated(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    // Whether the mailbox so far has an address by itself, or between brackets.
    let (mut has_address, mut has_brackets) = (false, false);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let size = match first {
            '"' => quoted_string(rest),
            '(' => comment(rest),
            '<' => rest.find('>').map_or(rest.len(), |end| end + 1),
            c if c.is_whitespace() || matches!(c, ',' | ';' | ':') => c.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '"' | '(' | '<')).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(size);
        match first {
            ',' | ';' | ':' => (has_address, has_brackets) = (false, false),
            '(' => {}
            c if c.is_whitespace() => {}
            _ => {
                // An address right before brackets is the name of who has them.
                let address = !matches!(first, '"' | '<') && token.contains('@') && !after.trim_start_matches([' ', '\t']).starts_with('<');
                if has_brackets || address && has_address {
                    out.push_str(", ");
                    (has_address, has_brackets) = (false, false);
                }
                has_address |= address;
                has_brackets |= first == '<';
            }
        }
        out.push_str(token);
        rest = after;
    }
    out
}

/// How long the string between quotes is that begins here.
fn quoted_string(text: &str) -> usize {
    let mut escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long the remark is that begins here, with those in it.
fn comment(text: &str) -> usize {
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The first mailbox in the fields of this name.
pub(crate) fn first(fields: &Fields<'_>, name: &str) -> Option<MailAddress> {
    fields.all(name).take(10).find_map(|value| mailboxes(&value[..value.len().min(crate::limits::MAX_FIELD)], 1).0.into_iter().next())
}

/// The mailboxes in every field of this name, and how many there are.
pub(crate) fn every(fields: &Fields<'_>, name: &str, most: usize) -> (Vec<MailAddress>, usize) {
    let mut all = vec![];
    let mut counted = 0;
    for value in fields.all(name) {
        let (some, number) = mailboxes(value, most - all.len());
        all.extend(some);
        counted = MAX_COUNTED.min(counted + number);
        if counted == MAX_COUNTED {
            break;
        }
    }
    (all, counted)
}

/// The addresses that servers on the way say it was for.
pub(crate) fn delivered(fields: &Fields<'_>) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    for name in ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To"] {
        for value in fields.all(name).take(MAX_DELIVERED) {
            let value = &value[..value.len().min(crate::limits::MAX_FIELD)];
            for mailbox in mailboxes(value, MAX_DELIVERED).0 {
                if found.len() < MAX_DELIVERED && !found.contains(&mailbox.address) {
                    found.push(mailbox.address);
                }
            }
        }
    }
    found
}
