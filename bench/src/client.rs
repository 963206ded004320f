//! An HTTP/1.1 client that costs next to nothing: it shares the machine with the server it measures.
//!
//! Invariant: it speaks to this machine only.

use crate::Outcome;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes longer; a server that hangs must not hang the measurement.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes asked of the socket at once.
const CHUNK: usize = 64 << 10;
/// Largest head of an answer, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// What answers: `http://127.0.0.1:3000`.
#[derive(Debug, Clone)]
pub struct Target {
    /// The URL without a path.
    pub url: String,
    /// Where that is.
    pub address: SocketAddr,
}

impl Target {
    /// Takes a URL of this machine; refuses any other.
    pub fn parse(url: &str) -> Outcome<Self> {
        let url = url.trim_end_matches('/');
        let host = url.strip_prefix("http://").ok_or_else(|| format!("{url}: begin with http://"))?;
        let address: SocketAddr = host
            .replace("localhost", "127.0.0.1")
            .parse()
            .map_err(|_| format!("{url}: not an address with a port, such as http://127.0.0.1:3000"))?;
        if !address.ip().is_loopback() {
            return Err(format!("{url}: measurements are made on this machine only").into());
        }
        Ok(Self { url: url.to_owned(), address })
    }

    fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// A GET request.
    pub fn get(&self, path: &str, cookie: &str, accept: &str) -> Vec<u8> {
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\nCookie: {cookie}\r\n\r\n", self.host()).into_bytes()
    }

    /// The head of a POST request, as a page of the same site sends it.
    pub fn post_head(&self, path: &str, cookie: &str, accept: &str, content_type: &str, length: u64) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nSec-Fetch-Site: same-origin\r\nAccept: {accept}\r\nCookie: {cookie}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n",
            self.host(),
            self.url
        )
    }

    /// A form that is posted.
    pub fn post(&self, path: &str, cookie: &str, accept: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let body = body.join("&");
        let mut request = self.post_head(path, cookie, accept, "application/x-www-form-urlencoded", body.len() as u64).into_bytes();
        request.extend_from_slice(body.as_bytes());
        request
    }
}

/// An answer, without its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Answer {
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    pub location: Option<String>,
    /// The first cookie that is set, as it is sent back.
    pub cookie: Option<String>,
}

impl Answer {
    /// Whether it is what was asked for.
    pub fn is_right(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// How the end of a body is found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Body {
    Length(u64),
    Chunks(Chunks),
}

/// A kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(target: &Target) -> io::Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(target.address)).await??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(CHUNK) })
    }

    /// Asks, and gives the answer without its body.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.write(request).await?;
        self.answer(None).await
    }

    /// Asks, and gives the answer with its body.
    pub async fn ask_whole(&mut self, request: &[u8]) -> io::Result<(Answer, Vec<u8>)> {
        self.write(request).await?;
        let mut body = vec![];
        let answer = self.answer(Some(&mut body)).await?;
        Ok((answer, body))
    }

    /// Writes a piece of a request.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await?
    }

    /// Reads the answer to what was written.
    pub async fn answer(&mut self, mut keep: Option<&mut Vec<u8>>) -> io::Result<Answer> {
        let (mut answer, mut body) = self.head().await?;
        loop {
            let done = match &mut body {
                Body::Length(left) => {
                    let here = (self.buffer.len() as u64).min(*left) as usize;
                    if let Some(keep) = &mut keep {
                        keep.extend_from_slice(&self.buffer[..here]);
                    }
                    self.buffer.drain(..here);
                    answer.bytes += here as u64;
                    *left -= here as u64;
                    *left == 0
                }
                Body::Chunks(chunks) => {
                    let used = chunks.read(&self.buffer, |piece| {
                        answer.bytes += piece.len() as u64;
                        if let Some(keep) = &mut keep {
                            keep.extend_from_slice(piece);
                        }
                    })?;
                    self.buffer.drain(..used);
                    chunks.is_over()
                }
            };
            if done {
                return Ok(answer);
            }
            self.more().await?;
        }
    }

    async fn head(&mut self) -> io::Result<(Answer, Body)> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let read = head(&self.buffer[..end]);
                self.buffer.drain(..end + 4);
                return read;
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(wrong("a head without end"));
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        self.buffer.reserve(CHUNK);
        match timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Asks for a stream, and gives what is written to it from then on.
    pub async fn into_stream(mut self, request: &[u8]) -> io::Result<Pieces> {
        self.write(request).await?;
        match self.head().await? {
            (Answer { status: 200, .. }, Body::Chunks(chunks)) => Ok(Pieces { connection: self, chunks }),
            (answer, _) => Err(wrong(&format!("no stream, but {}", answer.status))),
        }
    }
}

/// The pieces of an answer without end.
#[derive(Debug)]
pub struct Pieces {
    connection: Connection,
    chunks: Chunks,
}

impl Pieces {
    /// Waits for the next piece, for as long as it takes; `false` at the end.
    pub async fn next(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<bool> {
        let Connection { stream, buffer } = &mut self.connection;
        let used = self.chunks.read(buffer, &mut take)?;
        buffer.drain(..used);
        if self.chunks.is_over() {
            return Ok(false);
        }
        // A thousand streams share what memory there is: each keeps only what it has not read.
        buffer.reserve(4 << 10);
        Ok(stream.read_buf(buffer).await? > 0)
    }
}

fn head(bytes: &[u8]) -> io::Result<(Answer, Body)> {
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("a head that is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(|| wrong("no status"))?;
    let (mut answer, mut body) = (Answer { status, ..Answer::default() }, None);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            body = Some(Body::Length(value.parse().map_err(|_| wrong("a length that is no number"))?));
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Some(Body::Chunks(Chunks::default()));
        } else if name.eq_ignore_ascii_case("location") {
            answer.location = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("set-cookie") && answer.cookie.is_none() {
            answer.cookie = value.split(';').next().map(str::to_owned);
        }
    }
    let empty = status == 204 || status == 304;
    let body = if empty { Body::Length(0) } else { body.ok_or_else(|| wrong("an answer of unknown length"))? };
    Ok((answer, body))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Takes the frames of chunked transfer coding off (RFC 9112, 7.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunks {
    left: usize,
    /// Whether the line that ends a chunk is still to come.
    ending: bool,
    over: bool,
}

impl Chunks {
    /// Whether the last chunk was read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Gives what is inside; says how many bytes were used up.
    pub fn read(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) -> io::Result<usize> {
        let mut at = 0;
        while !self.over {
            if self.left > 0 {
                let here = self.left.min(bytes.len() - at);
                if here == 0 {
                    break;
                }
                take(&bytes[at..at + here]);
                self.left -= here;
                self.ending = self.left == 0;
                at += here;
                continue;
            }
            let Some(end) = bytes[at..].windows(2).position(|w| w == b"\r\n") else { break };
            let line = &bytes[at..at + end];
            if self.ending {
                (self.ending, at) = (false, at + end + 2);
                continue;
            }
            let digits = std::str::from_utf8(line).ok().and_then(|l| l.split(';').next()).map(str::trim);
            let size = digits.and_then(|d| usize::from_str_radix(d, 16).ok()).ok_or_else(|| wrong("a chunk without a size"))?;
            if size == 0 && bytes.len() < at + end + 4 {
                break;
            }
            at += end + 2;
            if size == 0 {
                // No server of ours sends trailers: an empty line follows.
                (self.over, at) = (true, at + 2);
            }
            self.left = size;
        }
        Ok(at)
    }
}

/// A form's text in a request (WHATWG URL, application/x-www-form-urlencoded).
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn only_this_machine_is_measured() {
        assert!(
            Target::parse("http://127.0.0.1:3000/").is_ok()
                && Target::parse("http://[::1]:1").is_ok()
                && Target::parse("http://localhost:80").is_ok()
        );
        for elsewhere in ["http://10.0.0.1:3000", "https://127.0.0.1:1", "http://example.com:80", "http://0.0.0.0:1", "127.0.0.1:1"] {
            assert!(Target::parse(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn chunks_may_be_cut_anywhere() {
        let whole = b"4\r\nWiki\r\n7;x=y\r\npedia i\r\nB\r\nn \r\nchunks.\r\n0\r\n\r\n";
        for step in 1..=whole.len() {
            let (mut chunks, mut out, mut held) = (Chunks::default(), vec![], vec![]);
            for piece in whole.chunks(step) {
                held.extend_from_slice(piece);
                let used = chunks.read(&held, |bytes| out.extend_from_slice(bytes)).unwrap();
                held.drain(..used);
            }
            assert!(chunks.is_over() && held.is_empty(), "{step}");
            assert_eq!(out, b"Wikipedia in \r\nchunks.", "{step}");
        }
    }

    #[test]
    fn a_form_is_encoded_as_a_browser_does() {
        assert_eq!(encoded("a b&c=é@"), "a+b%26c%3D%C3%A9%40");
    }
}
