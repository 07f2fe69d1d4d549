//! How much a piece of reply JSON says, without parsing it.
//!
//! Promises: a walk from quote to quote that sums the strings under the keys
//! generated text travels in, in both dialects. It runs for every delta of
//! every stream, where a parse would cost several times as much. Leaves out:
//! exactness. Escapes count as written, and a provider that repeats its
//! reasoning under two keys is counted twice.

use memchr::{memchr, memchr2};

/// What a walk came by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Bytes of text, reasoning, refusals and tool arguments.
    pub(crate) bytes: u64,
    /// Tool arguments were among them (an empty string counts).
    pub(crate) called: bool,
    /// A refusal was among them.
    pub(crate) refused: bool,
}

/// Walks through `json`, or any part of it that does not begin inside a string.
pub(crate) fn said(json: &[u8]) -> Said {
    let mut said = Said::default();
    let mut at = 0;
    while let Some((key, after_key)) = next_string(json, at) {
        at = after_key;
        let colon = skip_spaces(json, at);
        if json.get(colon) != Some(&b':') {
            continue;
        }
        let value = skip_spaces(json, colon + 1);
        if json.get(value) != Some(&b'"') {
            continue;
        }
        let Some((text, after_text)) = next_string(json, value) else {
            break;
        };
        at = after_text;
        match key {
            b"content" | b"text" | b"thinking" | b"reasoning" | b"reasoning_content" => {}
            b"arguments" | b"partial_json" => said.called = true,
            b"refusal" => said.refused |= !text.is_empty(),
            _ => continue,
        }
        said.bytes += text.len() as u64;
    }
    said
}

/// The inside of the next string at or behind `from`, and where it ends.
fn next_string(json: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let start = from + memchr(b'"', json.get(from..)?)? + 1;
    let mut at = start;
    loop {
        at += memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some((&json[start..at], at + 1));
        }
        at += 2;
    }
}

fn skip_spaces(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(json: &str) -> u64 {
        said(json.as_bytes()).bytes
    }

    #[test]
    fn text_is_counted_under_its_keys_only() {
        assert_eq!(bytes(r#"{"role":"assistant","content":"hello"}"#), 5);
        assert_eq!(bytes(r#"{"type":"text_delta","text" : "hey"}"#), 3);
        assert_eq!(bytes(r#"{"id":"content","name":"text"}"#), 0);
        assert_eq!(bytes(r#"{"content":null,"refusal":null}"#), 0);
    }

    #[test]
    fn escapes_count_as_written_and_do_not_end_a_string() {
        assert_eq!(bytes(r#"{"content":"a\"b\\"}"#), 6);
        assert_eq!(bytes(r#"{"content":"\"text\":\"no\""}"#), 15);
    }

    #[test]
    fn calls_and_refusals_are_noticed() {
        let call = said(br#"{"function":{"name":"f","arguments":""}}"#);
        assert_eq!((call.bytes, call.called), (0, true));
        let refusal = said(br#"{"refusal":"no"}"#);
        assert_eq!((refusal.bytes, refusal.refused), (2, true));
        assert!(!said(br#"{"refusal":""}"#).refused);
    }

    #[test]
    fn a_torn_string_ends_the_walk() {
        assert_eq!(bytes(r#"{"content":"half"#), 0);
        assert_eq!(bytes(r#"{"content":"half\"#), 0);
    }
}
