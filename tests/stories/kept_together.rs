//! Many who ask the same at once, while things go wrong: whoever stays has the whole answer or is told why not,
//! and nobody is asked more often than once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

/// Who asks at once.
const CROWD: usize = 50;

fn cold(model: &str, text: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "temperature": 0,
        "messages": [{"role": "user", "content": text}]})
}

/// What one of the crowd was told.
#[derive(Debug, Clone)]
struct Told {
    status: u16,
    verdict: String,
    receipt: String,
    text: String,
}

async fn told(signalbox: &Signalbox, path: &str, body: &Value) -> Told {
    let reply = signalbox.post(path, body).send().await.unwrap();
    let header = |name: &str| {
        let value = reply.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let (verdict, receipt) = (header("x-signalbox-cache"), header("x-signalbox-receipt"));
    Told {
        status: reply.status().as_u16(),
        verdict,
        receipt,
        text: reply.text().await.unwrap(),
    }
}

async fn crowd(signalbox: &Signalbox, path: &str, body: &Value, size: usize) -> Vec<Told> {
    join_all((0..size).map(|_| told(signalbox, path, body))).await
}

async fn all_wait(signalbox: &Signalbox, size: usize) {
    eventually("all to wait", || async {
        // Each waits for a call, and not only for the disk on its way to one.
        let page = signalbox.control("cache.page", &json!({})).await;
        (page["under_way"] == size).then_some(())
    })
    .await;
}

async fn is_kept(signalbox: &Signalbox, path: &str, body: &Value) -> bool {
    let request = signalbox.post(path, body);
    let only = request.header("x-signalbox-cache", "only-if-cached");
    only.send().await.unwrap().status() == 200
}

#[tokio::test]
async fn when_the_first_target_fails_all_are_served_by_one_walk() {
    for stream in [false, true] {
        let upstream = FakeUpstream::start().await;
        let config = format!(
            "{}[alias]\nany = [\"fake/500\", \"fake/echo\"]\n",
            config_for(&upstream)
        );
        let signalbox = Signalbox::start(&config).await;
        let body = cold("any", "Walk once for all of us.", stream);
        let held = upstream.hold_next();
        let release = async {
            all_wait(&signalbox, CROWD).await;
            held.answer();
        };
        let asked = crowd(&signalbox, "/v1/chat/completions", &body, CROWD);
        let (all, ()) = tokio::join!(asked, release);
        for one in &all {
            assert_eq!(one.status, 200, "{one:?}");
            assert_eq!(one.text, all[0].text);
        }
        let said = match stream {
            true => text_of_chunks(&all[0].text),
            false => serde_json::from_str::<Value>(&all[0].text).unwrap()["choices"][0]["message"]
                ["content"]
                .as_str()
                .unwrap()
                .to_owned(),
        };
        assert_eq!(said, "Walk once for all of us.");
        // Whoever made the call has all its attempts on its receipt, and nobody else made one.
        let payers: Vec<&Told> = all.iter().filter(|one| one.verdict == "miss").collect();
        assert_eq!(payers.len(), 1);
        let receipt = signalbox.receipt_named(&payers[0].receipt).await;
        let attempts = receipt["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), upstream.requests().len(), "{receipt}");
        assert!(
            attempts[0]["failure"] == "server" && attempts.last().unwrap()["failure"].is_null()
        );
        signalbox.is_quiet().await;
    }
}

/// The same question in each dialect that streams, and the end of a stream that broke.
fn broken_ways(model: &str) -> [(String, Value, &'static str); 5] {
    let says = "Break for all of us.";
    let user = json!([{"role": "user", "content": says}]);
    [
        (
            "/v1/chat/completions".into(),
            json!({"model": model, "stream": true, "temperature": 0, "messages": user}),
            "data: {\"error\":",
        ),
        (
            "/v1/messages".into(),
            json!({"model": model, "stream": true, "temperature": 0, "max_tokens": 64, "messages": user}),
            "event: error\n",
        ),
        (
            "/v1/responses".into(),
            json!({"model": model, "stream": true, "temperature": 0, "input": says}),
            "response.failed",
        ),
        (
            "/api/chat".into(),
            json!({"model": model, "stream": true, "options": {"temperature": 0}, "messages": user}),
            "{\"error\":",
        ),
        (
            format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            json!({"contents": [{"role": "user", "parts": [{"text": says}]}],
                "generationConfig": {"temperature": 0}}),
            "data: {\"error\":",
        ),
    ]
}

#[tokio::test]
async fn a_call_that_breaks_in_the_middle_is_an_error_to_everybody_and_not_kept() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for (path, body, word) in broken_ways("fake/cut-mid") {
        let before = upstream.requests().len();
        let held = upstream.hold_next();
        let release = async {
            all_wait(&signalbox, CROWD).await;
            held.answer();
        };
        let (all, ()) = tokio::join!(crowd(&signalbox, &path, &body, CROWD), release);
        assert_eq!(upstream.requests().len(), before + 1, "{path}");
        for one in &all {
            assert_eq!(one.text, all[0].text, "{path}");
            let ends = one.text.contains(word) && one.text.contains("broke off");
            assert!(one.text.contains("word0") && ends, "{path}: {one:?}");
            assert!(!one.text.contains("message_stop"), "{path}: {one:?}");
        }
        signalbox.is_quiet().await;
        for one in [&all[0], &all[CROWD - 1]] {
            let receipt = signalbox.receipt_named(&one.receipt).await;
            assert_eq!(receipt["row"]["ending"], "broken", "{path}: {receipt}");
        }
        assert!(!is_kept(&signalbox, &path, &body).await, "{path}");
    }
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["memory"]["entries"], 0, "{page}");
}

#[tokio::test]
async fn those_who_ask_in_another_form_are_not_mixed_in() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let says = "Keep us apart.";
    let mut whole = cold("fake/echo", says, false);
    whole["max_tokens"] = json!(64);
    let mut chunks = whole.clone();
    chunks["stream"] = json!(true);
    let mut metered = chunks.clone();
    metered["stream_options"] = json!({"include_usage": true});
    let chat = "/v1/chat/completions";
    let forms = [
        (chat, &whole, "\"chat.completion\""),
        (chat, &chunks, "data: [DONE]\n\n"),
        (chat, &metered, "\"usage\":{"),
        ("/v1/messages", &whole, "\"type\":\"message\""),
        ("/v1/messages", &chunks, "event: message_stop\n"),
    ];
    let held: Vec<_> = forms.iter().map(|_| upstream.hold_next()).collect();
    let release = async {
        all_wait(&signalbox, 10 * forms.len()).await;
        held.into_iter().for_each(stories::Held::answer);
    };
    let all = join_all(
        forms
            .iter()
            .map(|(path, body, _)| crowd(&signalbox, path, body, 10)),
    );
    let (all, ()) = tokio::join!(all, release);
    assert_eq!(upstream.requests().len(), forms.len(), "one call a form");
    for (group, (path, body, word)) in all.iter().zip(&forms) {
        let alone = group.iter().filter(|one| one.verdict == "miss").count();
        assert_eq!(alone, 1, "{path} {body}");
        for one in group {
            assert_eq!(one.text, group[0].text, "{path} {body}");
            assert!(
                one.text
                    .replace(": ", ":")
                    .contains(&word.replace(": ", ":")),
                "{path} {body}: {one:?}"
            );
            let is_of_chat = one.text.contains("chat.completion");
            assert_eq!(is_of_chat, *path == chat, "{one:?}");
        }
    }
    assert!(
        !all[1][0].text.contains("\"usage\":{"),
        "{}",
        all[1][0].text
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn whoever_leaves_when_they_like_costs_those_who_stay_nothing() {
    const ROUNDS: usize = 20;
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let mut chance = Chance(0x5eed);
    for round in 0..ROUNDS {
        let says: String = (0..80).map(|n| format!("{round}.{n} ")).collect();
        let body = cold("fake/brisk", says.trim(), true);
        let held = upstream.hold_next();
        let (board, boarded) = tokio::sync::watch::channel(());
        // Half of them, whoever asks first among them as likely as anybody.
        let patience = (0..CROWD).map(|_| match chance.below(2) {
            0 => Some(Duration::from_millis(chance.below(400))),
            _ => None,
        });
        let patience: Vec<_> = patience.collect();
        let staying = patience.iter().filter(|one| one.is_none()).count();
        let begin = Duration::from_millis(chance.below(100));
        let release = async {
            all_wait(&signalbox, CROWD).await;
            board.send(()).unwrap();
            // Not a wait for an event: some leave before the answer has begun.
            tokio::time::sleep(begin).await;
            held.answer();
        };
        let all = join_all(patience.into_iter().map(|patience| {
            let (signalbox, body, mut boarded) = (&signalbox, &body, boarded.clone());
            async move {
                let whole = told(signalbox, "/v1/chat/completions", body);
                let Some(patience) = patience else {
                    return Some(whole.await);
                };
                let leave = async {
                    boarded.changed().await.unwrap();
                    tokio::time::sleep(patience).await;
                };
                tokio::select! {
                    whole = whole => Some(whole),
                    () = leave => None,
                }
            }
        }));
        let (all, ()) = tokio::join!(all, release);
        let all: Vec<Told> = all.into_iter().flatten().collect();
        assert!(all.len() >= staying);
        for one in all {
            assert_eq!(one.status, 200, "{round}: {one:?}");
            assert!(one.text.ends_with("data: [DONE]\n\n"), "{round}: {one:?}");
            assert_eq!(text_of_chunks(&one.text), says.trim(), "{round}");
        }
        signalbox.is_quiet().await;
    }
    assert_eq!(upstream.requests().len(), ROUNDS, "one call a round");
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["memory"]["entries"], ROUNDS, "{page}");
}

#[tokio::test]
async fn a_stop_tells_all_who_share_a_stalled_call_and_ends() {
    for (model, stream) in [("fake/stall", false), ("fake/stall-mid", true)] {
        let upstream = FakeUpstream::start().await;
        let config = config_for(&upstream);
        let signalbox = Signalbox::start_with(&config, &[("SIGNALBOX_DRAIN_S", "1")]).await;
        let body = cold(model, "Stay.", stream);
        let all = join_all((0..CROWD).map(|_| {
            let request = signalbox.post("/v1/chat/completions", &body);
            async move {
                let reply = request.send().await.unwrap();
                (reply.status().as_u16(), reply.text().await.unwrap())
            }
        }));
        let stop = async {
            all_wait(&signalbox, CROWD).await;
            upstream.asked(1).await;
            signalbox.terminate().await;
        };
        let (all, ()) = tokio::join!(all, stop);
        assert_eq!(upstream.requests().len(), 1);
        for (status, text) in &all {
            assert_eq!(*status, if stream { 200 } else { 503 }, "{text}");
            assert!(text.contains("Signalbox is stopping"), "{text}");
        }
        // `ended` gives up where it does not.
        let mut signalbox = signalbox;
        signalbox.ended().await;
    }
}

/// A row of chances that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn text_of_chunks(stream: &str) -> String {
    let events = stream
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "));
    let chunks = events.filter_map(|event| serde_json::from_str::<Value>(event).ok());
    chunks
        .filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned()))
        .collect()
}
