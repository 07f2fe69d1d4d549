//! Which headers travel, in each direction: the one list.
//!
//! Promises: a client's credential, cookie or origin never reaches a provider; a
//! provider's cookie never reaches a client; everything else (betas, versions,
//! request ids, rate limits) travels untouched.

use dialect::Fault;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::faults;

/// Carries the ids of the Signalbox instances a request went through.
pub(crate) static HOP: HeaderName = HeaderName::from_static("x-signalbox-hop");
/// Names the receipt of an exchange to the client.
pub(crate) static RECEIPT: HeaderName = HeaderName::from_static("x-signalbox-receipt");
/// Names who answered.
pub(crate) static PROVIDER: HeaderName = HeaderName::from_static("x-signalbox-provider");
/// Names the model that was asked.
pub(crate) static MODEL: HeaderName = HeaderName::from_static("x-signalbox-model");
/// Says how many attempts were made.
pub(crate) static ATTEMPTS: HeaderName = HeaderName::from_static("x-signalbox-attempts");
/// Says what a translation could not carry, in short: `drop:top_k, degrade:json_schema`.
pub(crate) static NOTES: HeaderName = HeaderName::from_static("x-signalbox-notes");
/// Says that a count of tokens was made here, and is an estimate.
pub(crate) static ESTIMATE: HeaderName = HeaderName::from_static("x-signalbox-estimate");
/// Asked by a client: `ok` accepts losses that are refused otherwise.
pub(crate) static LOSSY: HeaderName = HeaderName::from_static("x-signalbox-lossy");

/// Asked by a client: `local` keeps a request on this machine and network.
pub(crate) static BOUNDARY: HeaderName = HeaderName::from_static("x-signalbox-boundary");

/// How many instances a request may pass before it counts as a loop.
const MAX_HOPS: usize = 4;

/// What travels to a provider, copied in one pass. `accept-encoding` stays here: the
/// usage in a compressed reply could not be read without inflating it, and on the
/// last hop to this machine compression wins nothing.
pub(crate) fn for_upstream(received: &HeaderMap) -> HeaderMap {
    let named: Vec<&str> = received
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .map(str::trim)
        .collect();
    // Room for the provider's key and our hop.
    let mut travelling = HeaderMap::with_capacity(received.len() + 4);
    for (name, value) in received {
        let text = name.as_str();
        let of_this_hop = named.iter().any(|named| named.eq_ignore_ascii_case(text));
        if !stays_here(text) && !of_this_hop {
            travelling.append(name, value.clone());
        }
    }
    travelling
}

pub(crate) fn stays_here(name: &str) -> bool {
    match name {
        // Ours alone: the client's credential in every spelling, and where it comes from.
        "authorization" | "x-api-key" | "api-key" | "x-goog-api-key" => true,
        "cookie" | "origin" | "referer" => true,
        // Of this connection and this body.
        "host" | "content-length" | "expect" | "accept-encoding" => true,
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" => true,
        "transfer-encoding" | "upgrade" | "proxy-authenticate" | "proxy-authorization" => true,
        other => ["x-signalbox-", "sec-fetch-", "sec-ch-"]
            .iter()
            .any(|prefix| other.starts_with(prefix)),
    }
}

/// Takes out what must not reach the client. The length goes because the body is
/// framed anew; a provider's `x-signalbox-*` goes because it would be a lie.
pub(crate) fn for_client(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    for name in [
        header::CONTENT_LENGTH,
        header::SET_COOKIE,
        header::ALT_SVC,
        header::STRICT_TRANSPORT_SECURITY,
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    ] {
        headers.remove(name);
    }
    remove_prefixed(headers, &["x-signalbox-"]);
}

/// RFC 9110 section 7.6.1, and the names a `Connection` header adds to it.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if let Some(connection) = headers.remove(header::CONNECTION)
        && let Ok(names) = connection.to_str()
    {
        for name in names.split(',') {
            if let Ok(name) = HeaderName::try_from(name.trim()) {
                headers.remove(name);
            }
        }
    }
    for name in [
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
    ] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

fn remove_prefixed(headers: &mut HeaderMap, prefixes: &[&str]) {
    let doomed = |name: &HeaderName| prefixes.iter().any(|p| name.as_str().starts_with(p));
    if !headers.keys().any(doomed) {
        return;
    }
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| doomed(name))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

/// Whether the client keeps this request on this machine and network.
///
/// # Errors
/// When it names another boundary: what should have been kept must not travel for a slip of the pen.
pub(crate) fn stays_local(headers: &HeaderMap) -> Result<bool, Fault> {
    let mut values = headers.get_all(&BOUNDARY).iter();
    let known = |value: &HeaderValue| value.as_bytes().trim_ascii() == b"local";
    match values.next() {
        None => Ok(false),
        Some(value) if known(value) && values.all(known) => Ok(true),
        Some(_) => Err(faults::malformed(format!(
            "The header `{BOUNDARY}` knows one value, `local`: the request stays on this machine \
             and network."
        ))),
    }
}

/// Whether a request has been here before, or wanders.
pub(crate) fn is_loop(headers: &HeaderMap, instance: &str) -> bool {
    let mut hops = 0;
    for value in headers.get_all(&HOP) {
        for hop in value.as_bytes().split(|byte| *byte == b',') {
            hops += 1;
            if hop.trim_ascii() == instance.as_bytes() {
                return true;
            }
        }
    }
    hops >= MAX_HOPS
}

/// Whether the client accepts losses that are refused otherwise.
pub(crate) fn accepts_losses(headers: &HeaderMap) -> bool {
    headers
        .get(&LOSSY)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"ok"))
}

/// Takes Anthropic's betas out of the headers: where the version travels in the body, they do too.
pub(crate) fn betas(headers: &mut HeaderMap) -> Vec<String> {
    let all = headers.get_all("anthropic-beta").iter();
    let betas = all
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|beta| beta.trim().to_owned())
        .filter(|beta| !beta.is_empty())
        .collect();
    headers.remove("anthropic-beta");
    betas
}

/// What of a provider's headers reaches the client of another dialect: its request id and its wait.
pub(crate) fn for_translated_client(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(8);
    for name in [
        "retry-after",
        "x-request-id",
        "request-id",
        "x-amzn-requestid",
    ] {
        if let Some(value) = headers.get(name) {
            kept.insert(HeaderName::from_static(name), value.clone());
        }
    }
    kept
}

/// The hop header for the next instance: those before us, then us.
pub(crate) fn hops(headers: &HeaderMap, instance: &HeaderValue) -> HeaderValue {
    let mut all: Vec<u8> = Vec::new();
    for value in headers.get_all(&HOP) {
        all.extend_from_slice(value.as_bytes());
        all.extend_from_slice(b", ");
    }
    if all.is_empty() {
        return instance.clone();
    }
    all.extend_from_slice(instance.as_bytes());
    HeaderValue::from_bytes(&all).unwrap_or_else(|_| instance.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn credentials_in_every_spelling_stay_here_and_betas_travel() {
        let headers = map(&[
            ("authorization", "Bearer sbx-1"),
            ("x-api-key", "sbx-1"),
            ("api-key", "sbx-1"),
            ("x-goog-api-key", "sbx-1"),
            ("cookie", "a=b"),
            ("origin", "http://127.0.0.1"),
            ("connection", "keep-alive, x-private"),
            ("x-private", "1"),
            ("x-signalbox-task", "chat"),
            ("anthropic-beta", "context-1m-2025-08-07"),
            ("anthropic-version", "2023-06-01"),
            ("x-stainless-lang", "python"),
        ]);
        let travelling = for_upstream(&headers);
        let mut left: Vec<&str> = travelling.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(
            left,
            ["anthropic-beta", "anthropic-version", "x-stainless-lang"]
        );
    }

    #[test]
    fn our_own_hop_is_a_loop_and_another_is_not() {
        assert!(is_loop(&map(&[("x-signalbox-hop", "aa, bb")]), "bb"));
        assert!(!is_loop(&map(&[("x-signalbox-hop", "aa")]), "bb"));
        assert!(
            is_loop(&map(&[("x-signalbox-hop", "a,b,c,d")]), "x"),
            "it wanders"
        );
        assert_eq!(
            hops(
                &map(&[("x-signalbox-hop", "aa")]),
                &HeaderValue::from_static("bb")
            ),
            "aa, bb"
        );
    }
}
