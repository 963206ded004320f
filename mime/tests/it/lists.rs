//! Who wrote a mail that a list sent on in its own name.

use crate::read;
use mime::Automatic;

/// Who wrote a mail with these fields, and the name it came under.
fn who(fields: &str) -> (String, Option<String>) {
    let letter = read(&format!("To: helpdesk@balie.nl\nSubject: Printer\n{fields}\n\nHallo\n"));
    let from = letter.from.map(|from| format!("{} <{}>", from.name, from.address)).unwrap_or_default();
    (from, letter.via.map(|via| via.address))
}

const PIET: &str = "Piet Jansen <piet@klant.nl>";

#[test]
fn a_google_group_says_who_wrote() {
    let group = "From: 'Piet Jansen' via Helpdesk <helpdesk@balie.nl>\nList-Id: <helpdesk.balie.nl>\nMailing-list: list helpdesk@balie.nl; contact helpdesk+owners@balie.nl\nPrecedence: list";
    for told in [
        "X-Original-From: Piet Jansen <piet@klant.nl>",
        "X-Original-Sender: piet@klant.nl",
        "Reply-To: Piet Jansen <piet@klant.nl>",
        "Reply-To: helpdesk@balie.nl, Piet Jansen <piet@klant.nl>",
    ] {
        assert_eq!(who(&format!("{group}\n{told}")), (PIET.to_owned(), Some("helpdesk@balie.nl".to_owned())), "{told}");
    }
    let letter = read(&format!("{group}\nX-Original-From: {PIET}\n\nHallo\n"));
    assert!(letter.automatic == Automatic::PassedOn && letter.list_addresses.contains(&"helpdesk@balie.nl".to_owned()), "{letter:?}");
    // Nobody is made up where the list does not say.
    assert_eq!(who(group), ("'Piet Jansen' via Helpdesk <helpdesk@balie.nl>".to_owned(), None));
}

#[test]
fn mailman_says_it_in_reply_to_or_in_cc() {
    let list =
        "From: Piet Jansen via Storingen <storingen@lijst.nl>\nList-Id: Storingen <storingen.lijst.nl>\nList-Post: <mailto:storingen@lijst.nl>";
    let expected = (PIET.to_owned(), Some("storingen@lijst.nl".to_owned()));
    assert_eq!(who(&format!("{list}\nReply-To: Piet Jansen <piet@klant.nl>")), expected);
    assert_eq!(who(&format!("{list}\nReply-To: storingen@lijst.nl\nCc: Piet Jansen <piet@klant.nl>")), expected);
    let (from, via) = who(&format!("{list}\nCc: Piet Jansen <piet@klant.nl>, Els <els@klant.nl>"));
    assert_eq!((from.as_str(), via), ("Piet Jansen via Storingen <storingen@lijst.nl>", None), "there is no telling which");
}

#[test]
fn a_list_that_leaves_the_sender_changes_nobody() {
    let list =
        "List-Id: <storingen.lijst.nl>\nList-Post: <mailto:storingen@lijst.nl>\nX-Original-Sender: piet@klant.nl\nReply-To: storingen@lijst.nl";
    assert_eq!(who(&format!("From: {PIET}\n{list}")), (PIET.to_owned(), None));
    assert_eq!(who(&format!("From: {PIET}\nReply-To: els@klant.nl")), (PIET.to_owned(), None));
}

#[test]
fn another_desk_that_writes_via_is_no_list_that_rewrites() {
    let desk = "From: Tom via Helpdesk <helpdesk@klant.nl>\nReply-To: Helpdesk <helpdesk+12.7.x@klant.nl>\nList-Id: Ticket 12 <12.tickets.klant.nl>";
    assert_eq!(who(desk), ("Tom via Helpdesk <helpdesk@klant.nl>".to_owned(), None));
    // Without a list the field is one that anyone can write.
    assert_eq!(who("From: Tom <tom@klant.nl>\nX-Original-From: Piet <piet@klant.nl>"), ("Tom <tom@klant.nl>".to_owned(), None));
}
