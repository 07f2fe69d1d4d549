//! A server that is reached over HTTP.
//!
//! Promises: only its own host is spoken to, whatever it answers; the token is read when the connection is
//! made, travels in a header that is marked, and is masked in what is told of the server.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use secrecy::{ExposeSecret, SecretString};

use crate::{AT_ONCE, MESSAGE};

const CONNECT: Duration = Duration::from_secs(10);
/// To the same host.
const REDIRECTS: usize = 3;
/// Of a page that tells of an error.
const ERROR: usize = 4 << 10;

/// The token from the environment variable of this name.
///
/// # Errors
/// Why there is none, as the end of a sentence about the server.
pub(crate) fn token(from: &str) -> Result<SecretString, String> {
    match std::env::var(from) {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().into()),
        _ => Err(format!(
            "needs the environment variable `{from}`, which is not set where Signalbox was started"
        )),
    }
}

/// A way to the server at `url`.
///
/// # Errors
/// Why there is none, as the end of a sentence about the server.
pub(crate) fn way(
    url: &str,
    token: Option<&SecretString>,
    is_local: bool,
) -> Result<StreamableHttpClientTransport<Client>, String> {
    let address = Url::parse(url).map_err(|error| format!("has no usable address ({error})"))?;
    if !matches!(address.scheme(), "http" | "https") || address.host_str().is_none() {
        return Err("has an address that is neither http:// nor https://".to_owned());
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err("has a password in its address. Put the token into an environment variable and name it in `token_env`".to_owned());
    }
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
        let mut header =
            header.map_err(|_| "has a token that can't stand in a header".to_owned())?;
        header.set_sensitive(true);
        headers.insert(AUTHORIZATION, header);
    }
    let mut client = Client::builder()
        .user_agent(concat!("Signalbox/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(at_home())
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(AT_ONCE);
    if is_local {
        client = client.no_proxy();
    }
    let client = client
        .build()
        .map_err(|error| format!("can't be spoken to ({error})"))?;
    let config = StreamableHttpClientTransportConfig::with_uri(url)
        .max_concurrent_requests(2 * AT_ONCE)
        .max_sse_event_size(MESSAGE)
        .max_json_response_size(MESSAGE)
        .max_error_response_size(ERROR)
        .reinit_on_expired_session(true);
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

/// Redirects that keep the body and the origin: anything else would lose the message or take it elsewhere.
fn at_home() -> Policy {
    Policy::custom(|attempt| {
        let keeps_body = matches!(
            attempt.status(),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let first = attempt.previous().first();
        let is_same = first.is_some_and(|first| first.origin() == attempt.url().origin());
        if !is_same {
            let to = attempt.url().host_str().unwrap_or("nowhere").to_owned();
            attempt.error(Elsewhere(to))
        } else if keeps_body && attempt.previous().len() <= REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

/// It sends us to another host.
#[derive(Debug, thiserror::Error)]
#[error(
    "sends to another host, `{0}`, which is not followed. If that is where it lives now, write that address into the config"
)]
pub(crate) struct Elsewhere(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_without_a_host_or_with_a_password_is_told_of() {
        let why = |url: &str| way(url, None, true).err().expect("refused");
        assert!(why("file:///etc/passwd").contains("neither"));
        assert!(why("docs").contains("no usable address"));
        assert!(why("https://me:secret@docs.test/mcp").contains("token_env"));
        assert!(way("https://docs.test/mcp", None, true).is_ok());
    }

    #[test]
    fn a_token_that_is_not_set_is_named() {
        let why = token("SIGNALBOX_NO_SUCH_VARIABLE").expect_err("not set");
        assert!(why.contains("`SIGNALBOX_NO_SUCH_VARIABLE`"));
    }
}
