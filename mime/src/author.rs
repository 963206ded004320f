//! Who wrote a mail that a mailing list sent on in its own name, as lists do for senders whose domain forbids others to send (DMARC).
//!
//! Invariant: what is found is what the list says; it proves nothing about the sender.

use crate::addresses::{self, MailAddress};
use crate::auto_reply::is_list;
use crate::charset;
use crate::headers::Fields;

/// The addresses of the list that a mail came by, in lower case; none where it came by no list.
pub(crate) fn list_addresses(fields: &Fields<'_>) -> Vec<String> {
    let line = |name: &str| fields.get(name).map(|value| charset::sentence(value, 1_000)).unwrap_or_default();
    let mut found: Vec<String> = vec![];
    for name in ["List-Post", "X-BeenThere", "Mailing-List", "X-Google-Group-Email"] {
        let words = line(name);
        let written = words.split([' ', ',', ';', '<', '>']).map(|word| word.split('?').next().unwrap_or_default());
        found.extend(written.filter_map(addresses::cleaned));
    }
    // `Helpdesk <helpdesk.klant.nl>` is the list helpdesk@klant.nl (RFC 2919).
    let id = line("List-Id");
    let id = id.rsplit_once('<').map_or(id.as_str(), |(_, id)| id).trim_end_matches(['>', ' ']);
    found.extend(id.split_once('.').and_then(|(local, domain)| addresses::cleaned(&format!("{local}@{domain}"))));
    found.iter_mut().for_each(|address| *address = address.to_lowercase());
    found.sort_unstable();
    found.dedup();
    found
}

/// The author of a mail whose `From` a list wrote anew; `None` where the author stands there.
pub(crate) fn behind(fields: &Fields<'_>, from: &MailAddress) -> Option<MailAddress> {
    let lists = list_addresses(fields);
    let is_of_list = lists.contains(&from.address.to_lowercase());
    let is_via = from.name.to_lowercase().contains(" via ");
    let is_told = ["X-Original-From", "X-Original-Sender"].iter().any(|name| fields.has(name));
    if !is_of_list && !(is_via && is_told && (is_list(fields) || fields.has("X-Original-From"))) {
        return None;
    }
    // Where the list does not answer in its own name, Reply-To is the author's own choice.
    let names: &[&str] =
        if is_of_list { &["X-Original-From", "X-Original-Sender", "Reply-To", "Cc"] } else { &["X-Original-From", "X-Original-Sender"] };
    let is_author = |mailbox: &MailAddress| {
        let address = mailbox.address.to_lowercase();
        address != from.address.to_lowercase() && !lists.contains(&address)
    };
    let named = |name: &&str| {
        let mut found = addresses::every(fields, name, 10).0.into_iter().filter(is_author);
        // Mailman puts the author in Cc where Reply-To is the list's; among others there is no telling which.
        let first = found.next();
        first.filter(|_| *name != "Cc" || is_via && found.next().is_none())
    };
    let author = names.iter().find_map(named)?;
    let name = if author.name.is_empty() { name_before_via(&from.name) } else { author.name };
    Some(MailAddress { name, address: author.address })
}

/// `'Marieke de Wit' via Servicedesk` is Marieke de Wit.
fn name_before_via(name: &str) -> String {
    let at = name.to_lowercase().find(" via ").filter(|at| name.is_char_boundary(*at));
    at.map_or("", |at| &name[..at]).trim_matches(['\'', '"', ' ']).to_owned()
}
