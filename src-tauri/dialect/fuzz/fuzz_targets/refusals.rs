//! Refusals, their waits, and what is read of a body that is passed on.

#![no_main]

use bytes::Bytes;
use dialect::hub::Hosting;
use dialect::{
    Dialect, Endpoint, Fault, carries_foreign_seal, classify, enveloped_verbatim, facts,
    facts_in_form, facts_in_path, retry_after_ms,
};
use dialect_fuzz::{chosen, is_object};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, high, low, body @ ..] = data else {
        return;
    };
    let dialect = chosen(&Dialect::ALL, *which);
    let status = u16::from_be_bytes([*high, *low]) % 600;
    let failure = classify(dialect, status, None, body);
    assert!(failure.message.len() <= 4_096, "a message is bounded");
    assert!(!failure.message.contains('\n'), "a message is one line");
    let fault = Fault::from_failure(&failure, "Acme");
    for caller in Dialect::ALL {
        is_object(&fault.body(caller, "req_1"));
        assert!((400..600).contains(&fault.status_in(caller)));
        let _ = fault.stream_event(caller);
    }

    let text = String::from_utf8_lossy(body);
    let header = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line[name.len()..].trim_start_matches(':').to_owned())
    };
    let _ = retry_after_ms(header, 1_700_000_000_000);
    let _ = retry_after_ms(|_| Some(text.to_string()), 1_700_000_000_000);

    let _ = carries_foreign_seal(body);
    let sent = Bytes::copy_from_slice(body);
    for read in [
        facts(chosen(&Endpoint::ALL, *which), body),
        facts_in_path(body, "model", true),
        facts_in_form(body, "multipart/form-data; boundary=x"),
        facts_in_form(body, &text),
    ]
    .into_iter()
    .flatten()
    {
        let renamed = read.rename(&sent, "another \"name\"");
        assert!(renamed.len() <= body.len() + 64);
    }
    for hosting in [Hosting::Own, Hosting::Vertex, Hosting::Bedrock] {
        if let Ok(wrapped) = enveloped_verbatim(body, hosting, &["beta-1".to_owned()]) {
            is_object(&wrapped);
        }
    }
});
