//! Who may reach us: the one file for that direction.
//!
//! Promises, in the order they are checked:
//! 1. the `Host` is ours, so that a page on the internet can't have its name
//!    resolved to this machine and then speak to us (DNS rebinding);
//! 2. the `Origin`, when there is one, is ours or allowed by the config, so that
//!    no web page can spend the keys kept here;
//! 3. a client key is shown, known by its hash;
//! 4. a body is declared JSON, or the key came in a header. A page can make a
//!    browser send `text/plain` without asking, but never a header of its own;
//! 5. the body is no larger than the limit.
//!
//! Leaves out: what a client may ask for (`routing`), and the panel's session
//! (`session`). Pure: every rule is a function of the head, tested as one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use dialect::{Fault, FaultKind};
use http::{HeaderMap, header, request::Parts};

/// What the guard compares a request with.
#[derive(Debug, Default)]
pub(crate) struct Doors {
    /// Host names and addresses, without ports, that are ours.
    pub(crate) hosts: Vec<String>,
    /// Origins that may call, e.g. `http://127.0.0.1:7411`.
    pub(crate) origins: Vec<String>,
}

/// Names under which every listener on loopback is known.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// The window's own origins: Linux and macOS, then Windows.
const WINDOW: [&str; 3] = [
    "tauri://localhost",
    "http://tauri.localhost",
    "https://tauri.localhost",
];

impl Doors {
    /// The doors of listeners at these addresses, with what the config adds. An
    /// address that was configured to be listened on is a name of ours too; the
    /// unspecified one is none, because anybody's name may lead there.
    pub(crate) fn new(
        addresses: &[SocketAddr],
        allow_hosts: &[String],
        allow_origins: &[String],
    ) -> Doors {
        let port = addresses.first().map_or(0, SocketAddr::port);
        let bound = addresses
            .iter()
            .map(SocketAddr::ip)
            .filter(|ip| !ip.is_unspecified())
            .map(|ip| match ip {
                IpAddr::V4(v4) => v4.to_string(),
                IpAddr::V6(v6) => format!("[{v6}]"),
            });
        let ours: Vec<String> = LOOPBACK
            .iter()
            .map(|host| (*host).to_owned())
            .chain(bound)
            .collect();
        let own: Vec<String> = ours
            .iter()
            .map(|host| format!("http://{host}:{port}"))
            .collect();
        let window = WINDOW.iter().map(|origin| (*origin).to_owned());
        Doors {
            hosts: ours
                .into_iter()
                .chain(allow_hosts.iter().cloned())
                .collect(),
            origins: own
                .into_iter()
                .chain(window)
                .chain(allow_origins.iter().cloned())
                .collect(),
        }
    }

    /// Rules 1 and 2.
    pub(crate) fn check(&self, parts: &Parts) -> Result<(), Fault> {
        self.check_host(parts)?;
        self.check_origin(&parts.headers)
    }

    fn check_host(&self, parts: &Parts) -> Result<(), Fault> {
        // An absolute-form target overrides Host (RFC 9112 section 3.2.2).
        let host = match parts.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => one(&parts.headers, &header::HOST)?,
        };
        let name = without_port(host.unwrap_or_default());
        if self
            .hosts
            .iter()
            .any(|ours| ours.eq_ignore_ascii_case(name))
        {
            return Ok(());
        }
        Err(forbidden(
            "foreign_host",
            format!(
                "The Host `{name}` is not this Signalbox. Use http://127.0.0.1, or add the name \
                 to server.allow_hosts in the config."
            ),
        ))
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let origin = one(headers, &header::ORIGIN)?;
        if let Some(origin) = origin {
            if self
                .origins
                .iter()
                .any(|ours| ours.eq_ignore_ascii_case(origin))
            {
                return Ok(());
            }
            return Err(forbidden(
                "foreign_origin",
                format!(
                    "The web page `{origin}` may not use this Signalbox. If it is yours, add it \
                     to server.allow_origins in the config."
                ),
            ));
        }
        // Browsers leave Origin out of some requests, but not this.
        match headers.get("sec-fetch-site").map(|v| v.as_bytes()) {
            Some(b"cross-site" | b"same-site") => Err(forbidden(
                "foreign_origin",
                "Another web page may not use this Signalbox.".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Where a credential was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// In a header, which no web page can set on its own.
    Header,
    /// In the query string.
    Query,
}

/// The credential of a request: `Authorization: Bearer`, `x-api-key`, `api-key`,
/// `x-goog-api-key`, `?key=`, the first that is there.
pub(crate) fn credential(parts: &Parts) -> Option<(&str, Shown)> {
    let headers = &parts.headers;
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer_token);
    let own = || {
        ["x-api-key", "api-key", "x-goog-api-key"]
            .iter()
            .find_map(|name| headers.get(*name)?.to_str().ok())
    };
    if let Some(key) = bearer
        .or_else(own)
        .map(str::trim)
        .filter(|key| !key.is_empty())
    {
        return Some((key, Shown::Header));
    }
    let query = parts.uri.query()?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))
        .filter(|key| !key.is_empty())
        .map(|key| (key, Shown::Query))
}

/// Rule 3: the client behind a credential.
pub(crate) fn client(
    shown: Option<(&str, Shown)>,
    known: impl FnOnce(&str) -> Option<Arc<str>>,
) -> Result<(Arc<str>, Shown), Fault> {
    let Some((key, place)) = shown else {
        return Err(unauthorized(
            "no_client_key",
            "No client key was sent. Send Signalbox's client key (sbx-…) as the API key; make \
             one with `signalbox clients add NAME` or in the panel.",
        ));
    };
    match known(key) {
        Some(name) => Ok((name, place)),
        None if key.starts_with("sbx-") => Err(unauthorized(
            "wrong_client_key",
            "This client key is not known here; it may have been revoked. Make a new one with \
             `signalbox clients add NAME` or in the panel.",
        )),
        None => Err(unauthorized(
            "wrong_client_key",
            "This is not a Signalbox client key (they begin with sbx-). Provider keys stay in \
             Signalbox's keychain and are never sent by tools; give the tool a client key instead.",
        )),
    }
}

/// Rule 4.
pub(crate) fn content_type(headers: &HeaderMap, shown: Shown) -> Result<(), Fault> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    let json = essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json");
    if json || shown == Shown::Header {
        return Ok(());
    }
    Err(Fault {
        kind: FaultKind::InvalidRequest,
        status: 415,
        code: "wrong_content_type",
        message: format!(
            "The body is declared `{essence}`. Declare it application/json, or send the client \
             key in a header instead of the query string."
        ),
        param: None,
    })
}

/// Rule 5.
pub(crate) fn too_large(limit: usize) -> Fault {
    Fault {
        kind: FaultKind::TooLarge,
        status: 413,
        code: "body_too_large",
        message: format!(
            "The request body is larger than {} MiB, the limit of this Signalbox \
             (server.body_limit_mib in the config).",
            limit / (1024 * 1024)
        ),
        param: None,
    }
}

/// The query string as it travels on: without the credential.
pub(crate) fn query_without_key(query: Option<&str>) -> Option<String> {
    let query = query?;
    if !query.contains("key=") {
        return Some(query.to_owned());
    }
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("key="))
        .collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The one value of a header. Two make a request ambiguous: the next hop might
/// read the other one.
fn one<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    let ambiguous = || {
        forbidden(
            "ambiguous_header",
            format!("The request has an unreadable or repeated `{name}` header."),
        )
    };
    if values.next().is_some() {
        return Err(ambiguous());
    }
    first
        .map(|value| value.to_str().map_err(|_| ambiguous()))
        .transpose()
}

/// `[::1]:7411` → `[::1]`, `localhost:7411` → `localhost`.
fn without_port(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn forbidden(code: &'static str, message: String) -> Fault {
    Fault {
        kind: FaultKind::Permission,
        status: 403,
        code,
        message,
        param: None,
    }
}

fn unauthorized(code: &'static str, message: &str) -> Fault {
    Fault {
        kind: FaultKind::Authentication,
        status: 401,
        code,
        message: message.to_owned(),
        param: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(headers: &[(&str, &str)], uri: &str) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn doors() -> Doors {
        Doors::new(
            &["127.0.0.1:7411", "192.168.1.5:7411", "0.0.0.0:7411"].map(|a| a.parse().expect(a)),
            &["box.lan".to_owned()],
            &["https://mine.example".to_owned()],
        )
    }

    #[test]
    fn hosts_that_are_ours() {
        for host in [
            "127.0.0.1:7411",
            "localhost:7411",
            "[::1]:7411",
            "LOCALHOST",
            "box.lan:80",
            "192.168.1.5:7411",
        ] {
            assert!(
                doors().check(&parts(&[("host", host)], "/")).is_ok(),
                "{host}"
            );
        }
    }

    #[test]
    fn hosts_that_are_not() {
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "",
            "127.0.0.2",
            "0.0.0.0:7411",
            "[::2]:7411",
        ] {
            let fault = doors()
                .check(&parts(&[("host", host)], "/"))
                .expect_err(host);
            assert_eq!((fault.status, fault.code), (403, "foreign_host"), "{host}");
        }
    }

    #[test]
    fn two_hosts_are_refused() {
        let two = parts(&[("host", "127.0.0.1"), ("host", "evil.example")], "/");
        assert_eq!(
            doors().check(&two).expect_err("two").code,
            "ambiguous_header"
        );
    }

    #[test]
    fn an_absolute_target_counts_more_than_its_host() {
        let sly = parts(
            &[("host", "127.0.0.1:7411")],
            "http://evil.example/v1/models",
        );
        assert_eq!(doors().check(&sly).expect_err("sly").code, "foreign_host");
    }

    #[test]
    fn origins() {
        let cases = [
            ("http://127.0.0.1:7411", true),
            ("http://localhost:7411", true),
            ("tauri://localhost", true),
            ("https://mine.example", true),
            ("http://127.0.0.1:3000", false),
            ("https://evil.example", false),
            ("null", false),
        ];
        for (origin, allowed) in cases {
            let request = parts(&[("host", "127.0.0.1"), ("origin", origin)], "/");
            assert_eq!(doors().check(&request).is_ok(), allowed, "{origin}");
        }
    }

    #[test]
    fn a_page_that_hides_its_origin_is_known_by_fetch_metadata() {
        let request = parts(
            &[("host", "127.0.0.1"), ("sec-fetch-site", "cross-site")],
            "/",
        );
        assert_eq!(
            doors().check(&request).expect_err("page").code,
            "foreign_origin"
        );
    }

    /// Headers, the target, what is found.
    type Case = (
        &'static [(&'static str, &'static str)],
        &'static str,
        Option<(&'static str, Shown)>,
    );

    #[test]
    fn a_credential_in_every_place() {
        let cases: [Case; 8] = [
            (
                &[("authorization", "Bearer k")],
                "/",
                Some(("k", Shown::Header)),
            ),
            (
                &[("authorization", "bearer k")],
                "/",
                Some(("k", Shown::Header)),
            ),
            (&[("x-api-key", "k")], "/", Some(("k", Shown::Header))),
            (&[("api-key", "k")], "/", Some(("k", Shown::Header))),
            (&[("x-goog-api-key", "k")], "/", Some(("k", Shown::Header))),
            (&[], "/v1/models?beta=true&key=k", Some(("k", Shown::Query))),
            (&[("authorization", "Basic k")], "/", None),
            (&[], "/?monkey=k", None),
        ];
        for (headers, uri, expected) in cases {
            assert_eq!(
                credential(&parts(headers, uri)),
                expected,
                "{headers:?} {uri}"
            );
        }
    }

    #[test]
    fn a_form_is_taken_only_with_the_key_in_a_header() {
        let form = parts(
            &[("content-type", "application/x-www-form-urlencoded")],
            "/",
        );
        assert!(
            content_type(&form.headers, Shown::Header).is_ok(),
            "curl -d"
        );
        assert_eq!(
            content_type(&form.headers, Shown::Query)
                .expect_err("form")
                .status,
            415
        );
        let json = parts(&[("content-type", "application/json; charset=utf-8")], "/");
        assert!(content_type(&json.headers, Shown::Query).is_ok());
    }

    #[test]
    fn the_key_does_not_travel_on_in_the_query() {
        assert_eq!(
            query_without_key(Some("beta=true&key=k")),
            Some("beta=true".into())
        );
        assert_eq!(query_without_key(Some("key=k")), None);
        assert_eq!(
            query_without_key(Some("monkey=k&beta=1")),
            Some("monkey=k&beta=1".into())
        );
        assert_eq!(query_without_key(None), None);
    }
}
