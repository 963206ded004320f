//! Concurrency limits: so many at once in all, and so many for one person or network, so that one of them cannot hold up the others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Shares<K> = Arc<Mutex<HashMap<K, Arc<Semaphore>>>>;

/// The permits for one kind of work; `K` is what has a share of them.
#[derive(Debug)]
pub struct Permits<K> {
    all: Arc<Semaphore>,
    each: usize,
    shares: Shares<K>,
}

/// A permit that is held until it is dropped.
#[derive(Debug)]
pub struct Permit<K: Copy + Eq + Hash> {
    all: Option<OwnedSemaphorePermit>,
    share: Option<OwnedSemaphorePermit>,
    of: Option<K>,
    shares: Shares<K>,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    All,
    /// Whoever asks has their share.
    Share,
}

impl<K: Copy + Eq + Hash> Permits<K> {
    /// `all` permits, of which one person or network holds `each` at most.
    pub fn new(all: usize, each: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each, shares: Arc::default() }
    }

    /// A permit at once, or why there is none. `None` is someone unknown, whom only the limit of all holds.
    pub fn try_take(&self, of: Option<K>) -> Result<Permit<K>, Full> {
        let mut permit = self.nothing(of);
        if let Some(key) = of {
            permit.share = Some(self.share(key).try_acquire_owned().map_err(|_| Full::Share)?);
        }
        permit.all = Some(self.all.clone().try_acquire_owned().map_err(|_| Full::All)?);
        Ok(permit)
    }

    /// A permit, as soon as there is one: each person or network waits in a queue of its own before it waits with the others.
    pub async fn take(&self, of: Option<K>) -> Permit<K> {
        // Dropped where the caller no longer waits: then what it holds so far is given back.
        let mut permit = self.nothing(of);
        // Neither semaphore is ever closed.
        if let Some(key) = of {
            permit.share = self.share(key).acquire_owned().await.ok();
        }
        permit.all = self.all.clone().acquire_owned().await.ok();
        permit
    }

    /// How many are free.
    pub fn free(&self) -> usize {
        self.all.available_permits()
    }

    fn nothing(&self, of: Option<K>) -> Permit<K> {
        Permit { all: None, share: None, of, shares: self.shares.clone() }
    }

    fn share(&self, key: K) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
    }
}

impl<K: Copy + Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let Some(key) = self.of else { return };
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        self.share = None;
        // Nobody else holds a permit of this share or waits for one.
        if shares.get(&key).is_some_and(|share| Arc::strong_count(share) == 1) {
            shares.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_every_permit_and_nothing_is_kept_of_who_left() {
        let permits = Permits::new(3, 2);
        let one = [permits.try_take(Some(1)).unwrap(), permits.try_take(Some(1)).unwrap()];
        assert_eq!(permits.try_take(Some(1)).unwrap_err(), Full::Share);
        let other = permits.try_take(Some(2)).unwrap();
        assert_eq!(permits.try_take(Some(3)).unwrap_err(), Full::All);
        assert_eq!(permits.try_take(None).unwrap_err(), Full::All);
        drop(one);
        assert_eq!(permits.shares.lock().unwrap().len(), 1, "a share whose last permit was given back, and one that got none, are forgotten");
        assert!(permits.try_take(Some(1)).is_ok());
        drop(other);
        assert_eq!((permits.free(), permits.shares.lock().unwrap().len()), (3, 0));
    }

    #[tokio::test]
    async fn who_waits_gets_the_next_permit() {
        let permits = Arc::new(Permits::new(2, 1));
        let held = permits.take(Some(1)).await;
        let next = tokio::spawn({
            let permits = permits.clone();
            async move { permits.take(Some(1)).await }
        });
        let other = tokio::time::timeout(std::time::Duration::from_secs(5), permits.take(Some(2))).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!next.is_finished(), "another's permit is not this one's");
        let gave_up = tokio::time::timeout(std::time::Duration::from_millis(20), permits.take(Some(1))).await;
        assert!(gave_up.is_err());
        drop((held, other));
        drop(next.await.unwrap());
        assert_eq!((permits.free(), permits.shares.lock().unwrap().len()), (2, 0));
    }
}
