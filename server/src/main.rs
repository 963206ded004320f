//! `balie`: one executable with commands.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]

use clap::{Args, Parser, Subcommand};
use desk::accounts::Newcomer;
use domain::accounts::Role;
use server::assets::Embedded;
use server::config::Config;
use server::log;
use server::serve::{open_desk, pages, serve};
use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

/// A page is thousands of small pieces of text: with the system's allocator a fifth of a request is spent there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The files of the build that the pages load.
#[cfg(feature = "embedded")]
static SITE: Embedded = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site.rs"));
#[cfg(not(feature = "embedded"))]
static SITE: Embedded = &[];

#[derive(Parser)]
#[command(name = "balie", about = "Balie: a helpdesk with a portal for customers and a live board for staff", version)]
struct Command {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Serve the pages; brings the database up to date first (the default)
    Serve,
    /// Bring the database up to date, and stop
    Migrate,
    /// Fill an empty database with demo data, and print the accounts
    Demo(Demo),
    /// People with an account
    #[command(subcommand)]
    User(User),
    /// E-mail
    #[command(subcommand)]
    Mail(Mail),
    /// Check the configuration and the connections
    Check,
}

#[derive(Subcommand)]
enum Mail {
    /// Keep a mail from standard input, for a mail server's pipe; who serves reads it
    Ingest(Ingest),
}

#[derive(Args)]
struct Ingest {
    /// The department that new tickets go to; the first where none is named
    #[arg(long, default_value = "")]
    department: String,
    /// Lets in people without an account: the organisation they are in; made where it is new
    #[arg(long)]
    strangers: Option<String>,
}

/// A failure that a mail server understands by its number (sysexits.h).
#[derive(Debug)]
struct Exit(u8, String);

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.1)
    }
}

impl Error for Exit {}

/// The mail is refused for good: EX_DATAERR.
const REFUSED: u8 = 65;
/// The mail is to be handed over again later: EX_TEMPFAIL.
const LATER: u8 = 75;

#[derive(Args)]
struct Demo {
    /// Do nothing, successfully, where there is data already
    #[arg(long)]
    if_empty: bool,
}

#[derive(Subcommand)]
enum User {
    /// Add a person; the password is read from BALIE_PASSWORD or asked for
    Add(Add),
    /// List everyone: address, role, organisation, whether they can log in
    List,
    /// Disable an account: it cannot log in any more, and its sessions end
    Disable(Whose),
    /// Enable an account again
    Enable(Whose),
    /// Give an account another password, read from BALIE_PASSWORD or asked for; its sessions end
    Reset(Reset),
}

#[derive(Args)]
struct Reset {
    #[arg(long)]
    email: String,
    /// Take the second step away too: the app, its recovery codes and the passkeys
    #[arg(long)]
    factors: bool,
}

#[derive(Args)]
struct Whose {
    #[arg(long)]
    email: String,
}

#[derive(Args)]
struct Add {
    #[arg(long)]
    email: String,
    #[arg(long)]
    name: String,
    /// customer, agent, lead or admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// A customer's organisation; made where it is new
    #[arg(long)]
    organisation: Option<String>,
    /// A contact of their organisation
    #[arg(long)]
    key_user: bool,
}

fn role(word: &str) -> Result<Role, String> {
    Role::from_word(word).ok_or_else(|| "choose customer, agent, lead or admin".to_owned())
}

/// How long what still runs is waited for, and the last lines of the log.
const LAST: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    // Variables of the command alone, which are no settings.
    let (command, password) = (Command::parse(), std::env::var("BALIE_PASSWORD").ok());
    let (log, config) = match begin() {
        Ok(begun) => begun,
        Err(error) => return failed(&error),
    };
    let done = runtime.block_on(run(command, config, password));
    // A thread that hangs must not hold up the end.
    runtime.shutdown_timeout(LAST);
    log.flush(LAST);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            failed(&error);
            error.downcast_ref::<Exit>().map_or(ExitCode::FAILURE, |exit| ExitCode::from(exit.0))
        }
    }
}

fn begin() -> Result<(log::Log, Config), Box<dyn Error>> {
    let config = Config::load()?;
    Ok((log::start(&config)?, config))
}

/// Says what was wrong, for the person at the terminal: the log may not be on.
fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "balie: {error}");
    ExitCode::FAILURE
}

async fn run(command: Command, config: Config, password: Option<String>) -> Result<(), Box<dyn Error>> {
    match command.what.unwrap_or(What::Serve) {
        What::Serve => serve(config, SITE).await,
        What::Migrate => Ok(open_desk(&config).await?.store().migrate().await?),
        What::Demo(demo) => fill(&config, demo.if_empty).await,
        What::User(User::Add(add)) => add_user(&config, add, password).await,
        What::User(User::List) => list_users(&config).await,
        What::User(User::Disable(whose)) => change_user(&config, &whose, async |desk| desk::accounts::disable(desk, &whose.email, true).await).await,
        What::User(User::Enable(whose)) => change_user(&config, &whose, async |desk| desk::accounts::disable(desk, &whose.email, false).await).await,
        What::User(User::Reset(reset)) => {
            let (password, whose) = (ask_password(password)?, Whose { email: reset.email });
            change_user(&config, &whose, async |desk| desk::accounts::reset_password(desk, &whose.email, &password, reset.factors).await).await
        }
        What::Mail(Mail::Ingest(ingest)) => take_in(&config, &ingest).await,
        What::Check => check(&config).await,
    }
}

async fn fill(config: &Config, if_empty: bool) -> Result<(), Box<dyn Error>> {
    let desk = open_desk(config).await?;
    desk.store().migrate().await?;
    let mut out = std::io::stdout();
    if desk::demo::is_empty(&desk).await? {
        desk::demo::fill(&desk, |done, all| {
            let _ = write!(std::io::stdout(), "\r  {done} of {all} tickets");
            let _ = std::io::stdout().flush();
        })
        .await?;
        writeln!(out)?;
    } else if !if_empty {
        return Err("the database has data already; demo data is only for an empty one".into());
    }
    writeln!(out, "Demo accounts, each with the password {}:", desk::demo::PASSWORD)?;
    for account in desk::demo::accounts()? {
        let role = match (account.role, account.key_user) {
            (Role::Customer, true) => "customer, key user",
            (Role::Customer, false) => "customer",
            (staff, _) => staff.word(),
        };
        writeln!(out, "  {:<38} {:<20} {}", account.email, role, account.organisation.unwrap_or_default())?;
    }
    desk.store().close().await;
    Ok(())
}

/// The password of the environment, or one that is typed.
fn ask_password(password: Option<String>) -> Result<String, Box<dyn Error>> {
    if let Some(password) = password {
        return Ok(password);
    }
    write!(std::io::stdout(), "Password: ")?;
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn list_users(config: &Config) -> Result<(), Box<dyn Error>> {
    let desk = open_desk(config).await?;
    desk.store().migrate().await?;
    for account in desk::accounts::everyone(&desk).await? {
        let state = match account.disabled {
            true => "disabled",
            false if store::people::has_joined(desk.store(), account.person.id).await? => "",
            false => "cannot log in yet",
        };
        let organisation = account.person.organisation.map(|organisation| organisation.name).unwrap_or_default();
        writeln!(std::io::stdout(), "{:<40} {:<10} {:<30} {state}", account.person.email, account.person.role.word(), organisation)?;
    }
    desk.store().close().await;
    Ok(())
}

/// Does something to an account, and says what was wrong in words.
async fn change_user(config: &Config, whose: &Whose, change: impl AsyncFnOnce(&desk::Desk) -> desk::Result<()>) -> Result<(), Box<dyn Error>> {
    let desk = open_desk(config).await?;
    desk.store().migrate().await?;
    change(&desk).await.map_err(|error| match error.refusal() {
        Some(domain::Refusal::NotAllowed) => format!("{} is the last admin who can log in", whose.email),
        Some(refusal) if refusal.at(domain::Field::Email).is_some() => format!("nobody has the address {}", whose.email),
        Some(refusal) => app::Problem::Refused(refusal.clone()).sentence(domain::accounts::Language::En),
        None => error.to_string(),
    })?;
    desk.store().close().await;
    writeln!(std::io::stdout(), "done: {}", whose.email)?;
    Ok(())
}

async fn add_user(config: &Config, add: Add, password: Option<String>) -> Result<(), Box<dyn Error>> {
    let password = ask_password(password)?;
    if add.role == Role::Customer && add.organisation.is_none() {
        return Err("a customer needs --organisation".into());
    }
    let desk = open_desk(config).await?;
    desk.store().migrate().await?;
    let new = Newcomer { name: add.name, email: add.email, role: add.role, organisation: add.organisation, key_user: add.key_user, password };
    let id = desk::accounts::add(&desk, &new).await.map_err(|error| match error.refusal() {
        Some(refusal) => app::Problem::Refused(refusal.clone()).sentence(domain::accounts::Language::En),
        None => error.to_string(),
    })?;
    desk.store().close().await;
    writeln!(std::io::stdout(), "added as person {id}")?;
    Ok(())
}

/// Keeps a mail from standard input.
async fn take_in(config: &Config, ingest: &Ingest) -> Result<(), Box<dyn Error>> {
    let later = |error: &dyn std::fmt::Display| Exit(LATER, format!("the mail could not be kept, hand it over again later: {error}"));
    let most = config.max_mail_mib;
    let mut raw = vec![];
    let limit = (u64::from(most) << 20) + 1;
    std::io::stdin().lock().take(limit).read_to_end(&mut raw).map_err(|error| later(&error))?;
    if raw.len() as u64 == limit {
        return Err(Exit(REFUSED, desk::mail::too_large(most).trim_end().to_owned()).into());
    }
    let desk = open_desk(config).await.map_err(|error| later(&error))?;
    let taken =
        desk::mail::take_in(&desk, "pipe", &ingest.department, ingest.strangers.as_deref(), raw).await.map_err(|error| match error.refusal() {
            Some(refusal) => Exit(REFUSED, app::Problem::Refused(refusal.clone()).sentence(domain::accounts::Language::En)),
            None => later(&error),
        });
    desk.store().close().await;
    taken?;
    Ok(())
}

async fn check(config: &Config) -> Result<(), Box<dyn Error>> {
    let desk = open_desk(config).await?;
    desk.store().ping().await?;
    let pending = desk.store().pending_migrations().await?;
    let mut out = std::io::stdout();
    writeln!(out, "configuration: right")?;
    writeln!(out, "database: answers; {pending} migrations to do")?;
    desk.files().try_writing().map_err(|error| format!("files: {} cannot be written: {error}", config.files.display()))?;
    writeln!(out, "files: {} can be written", config.files.display())?;
    pages(SITE)?;
    writeln!(out, "pages: what they load is there")?;
    desk.mail().transport().check().await.map_err(|error| format!("BALIE_MAIL_URL: {error}"))?;
    writeln!(out, "mail: can be handed over")?;
    let settings = &desk.mail().settings;
    if let Some(signer) = &settings.signer {
        writeln!(out, "mail: is signed; DNS has to have these records")?;
        for domain in desk::mail::domains(&desk).await? {
            let (name, text) = signer.record(&domain);
            writeln!(out, "  {name} TXT \"{text}\"")?;
        }
    }
    for inbox in &settings.inboxes {
        inbox.check().await.map_err(|error| format!("BALIE_MAILBOXES: {}: {error}", inbox.name()))?;
        writeln!(out, "mailbox: {} can be read", inbox.name())?;
    }
    desk.store().close().await;
    Ok(())
}
