//! The lines by which mail programs divide what is said from history, and the headers they put above it, per language.
//!
//! Invariant: every recogniser looks at one short line, so that reading a mail costs no more than its length.

use crate::attributions::VERBS;

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
    let value = line[colon..].trim_start_matches([':', '：', '*', '_']).trim();
    let key = line[..colon].trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_')).to_lowercase();
    if key.is_empty() || key.contains('|') {
        return None;
    }
    let key = format!("|{key}|");
    let role = [(FROM, Role::From), (DATE, Role::Date), (TO, Role::To), (SUBJECT, Role::Subject), (OTHER, Role::Other)];
    role.into_iter().find(|(keys, _)| keys.contains(&key)).map(|(_, role)| (role, value))
}

/// Whether a line of a date says that something was sent, as only mail programs do; a date alone stands in many a form.
pub(crate) fn says_sent(line: &str) -> bool {
    const ANY: &str = "|datum|date|data|fecha|dato|дата|";
    let key: String = line.split([':', '：']).next().unwrap_or_default().chars().filter(|c| c.is_alphabetic()).collect();
    !ANY.contains(&format!("|{}|", key.to_lowercase()))
}

/// Whether a value of a header names an address.
pub(crate) fn names_address(value: &str) -> bool {
    let words = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '[' | ']' | '(' | ')' | '"' | '*'));
    words.take(100).any(|word| word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()))
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
    // In bold type, as text made of HTML has it.
    let line = line.trim_matches(|c: char| matches!(c, '*' | '|') || c.is_whitespace());
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
