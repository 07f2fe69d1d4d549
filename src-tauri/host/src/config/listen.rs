//! Where we listen, and which hosts and origins may be named in a request.
//!
//! Promises: addresses that can all be bound together, hosts and origins that
//! can be compared with what a request says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use toml::Spanned;
use url::Url;

use super::check::within;
use super::error::Wrong;
use super::written;

const DEFAULT_PORT: u16 = 7411;

/// Where we listen and who may ask. A change needs a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenConfig {
    /// The port, the same on each address; 0 lets the system choose one.
    pub port: u16,
    /// The addresses; loopback of both families unless configured.
    pub addresses: Vec<IpAddr>,
    /// Host names that may stand in `Host` besides those of loopback; small
    /// letters, without a port.
    pub allow_hosts: Vec<String>,
    /// Origins of web pages that may call us, as `scheme://host[:port]`.
    pub allow_origins: Vec<String>,
}

impl ListenConfig {
    /// Every address with the port.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        self.addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, self.port))
            .collect()
    }
}

pub(super) fn compile(server: &written::Server) -> Result<ListenConfig, Wrong> {
    let port = within(server.port.as_ref(), 0..=65_535, i64::from(DEFAULT_PORT))?;
    let addresses = match &server.listen {
        None => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Some(list) if list.get_ref().is_empty() => {
            return Err(Wrong::at(
                list.span(),
                "name at least one address to listen on, or leave `listen` out",
            ));
        }
        Some(list) => addresses(list.get_ref())?,
    };
    Ok(ListenConfig {
        port: u16::try_from(port).unwrap_or(DEFAULT_PORT),
        addresses,
        allow_hosts: each(&server.allow_hosts, host)?,
        allow_origins: each(&server.allow_origins, origin)?,
    })
}

fn addresses(list: &[Spanned<String>]) -> Result<Vec<IpAddr>, Wrong> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for text in list {
        let ip = address(text.get_ref()).map_err(|reason| Wrong::at(text.span(), reason))?;
        if let Some(other) = addresses.iter().find(|other| clash(**other, ip)) {
            let reason = if *other == ip {
                format!("`{ip}` is listed twice")
            } else {
                format!(
                    "`{ip}` and `{other}` can't both be bound: `0.0.0.0` and `[::]` stand for \
                     every address; keep one of them"
                )
            };
            return Err(Wrong::at(text.span(), reason));
        }
        addresses.push(ip);
    }
    Ok(addresses)
}

/// `[::]` answers on IPv4 as well on most systems.
fn clash(one: IpAddr, other: IpAddr) -> bool {
    let covers = |wide: IpAddr, narrow: IpAddr| {
        wide.is_unspecified() && (wide.is_ipv6() || narrow.is_ipv4())
    };
    one == other || covers(one, other) || covers(other, one)
}

fn address(text: &str) -> Result<IpAddr, String> {
    if text.parse::<SocketAddr>().is_ok() {
        return Err("an address has no port of its own here; the port stands in `port`".into());
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse().map_err(|_| match text {
        "localhost" => "write numbers: \"127.0.0.1\" and \"[::1]\" are localhost".to_owned(),
        _ => "this is not an address; write numbers such as \"127.0.0.1\" or \"[::1]\"".to_owned(),
    })
}

fn each(
    list: &[Spanned<String>],
    check: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<String>, Wrong> {
    let mut checked = Vec::with_capacity(list.len());
    for text in list {
        let one = check(text.get_ref()).map_err(|reason| Wrong::at(text.span(), reason))?;
        if checked.contains(&one) {
            return Err(Wrong::at(text.span(), format!("`{one}` is listed twice")));
        }
        checked.push(one);
    }
    Ok(checked)
}

fn host(text: &str) -> Result<String, String> {
    const ADVICE: &str = "write a host name only, such as \"box.lan\", without scheme and port";
    if text.contains('*') {
        return Err("a host is named in full; a wildcard would let any web page in".into());
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if text.is_empty() || !text.bytes().all(plain) {
        return Err(ADVICE.into());
    }
    Ok(text.to_ascii_lowercase())
}

fn origin(text: &str) -> Result<String, String> {
    const ADVICE: &str = "write an origin as a browser does, such as \"https://box.lan:8443\"";
    if text.contains('*') || text == "null" {
        return Err(
            "an origin is named in full; a wildcard would let any web page spend your keys".into(),
        );
    }
    let url = Url::parse(text).map_err(|_| ADVICE.to_owned())?;
    let origin = url.origin().ascii_serialization();
    // A path, a user or a query would be ignored by what compares origins.
    if origin == "null" || origin != text.to_ascii_lowercase() {
        return Err(ADVICE.into());
    }
    Ok(origin)
}
