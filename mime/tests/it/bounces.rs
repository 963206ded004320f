use crate::read;
use mime::{Action, Automatic, InboundMessage};

fn report(status: &str, returned: &str) -> InboundMessage {
    read(&format!(
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.nl\nTo: info@balie.nl\nSubject: Undelivered Mail Returned to Sender\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\n\n--x\n\nHelaas.\n--x\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.nl\nArrival-Date: Mon, 1 Jan 2024 10:00:00 +0100\n\n{status}\n--x\n{returned}\n--x--\n"
    ))
}

const RETURNED: &str = "Content-Type: message/rfc822\n\nMessage-ID: <12@balie.nl>\nSubject: Uw vraag\n\nHallo";

#[test]
fn a_report_says_who_why_and_which_mail() {
    let letter = report(
        "Final-Recipient: rfc822; Piet@Klant.nl\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <piet@klant.nl>:\n    User unknown",
        RETURNED,
    );
    assert_eq!(letter.automatic, Automatic::Bounce);
    let bounce = letter.bounce.unwrap();
    assert_eq!(bounce.returned.message_id.as_deref(), Some("12@balie.nl"));
    let [piet] = bounce.recipients.as_slice() else { panic!() };
    assert_eq!((piet.address.as_str(), piet.action, piet.status.as_deref(), piet.permanent), ("Piet@klant.nl", Action::Failed, Some("5.1.1"), true));
    assert_eq!(piet.diagnostic, "550 5.1.1 <piet@klant.nl>: User unknown");
}

#[test]
fn several_recipients_are_each_named_as_they_were_written_to() {
    let bounce = report(
        "Original-Recipient: rfc822;een@klant.nl\nFinal-Recipient: rfc822;intern@klant.nl\nAction: failed\nStatus: 5.0.0 (permanent failure)\n\n\
         Final-Recipient: rfc822;twee@klant.nl\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822;drie@klant.nl\nAction: failed\nStatus: 4.4.7",
        RETURNED,
    );
    let found: Vec<_> = bounce.bounce.unwrap().recipients.into_iter().map(|r| (r.address, r.action, r.permanent)).collect();
    let expected = [("een@klant.nl", Action::Failed, true), ("twee@klant.nl", Action::Delivered, false), ("drie@klant.nl", Action::Failed, false)];
    assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b, c)));
}

#[test]
fn a_delay_is_not_permanent() {
    let letter = report("Final-Recipient: rfc822;piet@klant.nl\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Tue", RETURNED);
    let bounce = letter.bounce.unwrap();
    assert_eq!((bounce.recipients[0].action, bounce.recipients[0].permanent), (Action::Delayed, false));
}

#[test]
fn the_header_of_the_mail_alone_is_enough() {
    let bounce = report(
        "Final-Recipient: rfc822;a@b.nl\nAction: failed\nStatus: 5.1.1",
        "Content-Type: text/rfc822-headers\n\nMessage-ID: <13@balie.nl>\nSubject: x",
    );
    assert_eq!(bounce.bounce.unwrap().returned.message_id.as_deref(), Some("13@balie.nl"));
}

#[test]
fn a_diagnostic_cannot_break_a_line() {
    let letter = report("Final-Recipient: rfc822;a@b.nl\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; =?utf-8?Q?a=0D=0Ab?=", RETURNED);
    assert_eq!(letter.bounce.unwrap().recipients[0].diagnostic, "a b");
}

#[test]
fn a_bounce_of_qmail_is_read() {
    let letter = read(
        "From: MAILER-DAEMON@mx.nl\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.nl.\n\
         I'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n\
         <piet@klant.nl>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 No such user\nGiving up on 192.0.2.1.\n\n\
         --- Below this line is a copy of the message.\n\nReturn-Path: <info@balie.nl>\nMessage-ID: <14@balie.nl>\nTo: <ander@klant.nl>\n\nHallo\n",
    );
    let bounce = letter.bounce.unwrap();
    let [piet] = bounce.recipients.as_slice() else { panic!("{bounce:?}") };
    assert_eq!((piet.address.as_str(), piet.status.as_deref(), piet.permanent), ("piet@klant.nl", Some("5.1.1"), true));
    assert!(piet.diagnostic.contains("No such user"));
    assert_eq!(bounce.returned.message_id.as_deref(), Some("14@balie.nl"));
}

#[test]
fn a_bounce_of_exim_is_read() {
    let letter = read(
        "X-Failed-Recipients: piet@klant.nl\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@mx.nl>\nSubject: Mail delivery failed\n\n\
         This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n\
         recipients. This is a permanent error. The following address(es) failed:\n\n  piet@klant.nl\n    SMTP error from remote mail server after RCPT TO:<piet@klant.nl>:\n\
         \x20   550 Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-Id: <15@balie.nl>\n",
    );
    let bounce = letter.bounce.unwrap();
    let [piet] = bounce.recipients.as_slice() else { panic!("{bounce:?}") };
    assert_eq!((piet.address.as_str(), piet.status.as_deref(), piet.permanent), ("piet@klant.nl", Some("5.0.0"), true));
    assert_eq!(bounce.returned.message_id.as_deref(), Some("15@balie.nl"));
}

#[test]
fn a_delay_in_words_is_not_permanent() {
    let letter = read(
        "From: MAILER-DAEMON@mx.nl\nSubject: Warning: message delayed 24 hours\n\nThe following address has not yet been delivered to:\n\n  piet@klant.nl\n\
         host mx.klant.nl said: 451 4.7.1 Greylisted\n",
    );
    let bounce = letter.bounce.unwrap();
    assert_eq!((bounce.recipients[0].action, bounce.recipients[0].permanent), (Action::Delayed, false));
}

#[test]
fn a_person_who_writes_about_a_bounce_is_no_bounce() {
    let letter = read("From: piet@klant.nl\nSubject: Undeliverable\n\nIk kreeg dit terug:\n\n<els@klant.nl>:\n550 5.1.1 No such user\n");
    assert_eq!((letter.bounce, letter.automatic), (None, Automatic::No));
}

#[test]
fn a_daemon_that_says_nothing_useful_names_nobody() {
    let letter = read("From: MAILER-DAEMON@mx.nl\n\nEr ging iets mis.\n");
    assert_eq!((letter.bounce, letter.automatic), (Some(mime::Bounce::default()), Automatic::Bounce));
}

#[test]
fn a_relay_that_names_the_mail_anew_leaves_what_balie_named_it() {
    let letter = report(
        "Final-Recipient: rfc822;a@b.nl\nAction: failed\nStatus: 5.1.1",
        "Content-Type: message/rfc822\n\nFrom: Balie <info@balie.nl>\nReply-To: Balie <info+12.7.x@balie.nl>\nSubject: [#12] Printer\nMessage-ID: <0107@relay.example>\nX-Balie: 12@balie.nl\n\nHallo",
    );
    let returned = letter.bounce.unwrap().returned;
    assert_eq!((returned.message_id.as_deref(), returned.balie.as_deref()), (Some("0107@relay.example"), Some("12@balie.nl")));
    assert_eq!(
        (returned.addresses, returned.subject.as_str()),
        (vec!["info+12.7.x@balie.nl".to_owned(), "info@balie.nl".to_owned()], "[#12] Printer")
    );
}

/// A bounce in words alone, as Exchange and gateways write it: who wrote it, its subject, its text.
fn in_words(from: &str, subject: &str, text: &str) -> InboundMessage {
    read(&format!("{from}\nTo: info@balie.nl\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"))
}

#[test]
fn exchange_in_words_is_read_in_four_languages() {
    for (subject, text) in [
        (
            "Unzustellbar: [#12] Drucker",
            "Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\n      Betreff:  [#12] Drucker\n      Gesendet am:      12.03.2025 10:20\n\n\
             Folgende(r) Empfänger konnte(n) nicht erreicht werden:\n\n      piet@klant.nl am 12.03.2025 10:20\n            Die E-Mail-Adresse wurde nicht gefunden.\n            <mx.klant.nl #5.1.1>",
        ),
        (
            "Onbestelbaar: [#12] Printer",
            "Uw bericht is niet bij alle geadresseerden aangekomen.\n\n      piet@klant.nl op 12-3-2025 10:20\n            Het e-mailadres is niet gevonden. < #5.1.1 smtp;550 5.1.1 User unknown>",
        ),
        (
            "Undeliverable: [#12] Printer",
            "Your message to piet@klant.nl couldn't be delivered.\nRemote server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'",
        ),
        ("Non remis : [#12] Imprimante", "Votre message n'est pas parvenu à :\n\n   piet@klant.nl (piet@klant.nl)\n   550 5.1.1 Utilisateur inconnu"),
    ] {
        for from in [
            "From: Postmaster <postmaster@klant.nl>",
            "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@klant.nl>",
            "Return-Path: <>\nFrom: Systeembeheer <beheer@klant.nl>",
        ] {
            let letter = in_words(from, subject, text);
            assert_eq!(letter.automatic, Automatic::Bounce, "{from}\n{subject}");
            let bounce = letter.bounce.unwrap();
            let [piet] = bounce.recipients.as_slice() else { panic!("{subject}: {bounce:?}") };
            assert_eq!((piet.address.as_str(), piet.status.as_deref(), piet.permanent), ("piet@klant.nl", Some("5.1.1"), true), "{subject}");
        }
        // From an address that may be a person's it is left to an admin, and sent on by one it is theirs.
        assert_eq!(in_words("From: Beheer <beheer@klant.nl>", subject, text).automatic, Automatic::Doubtful, "{subject}");
        assert_eq!(in_words("From: Piet <piet@klant.nl>", &format!("WG: {subject}"), text).automatic, Automatic::No, "{subject}");
    }
}

#[test]
fn a_bounce_in_words_is_found_by_what_it_repeats() {
    let letter = in_words(
        "Return-Path: <>\nFrom: Gateway <mailer-daemon@klant.nl>",
        "Undelivered Mail Returned to Sender",
        "piet@klant.nl: 550 5.1.1 No such user\n\n> From: Sanne via Balie <info@balie.nl>\n> Reply-To: Balie <info+12.7.0123456789abcdef@balie.nl>\n> Message-ID:\n>  <14@relay.example>\n> X-Balie: 14@balie.nl\n\nHallo",
    );
    let returned = letter.bounce.unwrap().returned;
    assert_eq!((returned.message_id.as_deref(), returned.balie.as_deref()), (Some("14@relay.example"), Some("14@balie.nl")));
    assert_eq!(returned.addresses, ["info+12.7.0123456789abcdef@balie.nl"]);
}

#[test]
fn a_report_in_a_wrapping_of_a_gateway_is_read() {
    let letter = read(
        "Return-Path: <>\nFrom: Mail Security <security@klant.nl>\nSubject: [EXTERN] bericht\nContent-Type: multipart/mixed; boundary=y\n\n--y\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n\
         --x\n\nHelaas\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; piet@klant.nl\nAction: failed\nStatus: 5.1.1\n\n--x--\n--y\n\nDisclaimer\n--y--\n",
    );
    assert_eq!((letter.automatic, letter.bounce.unwrap().recipients.len()), (Automatic::Bounce, 1));
}

#[test]
fn a_person_who_sends_a_bounce_on_is_no_bounce() {
    for part in [
        "Content-Type: message/delivery-status\nContent-Disposition: attachment; filename=details.txt\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; els@klant.nl\nAction: failed\nStatus: 5.7.1\n",
        "Content-Type: message/rfc822\n\nReturn-Path: <>\nFrom: MAILER-DAEMON@mx.nl\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=z\n\n--z\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; els@klant.nl\nAction: failed\n--z--\n",
        "Content-Type: text/rfc822-headers\n\nMessage-ID: <13@balie.nl>\n",
    ] {
        let letter = read(&format!(
            "From: Piet <piet@klant.nl>\nSubject: Mijn mail komt terug\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nKunnen jullie kijken?\n--x\n{part}\n--x--\n"
        ));
        assert_eq!((letter.automatic, letter.bounce), (Automatic::No, None), "{part}");
    }
}
