//! Replies as bytes: whole, and in chunks.

/// Headers a provider sends that clients read.
pub(super) const REPLY_HEADERS: &str = "x-request-id: req_fake\r\nx-ratelimit-remaining-requests: 41\r\n\
     x-new-vendor-header: kept\r\nset-cookie: tracked=1\r\n";

pub(super) fn whole(status: u16, kind: &str, body: &str, extra: &str) -> Vec<u8> {
    bytes(status, kind, body.as_bytes(), extra)
}

pub(super) fn bytes(status: u16, kind: &str, body: &[u8], extra: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Fake\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{extra}\r\n"
    );
    [head.as_bytes(), body].concat()
}

pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed
}
