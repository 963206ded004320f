//! Mails whose text is not where readers look first.

use crate::{read, with};
use mime::{Answer, Automatic, InboundMessage, Sealed};

fn names(letter: &InboundMessage) -> Vec<&str> {
    letter.files.iter().map(|file| file.name.as_str()).collect()
}

/// A mail of several parts, each a header, an empty line and a body.
fn parts(kind: &str, parts: &[&str]) -> InboundMessage {
    let parts: String = parts.iter().map(|part| format!("--x\n{part}\n")).collect();
    read(&format!("From: Piet <piet@klant.nl>\nContent-Type: multipart/{kind}; boundary=x\n\n{parts}--x--\n"))
}

#[test]
fn a_page_without_words_does_not_hide_the_text() {
    let letter = mime::read(include_bytes!("../mails/html-part-without-words.eml"));
    assert_eq!((letter.text.as_deref(), letter.html), (Some("Mijn pasnummer is 20-4417. Het poortje blijft dicht.\n"), None));
    for page in [
        "<html><head><title>Re: Pasje</title><style>p{}</style></head><body><!-- leeg --><p>&nbsp;</p>&#8203;</body></html>",
        "<img src=https://klant.nl/gelezen.gif width=1 height=1>",
        "<br>",
    ] {
        let letter = parts("alternative", &["\n\nHallo", &format!("Content-Type: text/html\n\n{page}")]);
        assert_eq!((letter.text.as_deref(), letter.html), (Some("\nHallo"), None), "{page}");
        let letter = parts("mixed", &["\nHallo", &format!("Content-Type: text/html\n\n{page}")]);
        assert!(letter.html.is_none_or(|html| html.contains("Hallo")), "{page}");
    }
    // What has a picture of the mail, or is all there is, stays.
    for (text, page) in [("[image: scherm.png]", "<img src=\"cid:a\">"), ("", "<br>"), ("Hallo", "<p>Dag</p>"), ("Hallo", "<p>&eacute;</p>")] {
        let letter = parts("alternative", &[&format!("\n{text}"), &format!("Content-Type: text/html\n\n{page}")]);
        assert_eq!(letter.html.as_deref(), Some(page), "{text}");
    }
}

#[test]
fn a_character_set_in_the_page_alone_is_followed() {
    let letter = mime::read(include_bytes!("../mails/charset-in-meta-only.eml"));
    assert!(letter.html.unwrap().contains("Proszę o pomoc, łącze nie działa od środy."));
    let page = |kind: &str, head: &str, body: &[u8]| {
        let letter = mime::read(&[format!("Content-Type: text/html{kind}\r\n\r\n{head}<p>").as_bytes(), body].concat());
        letter.html.unwrap().split("<p>").nth(1).unwrap().to_owned()
    };
    let latin2 = "<meta charset='iso-8859-2'>";
    assert_eq!(page("", latin2, b"\xb1"), "ą");
    assert_eq!(page("; charset=us-ascii", latin2, b"\xb1"), "ą");
    assert_eq!(page("; charset=x-unknown", latin2, b"\xb1"), "ą");
    assert_eq!(page("; charset=iso-8859-1", latin2, b"\xb1"), "±", "what the header says counts");
    assert_eq!(page("", latin2, "ą".as_bytes()), "ą", "what is UTF-8 is UTF-8");
    assert_eq!(page("", "<META content='text/html; charset = KOI8-R'>", b"\xf0"), "П");
    assert_eq!(page("", "<?xml version=\"1.0\" encoding=\"windows-1250\"?>", b"\xb9"), "ą");
    assert_eq!(page("", "<meta charset=iso-2022-jp>", b"\x1b$B$\"\x1b(B"), "あ");
    assert_eq!(page("", "<meta charset=utf-16>", b"\xe9"), "é");
    assert_eq!(page("", "<p title='charset=iso-8859-2'>", b"\xb1"), "±", "no other tag names one");
}

#[test]
fn text_with_a_name_is_the_text_where_there_is_no_other() {
    let letter = mime::read(include_bytes!("../mails/only-text-has-a-name.eml"));
    assert!(letter.html.as_deref().unwrap().contains("Regel 20 van onze bestelling is dubbel geleverd."));
    assert_eq!(names(&letter), ["bestelling.pdf"]);

    let named = "Content-Type: text/plain; name=bericht.txt\nContent-Disposition: inline; filename=bericht.txt\n\nHet is stuk.";
    let pdf = "Content-Type: application/pdf; name=a.pdf\n\n%PDF";
    let letter = parts("mixed", &["Content-Type: text/plain\n\n \n", named, pdf]);
    assert_eq!((letter.text.as_deref(), names(&letter)), (Some("Het is stuk."), vec!["bericht.txt", "a.pdf"]), "it may be a file too");
    let letter = parts("mixed", &["Content-Type: text/plain\n\nZie bijlage.", named, pdf]);
    assert_eq!((letter.text.as_deref(), names(&letter)), (Some("Zie bijlage."), vec!["bericht.txt", "a.pdf"]));
    let letter = parts("mixed", &["Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nlogboek", pdf]);
    assert_eq!((letter.text, letter.files.len()), (None, 2), "an attachment is one");
    // Both forms have a name.
    let letter = parts("alternative", &[named, "Content-Type: text/html; name=bericht.htm\n\n<p>Het is stuk.</p>"]);
    assert_eq!((letter.text.as_deref(), letter.html.as_deref()), (Some("Het is stuk."), Some("<p>Het is stuk.</p>")));
    // The mail itself says that it is an attachment, or a type that is none.
    for fields in ["Content-Type: text/plain\nContent-Disposition: attachment; filename=melding.txt", "Content-Type: rommel"] {
        assert_eq!(with(fields).text.as_deref(), Some("Hallo\n"), "{fields}");
    }
}

#[test]
fn lines_that_flow_are_joined() {
    let body = "Content-Type: text/plain; charset=utf-8; Format=Flowed; DelSp=Yes\n\nOnder \nbroken.\n> Werkt \n> het?\n";
    assert_eq!(read(body).text.as_deref(), Some("Onderbroken.\n> Werkthet?\n"));
    assert_eq!(read(&body.replace("; DelSp=Yes", "")).text.as_deref(), Some("Onder broken.\n> Werkt het?\n"));
    assert_eq!(read(&body.replace("; Format=Flowed", "")).text.as_deref(), Some("Onder \nbroken.\n> Werkt \n> het?\n"));
}

#[test]
fn a_mail_inside_its_signature_is_read() {
    for mail in [&include_bytes!("../mails/signed-and-opaque.eml")[..], include_bytes!("../mails/signed-in-pieces-without-a-type.eml")] {
        let letter = mime::read(mail);
        assert_eq!((letter.text.as_deref(), letter.in_signature), (Some("De koffie is écht op."), true));
        assert_eq!(letter.sealed, [Sealed::SmimeSigned]);
        assert_eq!(names(&letter), ["smime.p7m", "lijst.csv"]);
        assert_eq!(letter.oddities, []);
        for cut in (0..mail.len()).step_by(7) {
            mime::read(&mail[..cut]);
        }
    }
    let letter = with("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m");
    assert_eq!((letter.text, letter.in_signature, letter.files.len()), (None, false, 1));
}

#[test]
fn another_form_of_what_is_said_is_no_file() {
    let reaction = "Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n{\"emoji\":\"👍\",\"version\":1}";
    let letter = parts("alternative", &["Content-Type: text/plain\n\n👍 Piet", reaction, "Content-Type: text/html\n\n<p>👍 Piet</p>"]);
    assert_eq!((letter.text.as_deref(), letter.files.len()), (Some("👍 Piet"), 0));
    // With a name, outside the choice, or of a kind that people send, it is one.
    assert_eq!(parts("mixed", &["\nHallo", "Content-Type: text/x-log\n\nregel"]).files.len(), 1);
    assert_eq!(parts("alternative", &["\nHallo", "Content-Type: text/x-log; name=a.log\n\nregel"]).files.len(), 1);
    assert_eq!(parts("alternative", &["\nHallo", "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"]).files.len(), 1);
}

#[test]
fn a_calendar_answers_and_a_person_may_write_with_it() {
    let answer = |text: &str, status: &str| {
        let calendar = format!(
            "Content-Type: text/calendar; charset=utf-8; method=REPLY\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nSUMMARY:Storing bespreken\n\
             ATTENDEE;CN=\"Piet: Jansen\";PARTSTAT={status}:mailto:piet@klant.nl\nEND:VEVENT\nEND:VCALENDAR"
        );
        parts("alternative", &[&format!("Content-Type: text/plain\n\n{text}"), &calendar])
    };
    for (status, expected) in [("ACCEPTED", Answer::Accepted), ("DECLINED", Answer::Declined), ("TENTATIVE", Answer::Tentative)] {
        let letter = answer("", status);
        assert_eq!(letter.sealed, [Sealed::Calendar { method: "REPLY".into(), summary: "Storing bespreken".into(), answer: Some(expected) }]);
        assert_eq!(letter.automatic, Automatic::Notification);
    }
    assert_eq!(answer("Piet heeft de uitnodiging geaccepteerd.\n\nWanneer: dinsdag 10:00\n*~*~*~*", "ACCEPTED").automatic, Automatic::Notification);
    assert_eq!(answer("Ik kan dan niet, de storing is er nog steeds.", "DECLINED").automatic, Automatic::No);
    assert_eq!(answer("", "NEEDS-ACTION").automatic, Automatic::No);
}

#[test]
fn a_picture_in_front_of_the_text_is_told() {
    let picture = "Content-Type: image/jpeg; name=foto.jpg\nContent-Disposition: inline; filename=foto.jpg\n\nx";
    let text = "Content-Type: text/plain\n\nOn 3 Mar 2025, at 10:12, Jan <jan@x.nl> wrote:\n> Stuur een foto.";
    let empty = "Content-Type: text/plain\n\n \n";
    assert!(parts("mixed", &[picture, text]).begins_with_picture);
    assert!(parts("mixed", &[empty, picture, text]).begins_with_picture);
    assert!(!parts("mixed", &[text, picture]).begins_with_picture);
    assert!(!parts("mixed", &["Content-Type: image/jpeg; name=foto.jpg\nContent-Disposition: attachment\n\nx", text]).begins_with_picture);
    let page = format!(
        "Content-Type: multipart/mixed; boundary=y\n\n--y\nContent-Type: text/html\n\n<br>\n--y\n{picture}\n--y\nContent-Type: text/html\n\n<p>Jan</p>\n--y--"
    );
    assert!(parts("alternative", &[text, &page]).begins_with_picture);
    let named_by_the_page =
        format!("Content-Type: multipart/related; boundary=y\n\n--y\n{picture}\n--y\nContent-Type: text/html\n\n<p>Jan</p>\n--y--");
    assert!(!parts("alternative", &[text, &named_by_the_page]).begins_with_picture);
}

#[test]
fn files_in_the_text_are_taken_out() {
    let coded = "begin 644 kat.txt\n#0V%T\n`\nend\n";
    let letter = read(&format!("From: a@b.nl\n\nBijlage:\n{coded}Groet\n"));
    assert_eq!(
        (letter.text.as_deref(), letter.files[0].name.as_str(), letter.files[0].contents.as_slice()),
        (Some("Bijlage:\nGroet\n"), "kat.txt", &b"Cat"[..])
    );
    let part = format!("Content-Type: application/octet-stream; name=kat.txt\nContent-Transfer-Encoding: x-uuencode\n\n{coded}");
    let letter = parts("mixed", &["\nHallo", &part]);
    assert_eq!((letter.files[0].contents.as_slice(), letter.oddities.as_slice()), (&b"Cat"[..], &[][..]));
}

#[test]
fn a_type_that_is_written_wrong_is_understood() {
    for kind in [
        "text/html; charset=iso-8859-2;",
        ";text/html; charset=iso-8859-2",
        "\"text/html\"; charset=iso-8859-2",
        "<text/html>; charset=\"iso-8859-2",
        "text/html charset=iso-8859-2",
        "text/html, charset=iso-8859-2",
        "text/html/; charset=iso-8859-2",
        "text/html.;charset='iso-8859-2',",
        "text / html; charset=iso-8859-2",
        "TEXT/HTML;; CHARSET=\"iso-8859-2\"",
        "=?us-ascii?Q?text/html;_charset=3Diso-8859-2?=",
        "=?utf-8?B?dGV4dC9odG1sOyBjaGFyc2V0PSJpc28tODg1OS0yIg==?=",
    ] {
        let letter = mime::read(&[format!("Content-Type: {kind}\r\n\r\n<p>").as_bytes(), b"\xb1"].concat());
        assert_eq!(letter.html.as_deref(), Some("<p>ą"), "{kind}");
    }
    let letter = read("Content-Type: multipart/mixed boundary=\"x\"\n\n--x\n\nHallo\n--x--");
    assert_eq!(letter.text.as_deref(), Some("Hallo"));
}

#[test]
fn every_file_is_kept_however_many_pictures_come_before_it() {
    let letter = mime::read(include_bytes!("../mails/logos-before-the-file.eml"));
    assert_eq!((letter.files.len(), letter.files.last().unwrap().name.as_str()), (22, "offerte-getekend.pdf"));
    assert!(letter.files[..21].iter().all(|file| file.inline) && !letter.files[21].inline);
}
