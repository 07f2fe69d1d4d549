//! The way out: one call to one provider, and the bytes it answers with.
//!
//! Promises: no redirects are followed (a key must not travel to a stranger),
//! loopback providers are never reached through a system proxy, every wait has a
//! limit. Leaves out what an answer means (`attempt`) and how it reaches the
//! client (`relay`).

use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::google_token::GoogleTokens;
use crate::key::ShownKey;
use crate::settle::unix_ms;
use crate::signing::{self, AwsKey};
use arc_swap::ArcSwap;
use bytes::Bytes;
use dialect::{Failure, FailureCategory};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Body as _;
use routing::{AuthScheme, Provider, Surface};
use secrecy::{ExposeSecret as _, SecretString};

use crate::practice::PracticeBody;

/// The clients that reach providers.
pub(crate) struct Upstream {
    clients: ArcSwap<Clients>,
    google: GoogleTokens,
}

struct Clients {
    connect: Duration,
    /// For addresses of this machine and network: no system proxy.
    near: reqwest::Client,
    /// For everybody else.
    far: reqwest::Client,
}

/// An answer's head, and its body still to be read.
pub(crate) struct UpstreamReply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: UpstreamBody,
}

/// A body still to be read.
pub(crate) enum UpstreamBody {
    Http(reqwest::Body),
    Practice(PracticeBody),
}

/// The TLS backend or the system's proxy settings are unusable.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client could be made: {0}")]
pub struct NoClient(#[from] reqwest::Error);

impl Upstream {
    pub(crate) fn new(connect: Duration) -> Result<Upstream, NoClient> {
        Ok(Upstream {
            clients: ArcSwap::from_pointee(Clients::new(connect)?),
            google: GoogleTokens::default(),
        })
    }

    /// Follows a changed limit. Open connections of the old clients live on until
    /// their exchanges end.
    pub(crate) fn install(&self, connect: Duration) -> Result<(), NoClient> {
        if self.clients.load().connect != connect {
            self.clients.store(Arc::new(Clients::new(connect)?));
        }
        Ok(())
    }

    /// Sends a request and waits for the head of the answer, at most `first_byte`.
    pub(crate) async fn send(
        &self,
        provider: &Provider,
        surface: &Surface,
        mut request: reqwest::Request,
        key: &ShownKey,
        first_byte: Duration,
    ) -> Result<UpstreamReply, Failure> {
        let client = {
            let clients = self.clients.load();
            let near = provider.local || is_near(request.url());
            // A reqwest client is a handle: cloning it counts a reference.
            if near {
                clients.near.clone()
            } else {
                clients.far.clone()
            }
        };
        self.show(&client, surface, &mut request, key).await?;
        let response = match tokio::time::timeout(first_byte, client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure(&error)),
            Err(_) => return Err(silence(first_byte)),
        };
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Ok(UpstreamReply {
            status: parts.status,
            headers: parts.headers,
            body: UpstreamBody::Http(body),
        })
    }
}

impl Upstream {
    /// Shows a provider its key in the way it wants to see it. Keys that open more than this provider
    /// (a service account, an access key) never travel themselves.
    async fn show(
        &self,
        client: &reqwest::Client,
        surface: &Surface,
        request: &mut reqwest::Request,
        shown: &ShownKey,
    ) -> Result<(), Failure> {
        let Some(key) = shown.stored() else {
            return Ok(());
        };
        match surface.auth {
            AuthScheme::Google => {
                let token = self.google.bearer(client, key, unix_ms() / 1000).await?;
                shown.hide(&token);
                show_key(request.headers_mut(), AuthScheme::Bearer, Some(&token));
            }
            AuthScheme::Aws => match AwsKey::read(key).map_err(|why| unsigned(&why))? {
                Some(key) => {
                    shown.hide(&key.secret_access_key);
                    key.session_token.iter().for_each(|token| shown.hide(token));
                    sign_request(request, surface, &key)?;
                }
                // A Bedrock API key.
                None => show_key(request.headers_mut(), AuthScheme::Bearer, Some(key)),
            },
            plain => show_key(request.headers_mut(), plain, Some(key)),
        }
        Ok(())
    }
}

fn sign_request(
    request: &mut reqwest::Request,
    surface: &Surface,
    key: &AwsKey,
) -> Result<(), Failure> {
    let url = request.url().clone();
    let region = surface
        .region
        .as_deref()
        .or_else(|| signing::region_of(&url));
    let region = region.ok_or_else(|| {
        plain(
            FailureCategory::Auth,
            "its address names no region to sign for; set `region` for it in the config".to_owned(),
        )
    })?;
    let body = request
        .body()
        .and_then(reqwest::Body::as_bytes)
        .unwrap_or_default()
        .to_vec();
    let method = request.method().clone();
    signing::sign(
        request.headers_mut(),
        &method,
        &url,
        &body,
        key,
        region,
        unix_ms() / 1000,
    )
    .map_err(|why| unsigned(&why))
}

fn unsigned(why: &signing::Unsigned) -> Failure {
    plain(FailureCategory::Auth, why.to_string())
}

impl Clients {
    fn new(connect: Duration) -> Result<Clients, NoClient> {
        let builder = || {
            reqwest::Client::builder()
                .connect_timeout(connect)
                .redirect(reqwest::redirect::Policy::none())
                .tcp_nodelay(true)
                .pool_idle_timeout(Duration::from_secs(90))
                .tcp_keepalive(Duration::from_secs(30))
        };
        Ok(Clients {
            connect,
            near: builder().no_proxy().build()?,
            far: builder().build()?,
        })
    }
}

/// Loopback and private addresses are not behind a system proxy; sent there, a
/// local model server is answered for by the proxy's error page.
fn is_near(url: &reqwest::Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| match ip {
                std::net::IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
                std::net::IpAddr::V6(v6) => v6.is_loopback(),
            }),
        None => false,
    }
}

/// The address of an endpoint at a surface.
pub(crate) fn url(surface: &Surface, path: &str, query: Option<&str>) -> Option<reqwest::Url> {
    let mut text = String::with_capacity(surface.base_url.len() + path.len() + 16);
    text.push_str(&surface.base_url);
    text.push_str(path);
    for query in [query, surface.query.as_deref()].into_iter().flatten() {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(query);
    }
    reqwest::Url::parse(&text).ok()
}

/// Puts a provider's key where it wants to see it, marked so that no log prints it.
fn show_key(headers: &mut HeaderMap, auth: AuthScheme, key: Option<&SecretString>) {
    let Some(key) = key else { return };
    let (name, value) = match auth {
        AuthScheme::None => return,
        // The last two are made into a bearer or a signature before.
        AuthScheme::Google | AuthScheme::Aws => return,
        AuthScheme::Bearer => (
            "authorization",
            HeaderValue::try_from(format!("Bearer {}", key.expose_secret())),
        ),
        AuthScheme::XApiKey => ("x-api-key", HeaderValue::try_from(key.expose_secret())),
        AuthScheme::XGoogApiKey => ("x-goog-api-key", HeaderValue::try_from(key.expose_secret())),
        AuthScheme::ApiKey => ("api-key", HeaderValue::try_from(key.expose_secret())),
    };
    if let Ok(mut value) = value {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

impl UpstreamBody {
    /// The next bytes; `None` at the end; an error when the body broke.
    pub(crate) fn poll_bytes(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        match self {
            UpstreamBody::Practice(body) => body.poll_bytes(cx),
            UpstreamBody::Http(body) => loop {
                return match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                    None => Poll::Ready(None),
                    Some(Err(error)) => Poll::Ready(Some(Err(broken(&error)))),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(bytes) if bytes.is_empty() => continue,
                        Ok(bytes) => Poll::Ready(Some(Ok(bytes))),
                        Err(_trailers) => continue,
                    },
                };
            },
        }
    }

    /// Nothing more comes.
    pub(crate) fn ended() -> UpstreamBody {
        UpstreamBody::Http(reqwest::Body::default())
    }

    /// The next bytes, waiting at most `limit`.
    pub(crate) async fn next(&mut self, limit: Duration) -> Option<Result<Bytes, Failure>> {
        let next = std::future::poll_fn(|cx| self.poll_bytes(cx));
        match tokio::time::timeout(limit, next).await {
            Ok(next) => next,
            Err(_) => Some(Err(silence(limit))),
        }
    }

    /// The whole body, at most `most` bytes, with at most `idle` between its parts.
    pub(crate) async fn collect(&mut self, most: usize, idle: Duration) -> Result<Bytes, Failure> {
        let mut first: Option<Bytes> = None;
        let mut rest: Vec<u8> = Vec::new();
        while let Some(bytes) = self.next(idle).await {
            let bytes = bytes?;
            let held = first.as_ref().map_or(0, Bytes::len).max(rest.len());
            if held + bytes.len() > most {
                return Err(bad_reply(format!("its answer is larger than {most} bytes")));
            }
            // Most answers arrive in one piece, and then nothing is copied.
            match (&first, rest.is_empty()) {
                (None, true) => first = Some(bytes),
                (Some(head), true) => {
                    rest.extend_from_slice(head);
                    rest.extend_from_slice(&bytes);
                }
                _ => rest.extend_from_slice(&bytes),
            }
        }
        Ok(if rest.is_empty() {
            first.unwrap_or_default()
        } else {
            rest.into()
        })
    }
}

/// Nothing came in time.
fn silence(limit: Duration) -> Failure {
    plain(
        FailureCategory::Timeout,
        format!("it sent nothing for {} s", limit.as_secs_f32()),
    )
}

/// Nothing came in the time that a target's own requests teach.
pub(crate) fn late(waited: Duration, usual: Duration) -> Failure {
    let (waited, usual) = (waited.as_secs_f32(), usual.as_secs_f32());
    plain(
        FailureCategory::Timeout,
        format!(
            "it said nothing for {waited:.1} s; nearly all requests of this size have their first word within \
             {usual:.1} s here"
        ),
    )
}

/// An answer that is none.
pub(crate) fn bad_reply(message: impl Into<String>) -> Failure {
    plain(FailureCategory::BadReply, message.into())
}

/// The body broke off.
fn broken(error: &reqwest::Error) -> Failure {
    plain(
        FailureCategory::BrokenStream,
        format!(
            "the connection broke in the middle of its answer ({})",
            root(error)
        ),
    )
}

/// No answer at all.
fn failure(error: &reqwest::Error) -> Failure {
    let cause = root(error);
    if error.is_timeout() {
        let what = match error.url().map(reqwest::Url::scheme) {
            Some("https") => "no secure connection came about in time; does that port speak TLS?",
            _ => "no connection came about in time",
        };
        return plain(FailureCategory::Timeout, what.to_owned());
    }
    if mentions_tls(error) {
        return plain(FailureCategory::Tls, cause);
    }
    if error.is_connect() {
        return plain(FailureCategory::Connection, cause);
    }
    plain(
        FailureCategory::Connection,
        format!("the connection was lost before an answer ({cause})"),
    )
}

fn plain(category: FailureCategory, message: String) -> Failure {
    Failure {
        category,
        status: None,
        code: None,
        message,
        retry_after_ms: None,
    }
}

/// The innermost cause: the outer ones repeat the address, which may hold a key.
pub(crate) fn root(error: &reqwest::Error) -> String {
    let mut deepest: Option<&dyn std::error::Error> = error.source();
    while let Some(next) = deepest.and_then(std::error::Error::source) {
        deepest = Some(next);
    }
    let mut text = deepest.map_or_else(|| "no cause given".to_owned(), ToString::to_string);
    if let Some((at, _)) = text.char_indices().nth(200) {
        text.truncate(at);
    }
    text
}

/// rustls hides behind an `io::Error`; its errors name themselves in their words.
fn mentions_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if [
            "certificate",
            "TLS",
            "tls",
            "handshake",
            "corrupt message",
            "InvalidContentType",
        ]
        .iter()
        .any(|word| text.contains(word))
        {
            return true;
        }
        cause = inner.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_network_are_near_and_the_world_is_far() {
        let near = [
            "http://127.0.0.1:1/v1",
            "http://localhost/v1",
            "http://[::1]:2/",
            "http://192.168.1.5/",
        ];
        let far = ["https://api.openai.com/v1", "http://8.8.8.8/"];
        for url in near {
            assert!(is_near(&reqwest::Url::parse(url).expect(url)), "{url}");
        }
        for url in far {
            assert!(!is_near(&reqwest::Url::parse(url).expect(url)), "{url}");
        }
    }

    #[test]
    fn a_key_is_never_printed_with_its_headers() {
        let mut headers = HeaderMap::new();
        show_key(
            &mut headers,
            AuthScheme::Bearer,
            Some(&SecretString::from("sk-secret")),
        );
        assert_eq!(headers["authorization"], "Bearer sk-secret");
        assert!(!format!("{headers:?}").contains("sk-secret"));
    }
}
