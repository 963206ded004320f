use crate::read;
use mime::Part;

fn file(fields: &str) -> Part {
    let mail = format!("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHallo\n--x\n{fields}\n\ninhoud\n--x--\n");
    read(&mail).files.pop().unwrap()
}

#[test]
fn a_file_keeps_its_name_without_a_path() {
    for (written, name) in [
        ("filename=brief.pdf", "brief.pdf"),
        ("filename=\"mijn brief.pdf\"", "mijn brief.pdf"),
        ("filename=\"../../etc/passwd\"", "passwd"),
        ("filename=\"C:\\Users\\Piet\\brief.pdf\"", "brief.pdf"),
        ("filename=\"C:\\\\Users\\\\brief.pdf\"", "brief.pdf"),
        ("filename=\"een \\\"brief\\\".pdf\"", "een \"brief\".pdf"),
        ("filename=\"=?utf-8?Q?caf=C3=A9.pdf?=\"", "café.pdf"),
        ("filename==?utf-8?B?Y2Fmw6kucGRm?=", "café.pdf"),
        ("filename*=UTF-8''caf%C3%A9.pdf", "café.pdf"),
        ("filename=\"cafe.pdf\"; filename*=UTF-8''caf%C3%A9.pdf", "café.pdf"),
        ("filename*0=\"lange \"; filename*1=\"naam.pdf\"", "lange naam.pdf"),
        ("filename*0*=UTF-8''caf%C3%A9; filename*1=\".pdf\"", "café.pdf"),
        ("filename=\"=?utf-8?Q?a=0D=0Ab.pdf?=\"", "a  b.pdf"),
        ("filename=\"a\u{202e}fdp.exe\"", "afdp.exe"),
        ("filename=\"..\"", "bestand.bin"),
        ("filename=\"/\"", "bestand.bin"),
        ("filename=\"\"", "bestand.bin"),
        ("filename=\".bashrc\"", "bashrc"),
    ] {
        assert_eq!(file(&format!("Content-Type: application/octet-stream\nContent-Disposition: attachment; {written}")).name, name, "{written}");
    }
}

#[test]
fn a_long_name_is_cut_before_its_extension() {
    let name = file(&format!("Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"{}.pdf\"", "é".repeat(300))).name;
    assert!(name.len() <= mime::limits::MAX_FILE_NAME && name.ends_with("é.pdf"), "{name}");
}

#[test]
fn a_name_is_invented_from_the_type() {
    assert_eq!(file("Content-Type: application/pdf").name, "bestand.pdf");
    assert_eq!(file("Content-Type: image/jpeg").name, "afbeelding.jpg");
    assert_eq!(file("Content-Type: x-vreemd/iets").name, "bestand.bin");
    assert_eq!(file("Content-Type: rommel").name, "bestand.bin");
}

#[test]
fn text_with_a_name_is_a_file() {
    let part = file("Content-Type: text/plain; name=notitie.txt\nContent-Disposition: inline; filename=notitie.txt");
    assert_eq!((part.name.as_str(), part.inline, part.contents.as_slice()), ("notitie.txt", true, &b"inhoud"[..]));
}

#[test]
fn a_mail_that_is_all_file_is_a_file() {
    let letter = read("From: a@b.nl\nContent-Type: application/pdf; name=brief.pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n");
    assert_eq!((letter.text, letter.files[0].contents.as_slice()), (None, &b"%PDF"[..]));
}

#[test]
fn an_attached_mail_is_one_file_called_by_its_subject() {
    let letter = read(
        "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHallo\n--x\nContent-Type: message/rfc822\n\n\
         Subject: Offerte: deel 1/2\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\nBinnen\n--y--\n--x--\n",
    );
    assert_eq!(letter.text.as_deref(), Some("Hallo"));
    let [mail] = letter.files.as_slice() else { panic!() };
    assert_eq!(mail.name, "Offerte- deel 1-2.eml");
    assert!(mail.contents.ends_with(b"--y--"));
}

#[test]
fn a_digest_holds_mails() {
    let letter = read("Content-Type: multipart/digest; boundary=x\n\n--x\n\nSubject: Een\n\nA\n--x\n\nSubject: Twee\n\nB\n--x--\n");
    assert_eq!(letter.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["Een.eml", "Twee.eml"]);
}
