//! Requests of every caller, written for every provider.

#![no_main]

use dialect::{
    Dialect, Task, countable, facts, facts_in_path, meets_a_quirk, read_request, write_request,
};
use dialect_fuzz::{chosen, endpoints, is_object, quirks, target};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, to, deviations, known, body @ ..] = data else {
        return;
    };
    let mut callers = endpoints(Task::Generate);
    callers.extend(endpoints(Task::Count));
    let endpoint = chosen(&callers, *which);
    let _ = facts(endpoint, body);
    let _ = facts_in_path(body, "model", known & 1 != 0);
    let path = endpoint.names_model_in_path().then_some(("model", false));
    let Ok(request) = read_request(endpoint, body, path) else {
        return;
    };
    let _ = countable(&request).bytes();
    let quirks = quirks(*deviations);
    let target = target(chosen(&Dialect::ALL, *to), &quirks, *known);
    let _ = meets_a_quirk(&request, &target);
    for lossy in [false, true] {
        let written = write_request(request.clone(), &target, lossy);
        assert_eq!(written, write_request(request.clone(), &target, lossy));
        if let Ok(outgoing) = written {
            is_object(&outgoing.body);
            assert!(outgoing.notes.len() <= 24);
            assert!(outgoing.body.len() <= 64 * body.len() + (64 << 10));
        }
    }
});
