//! A PostgreSQL server of the tests' own, in a temporary folder on a free port. It ends with the program that started it.

#![allow(clippy::expect_used, reason = "a test that cannot get its database has failed")]

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running server.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: u16,
    running: Mutex<Option<Child>>,
}

impl Server {
    /// Makes a data folder and starts the server. PostgreSQL refuses to run as root, so root starts it as the user `postgres`.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("balie-pg-").tempdir_in("/tmp").expect("a temporary folder");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let data = folder.path().join("data");
        run(as_postgres("initdb").args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]).arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let server = Self { folder, port, running: Mutex::new(None) };
        server.resume();
        server
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops it at once, cutting every connection, as a restart does.
    pub fn stop(&self) {
        if let Some(mut child) = self.running.lock().expect("no test panicked here").take() {
            if let Some(mut stdin) = child.stdin.take() {
                stdin.write_all(b"stop\n").expect("PostgreSQL's shell listens");
            }
            child.wait().expect("PostgreSQL ends");
        }
    }

    /// Starts it again on the same data and port.
    pub fn resume(&self) {
        let postgres = bin("postgres");
        let options = format!(
            "-D {data} -p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB",
            data = self.folder.path().join("data").display(),
            port = self.port
        );
        // The shell waits for a line, which stops the server, or for its input to end, which it does when the test program ends however that comes about:
        // then the data goes too.
        let script = format!(
            "{} {options} >>{folder}/log 2>&1 & pid=$!; read -r _; asked=$?; kill -INT $pid; wait $pid; [ $asked = 0 ] || rm -rf {folder}",
            postgres.display(),
            folder = self.folder.path().display()
        );
        let mut shell = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh", "-c", &script]);
            command
        } else {
            let mut command = Command::new("sh");
            command.args(["-c", &script]);
            command
        };
        let child = shell.current_dir("/tmp").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("PostgreSQL starts");
        *self.running.lock().expect("no test panicked here") = Some(child);
        let begun = Instant::now();
        while !as_postgres("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status().is_ok_and(|s| s.success()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

fn bin(name: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os("BALIE_PG_BIN") {
        return Path::new(&folder).join(name);
    }
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|v| v.path().join("bin").join(name));
    debian.filter(|p| p.exists()).max().unwrap_or_else(|| PathBuf::from(name))
}

fn as_postgres(program: &str) -> Command {
    let mut command = Command::new(if is_root() { PathBuf::from("runuser") } else { bin(program) });
    if is_root() {
        command.args(["-u", "postgres", "--"]).arg(bin(program));
    }
    command.current_dir("/tmp").stdout(Stdio::null());
    command
}

fn run(command: &mut Command) {
    let done = command.output().expect("the program is there: set BALIE_PG_BIN to PostgreSQL's bin folder");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
