//! Downloads a picture or a document that a request names by its web address.
//!
//! Promises: only the public internet is reached, and of it nothing in the networks that this machine
//! stands in, by addresses that were looked at (a name is
//! resolved once, and what was found public is what is connected to), at ports 80 and 443, every
//! redirect judged anew; nothing of the caller's or a provider's travels along, and no proxy is
//! asked. What the config lists is reached as it is.
//!
//! Bounds: 20 MiB and 20 s a file, 4 redirects, 16 downloads at once; 60 s for its turn.
//! Leaves out: when to fetch, and what for (`media`).

mod reach;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialect::hub::{Fetched, MediaKind};
use http::header;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, Url};
use tokio::sync::Semaphore;

use crate::upstream::{NoClient, root};

/// The largest file, in bytes.
const LARGEST: usize = 20 << 20;
/// How long a file waits for its turn.
const WAIT: Duration = Duration::from_secs(60);
/// How long one file may take, once it has its turn.
const TIME: Duration = Duration::from_secs(20);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 4;
/// Downloads at once, of all exchanges.
const AT_ONCE: usize = 16;

/// Fetches files.
pub(crate) struct Fetch {
    /// Reaches public addresses only.
    guarded: Client,
    /// For places that the config lists.
    listed: Client,
    room: Semaphore,
}

/// How many bytes more may be fetched for one request.
pub(crate) struct Allowance(AtomicUsize);

impl Allowance {
    pub(crate) fn of(bytes: usize) -> Allowance {
        Allowance(AtomicUsize::new(bytes))
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

impl Fetch {
    pub(crate) fn new() -> Result<Fetch, NoClient> {
        let builder = || {
            Client::builder()
                .user_agent(concat!("Signalbox/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT)
                .pool_max_idle_per_host(0)
                .no_proxy()
        };
        Ok(Fetch {
            guarded: builder().dns_resolver(PublicOnly).build()?,
            listed: builder().build()?,
            room: Semaphore::new(AT_ONCE),
        })
    }

    /// The file at `url`. `allow`: places (`host:port`) that may be reached whatever they are.
    ///
    /// # Errors
    /// Why there is none, as the end of a sentence about the file.
    pub(crate) async fn file(
        &self,
        url: &str,
        kind: MediaKind,
        allow: &[String],
        allowance: &Allowance,
    ) -> Result<Fetched, String> {
        let Ok(Ok(_seat)) = tokio::time::timeout(WAIT, self.room.acquire()).await else {
            return Err(format!(
                "too many files are being fetched; none of the {AT_ONCE} downloads ended within {} s",
                WAIT.as_secs()
            ));
        };
        let fetched = async {
            let response = self.found(url, allow).await?;
            read(response, kind, allowance).await
        };
        match tokio::time::timeout(TIME, fetched).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("it did not arrive within {} s", TIME.as_secs())),
        }
    }

    /// The answer at the end of the redirects.
    async fn found(&self, url: &str, allow: &[String]) -> Result<Response, String> {
        let mut url = Url::parse(url).map_err(|_| "its address is none".to_owned())?;
        for _ in 0..=REDIRECTS {
            let client = self.client_for(&url, allow)?;
            let asked = client
                .get(url.clone())
                .header(header::ACCEPT, "image/*, application/pdf;q=0.9");
            let response = asked.send().await.map_err(|error| root(&error))?;
            let status = response.status();
            if !status.is_redirection() {
                return match status.is_success() {
                    true => Ok(response),
                    false => Err(format!("it was answered with status {}", status.as_u16())),
                };
            }
            let next = response.headers().get(header::LOCATION);
            let next = next.and_then(|next| next.to_str().ok());
            url = next
                .and_then(|next| url.join(next).ok())
                .ok_or("it was answered with a redirect to nowhere")?;
        }
        Err(format!("it was redirected more than {REDIRECTS} times"))
    }

    /// Who may go there.
    fn client_for(&self, url: &Url, allow: &[String]) -> Result<&Client, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{}` is not fetched from", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a password in it is not fetched from".to_owned());
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("its address names no host".to_owned());
        };
        let place = format!("{host}:{port}");
        if allow
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(&place))
        {
            return Ok(&self.listed);
        }
        if !matches!(port, 80 | 443) {
            return Err(format!(
                "port {port} is not fetched from; list `{place}` in fetch_allow to allow it"
            ));
        }
        // A number is not looked up, so the resolver does not see it.
        let number = host.trim_start_matches('[').trim_end_matches(']');
        match number.parse::<IpAddr>() {
            Ok(ip) if !reach::is_far(ip) => Err(not_public(&place)),
            _ => Ok(&self.guarded),
        }
    }
}

fn not_public(place: &str) -> String {
    format!(
        "{place} is not on the public internet outside of this machine's own networks; list it in fetch_allow to allow it"
    )
}

/// Finds the public addresses of a name, and hides the others.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found
                .filter(|address| reach::is_far(address.ip()))
                .collect();
            if public.is_empty() {
                return Err(not_public(name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

async fn read(
    mut response: Response,
    kind: MediaKind,
    allowance: &Allowance,
) -> Result<Fetched, String> {
    let header = |name: header::HeaderName| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_ascii_lowercase)
    };
    if header(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err("it came compressed, which was not asked for".to_owned());
    }
    let declared = header(header::CONTENT_TYPE).unwrap_or_default();
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| root(&error))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(format!("it is larger than {} MiB", LARGEST >> 20));
        }
        if !allowance.take(chunk.len()) {
            return Err("the files of one request are too large together".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    let mime = type_of(&bytes, &declared, kind)?;
    Ok(Fetched {
        mime,
        base64: STANDARD.encode(&bytes),
    })
}

/// The file's type: what its bytes begin like, or what its server says.
fn type_of(bytes: &[u8], declared: &str, kind: MediaKind) -> Result<String, String> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    let seen = if begins(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if begins(b"\xff\xd8\xff") {
        "image/jpeg"
    } else if begins(b"GIF8") {
        "image/gif"
    } else if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        "image/webp"
    } else if begins(b"%PDF-") {
        "application/pdf"
    } else if bytes.trim_ascii_start().first() == Some(&b'<') {
        // A web page, whatever it is called.
        "text/html"
    } else {
        declared.split(';').next().unwrap_or_default().trim()
    };
    let fits = match kind {
        MediaKind::Document => seen == "application/pdf",
        _ => seen.starts_with("image/"),
    };
    if fits && seen.len() < 64 {
        return Ok(seen.to_owned());
    }
    let wanted = match kind {
        MediaKind::Document => "a PDF",
        _ => "a picture",
    };
    let seen: String = seen
        .chars()
        .filter(char::is_ascii_graphic)
        .take(64)
        .collect();
    let what = if seen.is_empty() {
        "of no known type"
    } else {
        &seen
    };
    Err(format!("it is not {wanted} but {what}"))
}

#[cfg(test)]
mod tests;
