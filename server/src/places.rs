//! Places that anyone may take: so many in all, and so many for one network, so that one cannot take them all.

use desk::Network;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one kind.
#[derive(Debug)]
pub struct Places {
    all: Arc<Semaphore>,
    each: usize,
    networks: Arc<Mutex<HashMap<Network, Arc<Semaphore>>>>,
}

/// A place that is held until it is dropped.
#[derive(Debug)]
pub struct Place {
    all: Option<OwnedSemaphorePermit>,
    network: Option<(Network, OwnedSemaphorePermit)>,
    networks: Arc<Mutex<HashMap<Network, Arc<Semaphore>>>>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    All,
    /// The network has its share.
    Network,
}

impl Places {
    /// `all` places, of which one network has `each` at most.
    pub fn new(all: usize, each: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each, networks: Arc::default() }
    }

    /// A place at once, or why there is none. Who comes from nowhere known has a share of no network.
    pub fn try_take(&self, from: Option<Network>) -> Result<Place, Full> {
        let mut place = self.nothing();
        if let Some(network) = from {
            place.network = Some((network, self.share(network).try_acquire_owned().map_err(|_| Full::Network)?));
        }
        place.all = Some(self.all.clone().try_acquire_owned().map_err(|_| Full::All)?);
        Ok(place)
    }

    /// A place, as soon as there is one.
    pub async fn take(&self, from: Option<Network>) -> Place {
        let mut place = self.nothing();
        // Neither is ever closed.
        if let Some(network) = from {
            place.network = self.share(network).acquire_owned().await.ok().map(|permit| (network, permit));
        }
        place.all = self.all.clone().acquire_owned().await.ok();
        place
    }

    /// How many are free.
    #[cfg(test)]
    pub fn free(&self) -> usize {
        self.all.available_permits()
    }

    fn nothing(&self) -> Place {
        Place { all: None, network: None, networks: self.networks.clone() }
    }

    fn share(&self, network: Network) -> Arc<Semaphore> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        networks.entry(network).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((network, permit)) = self.network.take() else { return };
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        drop(permit);
        // Nobody else holds a place of this network or waits for one: it is forgotten.
        if networks.get(&network).is_some_and(|share| Arc::strong_count(share) == 1) {
            networks.remove(&network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: u8) -> Option<Network> {
        Some(Network::of([10, 0, 0, n].into()))
    }

    #[test]
    fn one_network_does_not_take_every_place_and_nothing_is_kept_of_who_left() {
        let places = Places::new(3, 2);
        let one = [places.try_take(network(1)).unwrap(), places.try_take(network(1)).unwrap()];
        assert_eq!(places.try_take(network(1)).unwrap_err(), Full::Network);
        let other = places.try_take(network(2)).unwrap();
        assert_eq!(places.try_take(network(3)).unwrap_err(), Full::All);
        assert_eq!(places.try_take(None).unwrap_err(), Full::All);
        drop(one);
        assert_eq!(places.networks.lock().unwrap().len(), 1, "a network whose last place was given back, and one that got none, are forgotten");
        assert!(places.try_take(network(1)).is_ok());
        drop(other);
        assert_eq!((places.free(), places.networks.lock().unwrap().len()), (3, 0));
    }

    #[tokio::test]
    async fn who_waits_gets_the_next_place() {
        let places = Arc::new(Places::new(2, 1));
        let held = places.take(network(1)).await;
        let next = tokio::spawn({
            let places = places.clone();
            async move { places.take(network(1)).await }
        });
        let other = tokio::time::timeout(std::time::Duration::from_secs(5), places.take(network(2))).await.unwrap();
        tokio::task::yield_now().await;
        assert!(!next.is_finished(), "another network's place is not this one's");
        drop((held, other));
        drop(next.await.unwrap());
        assert_eq!((places.free(), places.networks.lock().unwrap().len()), (2, 0));
    }
}
