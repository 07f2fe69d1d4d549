//! Our errors on the wire, and what a provider's failure becomes.

use std::fmt::Write;

use dialect::{Dialect, Failure, FailureCategory, Fault, FaultKind};

const KINDS: [FaultKind; 12] = [
    FaultKind::InvalidRequest,
    FaultKind::Authentication,
    FaultKind::Permission,
    FaultKind::NotFound,
    FaultKind::TooLarge,
    FaultKind::RateLimit,
    FaultKind::Quota,
    FaultKind::Overloaded,
    FaultKind::Timeout,
    FaultKind::Upstream,
    FaultKind::Unavailable,
    FaultKind::LoopDetected,
];

const CATEGORIES: [FailureCategory; 17] = [
    FailureCategory::BadRequest,
    FailureCategory::Auth,
    FailureCategory::Permission,
    FailureCategory::NotFound,
    FailureCategory::Quota,
    FailureCategory::RateLimit,
    FailureCategory::Overloaded,
    FailureCategory::ContextOverflow,
    FailureCategory::ContentFilter,
    FailureCategory::StateLost,
    FailureCategory::Timeout,
    FailureCategory::Server,
    FailureCategory::Connection,
    FailureCategory::Tls,
    FailureCategory::BadReply,
    FailureCategory::BrokenStream,
    FailureCategory::Drained,
];

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("we write UTF-8")
}

fn failure(category: FailureCategory, status: Option<u16>) -> Failure {
    Failure {
        category,
        status,
        code: None,
        message: "Said \"so\".".to_owned(),
        retry_after_ms: None,
    }
}

#[test]
fn every_kind_has_its_words_in_each_dialect() {
    let mut golden = String::new();
    for kind in KINDS {
        let fault = Fault {
            param: Some("model"),
            ..Fault::new(kind, "a_code", "Message.")
        };
        for dialect in Dialect::ALL {
            let body = fault.body(dialect, "req_1");
            let status = fault.status_in(dialect);
            writeln!(golden, "{kind:?} {status} {}", text(&body)).expect("a string takes it");
        }
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn a_stream_ends_in_the_dialects_own_error() {
    let fault = Fault::new(FaultKind::Overloaded, "upstream_overloaded", "Two\nlines.");
    let openai = fault.stream_event(Dialect::OpenAi);
    let anthropic = fault.stream_event(Dialect::Anthropic);
    insta::assert_snapshot!(format!("{}----\n{}", text(&openai), text(&anthropic)));
}

#[test]
fn every_failure_becomes_a_fault() {
    let mut golden = String::new();
    for category in CATEGORIES {
        let fault = Fault::from_failure(&failure(category, None), "Acme");
        let statuses = Dialect::ALL.map(|dialect| fault.status_in(dialect));
        writeln!(
            golden,
            "{} -> {:?} {statuses:?} {} | {}",
            category.name(),
            fault.kind,
            fault.code,
            fault.message
        )
        .expect("a string takes it");
    }
    insta::assert_snapshot!(golden);
}

#[test]
fn statuses_that_sdks_tell_apart_pass_through() {
    let status =
        |category, status| Fault::from_failure(&failure(category, Some(status)), "Acme").status;
    assert_eq!(status(FailureCategory::BadRequest, 422), 422);
    assert_eq!(status(FailureCategory::BadRequest, 409), 409);
    assert_eq!(status(FailureCategory::BadRequest, 200), 400);
    assert_eq!(status(FailureCategory::ContentFilter, 403), 403);
    assert_eq!(status(FailureCategory::ContextOverflow, 413), 413);
    assert_eq!(status(FailureCategory::ContextOverflow, 403), 400);
    assert_eq!(
        status(FailureCategory::BadReply, 404),
        502,
        "a wrong path is not a wrong model"
    );
}

#[test]
fn an_overflow_keeps_the_wording_that_clients_compact_on() {
    let said = |message: &str| {
        let failure = Failure {
            message: message.to_owned(),
            ..failure(FailureCategory::ContextOverflow, Some(400))
        };
        Fault::from_failure(&failure, "Acme").message
    };
    assert_eq!(
        said("Prompt is too long: 9 > 8"),
        "Acme refused the request: Prompt is too long: 9 > 8"
    );
    assert_eq!(
        said("maximum context length is 8"),
        "prompt is too long: Acme refused the request: maximum context length is 8",
    );
}
