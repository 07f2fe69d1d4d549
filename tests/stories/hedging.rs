//! A target that is late: another is asked beside it, or instead of it.

use std::time::Duration;

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, chat, eventually};

/// How long the first target takes as a rule: far longer than the second.
const PACE: Duration = Duration::from_millis(40);
/// Answers from which a target's times are known, and a few more.
const ENOUGH: usize = 34;

fn provider(id: &str, base_url: &str) -> String {
    format!("[provider.{id}]\nopenai_base_url = \"{base_url}/v1\"\nkey = \"none\"\n")
}

/// A first and a second target on this machine, whose times are known.
struct Known {
    first: FakeUpstream,
    second: FakeUpstream,
    signalbox: Signalbox,
    /// Nobody knows how long it takes.
    third: FakeUpstream,
}

impl Known {
    async fn start(alias: &str, streams: bool) -> Known {
        let (first, second) = (FakeUpstream::start().await, FakeUpstream::start().await);
        let third = FakeUpstream::start().await;
        let config = format!(
            "{}{}{}[alias.any]\ntargets = [\"first/ok\", \"second/ok\", \"third/ok\"]\nstrategy = \"priority\"\n{alias}\n",
            provider("first", &first.base_url()),
            provider("second", &second.base_url()),
            provider("third", &third.base_url()),
        );
        let signalbox = Signalbox::start(&config).await;
        first.paced(PACE);
        for model in ["first/ok", "second/ok"] {
            learn(&signalbox, model, streams).await;
        }
        Known {
            first,
            second,
            signalbox,
            third,
        }
    }

    /// How often each was asked so far.
    fn asked(&self) -> (usize, usize) {
        (self.first.requests().len(), self.second.requests().len())
    }
}

async fn learn(signalbox: &Signalbox, model: &str, streams: bool) {
    for _ in 0..ENOUGH {
        let reply = match streams {
            true => signalbox.chat_stream(model).await,
            false => signalbox.chat(model).await,
        };
        assert_eq!(reply.status(), 200);
        reply.bytes().await.unwrap();
    }
}

/// Reads a reply to its end, and gives its text and its receipt.
async fn told(signalbox: &Signalbox, reply: reqwest::Response) -> (u16, String, Value) {
    let name = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    let status = reply.status().as_u16();
    let text = reply.text().await.unwrap();
    (status, text, signalbox.receipt_named(&name).await)
}

/// Who was asked, in the order in which the attempts ended.
fn providers(receipt: &Value) -> Vec<&str> {
    let attempts = receipt["attempts"].as_array().unwrap();
    attempts
        .iter()
        .map(|attempt| attempt["provider"].as_str().unwrap())
        .collect()
}

/// Resolves when the panel counts a failure of this provider.
async fn has_failed(signalbox: &Signalbox, id: &str) {
    eventually("the failure to be known", || async {
        let page = signalbox.control("providers.page", &json!({})).await;
        let all = page["providers"].as_array().unwrap();
        let one = all.iter().find(|one| one["health"]["id"] == id)?;
        (one["health"]["failures"] == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_late_is_answered_by_the_second_and_the_first_is_dropped() {
    let known = Known::start("hedge = 0.05", true).await;
    let _never = known.first.hold_next();
    let reply = known.signalbox.chat_stream("any").await;
    assert_eq!(reply.headers()["x-signalbox-provider"], "second");
    let (status, text, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("word7") && text.ends_with("[DONE]\n\n"),
        "{text}"
    );
    known.first.hung_up_on().await;
    assert_eq!(providers(&receipt), ["first", "second"], "{receipt}");
    let [lost, won] = [&receipt["attempts"][0], &receipt["attempts"][1]];
    assert_eq!(lost["failure"], Value::Null, "nobody is to blame");
    assert_eq!(
        lost["lost"],
        json!({"cost_nano_usd": 0, "cost_basis": "estimated"})
    );
    assert_eq!(won["lost"], Value::Null);
    assert!(
        won["why"].as_str().unwrap().contains("asked beside"),
        "{won}"
    );
    assert_eq!(receipt["row"]["ending"], "complete");
    known.signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_whole_answer_that_is_late_is_given_by_the_second() {
    let known = Known::start("hedge = 0.05", false).await;
    let _never = known.first.hold_next();
    let reply = known.signalbox.chat("any").await;
    let (status, text, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(status, 200);
    assert!(text.contains("Hello from the fake upstream."), "{text}");
    assert_eq!(providers(&receipt), ["first", "second"], "{receipt}");
    assert!(receipt["attempts"][0]["lost"].is_object(), "{receipt}");
    known.first.hung_up_on().await;
    known.signalbox.is_quiet().await;
}

#[tokio::test]
async fn the_first_may_still_win_and_then_the_second_is_dropped() {
    let known = Known::start("hedge = 0.05", true).await;
    let (_, asked) = known.asked();
    let first = known.first.hold_next();
    let _never = known.second.hold_next();
    let (reply, ()) = tokio::join!(known.signalbox.chat_stream("any"), async {
        known.second.asked(asked + 1).await;
        first.answer();
    });
    let (_, text, receipt) = told(&known.signalbox, reply).await;
    assert!(text.ends_with("[DONE]\n\n"), "{text}");
    known.second.hung_up_on().await;
    assert_eq!(receipt["row"]["provider"], "first", "{receipt}");
    // Who answered stands last.
    assert_eq!(providers(&receipt), ["second", "first"], "{receipt}");
    assert!(receipt["attempts"][0]["lost"].is_object(), "{receipt}");
    known.signalbox.is_quiet().await;
}

#[tokio::test]
async fn whoever_fails_in_a_race_leaves_it_to_the_other() {
    let known = Known::start("hedge = 0.05", true).await;
    // The first fails while the second is at work.
    let (_, asked) = known.asked();
    let (first, second) = (known.first.hold_next(), known.second.hold_next());
    let (reply, ()) = tokio::join!(known.signalbox.chat_stream("any"), async {
        known.second.asked(asked + 1).await;
        first.refuse();
        has_failed(&known.signalbox, "first").await;
        second.answer();
    });
    let (status, _, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(status, 200);
    assert_eq!(providers(&receipt), ["first", "second"], "{receipt}");
    assert_eq!(receipt["attempts"][0]["failure"], "server");
    assert_eq!(receipt["attempts"][0]["lost"], Value::Null);
    assert_eq!(receipt["attempts"][1]["failure"], Value::Null);
    // The second fails while the first is at work.
    let (_, asked) = known.asked();
    let (first, second) = (known.first.hold_next(), known.second.hold_next());
    let (reply, ()) = tokio::join!(known.signalbox.chat_stream("any"), async {
        known.second.asked(asked + 1).await;
        second.refuse();
        has_failed(&known.signalbox, "second").await;
        first.answer();
    });
    let (status, _, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(status, 200);
    assert_eq!(providers(&receipt), ["second", "first"], "{receipt}");
    assert_eq!(receipt["attempts"][0]["failure"], "server");
    known.signalbox.is_quiet().await;
}

#[tokio::test]
async fn when_both_fail_the_next_is_asked() {
    let known = Known::start("hedge = 0.05", true).await;
    let (_, asked) = known.asked();
    let first = known.first.hold_next();
    let (second, again) = (known.second.hold_next(), known.second.hold_next());
    let (reply, ()) = tokio::join!(known.signalbox.chat_stream("any"), async {
        known.second.asked(asked + 1).await;
        first.refuse();
        has_failed(&known.signalbox, "first").await;
        second.refuse();
        // The last to fail is asked once more: what happened is a moment's trouble as a rule.
        known.second.asked(asked + 2).await;
        again.refuse();
    });
    let (status, _, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(status, 200);
    let tried = ["first", "second", "second", "third"];
    assert_eq!(providers(&receipt), tried, "{receipt}");
    assert_eq!(known.third.requests().len(), 1, "one race a request");
    known.signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_client_that_leaves_in_a_race_drops_both_and_both_are_on_the_receipt() {
    let known = Known::start("hedge = 0.05", true).await;
    let (_, asked) = known.asked();
    let _never = (known.first.hold_next(), known.second.hold_next());
    tokio::select! {
        _ = known.signalbox.chat_stream("any") => panic!("nobody answered"),
        () = known.second.asked(asked + 1) => {}
    }
    known.first.hung_up_on().await;
    known.second.hung_up_on().await;
    known.signalbox.is_quiet().await;
    let page = known
        .signalbox
        .control("requests.list", &json!({"limit": 1}))
        .await;
    let receipt = known
        .signalbox
        .receipt_named(page["rows"][0]["id"].as_str().unwrap())
        .await;
    assert_eq!(receipt["row"]["ending"], "client_gone", "{receipt}");
    assert_eq!(providers(&receipt), ["first", "second"]);
}

#[tokio::test]
async fn where_it_is_not_allowed_nobody_is_asked_beside_the_first() {
    let known = Known::start("", true).await;
    let (_, asked) = known.asked();
    let first = known.first.hold_next();
    let (reply, ()) = tokio::join!(known.signalbox.chat_stream("any"), async {
        known.first.asked(ENOUGH + 1).await;
        // Far longer than it ever took.
        tokio::time::sleep(10 * PACE).await;
        assert_eq!(known.second.requests().len(), asked);
        first.answer();
    });
    let (_, _, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(providers(&receipt), ["first"], "{receipt}");
    assert_eq!(receipt["choice"]["no_hedge"], Value::Null);
}

/// Two targets that charge, their times known, and the first asked through the alias.
async fn priced(share: &str) -> Known {
    let (first, second) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let config = format!(
        "[provider.openai]\nopenai_base_url = \"{}/v1\"\nkey = \"env:FAKE_KEY\"\n\
         [provider.groq]\nopenai_base_url = \"{}/v1\"\nkey = \"env:FAKE_KEY\"\n\
         [alias.any]\ntargets = [\"openai/gpt-4.1\", \"groq/openai/gpt-oss-20b\"]\n\
         strategy = \"priority\"\nhedge = {share}\n",
        first.base_url(),
        second.base_url(),
    );
    let signalbox = Signalbox::start(&config).await;
    first.paced(PACE);
    learn(&signalbox, "groq/openai/gpt-oss-20b", true).await;
    learn(&signalbox, "any", true).await;
    Known {
        first,
        second,
        signalbox,
        third: FakeUpstream::start().await,
    }
}

#[tokio::test]
async fn what_a_lost_request_may_cost_is_estimated_shown_and_counted() {
    let known = priced("1.0").await;
    let _never = known.first.hold_next();
    let mut body = chat("any", true);
    body["stream_options"] = json!({"include_usage": true});
    let sent = known.signalbox.post("/v1/chat/completions", &body).send();
    let reply = sent.await.unwrap();
    let (_, _, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(providers(&receipt), ["openai", "groq"], "{receipt}");
    let lost = &receipt["attempts"][0]["lost"];
    assert_eq!(lost["cost_basis"], "estimated", "{receipt}");
    let lost = lost["cost_nano_usd"].as_i64().unwrap();
    assert!(lost > 0, "the prompt may be billed");
    // The second's own price: $0.075 for a million tokens in, $0.30 out; 11 and 8 were metered.
    let own = 11 * 75 + 8 * 300;
    assert_eq!(receipt["row"]["cost_nano_usd"], lost + own);
    assert_eq!(receipt["row"]["usage_basis"], "metered");
    assert_eq!(receipt["row"]["cost_basis"], "estimated", "a part of it is");
}

#[tokio::test]
async fn beyond_the_cap_nobody_is_asked_beside_the_first_and_the_receipt_says_so() {
    let known = priced("0.0001").await;
    let (asked, others) = known.asked();
    let first = known.first.hold_next();
    let (reply, ()) = tokio::join!(known.signalbox.chat_stream("any"), async {
        known.first.asked(asked + 1).await;
        // Far longer than it ever took.
        tokio::time::sleep(10 * PACE).await;
        assert_eq!(known.second.requests().len(), others);
        first.answer();
    });
    let (_, _, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(providers(&receipt), ["openai"], "{receipt}");
    let why = receipt["choice"]["no_hedge"].as_str().unwrap();
    assert!(why.contains("saved up"), "{receipt}");
}

#[tokio::test]
async fn a_first_word_that_is_far_too_late_is_looked_for_elsewhere() {
    let known = Known::start("", true).await;
    let _never = known.first.hold_next();
    // The config would give it two minutes; its own times give it five seconds.
    let reply = known.signalbox.chat_stream("any").await;
    let (status, text, receipt) = told(&known.signalbox, reply).await;
    assert_eq!(status, 200);
    assert!(text.ends_with("[DONE]\n\n"), "{text}");
    known.first.hung_up_on().await;
    assert_eq!(providers(&receipt), ["first", "second"], "{receipt}");
    let tripped = &receipt["attempts"][0];
    assert_eq!(tripped["failure"], "timeout");
    let told = tripped["message"].as_str().unwrap();
    assert!(
        told.contains("said nothing for 5.") && told.contains("first word within"),
        "{told}"
    );
    known.signalbox.is_quiet().await;
}
