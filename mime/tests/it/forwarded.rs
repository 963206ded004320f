use crate::read;
use mime::Forwarded;

fn of(text: &str) -> Option<Forwarded> {
    read(&format!("From: Els <els@balie.nl>\nSubject: FW: Printer\nContent-Type: text/plain; charset=utf-8\n\n{text}")).forwarded()
}

fn is(text: &str, subject: &str, said: &str) {
    let forwarded = of(text).unwrap_or_else(|| panic!("{text}"));
    assert_eq!((forwarded.from.name.as_str(), forwarded.from.address.as_str()), ("Piet Jansen", "piet@klant.nl"), "{text}");
    assert_eq!((forwarded.subject.as_str(), forwarded.text.as_str()), (subject, said), "{text}");
}

#[test]
fn outlook_forwards_are_read_in_four_languages() {
    is(
        "Kun jij dit oppakken?\n\nVan: Piet Jansen <piet@klant.nl>\nVerzonden: maandag 1 januari 2024 10:00\nAan: Els <els@balie.nl>\nOnderwerp: Printer stuk\n\nHij doet niets.\n",
        "Printer stuk",
        "Hij doet niets.",
    );
    is(
        "________________________________\nFrom: Piet Jansen [mailto:piet@klant.nl]\nSent: Monday, January 1, 2024 10:00 AM\nTo: Els\nSubject: Printer\n\nIt is dead.",
        "Printer",
        "It is dead.",
    );
    is("Von: Piet Jansen <piet@klant.nl<mailto:piet@klant.nl>>\nGesendet: Montag\nAn: Els\nBetreff: Drucker\n\nKaputt.", "Drucker", "Kaputt.");
    is("De : Piet Jansen <piet@klant.nl>\nEnvoyé : lundi\nÀ : Els\nObjet : Imprimante\n\nEn panne.", "Imprimante", "En panne.");
    is("*Van:* Piet Jansen <piet@klant.nl>\n*Verzonden:* maandag\n*Aan:* Els\n*Onderwerp:* Printer\n\nKapot.", "Printer", "Kapot.");
}

#[test]
fn gmail_forwards_are_read() {
    is(
        "---------- Forwarded message ---------\nVan: Piet Jansen <piet@klant.nl>\nDate: ma 1 jan 2024 om 10:00\nSubject: Printer\nTo: <els@balie.nl>\n\n\nKapot.\n\nGroet",
        "Printer",
        "Kapot.\n\nGroet",
    );
}

#[test]
fn apple_forwards_lose_their_quote_marks() {
    is(
        "Begin doorgestuurd bericht:\n\n> Van: Piet Jansen <piet@klant.nl>\n> Onderwerp: Printer\n> Datum: 1 januari 2024\n> Aan: els@balie.nl\n> \n> Kapot.\n> > ouder",
        "Printer",
        "Kapot.\n> ouder",
    );
}

#[test]
fn thunderbird_forwards_are_read() {
    is(
        "-------- Doorgestuurd bericht --------\nOnderwerp: \tPrinter\nDatum: \tMon, 1 Jan 2024\nVan: \tPiet Jansen <piet@klant.nl>\nAan: \tels@balie.nl,\n jan@balie.nl\n\n\nKapot.",
        "Printer",
        "Kapot.",
    );
}

#[test]
fn a_mail_without_such_a_header_forwards_nothing() {
    assert_eq!(of("Hallo,\n\nVan: een tafel tot een stoel\nBetreft: alles\n\nGroet"), None);
    assert_eq!(of("From: piet@klant.nl\n\nzomaar"), None);
    assert_eq!(of("From: Piet Jansen\nSent: today\nTo: Els\nSubject: intern\n\nzomaar"), None);
    assert_eq!(of(""), None);
}

#[test]
fn an_attached_mail_is_what_was_forwarded() {
    let letter = read(
        "From: Els <els@balie.nl>\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nZie bijlage\n--x\nContent-Type: message/rfc822\n\n\
         From: =?utf-8?Q?Ren=C3=A9?= <rene@klant.nl>\nSubject: Printer\nContent-Type: multipart/alternative; boundary=y\n\n--y\n\nKapot\n--y\nContent-Type: text/html\n\n<p>Kapot</p>\n--y--\n--x--",
    );
    let forwarded = letter.forwarded().unwrap();
    assert_eq!((forwarded.from.name.as_str(), forwarded.subject.as_str(), forwarded.text.as_str()), ("René", "Printer", "Kapot"));
    assert_eq!(forwarded.html.as_deref(), Some("<p>Kapot</p>"));
}

#[test]
fn the_html_begins_after_the_header_that_gmail_marks() {
    let letter = read(
        "From: Els <els@balie.nl>\nContent-Type: text/html\n\n<div>Zie onder</div><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">---------- Forwarded message ---------<br>\
         Van: <b>Piet Jansen</b> &lt;piet@klant.nl&gt;<br>Date: ma<br>Subject: Printer<br>To:  &lt;els@balie.nl&gt;<br></div><br><p>Kapot.</p></div>",
    );
    let forwarded = letter.forwarded().unwrap();
    assert_eq!(
        (forwarded.from.name.as_str(), forwarded.from.address.as_str(), forwarded.subject.as_str()),
        ("Piet Jansen", "piet@klant.nl", "Printer")
    );
    assert_eq!(forwarded.text, "Kapot.");
    assert_eq!(forwarded.html.as_deref(), Some("<br><p>Kapot.</p></div>"));
}
