//! Just enough HTTP/1.1 to be able to break its rules on purpose.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A request as it came: nothing parsed that a test might want to see raw.
#[derive(Debug, Clone)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// A look at a local server, made when Signalbox sees fit: no request of anybody's.
    pub fn asks_how_it_is(&self) -> bool {
        let ends = ["/metrics", "models", "/api/tags"];
        self.line.starts_with("GET ") && ends.iter().any(|end| self.path().ends_with(end))
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The short text fields of a form, as an object; none in anything else.
    pub fn form(&self) -> Option<serde_json::Value> {
        let (_, boundary) = self
            .header("content-type")?
            .strip_prefix("multipart/form-data")?
            .split_once("boundary=")?;
        let text = String::from_utf8_lossy(&self.body);
        let boundary = format!("--{boundary}");
        let parts = text.split(&boundary).filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let (_, named) = head.split_once(" name=\"")?;
            let name = named.split('"').next()?;
            let value = value.trim_end_matches("\r\n");
            let is_text = !head.contains("filename=");
            is_text.then(|| (name.to_owned(), serde_json::Value::from(value)))
        });
        Some(serde_json::Value::Object(parts.collect()))
    }
}

/// The next request on a connection; `None` when the peer closed it.
pub async fn read_request(
    socket: &mut (impl AsyncRead + Unpin),
    held: &mut BytesMut,
) -> Option<Request> {
    let end = loop {
        if let Some(at) = held.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(held).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&held.split_to(end + 4)).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse::<usize>().ok())
        .unwrap_or(0);
    while held.len() < length {
        if socket.read_buf(held).await.ok()? == 0 {
            return None;
        }
    }
    let body = held.split_to(length).to_vec();
    Some(Request {
        line,
        headers,
        body,
    })
}
