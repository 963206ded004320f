use crate::read;
use mime::{InboundMessage, Oddity, limits};
use proptest::prelude::*;

#[test]
fn an_empty_mail_is_a_letter() {
    let letter = mime::read(b"");
    assert_eq!((letter.text.as_deref(), letter.files.len()), (Some(""), 0));
    assert!(letter.from.is_none() && letter.forwarded().is_none() && letter.topic().is_empty());
}

#[test]
fn a_header_alone_is_a_letter() {
    let letter = mime::read(b"From: a@b.nl\nSubject: Hoi");
    assert_eq!((letter.from.unwrap().address.as_str(), letter.subject.as_str(), letter.text.as_deref()), ("a@b.nl", "Hoi", Some("")));
}

#[test]
fn a_header_without_an_empty_line_ends_where_text_begins() {
    let letter = mime::read(b"From: a@b.nl\nSubject: Hoi\nDit is de tekst.\nEn dit ook.\n");
    assert_eq!((letter.subject.as_str(), letter.text.as_deref()), ("Hoi", Some("Dit is de tekst.\nEn dit ook.\n")));
    assert_eq!(letter.oddities, [Oddity::NoBlankLine]);
}

#[test]
fn a_broken_line_in_a_header_is_passed_over() {
    let letter = mime::read(b"From a@b.nl Mon Jan 1\nSubject: Hoi\ngebroken regel\nFrom: a@b.nl\n\nHallo");
    assert_eq!((letter.from.unwrap().address.as_str(), letter.text.as_deref()), ("a@b.nl", Some("Hallo")));
}

#[test]
fn line_ends_of_every_kind_are_read() {
    let mail = "From: a@b.nl\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nHallo\n--x\nContent-Type: image/png\n\nxyz\n--x--\n";
    for end in ["\n", "\r\n", "\r"] {
        let letter = mime::read(mail.replace('\n', end).as_bytes());
        assert_eq!((letter.text.as_deref(), letter.files[0].contents.as_slice()), (Some("Hallo"), &b"xyz"[..]), "{end:?}");
        assert_eq!(letter.oddities.contains(&Oddity::ReturnsOnly), end == "\r");
    }
}

#[test]
fn empty_lines_and_marks_before_the_header_are_passed_over() {
    assert_eq!(mime::read(b"\r\n\r\nSubject: Hoi\r\n\r\nHallo").subject, "Hoi");
    assert_eq!(mime::read(b"\xef\xbb\xbfSubject: Hoi\r\n\r\nHallo").subject, "Hoi");
}

#[test]
fn nuls_do_no_harm() {
    let letter = mime::read(b"From: a\0@b.nl\nSubject: H\0oi\n\nHa\0llo");
    assert_eq!((letter.subject.as_str(), letter.text.as_deref()), ("Hoi", Some("Hallo")));
}

#[test]
fn parts_without_an_end_are_read() {
    let letter = read("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHallo\n--x\nContent-Type: image/png\n\nxyz");
    assert_eq!((letter.text.as_deref(), letter.files.len(), letter.oddities.as_slice()), (Some("Hallo"), 1, &[Oddity::Unterminated][..]));
    let letter = read(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\n\nHallo\n--x\nContent-Type: image/png\n\nx\n--x--",
    );
    assert_eq!((letter.text.as_deref(), letter.files.len()), (Some("Hallo"), 1));
}

#[test]
fn a_boundary_that_occurs_nowhere_leaves_text() {
    let letter = read("Content-Type: multipart/mixed; boundary=nergens\n\n--x\n\nHallo\n");
    assert!(letter.text.unwrap().contains("Hallo"));
    assert!(letter.oddities.contains(&Oddity::BoundaryMissing));
    let letter = read("Content-Type: multipart/mixed\n\nHallo\n");
    assert_eq!((letter.text.as_deref(), letter.oddities.as_slice()), (Some("Hallo\n"), &[Oddity::BoundaryMissing][..]));
}

#[test]
fn encoded_words_that_never_end_take_no_time() {
    for word in [
        "=?aa?q?",
        "=?aa?q?=",
        "=?",
        "=?a?b?",
        "=?utf-8?q?x?= ",
        "=?iso-2022-jp?q?x?= ",
        "a@b <c@d> ",
        "(a@b) ",
        "a*1*=%41;",
        "\"",
        "(",
        "<",
        "\\",
        ",",
        ":",
        ";",
        "a*1=b;",
    ] {
        let long = word.repeat((1 << 20) / word.len());
        for name in ["To", "From", "Subject", "Content-Type", "Content-Disposition", "References", "Date", "X-Original-To"] {
            bounded(&format!("{name}: {long}\n\nHallo").into_bytes());
        }
    }
}

/// Whatever comes in, what comes out is within its limits.
fn bounded(raw: &[u8]) {
    let letter: InboundMessage = mime::read(raw);
    let head = mime::head(raw);
    assert_eq!((&head.from, &head.message_id), (&letter.from, &letter.message_id));
    assert!(letter.subject.chars().count() <= limits::MAX_SUBJECT && !letter.subject.contains(char::is_control));
    assert!(letter.topic().len() <= letter.subject.len());
    for mailbox in letter.from.iter().chain(&letter.reply_to).chain(&letter.to).chain(&letter.cc) {
        assert!(mailbox.name.chars().count() <= limits::MAX_NAME && !mailbox.name.contains(char::is_control), "{mailbox:?}");
        assert!(mailbox.address.len() <= limits::MAX_ADDRESS && mailbox.address.contains('@'));
        assert!(!mailbox.address.contains(|c: char| c.is_control() || c.is_whitespace()), "{mailbox:?}");
    }
    assert!(letter.to.len() <= limits::MAX_KEPT && letter.cc.len() <= limits::MAX_KEPT && letter.recipients <= limits::MAX_COUNTED);
    assert!(letter.text.as_ref().is_none_or(|text| text.len() <= limits::MAX_TEXT && !text.contains(['\0', '\r'])));
    assert!(letter.html.as_ref().is_none_or(|html| html.len() <= limits::MAX_HTML && !html.contains(['\0', '\r'])));
    assert!(letter.files.len() <= limits::MAX_PARTS && letter.oddities.len() <= limits::MAX_TOLD && letter.sealed.len() <= limits::MAX_TOLD);
    assert!(letter.files.iter().map(|file| file.contents.len()).sum::<usize>() <= raw.len() << limits::MAX_SIGNATURES);
    for file in &letter.files {
        assert!(!file.name.is_empty() && file.name.len() <= limits::MAX_FILE_NAME, "{:?}", file.name);
        assert!(!file.name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\')), "{:?}", file.name);
    }
    for id in letter.message_id.iter().chain(&letter.in_reply_to).chain(&letter.references) {
        assert!(!id.is_empty() && id.len() <= limits::MAX_ID && !id.contains(|c: char| c.is_control() || c.is_whitespace()), "{id:?}");
    }
    for undelivered in letter.bounce.iter().flat_map(|bounce| &bounce.recipients) {
        assert!(undelivered.diagnostic.chars().count() <= limits::MAX_DIAGNOSTIC && !undelivered.diagnostic.contains(char::is_control));
    }
    if let Some(forwarded) = letter.forwarded() {
        assert!(forwarded.from.address.contains('@') && !forwarded.subject.contains(char::is_control));
    }
}

const SEEDS: [&str; 4] = [
    "From: =?utf-8?Q?Ren=C3=A9?= <r@k.nl>\r\nTo: \"a, b\" <a@b.nl>, groep: c@d.nl;\r\nSubject: Re: =?iso-8859-1?q?caf=E9?=\r\nDate: Mon, 1 Jan 2024 10:00:00 +0100\r\n\
     Message-ID: <1@k.nl>\r\nReferences: <0@k.nl> <1@k.nl>\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n\
     --y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9=\r\n\r\n--y\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n<p>a&eacute;<br></p>\r\n--y--\r\n--x\r\n\
     Content-Type: image/png; name*0*=utf-8''a%C3; name*1*=%A9.png\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--x--\r\n",
    "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.nl\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\nHelaas\r\n--x\r\n\
     Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822;a@b.nl\r\nAction: failed\r\nStatus: 5.1.1\r\n\
     Diagnostic-Code: smtp; 550 nee\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <2@b.nl>\r\n\r\nHoi\r\n--x--\r\n",
    "From: els@b.nl\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n> Van: Piet <piet@k.nl>\r\n> Datum: 1 jan\r\n> Aan: Els\r\n> Onderwerp: Printer\r\n>\r\n> Kapot\r\n",
    "From: Mailer-Daemon@mx.nl\r\nX-Failed-Recipients: a@b.nl\r\n\r\nThis is a permanent error.\r\n\r\n  a@b.nl\r\n    550 5.1.1 unknown\r\n\r\n--- copy of the message\r\nMessage-ID: <3@b.nl>\r\n",
];

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    seeds.push(include_bytes!("../mails/signed-and-opaque.eml").to_vec());
    seeds.push(include_bytes!("../mails/name-cut-by-rfc2231.eml").to_vec());
    seeds.push(b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\nEen \r\n> twee \r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n".to_vec());
    seeds.extend(crate::corpus::mails().into_iter().map(|(_, mail)| mail));
    seeds
}

/// One of the seeds with bytes changed, left out, repeated or put elsewhere.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds();
    let bits: Vec<&'static [u8]> = vec![
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"--x",
        b"--x--",
        b"\r\n\r\n",
        b"=?utf-8?q?",
        b"?=",
        b"=",
        b"\"",
        b"<",
        b">",
        b"(",
        b"\\",
        b";",
        b":",
        b"@",
        b"\xff",
        b"\xe9",
        b"Content-Type: multipart/mixed; boundary=x\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"*0*=",
        b"&#x",
        b"<!--",
        b"<head>",
        b"charset=utf-16",
        b"charset=utf-7",
        b"charset=iso-2022-jp",
        b"+AO",
    ];
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..5_u8, any::<u8>(), prop::sample::select(bits));
    (prop::sample::select(seeds), prop::collection::vec(change, 1..12)).prop_map(|(mut mail, changes)| {
        for (one, other, kind, byte, bit) in changes {
            if mail.is_empty() {
                break;
            }
            let (from, to) = (one.index(mail.len()), other.index(mail.len()));
            let (low, high) = (from.min(to), from.max(to).min(from.min(to) + 400));
            match kind {
                0 => mail[from] = byte,
                1 => drop(mail.splice(from..from, bit.iter().copied())),
                2 => drop(mail.drain(low..high)),
                3 => {
                    let copy = mail[low..high].to_vec();
                    drop(mail.splice(to..to, copy));
                }
                _ => mail.truncate(from.max(mail.len() / 2)),
            }
        }
        mail
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_bytes_are_a_letter(raw in prop::collection::vec(any::<u8>(), 0..600)) {
        bounded(&raw);
    }

    #[test]
    fn any_header_is_a_letter(value in "[ -~\r\n\t\u{80}-\u{2ff}]{0,200}", name in "(From|To|Subject|Content-Type|Content-Disposition|Date|Message-ID|References|Return-Path)") {
        bounded(format!("{name}: {value}\r\n\r\nHallo").as_bytes());
    }

    #[test]
    fn any_html_is_a_letter(html in "(<(p|br|head|style|script|!--|/p|/head)>|&[a-z#0-9]{0,4};?|[ -~é€\n]){0,40}") {
        bounded(format!("Content-Type: text/html; charset=utf-8\r\n\r\n{html}").as_bytes());
    }

    #[test]
    fn any_changed_mail_is_a_letter(raw in mutated()) {
        bounded(&raw);
    }
}
