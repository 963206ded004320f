use crate::{read, with};
use mime::{Oddity, limits};

#[test]
fn a_thousand_parts_are_read_and_no_more() {
    let part = "--x\nContent-Type: image/png\n\nx\n";
    let mail = |parts: usize| format!("Content-Type: multipart/mixed; boundary=x\n\n{}--x--\n", part.repeat(parts));
    let letter = read(&mail(limits::MAX_PARTS - 1));
    assert_eq!((letter.files.len(), letter.oddities.len()), (limits::MAX_PARTS - 1, 0));
    let letter = read(&mail(limits::MAX_PARTS * 2));
    assert_eq!(letter.files.len(), limits::MAX_PARTS - 1);
    assert!(letter.oddities.contains(&Oddity::TooManyParts));
}

#[test]
fn what_is_nested_too_deep_is_one_file() {
    let mail = |levels: usize| {
        let mut mail: String = (0..levels).map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n")).collect();
        mail.push_str("\nDiep\n");
        (0..levels).rev().for_each(|level| mail.push_str(&format!("--b{level}--\n")));
        mail
    };
    let letter = read(&mail(limits::MAX_DEPTH));
    assert_eq!((letter.text.as_deref(), letter.oddities.as_slice()), (Some("Diep"), &[][..]));
    let letter = read(&mail(limits::MAX_DEPTH + 50));
    assert_eq!(letter.oddities, [Oddity::TooDeep]);
    let [rest] = letter.files.as_slice() else { panic!() };
    assert_eq!((rest.name.as_str(), rest.content_type.as_str()), ("mail.eml", "message/rfc822"));
    assert_eq!(mime::read(&rest.contents).text.as_deref(), Some("Diep"));
}

#[test]
fn mails_within_mails_go_as_deep_as_they_like() {
    let mail = "Content-Type: message/rfc822\n\n".repeat(100_000);
    assert_eq!(read(&mail).files.len(), 1);
    assert!(read(&mail).forwarded().is_none());
}

#[test]
fn recipients_are_counted_and_a_thousand_kept() {
    let many: Vec<String> = (0..12_000).map(|n| format!("Klant {n} <k{n}@klant.nl>")).collect();
    let letter = with(&format!("Cc: {}", many.join(",\n ")));
    assert_eq!((letter.cc.len(), letter.recipients), (limits::MAX_KEPT, limits::MAX_COUNTED));
    assert_eq!(letter.oddities, [Oddity::TooManyRecipients]);
}

#[test]
fn long_names_and_subjects_are_cut() {
    let letter = read(&format!("From: {} <a@b.nl>\nSubject: {}\n\n", "é".repeat(1_000), "é ".repeat(1_000)));
    assert_eq!(letter.from.unwrap().name.chars().count(), limits::MAX_NAME);
    assert!(letter.subject.chars().count() <= limits::MAX_SUBJECT && letter.subject.ends_with('é'));
}

#[test]
fn a_message_id_that_is_too_long_is_left_out() {
    let letter = with(&format!("Message-ID: <{}>", "x".repeat(996)));
    assert_eq!((letter.message_id, letter.oddities.as_slice()), (None, &[Oddity::LongMessageId][..]));
    assert_eq!(with(&format!("Message-ID: <{}>", "x".repeat(995))).message_id.unwrap().len(), 995);
}

#[test]
fn the_last_hundred_references_are_kept() {
    let letter = with(&format!("References: {}", (0..500).map(|n| format!("<{n}@k.nl>\n ")).collect::<String>()));
    assert_eq!((letter.references.len(), letter.references[99].as_str()), (limits::MAX_IDS, "499@k.nl"));
}

#[test]
fn long_text_is_cut_at_a_character() {
    for (kind, most, oddity) in [("plain", limits::MAX_TEXT, Oddity::TextCut), ("html", limits::MAX_HTML, Oddity::HtmlCut)] {
        let letter = mime::read(format!("Content-Type: text/{kind}; charset=utf-8\n\nx{}", "é".repeat(most / 2 + 10)).as_bytes());
        let text = letter.text.or(letter.html).unwrap();
        assert!(text.len() <= most && text.len() > most - 4 && text.ends_with('é'));
        assert_eq!(letter.oddities, [oddity]);
    }
}

#[test]
fn text_in_many_parts_is_cut_together() {
    let part = format!("--x\n\n{}\n", "tekst ".repeat(20_000));
    let letter = read(&format!("Content-Type: multipart/mixed; boundary=x\n\n{}--x--", part.repeat(30)));
    assert_eq!((letter.text.unwrap().len(), letter.oddities.as_slice()), (limits::MAX_TEXT, &[Oddity::TextCut][..]));
}

#[test]
fn fields_of_any_number_and_length_do_not_hurt() {
    let long = "x".repeat(1 << 20);
    let letter = read(&format!("{long}: {long}\nSubject: {long}\nFrom: a@b.nl\nContent-Type: text/plain; {long}={long}\n\nHallo"));
    assert_eq!((letter.from.unwrap().address.as_str(), letter.text.as_deref()), ("a@b.nl", Some("Hallo")));
    let letter = read(&format!("From: a@b.nl\n{}\nHallo", "a:\n".repeat(100_000)));
    assert_eq!((letter.text.as_deref(), letter.oddities.as_slice()), (Some("Hallo"), &[Oddity::TooManyFields][..]));
}
