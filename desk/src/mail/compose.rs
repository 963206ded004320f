//! Making the bytes of a mail: headers that mailboxes thread by, text and HTML, files.
//!
//! Invariant: nothing a person wrote, a name or a subject, can add a header or a recipient.

use super::{Mailbox, Sent};
use domain::time::Moment;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox as Address, Message, MultiPart, SinglePart};
use std::time::{Duration, UNIX_EPOCH};

/// A mail to one person.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct OutboundMessage {
    pub message_id: String,
    /// Message-IDs of the mails before it, oldest first.
    pub thread: Vec<String>,
    /// Who it is from: the desk's mailbox.
    pub sender: Mailbox,
    /// The name shown as the sender.
    pub from_name: String,
    pub to_name: String,
    pub to: String,
    /// Where a reply goes.
    pub reply_to: String,
    pub subject: String,
    pub text: String,
    /// A whole document.
    pub html: String,
    pub files: Vec<Part>,
    /// What it is sent for.
    pub cause: Cause,
    /// What the mails of this ticket are called among themselves, for filters.
    pub list: String,
    /// The address that stops such mails when it is posted to.
    pub stop: Option<String>,
}

/// What a mail is sent for, as the programs that get it want to know (RFC 3834).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cause {
    /// Something happened.
    #[default]
    Event,
    /// It answers a mail or a form by itself.
    Receipt,
    /// Someone wrote to whom it is for: the desk of a customer is not to drop it as one of a program.
    Person,
}

/// A file that goes along.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Part {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// One line: what breaks lines or turns the direction of writing is gone, and it is not longer than a header should be.
fn line(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    let kept: String = text.chars().map(|c| if plain(c) { c } else { ' ' }).take(400).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn named(name: &str, address: &str) -> Result<Address, String> {
    let email = address.parse().map_err(|error| format!("{address}: {error}"))?;
    Ok(Address::new(Some(line(name)).filter(|n| !n.is_empty()), email))
}

fn header(name: &str, value: &str) -> Result<HeaderValue, String> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
    Ok(HeaderValue::new(name, line(value)))
}

impl OutboundMessage {
    /// The mail as it is handed over; says what is wrong where an address is none.
    pub fn seal(self, now: Moment) -> Result<Sent, String> {
        let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        let mut builder = Message::builder()
            .message_id(Some(format!("<{}>", self.message_id)))
            .date(at)
            .from(named(&self.from_name, &self.sender.address)?)
            .to(named(&self.to_name, &self.to)?)
            .reply_to(named(&self.sender.name, &self.reply_to)?)
            .subject(line(&self.subject))
            .raw_header(header("X-Balie", &self.message_id)?)
            .raw_header(header("List-Id", &self.list)?);
        let submitted = match self.cause {
            Cause::Event => Some("auto-generated"),
            Cause::Receipt => Some("auto-replied"),
            Cause::Person => None,
        };
        if let Some(submitted) = submitted {
            builder = builder.raw_header(header("Auto-Submitted", submitted)?).raw_header(header("X-Auto-Response-Suppress", "OOF, AutoReply")?);
        }
        if let Some(last) = self.thread.last() {
            builder = builder.in_reply_to(format!("<{last}>"));
            builder = builder.references(self.thread.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" "));
        }
        if let Some(stop) = &self.stop {
            builder = builder
                .raw_header(header("List-Unsubscribe", &format!("<{stop}>"))?)
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?);
        }
        let both = MultiPart::alternative()
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(self.text))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(self.html));
        let body = if self.files.is_empty() {
            both
        } else {
            self.files.into_iter().fold(MultiPart::mixed().multipart(both), |mixed, file| {
                let kind = ContentType::parse(file.media_type).unwrap_or(ContentType::TEXT_PLAIN);
                mixed.singlepart(Attachment::new(line(&file.name)).body(file.bytes, kind))
            })
        };
        let message = builder.multipart(body).map_err(|error| error.to_string())?;
        Ok(Sent { from: self.sender.address, to: self.to, raw: message.formatted() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(letter: OutboundMessage) -> String {
        String::from_utf8(letter.seal(Moment(1_795_000_000_000)).unwrap().raw).unwrap()
    }

    fn letter() -> OutboundMessage {
        OutboundMessage {
            message_id: "a@x.example".into(),
            sender: Mailbox { name: "SERA Support".into(), address: "support@x.example".into() },
            from_name: "Sanne".into(),
            to: "m@y.example".into(),
            reply_to: "support+1.2.3@x.example".into(),
            subject: "Vraag".into(),
            text: "Dag".into(),
            html: "<p>Dag</p>".into(),
            list: "Ticket 1 <1.x.example>".into(),
            ..OutboundMessage::default()
        }
    }

    #[test]
    fn mailboxes_can_thread_it_and_machines_know_that_nobody_typed_it() {
        let mail =
            sealed(OutboundMessage { thread: vec!["1@x".into(), "2@x".into()], stop: Some("https://x.example/mail/stop/t".into()), ..letter() });
        for wanted in [
            "Message-ID: <a@x.example>\r\n",
            "In-Reply-To: <2@x>\r\n",
            "References: <1@x> <2@x>\r\n",
            "Reply-To: \"SERA Support\" <support+1.2.3@x.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            "multipart/alternative",
        ] {
            assert!(mail.contains(wanted), "{wanted:?} is not in {mail}");
        }
    }

    #[test]
    fn what_someone_typed_is_no_automatic_mail_and_is_still_known_as_ours() {
        for (cause, submitted) in [(Cause::Person, None), (Cause::Event, Some("auto-generated")), (Cause::Receipt, Some("auto-replied"))] {
            let mail = sealed(OutboundMessage { cause, ..letter() });
            let found = mail.lines().find_map(|line| line.strip_prefix("Auto-Submitted: "));
            assert_eq!((found, mail.contains("X-Auto-Response-Suppress")), (submitted, submitted.is_some()), "{mail}");
            assert!(mail.contains("X-Balie: a@x.example\r\n"), "{mail}");
            let read = mime::read(mail.as_bytes());
            assert_eq!(read.balie.as_deref(), Some("a@x.example"));
            assert_eq!(matches!(read.automatic, mime::Automatic::Notification | mime::Automatic::OutOfOffice), submitted.is_some(), "{mail}");
        }
    }

    #[test]
    fn no_name_or_subject_adds_a_header_or_a_recipient() {
        let evil = "x\r\nBcc: thief@z.example\r\n\r\n<script>";
        let mail =
            sealed(OutboundMessage { subject: evil.into(), from_name: evil.into(), to_name: format!("\", {evil}"), list: evil.into(), ..letter() });
        let head = mail.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("To:")).count(), 1, "{head}");
    }

    #[test]
    fn letters_outside_ascii_travel_encoded() {
        let mail = sealed(OutboundMessage { subject: "Ümlaut … 漢字".repeat(20), text: "é".into(), ..letter() });
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() < 998), "{mail}");
    }
}
