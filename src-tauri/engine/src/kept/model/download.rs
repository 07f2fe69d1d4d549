//! The network of a model's download.
//!
//! Promises: begun by a person alone, at an address that a person named; nothing of a client's or a provider's
//! travels along. Bounds: 10 s for a connection, 30 s for each piece, 8 redirects; sizes are `semantic`'s.

use std::time::Duration;

use http::header;
use reqwest::{Client, Response, StatusCode, Url};
use semantic::{Opening, Source};
use tokio::runtime::Handle;

use super::NotFetched;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long is waited for the next piece.
const SILENCE: Duration = Duration::from_secs(30);
/// How many redirects are followed.
const REDIRECTS: usize = 8;

/// Gives files to a thread that may wait.
pub(super) struct Download {
    client: Client,
    runtime: Handle,
}

impl Download {
    /// For files behind `base`. Called on the runtime whose network it uses.
    pub(super) fn new(base: &str) -> Result<Download, NotFetched> {
        let is_web = |url: &Url| matches!(url.scheme(), "https" | "http");
        if !Url::parse(base).is_ok_and(|url| is_web(&url)) {
            return Err(NotFetched::Address(format!(
                "`{base}` is no web address; write one such as https://example.com/models/all-MiniLM-L6-v2"
            )));
        }
        let client = Client::builder()
            .user_agent(concat!("Signalbox/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| NotFetched::Address(error.to_string()))?;
        Ok(Download {
            client,
            runtime: Handle::current(),
        })
    }
}

impl Source for Download {
    fn open(&mut self, url: &str, from: u64) -> Result<Opening<'_>, String> {
        let mut request = self.client.get(url);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let response = self
            .runtime
            .block_on(request.send())
            .map_err(|error| words(&error))?;
        let begins_at = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => from,
            // All of it is here, or more than it has by now: from its beginning.
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => return self.open(url, 0),
            status => return Err(format!("it answered with {status}")),
        };
        let version = response.headers().get(header::ETAG);
        let version = version.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let total = response.content_length().map(|rest| begins_at + rest);
        let runtime = &self.runtime;
        let mut response: Option<Response> = Some(response);
        let body = std::iter::from_fn(move || {
            let chunk = runtime.block_on(response.as_mut()?.chunk());
            match chunk {
                Ok(Some(bytes)) => Some(Ok(bytes.to_vec())),
                Ok(None) => {
                    response = None;
                    None
                }
                Err(error) => {
                    response = None;
                    Some(Err(words(&error)))
                }
            }
        });
        Ok(Opening {
            begins_at,
            total,
            version,
            body: Box::new(body),
        })
    }
}

/// What happened, with its cause: reqwest keeps that to itself.
fn words(error: &reqwest::Error) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
