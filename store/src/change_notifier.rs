//! The notifier: it says that the log has grown, and nothing else. Who hears it reads the log.

use tokio::sync::{broadcast, watch};

/// Rings when something was committed, here or on another node.
#[derive(Debug, Clone)]
pub struct ChangeNotifier {
    grown: watch::Sender<u64>,
    ended: broadcast::Sender<String>,
}

impl Default for ChangeNotifier {
    fn default() -> Self {
        Self { grown: watch::Sender::new(0), ended: broadcast::Sender::new(256) }
    }
}

impl ChangeNotifier {
    /// Says that the log may have grown.
    pub fn notify(&self) {
        self.grown.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Says that a session was ended, or may see other tickets.
    pub fn notify_ended(&self, session: &str) {
        // Nobody listening is no failure: there is no stream to end.
        let _ = self.ended.send(session.to_owned());
    }

    /// Hears when the log may have grown.
    pub fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// Hears which sessions are ended or may see other tickets, by the hash that names them.
    pub fn ended(&self) -> broadcast::Receiver<String> {
        self.ended.subscribe()
    }
}
