//! Networks: what one customer of an internet provider has, for counting those who are not known.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network, as narrow as one customer's: an IPv4 address, or the /64 of an IPv6 address (RFC 6177).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    /// The network that an address is in.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self { first: v4.into(), bits: 32 },
            IpAddr::V6(v6) => Self { first: masked(v6, 64).into(), bits: 64 },
        }
    }

    /// What a customer can have who has many: the /24 of an IPv4 address, the /48 of an IPv6 address.
    pub fn wider(self) -> Self {
        match self.first {
            IpAddr::V4(v4) => Self { first: Ipv4Addr::from_bits(v4.to_bits() & !0xff).into(), bits: 24 },
            IpAddr::V6(v6) => Self { first: masked(v6, 48).into(), bits: 48 },
        }
    }
}

fn masked(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> bits))
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.bits) {
            (IpAddr::V4(v4), 32) => v4.fmt(f),
            (first, bits) => write!(f, "{first}/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_customer_has_is_one_network() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("10.0.0.7").to_string(), "10.0.0.7");
        assert_ne!(of("10.0.0.7"), of("10.0.0.8"));
        assert_eq!(of("::ffff:10.0.0.7"), of("10.0.0.7"), "an IPv4 address written as an IPv6 address");
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::1").wider(), of("2001:db8:1:3::1").wider());
        assert_ne!(of("2001:db8:1:2::1").wider(), of("2001:db8:2:2::1").wider());
        assert_eq!((of("10.0.1.7").wider(), of("10.0.1.7").wider().to_string()), (of("10.0.1.200").wider(), "10.0.1.0/24".to_owned()));
    }
}
