//! Where mails go: a mail server, a folder for development, or memory for tests.

use lettre::address::Envelope;
use lettre::transport::smtp::PoolConfig;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Mails under way at once where nothing else is said: each has a connection of its own, which is kept open. Common mail servers take ten from one client.
const CONNECTIONS: u32 = 8;
/// How long the mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where mails go.
#[derive(Debug)]
pub enum Transport {
    /// A mail server, and how many mails may be under way to it.
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>, u32),
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
    /// `smtp://host` tries TLS and goes on without where the server has none; `?tls=required` insists. `?connections=n` is how many mails are under way at once.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(folder) = url.strip_prefix("file:") {
            return Ok(Self::Folder(PathBuf::from(folder)));
        }
        if !url.starts_with("smtp://") && !url.starts_with("smtps://") {
            return Err("begin with smtp://, smtps:// or file:".to_owned());
        }
        let (url, connections) = connections(url)?;
        let plain = url.starts_with("smtp://") && !url.contains("tls=");
        let url = if plain { format!("{url}{}tls=opportunistic", if url.contains('?') { '&' } else { '?' }) } else { url };
        let url = url.replace("tls=none", "").trim_end_matches(['?', '&']).to_owned();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|error| error.to_string())?;
        let pool = PoolConfig::new().max_size(connections);
        Ok(Self::Smtp(Box::new(builder.timeout(Some(PATIENCE)).pool_config(pool).build()), connections))
    }

    /// How many mails may be under way at once.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Transport::Smtp(_, connections) => *connections as usize,
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
            Transport::Smtp(..) | Transport::Folder(_) => vec![],
        }
    }

    /// Whether it can be reached.
    pub async fn check(&self) -> Result<(), String> {
        match self {
            Transport::Smtp(smtp, _) => match smtp.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the mail server does not answer".to_owned()),
                Err(error) => Err(in_words(&error)),
            },
            Transport::Folder(folder) => std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display())),
            Transport::Memory(_) => Ok(()),
        }
    }

    /// Hands a mail over.
    pub async fn hand_over(&self, mail: Sent) -> Result<(), Failure> {
        match self {
            Transport::Smtp(smtp, _) => {
                let address = |text: &str| text.parse::<Address>().map_err(|error| Failure::Never(format!("{text}: {error}")));
                let envelope =
                    Envelope::new(Some(address(&mail.from)?), vec![address(&mail.to)?]).map_err(|error| Failure::Never(error.to_string()))?;
                smtp.send_raw(&envelope, &mail.raw).await.map(|_| ()).map_err(|error| {
                    let words = in_words(&error);
                    if error.is_permanent() { Failure::Never(words) } else { Failure::Later(words) }
                })
            }
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

/// The URL without `connections=n`, and that number.
fn connections(url: &str) -> Result<(String, u32), String> {
    const NAME: &str = "connections=";
    let Some((before, rest)) = url.split_once(NAME) else { return Ok((url.to_owned(), CONNECTIONS)) };
    let (number, after) = rest.split_once('&').unwrap_or((rest, ""));
    let number = number.parse().ok().filter(|number| (1..=100).contains(number)).ok_or("connections: choose a number from 1 to 100")?;
    Ok((format!("{before}{after}").trim_end_matches(['?', '&']).to_owned(), number))
}

/// The server's words, on one line.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
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
            assert!(matches!(Transport::parse(right), Ok(Transport::Smtp(..))), "{right}");
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
