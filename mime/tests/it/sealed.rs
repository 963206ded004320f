use crate::read;
use mime::Sealed;

fn sealed(kind: &str, body: &str) -> (Vec<Sealed>, usize) {
    let letter = read(&format!("From: a@b.nl\nContent-Type: {kind}\n\n{body}"));
    (letter.sealed, letter.files.len())
}

#[test]
fn smime_is_named_and_kept() {
    assert_eq!(sealed("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "x"), (vec![Sealed::Smime], 1));
    assert_eq!(sealed("application/x-pkcs7-mime; smime-type=signed-data", "x"), (vec![Sealed::SmimeSigned], 1));
    let signed = "--x\n\nHallo\n--x\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nx\n--x--";
    assert_eq!(sealed("multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=x", signed), (vec![Sealed::SmimeSigned], 1));
}

#[test]
fn pgp_is_named_and_kept() {
    let encrypted =
        "--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n--x--";
    assert_eq!(sealed("multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x", encrypted), (vec![Sealed::Pgp], 2));
    let signed = "--x\n\nHallo\n--x\nContent-Type: application/pgp-signature\n\nx\n--x--";
    assert_eq!(sealed("multipart/signed; protocol=\"application/pgp-signature\"; boundary=x", signed), (vec![Sealed::PgpSigned], 1));
    assert_eq!(sealed("text/plain", "-----BEGIN PGP MESSAGE-----\n\nabc").0, [Sealed::Pgp]);
    assert_eq!(sealed("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\n\nabc").0, [Sealed::PgpSigned]);
}

#[test]
fn winmail_is_named_and_kept() {
    let body = "--x\n\nHallo\n--x\nContent-Type: application/octet-stream; name=winmail.dat\n\nx\n--x--";
    assert_eq!(sealed("multipart/mixed; boundary=x", body), (vec![Sealed::Tnef], 1));
    assert_eq!(sealed("application/ms-tnef", "x"), (vec![Sealed::Tnef], 1));
}

#[test]
fn an_invitation_says_what_it_asks_and_about_what() {
    let body = "--x\n\nKom je?\n--x\nContent-Type: text/calendar; charset=utf-8; method=request\n\n\
                BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY;LANGUAGE=nl:Overleg\\, kamer\n  2\nEND:VEVENT\n--x--";
    let (found, files) = sealed("multipart/alternative; boundary=x", body);
    assert_eq!(found, [Sealed::Calendar { method: "REQUEST".into(), summary: "Overleg, kamer 2".into(), answer: None }]);
    assert_eq!(files, 1);
}
