//! Whole replies of every provider, told to every caller.

#![no_main]

use dialect::{Endpoint, messages_of, read_whole, seals_of, translate_whole};
use dialect_fuzz::{CALLERS, PROVIDERS, back, chosen, is_object, writing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, to, by, body @ ..] = data else {
        return;
    };
    for endpoint in Endpoint::ALL {
        let _ = read_whole(endpoint, body);
    }
    let (from, to) = (chosen(&PROVIDERS, *which), chosen(&CALLERS, *to));
    if let Ok((bytes, reading, reply)) = translate_whole(from, body, &writing(to), back(*by)) {
        is_object(&bytes);
        assert!(reading.finished);
        assert!(bytes.len() <= 128 * body.len() + (64 << 10));
        let _ = (messages_of(&reply), seals_of(&reply));
    }
});
