//! What is left in a bounce of the mail that came back, by which it is found again.
//!
//! Invariant: all of it is what someone wrote; whoever looks a mail up by it knows it by a secret in it.

use crate::addresses;
use crate::headers::Fields;
use crate::limits::{MAX_ID, MAX_SUBJECT};
use crate::parts::{self, Raw};
use crate::{bodies, charset, message};

/// Most addresses that are kept: a mail has one sender, one reply address and, as Balie sends it, one recipient.
const MAX_ADDRESSES: usize = 20;
/// Bytes of text in which the copy of a mail is looked for.
const LOOKED_AT: usize = 256 << 10;
/// The kinds of parts that hold a mail or its header.
const KINDS: [&str; 5] = ["message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"];

/// What is there of a mail that came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Returned {
    /// Its Message-ID, which a relay may have chosen anew.
    pub message_id: Option<String>,
    /// The Message-ID that Balie gave it, from the field that no relay changes.
    pub balie: Option<String>,
    /// Addresses in its header, or in the text of the bounce: one may be a reply address.
    pub addresses: Vec<String>,
    /// Its subject.
    pub subject: String,
}

impl Returned {
    /// Looks in the part that holds the mail or its header, and otherwise in the text.
    pub(crate) fn find(parts: &[Raw<'_>], text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(LOOKED_AT)];
        let part = parts.iter().skip(1).find(|part| KINDS.contains(&part.kind.as_str()));
        let mut found = part.map(|part| Self::of(&parts::header(&part.contents(&mut vec![])))).unwrap_or_default();
        if found.message_id.is_none() && found.balie.is_none() {
            let copied = copied(text);
            let of = Self::of(&parts::header(copied.as_bytes()));
            found = Self {
                message_id: of.message_id,
                balie: of.balie,
                subject: if found.subject.is_empty() { of.subject } else { found.subject },
                ..found
            };
        }
        for word in text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | ',' | ';' | ':' | '[' | ']')) {
            let address = addresses::cleaned(word).filter(|address| address.contains('+'));
            found.addresses.extend(address.filter(|_| found.addresses.len() < MAX_ADDRESSES));
        }
        found
    }

    fn of(fields: &Fields<'_>) -> Self {
        let in_field = |name: &str| addresses::every(fields, name, 3).0.into_iter().map(|mailbox| mailbox.address);
        Self {
            message_id: message::message_id(fields).0,
            balie: balie(fields),
            addresses: ["Reply-To", "Return-Path", "From", "Sender"].iter().flat_map(|name| in_field(name)).collect(),
            subject: fields.get("Subject").map(|value| charset::sentence(value, MAX_SUBJECT)).unwrap_or_default(),
        }
    }
}

/// The mail that a receipt for reading is about (RFC 8098).
pub(crate) fn that_was_read(parts: &[Raw<'_>]) -> Vec<String> {
    let receipt = parts.iter().find(|part| part.kind == "message/disposition-notification");
    receipt.map(|part| message::ids(&parts::header(&part.contents(&mut vec![])), "Original-Message-ID")).unwrap_or_default()
}

/// The Message-ID in the field that Balie puts in every mail it sends.
pub(crate) fn balie(fields: &Fields<'_>) -> Option<String> {
    let id = charset::one_line(&charset::unfolded(fields.get("X-Balie")?, MAX_ID), MAX_ID);
    let id = id.trim_matches(['<', '>', ' ']);
    (!id.is_empty() && !id.contains(char::is_whitespace)).then(|| id.to_owned())
}

/// The fields of a mail that stands in the text, quoted or not: each by its first line, and the next where that is empty.
fn copied(text: &str) -> String {
    let bare = |line: &str| line.trim_start_matches(['>', ' ', '\t']).to_owned();
    let mut header = String::new();
    for wanted in ["message-id:", "x-balie:"] {
        let mut lines = text.lines().skip_while(|line| !bare(line).to_ascii_lowercase().starts_with(wanted));
        let Some(line) = lines.next().map(bare) else { continue };
        let rest = if line.len() == line.find(':').map_or(0, |at| at + 1) { lines.next().map(bare).unwrap_or_default() } else { String::new() };
        header.push_str(&bodies::tidy(format!("{line} {rest}")));
        header.push('\n');
    }
    header
}
