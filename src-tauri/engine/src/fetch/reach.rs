//! Which addresses of the network may be fetched from: the public internet's, and no others.
//!
//! A prompt names the address, and a prompt may have been written by a stranger: it must not reach
//! this machine, its network or a cloud's metadata service. With IPv6 a home's machines have addresses
//! of the public internet, so the networks that this machine stands in are left out too, whatever
//! their addresses are. Leaves out: networks of the same owner that this machine does not stand in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use if_addrs::{IfAddr, get_if_addrs};

/// A site is given this much of IPv6 as a rule, and divides it among its networks.
const SITE_BITS: u32 = 56;

/// Whether `ip` may be fetched from. The networks are read anew each time: a laptop changes them.
pub(super) fn is_far(ip: IpAddr) -> bool {
    // Without knowing its own networks nothing can be told to be outside of them.
    is_public(ip) && get_if_addrs().is_ok_and(|own| !own.iter().any(|one| is_within(ip, &one.addr)))
}

/// Whether `ip` is in the network of one of this machine's addresses.
fn is_within(ip: IpAddr, own: &IfAddr) -> bool {
    let same = |one: u128, other: u128, mask: u128| (one ^ other) & mask == 0;
    match (ip, own) {
        (IpAddr::V4(ip), IfAddr::V4(own)) => {
            // A tunnel may claim the whole world; then it is its own address alone.
            let mask = match u32::from(own.netmask) {
                0 => u32::MAX,
                mask => mask,
            };
            same(u32::from(ip).into(), u32::from(own.ip).into(), mask.into())
        }
        (IpAddr::V6(ip), IfAddr::V6(own)) => {
            let mask = match u128::from(own.netmask).leading_ones() {
                0 => u128::MAX,
                bits => u128::MAX << (128 - bits.min(SITE_BITS)),
            };
            same(ip.into(), own.ip.into(), mask)
        }
        (IpAddr::V6(ip), IfAddr::V4(_)) => ip
            .to_ipv4_mapped()
            .is_some_and(|ip| is_within(ip.into(), own)),
        (IpAddr::V4(_), IfAddr::V6(_)) => false,
    }
}

/// Whether `ip` belongs to the public internet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        // "This network", shared by carriers, protocol assignments, an old relay, benchmarks.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] => true,
        [100, second, ..] => (64..128).contains(&second),
        [198, second, ..] => matches!(second, 18 | 19),
        // Multicast, and what is kept for the future.
        [first, ..] => first >= 224,
    };
    !(special || ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // Teredo, benchmarks and other protocols; documentation; addresses that carry an IPv4 one.
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [0x2002, ..] => false,
        [0x3fff, second, ..] => second >= 0x1000,
        // Only this much is given out to the public.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use if_addrs::{Ifv4Addr, Ifv6Addr};

    use super::*;

    fn v4(ip: &str, netmask: &str) -> IfAddr {
        IfAddr::V4(Ifv4Addr {
            ip: ip.parse().expect(ip),
            netmask: netmask.parse().expect(netmask),
            prefixlen: 0,
            broadcast: None,
        })
    }

    fn v6(ip: &str, netmask: &str) -> IfAddr {
        IfAddr::V6(Ifv6Addr {
            ip: ip.parse().expect(ip),
            netmask: netmask.parse().expect(netmask),
            prefixlen: 0,
            broadcast: None,
        })
    }

    #[test]
    fn a_network_that_this_machine_stands_in_is_near_also_with_public_addresses() {
        let home = || v6("2606:4700:1:1234::5", "ffff:ffff:ffff:ffff::");
        for (ip, own, near) in [
            ("2606:4700:1:1234::9", home(), true),
            // Another network of the same home, and a neighbour's home.
            ("2606:4700:1:12ff::9", home(), true),
            ("2606:4700:1:1334::9", home(), false),
            ("2606:4700:2:1234::9", v6("2606:4700:1::1", "::"), false),
            ("2606:4700:1::1", v6("2606:4700:1::1", "::"), true),
            ("8.8.8.9", v4("8.8.8.8", "255.255.255.0"), true),
            ("::ffff:8.8.8.9", v4("8.8.8.8", "255.255.255.0"), true),
            ("8.8.9.9", v4("8.8.8.8", "255.255.255.0"), false),
            ("1.1.1.1", v4("8.8.8.8", "0.0.0.0"), false),
            ("8.8.8.8", v4("8.8.8.8", "255.255.255.255"), true),
            ("8.8.8.8", home(), false),
        ] {
            assert_eq!(is_within(ip.parse().expect(ip), &own), near, "{ip} {own:?}");
        }
    }

    #[test]
    fn this_machines_networks_can_be_read() {
        let own = get_if_addrs().expect("interfaces");
        assert!(own.iter().any(|one| one.ip().is_loopback()), "{own:?}");
        assert!(is_far("1.1.1.1".parse().expect("an address")));
    }

    #[test]
    fn only_the_public_internet_is_reached() {
        let near = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        let far = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "3ffe::1",
        ];
        for ip in near {
            assert!(!is_public(ip.parse().expect(ip)), "{ip}");
        }
        for ip in far {
            assert!(is_public(ip.parse().expect(ip)), "{ip}");
        }
    }
}
