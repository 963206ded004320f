//! A TCP proxy before a server, which can stop to carry bytes without closing anything, as a firewall does that forgot a connection, or a machine that is gone.

#![allow(clippy::expect_used, reason = "a test that cannot get its proxy has failed")]

use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A running proxy; it ends with the runtime of its test.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    /// How often it was silenced: connections that are older carry nothing more.
    silenced: Arc<watch::Sender<u64>>,
}

impl Proxy {
    /// Begins to carry to the server of a database, which is named by its URL on 127.0.0.1.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let (server, silenced) = (port_of(url), Arc::new(watch::Sender::new(0)));
        let proxy = Self { port, silenced: silenced.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(carry(from_client, to_server, silenced.subscribe()));
                tokio::spawn(carry(from_server, to_client, silenced.subscribe()));
            }
        });
        proxy
    }

    /// The URL by which a database is reached through it.
    pub fn url(&self, of: &str) -> String {
        of.replace(&format!(":{}/", port_of(of)), &format!(":{}/", self.port))
    }

    /// Carries nothing more for the connections that there are, and leaves them open; new ones work.
    pub fn silence(&self) {
        self.silenced.send_modify(|times| *times += 1);
    }
}

fn port_of(url: &str) -> u16 {
    url.rsplit_once(':').and_then(|(_, rest)| rest.split('/').next()?.parse().ok()).expect("a URL with a port")
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut silenced: watch::Receiver<u64>) {
    silenced.mark_unchanged();
    let mut bytes = vec![0; 16 << 10];
    loop {
        tokio::select! {
            biased;
            // Both ends stay open, and nobody hears anything.
            _ = silenced.changed() => std::future::pending::<()>().await,
            read = from.read(&mut bytes) => match read {
                Ok(many @ 1..) if to.write_all(&bytes[..many]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}
