//! Files that lie at an address, and what else may lie there.

use super::http::{bytes, whole};

/// A picture, as far as its first bytes go.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n-- a picture --";
const PAPER: &[u8] = b"%PDF-1.7 -- a paper --";
/// One byte more than is taken.
const TOO_MUCH: usize = (20 << 20) + 1;

/// What lies below `/files/`.
pub(super) fn file(path: &str) -> Vec<u8> {
    let away = |to: &str| whole(302, "text/plain", "", &format!("location: {to}\r\n"));
    match path.trim_start_matches("/files/") {
        "picture" => bytes(
            200,
            "application/octet-stream",
            PICTURE,
            "set-cookie: a=1\r\n",
        ),
        "paper.pdf" => bytes(200, "application/pdf", PAPER, ""),
        "page" => whole(
            200,
            "image/png",
            "<!doctype html><title>Sign in</title>",
            "",
        ),
        "huge" => bytes(200, "image/png", &vec![b'.'; TOO_MUCH], ""),
        "moved" => away("/files/picture"),
        "inwards" => away("http://169.254.169.254/latest/meta-data"),
        "round" => away("/files/round"),
        _ => whole(404, "text/plain", "not here", ""),
    }
}
