//! The embeddings reply, with vectors as numbers or in base64.
//!
//! Promises: base64 of little-endian 32-bit floats, which is what OpenAI's SDKs
//! ask for without being told. Leaves out: making vectors.

use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::json;

/// The answer to `POST /v1/embeddings`: one vector for each input, in order.
/// `tokens` is the size of all inputs.
pub fn embeddings_reply(model: &str, vectors: &[Vec<f32>], base64: bool, tokens: u64) -> Bytes {
    let data = vectors.iter().enumerate().map(|(index, floats)| Embedding {
        object: "embedding",
        index,
        embedding: Vector { floats, base64 },
    });
    json::document(&Reply {
        object: "list",
        data: data.collect(),
        model,
        usage: Counts {
            prompt_tokens: tokens,
            total_tokens: tokens,
        },
    })
}

#[derive(Serialize)]
struct Reply<'a> {
    object: &'static str,
    data: Vec<Embedding<'a>>,
    model: &'a str,
    usage: Counts,
}

#[derive(Serialize)]
struct Embedding<'a> {
    object: &'static str,
    index: usize,
    embedding: Vector<'a>,
}

#[derive(Serialize)]
struct Counts {
    prompt_tokens: u64,
    total_tokens: u64,
}

struct Vector<'a> {
    floats: &'a [f32],
    base64: bool,
}

impl Serialize for Vector<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.base64 {
            let bytes: Vec<u8> = self.floats.iter().flat_map(|f| f.to_le_bytes()).collect();
            to.serialize_str(&base64(&bytes))
        } else {
            self.floats.serialize(to)
        }
    }
}

/// Standard base64 with padding. Twelve lines we can read spare a dependency.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let known = digit <= three.len();
            let value = (bits >> (18 - 6 * digit)) as usize & 63;
            text.push(if known { DIGITS[value] as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_one_of_the_rfc() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in vectors {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xFB, 0xFF, 0xBF]), "+/+/");
    }
}
