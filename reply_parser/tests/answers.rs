//! Short answers, odd announcements and forms of people: what is history and what is not.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use mail_parser::MessageParser;
use proptest::prelude::*;
use reply_parser::{Kind, clean, clean_below_picture, said, split, split_below_picture};

fn of(kind: Kind, text: &str) -> Vec<String> {
    let pieces = split(text).into_iter().filter(|piece| piece.kind == kind);
    pieces.flat_map(|piece| piece.text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn of_mail(mail: &[u8]) -> String {
    let mail = MessageParser::default().parse(mail).unwrap();
    mail.body_text(0).unwrap().into_owned()
}

const HISTORY: &str = "Op wo 12 mrt 2025 om 09:14 schreef Servicedesk <desk@y.nl>:\n\n> Wij hebben het slot eraf gehaald.\n> Tom\n";
const FORWARD: &str = "Van: Jan <jan@x.nl>\nVerzonden: maandag 3 maart 2025 10:12\nAan: help@y.nl\nOnderwerp: Kapot\n\nHet werkt niet.\n";

#[test]
fn a_short_answer_that_begins_with_thanks_keeps_history_folded() {
    let text = of_mail(include_bytes!("mails/thanks-in-a-short-answer.eml"));
    assert_eq!(of(Kind::Said, &text), ["Bedankt, het werkt weer.", "Groet, Marieke"]);
    for answer in [
        "Bedankt!",
        "Thanks Jan",
        "Thanks, that works.",
        "Cheers, all good now",
        "Regards the invoice: it is paid",
        "Regarding the invoice, it is paid",
        "Best to do it tomorrow",
        "Yours is fine",
        "Danke, das hat geholfen.",
        "Merci, tout fonctionne",
        "Gracias, ya funciona",
        "Groetjes aan de collega's, het werkt",
        "Dank je, het is gelukt\nGroet, Jan",
        "Gr8, thanks",
    ] {
        let said = of(Kind::Said, &format!("{answer}\n\n{HISTORY}"));
        assert_eq!(said, answer.lines().collect::<Vec<_>>(), "{answer}");
    }
}

#[test]
fn a_closing_and_a_name_say_nothing_of_their_own() {
    for above in [
        "Groet, Marieke",
        "Groetjes\nMarieke",
        "Mvg,\nMarieke de Wit",
        "Kind regards,\nMarieke de Wit\nBedrijf BV\n010-1234567",
        "Thanks,\nMarieke",
        "Mit freundlichen Grüßen\nAnke",
    ] {
        assert!(of(Kind::Said, &format!("{above}\n\n{FORWARD}")).contains(&"Het werkt niet.".to_owned()), "{above}");
    }
}

#[test]
fn a_desk_or_a_team_that_wrote_is_announced() {
    let text = of_mail(include_bytes!("mails/attribution-to-a-service-desk.eml"));
    assert_eq!(of(Kind::Said, &text), ["Het serienummer is QX-4471-B."]);
    for attribution in [
        "Op woensdag 12 maart 2025 09:14 schreef IT Servicedesk <desk@y.nl>:",
        "Op woensdag 12 maart 2025 09:14 schreef IT:",
        "Am Mittwoch, 12. März 2025 um 09:14 schrieb Ihr Support-Team <desk@y.de>:",
        "Am 12.03.2025 um 09:14 schrieb Ihr Support-Team:",
        "On Wednesday, March 12, 2025 at 9:14 AM IT wrote:",
        "*Op woensdag 12 maart 2025 09:14 schreef Jan Jansen <jan@x.nl>:*",
        "_On 12 Mar 2025 at 09:14, Jan Jansen <jan@x.nl> wrote:_",
    ] {
        assert_eq!(of(Kind::Said, &format!("QX-4471-B.\n\n{attribution}\n\nWelk nummer?\nTom\n")), ["QX-4471-B."], "{attribution}");
    }
    for own in [
        "Am 12.03.2025 um 09:14 schrieb er Folgendes:",
        "Am 12.03.2025 um 09:14 schrieb ihr mir:",
        "On March 12, 2025 at 9:14 he wrote:",
        "Op 12 maart 2025 om 09:14 schreef ik aan Jan <jan@x.nl>:",
    ] {
        let text = format!("Zie hier.\n\n{own}\n\nDe printer is stuk.\n");
        assert_eq!(of(Kind::Said, &text), text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>());
    }
}

#[test]
fn what_was_written_to_whom_answers_announces_a_quote_and_nothing_more() {
    for announcement in [
        "you wrote:",
        "You wrote:",
        "On 3 March 2025 at 10:12, you wrote:",
        "U schreef:",
        "Op 3 maart 2025 om 10:12 schreef u:",
        "Sie schrieben:",
        "Vous avez écrit :",
    ] {
        let quote = format!("Ja.\n\n{announcement}\n> Werkt het?\n\nTot morgen.");
        assert_eq!(of(Kind::Said, &quote), ["Ja.", "Tot morgen."], "{announcement}");
        let own = format!("Ja.\n\n{announcement}\nHet werkt.\n\nTot morgen.");
        assert_eq!(of(Kind::Said, &own), ["Ja.", announcement, "Het werkt.", "Tot morgen."]);
    }
}

#[test]
fn a_form_of_somebodys_own_is_no_header() {
    let text = of_mail(include_bytes!("mails/transport-order.eml"));
    assert_eq!(of(Kind::Said, &text), text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>());
    for form in [
        "Van: Utrecht\nAan: Groningen\nDatum: 14-03-2025 08:30\nOnderwerp: spoedrit",
        "Von: Lager Süd\nAn: Halle 4\nDatum: 14.03.2025\nBetreff: Umzug",
        "From: Gate 4\nTo: Gate 9\nDate: 14 March 2025 08:30\nSubject: pallets",
        "De: Lyon\nÀ: Paris\nDate: 14/03/2025 08:30\nObjet: palettes",
        "Van: maandag\nVerzonden: nee\nAan: niemand\nOnderwerp: geen",
        "Van: jan@x.nl\nAan: piet@x.nl\nDatum: volgende week\nOnderwerp: rechten",
    ] {
        for above in ["Graag inplannen.\n\n", "Graag inplannen.\n\n--------------------\n"] {
            let text = format!("{above}{form}\n\nBij de portier melden.\n");
            assert!(split(&text).iter().all(|piece| piece.kind == Kind::Said), "{text}");
        }
    }
    // What mail programs write without an address.
    let outlook = "From: Jan Jansen\nSent: Monday, March 3, 2025 10:12 AM\nTo: Servicedesk\nSubject: RE: It fails\n\nIt fails.\n";
    assert_eq!(of(Kind::Said, &format!("Dank u.\n\n{outlook}")), ["Dank u."]);
}

#[test]
fn a_town_is_no_colour() {
    let outlook = "Van: Jan <jan@x.nl>\nVerzonden: maandag 3 maart 2025 10:12\nAan: help@y.nl\nOnderwerp: Vragen\n\nWerkt de printer?\n";
    for own in [
        "De printer in Rotterdam werkt.",
        "Der Drucker steht in Rottweil.",
        "Kom maandag in blauwe overall.",
        "The inliner is gone.",
        "Dat is tussendoortje nummer drie.",
    ] {
        assert_eq!(of(Kind::Said, &format!("{own}\n\n{outlook}")), [own]);
    }
    for own in ["Meine Antworten in rot.", "Zie mijn antwoorden in rood!", "Onderstaande antwoorden zijn van mij.", "See below"] {
        assert!(of(Kind::Said, &format!("{own}\n\n{outlook}")).contains(&"Werkt de printer?".to_owned()), "{own}");
    }
}

#[test]
fn a_divider_in_bold_is_one() {
    for divider in [
        "*-----Original Message-----*",
        "**-------- Oorspronkelijk bericht --------**",
        "* ----- Ursprüngliche Nachricht ----- *",
        "*________________________________*",
        "*Begin doorgestuurd bericht:*",
    ] {
        let header = "**Van:** Jan <jan@x.nl>\n**Verzonden:** maandag 3 maart 2025 10:12\n**Aan:** help@y.nl\n**Onderwerp:** Kapot";
        assert_eq!(of(Kind::Said, &format!("Dank u.\n\n{divider}\n{header}\n\nHet is kapot.\n")), ["Dank u."], "{divider}");
    }
    let bare = "Dank u.\n\n*-----Original Message-----*\nHet is kapot.\n";
    assert_eq!(of(Kind::Said, bare), ["Dank u."]);
    assert_eq!(of(Kind::Said, "Let op:\n**********\nDit is van mij.").len(), 3);
}

#[test]
fn a_picture_is_what_is_said_and_the_history_is_not() {
    let quote = r#"<div class="gmail_quote"><blockquote type="cite">Stuur een foto van de fout.</blockquote></div>"#;
    let inline = |id: &str| (id == "foto").then(|| "/files/7".to_owned());
    let shown = clean(&format!(r#"<div><img src="cid:foto"></div>{quote}"#), &inline);
    assert_eq!(shown.said, "");
    assert!(shown.html.starts_with("<div><img src=\"/files/7\"></div>") && shown.html.contains("<details class=\"folded\">"), "{}", shown.html);
    let below = clean_below_picture(quote, &inline);
    assert_eq!(below.said, "");
    assert!(below.html.contains("<details class=\"folded\">"), "{}", below.html);
    // A picture that only counts readers says nothing.
    assert_eq!(clean(&format!(r#"{quote}<img src="https://x.nl/p" width="1" height="1">"#), &inline).said, "Stuur een foto van de fout.");

    let pieces = split_below_picture(HISTORY);
    assert!(pieces.iter().all(|piece| piece.kind == Kind::Quoted), "{pieces:?}");
    assert!(split(HISTORY).iter().any(|piece| piece.kind == Kind::Said));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_somebody_writes_above_an_announced_quote_stays_and_the_quote_goes(own in prop::collection::vec("[A-Z]?[a-z]{1,9}( [A-Za-z]{1,9}){1,8}[.!?]", 1..8)) {
        // Who says "see below" asks for the history.
        let own: Vec<String> = own.into_iter().filter(|line| !line.to_lowercase().contains("in")).collect();
        prop_assume!(!own.is_empty());
        let text = format!("{}\n\n{HISTORY}", own.join("\n"));
        prop_assert_eq!(said(&split(&text)), own.join("\n"));
    }
}
