//! The real program with few open files, and a crowd that takes them.

use crate::process::{Balie, command, until};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A connection from one of the addresses of this machine, which takes little at a time.
fn from(address: [u8; 4], port: u16) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/html\r\n\r\n")
}

#[test]
fn who_asks_for_files_and_does_not_read_them_keeps_nobody_out_and_no_page_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let settings = command(folder.path());
    std::fs::write(folder.path().join("site/pkg/large.wasm"), vec![0; 16 << 20]).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut few = Command::new("sh");
    few.args(["-c", "ulimit -n 160 && exec \"$0\"", env!("CARGO_BIN_EXE_balie")]).current_dir(folder.path());
    few.envs(settings.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("BALIE_LISTEN", format!("127.0.0.1:{port}")).stderr(log);
    let balie = Balie { child: few.spawn().unwrap(), port };
    until("Balie serves", || balie.try_ask("GET /readyz", "", "").is_some_and(|(status, _)| status == 200));

    let mut silent = vec![];
    for n in 0..200 {
        let mut stream = from([127, 0, 0, 10 + (n / 50) as u8], port);
        // One that is refused may be closed by now.
        let _ = stream.write_all(get("/pkg/large.wasm").as_bytes());
        silent.push(stream);
        if n == 49 {
            // One address has its share and no more: another is let in, and gets a page.
            let mut answer = String::new();
            let mut other = from([127, 0, 0, 2], port);
            other.write_all(get("/log-in").as_bytes()).unwrap();
            other.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("</html>"), "{answer}");
        }
    }
    let open = std::fs::read_dir(format!("/proc/{}/fd", balie.child.id())).unwrap().count();
    assert!(open < 130, "{open} files are open");
    drop(silent);
    until("everyone is let in again", || {
        balie.try_ask("GET /log-in", "", "").is_some_and(|(status, page)| status == 200 && page.contains("</html>"))
    });
    balie.kill();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("panicked") && !log.contains("not taken in"), "{log}");
}
