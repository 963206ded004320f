//! The real program: killed under load, stopped with streams and uploads open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Balie {
    child: Child,
    port: u16,
}

impl Balie {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = command(folder).arg("serve").env("BALIE_LISTEN", format!("127.0.0.1:{port}")).stderr(Stdio::null()).spawn().unwrap();
        let balie = Self { child, port };
        let begun = Instant::now();
        while balie.try_ask("GET /readyz", "", "").is_none_or(|(status, _)| status != 200) {
            assert!(begun.elapsed() < Duration::from_secs(20), "Balie starts");
            std::thread::sleep(Duration::from_millis(30));
        }
        balie
    }

    fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        Some(stream)
    }

    /// The status and the head of the answer.
    fn try_ask(&self, what: &str, cookie: &str, form: &str) -> Option<(u16, String)> {
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

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balie"));
    command
        .current_dir(folder)
        .env("BALIE_DATABASE", format!("sqlite:{}", folder.join("balie.db").display()))
        .env("BALIE_FILES", folder.join("files"))
        .env("BALIE_METRICS_LISTEN", "")
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
    assert!(!fine && text.contains("exists already"), "{text}");
    let (fine, text) = run(&["demo"], &[]);
    assert!(!fine && text.contains("data already"), "{text}");
    assert!(run(&["demo", "--if-empty"], &[]).0);
    let (fine, text) = run(&["check"], &[]);
    assert!(fine && text.contains("0 migrations"), "{text}");
}
