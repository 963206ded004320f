//! Configuration: from `balie.toml` and from environment variables, which win. Everything that is wrong is said at once.

mod addresses;
mod oidc;

use desk::Internal;
use desk::accounts::ProviderSettings;
use desk::mail::imap::Inbox;
use desk::mail::{Mail, Mailbox, Settings, Signer, Transport};
use oidc::OidcFile;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The settings, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where pages are served. `BALIE_LISTEN`, `listen`; 127.0.0.1:3000.
    pub listen: SocketAddr,
    /// Where metrics are served; none where it is empty. `BALIE_METRICS_LISTEN`, `metrics_listen`; 127.0.0.1:3002.
    pub metrics_listen: Option<SocketAddr>,
    /// `sqlite:path` or `postgres://user:password@host/database`. `BALIE_DATABASE`, `database`; sqlite:data/balie.db.
    pub database: String,
    /// The folder of uploaded files. `BALIE_FILES`, `files`; data/files.
    pub files: PathBuf,
    /// Largest upload in mebibytes. `BALIE_MAX_UPLOAD_MIB`, `max_upload_mib`; 50.
    pub max_upload_mib: u32,
    /// The address people use, such as `https://help.example.com`: scheme, host and port; where it is HTTPS, cookies travel over nothing else. `BALIE_BASE_URL`, `base_url`; http.
    pub base_url: Option<String>,
    /// How many proxies in front may be believed about where a request comes from. `BALIE_TRUSTED_PROXIES`, `trusted_proxies`; 0.
    pub trusted_proxies: usize,
    /// What of the network that the server stands in may be asked, as names, addresses or networks: pagers, and hosts of the provider besides its issuer. `BALIE_INTERNAL_HOSTS` with blanks between, `internal_hosts` as a list; nothing.
    pub internal_hosts: Vec<Internal>,
    /// Connections to PostgreSQL; SQLite does not use it. `BALIE_POSTGRES_CONNECTIONS`, `postgres_connections`; 10.
    pub postgres_connections: u32,
    /// Who mails are from, as `Name <address>`; replies come to this address with a token in it. `BALIE_MAIL_FROM`, `mail_from`; Balie <support@localhost>.
    pub mail_from: Mailbox,
    /// How mail is sent: `smtp://user:password@host:587?tls=required`, `smtps://…`, or a folder as `file:…`. `BALIE_MAIL_URL`, `mail_url`; file:data/mail.
    pub mail_url: String,
    /// Files of a message up to this many kibibytes together go along with its mail; larger ones are links. `BALIE_MAIL_ATTACH_KIB`, `mail_attach_kib`; 0.
    pub mail_attach_kib: u32,
    /// Largest mail that is taken in, in mebibytes. `BALIE_MAX_MAIL_MIB`, `max_mail_mib`; 50.
    pub max_mail_mib: u32,
    /// The mailboxes that are read, each as `imaps://user:password@host/folder?department=name`. `BALIE_MAILBOXES` with blanks between, `mailboxes` as a list; none.
    pub mailboxes: Vec<String>,
    /// The file with the private key that mails are signed with (DKIM). `BALIE_DKIM_KEY`, `dkim_key`; none: they are not signed.
    pub dkim_key: Option<PathBuf>,
    /// The name under which the key's other half is published. `BALIE_DKIM_SELECTOR`, `dkim_selector`; balie.
    pub dkim_selector: String,
    /// The name under which the mail server in front writes `Authentication-Results`; it is believed about who a mail is from. `BALIE_MAIL_RELAY`, `mail_relay`; nobody.
    pub mail_relay: Option<String>,
    /// The secret with which a mail server hands mails over at `POST /mail/incoming`; without one that is closed. `BALIE_MAIL_TOKEN`, `mail_token`.
    pub mail_token: Option<String>,
    /// The provider at which people log in with OpenID Connect. `BALIE_OIDC_ISSUER`, `_CLIENT_ID`, `_CLIENT_SECRET`, `_NAME`, `_CLAIM`, `_ROLES` and `_VOUCHED_DOMAINS`, `[oidc]`; none.
    pub oidc: Option<ProviderSettings>,
    /// What is logged: error, warn, info, debug, or a filter such as `server=debug`. `BALIE_LOG`, `log`; info.
    pub log: String,
    /// How it is logged: text or json. `BALIE_LOG_FORMAT`, `log_format`; text.
    pub log_format: LogFormat,
}

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LogFormat {
    Text,
    Json,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration is not right:")?;
        self.0.iter().try_for_each(|error| writeln!(f, "  {error}"))
    }
}

impl std::error::Error for ConfigErrors {}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<String>,
    metrics_listen: Option<String>,
    database: Option<String>,
    files: Option<String>,
    max_upload_mib: Option<i64>,
    base_url: Option<String>,
    trusted_proxies: Option<i64>,
    internal_hosts: Option<Vec<String>>,
    postgres_connections: Option<i64>,
    mail_from: Option<String>,
    mail_url: Option<String>,
    mail_attach_kib: Option<i64>,
    max_mail_mib: Option<i64>,
    mailboxes: Option<Vec<String>>,
    dkim_key: Option<String>,
    dkim_selector: Option<String>,
    mail_relay: Option<String>,
    mail_token: Option<String>,
    #[serde(default)]
    oidc: OidcFile,
    log: Option<String>,
    log_format: Option<String>,
}

/// The variables there are, for telling a misspelt one.
const VARIABLES: [&str; 28] = [
    "BALIE_CONFIG",
    "BALIE_LISTEN",
    "BALIE_METRICS_LISTEN",
    "BALIE_DATABASE",
    "BALIE_FILES",
    "BALIE_MAX_UPLOAD_MIB",
    "BALIE_BASE_URL",
    "BALIE_TRUSTED_PROXIES",
    "BALIE_INTERNAL_HOSTS",
    "BALIE_POSTGRES_CONNECTIONS",
    "BALIE_MAIL_FROM",
    "BALIE_MAIL_URL",
    "BALIE_MAIL_ATTACH_KIB",
    "BALIE_MAX_MAIL_MIB",
    "BALIE_MAILBOXES",
    "BALIE_DKIM_KEY",
    "BALIE_DKIM_SELECTOR",
    "BALIE_MAIL_RELAY",
    "BALIE_MAIL_TOKEN",
    "BALIE_OIDC_ISSUER",
    "BALIE_OIDC_CLIENT_ID",
    "BALIE_OIDC_CLIENT_SECRET",
    "BALIE_OIDC_NAME",
    "BALIE_OIDC_CLAIM",
    "BALIE_OIDC_ROLES",
    "BALIE_OIDC_VOUCHED_DOMAINS",
    "BALIE_LOG",
    "BALIE_LOG_FORMAT",
];
/// Variables that are for the build and the tests.
const OTHERS: [&str; 6] = ["BALIE_PASSWORD", "BALIE_TOOLS", "BALIE_PG_BIN", "BALIE_MAIL_SERVERS", "BALIE_CORPUS", "BALIE_URL"];

impl Config {
    /// Reads the file named by `BALIE_CONFIG`, or `balie.toml` where it is there, and the environment.
    pub fn load() -> Result<Self, ConfigErrors> {
        let named = std::env::var_os("BALIE_CONFIG");
        let path = named.as_ref().map_or(Path::new("balie.toml"), Path::new);
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigErrors(vec![format!("{}: {error}", path.display())])),
        };
        Self::read(&text, std::env::vars().filter(|(name, _)| name.starts_with("BALIE_")))
    }

    /// Reads a file's text and variables.
    pub fn read(text: &str, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigErrors> {
        let variables: Vec<(String, String)> = variables.into_iter().collect();
        let mut errors: Vec<String> = variables
            .iter()
            .filter(|(name, _)| !VARIABLES.contains(&name.as_str()) && !OTHERS.contains(&name.as_str()))
            .map(|(name, _)| format!("{name}: there is no such setting"))
            .collect();
        let file: File = toml::from_str(text).unwrap_or_else(|error| {
            errors.push(format!("balie.toml: {}", error.to_string().replace('\n', " ").trim()));
            File::default()
        });
        let variable = |name: &str| variables.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let mut read = Reading { errors, variable: &variable };

        let listen = read.text("BALIE_LISTEN", file.listen, "127.0.0.1:3000");
        let metrics = read.text("BALIE_METRICS_LISTEN", file.metrics_listen, "127.0.0.1:3002");
        let database = read.text("BALIE_DATABASE", file.database, "sqlite:data/balie.db");
        let files = read.text("BALIE_FILES", file.files, "data/files");
        let base_url = read.base_url(file.base_url);
        let mail_from = read.text("BALIE_MAIL_FROM", file.mail_from, "Balie <support@localhost>");
        let mail_url = read.text("BALIE_MAIL_URL", file.mail_url, "file:data/mail");
        let log_format = read.text("BALIE_LOG_FORMAT", file.log_format, "text");
        let oidc = read.oidc(file.oidc);
        let config = Config {
            listen: read.address("BALIE_LISTEN", &listen),
            metrics_listen: if metrics.is_empty() { None } else { Some(read.address("BALIE_METRICS_LISTEN", &metrics)) },
            database: database.clone(),
            files: PathBuf::from(files),
            max_upload_mib: read.number("BALIE_MAX_UPLOAD_MIB", file.max_upload_mib, 50, 1..=10_240) as u32,
            base_url,
            trusted_proxies: read.number("BALIE_TRUSTED_PROXIES", file.trusted_proxies, 0, 0..=10) as usize,
            internal_hosts: read.internal_hosts(file.internal_hosts),
            postgres_connections: read.number("BALIE_POSTGRES_CONNECTIONS", file.postgres_connections, 10, 2..=200) as u32,
            mail_from: Mailbox::parse(&mail_from).unwrap_or_default(),
            mail_url: mail_url.clone(),
            mail_attach_kib: read.number("BALIE_MAIL_ATTACH_KIB", file.mail_attach_kib, 0, 0..=25_600) as u32,
            max_mail_mib: read.number("BALIE_MAX_MAIL_MIB", file.max_mail_mib, 50, 1..=500) as u32,
            mailboxes: match variable("BALIE_MAILBOXES") {
                Some(text) => text.split_whitespace().map(str::to_owned).collect(),
                None => file.mailboxes.unwrap_or_default(),
            },
            dkim_key: Some(read.text("BALIE_DKIM_KEY", file.dkim_key, "")).filter(|path| !path.is_empty()).map(PathBuf::from),
            dkim_selector: read.text("BALIE_DKIM_SELECTOR", file.dkim_selector, "balie"),
            mail_relay: Some(read.text("BALIE_MAIL_RELAY", file.mail_relay, "")).filter(|name| !name.is_empty()),
            mail_token: Some(read.text("BALIE_MAIL_TOKEN", file.mail_token, "")).filter(|token| !token.is_empty()),
            oidc,
            log: read.text("BALIE_LOG", file.log, "info"),
            log_format: if log_format == "json" { LogFormat::Json } else { LogFormat::Text },
        };
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme)) {
            read.errors.push("BALIE_DATABASE: begin with sqlite: or postgres://".to_owned());
        }
        if config.mail_from.address.is_empty() {
            read.errors.push("BALIE_MAIL_FROM: write it as Name <name@example.com>".to_owned());
        }
        if config.mail_token.as_ref().is_some_and(|token| token.len() < 20) {
            read.errors.push("BALIE_MAIL_TOKEN: choose at least 20 characters".to_owned());
        }
        if let Err(reason) = Transport::parse(&mail_url) {
            read.errors.push(format!("BALIE_MAIL_URL: {reason}"));
        }
        // A URL holds a password: the place of a wrong one is told, not its text.
        for (at, url) in config.mailboxes.iter().enumerate() {
            if let Err(reason) = Inbox::parse(url) {
                read.errors.push(format!("BALIE_MAILBOXES: number {}: {reason}", at + 1));
            }
        }
        let mut names: Vec<String> = config.mailboxes.iter().filter_map(|url| Inbox::parse(url).ok()).map(|inbox| inbox.name()).collect();
        names.sort_unstable();
        for pair in names.windows(2).filter(|pair| pair[0] == pair[1]) {
            read.errors.push(format!("BALIE_MAILBOXES: {} is there twice", pair[0]));
        }
        if let Err(reason) = config.signer() {
            read.errors.push(format!("BALIE_DKIM_KEY: {reason}"));
        }
        if !["text", "json"].contains(&log_format.as_str()) {
            read.errors.push("BALIE_LOG_FORMAT: choose text or json".to_owned());
        }
        if read.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(read.errors)) }
    }

    /// The address people use, without a slash at its end.
    pub fn address(&self) -> String {
        self.base_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The mail as it is set.
    ///
    /// # Errors
    /// Why the way of sending is none; [`Config::read`] has refused that already.
    pub fn mail(&self) -> Result<Arc<Mail>, String> {
        let settings = Settings {
            sender: self.mail_from.clone(),
            base_url: self.address(),
            attach_bytes: u64::from(self.mail_attach_kib) << 10,
            max_mebibytes: self.max_mail_mib,
            relay: self.mail_relay.clone(),
            inboxes: self.mailboxes.iter().map(|url| Inbox::parse(url)).collect::<Result<_, _>>()?,
            signer: self.signer()?,
        };
        Ok(Mail::new(settings, Transport::parse(&self.mail_url)?))
    }

    fn signer(&self) -> Result<Option<Signer>, String> {
        let Some(path) = &self.dkim_key else { return Ok(None) };
        let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Signer::new(&self.dkim_selector, &pem).map(Some)
    }

    /// The provider at which people log in, with the address they come back to.
    pub fn provider(&self) -> Option<ProviderSettings> {
        self.oidc.clone().map(|settings| ProviderSettings { base_url: self.address(), ..settings })
    }

    /// Whether people come over HTTPS.
    pub fn is_secure(&self) -> bool {
        self.base_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }
}

struct Reading<'a> {
    errors: Vec<String>,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Reading<'_> {
    fn text(&self, variable: &str, file: Option<String>, default: &str) -> String {
        (self.variable)(variable).or(file).unwrap_or_else(|| default.to_owned()).trim().to_owned()
    }

    /// What of one's own network may be asked.
    fn internal_hosts(&mut self, file: Option<Vec<String>>) -> Vec<Internal> {
        let named = (self.variable)("BALIE_INTERNAL_HOSTS").map(|text| text.split_whitespace().map(str::to_owned).collect()).or(file);
        let read =
            |text: &String| text.parse().map_err(|()| format!("BALIE_INTERNAL_HOSTS: {text:?} is no host, address or network, such as 10.1.0.0/16"));
        let (right, wrong): (Vec<_>, Vec<_>) = named.unwrap_or_default().iter().map(read).partition(Result::is_ok);
        self.errors.extend(wrong.into_iter().filter_map(Result::err));
        right.into_iter().filter_map(Result::ok).collect()
    }

    /// The address people use, where it is said.
    fn base_url(&mut self, file: Option<String>) -> Option<String> {
        let text = self.text("BALIE_BASE_URL", file, "");
        if text.is_empty() {
            return None;
        }
        addresses::base_url(&text).map_err(|reason| self.errors.push(format!("BALIE_BASE_URL: {reason}"))).ok()
    }

    fn address(&mut self, variable: &str, text: &str) -> SocketAddr {
        text.parse().unwrap_or_else(|_| {
            self.errors.push(format!("{variable}: {text:?} is no address and port, such as 127.0.0.1:3000"));
            SocketAddr::from(([127, 0, 0, 1], 3000))
        })
    }

    fn number(&mut self, variable: &str, file: Option<i64>, default: i64, allowed: std::ops::RangeInclusive<i64>) -> i64 {
        let value = match (self.variable)(variable) {
            Some(text) => text.trim().parse().ok(),
            None => Some(file.unwrap_or(default)),
        };
        value.filter(|n| allowed.contains(n)).unwrap_or_else(|| {
            self.errors.push(format!("{variable}: choose a number from {} to {}", allowed.start(), allowed.end()));
            default
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        Config::read(text, variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[tokio::test]
    async fn nothing_set_gives_the_embedded_default() {
        let config = read("", &[]).unwrap();
        assert_eq!((config.listen.port(), config.database.as_str(), config.is_secure()), (3000, "sqlite:data/balie.db", false));
    }

    #[tokio::test]
    async fn the_environment_wins_over_the_file() {
        let config = read("listen = \"0.0.0.0:80\"\nmax_upload_mib = 5", &[("BALIE_LISTEN", "127.0.0.1:81"), ("BALIE_METRICS_LISTEN", "")]).unwrap();
        assert_eq!((config.listen.port(), config.max_upload_mib, config.metrics_listen), (81, 5, None));
    }

    #[tokio::test]
    async fn every_error_is_said_at_once() {
        let wrong = [
            ("BALIE_LISTEN", "here"),
            ("BALIE_DATABASE", "mysql://x"),
            ("BALIE_MAX_UPLOAD_MIB", "many"),
            ("BALIE_BASE_URL", "help"),
            ("BALIE_LOG_FORMAT", "xml"),
            ("BALIE_MAIL_FROM", "nobody"),
            ("BALIE_MAIL_URL", "mail.example"),
            ("BALIE_LISTNE", "1"),
            ("BALIE_MAILBOXES", "imaps://a:b@x imaps://nobody"),
            ("BALIE_DKIM_KEY", "/nowhere"),
            ("BALIE_OIDC_ISSUER", "login.example"),
            ("BALIE_OIDC_ROLES", "it=boss"),
            ("BALIE_INTERNAL_HOSTS", "pager.intern http://other.intern"),
            ("BALIE_OIDC_VOUCHED_DOMAINS", "*"),
        ];
        let ConfigErrors(errors) = read("trusted_proxies = 99\n", &wrong).unwrap_err();
        assert_eq!(errors.len(), 16, "{errors:#?}");
        assert!(read("colour = 1", &[]).is_err());
    }
}
