//! `http`, `search` and `open`: load on a page, on the search, and on the ticket form.

use crate::client::{Answer, Connection, Target, encoded};
use crate::load::{Load, Measured, Same, Work, run};
use crate::memory::{Peak, Sampler};
use crate::routes::{self, HTML};
use crate::{Outcome, words};
use clap::Args;
use serde::Serialize;
use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whom to ask, as whom.
#[derive(Debug, Clone, Args)]
pub struct Who {
    /// The server, on this machine.
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    pub url: String,
    /// `email:password`; without it, nobody.
    #[arg(long)]
    pub login: Option<String>,
    /// The server's process, to measure its memory.
    #[arg(long)]
    pub pid: Option<u32>,
}

impl Who {
    /// Where it is, and the cookie of a new session.
    pub async fn ready(&self) -> Outcome<(Target, String)> {
        let target = Target::parse(&self.url)?;
        let cookie = match &self.login {
            Some(login) => log_in(&target, login).await?,
            None => String::new(),
        };
        Ok((target, cookie))
    }
}

/// Load on a page.
#[derive(Debug, Clone, Args)]
pub struct Http {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub who: Who,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: Load,
    /// The page.
    #[arg(long, default_value = "/list")]
    pub path: String,
}

/// Load on the search.
#[derive(Debug, Clone, Args)]
pub struct Search {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub who: Who,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: Load,
    /// The page that searches, up to the word: `/list?q=` for staff, `/?q=` for customers.
    #[arg(long, default_value = "/list?q=")]
    pub page: String,
    /// Words, each measured by itself; a common and a rare one unless given.
    #[arg(long)]
    pub word: Vec<String>,
}

/// Load on the ticket form.
#[derive(Debug, Clone, Args)]
pub struct Open {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub who: Who,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub load: Load,
    /// The number of the department the tickets are for.
    #[arg(long, default_value_t = 1)]
    pub department: i64,
    /// Where the numbers of acknowledged tickets are written, one a line, as they are acknowledged.
    #[arg(long)]
    pub acknowledged: Option<PathBuf>,
}

/// What was measured, and the memory it took.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Result {
    pub what: String,
    #[serde(flatten)]
    pub measured: Measured,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Peak>,
}

/// Logs in and gives the cookie.
pub async fn log_in(target: &Target, login: &str) -> Outcome<String> {
    let (email, password) = login.split_once(':').ok_or("--login takes email:password")?;
    let request = target.post(routes::LOG_IN, "", HTML, &[(routes::EMAIL, email), (routes::PASSWORD, password)]);
    let answer = Connection::open(target).await?.ask(&request).await?;
    match answer.cookie {
        Some(cookie) if answer.status < 400 => Ok(cookie),
        _ => Err(format!("logging in as {email} was answered with {}", answer.status).into()),
    }
}

/// Measures a page.
pub async fn http(args: &Http) -> Outcome<Result> {
    let (target, cookie) = args.who.ready().await?;
    page(&target, &cookie, &args.path, &args.load, args.who.pid).await
}

/// Measures a page with a session at hand. The page is asked for once before, and must be right.
pub async fn page(target: &Target, cookie: &str, path: &str, load: &Load, pid: Option<u32>) -> Outcome<Result> {
    let request = target.get(path, cookie, HTML);
    let first = Connection::open(target).await?.ask(&request).await?;
    if first.status != 200 {
        return Err(format!("{path} was answered with {} {}", first.status, first.location.unwrap_or_default()).into());
    }
    let requests = Rc::new(vec![request]);
    let sampler = Sampler::maybe(pid)?;
    let measured = run(target, load, |_| Same::new(requests.clone())).await?;
    Ok(Result { what: path.to_owned(), measured, memory: sampler.map(Sampler::stop) })
}

/// Measures the search, a word at a time.
pub async fn search(args: &Search) -> Outcome<Vec<Result>> {
    let (target, cookie) = args.who.ready().await?;
    let words = if args.word.is_empty() { vec![words::COMMON.to_owned(), words::RARE.to_owned()] } else { args.word.clone() };
    let mut results = vec![];
    for word in words {
        results.push(page(&target, &cookie, &format!("{}{}", args.page, encoded(&word)), &args.load, args.who.pid).await?);
    }
    Ok(results)
}

/// Opens tickets.
pub async fn open(args: &Open) -> Outcome<Result> {
    let (target, cookie) = args.who.ready().await?;
    let file = args.acknowledged.as_ref().map(std::fs::File::create).transpose()?.map(|file| Rc::new(RefCell::new(file)));
    let begun = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let sampler = Sampler::maybe(args.who.pid)?;
    let measured = run(&target, &args.load, |worker| Opening {
        target: target.clone(),
        cookie: cookie.clone(),
        department: args.department.to_string(),
        key: format!("bench-{begun:x}-{worker}"),
        count: 0,
        request: vec![],
        file: file.clone(),
    })
    .await?;
    Ok(Result { what: routes::OPEN.to_owned(), measured, memory: sampler.map(Sampler::stop) })
}

struct Opening {
    target: Target,
    cookie: String,
    department: String,
    key: String,
    count: u64,
    request: Vec<u8>,
    file: Option<Rc<RefCell<std::fs::File>>>,
}

impl Work for Opening {
    fn next(&mut self) -> &[u8] {
        self.count += 1;
        let key = format!("{}-{}", self.key, self.count);
        let subject = format!("Meting {key}");
        self.request = self.target.post(routes::OPEN, &self.cookie, HTML, &routes::open_fields(&self.department, &subject, &key));
        &self.request
    }

    fn answered(&mut self, answer: &Answer) -> bool {
        let Some(ticket) = answer.location.as_deref().and_then(routes::ticket_of) else { return false };
        if let Some(file) = &self.file
            && let Err(error) = writeln!(file.borrow_mut(), "{ticket}")
        {
            eprintln!("an acknowledged ticket could not be written down: {error}");
            return false;
        }
        true
    }
}
