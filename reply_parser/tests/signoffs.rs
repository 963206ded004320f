//! The lines that phones and mail programs put below what is written, and the lines of people that look like them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use proptest::prelude::*;
use reply_parser::{Kind, split};

/// Ten in each of five languages: of known programs and of programs that nobody has heard of.
const SIGN_OFFS: [&str; 60] = [
    "Verzonden met Vinkpost",
    "Verzonden met Proton Mail-beveiligde e-mail.",
    "Verstuurd vanaf mijn Fairphone 5",
    "Verzonden vanaf Outlook voor Android<https://aka.ms/AAb9ysg>",
    "Dit bericht is verzonden vanaf mijn Android-toestel met K-9 Mail.",
    "Verzonden via de KPN Mail-app",
    "Vanaf mijn telefoon verzonden",
    "Verstuurd vanaf een mobiel toestel",
    "Outlook voor iOS downloaden<https://aka.ms/o0ukef>",
    "Verzonden met [Briefvogel](https://briefvogel.example/app)",
    "Sent with Larkmail",
    "Sent from my Pixel 8 Pro",
    "Sent via Superhuman (https://sprh.mn/?vip=piet)",
    "Sent from Mail for Windows",
    "Sent from Yahoo Mail for iPhone<https://mail.onelink.me/107872968?pid=nativeplacement>",
    "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
    "Sent using Zoho Mail",
    "Sent from the all new AOL app for Android",
    "Get Outlook for Mac<https://aka.ms/GetOutlookForMac>",
    "This message was sent from my mobile phone",
    "Gesendet mit Taubenpost",
    "Gesendet mit der Telekom Mail App",
    "Von meinem iPad gesendet",
    "Gesendet von Outlook für Android",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Von unterwegs gesendet",
    "Gesendet mit der WEB.DE Mail App",
    "Holen Sie sich Outlook für iOS<https://aka.ms/o0ukef>",
    "Outlook für Android herunterladen<https://aka.ms/AAb9ysg>",
    "Gesendet über BlueMail",
    "Envoyé avec Pigeonnier",
    "Envoyé depuis mon téléphone",
    "Envoyé à partir de Outlook pour iOS",
    "Envoyé de mon Galaxy",
    "Envoyé depuis l’application Mail Orange",
    "Envoyé via l'application Free Mail",
    "Télécharger Outlook pour Android<https://aka.ms/AAb9ysg>",
    "Obtenez Outlook pour Mac",
    "Ce message a été envoyé depuis mon mobile",
    "Envoyé avec la messagerie sécurisée Proton Mail.",
    "Enviado con Palomar",
    "Enviado desde mi Xiaomi",
    "Enviado desde Outlook para Android",
    "Enviado desde un teléfono móvil",
    "Enviado a través de BlueMail",
    "Obtener Outlook para iOS",
    "Descargar Outlook para Android<https://aka.ms/AAb9ysg>",
    "Este mensaje fue enviado desde mi teléfono",
    "Enviado mediante Proton Mail",
    "Enviado desde la app Mail",
    "*Verstuurd vanaf mijn iPhone*",
    "-- Sent from my iPad --",
    "Sent from Outlook",
    "Verzonden vanuit Gmail",
    "Sent via eM Client",
    "Gesendet mit FairEmail",
    "Sent from my mobile.",
    "Sent with BlackBerry Hub",
    "Inviato dal mio iPhone",
    "Inviato con Spark",
];

/// What people write as a last line, in the same words.
const OWN_LINES: [&str; 60] = [
    "Verzonden met PostNL",
    "Verzonden via DHL 3SABC12345678",
    "Verzonden naar Jan en Piet",
    "Verzonden met de post",
    "Verzonden via onze leverancier",
    "Verzonden vanuit Rotterdam",
    "Verstuurd door de monteur",
    "Verstuurd met WeTransfer, zie je mail",
    "Verstuurd vanaf mijn iPhone is de mail niet aangekomen",
    "Verstuurd via de app werkt het wel",
    "Verzonden met spoed",
    "Verzonden via e-mail",
    "Verzonden op 12 maart 2025",
    "Met de post verzonden",
    "Gisteren met Postbode verstuurd",
    "Met vriendelijke groet",
    "Verzonden vanaf mijn oude adres",
    "Outlook voor Marieke downloaden",
    "Download Teams voor Jan",
    "Sent with UPS yesterday",
    "Sent via FedEx",
    "Sent from our warehouse in Utrecht",
    "Sent from my desk, is much easier than my phone",
    "Sent from Amsterdam",
    "Sent to the wrong printer",
    "Sent with love",
    "Sent by courier",
    "Sent via email and by post",
    "Sent from which mailbox?",
    "Sent from my iPhone the picture is too small",
    "Sent from my colleague",
    "Get Outlook for Piet",
    "Get the printer for Android to work",
    "Get Jan for me",
    "I sent it from my iPhone",
    "Mail from my phone fails",
    "Gesendet mit der Post",
    "Gesendet von meinem Kollegen",
    "Gesendet mit DHL Express",
    "Gesendet an Piet",
    "Gesendet aus Frankfurt",
    "Gestern von meinem Handy gesendet, kam nicht an",
    "Von meinem Chef gesendet",
    "Von wem gesendet?",
    "Per Mail gesendet",
    "Mit Verspätung gesendet",
    "Gesendet mit Verspätung",
    "Mit Taubenpost gesendet",
    "Envoyé par Chronopost",
    "Envoyé de Paris",
    "Envoyé avec retard",
    "Envoyé depuis notre entrepôt",
    "Envoyé à Jean",
    "Envoyé via La Poste",
    "Enviado por SEUR",
    "Enviado desde Madrid",
    "Enviado con retraso",
    "Enviado a Juan",
    "Enviado desde nuestro almacén",
    "Inviato da Roma",
];

fn kind_of(text: &str, line: &str) -> Kind {
    split(text).into_iter().find(|piece| piece.text.lines().any(|found| found == line)).unwrap().kind
}

#[test]
fn lines_of_programs_are_folded_below_what_is_said() {
    let history = "\n\nOp ma 3 mrt. 2025 om 10:12 schreef Jan <jan@x.nl>:\n> Werkt het?\n";
    let mut shown = vec![];
    for line in SIGN_OFFS {
        for text in [format!("Het werkt.\n\n{line}\n"), format!("Het werkt.\n\n{line}{history}")] {
            if kind_of(&text, line) != Kind::Signature {
                shown.push(line);
            }
            assert_eq!(kind_of(&text, "Het werkt."), Kind::Said, "{text}");
        }
    }
    assert_eq!(shown, Vec::<&str>::new());
}

#[test]
fn lines_of_people_stay() {
    let mut folded = vec![];
    for line in OWN_LINES {
        for text in [
            format!("De laptop is onderweg.\n\n{line}\n"),
            format!("De laptop is onderweg.\n\n{line}.\n"),
            format!("{line}\n\nGroet, Jan"),
            line.to_owned(),
        ] {
            if split(&text).iter().any(|piece| piece.kind != Kind::Said) {
                folded.push(text);
            }
        }
    }
    assert_eq!(folded, Vec::<String>::new());
}

#[test]
fn a_name_alone_counts_only_as_the_last_line_of_its_own() {
    for text in [
        "Verzonden met Vinkpost",
        "Verzonden met Vinkpost\n\nHet pakket kwam niet aan.",
        "Het pakket is er niet.\nVerzonden met Vinkpost",
        "Zo ging het:\n\nVerzonden met Vinkpost\n\nDaarna niets meer.",
    ] {
        assert!(split(text).iter().all(|piece| piece.kind == Kind::Said), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_program_is_called_its_line_is_folded_and_nothing_else_is(
        name in "[A-Z][a-z]{2,9}mail( Pro| 2)?",
        by in prop::sample::select(vec!["Sent with", "Sent via", "Verzonden met", "Verstuurd via", "Gesendet mit", "Envoyé avec", "Enviado con"]),
        own in prop::collection::vec("[a-z]{1,8}( [a-z]{1,8}){0,6}\\.", 1..6),
    ) {
        let line = format!("{by} {name}");
        let text = format!("{}\n\n{line}\n", own.join("\n"));
        let pieces = split(&text);
        prop_assert_eq!(pieces.len(), 2, "{}", text);
        prop_assert_eq!(&pieces[0].kind, &Kind::Said);
        prop_assert_eq!(pieces[0].text.trim_end(), own.join("\n"));
    }

    #[test]
    fn a_sign_off_alone_is_what_is_said(line in prop::sample::select(SIGN_OFFS.to_vec())) {
        prop_assert!(split(line).iter().all(|piece| piece.kind == Kind::Said));
    }
}
