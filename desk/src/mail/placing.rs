//! Whose a mail is, and to which ticket it belongs.
//!
//! Invariant: a ticket is found for a sender only where they may read it now.

use super::dkim::Proof;
use super::ingest::answered;
use super::{own_addresses, reply_address, secret};
use crate::accounts::{Session, hex};
use crate::{Desk, Result};
use domain::accounts::{EmailAddress, Scope};
use domain::{PersonId, TicketId};
use mime::InboundMessage;
use sha2::{Digest, Sha256};
use store::accounts::Account;

/// Numbers of tickets that are tried of one subject.
const NUMBERS: usize = 5;

/// Whether the desk itself sent a mail that came in, as by a mailbox that sends on what it gets, and on which ticket.
///
/// Another desk of this kind puts the same field in its mails: they are its people's.
pub(super) async fn own_mail(desk: &Desk, letter: &InboundMessage) -> Result<Option<Option<TicketId>>> {
    for id in letter.balie.iter().chain(&letter.message_id) {
        if let Some(ticket) = store::mail::of_ours(desk.store(), id).await? {
            return Ok(Some(ticket));
        }
    }
    // Those that are about no ticket are not kept, and those that were sent again have another Message-ID by now.
    let Some(id) = &letter.balie else { return Ok(None) };
    let domain = id.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).unwrap_or_default();
    let own = own_addresses(desk).await?;
    let is_ours = own.iter().any(|address| address.rsplit_once('@').is_some_and(|(_, own)| own == domain));
    Ok(if is_ours { Some(store::mail::thread(desk.store(), std::slice::from_ref(id)).await?) } else { None })
}

/// What mails have in common that are the same but for the way they came: sender, Message-ID, date and content; `None` without a Message-ID.
///
/// The Message-ID alone says little: scanners, alarm centres and the like give one to many mails.
pub(super) fn fingerprint(letter: &InboundMessage) -> Option<String> {
    let id = letter.message_id.as_deref()?;
    let sender = letter.from.as_ref().map(|from| from.address.to_lowercase()).unwrap_or_default();
    let words: Vec<String> = letter.plain().split_whitespace().map(str::to_owned).collect();
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    for part in [&sender, id, &letter.date.unwrap_or_default().to_string(), &letter.subject, &words.join(" ")] {
        add(part.as_bytes());
    }
    letter.files.iter().for_each(|file| add(&file.contents));
    Some(hex(&hash.finalize()))
}

/// The ticket and person of a reply address among those the mail was sent to.
pub(super) async fn token(desk: &Desk, letter: &InboundMessage) -> Result<Option<(TicketId, PersonId)>> {
    let secret = secret(desk).await?;
    let named = letter.to.iter().chain(&letter.cc).map(|mailbox| mailbox.address.as_str());
    Ok(letter.delivered_to.iter().map(String::as_str).chain(named).find_map(|to| reply_address::read_reply_address(secret, to)))
}

/// The account with an address, where it is not disabled.
pub(super) async fn account(desk: &Desk, address: &str) -> Result<Option<Account>> {
    let Some(address) = EmailAddress::parse(address) else { return Ok(None) };
    Ok(store::accounts::by_email(desk.store(), &address).await?.filter(|account| !account.disabled))
}

pub(super) async fn session(desk: &Desk, account: Account) -> Result<Session> {
    let hidden = store::departments::hidden_from(desk.store(), account.person.id).await?;
    Ok(Session::of_mail(account, hidden))
}

async fn scope(desk: &Desk, account: &Account) -> Result<Scope> {
    Ok(session(desk, account.clone()).await?.scope())
}

/// The ticket a mail belongs to: by its reply address, then by the mails it answers, then by the number in its subject; only one that its sender may read now.
pub(super) async fn ticket_of(
    desk: &Desk,
    sender: &Account,
    token: Option<(TicketId, PersonId)>,
    letter: &InboundMessage,
    proof: Proof,
) -> Result<Option<TicketId>> {
    let by_thread = store::mail::thread(desk.store(), &answered(letter)).await?;
    let by_number = numbers(&letter.subject);
    let scope = scope(desk, sender).await?;
    // A reply address says where its own person's mail belongs; in another's hands it does so for customers who may read the ticket anyway.
    let by_token = token.filter(|(_, person)| *person == sender.person.id || !sender.person.role.is_staff()).map(|(ticket, _)| ticket);
    // And what may have been added to a mail of theirs says nothing.
    let (by_number, by_thread) = match proof {
        Proof::Proven { subject, thread } if sender.person.role.is_staff() => {
            (if subject { by_number } else { vec![] }, by_thread.filter(|_| thread))
        }
        _ => (by_number, by_thread),
    };
    // Each number is tried: whoever sends on a ticket from another desk has that one's number before ours.
    for ticket in [by_token, by_thread].into_iter().flatten().chain(by_number) {
        if store::tickets::is_visible(desk.store(), &scope, ticket).await? {
            return Ok(Some(ticket));
        }
    }
    Ok(None)
}

/// The numbers in a subject, as our own mails write them: `[#1042]`.
pub(super) fn numbers(subject: &str) -> Vec<TicketId> {
    let closed = subject.split("[#").skip(1).filter_map(|rest| rest.split_once(']')).map(|(digits, _)| digits);
    let plain = closed.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    plain.filter_map(|digits| digits.parse().ok()).filter(|number| *number > 0).take(NUMBERS).map(TicketId).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_subject_are_those_our_mails_write() {
        assert_eq!(numbers("Re: [#1042] Factuur"), [TicketId(1042)]);
        assert_eq!(numbers("FW: [#77] Re: [#x] [#1042] Factuur"), [TicketId(77), TicketId(1042)]);
        for none in ["Factuur #1042", "[#]", "[#x]", "[#-5]", "[#+5]", "[#0]", "[#99999999999999999999]", "[#10", "é[#"] {
            assert_eq!(numbers(none), [], "{none}");
        }
    }

    #[test]
    fn only_mails_with_the_same_date_and_content_have_a_fingerprint_in_common() {
        let mail = |fields: &str, text: &str| {
            let raw = format!("From: melder@klant.example\r\nMessage-ID: <1@klant.example>\r\nSubject: Storing\r\n{fields}\r\n\r\n{text}\r\n");
            fingerprint(&mime::read(raw.as_bytes())).unwrap()
        };
        let (monday, tuesday) = ("Date: Mon, 10 Mar 2025 07:00:00 +0100", "Date: Tue, 11 Mar 2025 07:00:00 +0100");
        let first = mail(monday, "Melder 12");
        assert_eq!(first, mail("Date: Mon, 10 Mar 2025 06:00:00 +0000\r\nDelivered-To: support@sera.example", "Melder  12\r\n"));
        assert!([mail(tuesday, "Melder 12"), mail(monday, "Melder 31")].iter().all(|other| *other != first));
        assert_eq!(fingerprint(&mime::read(b"From: a@b.example\r\n\r\nx")), None);
    }
}
