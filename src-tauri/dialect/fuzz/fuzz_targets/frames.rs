//! Frames: Amazon's with right lengths and checksums around anything, and anything as frames.

#![no_main]

use dialect::{Endpoint, Framing};
use dialect_fuzz::{CALLERS, PROVIDERS, aws, chosen, cuts_make_no_difference};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 9] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "chunk",
    "throttlingException",
    "",
];

fuzz_target!(|data: &[u8]| {
    let [which, to, by, size, rest @ ..] = data else {
        return;
    };
    let (to, size) = (chosen(&CALLERS, *to), usize::from(*size));
    let from = match which & 1 {
        0 => Endpoint::Converse,
        _ => Endpoint::Messages,
    };
    // Lines are payloads; the first byte of each is its name.
    let mut stream = Vec::new();
    for line in rest.split(|byte| *byte == b'\n') {
        let (name, payload) = line.split_first().unwrap_or((&0, b""));
        let name = chosen(&NAMES, *name);
        let kind = match name.ends_with("Exception") {
            true => "exception",
            false => "event",
        };
        stream.extend(aws(kind, name.as_bytes(), payload));
    }
    cuts_make_no_difference(from, Framing::AwsEvents, to, *by, size, &stream);
    if let Some(at) = rest.first().filter(|_| which & 2 != 0) {
        let at = usize::from(*at) % stream.len();
        stream[at] ^= 1;
        cuts_make_no_difference(from, Framing::AwsEvents, to, *by, size, &stream);
    }
    let from = chosen(&PROVIDERS, *which);
    for framing in [Framing::AwsEvents, Framing::Lines, Framing::Sse] {
        cuts_make_no_difference(from, framing, to, *by, size, rest);
    }
});
