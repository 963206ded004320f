//! The phrases by which mail programs announce history and signatures, per language.
//!
//! Invariant: every recogniser looks at a bounded number of short lines, so that reading a mail costs no more than its length.

/// Lines longer than this are no announcement.
const SHORT: usize = 400;

const ORIGINAL: [&str; 34] = [
    "oorspronkelijk bericht",
    "oorspronkelijke bericht",
    "origineel bericht",
    "originele bericht",
    "original message",
    "original appointment",
    "originalnachricht",
    "original-nachricht",
    "originalmeldung",
    "ursprüngliche nachricht",
    "ursprünglicher termin",
    "message d'origine",
    "message d’origine",
    "message original",
    "message initial",
    "mensaje original",
    "messaggio originale",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "mensagem original",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "ursprungligt meddelande",
    "originalmeddelande",
    "antwoord op bericht",
    "reply message",
    "reply to message",
    "исходное сообщение",
    "пересылаемое сообщение",
    "original mail",
    "original email",
    "e-mail original",
    "courriel original",
    "originele e-mail",
];

const FORWARDED: [&str; 33] = [
    "begin doorgestuurd bericht",
    "begin van doorgestuurd bericht",
    "doorgestuurd bericht",
    "doorgezonden bericht",
    "begin forwarded message",
    "forwarded message",
    "forwarded email",
    "forwarded by",
    "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail",
    "weitergeleitete nachricht",
    "weitergeleitete e-mail",
    "weitergeleitet von",
    "début du message transféré",
    "début du message réexpédié",
    "message transféré",
    "message transmis",
    "message réexpédié",
    "courriel transféré",
    "mensaje reenviado",
    "inicio del mensaje reenviado",
    "inizio messaggio inoltrato",
    "messaggio inoltrato",
    "początek przekazywanej wiadomości",
    "treść przekazanej wiadomości",
    "wiadomość przekazana",
    "mensagem encaminhada",
    "mensagem reencaminhada",
    "início da mensagem reencaminhada",
    "videresendt meddelelse",
    "videresendt melding",
    "vidarebefordrat meddelande",
    "vidarebefordrat brev",
];

/// What a line of a header block tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    From = 1,
    Date = 2,
    To = 4,
    Subject = 8,
    Other = 16,
}

const FROM: &str = "|van|afzender|von|absender|from|sender|expéditeur|de|da|od|fra|från|från|remitente|mittente|от|от кого|";
const DATE: &str = "|verzonden|verzonden op|verstuurd|datum|gesendet|gesendet am|date|sent|sent on|date d'envoi|date d’envoi|envoyé|envoyé le|envoye|fecha|enviado|enviado el|enviado em|enviada|enviada em|enviada el|data|inviato|data wysłania|wysłano|dato|sendt|skickat|skickades|дата|отправлено|";
const TO: &str = "|aan|geadresseerde|an|empfänger|to|à|a|pour|destinataire|para|do|til|till|destinatario|кому|";
const SUBJECT: &str = "|onderwerp|betreff|betr|subject|objet|sujet|asunto|oggetto|temat|assunto|emne|ämne|тема|";
const OTHER: &str = "|cc|bcc|cci|kopie|kopie (cc)|copie|copie à|kopia|kopi|dw|ccn|копия|antwoord aan|beantwoorden|reply-to|reply to|antwort an|répondre à|importance|belang|urgentie|prioriteit|priority|wichtigkeit|priorität|bijlagen|bijlage|attachments|attachment|anlagen|anhang|pièces jointes|organization|organisatie|categories|sensitivity|gevoeligheid|resent-from|message-id|list-id|";

/// The role and the value of a line of a header block.
pub(crate) fn header(line: &str) -> Option<(Role, &str)> {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '|' | '_'));
    let colon = line.find([':', '：']).filter(|at| *at <= 40)?;
    let value = line[colon..].trim_start_matches([':', '：', '*']).trim();
    let key = line[..colon].trim_end_matches(|c: char| c.is_whitespace() || c == '*').to_lowercase();
    if key.is_empty() || key.contains('|') {
        return None;
    }
    let key = format!("|{key}|");
    let role = [(FROM, Role::From), (DATE, Role::Date), (TO, Role::To), (SUBJECT, Role::Subject), (OTHER, Role::Other)];
    role.into_iter().find(|(keys, _)| keys.contains(&key)).map(|(_, role)| (role, value))
}

/// What a dividing line announces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Divider {
    /// The words say that history or a forwarded mail follows.
    Certain,
    /// Only dashes: it counts when a header block follows.
    Rule,
}

/// Whether a line divides what is said from what was said.
pub(crate) fn divider(line: &str) -> Option<Divider> {
    let line = line.trim();
    if line.len() > 200 || line.len() < 3 {
        return None;
    }
    let rule = |c: char| matches!(c, '-' | '_' | '=' | '*' | '–' | '—' | '─');
    let inner = line.trim_matches(|c: char| rule(c) || c.is_whitespace());
    if inner.is_empty() {
        return (line.chars().filter(|c| rule(*c)).count() >= 5).then_some(Divider::Rule);
    }
    let dashed = line.starts_with("--") || line.starts_with("__") || line.starts_with("==");
    let lower = inner.to_lowercase();
    let words = lower.trim_end_matches([':', ' ']);
    if dashed && (ORIGINAL.contains(&words) || FORWARDED.iter().any(|known| words.starts_with(known))) {
        return Some(Divider::Certain);
    }
    // Lotus Notes in the browser: `-----Jan wrote: -----`.
    if dashed && line.ends_with("--") && VERBS.iter().any(|verb| words.ends_with(verb)) {
        return Some(Divider::Certain);
    }
    let begins = ["begin", "anfang", "début", "inicio", "inizio", "początek", "início"].iter().any(|word| words.starts_with(word));
    (begins && lower.ends_with(':') && FORWARDED.contains(&words)).then_some(Divider::Certain)
}

const VERBS: [&str; 25] = [
    "wrote",
    "writes",
    "schreef",
    "schreef het volgende",
    "geschreven",
    "heeft geschreven",
    "schrieb",
    "schrieb folgendes",
    "hat geschrieben",
    "geschrieben",
    "a écrit",
    "a ecrit",
    "escribió",
    "escribio",
    "ha scritto",
    "scrisse",
    "napisał",
    "napisała",
    "napisał(a)",
    "escreveu",
    "skrev",
    "написал",
    "написал(а)",
    "пишет",
    "написала",
];

const STARTS: [&str; 25] = [
    "on ",
    "op ",
    "am ",
    "den ",
    "le ",
    "el ",
    "il ",
    "il giorno ",
    "w dniu ",
    "dnia ",
    "em ",
    "a ",
    "på ",
    "in a message dated ",
    "in een bericht van ",
    "in een bericht met de datum ",
    "in einer email vom ",
    "dans un e-mail daté du ",
    "in data ",
    "no dia ",
    "dne ",
    "vom ",
    "at ",
    "il dì ",
    "fra ",
];

const QUOTING: [&str; 8] = ["quoting ", "citeren ", "citeer ", "zitat von ", "zitiere ", "citando ", "selon ", "en réponse à "];

const PERSONS: &str = "|ik|wij|we|u|jij|je|hij|zij|ze|jullie|iemand|ich|wir|sie|du|er|ihr|man|i|you|he|she|they|it|nous|vous|ils|elle|elles|on|tu|j'ai|yo|usted|io|lui|lei|";

/// How certainly an attribution ("On … Jan wrote:") was a program's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Attribution {
    /// The lines it takes.
    pub lines: usize,
    /// Whether it stands by itself: it names an address, or a full date and time.
    pub certain: bool,
}

/// The attribution that begins with the first of these lines, which may be wrapped over four.
pub(crate) fn attribution<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<Attribution> {
    let mut joined = String::new();
    let mut own_start = false;
    for at in 0..4 {
        let line = lines.next()?.trim();
        if line.is_empty() || line.len() > SHORT || line.starts_with('>') && at == 0 {
            return None;
        }
        let lower = line.to_lowercase();
        let starts = STARTS.iter().any(|start| lower.strip_prefix(start).is_some_and(|rest| rest.bytes().take(60).any(|b| b.is_ascii_digit())));
        if at == 0 {
            own_start = starts;
            let dated = lower.bytes().next().is_some_and(|b| b.is_ascii_digit()) || time(&lower);
            let quoting = QUOTING.iter().any(|word| lower.starts_with(word));
            if !(own_start || dated || quoting || lower.contains('@') || lower.starts_with("in ")) {
                return None;
            }
        } else if starts && (own_start || lower.contains("20")) && verb(&joined).is_none() {
            // The announcement begins here; what is above is prose.
            return None;
        }
        if at > 0 {
            joined.push(' ');
        }
        joined.push_str(&lower);
        if line.ends_with([':', '：'])
            && let Some(certain) = announces(joined.trim_end_matches([':', '：', ' ', '\u{a0}']), own_start)
        {
            return Some(Attribution { lines: at + 1, certain });
        }
        if joined.len() > SHORT {
            return None;
        }
    }
    None
}

/// Whether this is how a program announces what someone wrote, and whether it can be nothing else.
fn announces(text: &str, own_start: bool) -> Option<bool> {
    let address = address(text);
    let time = time(text);
    let year = year(text);
    let certain = address || (year && time);
    if QUOTING.iter().any(|word| text.starts_with(word)) {
        return (address && text.len() < 160).then_some(true);
    }
    let Some((begin, end)) = verb(text) else {
        // Without a verb: "2025-03-03 10:12 GMT+01:00 Jan <jan@x.nl>:".
        return (address && text.ends_with('>') && time && year).then_some(true);
    };
    let before = text[..begin].trim_end().rsplit([' ', ',']).next().unwrap_or_default();
    let after = text[end..].trim_start();
    let next = after.split([' ', ',', ':']).next().unwrap_or_default();
    let person = |word: &str| !word.is_empty() && PERSONS.contains(&format!("|{word}|"));
    if person(before) || person(next) || after.len() > 160 {
        return None;
    }
    let named = own_start && (certain || time || year || text.bytes().filter(|b| matches!(b, b'/' | b'.')).count() >= 2);
    let addressed = address && (after.is_empty() || time || year);
    let dated = text.bytes().next().is_some_and(|b| b.is_ascii_digit()) && time && year;
    (named || addressed || dated).then_some(certain)
}

/// Where the last verb stands as a word by itself.
fn verb(text: &str) -> Option<(usize, usize)> {
    VERBS
        .iter()
        .filter_map(|verb| {
            let begin = text.rfind(verb)?;
            let end = begin + verb.len();
            let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            (free(text[..begin].chars().next_back()) && free(text[end..].chars().next())).then_some((begin, end))
        })
        .max_by_key(|(begin, end)| (*end, end - begin))
}

/// Whether an address stands in it.
fn address(text: &str) -> bool {
    text.split([' ', '<', '>', '(', ')', '"', '[', ']', ','])
        .any(|word| word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')))
}

/// Whether a time of the day stands in it.
fn time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|w| w[0].is_ascii_digit() && matches!(w[1], b':' | b'.' | b'h') && w[2].is_ascii_digit() && w[3].is_ascii_digit())
}

/// Whether a year stands in it, or a date of three numbers.
fn year(text: &str) -> bool {
    let full = text.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")));
    full || text.split([' ', ',']).any(|word| {
        ['/', '-', '.'].iter().any(|sign| {
            let mut parts = word.trim_end_matches('.').split(*sign);
            parts.by_ref().take(3).filter(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())).count() == 3
        })
    })
}

const SENT_FROM: [&str; 46] = [
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo mail",
    "sent from samsung ",
    "sent from proton mail",
    "sent from windows mail",
    "sent via my ",
    "sent via outlook",
    "sent with proton",
    "sent from a mobile",
    "sent from mobile",
    "get outlook for ",
    "verstuurd vanaf mijn ",
    "verzonden vanaf mijn ",
    "verstuurd van mijn ",
    "verzonden van mijn ",
    "verstuurd met mijn ",
    "verzonden met mijn ",
    "verzonden vanaf outlook",
    "verstuurd vanuit ",
    "verzonden vanuit ",
    "verzonden via ",
    "verstuurd via ",
    "outlook voor ",
    "download outlook voor ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "gesendet aus ",
    "diese nachricht wurde von meinem ",
    "outlook für ",
    "holen sie sich outlook für ",
    "envoyé de ",
    "envoyé depuis ",
    "envoyé à partir d",
    "envoyé avec ",
    "télécharger outlook ",
    "obtenir outlook pour ",
    "obtenez outlook pour ",
    "enviado desde ",
    "enviado do ",
    "inviato da",
    "wysłane z ",
    "sendt fra ",
    "skickat från ",
];

const DEVICES: [&str; 34] = [
    "iphone",
    "ipad",
    "ipod",
    "android",
    "samsung",
    "galaxy",
    "blackberry",
    "smartphone",
    "phone",
    "mobile",
    "mobiel",
    "mobil",
    "telefoon",
    "telefon",
    "telefono",
    "teléfono",
    "téléphone",
    "handy",
    "tablet",
    "huawei",
    "xiaomi",
    "oneplus",
    "pixel",
    "nokia",
    "xperia",
    "motorola",
    "htc",
    "outlook",
    "yahoo",
    "mail",
    "proton",
    "gmail",
    "courrier",
    "correo",
];

const CLAUSE: &str = "|is|was|are|maar|but|and|en|und|ist|aber|et|est|mais|not|niet|nicht|heb|have|naar|to|an|it|kan|can|die|that|which|omdat|because|?|heeft|werkt|wordt|werd|staat|gaat|komt|doet|works|does|has|hat|ne|pas|zonder|without|werken|versturen|morgen|vandaag|gisteren|today|yesterday|";

/// Whether this line is the one that a phone or a mail program puts below what is written.
pub(crate) fn sent_from(line: &str) -> bool {
    let line = line.trim().trim_matches(['*', '_', '[', ']', '-', '–', '—', ' ']);
    if line.len() > 250 {
        return false;
    }
    let lower = line.to_lowercase();
    // "Get Outlook for iOS<https://aka.ms/…>"
    let words = lower.split(['<', '(']).next().unwrap_or_default().trim().trim_end_matches('.');
    let known = SENT_FROM.iter().any(|start| words.starts_with(start)) && DEVICES.iter().any(|device| words.contains(device));
    known
        && words.split(' ').count() <= 9
        && !words.contains([',', '?', '!', ';', ':'])
        && !words.contains(". ")
        && !words.split(' ').any(|word| CLAUSE.contains(&format!("|{word}|")))
}

const CLOSINGS: [&str; 42] = [
    "met vriendelijke groet",
    "met hartelijke groet",
    "hartelijke groet",
    "vriendelijke groet",
    "hoogachtend",
    "mvg",
    "m.v.g",
    "groet",
    "gr.",
    "gr,",
    "alvast bedankt",
    "bedankt,",
    "mit freundlichen grü",
    "mit freundlichem gru",
    "freundliche grü",
    "viele grü",
    "beste grü",
    "liebe grü",
    "mfg",
    "vg,",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "salutations",
    "sincères salutations",
    "kind regards",
    "best regards",
    "warm regards",
    "regards",
    "sincerely",
    "yours",
    "cheers",
    "best,",
    "thanks,",
    "saludos",
    "un saludo",
    "cordiali saluti",
    "distinti saluti",
    "pozdrawiam",
    "z poważaniem",
    "atenciosamente",
    "med vänlig",
];

/// Whether this line only closes a mail.
pub(crate) fn closes(line: &str) -> bool {
    let lower = line.trim().to_lowercase();
    lower.chars().count() <= 40 && CLOSINGS.iter().any(|closing| lower.starts_with(closing))
}

const BELOW: [&str; 42] = [
    "hieronder",
    "hier onder",
    "zie onder",
    "onderstaand",
    "in rood",
    "in het rood",
    "in blauw",
    "in het groen",
    "tussen de regels",
    "tussen de tekst",
    "tussendoor",
    "in de mail hier",
    "below",
    "inline",
    "in-line",
    "in red",
    "in blue",
    "in green",
    "between the lines",
    "my answers",
    "my comments",
    "see answers",
    "interspersed",
    "siehe unten",
    "s. u.",
    "weiter unten",
    "unten stehend",
    "untenstehend",
    "in rot",
    "in blau",
    "im text",
    "unterhalb",
    "ci-dessous",
    "plus bas",
    "en rouge",
    "en bleu",
    "dans le texte",
    "más abajo",
    "en rojo",
    "di seguito",
    "in rosso",
    "poniżej",
];

/// Whether the person says that more of theirs stands between or below the history.
pub(crate) fn points_below(line: &str) -> bool {
    let lower = line.to_lowercase();
    BELOW.iter().any(|words| lower.contains(words))
}
