//! The line that a phone or a mail program puts below what is written: "Sent from my phone", "Verzonden met …", "Von unterwegs gesendet".
//!
//! Invariant: it is told by how it is built, whatever the program is called, and what may be a person's own line is none.
//! A name alone after "from" is as often a town, and after "with" a carrier: those stay what somebody said.

/// How certainly a program wrote the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SignOff {
    /// It names a device of one's own, or a program and what it runs on.
    Certain,
    /// It names something by which it was sent: it counts as the last line of what is said.
    Likely,
}

/// Longest such line, in bytes, without the addresses in it.
const LONGEST: usize = 120;

const LEADS: [&str; 32] = [
    "this message was",
    "this email was",
    "this e-mail was",
    "this mail was",
    "dit bericht is",
    "dit bericht werd",
    "deze mail is",
    "deze mail werd",
    "deze e-mail is",
    "deze e-mail werd",
    "dit mailtje is",
    "diese nachricht wurde",
    "diese mail wurde",
    "diese e-mail wurde",
    "diese email wurde",
    "ce message a été",
    "ce mail a été",
    "cet e-mail a été",
    "cet email a été",
    "ce courriel a été",
    "este mensaje ha sido",
    "este mensaje fue",
    "este correo ha sido",
    "este correo fue",
    "este email ha sido",
    "questo messaggio è stato",
    "questa email è stata",
    "this message is",
    "mail",
    "message",
    "bericht",
    "nachricht",
];

const SENT: &str = "|sent|verzonden|verstuurd|gestuurd|gesendet|verschickt|versendet|geschickt|envoyé|envoyée|envoye|transmis|enviado|enviada|inviato|inviata|wysłane|wysłano|wysłana|sendt|skickat|";

/// What stands between the word for sending and the device; after "with" and its like stands a program, after "from" a device or a place.
const WITH: &str = "|with|via|using|through|met|mit|über|avec|con|com|tramite|mediante|med|";
const FROM: &str = "|from|on|vanaf|vanuit|van|op|von|vom|aus|auf|de|d|du|depuis|sur|desde|do|da|dal|dall|dalla|z|ze|fra|från|";

const GERMAN: &str = "|mit|über|von|vom|aus|auf|";

const ARTICLES: &str = "|the|de|het|der|die|das|dem|den|le|la|l|el|il|lo|o|";
const ONE: &str = "|a|an|een|ein|einem|einer|un|une|uno|um|uma|en|et|";
const MY: &str = "|my|mijn|m'n|mein|meinem|meiner|meinen|mon|ma|mes|mi|mis|meu|minha|mio|mia|min|mitt|mojego|mojej|";
const FOR: &str = "|for|voor|für|pour|para|per|dla|til|för|on|op|auf|sur|";

/// What programs run on.
const PLATFORMS: &str = "|ios|ipados|android|iphone|ipad|windows|mac|macos|linux|mobile|mobiel|desktop|web|phone|chromeos|harmonyos|";
/// Devices and programs by what they are, not by what they are called.
const DEVICES: [&str; 21] = [
    "phone",
    "foon",
    "telefon",
    "téléfon",
    "teléfon",
    "handy",
    "mobil",
    "mobiel",
    "móvil",
    "movil",
    "tablet",
    "laptop",
    "notebook",
    "computer",
    "gerät",
    "geraet",
    "toestel",
    "device",
    "appareil",
    "dispositivo",
    "ordinateur",
];
const PROGRAMS: &str = "|mail|e-mail|email|app|client|application|applicatie|programm|programma|webmail|courrier|correo|browser|mailer|";
/// Words that stand alone for a device that is with its owner.
const ALONE: &str = "|mobile|mobiel|mobil|phone|smartphone|tablet|handy|unterwegs|onderweg|";

/// Programs whose name stands alone after "from" in many a mail.
const KNOWN: &str = "|outlook|gmail|yahoo|thunderbird|";
/// Those that carry what is no mail: "Verzonden met PostNL" is a person's answer.
const CARRIERS: &str = "|dhl|ups|dpd|gls|fedex|tnt|postnl|bpost|post|hermes|usps|seur|mrw|correos|chronopost|colissimo|poste|postnord|posten|royal|parcelforce|evri|homerr|budbee|\
wetransfer|whatsapp|signal|telegram|teams|slack|sms|dropbox|onedrive|sharepoint|sftp|ftp|edi|peppol|sap|fax|usb|";

const CLAUSE: &str = "|is|was|are|were|be|been|maar|but|and|en|und|ist|sind|war|aber|et|est|mais|y|no|not|niet|nicht|heb|have|naar|to|an|aan|it|kan|can|die|that|which|omdat|because|heeft|werkt|wordt|werd|worden|staat|gaat|komt|doet|works|does|has|hat|haben|ne|pas|zonder|without|ohne|sans|sin|werken|versturen|morgen|vandaag|gisteren|today|yesterday|tomorrow|heute|gestern|hier|demain|hoy|ayer|mañana|our|onze|ons|unser|unserem|unserer|notre|nuestro|his|her|their|zijn|haar|hun|seinem|ihrem|son|sa|su|your|jouw|je|uw|ihr|votre|you|i|ik|ich|we|wij|wir|vous|";

/// What such a line may be followed by: that its owner was in a hurry.
const EXCUSES: [&str; 16] = [
    "brevity",
    "typo",
    "errors",
    "autocorrect",
    "kürze",
    "tippfehler",
    "beknopt",
    "kort",
    "tikfout",
    "typefout",
    "brièveté",
    "faute",
    "brevedad",
    "erratas",
    "errores",
    "brevità",
];

/// Whether a phone or a mail program may have put this line there.
pub(crate) fn sign_off(line: &str) -> Option<SignOff> {
    let line = without_links(line)?;
    let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '[' | ']' | '-' | '–' | '—' | '~' | '|' | '.'));
    if line.len() > LONGEST {
        return None;
    }
    let (line, excuse) = line.split_once(". ").unwrap_or((line, ""));
    let is_excuse = || EXCUSES.iter().any(|word| excuse.to_lowercase().contains(word)) && excuse.split(' ').count() <= 10;
    if line.contains([',', '?', '!', ';', ':', '"', '€', '$', '/']) || !excuse.is_empty() && !is_excuse() {
        return None;
    }
    let lower = line.to_lowercase();
    let led = LEADS.iter().filter_map(|lead| lower.strip_prefix(lead)).find(|rest| rest.starts_with(' '));
    let skipped = led.map_or(0, |rest| lower[..lower.len() - rest.len()].split_whitespace().count());
    // "d'Outlook" and "l’application" are two words.
    let apart: String = line.replace('’', "'");
    let words: Vec<&str> = apart.split_whitespace().skip(skipped).flat_map(elided).collect();
    if !(2..=11).contains(&words.len()) || words.iter().any(|word| is_in(CLAUSE, word) || is_number_of_something(word)) {
        return None;
    }
    got(&words).or_else(|| sent(&words))
}

/// "Get Outlook for iOS", "Outlook voor iOS downloaden".
fn got(words: &[&str]) -> Option<SignOff> {
    const GET: &str =
        "|get|download|haal|obtenir|obtenez|télécharger|téléchargez|obtener|obtén|obtenga|descargar|descargue|ottieni|scarica|hol|lade|laden|holen|";
    const GETTING: &str = "|downloaden|herunterladen|laden|holen|beziehen|abrufen|";
    let (first, last) = (*words.first()?, *words.last()?);
    // "Holen Sie sich Outlook für iOS".
    let words = match (is_in(GET, first), is_in(GETTING, last)) {
        (true, _) => words.get(1..)?,
        (_, true) => words.get(..words.len() - 1)?,
        _ => return None,
    };
    let start = words.iter().take_while(|word| is_in("|sie|sich|dir|", word)).count();
    let of = words.iter().position(|word| is_in(FOR, word))?;
    let (named, on) = (words.get(start..of)?, words.get(of + 1..)?);
    let is_program = (1..=3).contains(&named.len()) && named.iter().all(|word| has_capital(word));
    (is_program && (1..=2).contains(&on.len()) && is_in(PLATFORMS, on.first()?)).then_some(SignOff::Certain)
}

/// "Sent from my phone", "Verzonden met Naam", "Von meinem Telefon gesendet".
fn sent(words: &[&str]) -> Option<SignOff> {
    let (rest, first) = match (is_in(SENT, words.first()?), is_in(SENT, words.last()?)) {
        (true, _) => (words.get(1..)?, true),
        (_, true) => (words.get(..words.len() - 1)?, false),
        _ => return None,
    };
    // "À partir de": of these the last counts.
    let rest = match rest {
        [first, second, rest @ ..] if is_in("|à|a|al|", first) && is_in("|partir|través|traves|", second) => rest,
        _ => rest,
    };
    let (by, rest) = rest.split_first()?;
    let with = is_in(WITH, by);
    if !with && !is_in(FROM, by) {
        return None;
    }
    let mut found = Found { with, first, german: is_in(GERMAN, by), mine: false, one: false, article: false };
    let mut what = rest;
    while let Some((word, after)) = what.split_first().filter(|(_, after)| !after.is_empty()) {
        match () {
            () if is_in(MY, word) => found.mine = true,
            () if is_in(ONE, word) => found.one = true,
            () if is_in(ARTICLES, word) => found.article = true,
            () => break,
        }
        what = after;
    }
    found.judge(what)
}

/// How a line says by what something was sent.
struct Found {
    /// "With" rather than "from".
    with: bool,
    /// Whether the word for sending comes first.
    first: bool,
    german: bool,
    mine: bool,
    one: bool,
    article: bool,
}

impl Found {
    fn judge(&self, what: &[&str]) -> Option<SignOff> {
        let (first, rest) = what.split_first().filter(|(_, rest)| rest.len() <= 6)?;
        if what.iter().any(|word| is_in(CARRIERS, word)) {
            return None;
        }
        let device = what.iter().any(|word| is_device(word));
        let program = what.iter().any(|word| is_program(word));
        let brand = what.iter().any(|word| is_brand(word));
        let capital = what.iter().any(|word| has_capital(word));
        let of = what.iter().position(|word| is_in(FOR, word));
        let platform = of.is_some_and(|at| at > 0 && what.get(at + 1).is_some_and(|word| is_in(PLATFORMS, word)));
        if self.mine {
            // In German every noun has a capital, and a colleague is no device.
            return (device || program || brand || capital && !self.german).then_some(SignOff::Certain);
        }
        if platform && has_capital(first) || (device || program) && capital && !(self.article && rest.is_empty()) {
            return Some(SignOff::Certain);
        }
        if rest.is_empty() && !self.article && is_in(ALONE, first) || self.one && device {
            return Some(SignOff::Likely);
        }
        let named =
            !self.article && !self.one && what.len() <= 3 && what.iter().all(|word| has_capital(word) || word.bytes().all(|b| b.is_ascii_digit()));
        let noun = self.german && (!self.first || is_noun(first));
        (named && (self.with && !noun || is_brand(first) || is_in(KNOWN, first))).then_some(SignOff::Likely)
    }
}

fn is_in(list: &str, word: &str) -> bool {
    list.contains(&format!("|{}|", word.to_lowercase()))
}

fn is_device(word: &str) -> bool {
    let lower = word.to_lowercase();
    DEVICES.iter().any(|device| lower.contains(device)) || is_in(PLATFORMS, word)
}

/// A word for mail, or a name that ends with one: "FairEmail", "K-9 Mail".
fn is_program(word: &str) -> bool {
    word.split('-').any(|word| is_in(PROGRAMS, word)) || has_capital(word) && word.to_lowercase().ends_with("mail")
}

fn has_capital(word: &str) -> bool {
    word.contains(char::is_uppercase)
}

/// A capital within it, as no word of a language has: "iPhone", "BlackBerry", "HTC".
fn is_brand(word: &str) -> bool {
    word.chars().skip(1).any(char::is_uppercase)
}

/// Whether a German word is a noun rather than a name, by its ending.
fn is_noun(word: &str) -> bool {
    let lower = word.to_lowercase();
    ["ung", "heit", "keit", "schaft", "tion", "nis", "tum"].iter().any(|end| lower.ends_with(end)) || lower.contains(['ä', 'ö', 'ü', 'ß'])
}

/// A code, an amount or a year rather than a version.
fn is_number_of_something(word: &str) -> bool {
    word.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// "d'Outlook" as two words.
fn elided(word: &str) -> impl Iterator<Item = &str> {
    let cut = word.split_once('\'').filter(|(before, after)| is_in("|d|l|dall|dell|nell|", before) && !after.is_empty());
    let (one, two) = cut.map_or((word, None), |(before, after)| (before, Some(after)));
    std::iter::once(one).chain(two)
}

/// The line without the addresses in it: `<https://…>`, `(https://…)`, or alone; none where it is too long to be looked at.
fn without_links(line: &str) -> Option<String> {
    /// Addresses of shops for programs take most of it.
    const LOOKED_AT: usize = 1_000;
    if line.len() > LOOKED_AT {
        return None;
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['<', '(']) {
        let close = if rest[at..].starts_with('<') { '>' } else { ')' };
        let end = rest[at..].find(close).map(|end| at + end)?;
        let inner = &rest[at + 1..end];
        out.push_str(&rest[..at]);
        out.push(' ');
        // "(Android)" is a word, and what is no address was written by somebody.
        if !is_link(inner) {
            out.push_str(inner);
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Some(out.split_whitespace().filter(|word| !is_link(word)).map(|word| word.trim_matches(['[', ']'])).collect::<Vec<_>>().join(" "))
}

fn is_link(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    ["http://", "https://", "www.", "mailto:"].iter().any(|begin| text.starts_with(begin)) && !text.contains(' ')
}
