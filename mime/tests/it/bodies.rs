use crate::read;
use mime::Oddity;

fn body(fields: &str, body: &[u8]) -> mime::InboundMessage {
    mime::read(&[b"From: a@b.nl\r\n", fields.as_bytes(), b"\r\n\r\n", body].concat())
}

#[test]
fn of_the_same_in_two_forms_both_are_kept() {
    let letter = read(
        "From: a@b.nl\nContent-Type: multipart/alternative; boundary=x\n\nvoorwoord\n--x\nContent-Type: text/plain; charset=utf-8\n\nHallo\n\
         --x\nContent-Type: text/html\n\n<p>Hallo</p>\n--x--\nnawoord\n",
    );
    assert_eq!((letter.text.as_deref(), letter.html.as_deref()), (Some("Hallo"), Some("<p>Hallo</p>")));
    assert!(letter.files.is_empty() && letter.oddities.is_empty());
}

#[test]
fn html_with_pictures_and_an_attachment_is_sorted() {
    let letter = read(
        "From: a@b.nl\nContent-Type: multipart/mixed; boundary=\"m;1\"\n\n--m;1\nContent-Type: multipart/related; boundary=r\n\n--r\n\
         Content-Type: multipart/alternative; boundary=a\n\n--a\n\nHallo\n--a\nContent-Type: text/html\n\n<img src=cid:logo>\n--a--\n--r\n\
         Content-Type: image/png; name=logo.png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64\n\niVBO\nRw==\n--r--\n--m;1\n\
         Content-Type: application/pdf\nContent-Disposition: attachment; filename=brief.pdf\n\n%PDF\n--m;1--\n",
    );
    assert_eq!((letter.text.as_deref(), letter.html.as_deref()), (Some("Hallo"), Some("<img src=cid:logo>")));
    let [logo, brief] = letter.files.as_slice() else { panic!("{:?}", letter.files) };
    assert_eq!(
        (logo.name.as_str(), logo.content_id.as_deref(), logo.inline, logo.contents.as_slice()),
        ("logo.png", Some("logo"), true, &b"\x89PNG"[..])
    );
    assert_eq!((brief.name.as_str(), brief.inline, brief.contents.as_slice()), ("brief.pdf", false, &b"%PDF"[..]));
}

#[test]
fn text_after_a_picture_belongs_to_the_text() {
    let letter = read("Content-Type: multipart/mixed; boundary=x\n\n--x\n\nEen\n--x\nContent-Type: image/png\n\nx\n--x\n\nTwee\n--x--");
    assert_eq!(letter.text.as_deref(), Some("Een\nTwee"));
    assert_eq!(letter.files[0].name, "afbeelding.png");
}

#[test]
fn text_outside_the_html_is_in_both() {
    let letter = read("Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<b>Een</b>\n--x\n\nTwee < 3\n--x--");
    assert_eq!(letter.html.as_deref(), Some("<b>Een</b><div>Twee &lt; 3</div>\n"));
    assert_eq!(letter.text.as_deref(), Some("Een\nTwee < 3"));
}

#[test]
fn a_mail_of_html_alone_has_no_text() {
    let letter = body("Content-Type: text/html; charset=utf-8", "<p>é</p>".as_bytes());
    assert_eq!((letter.text, letter.html.as_deref()), (None, Some("<p>é</p>")));
}

#[test]
fn character_sets_are_read() {
    for (charset, bytes, text) in [
        ("utf-8", &b"caf\xc3\xa9"[..], "café"),
        ("\"UTF-8\"", b"caf\xc3\xa9", "café"),
        ("iso-8859-1", b"caf\xe9 \x80", "café €"),
        ("iso-8859-15", b"\xa4", "€"),
        ("windows-1252", b"\x93x\x94", "“x”"),
        ("us-ascii", b"caf\xc3\xa9", "café"),
        ("us-ascii", b"caf\xe9", "café"),
        ("utf-8", b"caf\xe9", "café"),
        ("utf-8", b"caf\xc3\xa9 \xff", "café \u{fffd}"),
        ("koi8-r", b"\xf0", "П"),
        ("gb2312", b"\xc4\xe3", "你"),
        ("iso-2022-jp", b"\x1b$B$\"\x1b(B", "あ"),
        ("shift_jis", b"\x82\xa0", "あ"),
        ("cp850", b"caf\x82", "café"),
        ("utf-7", b"caf+AOk- ", "café "),
        ("utf-16le", b"h\0i\0", "hi"),
    ] {
        let letter = body(&format!("Content-Type: text/plain; charset={charset}"), bytes);
        assert_eq!(letter.text.as_deref(), Some(text), "{charset} {bytes:?}");
        assert_eq!(letter.oddities, [], "{charset}");
    }
}

#[test]
fn an_unknown_character_set_is_utf_8_or_else_windows_1252() {
    for (bytes, text) in [(&b"caf\xc3\xa9"[..], "café"), (b"caf\xe9", "café")] {
        let letter = body("Content-Type: text/plain; charset=klingon", bytes);
        assert_eq!(letter.text.as_deref(), Some(text));
        assert_eq!(letter.oddities, [Oddity::UnknownCharset("klingon".to_owned())]);
    }
}

#[test]
fn line_ends_become_line_feeds_and_nul_is_gone() {
    assert_eq!(body("Subject: x", b"a\r\nb\rc\nd\0e").text.as_deref(), Some("a\nb\nc\nde"));
}

#[test]
fn quoted_printable_is_read_even_when_broken() {
    let fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: Quoted-Printable";
    assert_eq!(body(fields, b"caf=C3=A9 is =\r\nlekker").text.as_deref(), Some("café is lekker"));
    assert_eq!(body(fields, b"1+1==2, =ZZ, =C3=A9 =").text.as_deref(), Some("1+1==2, =ZZ, é "));
}

#[test]
fn base64_is_read_even_with_rubbish_in_it() {
    let fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64";
    assert_eq!(body(fields, b"SGFs\r\nbG8=").text.as_deref(), Some("Hallo"));
    let letter = body(fields, b"SG*Fs\r\n!bG8=\r\n");
    assert_eq!(letter.text.as_deref(), Some("Hallo"));
    assert_eq!(letter.oddities, [Oddity::BrokenEncoding]);
    assert_eq!(body(fields, b"SGFsbG8").text.as_deref(), Some("Hallo"));
    assert_eq!(body(fields, b"SGFs=bG8=").text.as_deref(), Some("Hallo"));
}

#[test]
fn an_unknown_encoding_is_left_as_it_came() {
    let letter = body("Content-Transfer-Encoding: x-uuencode", b"begin 644");
    assert_eq!((letter.text.as_deref(), letter.oddities.as_slice()), (Some("begin 644"), &[Oddity::UnknownEncoding][..]));
}

#[test]
fn a_boundary_that_begins_with_another_is_its_own() {
    let letter = read(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\nHallo\n--bb--\n--b\n\n\
         Nog iets\n--bc is gewone tekst\n--b--\n",
    );
    assert_eq!(letter.text.as_deref(), Some("Hallo\nNog iets\n--bc is gewone tekst"));
}

#[test]
fn base64_that_is_none_is_read_as_it_stands() {
    for said in ["Beste collega,\nde printer doet het niet.\n\nGroet, Jan\n", "Het werkt weer", "Zie bijlage!\n"] {
        let letter = body("Content-Transfer-Encoding: base64", said.as_bytes());
        assert_eq!(letter.text.as_deref().map(str::trim), Some(said.trim()));
        assert_eq!(letter.oddities, [Oddity::BrokenEncoding]);
    }
    // A stray line does not make it text.
    let letter = body("Content-Transfer-Encoding: base64", b"SGFsbG8g\nZGFhciE=\n-- \n");
    assert_eq!(letter.text.as_deref(), Some("Hallo daar!"));
}

#[test]
fn a_picture_in_the_html_is_a_part_and_leaves_room_for_the_text() {
    let long = "AAAA".repeat(400_000);
    let letter = body("Content-Type: text/html; charset=utf-8", format!("<p>Voor</p><img src=\"data:image/png;base64,{long}\"><p>Na</p>").as_bytes());
    assert_eq!(letter.html.as_deref(), Some("<p>Voor</p><img src=\"cid:picture-0-0-1\"><p>Na</p>"));
    let [picture] = &letter.files[..] else { panic!("{}", letter.files.len()) };
    assert_eq!((picture.content_id.as_deref(), picture.contents.len(), picture.inline), (Some("picture-0-0-1"), 1_200_000, true));
    assert!(letter.oddities.is_empty());
}
