//! The real program: killed under load, stopped with streams and uploads open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Waits, but not for ever.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub struct Balie {
    pub child: Child,
    pub port: u16,
}

impl Balie {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// Starts with more settings, its log in a file of the folder.
    fn start_with(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut started = command(folder);
        started.env("BALIE_LISTEN", format!("127.0.0.1:{port}")).envs(settings.iter().copied()).stderr(log);
        let mut balie = Self { child: started.spawn().unwrap(), port };
        until("Balie serves", || {
            assert!(balie.child.try_wait().unwrap().is_none(), "{}", std::fs::read_to_string(folder.join("log")).unwrap());
            balie.try_ask("GET /readyz", "", "").is_some_and(|(status, _)| status == 200)
        });
        balie
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        Some(stream)
    }

    /// The status and the head of the answer.
    pub fn try_ask(&self, what: &str, cookie: &str, form: &str) -> Option<(u16, String)> {
        let mut stream = self.connect()?;
        write!(
            stream,
            "{what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/html\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
        .ok()?;
        let mut text = String::new();
        BufReader::new(stream).read_to_string(&mut text).ok()?;
        let status = text.split(' ').nth(1)?.parse().ok()?;
        Some((status, text))
    }

    fn log_in(&self) -> String {
        let (status, head) = self.try_ask("POST /api/log_in", "", "email=m.vanloon%40dewaalbouw.example&password=balie-demo").unwrap();
        assert_eq!(status, 303);
        let cookie = head.lines().find(|l| l.to_lowercase().starts_with("set-cookie: balie=")).unwrap();
        cookie[12..].split(';').next().unwrap().to_owned()
    }
}

pub fn command(folder: &Path) -> Command {
    std::fs::create_dir_all(folder.join("site/pkg")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_balie"));
    command
        .current_dir(folder)
        .env("BALIE_DATABASE", format!("sqlite:{}", folder.join("balie.db").display()))
        .env("BALIE_FILES", folder.join("files"))
        .env("BALIE_METRICS_LISTEN", "")
        .env("BALIE_MAIL_URL", format!("file:{}", folder.join("mail").display()))
        .env("LEPTOS_SITE_ROOT", folder.join("site"))
        .env("LEPTOS_OUTPUT_NAME", "balie");
    command
}

fn with_demo() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let filled = command(folder.path()).arg("demo").output().unwrap();
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    folder
}

#[test]
fn what_was_acknowledged_is_there_after_kill_9_under_load() {
    let folder = with_demo();
    let mut balie = Balie::start(folder.path());
    let cookie = balie.log_in();
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(vec![])));
    let mut clients = vec![];
    for client in 0..8 {
        let (stop, acknowledged, cookie) = (stop.clone(), acknowledged.clone(), cookie.clone());
        let port = balie.port;
        clients.push(std::thread::spawn(move || {
            let balie = std::mem::ManuallyDrop::new(Balie { child: Command::new("true").spawn().unwrap(), port });
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let form = format!("urgency=low&department=1&subject=Last+{client}-{n}&description=x&submission=k{client}-{n}");
                if let Some((303, head)) = balie.try_ask("POST /api/open_ticket", &cookie, &form) {
                    let id = head.split("/tickets/").nth(1).unwrap().split('?').next().unwrap().parse::<i64>().unwrap();
                    acknowledged.lock().unwrap().push(id);
                }
            }
        }));
    }
    std::thread::sleep(Duration::from_secs(2));
    balie.child.kill().unwrap();
    balie.child.wait().unwrap();
    stop.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().unwrap());
    is_whole(&folder.path().join("balie.db"));

    let mut balie = Balie::start(folder.path());
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    for id in &acknowledged {
        // The server function, since a page needs the files of a release.
        let (status, text) = balie.try_ask(&format!("GET /files/{}", "a".repeat(32)), &cookie, "").unwrap();
        assert_eq!(status, 404, "the session is there too: {text}");
        let (status, _) = balie.try_ask("POST /api/settle", &cookie, &format!("ticket={id}")).unwrap();
        assert_eq!(status, 303, "ticket {id} was acknowledged");
    }
    balie.child.kill().unwrap();
    balie.child.wait().unwrap();
}

#[test]
fn it_stops_within_five_seconds_with_streams_and_uploads_open() {
    let folder = with_demo();
    let mut balie = Balie::start(folder.path());
    let cookie = balie.log_in();
    let mut stream = balie.connect().unwrap();
    write!(stream, "GET /live?after=0 HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n").unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.contains("200"), "{line}");
    let mut upload = balie.connect().unwrap();
    write!(
        upload,
        "POST /uploads?name=a.zip HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Length: 1000000\r\n\r\nPK\x03\x04"
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(300));

    let begun = Instant::now();
    Command::new("kill").args(["-TERM", &balie.child.id().to_string()]).status().unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    let status = balie.child.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(status.success(), "{status}");
    let left = std::fs::read_dir(folder.path().join("files/incoming")).unwrap().count();
    assert_eq!(left, 0, "nothing of the upload is kept");
}

#[test]
fn the_commands_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = command(folder.path()).args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
        (output.status.success(), format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    };
    let (fine, text) = run(&["check"], &[("BALIE_LISTEN", "nowhere"), ("BALIE_LOG_FORMAT", "xml")]);
    assert!(!fine && text.contains("BALIE_LISTEN") && text.contains("BALIE_LOG_FORMAT"), "{text}");
    assert!(run(&["migrate"], &[]).0);
    let add = ["user", "add", "--email", "a@b.example", "--name", "A", "--role", "agent"];
    let (fine, text) = run(&add, &[("BALIE_PASSWORD", "kort")]);
    assert!(!fine && text.contains("too short"), "{text}");
    assert!(run(&add, &[("BALIE_PASSWORD", "lang genoeg zo")]).0);
    let (fine, text) = run(&add, &[("BALIE_PASSWORD", "lang genoeg zo")]);
    assert!(!fine && text.contains("has an account already"), "{text}");
    assert!(run(&["user", "add", "--email", "b@b.example", "--name", "B", "--role", "admin"], &[("BALIE_PASSWORD", "lang genoeg zo")]).0);
    let (fine, text) = run(&["user", "disable", "--email", "b@b.example"], &[]);
    assert!(!fine && text.contains("last admin"), "{text}");
    let (fine, text) = run(&["user", "disable", "--email", "nobody@b.example"], &[]);
    assert!(!fine && text.contains("nobody has the address"), "{text}");
    assert!(run(&["user", "disable", "--email", "A@B.example"], &[]).0);
    let (fine, text) = run(&["user", "reset", "--email", "b@b.example"], &[("BALIE_PASSWORD", "kort")]);
    assert!(!fine && text.contains("too short"), "{text}");
    assert!(run(&["user", "reset", "--email", "b@b.example"], &[("BALIE_PASSWORD", "een heel andere zin")]).0);
    let (fine, text) = run(&["user", "list"], &[]);
    assert!(fine && text.lines().any(|line| line.starts_with("a@b.example") && line.ends_with("disabled")), "{text}");
    let (fine, text) = run(&["demo"], &[]);
    assert!(!fine && text.contains("data already"), "{text}");
    assert!(run(&["demo", "--if-empty"], &[]).0);
    let (fine, text) = run(&["check"], &[]);
    assert!(fine && text.contains("0 migrations"), "{text}");
}

#[test]
fn an_address_that_would_half_work_is_refused_by_the_check_and_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (address, said) in [
        ("https://sera.example/balie", "leave out the path /balie"),
        ("https://sera.example/?x=1", "leave out what begins with ? or #"),
        ("https://sera example", "there is a blank in it"),
    ] {
        for what in ["check", "serve", "migrate"] {
            let refused = command(folder.path()).arg(what).env("BALIE_BASE_URL", address).output().unwrap();
            let told = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success() && told.contains(&format!("BALIE_BASE_URL: {said}")), "{what} {address}: {told}");
        }
    }
    assert!(!folder.path().join("balie.db").exists(), "nothing was begun");
}

#[test]
fn a_damaged_database_is_said_at_the_start_and_nothing_is_written_over() {
    let folder = with_demo();
    let database = folder.path().join("balie.db");
    let whole = std::fs::read(&database).unwrap();
    for (damaged, said) in
        [(&whole[..whole.len() / 2], "pages are missing"), (&whole[..0], "is empty"), (&b"<html>".repeat(1_000)[..], "no SQLite database")]
    {
        std::fs::write(&database, damaged).unwrap();
        let _ = std::fs::remove_file(folder.path().join("balie.db-wal"));
        for what in ["serve", "check", "migrate", "demo"] {
            let refused = command(folder.path()).arg(what).output().unwrap();
            let told = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success() && told.contains(said) && told.contains("backup"), "{what}: {told}");
            assert!(std::fs::read(&database).unwrap() == damaged, "{what} wrote over it");
        }
    }
    // The log of a process that was killed, with a part in its middle that cannot be read.
    std::fs::write(&database, &whole).unwrap();
    let balie = Balie::start(folder.path());
    let cookie = balie.log_in();
    for n in 0..5 {
        let form = format!("urgency=low&department=1&subject=Regel+{n}&description=x&submission=k{n}");
        assert_eq!(balie.try_ask("POST /api/open_ticket", &cookie, &form).unwrap().0, 303);
    }
    balie.kill();
    let wal = folder.path().join("balie.db-wal");
    let mut log = std::fs::read(&wal).unwrap();
    let at = log.len() / 2;
    log[at] ^= 0x55;
    std::fs::write(&wal, &log).unwrap();
    let refused = command(folder.path()).arg("serve").output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("balie.db-wal is damaged") && told.contains("wal_checkpoint"), "{told}");
    assert!(std::fs::read(&wal).unwrap() == log, "nothing is written over");
    log[at] ^= 0x55;
    std::fs::write(&wal, &log).unwrap();
    Balie::start(folder.path()).kill();
}

#[test]
fn without_a_command_it_serves_and_brings_an_empty_database_up_to_date_first() {
    let folder = tempfile::tempdir().unwrap();
    Balie::start(folder.path()).kill();
    let checked = command(folder.path()).arg("check").output().unwrap();
    assert!(String::from_utf8_lossy(&checked.stdout).contains("0 migrations"), "{checked:?}");
}

#[test]
fn check_fails_where_a_connection_does_and_demo_prints_accounts_that_work() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("no-folder"), "x").unwrap();
    let here = folder.path().display().to_string();
    for (name, value) in [("BALIE_DATABASE", format!("sqlite:{here}")), ("BALIE_FILES", format!("{here}/no-folder"))] {
        let checked = command(folder.path()).arg("check").env(name, value).output().unwrap();
        assert!(!checked.status.success() && String::from_utf8_lossy(&checked.stderr).starts_with("balie: "), "{name}: {checked:?}");
        assert!(name == "BALIE_DATABASE" || String::from_utf8_lossy(&checked.stderr).contains("BALIE_FILES: "), "{checked:?}");
    }
    for (name, value, said) in [("LEPTOS_SITE_ROOT", "nowhere", "LEPTOS_SITE_ROOT"), ("LEPTOS_HASH_FILES", "true", "build the site anew")] {
        for what in ["check", "serve"] {
            let refused = command(folder.path()).arg(what).env(name, value).output().unwrap();
            assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains(said), "{name}: {refused:?}");
        }
    }
    let filled = command(folder.path()).arg("demo").output().unwrap();
    let said = String::from_utf8(filled.stdout).unwrap();
    let emails: Vec<&str> = said.split_whitespace().filter(|word| word.contains('@')).collect();
    assert!(emails.len() >= 10 && said.contains("balie-demo") && said.contains("key user") && said.contains("admin"), "{said}");
    let balie = Balie::start(folder.path());
    for email in emails {
        let form = format!("email={}&password=balie-demo", email.replace('@', "%40"));
        assert_eq!(balie.try_ask("POST /api/log_in", "", &form).unwrap().0, 303, "{email}");
    }
    balie.kill();
}

#[test]
fn metrics_are_on_an_address_of_their_own() {
    let folder = with_demo();
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = other.to_string();
    let mut balie = Balie::start_with(folder.path(), &[("BALIE_METRICS_LISTEN", address.as_str())]);
    let cookie = balie.log_in();
    let mut stream = balie.connect().unwrap();
    write!(stream, "GET /live?after=0 HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n").unwrap();
    let mut line = String::new();
    BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("200"), "{line}");
    assert!(balie.try_ask("GET /metrics", &cookie, "").is_none_or(|(status, _)| status != 200), "not where people come");

    let port = std::mem::replace(&mut balie.port, other.port());
    let (status, text) = balie.try_ask("GET /metrics", "", "").unwrap();
    balie.port = port;
    assert_eq!(status, 200);
    for wanted in [
        "balie_request_seconds_bucket{",
        "route=\"/api/log_in\"",
        "balie_streams_open 1",
        "balie_log_position ",
        "balie_jobs_waiting ",
        "balie_jobs_runs ",
        "balie_database_connections{state=\"busy\"}",
        "balie_database_connections{state=\"open\"}",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    }
    drop(stream);
    balie.kill();
}

#[test]
fn the_log_names_requests_and_never_people() {
    let folder = with_demo();
    let balie = Balie::start_with(folder.path(), &[("BALIE_LOG", "debug"), ("BALIE_LOG_FORMAT", "json")]);
    let cookie = balie.log_in();
    let (mut wrong, typed) = (balie.connect().unwrap(), "email=geheim.adres%40x.example&password=geheim-woord");
    let head = "Host: x\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded";
    write!(wrong, "POST /api/log_in HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{typed}", typed.len()).unwrap();
    let mut refused = String::new();
    wrong.read_to_string(&mut refused).unwrap();
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let form = "urgency=low&department=1&subject=Geheim+onderwerp&description=Geheime+tekst&submission=k";
    let (status, head) = balie.try_ask("POST /api/open_ticket", &cookie, form).unwrap();
    assert_eq!(status, 303);
    balie.try_ask("GET /live/since?after=0&q=geheim-gezocht", &cookie, "").unwrap();
    let request = head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().trim().to_owned();
    balie.kill();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "every line is structured");
    assert!(log.lines().any(|line| line.contains(&request) && line.contains("\"route\":\"/api/open_ticket\"")), "{request} is not in the log");
    let (lower, token) = (log.to_lowercase(), cookie.split('=').nth(1).unwrap());
    for personal in ["geheim", "vanloon", "marieke", "dewaalbouw", "balie-demo", token] {
        assert!(!lower.contains(personal), "{personal} is in the log");
    }
}

#[test]
fn an_upload_under_way_is_refused_in_words_when_it_stops_and_cleared_away_when_it_breaks_off() {
    let folder = with_demo();
    let mut balie = Balie::start(folder.path());
    let cookie = balie.log_in();
    let begin = || {
        let mut upload = balie.connect().unwrap();
        write!(
            upload,
            "POST /uploads?name=a.zip HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Length: 1000000\r\n\r\nPK\x03\x04"
        )
        .unwrap();
        upload
    };
    let incoming = || std::fs::read_dir(folder.path().join("files/incoming")).unwrap().count();
    let wait_for = |many: usize| until("what comes in is cleared away", || incoming() == many);
    let broken = begin();
    wait_for(1);
    drop(broken);
    wait_for(0);

    let mut refused = begin();
    wait_for(1);
    Command::new("kill").args(["-TERM", &balie.child.id().to_string()]).status().unwrap();
    let mut answer = String::new();
    refused.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 5") && answer.contains("{\"Err\":"), "{answer}");
    assert!(balie.child.wait().unwrap().success());
    assert_eq!(incoming(), 0);
}

/// Where the log of the program goes.
#[derive(Debug, Clone, Copy)]
enum Broken {
    /// A pipe whose reader has gone.
    Closed,
    /// A pipe that nobody reads.
    Blocked,
    /// A disk without room.
    Full,
}

#[test]
fn a_log_that_cannot_be_written_ends_and_holds_up_nothing() {
    for broken in [Broken::Closed, Broken::Blocked, Broken::Full] {
        let folder = with_demo();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
        let mut started = command(folder.path());
        started
            .env("BALIE_LISTEN", format!("127.0.0.1:{port}"))
            .env("BALIE_METRICS_LISTEN", metrics.to_string())
            .env("BALIE_LOG", "debug,server=trace,hyper=trace,sqlx=trace")
            .stdout(full());
        let mut child = match broken {
            Broken::Closed | Broken::Blocked => started.stderr(Stdio::piped()).spawn().unwrap(),
            Broken::Full => started.stderr(full()).spawn().unwrap(),
        };
        let log = child.stderr.take();
        let mut balie = Balie { child, port };
        until("Balie serves", || balie.try_ask("GET /readyz", "", "").is_some_and(|(status, _)| status == 200));
        // Held to the end where it is not read, dropped where it is closed.
        let held = log.filter(|_| matches!(broken, Broken::Blocked));
        let cookie = balie.log_in();
        // Far more lines than a pipe holds.
        for n in 0..400 {
            assert_eq!(balie.try_ask(&format!("GET /live/since?after={n}"), &cookie, "").unwrap().0, 200, "{broken:?} {n}");
        }
        let form = "urgency=low&department=1&subject=Nog+steeds&description=x&submission=nog";
        assert_eq!(balie.try_ask("POST /api/open_ticket", &cookie, form).unwrap().0, 303, "{broken:?}");
        until("a mail goes out: the readers of the log and the sender work", || {
            std::fs::read_dir(folder.path().join("mail")).is_ok_and(|mails| mails.count() > 0)
        });
        assert_eq!(balie.try_ask("GET /readyz", "", "").unwrap().0, 200, "{broken:?}");
        let own = std::mem::replace(&mut balie.port, metrics.port());
        let (_, text) = balie.try_ask("GET /metrics", "", "").unwrap();
        balie.port = own;
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{broken:?}: {name} is not in {text}"));
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(value("balie_log_lines_lost") > 0.0 || matches!(broken, Broken::Blocked), "{broken:?}: {text}");
        for worker in
            ["listener", "live", "jobs", "targets", "recompute", "reports", "on_call", "signals", "notifications", "outbox", "inbox", "metrics"]
        {
            assert_eq!(value(&format!("balie_worker_up{{worker=\"{worker}\"}}")), 1.0, "{broken:?}: {worker}");
            assert_eq!(value(&format!("balie_worker_panics{{worker=\"{worker}\"}}")), 0.0, "{broken:?}: {worker}");
        }
        for reader in ["live", "on_call", "notifications", "reports"] {
            assert!(value(&format!("balie_reader_behind_seconds{{reader=\"{reader}\"}}")) < 30.0, "{broken:?}: {reader}");
        }
        let begun = Instant::now();
        Command::new("kill").args(["-TERM", &balie.child.id().to_string()]).status().unwrap();
        let status = balie.child.wait().unwrap();
        assert!(status.success() && begun.elapsed() < Duration::from_secs(5), "{broken:?}: {status} after {:?}", begun.elapsed());
        drop(held);
    }
}

#[test]
fn requests_that_are_cut_off_are_no_clean_end() {
    let folder = with_demo();
    let mut balie = Balie::start(folder.path());
    // A request whose body comes without end, a byte at a time.
    let mut slow = balie.connect().unwrap();
    write!(slow, "POST /api/log_in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nemail=").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    Command::new("kill").args(["-TERM", &balie.child.id().to_string()]).status().unwrap();
    let status = loop {
        let _ = slow.write_all(b"a");
        if let Some(status) = balie.child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < Duration::from_secs(8), "it ends all the same");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(!status.success() && begun.elapsed() < Duration::from_secs(6), "{status} after {:?}", begun.elapsed());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("some requests were cut off"), "{log}");
}

/// Reads the log as a restart will find it: no number missing, and no ticket without its message or its event.
fn is_whole(database: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = store::Store::connect(&format!("sqlite:{}", database.display()), 1).await.unwrap();
        let (mut at, head) = (domain::EventNo(0), store::events::head(&store).await.unwrap());
        let everything = domain::accounts::Scope::system();
        while at < head {
            for heard in store::events::after(&store, at, 500).await.unwrap() {
                assert_eq!(heard.event.n.0, at.0 + 1, "no number is missing");
                at = heard.event.n;
                let (ticket, version) =
                    store::tickets::find(&store, &everything, heard.event.ticket).await.unwrap().expect("no event without its ticket");
                assert!(ticket.messages >= 1 && version >= at, "no half ticket: {ticket:?}");
            }
        }
        let tallied: i64 = store::board::tallies(&store, &everything).await.unwrap().iter().map(|(_, n)| n).sum();
        let filter = domain::board::Filter::default();
        let of = store::board::PageOf { scope: &everything, filter: &filter, sort: Default::default(), ascending: false, from: None, size: 100_000 };
        let cards = store::board::page(&store, &of).await.unwrap().cards;
        assert!(cards.iter().all(|card| card.version.0 > 0) && cards.len() as i64 == tallied, "{} {tallied}", cards.len());
        store.close().await;
    });
}

/// Hands a mail to the pipe; the exit status and what was said.
fn hand_over(mut pipe: Command, raw: &[u8]) -> (i32, String) {
    let mut child = pipe.args(["mail", "ingest"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Where it is refused early, nobody reads on.
    let _ = child.stdin.take().unwrap().write_all(raw);
    let done = child.wait_with_output().unwrap();
    (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn a_mail_server_hands_mails_over_by_a_pipe_and_is_told_what_becomes_of_them() {
    let folder = tempfile::tempdir().unwrap();
    assert!(command(folder.path()).arg("demo").stdout(Stdio::null()).status().unwrap().success());
    let balie = Balie::start(folder.path());
    let cookie = balie.log_in();
    let raw = b"From: m.vanloon@dewaalbouw.example\r\nTo: support@localhost\r\nSubject: Door de pijp\r\n\r\nDag.\r\n";
    assert_eq!(hand_over(command(folder.path()), raw), (0, String::new()));
    until("the mail is a ticket", || balie.try_ask("GET /", &cookie, "").unwrap().1.contains("Door de pijp"));

    let mut small = command(folder.path());
    small.env("BALIE_MAX_MAIL_MIB", "1");
    let (status, said) = hand_over(small, &vec![b'x'; 2 << 20]);
    assert!(status == 65 && said.contains("larger than 1 MiB"), "{status} {said}");
    assert_eq!(hand_over(command(folder.path()), b"").0, 65);
    let mut away = command(folder.path());
    away.env("BALIE_DATABASE", "sqlite:/dev/null/nergens/balie.db");
    let (status, said) = hand_over(away, raw);
    assert!(status == 75 && said.contains("again later"), "{status} {said}");
    balie.kill();
}
