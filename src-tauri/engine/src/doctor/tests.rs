//! The doctor in an engine of its own, with nobody but the practice provider.

use std::sync::Arc;

use routing::{KeySource, Routes};
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::*;
use crate::credentials::Credentials;
use crate::ledger::{Ledger, Recorded};
use crate::receipt::Receipt;
use crate::snapshot::{Limits, Snapshot};

struct Forgetful;

impl Ledger for Forgetful {
    fn record(&self, _receipt: Box<Receipt>) -> Recorded {
        let (kept, recorded) = oneshot::channel();
        let _ = kept.send(Ok(()));
        recorded
    }

    fn backlog(&self) -> usize {
        0
    }
}

struct Keyless;

impl Credentials for Keyless {
    fn key(&self, _source: &KeySource) -> Option<Arc<SecretString>> {
        None
    }
}

fn engine() -> Engine {
    let snapshot = Snapshot {
        number: 1,
        routes: Routes {
            providers: vec![Arc::new(crate::practice_provider())],
            ..Routes::default()
        },
        price_version: String::new(),
        limits: Limits::default(),
        translation: crate::Translation::default(),
        embedder: crate::Embedder::default(),
        tools: crate::Tools::default(),
    };
    let cache = cache::Cache::new(cache::Limits::default());
    let (ledger, keys) = (Arc::new(Forgetful), Arc::new(Keyless));
    Engine::new(
        snapshot,
        ledger,
        keys,
        None,
        cache,
        "no-model".into(),
        offload::Workshop::new(None),
    )
    .expect("an engine")
}

#[tokio::test]
async fn an_examination_ends_with_its_time_and_has_a_finding_for_everything() {
    let engine = engine();
    let limit = Duration::from_millis(700);
    let target = "practice/steady".to_owned();
    let asker = asking::Asker::new(&engine, target, limit);
    let started = Instant::now();
    let findings = round::examine(&asker, &crate::practice_provider(), "steady").await;
    assert!(started.elapsed() < limit * 4, "{:?}", started.elapsed());
    assert_eq!(findings.len(), Check::ALL.len() * CALLERS.len());
    for check in Check::ALL {
        let of_check = findings.iter().filter(|finding| finding.check == check);
        let dialects: Vec<Dialect> = of_check.map(|finding| finding.dialect).collect();
        assert_eq!(dialects, CALLERS, "{check:?}");
    }
    let untried = |finding: &&Finding| finding.verdict == Verdict::NotTried;
    let late = findings
        .iter()
        .find(untried)
        .expect("no time for all of it");
    assert!(!late.said.is_empty());
    assert_eq!(engine.in_flight(), 0, "nothing goes on");
}

#[tokio::test]
async fn what_was_dropped_may_be_examined_again() {
    let engine = engine();
    let first = engine.examination("practice", None).expect("the first");
    assert!(engine.is_examining("practice"));
    assert!(matches!(
        engine.examination("practice", None),
        Err(NotExamined::Underway(_))
    ));
    drop(first);
    assert!(!engine.is_examining("practice"));
    assert!(engine.examination("practice", None).is_ok());
}

#[test]
fn plans_go_by_what_failed_or_was_refused_and_by_nothing_of_a_stopped_examination() {
    let finding = |check, verdict, refused| Finding {
        check,
        dialect: Dialect::OpenAi,
        verdict,
        said: String::new(),
        refused,
        receipt: None,
    };
    let mut examination = Examination {
        provider: "acme".to_owned(),
        place: String::new(),
        model: "anvil".to_owned(),
        chosen: String::new(),
        at_unix_ms: 7,
        took_ms: 0,
        stopped: None,
        requests: 0,
        cost: routing::NanoUsd(0),
        cost_basis: crate::receipt::Basis::None,
        findings: vec![
            finding(Check::Stream, Verdict::Works, false),
            finding(Check::Tools, Verdict::Failed, false),
            finding(Check::Schema, Verdict::NotOffered, true),
            finding(Check::Thinking, Verdict::NotOffered, false),
            finding(Check::Usage, Verdict::Failed, false),
            finding(Check::Answer, Verdict::NotTried, false),
        ],
    };
    let needs: Vec<Need> = broken(&examination).map(|broken| broken.need).collect();
    assert_eq!(needs, [Need::Tools, Need::Schema]);
    examination.stopped = Some("the key was refused".to_owned());
    assert_eq!(broken(&examination).count(), 0);
}

#[tokio::test]
async fn a_client_key_that_is_named_like_the_doctor_is_not_on_its_bill() {
    let engine = engine();
    let target = "practice/instant".to_owned();
    let asker = asking::Asker::new(&engine, target, LIMIT);
    let body = serde_json::json!({"model": "practice/instant",
        "messages": [{"role": "user", "content": "Hi"}]});
    let endpoint = dialect::Endpoint::ChatCompletions;
    let earlier = std::time::SystemTime::now() - Duration::from_secs(1);
    let since = earlier.duration_since(std::time::UNIX_EPOCH);
    let reply = engine
        .exchange(crate::exchange::Call {
            endpoint,
            client: asking::CLIENT.into(),
            headers: http::HeaderMap::new(),
            path: None,
            query: None,
            body: body.to_string().into(),
            arrived: crate::settle::Arrived {
                at: Instant::now(),
                unix_ms: since.map_or(0, |since| since.as_millis() as u64),
            },
        })
        .await;
    assert_eq!(reply.status(), 200);
    assert_eq!(asker.bill().0, 0);
    assert!(asker.ask(endpoint, false, &body).await.is_ok());
    assert_eq!(asker.bill().0, 1);
}

#[test]
fn an_unknown_name_is_told_its_nearest_first() {
    let providers = ["openai", "mistral", "practice"].map(|id| {
        Arc::new(Provider {
            id: id.to_owned(),
            ..crate::practice_provider()
        })
    });
    let told = unknown("mistrel", &providers);
    assert!(told.contains("there are mistral, "), "{told}");
}
