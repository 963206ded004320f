//! Asking other servers over HTTP: pagers, the push services of browsers, the provider at which people log in.
//!
//! Invariant: an address inside one's own network is not reached, whatever name leads there at the moment the connection is made, unless the operator names it; an answer leads nowhere else.

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use ipnet::IpNet;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;
use url::{Host, Url};

/// A server that is silent for so long has not answered.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const MOST: usize = 1 << 20;
/// A connection that is not used is kept this long.
const IDLE: Duration = Duration::from_secs(30);

/// What of one's own network may be reached: a host by its name, an address, or a network such as `10.1.0.0/16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Internal {
    /// By its name, in small letters.
    Host(String),
    /// An address or a network.
    Network(IpNet),
}

impl FromStr for Internal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(network) = bare.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        match Host::parse(text) {
            Ok(Host::Domain(name)) => Ok(Self::Host(name)),
            _ => Err(()),
        }
    }
}

/// The client that asks other servers. Cloning it is cheap, and shares its connections.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>,
    guard: Guard,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Fault(String);

impl Fault {
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("internal", &self.guard.internal).finish()
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new(vec![])
    }
}

impl Http {
    /// A client that reaches this of one's own network, and nothing else of it.
    pub fn new(internal: Vec<Internal>) -> Self {
        let guard = Guard { internal: internal.into(), names: GaiResolver::new() };
        let mut connector = HttpConnector::new_with_resolver(guard.clone());
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(PATIENCE / 2));
        let https = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(connector);
        Self { client: Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(https), guard }
    }

    /// The same, with another host that may be reached.
    pub(crate) fn with(&self, host: Option<Internal>) -> Self {
        Self::new(self.guard.internal.iter().cloned().chain(host).collect())
    }

    /// Whether an address names a machine inside one's own network that may not be reached. What a name leads to shows only when it is asked.
    pub(crate) fn refuses(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => !self.guard.reaches(None, address.into()),
            Some(Host::Ipv6(address)) => !self.guard.reaches(None, address.into()),
            Some(Host::Domain(name)) => {
                let is_local = name.trim_end_matches('.').rsplit('.').next() == Some("localhost");
                is_local && !self.guard.reaches(Some(name), Ipv4Addr::LOCALHOST.into())
            }
            None => true,
        }
    }

    /// Sends a request; gives how it was answered.
    pub(crate) async fn status(&self, request: http::Request<Vec<u8>>) -> Result<http::StatusCode, Fault> {
        tokio::time::timeout(PATIENCE, async { Ok(self.send(request).await?.status()) }).await.map_err(|_| silent())?
    }

    /// Sends a request; gives the answer, which is bounded in size and time.
    pub(crate) async fn ask(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Fault> {
        let asked = async {
            let (parts, body) = self.send(request).await?.into_parts();
            let body = Limited::new(body, MOST).collect().await.map_err(Fault::new)?.to_bytes();
            Ok(http::Response::from_parts(parts, body.to_vec()))
        };
        tokio::time::timeout(PATIENCE, asked).await.map_err(|_| silent())?
    }

    /// Redirects are not followed: they are an answer like any other.
    async fn send(&self, mut request: http::Request<Vec<u8>>) -> Result<http::Response<Incoming>, Fault> {
        // An address that is written as a number is connected to without being looked up.
        let host = request.uri().host().unwrap_or_default();
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>()
            && !self.guard.reaches(None, address)
        {
            return Err(Fault::new(refusal(host)));
        }
        request.headers_mut().insert(http::header::USER_AGENT, http::HeaderValue::from_static("Balie"));
        self.client.request(request.map(|body| Full::new(body.into()))).await.map_err(|error| Fault(sentence(&error)))
    }
}

fn silent() -> Fault {
    Fault::new("it is silent")
}

fn refusal(host: &str) -> String {
    format!("{host} is inside one's own network, and not in BALIE_INTERNAL_HOSTS")
}

/// An error with what caused it: the outermost says only that it could not connect.
fn sentence(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Looks up names, and passes on only addresses that may be reached. What is looked up is what is connected to, so that no name can lead elsewhere in between.
#[derive(Clone)]
struct Guard {
    internal: Arc<[Internal]>,
    names: GaiResolver,
}

impl Guard {
    fn reaches(&self, host: Option<&str>, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || self.internal.iter().any(|internal| match internal {
                Internal::Host(name) => host.is_some_and(|host| host.trim_end_matches('.').eq_ignore_ascii_case(name)),
                Internal::Network(network) => network.contains(&address),
            })
    }
}

impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.names.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (guard, found) = (self.clone(), self.names.call(name.clone()));
        Box::pin(async move {
            let reached: Vec<SocketAddr> = found.await?.filter(|found| guard.reaches(Some(name.as_str()), found.ip())).collect();
            if reached.is_empty() { Err(io::Error::new(io::ErrorKind::PermissionDenied, refusal(name.as_str()))) } else { Ok(reached.into_iter()) }
        })
    }
}

/// Whether an address is one of the internet's (the special-purpose registries of IANA, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 240
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // Shared by providers (RFC 6598), the IETF's own (RFC 6890), 6to4 relays (RFC 7526), benchmarks (RFC 2544).
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match parts {
        // An IPv4 address behind a translator (RFC 6052), and one of 6to4 (RFC 3056): it is that address which is reached.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Of what is given out (2000::/3) not the IETF's own (2001::/23, Teredo among it), nor what is for documents.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => (0x2000..0x4000).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[test]
    fn an_address_of_the_internet_is_told_from_one_inside() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in ["2606:4700::1111", "2a00:1450::1", "2001:4860::8888", "64:ff9b::101:101", "2002:101:101::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:a00:1::1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn what_may_be_reached_is_named_by_host_address_or_network() {
        let named: Vec<Internal> = ["Pager.Intern", "10.0.0.5", "[fd00::5]", "10.1.0.0/16"].iter().map(|text| text.parse().unwrap()).collect();
        let guard = Http::new(named).guard;
        let reaches = |host: &str, address: &str| guard.reaches(Some(host), address.parse().unwrap());
        assert!(reaches("pager.intern", "192.168.0.9") && reaches("PAGER.intern.", "127.0.0.1"), "wherever it leads");
        assert!(!reaches("other.intern", "192.168.0.9") && !reaches("a.pager.intern", "192.168.0.9"));
        assert!(reaches("x", "10.0.0.5") && reaches("x", "::ffff:10.0.0.5") && !reaches("x", "10.0.0.6"));
        assert!(reaches("x", "fd00::5") && !reaches("x", "fd00::6"));
        assert!(reaches("x", "10.1.200.3") && !reaches("x", "10.2.0.1"));
        assert!("http://a.example".parse::<Internal>().is_err() && "a b".parse::<Internal>().is_err() && "10.0.0.0/99".parse::<Internal>().is_err());
    }

    /// A server inside, which leads on to `elsewhere`; how often it was asked.
    async fn inside(elsewhere: &'static str) -> (u16, Arc<std::sync::atomic::AtomicUsize>) {
        let (listener, asked) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::<std::sync::atomic::AtomicUsize>::default());
        let (port, count) = (listener.local_addr().unwrap().port(), asked.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head).await;
                let answer = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (port, asked)
    }

    fn to(url: &str) -> http::Request<Vec<u8>> {
        http::Request::post(url).body(vec![]).unwrap()
    }

    #[tokio::test]
    async fn what_is_inside_is_not_reached_however_it_is_written() {
        let (port, asked) = inside("http://127.0.0.1/").await;
        // `localhost` is looked up, as any name is that somebody lets lead inside.
        for host in ["127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0"] {
            let answer = Http::default().ask(to(&format!("http://{host}:{port}/"))).await;
            assert!(answer.is_err(), "{host}: {answer:?}");
            let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
            assert!(Http::default().refuses(&url), "{host}");
        }
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 0);
        assert!(!Http::default().refuses(&Url::parse("https://pager.example/").unwrap()));
    }

    #[tokio::test]
    async fn what_the_operator_names_is_reached_and_an_answer_leads_nowhere_else() {
        let (other, never) = inside("http://127.0.0.1/").await;
        let leads_on: &'static str = format!("http://127.0.0.1:{other}/").leak();
        let (port, asked) = inside(leads_on).await;
        for (named, host) in [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("127.0.0.0/8", "localhost")] {
            let http = Http::new(vec![named.parse().unwrap()]);
            let answer = http.ask(to(&format!("http://{host}:{port}/"))).await.unwrap();
            assert_eq!(answer.status(), 302, "{named}");
            assert_eq!(http.status(to(&format!("http://{host}:{port}/"))).await.unwrap(), 302);
        }
        assert_eq!((asked.load(std::sync::atomic::Ordering::Relaxed), never.load(std::sync::atomic::Ordering::Relaxed)), (6, 0));
    }
}
