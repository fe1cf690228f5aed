//! What an address is, by the ranges that the registries set aside.
//!
//! Sources: IANA's IPv4 and IPv6 special-purpose address registries; RFC 1918, 4193 and 6052; EC2 User Guide, "Instance
//! metadata" (169.254.169.254 and fd00:ec2::254) and Amazon EKS, "Pod Identity" (169.254.170.23 and fd00:ec2::23); all
//! read 2026-11-29.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This machine.
    Loopback,
    /// A private network: RFC 1918, or unique local addresses of IPv6.
    Private,
    /// Anything else that can be talked to: the internet, the shared addresses of carriers (100.64.0.0/10).
    Remote,
    /// Nothing that a KMS can have, and why.
    Never(&'static str),
}

const METADATA: &str = "link-local addresses are where clouds keep instance metadata and credentials";

impl Reach {
    /// What `address` is.
    pub fn of(address: IpAddr) -> Reach {
        // An IPv4 address in IPv6's clothes is that IPv4 address.
        match address.to_canonical() {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => v6(address),
        }
    }
}

fn v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [127, ..] => Reach::Loopback,
        [0, ..] => Reach::Never("it is the address of nobody: write 127.0.0.1 for this machine"),
        [169, 254, ..] => Reach::Never(METADATA),
        [224..=255, ..] => Reach::Never("it is the address of many at once, or reserved"),
        _ if address.is_private() => Reach::Private,
        _ => Reach::Remote,
    }
}

fn v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Loopback,
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never("it is the address of nobody: write [::1] for this machine"),
        [0xfd00, 0x0ec2, ..] => {
            Reach::Never("EC2 and EKS keep instance metadata and credentials in fd00:ec2::/32")
        }
        [0xfc00..=0xfdff, ..] => Reach::Private,
        [0xfe80..=0xfebf, ..] => Reach::Never(METADATA),
        [0xff00..=0xffff, ..] => Reach::Never("it is the address of many at once"),
        // Through a translator to IPv4: how near that is, nobody knows.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            match v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))) {
                Reach::Never(why) => Reach::Never(why),
                _ => Reach::Remote,
            }
        }
        _ => Reach::Remote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_is_what_its_registry_says() {
        let of = |text: &str| Reach::of(text.parse().unwrap_or_else(|_| panic!("{text} is no address")));
        for text in ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(of(text), Reach::Loopback, "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "fc00::1",
            "fd12:3456::1",
            "::ffff:10.1.2.3",
        ] {
            assert_eq!(of(text), Reach::Private, "{text}");
        }
        for text in [
            "8.8.8.8",
            "100.64.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "11.0.0.1",
            "2001:db8::1",
            "2606:4700::1",
            "::ffff:8.8.8.8",
            "64:ff9b::a00:1",
            "::10.0.0.1",
            "fec0::1",
        ] {
            assert_eq!(of(text), Reach::Remote, "{text}");
        }
        for text in [
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "169.254.170.2",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            assert!(matches!(of(text), Reach::Never(_)), "{text}");
        }
    }
}
