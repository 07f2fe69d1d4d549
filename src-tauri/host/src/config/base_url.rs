//! A base URL as people paste it, made into one that a path can be appended to.
//!
//! Promises: what is refused here is refused before a byte or a key goes there:
//! our own listener (a request would call itself until something breaks), keys
//! in the open over the internet, and URLs that carry secrets of their own.
//!
//! Leaves out: whether anybody answers there. A name that resolves to our own
//! address is caught later, by the mark that every request of ours carries.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use dialect::Dialect;
use url::{Host, Url};

/// What people paste behind the base, longest first.
fn pasted_paths(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::OpenAi => &[
            "/chat/completions",
            "/completions",
            "/embeddings",
            "/responses",
            "/models",
        ],
        Dialect::Anthropic => &[
            "/v1/messages/count_tokens",
            "/v1/messages",
            "/v1/models",
            "/messages",
            "/v1",
        ],
        Dialect::Responses => &["/responses/input_tokens", "/responses", "/models"],
        Dialect::Gemini => &["/models"],
        Dialect::Ollama => &[
            "/api/generate",
            "/api/chat",
            "/api/embed",
            "/api/tags",
            "/api",
            "/v1",
        ],
        Dialect::Bedrock => &["/model"],
        Dialect::Cohere => &[
            "/v2/rerank",
            "/v1/rerank",
            "/v2/embed",
            "/v2/chat",
            "/rerank",
            "/v2",
            "/v1",
        ],
    }
}

/// A base URL that was checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BaseUrl {
    /// Without a trailing slash.
    pub(super) text: String,
    /// Whether it is on this machine.
    pub(super) loopback: bool,
}

/// Checks and trims a base URL. The error says what to do.
pub(super) fn check(
    text: &str,
    dialect: Dialect,
    allow_insecure: bool,
    own_addresses: &[SocketAddr],
) -> Result<BaseUrl, String> {
    // The parser would drop tabs and line breaks and go on.
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err("a base URL has no spaces or line breaks around it or in it".into());
    }
    if !text.contains("://") {
        return Err("a base URL begins with https:// (or http:// on this machine)".into());
    }
    let mut url = Url::parse(text).map_err(|error| format!("this is not a URL: {error}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(format!(
            "`{}` can't be spoken here; use https://",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "a URL here must not hold a user name or a password; take them out, and set \
                    the key with `signalbox keys set`"
                .into(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a base URL ends with its path; take out everything from `?` or `#` on".into());
    }
    let trimmed = trim_path(url.path(), dialect).to_owned();
    url.set_path(&trimmed);
    let Some(host) = url.host() else {
        return Err("the URL names no host".into());
    };
    let loopback = is_loopback(&host);
    if let Some(port) = url.port_or_known_default()
        && is_own(&host, port, own_addresses)
    {
        return Err(format!(
            "this is Signalbox's own address (port {port}): it would call itself; write the \
             provider's address, or another port if a server of yours is meant"
        ));
    }
    if url.scheme() == "http" && !is_private(&host) && !allow_insecure {
        return Err(
            "over http:// the key and every prompt can be read on the way; use https://, \
                    or set `allow_insecure = true` for this provider if you must"
                .into(),
        );
    }
    Ok(BaseUrl {
        text: url.as_str().trim_end_matches('/').to_owned(),
        loopback,
    })
}

fn trim_path(path: &str, dialect: Dialect) -> &str {
    let path = path.trim_end_matches('/');
    pasted_paths(dialect)
        .iter()
        .find_map(|pasted| path.strip_suffix(pasted))
        .unwrap_or(path)
        .trim_end_matches('/')
}

fn is_own(host: &Host<&str>, port: u16, own_addresses: &[SocketAddr]) -> bool {
    own_addresses.iter().any(|own| {
        own.port() == port
            && (is_loopback(host)
                || address(host).is_some_and(|ip| ip.is_unspecified() || ip == own.ip()))
    })
}

fn is_loopback(host: &Host<&str>) -> bool {
    match address(host) {
        Some(ip) => ip.is_loopback(),
        None => {
            domain(host).is_some_and(|name| name == "localhost" || name.ends_with(".localhost"))
        }
    }
}

/// This machine, the local network, a VPN's, or a name that only such have.
fn is_private(host: &Host<&str>) -> bool {
    match address(host) {
        Some(IpAddr::V4(ip)) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || (first == 100 && (64..128).contains(&second))
        }
        Some(IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
        None => domain(host).is_some_and(|name| {
            let last = name.rsplit('.').next().unwrap_or(name);
            !name.contains('.')
                || ["localhost", "local", "internal", "lan", "home", "test"].contains(&last)
                || name.ends_with(".home.arpa")
        }),
    }
}

/// The address a host is written as; an IPv4 address in IPv6 clothes counts as
/// what it is.
fn address(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => Some(mapped(*ip)),
        Host::Domain(_) => None,
    }
}

fn mapped(ip: Ipv6Addr) -> IpAddr {
    ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
}

fn domain<'a>(host: &Host<&'a str>) -> Option<&'a str> {
    match host {
        // A name may be written with the root's dot.
        Host::Domain(name) => Some(name.trim_end_matches('.')),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai(text: &str) -> Result<String, String> {
        let own: Vec<SocketAddr> = vec![
            "127.0.0.1:7411".parse().unwrap(),
            "192.168.1.5:7411".parse().unwrap(),
        ];
        check(text, Dialect::OpenAi, false, &own).map(|base| base.text)
    }

    fn anthropic(text: &str) -> Result<String, String> {
        check(text, Dialect::Anthropic, false, &[]).map(|base| base.text)
    }

    #[test]
    fn pasted_endpoints_are_trimmed_to_the_base() {
        for (pasted, base) in [
            ("https://api.acme.test/v1", "https://api.acme.test/v1"),
            ("https://api.acme.test/v1/", "https://api.acme.test/v1"),
            (
                "https://api.acme.test/v1/chat/completions",
                "https://api.acme.test/v1",
            ),
            (
                "https://api.acme.test/v1/chat/completions/",
                "https://api.acme.test/v1",
            ),
            (
                "https://api.acme.test/v1/embeddings",
                "https://api.acme.test/v1",
            ),
            (
                "https://API.acme.test:443/v1/models",
                "https://api.acme.test/v1",
            ),
            ("https://api.acme.test", "https://api.acme.test"),
            ("http://localhost:11434/v1", "http://localhost:11434/v1"),
        ] {
            assert_eq!(openai(pasted).as_deref(), Ok(base), "{pasted}");
        }
        for (pasted, base) in [
            ("https://api.acme.test", "https://api.acme.test"),
            ("https://api.acme.test/v1", "https://api.acme.test"),
            ("https://api.acme.test/v1/messages", "https://api.acme.test"),
            (
                "https://api.acme.test/anthropic/v1/messages/count_tokens",
                "https://api.acme.test/anthropic",
            ),
        ] {
            assert_eq!(anthropic(pasted).as_deref(), Ok(base), "{pasted}");
        }
    }

    #[test]
    fn our_own_address_is_refused_however_it_is_written() {
        for own in [
            "http://127.0.0.1:7411/v1",
            "http://127.9.9.9:7411",
            "http://localhost:7411/v1",
            "http://LOCALHOST.:7411/v1",
            "http://app.localhost:7411",
            "http://[::1]:7411",
            "http://0.0.0.0:7411",
            "http://[::]:7411",
            "http://[::ffff:127.0.0.1]:7411",
            "http://2130706433:7411",
            "http://0x7f.1:7411",
            "https://127.0.0.1:7411",
            "http://192.168.1.5:7411",
        ] {
            let refusal = openai(own).unwrap_err();
            assert!(refusal.contains("would call itself"), "{own}: {refusal}");
        }
        assert!(
            openai("http://127.0.0.1:8080/v1").is_ok(),
            "another port is another server"
        );
        assert!(
            openai("http://192.168.1.6:7411/v1").is_ok(),
            "another machine too"
        );
    }

    #[test]
    fn plain_http_is_for_private_networks() {
        for private in [
            "http://10.0.0.1/v1",
            "http://100.64.0.7/v1",
            "http://gpu-box:8000/v1",
            "http://gpu.local/v1",
            "http://[fd00::1]/v1",
        ] {
            assert!(openai(private).is_ok(), "{private}");
        }
        for open in [
            "http://api.acme.com/v1",
            "http://8.8.8.8",
            "http://100.128.0.1",
            "http://[2001:db8::1]",
        ] {
            let refusal = openai(open).unwrap_err();
            assert!(refusal.contains("allow_insecure"), "{open}: {refusal}");
            assert!(check(open, Dialect::OpenAi, true, &[]).is_ok(), "{open}");
        }
    }

    #[test]
    fn what_is_not_a_base_url_is_refused_without_telling_secrets() {
        for (bad, reason) in [
            ("api.acme.test/v1", "begins with https://"),
            ("localhost:8000", "begins with https://"),
            ("ftp://acme.test", "`ftp` can't be spoken"),
            ("https://me:hunter2@acme.test", "must not hold a user name"),
            (
                "https://acme.test/v1?key=hunter2",
                "take out everything from `?`",
            ),
            ("https://acme.test/v1#x", "take out everything"),
            (" https://acme.test", "no spaces"),
            ("https://ac me.test", "not a URL"),
            ("https://", "not a URL"),
        ] {
            let refusal = openai(bad).unwrap_err();
            assert!(refusal.contains(reason), "{bad}: {refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }
}
