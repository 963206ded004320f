//! Names of people and files that were cut, encoded or run together.

use crate::read;
use proptest::prelude::*;

fn file_name(parameters: &str) -> String {
    let mail = format!(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHallo\n--x\nContent-Type: application/pdf\nContent-Disposition: attachment; {parameters}\n\n%PDF\n--x--\n"
    );
    read(&mail).files.pop().unwrap().name
}

#[test]
fn a_file_name_in_pieces_is_joined_before_it_is_decoded() {
    let letter = mime::read(include_bytes!("../mails/name-cut-by-rfc2231.eml"));
    assert_eq!(
        letter.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["Prüfbericht für die Lüftungsanlage im Gebäude Süd.pdf", "Rechnung März 2025.pdf"]
    );
    for (written, name) in [
        ("filename*1*=%A4rz.pdf; filename*0*=utf-8''M%C3", "März.pdf"),
        ("filename*0*=iso-2022-jp''%1B%24B%46; filename*1*=%7C%1B(B.pdf", "日.pdf"),
        ("filename*0*=gb18030'zh'%C4; filename*1*=%E3.pdf", "你.pdf"),
        ("filename*0*=utf-8''M%C3%A4rz%20; filename*1=\"2025 50%25.pdf\"", "März 2025 50%25.pdf"),
        ("filename*0=\"utf-8''M%C3\"; filename*1=\"%A4rz.pdf\"", "März.pdf"),
        ("FILENAME*0*=\"UTF-8''M%C3%A4rz.pdf\"", "März.pdf"),
        ("filename*=windows-1252'de'M%E4rz%3B1.pdf", "März;1.pdf"),
        ("filename*='M%C3%A4rz.pdf", "'März.pdf"),
        ("filename=\"Maerz.pdf\"; filename*0*=utf-8''M%C3; filename*1*=%A4rz.pdf", "März.pdf"),
        ("filename*0=\"=?utf-8?Q?M=C3=A4\"; filename*1=\"rz.pdf?=\"", "März.pdf"),
        ("filename*0*=utf-8''100%; filename*1*=%20af.pdf", "100% af.pdf"),
        ("filename*0*=utf-8''a; filename*0*=utf-8''b; filename*1=.pdf", "a.pdf"),
        ("filename*x*=utf-8''a; filename=brief.pdf", "brief.pdf"),
        ("name=\"brief.pdf\"", "brief.pdf"),
    ] {
        assert_eq!(file_name(written), name, "{written}");
    }
}

#[test]
fn encoded_words_with_shifts_of_their_own_are_decoded_one_by_one() {
    let subject = |written: &str| read(&format!("Subject: {written}\n\n")).subject;
    assert_eq!(subject("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= =?ISO-2022-JP?B?GyRCOGwbKEI=?="), "日本語");
    assert_eq!(subject("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\n =?iso-2022-jp?Q?abc?="), "日本abc");
    // Cut within a letter, which is wrong and is done.
    assert_eq!(subject("=?iso-2022-jp?B?GyRCRnxL?= =?iso-2022-jp?B?XBsoQg==?="), "日本");
    assert_eq!(subject("=?shift_jis?B?k/qW?= =?shift_jis?B?ew==?="), "日本");
    assert_eq!(subject("=?utf-7?Q?caf+AOk-?= =?utf-7?Q?+AOk-?="), "caféé");
}

#[test]
fn a_sender_within_its_name_is_found() {
    let letter = mime::read(include_bytes!("../mails/sender-in-an-encoded-word.eml"));
    let from = letter.from.unwrap();
    assert_eq!(
        (from.name.as_str(), from.address.as_str(), letter.subject.as_str()),
        ("René de Wit", "marieke@klant.example", "Lamp in vergaderzaal één")
    );
    for (written, name, address) in [
        ("\"René de Wit <r@k.nl>\"", "René de Wit", "r@k.nl"),
        ("=?utf-8?B?UmVuw6kgZGUgV2l0IDxyQGsubmw+?=", "René de Wit", "r@k.nl"),
        ("=?utf-8?Q?Ren=C3=A9?= =?utf-8?Q?_[r@k.nl]?=", "René", "r@k.nl"),
        ("=?utf-8?Q?r=40k.nl?=", "", "r@k.nl"),
        ("\"r@k.nl via Lijst\" <lijst@k.nl>", "r@k.nl via Lijst", "lijst@k.nl"),
    ] {
        let from = read(&format!("From: {written}\n\n")).from.unwrap();
        assert_eq!((from.name.as_str(), from.address.as_str()), (name, address), "{written}");
    }
}

#[test]
fn addresses_without_a_comma_are_two() {
    for (written, addresses) in [
        ("a@b.nl c@d.nl", vec!["a@b.nl", "c@d.nl"]),
        ("<a@b.nl> <c@d.nl>", vec!["a@b.nl", "c@d.nl"]),
        ("Jan <a@b.nl> Piet <c@d.nl>", vec!["a@b.nl", "c@d.nl"]),
        ("\"Jan\" <a@b.nl>\n \"Piet\" <c@d.nl>", vec!["a@b.nl", "c@d.nl"]),
        ("Jan <a@b.nl><c@d.nl>", vec!["a@b.nl", "c@d.nl"]),
        ("a@b.nl (Jan) c@d.nl (Piet)", vec!["a@b.nl", "c@d.nl"]),
        ("a@b.nl; c@d.nl", vec!["a@b.nl", "c@d.nl"]),
        ("a@b.nl <a@b.nl>", vec!["a@b.nl"]),
        ("a@b.nl <c@d.nl>", vec!["c@d.nl"]),
        ("\"a@b.nl c@d.nl\" <e@f.nl>", vec!["e@f.nl"]),
        ("Jan (a@b.nl c@d.nl) <e@f.nl>", vec!["e@f.nl"]),
        ("groep: a@b.nl c@d.nl;", vec!["a@b.nl", "c@d.nl"]),
        ("Jan <a@b.nl> (thuis), c@d.nl", vec!["a@b.nl", "c@d.nl"]),
    ] {
        let to = read(&format!("To: {written}\n\n")).to;
        assert_eq!(to.iter().map(|mailbox| mailbox.address.as_str()).collect::<Vec<_>>(), addresses, "{written}");
    }
    assert_eq!(read("From: a@b.nl c@d.nl\n\n").from.unwrap().address, "a@b.nl");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_name_is_the_same_wherever_it_was_cut(name in "[a-zé€日😀' ;%]{1,20}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
        let bytes = format!("a{name}z.pdf").into_bytes();
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).chain([0, bytes.len()]).collect();
        ends.sort_unstable();
        ends.dedup();
        let encoded = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let pieces: Vec<String> = ends.windows(2).enumerate().map(|(at, ends)| {
            format!("filename*{at}*={}{}", if at == 0 { "utf-8''" } else { "" }, encoded(&bytes[ends[0]..ends[1]]))
        }).collect();
        prop_assert_eq!(file_name(&pieces.join(";\n ")).into_bytes(), bytes);
    }

    #[test]
    fn an_encoded_subject_is_the_same_wherever_it_was_cut(text in "[a-zé€日]{1,12}", cut: prop::sample::Index) {
        let bytes = text.as_bytes();
        let word = |bytes: &[u8]| format!("=?utf-8?Q?{}?=", bytes.iter().map(|byte| format!("={byte:02X}")).collect::<String>());
        let (one, two) = bytes.split_at(cut.index(bytes.len()));
        prop_assert_eq!(read(&format!("Subject: {}\n {}\n\n", word(one), word(two))).subject, text);
    }
}
