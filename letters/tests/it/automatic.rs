use crate::{read, with};
use letters::Automatic::{self, Balie, Bounce, No, Notification, OutOfOffice};

fn is(fields: &str, expected: Automatic) {
    assert_eq!(with(fields).automatic, expected, "{fields}");
}

#[test]
fn a_persons_mail_is_not_automatic() {
    is("Subject: Printer stuk", No);
    is("Auto-Submitted: no", No);
    is("Auto-Submitted: no; reden=x", No);
    is("Precedence: first-class", No);
    is("X-Autoreply: no", No);
}

#[test]
fn suppressing_answers_alone_is_what_exchange_does_for_people() {
    is("X-Auto-Response-Suppress: DR, OOF, AutoReply\nSubject: Vraag", No);
}

#[test]
fn answers_of_programs_are_seen() {
    is("Auto-Submitted: auto-replied", OutOfOffice);
    is("Auto-Submitted: auto-replied (vacation)", OutOfOffice);
    is("X-Autoreply: yes", OutOfOffice);
    is("X-Autorespond: Afwezig", OutOfOffice);
    is("Precedence: auto_reply", OutOfOffice);
    is("X-MS-Exchange-Inbox-Rules-Loop: piet@klant.nl", OutOfOffice);
}

#[test]
fn the_phrases_of_exchange_count_alone() {
    is("Subject: Automatisch antwoord: Uw vraag", OutOfOffice);
    is("Subject: Automatic reply: Your question", OutOfOffice);
    is("Subject: Automatische Antwort: Ihre Frage", OutOfOffice);
    is("Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_Votre_question?=", OutOfOffice);
    is("Subject: Re: Automatic reply: hoe zet ik dat uit?", No);
    is("Subject: Automatic reply werkt niet", No);
}

#[test]
fn other_subjects_count_together_with_another_sign() {
    is("Subject: Afwezig: vakantie", No);
    is("Subject: Out of office", No);
    is("Subject: Ik ben morgen afwezig, kan de monteur later?", No);
    is("Subject: Afwezig: vakantie\nX-Auto-Response-Suppress: All", OutOfOffice);
    is("Subject: Abwesenheitsnotiz\nReturn-Path: <>", OutOfOffice);
    is("Subject: Out of Office\nAuto-Submitted: auto-generated", OutOfOffice);
}

#[test]
fn mailings_and_lists_are_notifications() {
    is("Auto-Submitted: auto-generated", Notification);
    is("Precedence: bulk", Notification);
    is("Precedence: junk", Notification);
    is("List-Unsubscribe: <https://a.nl>", Notification);
    is("List-Id: <nieuws.a.nl>", Notification);
    assert!(with("List-Id: <nieuws.a.nl>").list && with("Precedence: list").list && !with("Precedence: bulk").list);
}

#[test]
fn mail_of_balie_itself_is_known() {
    is("X-Balie: 12", Balie);
    is("List-Id: Ticket 12 <12.tickets.balie>\nAuto-Submitted: auto-generated", Balie);
    is("List-Id: <balie.gemeente.nl>", Notification);
}

#[test]
fn daemons_bounce_and_postmasters_notify() {
    assert_eq!(read("From: MAILER-DAEMON\nSubject: Undeliverable\n\nHelaas").automatic, Bounce);
    assert_eq!(read("From: Mail Delivery <MAILER-DAEMON@mx.nl>\n\nHelaas").automatic, Bounce);
    assert_eq!(read("From: postmaster@mx.nl\n\nDe schijf is vol").automatic, Notification);
}

#[test]
fn a_read_receipt_is_a_notification() {
    let mail = "From: a@b.nl\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\n\nGelezen\n--x\n\
                Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@b.nl\nDisposition: manual-action; displayed\n--x--";
    let letter = read(mail);
    assert_eq!((letter.automatic, letter.bounce), (Notification, None));
}
