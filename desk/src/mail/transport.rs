//! Where mails go: a mail server, a folder for development, or memory for tests.

use super::smtp::Smtp;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Mails under way at once where nothing else is said: each has a connection of its own, which is kept open. Common mail servers take ten from one client.
const CONNECTIONS: u32 = 8;

/// Where mails go.
#[derive(Debug)]
pub enum Transport {
    /// A mail server.
    Smtp(Box<Smtp>),
    /// A folder, one file each.
    Folder(PathBuf),
    /// Memory.
    Memory(Mutex<Vec<Sent>>),
}

/// A mail as it was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Sent {
    pub from: String,
    pub to: String,
    pub raw: Vec<u8>,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It may be taken later.
    Later(String),
    /// It never will be.
    Never(String),
}

impl Transport {
    /// Reads `smtp://…`, `smtps://…` or a folder as `file:…`.
    ///
    /// `smtp://host` tries TLS and goes on without where the server has none, unless a password is to be sent; `?tls=required` insists, `?tls=none` does without.
    /// `?ca=file` trusts a certificate besides those that browsers do; `?connections=n` is how many mails are under way at once.
    pub fn parse(url: &str) -> Result<Self, String> {
        match url.strip_prefix("file:") {
            Some(folder) => Ok(Self::Folder(PathBuf::from(folder))),
            None if url.starts_with("smtp") => Ok(Self::Smtp(Box::new(Smtp::parse(url, CONNECTIONS)?))),
            None => Err("begin with smtp://, smtps:// or file:".to_owned()),
        }
    }

    /// How many mails may be under way at once.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Transport::Smtp(smtp) => smtp.connections as usize,
            Transport::Folder(_) | Transport::Memory(_) => CONNECTIONS as usize,
        }
    }

    /// Memory, for tests.
    pub fn memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// What was handed over to memory, taken out of it.
    pub fn take(&self) -> Vec<Sent> {
        match self {
            Transport::Memory(sent) => std::mem::take(&mut sent.lock().unwrap_or_else(PoisonError::into_inner)),
            Transport::Smtp(_) | Transport::Folder(_) => vec![],
        }
    }

    /// Whether it can be reached.
    pub async fn check(&self) -> Result<(), String> {
        match self {
            Transport::Smtp(smtp) => smtp.check().await,
            Transport::Folder(folder) => std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display())),
            Transport::Memory(_) => Ok(()),
        }
    }

    /// Hands a mail over.
    pub async fn hand_over(&self, mail: Sent) -> Result<(), Failure> {
        match self {
            Transport::Smtp(smtp) => smtp.hand_over(&mail).await,
            Transport::Folder(folder) => {
                let name = mail.raw.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
                let to: String = mail.to.chars().map(|c| if c.is_alphanumeric() || "@.-_".contains(c) { c } else { '_' }).collect();
                let path = folder.join(format!("{to}-{name:016x}.eml"));
                let later = |error: std::io::Error| Failure::Later(format!("{}: {error}", folder.display()));
                tokio::fs::create_dir_all(folder).await.map_err(later)?;
                tokio::fs::write(path, mail.raw).await.map_err(later)
            }
            Transport::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_says_where_mails_go_and_a_wrong_one_why_not() {
        assert!(matches!(Transport::parse("file:data/mail"), Ok(Transport::Folder(_))));
        for right in
            ["smtp://localhost:25", "smtps://user:secret@mail.example:465", "smtp://mail.example:587?tls=required", "smtp://localhost:2525?tls=none"]
        {
            assert!(matches!(Transport::parse(right), Ok(Transport::Smtp(_))), "{right}");
        }
        let many = Transport::parse("smtp://mail.example?connections=24&tls=required").unwrap();
        assert_eq!((many.at_once(), Transport::parse("smtp://mail.example").unwrap().at_once()), (24, 8));
        for wrong in
            ["smtp://x?connections=0", "smtp://x?connections=many", "", "mail.example", "http://mail.example", "smtp://", "smtp://x?tls=perhaps"]
        {
            assert!(Transport::parse(wrong).is_err(), "{wrong}");
        }
    }
}
