//! Passwords: hashed by a few at a time, so that an attack takes no more than its share of processor and memory.

use crate::Result;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::{Fault, Field, Refusal};
use tokio::sync::Semaphore;

/// Shortest password (NIST SP 800-63B, 5.1.1.1: at least 8; longer is better).
pub const MIN_PASSWORD: usize = 10;
/// Longest password that is looked at, in bytes.
pub(super) const MAX_PASSWORD: usize = 1_024;
/// Password checks at the same time, and how many may wait: each takes 12 MiB and a core for some 30 ms.
const CHECKS: usize = 2;
const CHECKS_WAITING: usize = 64;

/// Checks passwords, few at a time, so that a flood of log-ins does not take the machine.
#[derive(Debug)]
pub struct Passwords {
    running: Semaphore,
    waiting: Semaphore,
    /// What a password is checked against where there is no account, so that this takes as long.
    nobody: String,
}

impl Default for Passwords {
    fn default() -> Self {
        let nobody = hash("nobody has this password").unwrap_or_default();
        Self { running: Semaphore::new(CHECKS), waiting: Semaphore::new(CHECKS_WAITING), nobody }
    }
}

/// Argon2id with 12 MiB and three passes (OWASP Password Storage Cheat Sheet).
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(12 * 1_024, 3, 1, None).unwrap_or_default())
}

fn hash(password: &str) -> Option<String> {
    argon2().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

impl Passwords {
    pub(super) async fn check(&self, password: String, stored: Option<String>) -> Result<bool> {
        let _waiting = self.waiting.try_acquire().map_err(|_| Refusal::Throttled(5))?;
        let _running = self.running.acquire().await.map_err(|_| Refusal::Throttled(5))?;
        let real = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let right = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&stored).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(right.await.unwrap_or(false) && real)
    }
}

/// Makes what is stored of a password.
pub async fn hash_password(password: &str) -> Result<String> {
    let typed = password.chars().count();
    if typed < MIN_PASSWORD || password.len() > MAX_PASSWORD {
        return Err(Refusal::field(
            Field::Password,
            if typed < MIN_PASSWORD { Fault::TooShort(MIN_PASSWORD as u32) } else { Fault::TooLong(MAX_PASSWORD as u32) },
        )
        .into());
    }
    let password = password.to_owned();
    let hashed = tokio::task::spawn_blocking(move || hash(&password)).await.ok().flatten();
    hashed.ok_or_else(|| std::io::Error::other("hashing failed").into())
}
