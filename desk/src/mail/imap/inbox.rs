//! Which mailbox is read, as a URL says.

use super::super::connection::{ServerUrl, Tls};

/// What becomes of a mail in its mailbox once it was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It stays, as it is.
    Keep,
    /// It goes.
    Delete,
    /// It goes to another folder.
    Move(String),
}

/// A mailbox that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    pub(super) place: ServerUrl,
    pub(super) folder: String,
    /// The name of the department that its tickets go to.
    pub(super) department: String,
    /// The organisation of people whom its mails make known.
    pub(super) strangers: Option<String>,
    pub(super) afterwards: Afterwards,
    /// Whether what was there before it was first read is taken in too.
    pub(super) from_start: bool,
}

impl Inbox {
    /// Reads `imaps://user:password@host/folder?department=name&strangers=organisation&afterwards=keep&begin=now`; with `imap://` the connection is encrypted after a word in the clear.
    pub fn parse(url: &str) -> Result<Self, String> {
        let mut place = ServerUrl::parse(url, "imap", [143, 143, 993], &["department", "strangers", "afterwards", "begin"])?;
        if place.tls == Tls::Offered {
            place.tls = Tls::Required;
        }
        if place.user.as_ref().is_none_or(|(_, password)| password.is_empty()) {
            return Err("name a user and a password".to_owned());
        }
        let afterwards = match place.setting("afterwards").unwrap_or("keep") {
            "keep" => Afterwards::Keep,
            "delete" => Afterwards::Delete,
            other => match other.strip_prefix("move:") {
                Some(folder) if !folder.is_empty() => Afterwards::Move(folder.to_owned()),
                _ => return Err("afterwards: choose keep, delete or move:folder".to_owned()),
            },
        };
        let from_start = match place.setting("begin").unwrap_or("now") {
            "now" => false,
            "all" => true,
            _ => return Err("begin: choose now or all".to_owned()),
        };
        let folder = if place.path.is_empty() { "INBOX".to_owned() } else { place.path.clone() };
        let setting = |name| place.setting(name).map(str::to_owned).filter(|value| !value.is_empty());
        let (department, strangers) = (setting("department").unwrap_or_default(), setting("strangers"));
        Ok(Self { folder, department, strangers, afterwards, from_start, place })
    }

    /// What admins call it, and what its place is remembered by: `user@host/folder`; of a user that is an address, all of it.
    pub fn name(&self) -> String {
        let user = self.place.user.as_ref().map_or("", |(user, _)| user);
        match user.contains('@') {
            true => format!("{user}/{} ({})", self.folder, self.place.host),
            false => format!("{user}@{}/{}", self.place.host, self.folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_which_mailbox_and_what_becomes_of_its_mails() {
        let inbox = Inbox::parse("imaps://support%40sera.example:geheim@mail.example?department=Diamant&afterwards=move:Gelezen&begin=all").unwrap();
        assert_eq!(
            (inbox.name().as_str(), inbox.department.as_str(), inbox.from_start),
            ("support@sera.example/INBOX (mail.example)", "Diamant", true)
        );
        assert_eq!((inbox.afterwards, inbox.place.tls, inbox.strangers), (Afterwards::Move("Gelezen".into()), Tls::Implicit, None));
        let plain = Inbox::parse("imap://a:b@mail.example/Archive/2026").unwrap();
        assert_eq!((plain.place.tls, plain.place.port, plain.folder.as_str()), (Tls::Required, 143, "Archive/2026"));
    }

    #[test]
    fn a_wrong_url_is_told() {
        for wrong in [
            "",
            "imaps://mail.example",
            "smtp://a:b@mail.example",
            "imaps://a:b@x?afterwards=move:",
            "imaps://a:b@x?begin=later",
            "imaps://a:b@x?x=1",
        ] {
            assert!(Inbox::parse(wrong).is_err(), "{wrong}");
        }
    }
}
