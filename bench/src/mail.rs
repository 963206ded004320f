//! Mail: taking in and reading many mails, draining a queue of deliveries to a mail server here, and how long an event takes until its mail is handed over.
//!
//! All of it in this process, on a database and a folder of its own, through the desk's own functions; the mail server is a sink of a few lines that takes everything.

use crate::memory::Sampler;
use crate::report::{self, Bar, Figure, Latencies};
use crate::{Outcome, seed};
use clap::Args;
use desk::attachments::Files;
use desk::mail::{Mail, Mailbox, Settings, Source, Transport, ingest, receive};
use desk::tickets::open;
use desk::{Clock, Desk, accounts, notifications};
use domain::accounts::{EmailAddress, Role};
use domain::tickets::TicketForm;
use domain::time::{Moment, Span};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use store::accounts::NewPerson;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How much mail.
#[derive(Debug, Clone, Args)]
pub struct Many {
    /// Mails to take in.
    #[arg(long, default_value_t = 10_000)]
    pub mails: usize,
    /// The size of each, in KiB.
    #[arg(long, default_value_t = 50)]
    pub kib: usize,
    /// The size of one large mail, in MiB.
    #[arg(long, default_value_t = 40)]
    pub large_mib: usize,
    /// Events whose mails are timed.
    #[arg(long, default_value_t = 300)]
    pub events: usize,
}

/// Mails of one sender in an hour are bounded, so there are as many senders as it takes.
const MAILS_EACH: usize = 20;
/// Members of the department, each of whom is told of a ticket that nobody has.
const STAFF: usize = 9;
/// Mails handed over at once.
const AT_ONCE: usize = 8;
const PASSWORD: &str = "een lange zin";

/// Measures mail and holds it against the bars.
pub async fn many(args: &Many) -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("balie-bench-mail-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(args, &folder).await;
    std::fs::remove_dir_all(&folder)?;
    eprintln!("{}", report::table(&measured?));
    Ok(())
}

async fn measure(args: &Many, folder: &std::path::Path) -> Outcome<Vec<Figure>> {
    let store = seed::connect(&format!("sqlite:{}", folder.join("balie.db").display())).await?;
    let sink = Sink::start().await?;
    let settings = Settings {
        sender: Mailbox { name: "Bench".into(), address: "support@bench.example".into() },
        max_mebibytes: args.large_mib as u32 + 20,
        ..Settings::default()
    };
    let transport = Transport::parse(&format!("smtp://127.0.0.1:{}?connections=32", sink.port))?;
    let clock = Clock::fixed(Moment(1_795_000_000_000));
    let desk = Desk::open(store, Files::open(&folder.join("files"), 100)?, clock.clone()).with_mail(Mail::new(settings.clone(), transport));
    people(&desk, args.mails.div_ceil(MAILS_EACH)).await?;

    let pid = std::process::id();
    let mut figures = Told(vec![]);
    // Made beforehand, so that making them is not measured; what they take is there before.
    let padding = "Regel met woorden uit het logboek van vandaag.\r\n".repeat(args.kib * 1_024 / 2 / 48);
    let begun = Instant::now();
    let sampler = Sampler::start(pid)?;
    let taking = take_in(&desk, args, &padding);
    let reading = async {
        let mut read = 0;
        while read < args.mails {
            match ingest::once(&desk).await? {
                0 => tokio::time::sleep(Duration::from_millis(5)).await,
                some => read += some,
            }
        }
        Ok::<_, desk::Error>(())
    };
    let (taken, read) = tokio::join!(taking, reading);
    let taken = taken?;
    read?;
    let seconds = begun.elapsed().as_secs_f64();
    let (_, aside) = store::mail::counts(desk.store()).await?;
    if aside > 0 {
        return Err(format!("{aside} mails were set aside").into());
    }
    figures.push(Figure::new(format!("mails of {} KiB taken in and read", args.kib), args.mails as f64 / seconds, "/s", Some(Bar::AtLeast(200.0))));
    figures.push(Figure::new("of these: acknowledged", args.mails as f64 / taken, "/s", None));
    figures.push(Figure::new("memory meanwhile, more than before", sampler.stop().growth(), "MiB", None));

    let sampler = Sampler::start(pid)?;
    let begun = Instant::now();
    let raw = mail(0, "Groot", &"U2FsdXQ=\r\n".repeat(args.large_mib * (1 << 20) / 10), "application/zip; name=groot.zip");
    let size = raw.len() as f64 / f64::from(1 << 20);
    receive(&desk, &source(), raw).await?;
    ingest::once(&desk).await?;
    figures.push(Figure::new(format!("a mail of {size:.0} MiB"), begun.elapsed().as_secs_f64(), "s", None));
    figures.push(Figure::new("memory meanwhile, in times its size", sampler.stop().growth() / size, "", None));

    let begun = Instant::now();
    while notifications::advance(&desk).await? > 0 {}
    let told = begun.elapsed().as_secs_f64();
    clock.advance(Span::seconds(5));
    let waiting = store::notifications::waiting(desk.store()).await?;
    figures.push(Figure::new("notices written", waiting as f64 / told, "/s", None));
    let begun = Instant::now();
    while desk::mail::once(&desk).await? > 0 {}
    let seconds = begun.elapsed().as_secs_f64();
    let left = store::notifications::waiting(desk.store()).await?;
    if left > 0 {
        return Err(format!("{left} of {waiting} mails were not taken").into());
    }
    figures.push(Figure::new(format!("queue of {waiting} mails drained by SMTP"), waiting as f64 / seconds, "/s", Some(Bar::AtLeast(500.0))));

    let live = Desk::open(desk.store().clone(), Files::open(&folder.join("files"), 100)?, Clock::System)
        .with_mail(Mail::new(settings, Transport::parse(&format!("smtp://127.0.0.1:{}?connections=32", sink.port))?));
    let summary = handed_over(&live, &sink, args.events).await?.summary();
    figures.push(Figure::new("event to mail handed over, p99", summary.p99_ms / 1_000.0, "s", Some(Bar::AtMost(2.0))));
    Ok(figures.0)
}

/// Figures, each said as soon as it is there: all of it takes minutes.
struct Told(Vec<Figure>);

impl Told {
    fn push(&mut self, figure: Figure) {
        eprintln!("{}: {:.2} {}", figure.what, figure.value, figure.unit);
        self.0.push(figure);
    }
}

fn source() -> Source<'static> {
    Source { name: "bench", key: None, department: None, strangers: None }
}

fn address(customer: usize) -> String {
    format!("klant{customer}@bench.example")
}

fn mail(customer: usize, subject: &str, filling: &str, kind: &str) -> Vec<u8> {
    format!(
        "From: Klant <{}>\r\nTo: support@bench.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}.{customer}@bench.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=G\r\n\r\n--G\r\nContent-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\nContent-Type: text/plain\r\n\r\nDag, het lukt niet.\r\n\r\n\
         Op ma 3 mrt. 2025 om 10:12 schreef Sanne <s@x.nl>:\r\n> Is het nu goed?\r\n\r\n--A\r\nContent-Type: text/html\r\n\r\n<div>Dag, het lukt niet.</div><blockquote type=cite>Is het nu goed?</blockquote>\r\n\
         --A--\r\n--G\r\nContent-Type: {kind}\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: {}\r\n\r\n{filling}\r\n--G--\r\n",
        address(customer),
        if kind.starts_with("text") { "7bit" } else { "base64" },
    )
    .into_bytes()
}

async fn people(desk: &Desk, customers: usize) -> Outcome<()> {
    let hash = accounts::hash_password(PASSWORD).await?;
    let change = desk.store().begin().await?;
    let department = store::departments::add(&change, "Dataduiker", false, false, 0).await?;
    let organisation = store::organisations::add(&change, "Bench", &[], desk.now()).await?;
    let person = |email: &str, role: Role, organisation| -> Outcome<NewPerson> {
        Ok(NewPerson {
            name: "Bench".into(),
            email: EmailAddress::parse(email).ok_or("the address is none")?,
            role,
            organisation,
            key_user: false,
            password_hash: Some(hash.clone()),
            time_zone: desk::zones::DEFAULT.into(),
        })
    };
    for customer in 0..customers {
        store::accounts::add_person(&change, &person(&address(customer), Role::Customer, Some(organisation))?, desk.now()).await?;
    }
    for agent in 0..STAFF {
        let agent = store::accounts::add_person(&change, &person(&format!("agent{agent}@bench.example"), Role::Agent, None)?, desk.now()).await?;
        store::departments::join(&change, department, agent).await?;
    }
    Ok(change.commit().await?)
}

/// Hands the mails over, several at once; gives the seconds that took.
async fn take_in(desk: &Desk, args: &Many, padding: &str) -> Outcome<f64> {
    let begun = Instant::now();
    let mut running: JoinSet<desk::Result<()>> = JoinSet::new();
    for n in 0..args.mails {
        while running.len() >= AT_ONCE {
            running.join_next().await.transpose()?.transpose()?;
        }
        // A text of its own each, and as much again in an attachment.
        let raw = mail(n / MAILS_EACH, &format!("Mail {n}"), &format!("{n}\r\n{padding}{padding}"), "text/plain; name=logboek.txt");
        let desk = desk.clone();
        running.spawn(async move { receive(&desk, &source(), raw).await.map(|_| ()) });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// How long it takes from a ticket that was opened until the mail about it was handed over.
async fn handed_over(desk: &Desk, sink: &Sink, events: usize) -> Outcome<Latencies> {
    let each = || desk.clone();
    let (following, telling, sending) = (each(), each(), each());
    let loops = [
        tokio::spawn(async move { desk::live::follow(&following).await }),
        tokio::spawn(async move { desk::workers::run(&telling, notifications::worker()).await }),
        tokio::spawn(async move { desk::workers::run(&sending, desk::mail::worker()).await }),
    ];
    let token =
        accounts::log_in(desk, &address(0), PASSWORD, &desk::audit::Origin::default()).await?.session().ok_or("a second step is asked for")?;
    let customer = accounts::session(desk, token.as_str()).await?.ok_or("there is no session")?.customer().map_err(|_| "no customer")?;
    let department = accounts::departments(desk).await?.first().ok_or("there is no department")?.named.id.to_string();
    let mut opened = HashMap::new();
    for n in 0..events {
        let form = TicketForm {
            urgency: "low".into(),
            department: department.clone(),
            subject: format!("Tik {n}"),
            description: "x".into(),
            ..Default::default()
        };
        let id = open(desk, &customer, &form, None).await?;
        opened.insert(id.to_string(), Instant::now());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let wanted = events * (STAFF + 1);
    let mut latencies = Latencies::new()?;
    loop {
        let taken = sink.taken();
        let ours: Vec<_> = taken.iter().filter_map(|(ticket, at)| Some(at.duration_since(*opened.get(ticket)?))).collect();
        if ours.len() >= wanted || Instant::now() > deadline {
            if ours.len() < wanted {
                return Err(format!("{} of {wanted} mails came", ours.len()).into());
            }
            ours.iter().for_each(|took| latencies.add(took.as_micros()));
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    loops.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(latencies)
}

/// The number of each ticket that a mail was about, and when it was taken.
type Taken = Arc<Mutex<Vec<(String, Instant)>>>;

/// A mail server that takes everything and keeps nothing.
struct Sink {
    port: u16,
    taken: Taken,
}

impl Sink {
    async fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (port, taken) = (listener.local_addr()?.port(), Taken::default());
        let kept = taken.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, kept.clone()));
            }
        });
        Ok(Self { port, taken })
    }

    fn taken(&self) -> Vec<(String, Instant)> {
        self.taken.lock().map(|taken| taken.clone()).unwrap_or_default()
    }
}

async fn talk(stream: TcpStream, taken: Taken) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 sink\r\n").await?;
    let (mut data, mut ticket) = (false, String::new());
    while let Some(line) = lines.next_line().await? {
        if data {
            if let Some(list) = line.strip_prefix("List-Id: Ticket ") {
                ticket = list.split(' ').next().unwrap_or_default().to_owned();
            }
            if line == "." {
                data = false;
                if let Ok(mut taken) = taken.lock() {
                    taken.push((std::mem::take(&mut ticket), Instant::now()));
                }
                write.write_all(b"250 taken\r\n").await?;
            }
            continue;
        }
        let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        data = word == "DATA";
        let answer: &[u8] = match word.as_str() {
            "EHLO" => b"250 sink\r\n",
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}
