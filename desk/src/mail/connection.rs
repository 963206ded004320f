//! The way to a mail server: where it is, as a URL says, and a connection to it, encrypted where it can be.
//!
//! Invariants: a password travels over an encrypted connection, unless the URL says `tls=none`; a server that talks without end is hung up on.

use lettre::transport::smtp::client::AsyncTokioStream;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use url::Url;

/// How long a connection may take to be made.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    Never,
    /// Where the server offers it.
    Offered,
    /// After a word in the clear (STARTTLS), or not at all.
    Required,
    /// From the first byte.
    Implicit,
}

/// Where a mail server is, and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ServerUrl {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: Option<(String, String)>,
    /// What stands behind the host, without the slash.
    pub path: String,
    /// A certificate to trust besides those that browsers do.
    pub roots: Option<PathBuf>,
    /// The settings behind the `?` that belong to who asks.
    pub settings: Vec<(String, String)>,
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the password.
        write!(f, "{}:{} ({:?})", self.host, self.port, self.tls)
    }
}

impl ServerUrl {
    /// Reads a URL of the scheme `plain`, or of the same with an `s` behind it; ports are for plain, STARTTLS and TLS. Refuses settings that are not among `known`.
    pub fn parse(url: &str, plain: &str, ports: [u16; 3], known: &[&str]) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        let whole = match url.scheme().strip_prefix(plain) {
            Some("") => false,
            Some("s") => true,
            _ => return Err(format!("begin with {plain}:// or {plain}s://")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("name a host")?.to_owned();
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| "this is not UTF-8".to_owned());
        let user = match (url.username(), url.password()) {
            ("", _) => None,
            (user, password) => Some((decoded(user)?, decoded(password.unwrap_or_default())?)),
        };
        let (mut tls, mut roots, mut settings) = (None, None, vec![]);
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("tls", "none") => tls = Some(Tls::Never),
                ("tls", "required") => tls = Some(Tls::Required),
                ("tls", "opportunistic") => tls = Some(Tls::Offered),
                ("tls", _) => return Err("tls: choose required, opportunistic or none".to_owned()),
                ("ca", path) => roots = Some(PathBuf::from(path)),
                (name, value) if known.contains(&name) => settings.push((name.to_owned(), value.to_owned())),
                (name, _) => return Err(format!("{name}: there is no such setting; there are tls, ca, {}", known.join(", "))),
            }
        }
        let tls = match tls {
            _ if whole => Tls::Implicit,
            // A password is not for everyone on the way.
            Some(Tls::Offered) | None if user.is_some() => Tls::Required,
            chosen => chosen.unwrap_or(Tls::Offered),
        };
        let port = url.port().unwrap_or(match tls {
            Tls::Never | Tls::Offered => ports[0],
            Tls::Required => ports[1],
            Tls::Implicit => ports[2],
        });
        Ok(Self { host, port, tls, user, path: decoded(url.path().trim_matches('/'))?, roots, settings })
    }

    /// A setting behind the `?`.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Connects, with TLS where it is from the first byte; between two things that we say, the server may say `most` bytes.
    pub async fn connect(&self, most: u64) -> io::Result<Connection> {
        let connecting = async {
            let stream = TcpStream::connect((self.host.trim_matches(['[', ']']), self.port)).await?;
            // A mail's end is a packet of its own, and is not held back until the server has confirmed what came before.
            stream.set_nodelay(true)?;
            let wire = Connection { stream: Stream::Plain(stream), most, left: most };
            if self.tls == Tls::Implicit { self.encrypt(wire).await } else { Ok(wire) }
        };
        tokio::time::timeout(PATIENCE, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Goes on encrypted.
    pub async fn encrypt(&self, wire: Connection) -> io::Result<Connection> {
        let Connection { stream: Stream::Plain(stream), most, .. } = wire else { return Ok(wire) };
        let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = &self.roots {
            let wrong = |reason: String| io::Error::other(format!("{}: {reason}", path.display()));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))? {
                trusted.add(certificate.map_err(|error| wrong(error.to_string()))?).map_err(|error| wrong(error.to_string()))?;
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let name = ServerName::try_from(self.host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
        let encrypting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = tokio::time::timeout(PATIENCE, encrypting).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(Connection { stream: Stream::Tls(Box::new(stream)), most, left: most })
    }
}

/// A connection to a mail server, which says no more at once than it may.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    most: u64,
    left: u64,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection of either kind.
trait Both: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Both for T {}

impl Connection {
    fn stream(&mut self) -> Pin<&mut dyn Both> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(&mut **stream),
        }
    }
}

impl AsyncTokioStream for Connection {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(stream) => stream.peer_addr(),
            Stream::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("the mail server does not stop talking")));
        }
        let before = into.filled().len();
        ready!(self.stream().poll_read(cx, into))?;
        self.left = self.left.saturating_sub((into.filled().len() - before) as u64);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.left = self.most;
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(url: &str) -> Result<ServerUrl, String> {
        ServerUrl::parse(url, "smtp", [25, 587, 465], &["connections"])
    }

    #[test]
    fn a_url_says_where_a_server_is() {
        let place = smtp("smtps://sup%40port:p%2Fw@mail.example/here?connections=3").unwrap();
        assert_eq!((place.port, place.tls, place.path.as_str(), place.setting("connections")), (465, Tls::Implicit, "here", Some("3")));
        assert_eq!(place.user, Some(("sup@port".into(), "p/w".into())));
        assert!(!format!("{place:?}").contains("p/w"));
        assert_eq!((smtp("smtp://mail.example").unwrap().tls, smtp("smtp://mail.example").unwrap().port), (Tls::Offered, 25));
    }

    #[test]
    fn a_password_is_not_sent_in_the_clear_unless_that_is_asked_for() {
        assert_eq!(smtp("smtp://a:b@mail.example").unwrap().tls, Tls::Required);
        assert_eq!(smtp("smtp://a:b@mail.example?tls=opportunistic").unwrap().tls, Tls::Required);
        assert_eq!(smtp("smtp://a:b@mail.example?tls=none").unwrap().tls, Tls::Never);
    }

    #[test]
    fn a_wrong_url_is_told() {
        for wrong in ["", "mail.example", "http://mail.example", "smtp://", "smtp://x?tls=perhaps", "smtp://x?connection=4", "smtpx://mail.example"] {
            assert!(smtp(wrong).is_err(), "{wrong}");
        }
    }
}
