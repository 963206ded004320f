use crate::{read, with};

#[test]
fn a_plain_mail_is_read() {
    let letter = read(
        "Return-Path: <piet@klant.nl>\nDelivered-To: info@balie.nl\nX-Original-To: Info@BALIE.nl\nReceived: from a by b; Mon, 1 Jan 2024 10:00:00 +0100\n\
         Message-ID: <abc@klant.nl>\nFrom: Piet Jansen <Piet@Klant.NL>\nTo: info@balie.nl, \"Jansen, Jan\" <jan@balie.nl>\nCc: els@balie.nl\n\
         Reply-To: kantoor@klant.nl\nIn-Reply-To: <1@balie.nl>\nReferences: <0@balie.nl>\n <1@balie.nl>\n\
         Date: Mon, 1 Jan 2024 10:00:00 +0100\nSubject: Re: Printer\n stuk\n\nHallo\n",
    );
    let from = letter.from.as_ref().unwrap();
    assert_eq!((from.name.as_str(), from.address.as_str()), ("Piet Jansen", "Piet@klant.nl"));
    assert_eq!(letter.to[1].name, "Jansen, Jan");
    assert_eq!((letter.to.len(), letter.cc.len(), letter.recipients), (2, 1, 3));
    assert_eq!(letter.reply_to.as_ref().unwrap().address, "kantoor@klant.nl");
    assert_eq!(letter.delivered_to, ["info@balie.nl", "Info@balie.nl"]);
    assert_eq!(letter.message_id.as_deref(), Some("abc@klant.nl"));
    assert_eq!(letter.in_reply_to, ["1@balie.nl"]);
    assert_eq!(letter.references, ["0@balie.nl", "1@balie.nl"]);
    assert_eq!(letter.date, Some(1_704_099_600_000));
    assert_eq!((letter.subject.as_str(), letter.topic()), ("Re: Printer stuk", "Printer stuk"));
    assert_eq!(letter.text.as_deref(), Some("Hallo\n"));
    assert_eq!(letter.html, None);
    assert_eq!(letter.oddities, []);
}

#[test]
fn sender_stands_in_where_from_is_missing() {
    assert_eq!(read("Sender: els@klant.nl\n\nHallo").from.unwrap().address, "els@klant.nl");
    assert_eq!(read("From: Nobody\nSender: els@klant.nl\n\nHallo").from.unwrap().address, "els@klant.nl");
}

#[test]
fn the_first_of_two_senders_counts() {
    assert_eq!(read("From: een@klant.nl, twee@klant.nl\nFrom: drie@klant.nl\n\nHallo").from.unwrap().address, "een@klant.nl");
}

#[test]
fn an_encoded_name_is_read() {
    for (written, name) in [
        ("=?utf-8?Q?Ren=C3=A9_de_Boer?= <r@k.nl>", "René de Boer"),
        ("=?iso-8859-1?q?Ren=E9?= de Boer <r@k.nl>", "René de Boer"),
        ("\"=?utf-8?B?UmVuw6k=?=\" <r@k.nl>", "René"),
        ("=?utf-8?Q?Boer,_Ren=C3=A9_<de>?= <r@k.nl>", "Boer, René <de>"),
        ("Jan =?utf-8?Q?Ren=C3?=\n =?utf-8?Q?=A9?= <r@k.nl>", "Jan René"),
        ("r@k.nl (=?utf-8?Q?Ren=C3=A9?=)", "René"),
        ("'Jan' <r@k.nl>", "Jan"),
        ("\"Jan \\\"de Man\\\" Boer\" <r@k.nl>", "Jan \"de Man\" Boer"),
    ] {
        let from = read(&format!("From: {written}\n\n")).from.unwrap();
        assert_eq!((from.name.as_str(), from.address.as_str()), (name, "r@k.nl"), "{written}");
    }
}

#[test]
fn a_subject_or_name_with_line_breaks_stays_one_line() {
    let letter = with("Subject: =?utf-8?Q?Hoi=0D=0ABcc:_iedereen@klant.nl?=\nReply-To: =?utf-8?B?SG9pDQpCY2M6IHhAeS5ubA==?= <a@b.nl>");
    assert_eq!(letter.subject, "Hoi Bcc: iedereen@klant.nl");
    assert_eq!(letter.reply_to.unwrap().name, "Hoi Bcc: x@y.nl");
    let letter = with("Subject: a\u{2028}b\u{85}c\u{0}d");
    assert!(!letter.subject.contains(|c: char| c.is_control() || c == '\u{2028}'), "{:?}", letter.subject);
}

#[test]
fn a_message_id_with_line_breaks_stays_one_word() {
    let letter = with("Message-ID: <a\n b@k.nl>\nReferences: <x\n y@z> =?utf-8?Q?=0D=0A?=");
    assert_eq!(letter.message_id.as_deref(), Some("ab@k.nl"));
    assert_eq!(letter.references, ["xy@z"]);
}

#[test]
fn text_that_turns_around_is_set_straight() {
    let letter = read("From: \u{202e}teiP <a@b.nl>\nSubject: factuur\u{202e}fdp.exe\n\n");
    assert_eq!(letter.from.unwrap().name, "teiP");
    assert_eq!(letter.subject, "factuurfdp.exe");
}

#[test]
fn a_broken_encoded_word_stays_as_it_is() {
    for (written, subject) in [
        ("=?utf-8?Q?half", "=?utf-8?Q?half"),
        ("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
        ("=?utf-8?B?Y2Fm?= =?utf-8?B?w6k=?=", "café"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?Q?a=ZZb?=", "a=ZZb"),
        ("=?utf-8?Q?waarom??=", "waarom?"),
        ("=?utf-8?Q?met_spatie en meer?=", "met spatie en meer"),
        ("=?utf-8?B?SGFs*bG8=?=", "Hallo"),
        ("=?klingon?Q?caf=C3=A9?=", "café"),
        ("=?utf-8*nl?Q?caf=C3=A9?=", "café"),
        ("x=?utf-8?Q?y?=z", "xyz"),
    ] {
        assert_eq!(with(&format!("Subject: {written}")).subject, subject, "{written}");
    }
}

#[test]
fn raw_eight_bit_headers_are_utf_8_or_else_windows_1252() {
    assert_eq!(mime::read(b"Subject: caf\xc3\xa9\nFrom: Ren\xc3\xa9 <r@k.nl>\n\n").subject, "café");
    let letter = mime::read(b"Subject: caf\xe9 \x80 5\nFrom: Ren\xe9 <r@k.nl>\n\n");
    assert_eq!(letter.subject, "café € 5");
    assert_eq!(letter.from.unwrap().name, "René");
}

#[test]
fn the_topic_has_no_prefixes() {
    for (subject, topic) in [
        ("Re: Fwd: Printer", "Printer"),
        ("Antw: RE: Printer", "Printer"),
        ("AW: WG: Printer", "Printer"),
        ("TR : RE : Printer", "Printer"),
        ("Re[2]: Printer", "Printer"),
        ("RE (3): Printer", "Printer"),
        ("Betreft: Printer", "Printer"),
        ("FW:Printer", "Printer"),
        ("Printer: stuk", "Printer: stuk"),
        ("Reparatie: printer", "Reparatie: printer"),
        ("Re:", ""),
    ] {
        assert_eq!(with(&format!("Subject: {subject}")).topic(), topic, "{subject}");
    }
}

#[test]
fn dates_of_many_kinds_are_read() {
    for (written, millis) in [
        ("Mon, 1 Jan 2024 10:00:00 +0100", Some(1_704_099_600_000)),
        ("1 Jan 2024 09:00:00 GMT", Some(1_704_099_600_000)),
        ("Mon, 01 Jan 24 09:00:00 +0000 (UTC)", Some(1_704_099_600_000)),
        ("Mon, 1 Jan 2024 09:00:00", Some(1_704_099_600_000)),
        ("2024-01-01T09:00:00Z", Some(1_704_099_600_000)),
        ("Sat, 1 Jan 2050 00:00:00 +0000", Some(2_524_608_000_000)),
        ("gisteren", None),
        ("Mon, 99 Foo 2024 99:99:99 +0000", None),
        ("", None),
    ] {
        assert_eq!(with(&format!("Date: {written}")).date, millis, "{written}");
    }
}

#[test]
fn addresses_that_are_none_are_left_out() {
    let letter = read("From: <niets>\nTo: undisclosed-recipients:;\nCc: groep: a@b.nl, c@d.nl;\n\n");
    assert_eq!(letter.from, None);
    assert_eq!(letter.to, []);
    assert_eq!(letter.cc.iter().map(|m| m.address.as_str()).collect::<Vec<_>>(), ["a@b.nl", "c@d.nl"]);
}

#[test]
fn a_missing_header_is_empty() {
    let letter = read("\nHallo\n");
    assert_eq!((letter.from, letter.date, letter.message_id, letter.subject.as_str()), (None, None, None, ""));
    assert_eq!(letter.text.as_deref(), Some("Hallo\n"));
}

#[test]
fn the_head_alone_says_the_same() {
    let mail = "From: Piet <piet@klant.nl>\nMessage-ID: <1@klant.nl>\nAuto-Submitted: auto-replied (vacation)\n\nHallo";
    let head = mime::head(mail.as_bytes());
    assert_eq!(head.message_id.as_deref(), Some("1@klant.nl"));
    assert_eq!(head.from, read(mail).from);
    assert_eq!(head.auto_submitted.as_deref(), Some("auto-replied"));
    assert_eq!(mime::head(b""), mime::Head::default());
}
