//! Streams of every provider, told to every caller, cut anywhere.

#![no_main]

use dialect::{Dialect, Framing, StreamReader};
use dialect_fuzz::{CALLERS, PROVIDERS, chosen, cuts_make_no_difference};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, to, by, size, stream @ ..] = data else {
        return;
    };
    let (from, to) = (chosen(&PROVIDERS, *which), chosen(&CALLERS, *to));
    let framing = match from.dialect() {
        Dialect::Ollama => Framing::Lines,
        _ => Framing::Sse,
    };
    cuts_make_no_difference(from, framing, to, *by, usize::from(*size), stream);

    // Passed on verbatim, the same bytes are read beside.
    let read = |size: usize| {
        let mut reader = StreamReader::new(from);
        let mut whole = 0;
        for piece in stream.chunks(size.max(1)) {
            whole += reader.feed(piece).whole;
        }
        assert!(whole <= stream.len());
        reader.finish();
        (whole, reader.reading().clone())
    };
    let verbatim = read(stream.len());
    assert_eq!(verbatim, read(usize::from(*size)));
    assert_eq!(verbatim, read(1));
});
