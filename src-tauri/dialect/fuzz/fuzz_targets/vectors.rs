//! Requests for vectors and their replies, orders of documents, counts.

#![no_main]

use dialect::{
    Dialect, Task, read_count, read_embed, read_rerank_reply, read_whole, search_units,
    translate_embed, write_embed,
};
use dialect_fuzz::{chosen, endpoints, is_object, quirks, target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, to, known, body @ ..] = data else {
        return;
    };
    let all = endpoints(Task::Embed);
    let endpoint = chosen(&all, *which);
    let path = endpoint.names_model_in_path().then_some("model");
    if let Ok(request) = read_embed(endpoint, body, path) {
        let quirks = quirks(*known);
        let target = target(chosen(&Dialect::ALL, *to), &quirks, *known);
        if let Ok(outgoing) = write_embed(&request, &target, known & 1 != 0) {
            is_object(&outgoing.body);
            assert!(outgoing.body.len() <= 64 * body.len() + (64 << 10));
        }
    }
    let told = translate_embed(
        endpoint,
        chosen(&all, *to),
        body,
        "model",
        known & 1 != 0,
        3,
    );
    if let Ok((bytes, reading)) = told
        && reading.failure.is_none()
    {
        is_object(&bytes);
    }
    let _ = read_rerank_reply(body);
    let _ = search_units(body);
    for endpoint in endpoints(Task::Count) {
        let _ = read_count(endpoint, body);
    }
    for endpoint in endpoints(Task::Rerank).into_iter().chain(all) {
        let _ = read_whole(endpoint, body);
    }
});
