use crate::{read, with};
use mime::Automatic::{self, Bounce, Doubtful, No, Notification, OutOfOffice, PassedOn};

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
    is("X-Auto-Response-Suppress: All\nSubject: Vraag", No);
}

#[test]
fn subjects_of_people_that_sound_automatic_are_theirs_whatever_exchange_adds() {
    for subject in [
        "Automatische incasso van maart is twee keer afgeschreven",
        "Automatisch antwoord werkt niet",
        "Automatic door stays open",
        "Absence de réseau au 3e étage",
        "Absence management module crashes",
        "Vacation calendar is empty",
        "Out of office werkt niet sinds de update",
        "Ik ben morgen afwezig, kan de monteur later?",
        "Afwezigheidsregistratie laadt niet",
        "Urlaubsantrag lässt sich nicht speichern",
        "Abwesenheitsassistent lässt sich nicht einschalten",
        "Re: Afwezig: vakantie",
    ] {
        for suppressed in ["DR, OOF, AutoReply", "DR, RN, NRN, OOF, AutoReply", "OOF, AutoReply", "All"] {
            is(&format!("Subject: {subject}\nX-Auto-Response-Suppress: {suppressed}"), No);
        }
    }
}

#[test]
fn what_a_rule_of_a_mailbox_sends_on_may_be_a_persons() {
    is("X-MS-Exchange-Inbox-Rules-Loop: piet@klant.nl\nSubject: FW: Printer stuk", No);
    is("X-MS-Exchange-Inbox-Rules-Loop: piet@klant.nl\nAuto-Submitted: auto-generated\nSubject: FW: Printer stuk", PassedOn);
    is("X-MS-Exchange-Generated-Message-Source: MailAddress Rules Agent\nAuto-Submitted: auto-generated\nSubject: FW: Printer stuk", PassedOn);
    is("X-MS-Exchange-Inbox-Rules-Loop: piet@klant.nl\nAuto-Submitted: auto-replied", OutOfOffice);
    is("X-MS-Exchange-Inbox-Rules-Loop: piet@klant.nl\nSubject: Automatic reply: Printer", OutOfOffice);
}

#[test]
fn what_has_no_sender_to_answer_to_is_no_persons() {
    for path in ["<>", " <> ", "", "<MAILER-DAEMON>", "<mailer-daemon@mx.klant.nl>"] {
        is(&format!("Return-Path: {path}\nSubject: Re: [#12] Printer"), Doubtful);
        is(&format!("Return-Path: {path}\nSubject: Im Urlaub"), OutOfOffice);
    }
    is("Return-Path: <piet@klant.nl>\nSubject: Printer", No);
    let piped = "From MAILER-DAEMON  Wed Mar 12 10:20:44 2025\nFrom: Piet <piet@klant.nl>\nSubject: Printer\n\nHallo";
    assert_eq!(read(piped).automatic, Doubtful);
    assert_eq!(read(&piped.replace("MAILER-DAEMON", "piet@klant.nl")).automatic, No);
}

#[test]
fn titles_of_absence_notes_are_known_in_seven_languages() {
    for title in [
        "Im Urlaub",
        "Im Urlaub bis 24.3.",
        "Urlaub vom 1.3. bis 24.3.",
        "Abwesenheitsnotiz: [#12] Drucker",
        "Vakantie",
        "Vakantie t/m 24 maart",
        "Afwezig: Re: [#12] Printer",
        "Out of Office",
        "OUT OF OFFICE: Re: [#12] Printer",
        "Out of office until Monday",
        "[Out of Office] Re: [#12] Printer",
        "Absence du bureau : Re: [#12] Imprimante",
        "En congés jusqu'au 24 mars",
        "Fuera de la oficina: Re: [#12]",
        "Fuori ufficio - Re: [#12]",
        "Férias",
    ] {
        assert!(with(&format!("Subject: {title}")).is_titled_as_absence(), "{title}");
    }
    for title in [
        "Re: Im Urlaub",
        "AW: Abwesenheitsnotiz",
        "Re: [#12] Vakantie",
        "Urlaubsplanung 2025",
        "Vakantieplanner is traag",
        "Absence de réseau",
        "Vacation calendar is empty",
        "Printer",
    ] {
        assert!(!with(&format!("Subject: {title}")).is_titled_as_absence(), "{title}");
    }
}

#[test]
fn answers_of_programs_are_seen() {
    is("Auto-Submitted: auto-replied", OutOfOffice);
    is("Auto-Submitted: auto-replied (vacation)", OutOfOffice);
    is("X-Autoreply: yes", OutOfOffice);
    is("X-Autorespond: Afwezig", OutOfOffice);
    is("Precedence: auto_reply", OutOfOffice);
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
fn what_declares_itself_is_a_notification_and_what_came_by_a_list_may_be_a_persons() {
    is("Auto-Submitted: auto-generated", Notification);
    is("Auto-Submitted: auto-generated\nList-Id: <alarm.a.nl>", Notification);
    is("List-Unsubscribe: <https://a.nl>", PassedOn);
    is("List-Id: <nieuws.a.nl>\nPrecedence: bulk", PassedOn);
    is("Precedence: bulk", Doubtful);
    is("Precedence: junk", Doubtful);
    is("Precedence: bulk\nSubject: Afwezig: vakantie", OutOfOffice);
    assert!(with("List-Id: <nieuws.a.nl>").list && with("Precedence: list").list && !with("Precedence: bulk").list);
}

#[test]
fn what_balie_named_a_mail_is_read_and_decides_nothing_here() {
    let letter = with("X-Balie: 12@balie.nl\nList-Id: Ticket 12 <12.tickets.balie.nl>");
    assert_eq!((letter.balie.as_deref(), letter.automatic), (Some("12@balie.nl"), PassedOn));
    assert_eq!(with("Subject: x").balie, None);
}

#[test]
fn daemons_bounce_and_postmasters_notify() {
    assert_eq!(read("From: MAILER-DAEMON\nSubject: Undeliverable\n\nHelaas").automatic, Bounce);
    assert_eq!(read("From: Mail Delivery <MAILER-DAEMON@mx.nl>\n\nHelaas").automatic, Bounce);
    assert_eq!(read("From: postmaster@mx.nl\n\nDe schijf is vol").automatic, Doubtful);
}

#[test]
fn a_read_receipt_is_a_notification() {
    let mail = "From: a@b.nl\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\n\nGelezen\n--x\n\
                Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@b.nl\nOriginal-Message-ID: <12@balie.nl>\nDisposition: manual-action; displayed\n--x--";
    let letter = read(mail);
    assert_eq!(letter.in_reply_to, ["12@balie.nl"]);
    assert_eq!((letter.automatic, letter.bounce), (Notification, None));
}
