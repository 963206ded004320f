//! How mail programs quote, forward and sign in plain text, and what stays said.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use reply_parser::{Kind, said, split};

/// The lines of one kind, without blank ones.
fn of(kind: Kind, text: &str) -> Vec<String> {
    let pieces = split(text);
    assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("\n"), text.replace("\r\n", "\n"));
    let pieces = pieces.iter().filter(|piece| piece.kind == kind);
    pieces.flat_map(|piece| piece.text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Above the history stands a reply of two lines; all else is folded.
fn only_the_reply_is_said(history: &str) {
    let text = format!("Dank u, het werkt weer.\nMorgen kijk ik verder.\n\n{history}");
    assert_eq!(of(Kind::Said, &text), ["Dank u, het werkt weer.", "Morgen kijk ik verder."], "{text}");
}

/// Everything is said.
fn all_is_said(text: &str) {
    assert_eq!(split(text).iter().map(|piece| piece.kind).collect::<Vec<_>>(), [Kind::Said], "{text}\n{:#?}", split(text));
}

#[test]
fn an_attribution_in_any_language_is_folded_with_its_quote() {
    for attribution in [
        "On Mon, Mar 3, 2025 at 10:12 AM Jan Jansen <jan@x.nl> wrote:",
        "On Mon, 3 Mar 2025 at 10:12, Jan Jansen <jan@x.nl>\nwrote:",
        "On Mon, Mar 3, 2025 at 10:12 AM Jan Jansen\n<jan.jansen@een-heel-lang-adres.example.nl>\nwrote:",
        "On Mon, Mar 3, 2025 at 10:12 AM\nJan Jansen van den Heuvel\n<jan@x.nl>\nwrote:",
        "On 3 Mar 2025, at 10:12, Jan Jansen <jan@x.nl> wrote:",
        "On 03/03/2025 10:12, Jan Jansen wrote:",
        "On 3/3/25 10:12, Jan wrote:",
        "Op ma 3 mrt. 2025 om 10:12 schreef Jan Jansen <jan@x.nl>:",
        "Op ma 3 mrt. 2025 om 10:12 schreef Jan Jansen van den Heuvel <\njan@x.nl>:",
        "Op 3 mrt. 2025 om 10:12 heeft Jan Jansen <jan@x.nl> het volgende\ngeschreven:",
        "Op 03-03-2025 om 10:12 schreef Jan Jansen:",
        "Jan Jansen <jan@x.nl> schreef op 3 maart 2025 om 10:12:",
        "Jan Jansen <jan@x.nl> schreef op 3 maart 2025 om\n10:12:",
        "Am Mo., 3. März 2025 um 10:12 Uhr schrieb Jan Jansen <jan@x.de>:",
        "Am 03.03.2025 um 10:12 schrieb Jan Jansen:",
        "Am 3. März 2025 10:12:13 schrieb Jan Jansen <jan@x.de>:",
        "Jan Jansen <jan@x.de> schrieb am Mo., 3. März 2025,\n10:12:",
        "Am 03.03.2025 um 10:12 hat Jan Jansen <jan@x.de> geschrieben:",
        "Le lun. 3 mars 2025 à 10:12, Jan Jansen <jan@x.fr> a écrit :",
        "Le 3 mars 2025 à 10:12, Jan Jansen <jan@x.fr> a\nécrit\u{a0}:",
        "Le 03/03/2025 à 10:12, Jan Jansen a écrit :",
        "El lun, 3 mar 2025 a las 10:12, Jan (<jan@x.es>) escribió:",
        "Il giorno lun 3 mar 2025 alle ore 10:12 Jan <jan@x.it> ha\nscritto:",
        "Il 03/03/2025 10:12, Jan ha scritto:",
        "pon., 3 mar 2025 o 10:12 Jan <jan@x.pl> napisał(a):",
        "W dniu 03.03.2025 o 10:12, Jan pisze, a dnia 3.03.2025 10:12 napisał:",
        "Em seg., 3 de mar. de 2025 às 10:12, Jan <jan@x.pt> escreveu:",
        "Den man. 3. mar. 2025 kl. 10.12 skrev Jan <jan@x.dk>:",
        "Den mån 3 mars 2025 kl 10:12 skrev Jan <jan@x.se>:",
        "man. 3. mars 2025 kl. 10:12 skrev Jan <jan@x.no>:",
        "2025-03-03 10:12 GMT+01:00 Jan Jansen <jan@x.nl>:",
        "03.03.2025 10:12, Jan Jansen <jan@x.nl> schreef:",
        "In a message dated 3/3/2025 10:12:02 A.M. W. Europe Standard Time, jan@x.nl writes:",
        "Citeren van Jan Jansen <jan@x.nl>:",
        "Zitat von Jan Jansen <jan@x.de>:",
    ] {
        only_the_reply_is_said(&format!("{attribution}\n\n> Werkt het weer?\n>\n> > Het deed het niet.\n> Jan\n"));
        if !attribution.contains("03 10:12, Jan J") {
            let text = format!("{attribution}\n> Werkt het weer?\n\nJa, het werkt.\n");
            assert_eq!(of(Kind::Said, &text), ["Ja, het werkt."], "bottom posting: {text}");
        }
    }
}

#[test]
fn an_attribution_of_a_program_that_does_not_prefix_folds_what_is_below() {
    for attribution in [
        "On Monday, March 3, 2025, 10:12:13 AM GMT+1, Jan Jansen <jan@x.nl> wrote:",
        "Op maandag 3 maart 2025 10:12 schreef Jan Jansen <jan@x.nl>:",
        "Op maandag 3 maart 2025 om 10:12:13 CET schreef Jan Jansen <jan@x.nl>:",
        "Am Montag, 3. März 2025, 10:12:13 MEZ hat Jan <jan@x.de> Folgendes geschrieben:",
        "Le lundi 3 mars 2025 à 10:12:13 UTC+1, Jan <jan@x.fr> a écrit :",
        "On 3 Mar 2025 at 10:12 +0100, Jan Jansen <jan@x.nl>, wrote:",
        "---- On Mon, 03 Mar 2025 10:12:13 +0100 Jan Jansen <jan@x.nl> wrote ----",
    ] {
        only_the_reply_is_said(&format!("{attribution}\n\nWerkt het weer?\n\nJan\n"));
    }
}

#[test]
fn a_header_block_in_any_language_folds_what_is_below() {
    for header in [
        "Van: Jan Jansen <jan@x.nl>\nVerzonden: maandag 3 maart 2025 10:12\nAan: Servicedesk <help@y.nl>\nOnderwerp: RE: Het werkt niet",
        "Van: Jan Jansen <jan@x.nl>\nDatum: maandag 3 maart 2025 om 10:12\nAan: Servicedesk <help@y.nl>\nCC: Piet <p@y.nl>\nOnderwerp: Het werkt niet",
        "From: Jan Jansen <jan@x.nl>\nSent: Monday, March 3, 2025 10:12 AM\nTo: Desk <help@y.nl>\nCc: Piet <p@y.nl>;\n  Klaas <k@y.nl>\nSubject: RE: It fails",
        "From: Jan Jansen <jan@x.nl>\nDate: Monday, 3 March 2025 at 10:12\nTo: Desk <help@y.nl>\nSubject: It fails",
        "Von: Jan Jansen <jan@x.de>\nGesendet: Montag, 3. März 2025 10:12\nAn: Hilfe <help@y.de>\nBetreff: AW: Es geht nicht",
        "De : Jan Jansen <jan@x.fr>\nEnvoyé : lundi 3 mars 2025 10:12\nÀ : Aide <help@y.fr>\nObjet : RE: Panne",
        "De: Jan <jan@x.es>\nEnviado el: lunes, 3 de marzo de 2025 10:12\nPara: Ayuda <help@y.es>\nAsunto: RE: Fallo",
        "Da: Jan <jan@x.it>\nInviato: lunedì 3 marzo 2025 10:12\nA: Aiuto <help@y.it>\nOggetto: R: Guasto",
        "Od: Jan <jan@x.pl>\nWysłano: poniedziałek, 3 marca 2025 10:12\nDo: Pomoc <help@y.pl>\nTemat: RE: Awaria",
        "De: Jan <jan@x.pt>\nEnviada em: segunda-feira, 3 de março de 2025 10:12\nPara: Ajuda <help@y.pt>\nAssunto: RE: Falha",
        "Fra: Jan <jan@x.dk>\nSendt: 3. marts 2025 10:12\nTil: Hjælp <help@y.dk>\nEmne: SV: Fejl",
        "Från: Jan <jan@x.se>\nSkickat: den 3 mars 2025 10:12\nTill: Hjälp <help@y.se>\nÄmne: SV: Fel",
        "*Van:* Jan Jansen <jan@x.nl>\n*Verzonden:* maandag 3 maart 2025 10:12\n*Aan:* help@y.nl\n*Onderwerp:* Het werkt niet",
        "Onderwerp: Het werkt niet\nDatum: 3 maart 2025 10:12\nVan: jan@x.nl\nAan: help@y.nl",
        "From:        Jan Jansen/BV/NL\nTo:        Desk/BV/NL@BV\nDate:        03-03-2025 10:12\nSubject:        It fails",
    ] {
        only_the_reply_is_said(&format!("{header}\n\nHet werkt niet.\n\nJan\n"));
        for rule in [
            "________________________________",
            "-----Original Message-----",
            "-----Oorspronkelijk bericht-----",
            "-----Ursprüngliche Nachricht-----",
            "-----Message d'origine-----",
            "-------- Originele bericht --------",
            "------------------------------",
        ] {
            only_the_reply_is_said(&format!("{rule}\n{header}\n\nHet werkt niet.\n\nJan\n"));
        }
    }
}

#[test]
fn a_forward_with_words_above_it_folds_what_is_forwarded() {
    for marker in [
        "---------- Forwarded message ---------",
        "Begin doorgestuurd bericht:",
        "Begin forwarded message:",
        "Anfang der weitergeleiteten Nachricht:",
        "Début du message transféré :",
        "-------- Doorgestuurd bericht --------",
    ] {
        only_the_reply_is_said(&format!(
            "{marker}\nVan: Jan <jan@x.nl>\nOnderwerp: Kapot\nDatum: 3 maart 2025 om 10:12:13 CET\nAan: help@y.nl\n\nHet werkt niet.\n"
        ));
    }
    only_the_reply_is_said(
        "-----Jan Jansen wrote: -----\nTo: desk@y.nl\nFrom: Jan Jansen\nDate: 03-03-2025 10:12\nSubject: Kapot\n\nHet werkt niet.\n",
    );
}

#[test]
fn a_forward_without_a_word_above_it_is_what_is_said() {
    let forwarded = "Van: Jan <jan@x.nl>\nVerzonden: maandag 3 maart 2025 10:12\nAan: help@y.nl\nOnderwerp: Kapot\n\nHet werkt niet.\nWie helpt?\n";
    for above in [
        "",
        "Verstuurd vanaf mijn iPhone\n\n",
        "Begin doorgestuurd bericht:\n\n",
        "Met vriendelijke groet,\nPiet Pietersen\nBedrijf BV\n\n",
        "________________________________\n",
        "Dag Daan,\n\n",
        "-- \nPiet\n\n",
    ] {
        let said = of(Kind::Said, &format!("{above}{forwarded}"));
        assert!(said.ends_with(&["Het werkt niet.".to_owned(), "Wie helpt?".to_owned()]), "{above}: {said:?}");
        assert!(!said.iter().any(|line| line.starts_with("Verzonden")), "{said:?}");
    }
}

#[test]
fn answers_between_the_quotes_stay_said() {
    let text = "Dag Jan,\n\nOp ma 3 mrt. 2025 om 10:12 schreef Jan <jan@x.nl>:\n> Werkt de printer?\nJa.\n> En de scanner?\nNee, die niet.\n>100 scans mislukten.\n\n> Groet, Jan\n\nTot morgen.\n";
    assert_eq!(of(Kind::Said, text), ["Dag Jan,", "Ja.", "Nee, die niet.", ">100 scans mislukten.", "Tot morgen."]);
    let trimmed = "> Werkt de printer?\n\nJa.\n\n> En de scanner?\n\nNee.\n";
    assert_eq!(of(Kind::Said, trimmed), ["Ja.", "Nee."]);
    let outlook = "Zie mijn antwoorden hieronder in rood.\n\nVan: Jan <jan@x.nl>\nVerzonden: maandag 3 maart 2025 10:12\nAan: help@y.nl\nOnderwerp: Vragen\n\nWerkt de printer?\nJa, die werkt.\n";
    assert_eq!(of(Kind::Said, outlook), ["Zie mijn antwoorden hieronder in rood.", "Werkt de printer?", "Ja, die werkt."]);
    let headed =
        "Antwoord.\n\nFrom: Jan <jan@x.nl>\nSent: 3 March 2025 10:12\nTo: help@y.nl\nSubject: Vragen\n\n> Werkt de printer?\n\nJa, die werkt.\n";
    assert_eq!(of(Kind::Said, headed), ["Antwoord.", "Ja, die werkt."]);
}

#[test]
fn the_lines_of_phones_and_programs_are_signatures() {
    for line in [
        "Verstuurd vanaf mijn iPhone",
        "Verzonden vanaf mijn Samsung Galaxy-smartphone.",
        "Verstuurd vanaf mijn iPad",
        "Verstuurd met mijn Android-telefoon",
        "Verzonden vanuit Outlook voor Android",
        "Verzonden vanuit Mail voor Windows",
        "Outlook voor iOS downloaden<https://aka.ms/o0ukef>",
        "Sent from my iPhone",
        "Sent from my Verizon Wireless BlackBerry",
        "Sent from my Galaxy",
        "Sent from Outlook for iOS",
        "Sent from Mail for Windows 10",
        "Sent from Yahoo Mail on Android",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Get Outlook for Android",
        "Von meinem iPhone gesendet",
        "Gesendet von Mail für Windows",
        "Von meinem Samsung Galaxy Smartphone gesendet.",
        "Gesendet mit der mobilen Mail App",
        "Envoyé de mon iPhone",
        "Envoyé depuis mon smartphone Samsung Galaxy.",
        "Envoyé à partir d’Outlook pour Android",
        "Télécharger Outlook pour iOS",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Wysłane z iPhone'a",
        "Enviado do meu iPhone",
        "Sendt fra min iPhone",
        "Skickat från min iPhone",
        "[Sent from my mobile]",
    ] {
        let text = format!("Het werkt.\n\n{line}\n");
        assert_eq!(of(Kind::Signature, &text), [line], "{line}");
        let typed_below = format!("{line}\n\nHet werkt.");
        assert_eq!(of(Kind::Said, &typed_below), ["Het werkt."]);
    }
}

#[test]
fn two_dashes_begin_a_signature() {
    assert_eq!(of(Kind::Signature, "Het werkt.\n\n-- \nJan Jansen\nBedrijf BV\n010-1234567\n").len(), 4);
    assert_eq!(of(Kind::Signature, "Het werkt.\r\n\r\n--\r\nJan Jansen\r\n").len(), 2);
    let above = "Het werkt.\n-- \nJan\n\nOn 3 Mar 2025, at 10:12, Piet <p@x.nl> wrote:\n> Werkt het?\n\nP.S. Bedankt.\n";
    assert_eq!(of(Kind::Said, above), ["Het werkt.", "P.S. Bedankt."]);
    assert_eq!(of(Kind::Signature, above), ["-- ", "Jan"]);
}

#[test]
fn what_only_looks_like_history_stays_said() {
    for text in [
        "Op 3 maart om 10:12 schreef ik u het volgende:\nde printer is stuk.\nKunt u helpen?",
        "Op 3 maart 2025 om 10:12 schreef u:\nde printer komt morgen.\nWaar is hij?",
        "On March 3, 2025 at 10:12 you wrote:\nthe printer comes tomorrow.\nWhere is it?",
        "Am 3. März 2025 um 10:12 schrieben Sie, dass es geht:\nEs geht nicht.",
        "Le 3 mars 2025 à 10:12 vous avez écrit :\nça marche.\nNon.",
        "On the other hand, we could wait.\nOn Monday it may be fixed.",
        "Op maandag werkt het niet.\nAm Montag auch nicht.\nLe lundi non plus.",
        "Van: mij\nhoeft het niet meer.",
        "Van: Amsterdam\nNaar: Utrecht\nDatum: 3 maart 2025\nAantal: 2 personen",
        "Van de vijf werkt er een.\nAan: twee\nUit: drie",
        "Het gaat om deze mail:\n\nFrom: spam@x.nl\nDate: 3 March 2025 10:12\nTo: me@y.nl\nSubject: Win\n\nKunt u die weren?",
        "Ik kies:\n> Instellingen\n> Netwerk\nen dan loopt het vast.",
        "De waarde moet\n> 100 zijn\nanders werkt het niet.",
        ">100 gebruikers hebben er last van.\nGraag snel.",
        "De fout:\n>>> print(1)\nSyntaxError",
        "Sent from my desk, is much easier then my mobile phone.",
        "Verstuurd vanaf mijn iPhone is de mail niet aangekomen.",
        "Bijlage A\n--\nBijlage B is veel langer, want daarin staat alles wat wij vorige week over de printer hebben afgesproken met u.\nGraag lezen.",
        "Hallo\n______________________________\nDit is een lijn van mij.",
        "Hallo\n-----\nDit is een lijn van mij.",
        "Met vriendelijke groet,\n\nJan Jansen\nBedrijf BV\n010-1234567",
        "Jan schreef:\nde printer is stuk.\nIk zie niets.",
        "Ik heb het origineel bericht niet.\nOriginal message: zie boven.",
        "Op 3 maart 2025 om 10:12 schreef de monteur <m@x.nl> in zijn verslag dat het af was.\nHet is niet af.",
        "",
        "\n\n",
        "   ",
    ] {
        all_is_said(text);
    }
}

#[test]
fn what_is_nothing_but_a_quote_is_shown() {
    for text in ["> Een\n> Twee\n> Drie\n", "On Mon, Mar 3, 2025 at 10:12 AM Jan <jan@x.nl> wrote:\n> Een\n> Twee\n", "Verstuurd vanaf mijn iPhone"] {
        assert!(split(text).iter().any(|piece| piece.kind == Kind::Said), "{text}");
    }
    assert_eq!(said(&split("Ja.\n\nOn Mon, Mar 3, 2025 at 10:12 AM Jan <jan@x.nl> wrote:\n> Een\n")), "Ja.");
}

#[test]
fn a_huge_text_takes_no_longer_than_its_length() {
    let begun = std::time::Instant::now();
    for text in [
        "x".repeat(1_000_000),
        " ".repeat(1_000_000),
        ">".repeat(1_000_000),
        "> a\n".repeat(100_000),
        "\n".repeat(400_000),
        "On 1 \n".repeat(50_000),
        "--\na\n".repeat(50_000),
        "From: a\n".repeat(40_000),
        "From: a\nDate: 1\n".repeat(20_000),
        "> a\nb\n\n".repeat(40_000),
        "-----Original Message-----\n".repeat(20_000),
        "hieronder\n-----Original Message-----\n".repeat(10_000),
        "On 3 Mar 2025 at 10:12, J <j@x.nl> wrote:\n".repeat(10_000),
        format!("{}{}", "\n".repeat(100_000), "> a\nb\n".repeat(20_000)),
        "2025 a@b.nl\n".repeat(30_000),
        "Sent with Spark\n\n".repeat(20_000),
        "a\n\nSent with Spark\nFrom: a\n\n".repeat(10_000),
        "you wrote:\n".repeat(30_000),
        "<(".repeat(200_000),
    ] {
        let one = std::time::Instant::now();
        assert!(!split(&text).is_empty());
        println!("{:?} for {} bytes of {:?}", one.elapsed(), text.len(), text.chars().take(24).collect::<String>());
    }
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}
