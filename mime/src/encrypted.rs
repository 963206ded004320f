//! What is in a mail but cannot be read here: encrypted, signed, wrapped by Outlook, or an invitation.
//!
//! Invariant: naming it takes nothing away; each stays among the files.

use crate::limits::MAX_TOLD;
use crate::parts::Raw;
use crate::{charset, signed};

/// Something in the mail that needs another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// Encrypted with S/MIME.
    Smime,
    /// Signed with S/MIME.
    SmimeSigned,
    /// Encrypted with PGP.
    Pgp,
    /// Signed with PGP.
    PgpSigned,
    /// Wrapped by Outlook, as `winmail.dat`.
    Tnef,
    /// An invitation, or the answer to one.
    Calendar {
        /// What it asks, in upper case: `REQUEST`, `REPLY`, `CANCEL`; empty where it does not say.
        method: String,
        /// What it is about, on one line.
        summary: String,
        /// What was answered, where it is an answer.
        answer: Option<Answer>,
    },
}

/// What someone answers to an invitation (PARTSTAT and METHOD of RFC 5545 and 5546).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// They come.
    Accepted,
    /// They do not come.
    Declined,
    /// They may come.
    Tentative,
    /// Someone else comes.
    Delegated,
    /// They ask for another time.
    Counter,
}

/// What of that is in these parts.
pub(crate) fn find(parts: &[Raw<'_>], text: Option<&str>) -> Vec<Sealed> {
    let mut found: Vec<Sealed> = vec![];
    let inline = text.map(str::trim_start).and_then(|text| {
        let signed = text.starts_with("-----BEGIN PGP SIGNED MESSAGE-----").then_some(Sealed::PgpSigned);
        text.starts_with("-----BEGIN PGP MESSAGE-----").then_some(Sealed::Pgp).or(signed)
    });
    for sealed in parts.iter().filter_map(of).chain(inline) {
        if found.len() < MAX_TOLD && !found.contains(&sealed) {
            found.push(sealed);
        }
    }
    found
}

fn of(part: &Raw<'_>) -> Option<Sealed> {
    let parameter = |name: &str| part.parameter(name).unwrap_or_default().to_ascii_lowercase();
    match part.kind.as_str() {
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => match parameter("smime-type").as_str() {
            "signed-data" | "certs-only" => Some(Sealed::SmimeSigned),
            _ => Some(signed_or_not(part)),
        },
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => Some(Sealed::SmimeSigned),
        "application/pgp-encrypted" => Some(Sealed::Pgp),
        "application/pgp-signature" => Some(Sealed::PgpSigned),
        "multipart/encrypted" if parameter("protocol").contains("pgp") => Some(Sealed::Pgp),
        "multipart/signed" if parameter("protocol").contains("pgp") => Some(Sealed::PgpSigned),
        "multipart/signed" if parameter("protocol").contains("pkcs7") => Some(Sealed::SmimeSigned),
        "application/ms-tnef" | "application/vnd.ms-tnef" => Some(Sealed::Tnef),
        "text/calendar" | "application/ics" => Some(calendar(part)),
        _ if part.name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat")) => Some(Sealed::Tnef),
        _ if may_be_smime(part) => Some(signed_or_not(part)),
        _ => None,
    }
}

/// Whether it is S/MIME by its type, or by its name where a server on the way changed the type.
pub(crate) fn may_be_smime(part: &Raw<'_>) -> bool {
    matches!(part.kind.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
        || part.name().is_some_and(|name| name.get(name.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".p7m")))
}

fn signed_or_not(part: &Raw<'_>) -> Sealed {
    if signed::is_signed(&part.contents(&mut vec![])) { Sealed::SmimeSigned } else { Sealed::Smime }
}

fn calendar(part: &Raw<'_>) -> Sealed {
    /// Bytes in which the summary is looked for: time zones come before it.
    const LOOKED_AT: usize = 64 << 10;
    let contents = part.contents(&mut vec![]);
    let (text, _) = charset::decode(&contents[..contents.len().min(LOOKED_AT)], part.parameter("charset"));
    let text = text.replace("\r\n ", "").replace("\r\n\t", "").replace("\n ", "").replace("\n\t", "");
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.split(';').next()?.eq_ignore_ascii_case(name).then_some(value)
        })
    };
    let method = charset::one_line(part.parameter("method").or_else(|| value("METHOD")).unwrap_or_default(), 20).to_ascii_uppercase();
    let answer = match method.as_str() {
        "REPLY" => text.lines().filter(|line| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("ATTENDEE"))).find_map(participation),
        "COUNTER" => Some(Answer::Counter),
        _ => None,
    };
    let summary = value("SUMMARY").unwrap_or_default().replace("\\,", ",").replace("\\;", ";").replace("\\n", " ").replace("\\\\", "\\");
    Sealed::Calendar { method, summary: charset::one_line(&summary, 200), answer }
}

/// What the line of an attendee says: `ATTENDEE;PARTSTAT=ACCEPTED;CN=Jan:mailto:jan@klant.nl`.
fn participation(line: &str) -> Option<Answer> {
    let status = line.split([';', ':']).find_map(|part| part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("PARTSTAT")))?.1;
    match status.trim_matches(['"', ' ']).to_ascii_uppercase().as_str() {
        "ACCEPTED" => Some(Answer::Accepted),
        "DECLINED" => Some(Answer::Declined),
        "TENTATIVE" => Some(Answer::Tentative),
        "DELEGATED" => Some(Answer::Delegated),
        _ => None,
    }
}
