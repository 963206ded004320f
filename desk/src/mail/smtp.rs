//! Handing mails to a mail server, over connections that stay open.
//!
//! Invariant: a mail is handed over twice only where the server may not have taken it: what failed before its last byte was sent.

use super::connection::{ServerUrl, Tls};
use super::transport::{Failure, Sent};
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to say that it took a mail (RFC 5321, 4.5.3.2.6 asks for ten minutes; a delivery is leased for ten).
const LONG_PATIENCE: Duration = Duration::from_secs(300);
/// Most bytes of one answer: a hundred lines of the longest kind (RFC 5321, 4.5.3.1.5) and the certificates of TLS.
const LONGEST_ANSWER: u64 = 128 << 10;
/// A connection that was not used for this long is asked whether it is still there.
const FRESH: Duration = Duration::from_secs(2);
/// And for this long, is closed; servers close theirs after five minutes (RFC 5321, 4.5.3.2.7).
const STALE: Duration = Duration::from_secs(60);

/// A mail server that takes mails.
#[derive(Debug)]
pub struct Smtp {
    place: ServerUrl,
    hello: ClientId,
    pub(super) connections: u32,
    /// How long the mail server may take for one step, and to say that it took a mail.
    patience: [Duration; 2],
    idle: Mutex<Vec<Idle>>,
}

struct Idle(AsyncSmtpConnection, Instant);

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "idle since {:?}", self.1)
    }
}

/// Why a mail was not taken, and whether the server may have taken it all the same.
struct Trouble {
    failure: Failure,
    before_its_end: bool,
    /// Whether the connection can be used again.
    keeps: bool,
}

impl Smtp {
    /// Reads `smtp://…` and `smtps://…`.
    pub fn parse(url: &str, connections: u32) -> Result<Self, String> {
        let place = ServerUrl::parse(url, "smtp", [25, 587, 465], &["connections"])?;
        let connections = match place.setting("connections") {
            Some(number) => number.parse().ok().filter(|number| (1..=100).contains(number)).ok_or("connections: choose a number from 1 to 100")?,
            None => connections,
        };
        let hello = if place.path.is_empty() { ClientId::default() } else { ClientId::Domain(place.path.clone()) };
        Ok(Self { place, hello, connections, patience: [PATIENCE, LONG_PATIENCE], idle: Mutex::default() })
    }

    /// Whether a connection can be made.
    pub async fn check(&self) -> Result<(), String> {
        let connection = self.connect().await.map_err(|failure| match failure {
            Failure::Later(reason) | Failure::Never(reason) => reason,
        })?;
        self.put_back(connection);
        Ok(())
    }

    /// Hands a mail over.
    pub async fn hand_over(&self, mail: &Sent) -> Result<(), Failure> {
        let address = |text: &str| text.parse::<Address>().map_err(|error| Failure::Never(format!("{text}: {error}")));
        let (from, to) = (address(&mail.from)?, address(&mail.to)?);
        if let Some(mut kept) = self.kept().await {
            match self.give(&mut kept, &from, &to, &mail.raw).await {
                Ok(()) => {
                    self.put_back(kept);
                    return Ok(());
                }
                Err(Trouble { failure, keeps: true, .. }) => {
                    self.put_back(kept);
                    return Err(failure);
                }
                // The server had enough of this connection: a new one.
                Err(Trouble { failure: Failure::Later(_), before_its_end: true, .. }) => {}
                Err(Trouble { failure, .. }) => return Err(failure),
            }
        }
        let mut connection = self.connect().await?;
        let given = self.give(&mut connection, &from, &to, &mail.raw).await;
        if given.as_ref().map_or_else(|trouble| trouble.keeps, |()| true) {
            self.put_back(connection);
        }
        given.map_err(|trouble| trouble.failure)
    }

    fn put_back(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|Idle(_, since)| since.elapsed() < STALE);
        if !connection.has_broken() && idle.len() < self.connections as usize {
            idle.push(Idle(connection, Instant::now()));
        }
    }

    /// A connection that was kept and still stands.
    async fn kept(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle(mut connection, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let unused = since.elapsed();
            if unused < FRESH {
                return Some(connection);
            }
            if unused < STALE && matches!(tokio::time::timeout(self.patience[0], connection.command(Noop)).await, Ok(Ok(_))) {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let broken = |error: io::Error| Failure::Later(format!("{}:{}: {error}", self.place.host, self.place.port));
        let wire = self.place.connect(LONGEST_ANSWER).await.map_err(broken)?;
        let greeting = async {
            let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &self.hello).await.map_err(|e| later(&e))?;
            let wanted = match self.place.tls {
                Tls::Required => true,
                Tls::Offered => connection.can_starttls(),
                Tls::Never | Tls::Implicit => false,
            };
            if wanted {
                let parameters = self.parameters().map_err(Failure::Later)?;
                connection.starttls(parameters, &self.hello).await.map_err(|e| later(&e))?;
            }
            if let Some((user, password)) = &self.place.user {
                let credentials = Credentials::new(user.clone(), password.clone());
                let known = [Mechanism::Plain, Mechanism::Login];
                // A wrong password is mended by an admin, and then the mails go out.
                connection.auth(&known, &credentials).await.map_err(|e| later(&e))?;
            }
            Ok(connection)
        };
        tokio::time::timeout(self.patience[0], greeting).await.unwrap_or_else(|_| Err(broken(io::ErrorKind::TimedOut.into())))
    }

    /// Hands a mail over on a connection, step by step.
    async fn give(&self, connection: &mut AsyncSmtpConnection, from: &Address, to: &Address, raw: &[u8]) -> Result<(), Trouble> {
        let never = |reason: &str| Trouble { failure: Failure::Never(reason.to_owned()), before_its_end: true, keeps: true };
        let mut parameters = vec![];
        let info = connection.server_info();
        if !AsRef::<str>::as_ref(from).is_ascii() || !AsRef::<str>::as_ref(to).is_ascii() {
            if !info.supports_feature(Extension::SmtpUtfEight) {
                return Err(never("the mail server takes no address with letters outside ASCII"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        for step in [Mail::new(Some(from.clone()), parameters).to_string(), Rcpt::new(to.clone(), vec![]).to_string(), Data.to_string()] {
            let answer = tokio::time::timeout(self.patience[0], connection.command(step)).await;
            if let Some(mut trouble) = trouble(answer) {
                trouble.before_its_end = true;
                // The server said no, and not that it closes: what was begun is taken back.
                trouble.keeps = trouble.keeps && matches!(tokio::time::timeout(self.patience[0], connection.command(Rset)).await, Ok(Ok(_)));
                return Err(trouble);
            }
        }
        trouble(tokio::time::timeout(self.patience[1], connection.message(raw)).await).map_or(Ok(()), Err)
    }

    fn parameters(&self) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(self.place.host.clone());
        if let Some(path) = &self.place.roots {
            let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| in_words(&error))?);
        }
        builder.build_rustls().map_err(|error| in_words(&error))
    }
}

/// What an answer says that is no consent.
fn trouble<T>(answer: Result<Result<T, Error>, tokio::time::error::Elapsed>) -> Option<Trouble> {
    match answer {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => {
            // 421: the server closes the connection (RFC 5321, 3.8); without a code the connection is broken.
            let code = error.status().map(u16::from);
            let failure = if error.is_permanent() { Failure::Never(in_words(&error)) } else { later(&error) };
            Some(Trouble { failure, before_its_end: false, keeps: code.is_some_and(|code| code != 421) })
        }
        Err(_) => Some(Trouble { failure: Failure::Later("the mail server does not answer".to_owned()), before_its_end: false, keeps: false }),
    }
}

fn later(error: &Error) -> Failure {
    Failure::Later(in_words(error))
}

/// The server's words, on one line.
fn in_words(error: &Error) -> String {
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
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    /// A server that greets, and then answers each of these lines with the next of them; without one it is silent.
    fn server(answers: Vec<&'static str>) -> Smtp {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut out, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(out.try_clone().unwrap()).lines();
            out.write_all(b"220 here\r\n").unwrap();
            for answer in answers {
                let _ = lines.next();
                out.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
            }
            // It listens on and says nothing.
            let _ = lines.count();
        });
        let mut smtp = Smtp::parse(&format!("smtp://127.0.0.1:{port}?tls=none"), 1).unwrap();
        smtp.patience = [Duration::from_millis(300); 2];
        smtp
    }

    async fn handed_over(answers: Vec<&'static str>) -> Failure {
        let mail = Sent { from: "a@x.example".into(), to: "b@x.example".into(), raw: b"Subject: x\r\n\r\nDag\r\n".to_vec() };
        server(answers).hand_over(&mail).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_server_that_goes_silent_holds_nothing_up() {
        for answers in [
            vec![],
            vec!["250 here"],
            vec!["250 here", "250 ok"],
            vec!["250 here", "250 ok", "250 ok"],
            vec!["250 here", "250 ok", "250 ok", "354 go on"],
        ] {
            let failure = handed_over(answers).await;
            assert!(matches!(failure, Failure::Later(_)), "{failure:?}");
        }
    }

    #[tokio::test]
    async fn a_server_that_talks_without_end_is_hung_up_on() {
        let endless: &'static str = Box::leak("x".repeat(10 << 20).into_boxed_str());
        let mut smtp = server(vec!["250 here", "250 ok", endless]);
        smtp.patience = [Duration::from_secs(30); 2];
        let mail = Sent { from: "a@x.example".into(), to: "b@x.example".into(), raw: b"Subject: x\r\n\r\nDag\r\n".to_vec() };
        let failure = smtp.hand_over(&mail).await.unwrap_err();
        assert!(matches!(&failure, Failure::Later(reason) if reason.contains("does not stop talking")), "{failure:?}");
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told_in_words() {
        for nonsense in ["9", "250", "hello there", "250-a\r\n251 b"] {
            let failure = handed_over(vec![nonsense, "250 ok"]).await;
            assert!(matches!(&failure, Failure::Later(reason) if !reason.is_empty()), "{nonsense}: {failure:?}");
        }
    }
}
