//! Passwords: hashed by a few threads of their own that give way to everything else, so that an attack takes no more than what nobody needs.
//!
//! Invariants: who wants a password checked takes a place first, before anything is read for them; where there is none they are turned away. Memory is bounded by the threads, not by who asks.

use crate::{Error, Result};
use argon2::password_hash::{PasswordHasher, phc::Output, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::{Fault, Field, Refusal};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Shortest password (NIST SP 800-63B, 5.1.1.1: at least 8; longer is better).
pub const MIN_PASSWORD: usize = 10;
/// Longest password that is looked at, in bytes.
pub(super) const MAX_PASSWORD: usize = 1_024;
/// How many may be checked or wait for it: each takes a core for some 30 ms, so that the last waits a second or two.
const PLACES: usize = 64;
/// Most threads that hash, each with 12 MiB; there are as many as half of the cores.
const THREADS: usize = 8;
/// A thread that has nothing to do for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(10);

/// Argon2id with 12 MiB and three passes (OWASP Password Storage Cheat Sheet).
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(12 * 1_024, 3, 1, None).unwrap_or_default())
}

fn hash(password: &str) -> Option<String> {
    argon2().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

/// Whether this is the password that was stored. The memory is kept from one to the next: taking 12 MiB and giving it back each time would hold up every other thread that wants any.
fn verify(password: &[u8], stored: &str, memory: &mut Vec<Block>) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return false };
    let (Some(salt), Some(expected), Ok(params)) = (&stored.salt, &stored.hash, Params::try_from(&stored)) else { return false };
    let Ok(algorithm) = Algorithm::try_from(stored.algorithm.as_str()) else { return false };
    let Ok(version) = stored.version.map_or(Ok(Version::V0x13), Version::try_from) else { return false };
    memory.resize(params.block_count().max(memory.len()), Block::new());
    let mut made = vec![0_u8; expected.len()];
    let argon2 = Argon2::new(algorithm, version, params);
    // Compared in constant time.
    argon2.hash_password_into_with_memory(password, salt, &mut made, memory).is_ok() && Output::new(&made).is_ok_and(|made| made == *expected)
}

type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

/// The threads that hash, for the whole program: they are as many as the machine can spare.
#[derive(Default)]
struct Threads {
    jobs: Mutex<VecDeque<Job>>,
    more: Condvar,
    /// Threads that were begun; none of them ends.
    begun: Mutex<usize>,
}

static THREADS_OF_ALL: LazyLock<Arc<Threads>> = LazyLock::new(Arc::default);

impl Threads {
    fn work(&self) {
        // Of this thread alone: on Linux a thread has a priority of its own.
        if let Err(error) = rustix::process::setpriority_process(None, 19) {
            tracing::debug!(%error, "checking passwords does not give way to the rest");
        }
        let mut memory = vec![];
        loop {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let (mut jobs, waited) = self.more.wait_timeout_while(jobs, IDLE, |jobs| jobs.is_empty()).unwrap_or_else(PoisonError::into_inner);
            let job = jobs.pop_front();
            drop(jobs);
            let Some(job) = job else {
                if waited.timed_out() {
                    memory = vec![];
                }
                continue;
            };
            // Whoever waits for it is told that it failed; the thread goes on.
            if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
                tracing::error!("checking a password panicked");
                memory = vec![];
            }
        }
    }

    /// Begins as many threads as there should be, where some could not be begun before.
    fn begin(self: &Arc<Self>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        while *begun < (cores / 2).clamp(1, THREADS) {
            let own = self.clone();
            if let Err(error) = std::thread::Builder::new().name(format!("passwords-{begun}")).spawn(move || own.work()) {
                tracing::error!(%error, "there is no thread to check passwords");
                return;
            }
            *begun += 1;
        }
    }

    async fn run<T: Send + 'static>(self: &Arc<Self>, what: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static) -> Result<T> {
        self.begin();
        if *self.begun.lock().unwrap_or_else(PoisonError::into_inner) == 0 {
            return Err(std::io::Error::other("there is no thread to check passwords").into());
        }
        let (answer, told) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            let _ = answer.send(what(memory));
        });
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.more.notify_one();
        told.await.map_err(|_| Error::from(std::io::Error::other("hashing failed")))
    }
}

/// Checks passwords, few at a time, so that a flood of log-ins does not take the machine.
#[derive(Debug)]
pub struct Passwords {
    places: Arc<Semaphore>,
    /// What a password is checked against where there is no account, so that this takes as long.
    nobody: String,
}

/// A place among those who wait for their password to be checked.
#[derive(Debug)]
pub(super) struct Place(#[allow(dead_code, reason = "it is given back when it is dropped")] OwnedSemaphorePermit);

impl Default for Passwords {
    fn default() -> Self {
        let nobody = hash("nobody has this password").unwrap_or_default();
        Self { places: Arc::new(Semaphore::new(PLACES)), nobody }
    }
}

impl Passwords {
    /// A place to wait in; refuses where there is none. Taken before anything is read, so that who is turned away costs nothing.
    pub(super) fn place(&self) -> Result<Place> {
        Ok(Place(self.places.clone().try_acquire_owned().map_err(|_| Refusal::Throttled(5))?))
    }

    /// Whether this is the password that was stored; as long for `None`, which it never is.
    pub(super) async fn check(&self, place: Place, password: String, stored: Option<String>) -> Result<bool> {
        let real = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let right = THREADS_OF_ALL.run(move |memory| {
            let right = verify(password.as_bytes(), &stored, memory);
            drop(place);
            right
        });
        Ok(right.await? && real)
    }
}

/// What is wrong with a password that was chosen.
pub(super) fn fits(password: &str) -> Result<(), Fault> {
    match password.chars().count() {
        0..MIN_PASSWORD => Err(Fault::TooShort(MIN_PASSWORD as u32)),
        _ if password.len() > MAX_PASSWORD => Err(Fault::TooLong(MAX_PASSWORD as u32)),
        _ => Ok(()),
    }
}

/// Makes what is stored of a password. Refuses one that is too short or too long at its field.
pub async fn hash_password(password: &str) -> Result<String> {
    fits(password).map_err(|fault| Refusal::field(Field::Password, fault))?;
    let password = password.to_owned();
    THREADS_OF_ALL.run(move |_| hash(&password)).await?.ok_or_else(|| std::io::Error::other("hashing failed").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_checked_against_what_was_stored_of_it() {
        let passwords = Passwords::default();
        let stored = hash_password("een lange zin").await.unwrap();
        let check = async |password: &str, stored: Option<&str>| {
            passwords.check(passwords.place().unwrap(), password.to_owned(), stored.map(str::to_owned)).await.unwrap()
        };
        assert!(check("een lange zin", Some(&stored)).await && !check("een lange zin.", Some(&stored)).await);
        assert!(!check("nobody has this password", None).await && !check("een lange zin", Some("geen hash")).await);
        // As another version of the program may have stored it: with other parameters.
        let other = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let other = other.hash_password(b"een lange zin").unwrap().to_string();
        assert!(check("een lange zin", Some(&other)).await && !check("iets anders", Some(&other)).await);
        assert!(check("een lange zin", Some(&stored)).await);
    }

    #[tokio::test]
    async fn a_panic_fails_the_one_who_asked_and_no_other() {
        let threads = Arc::<Threads>::default();
        for _ in 0..2 * THREADS {
            assert!(threads.run(|_| -> bool { panic!("no") }).await.is_err());
        }
        assert_eq!(threads.run(|_| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn who_finds_no_place_is_turned_away_and_places_are_given_back() {
        let passwords = Passwords::default();
        let held: Vec<_> = (0..PLACES).map(|_| passwords.place().unwrap()).collect();
        assert_eq!(passwords.place().unwrap_err().refusal(), Some(&Refusal::Throttled(5)));
        drop(held);
        assert!(!passwords.check(passwords.place().unwrap(), String::new(), None).await.unwrap());
        assert_eq!(passwords.places.available_permits(), PLACES);
    }
}
