//! The worst day of a provider: who is asked next, who is left alone for a while, who comes back, and what
//! a person is told of it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, eventually};

fn provider(id: &str, base_url: &str) -> String {
    format!("[provider.{id}]\nopenai_base_url = \"{base_url}/v1\"\nkey = \"none\"\nlocal = true\n")
}

async fn text(reply: reqwest::Response) -> Value {
    serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn what_keeps_failing_is_left_alone_and_asked_again_when_it_is_back() {
    let good = FakeUpstream::start().await;
    let bad = FakeUpstream::start().await;
    let config = format!(
        "{}{}[alias.any]\ntargets = [\"first/ok\", \"second/ok\"]\nstrategy = \"priority\"\n",
        provider("first", &bad.base_url()),
        provider("second", &good.base_url()),
    );
    let signalbox = Signalbox::start(&config).await;
    assert_eq!(
        signalbox.receipt(&signalbox.chat("any").await).await["row"]["provider"],
        "first"
    );
    let gone = bad.end().await;
    // The client notices nothing, and after a few the dead one is not even asked.
    let passed_over = eventually("the dead provider to be passed over", || async {
        let reply = signalbox.chat("any").await;
        assert_eq!(reply.status(), 200);
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(receipt["row"]["provider"], "second");
        let attempts = receipt["attempts"].as_array().unwrap();
        (attempts[0]["provider"] == "second").then_some(receipt)
    })
    .await;
    let first = &passed_over["choice"]["considered"][0];
    assert_eq!(first["target"], "first/ok", "{passed_over}");
    let why = first["why"].as_str().unwrap();
    assert!(
        why.contains("failed") && why.contains("Asked again in"),
        "{why}"
    );
    // A person sees which it is, and why.
    let page = signalbox.control("providers.page", &json!({})).await;
    let health = &page["providers"][0]["health"];
    assert_eq!(health["state"], "failing");
    let cause = health["cause"].as_str().unwrap();
    assert!(
        cause.contains("Failed") && cause.contains("no connection"),
        "{cause}"
    );

    let back = gone.back().await;
    let returned = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let reply = signalbox.chat("any").await;
            assert_eq!(reply.status(), 200);
            let receipt = signalbox.receipt(&reply).await;
            if receipt["row"]["provider"] == "first" {
                return receipt;
            }
        }
    });
    let returned = returned.await.expect("it is asked again");
    let why = returned["choice"]["considered"][0]["why"].as_str().unwrap();
    assert!(why.contains("tries whether it is back"), "{why}");
    assert!(!back.requests().is_empty());
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn who_has_said_too_fast_is_not_asked_before_the_time_it_named() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}{}[alias.any]\ntargets = [\"limited/429-long\", \"other/ok\"]\nstrategy = \"priority\"\n\
         [alias.alone]\ntargets = [\"limited/429-long\"]\n",
        provider("limited", &upstream.base_url()),
        provider("other", &upstream.base_url()),
    );
    let signalbox = Signalbox::start(&config).await;
    let first = signalbox.chat("any").await;
    assert_eq!(first.headers()["x-signalbox-attempts"], "2");
    let second = signalbox.chat("any").await;
    assert_eq!(second.headers()["x-signalbox-attempts"], "1");
    assert_eq!(second.headers()["x-signalbox-provider"], "other");
    // Where nobody else is left, the client is told at once when it may work again.
    let asked = upstream.requests().len();
    let alone = signalbox.chat("alone").await;
    assert_eq!(alone.status(), 429);
    let wait: u64 = alone.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    let told = text(alone).await;
    let message = told["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("limited/429-long") && message.contains("Rate limit reached"),
        "{message}"
    );
    assert_eq!(upstream.requests().len(), asked, "it was not asked");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_moments_trouble_is_absorbed_at_the_one_provider_there_is() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[alias.shaky]\ntargets = [\"only/every-other\"]\n[alias.down]\ntargets = [\"only/500\"]\n",
        provider("only", &upstream.base_url())
    );
    let signalbox = Signalbox::start(&config).await;
    let reply = signalbox.chat("shaky").await;
    assert_eq!(reply.status(), 200);
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["attempts"][0]["failure"], "server");
    let again = receipt["attempts"][1]["why"].as_str().unwrap();
    assert!(again.contains("once more"), "{receipt}");
    // A lasting one is told in the provider's own words, after three tries.
    let reply = signalbox.chat("down").await;
    assert_eq!(reply.status(), 500);
    assert_eq!(reply.headers()["x-signalbox-attempts"], "3");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_list_goes_by_health_too_and_nobody_on_it_is_passed_over_in_the_end() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}{}{}[alias]\nlist = [\"limited/429-long\", \"well/ok\"]\nall-out = [\"limited/429-long\", \"refused/401\"]\n",
        provider("limited", &upstream.base_url()),
        provider("refused", &upstream.base_url()),
        provider("well", &upstream.base_url()),
    );
    let signalbox = Signalbox::start(&config).await;
    let providers = |receipt: &Value| -> Vec<String> {
        let attempts = receipt["attempts"].as_array().unwrap().iter();
        attempts
            .map(|one| one["provider"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = signalbox.receipt(&signalbox.chat("list").await).await;
    assert_eq!(providers(&first), ["limited", "well"]);
    // It has said for how long it wants to be left alone.
    let second = signalbox.receipt(&signalbox.chat("list").await).await;
    assert_eq!(providers(&second), ["well"]);
    let why = second["choice"]["considered"][0]["why"].as_str().unwrap();
    assert!(
        why.contains("Rate limit reached") && why.contains("when the others have failed"),
        "{why}"
    );
    // Where all are out, each is asked and the last one's own words are told; so is one by its name.
    for _ in 0..2 {
        let receipt = signalbox.receipt(&signalbox.chat("all-out").await).await;
        let mut asked = providers(&receipt);
        asked.sort_unstable();
        assert_eq!(asked, ["limited", "refused"], "{receipt}");
    }
    let named = signalbox.chat("limited/429-long").await;
    assert_eq!(named.status(), 429);
    assert_eq!(named.headers()["retry-after"], "60");
    let told = text(named).await;
    let message = told["error"]["message"].as_str().unwrap();
    assert!(!message.contains("Nobody can be asked"), "{message}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_conversation_stays_where_its_prompt_is_cached() {
    let upstream = FakeUpstream::start().await;
    let ids = ["one", "two", "three"];
    let targets: Vec<String> = ids.iter().map(|id| format!("\"{id}/ok\"")).collect();
    let providers: String = ids.map(|id| provider(id, &upstream.base_url())).concat();
    let config = format!(
        "{providers}[alias.any]\ntargets = [{}]\n",
        targets.join(", ")
    );
    let signalbox = Signalbox::start(&config).await;
    let mut placed = std::collections::BTreeSet::new();
    for conversation in 0..8 {
        let mut messages = vec![
            json!({"role": "system", "content": format!("Conversation {conversation}. {}", "Mind the gap. ".repeat(800))}),
        ];
        let mut home: Option<String> = None;
        for turn in 0..4 {
            messages.push(json!({"role": "user", "content": format!("Turn {turn}")}));
            let body = json!({"model": "any", "messages": messages});
            let reply = signalbox
                .post("/v1/chat/completions", &body)
                .send()
                .await
                .unwrap();
            assert_eq!(reply.status(), 200);
            let receipt = signalbox.receipt(&reply).await;
            let here = receipt["row"]["provider"].as_str().unwrap().to_owned();
            if let Some(home) = &home {
                assert_eq!(home, &here, "turn {turn}: {receipt}");
                let kept = receipt["choice"]["kept"].as_str().unwrap();
                assert!(kept.contains("stays where its cache is warm"), "{kept}");
            }
            home = Some(here);
            messages.push(json!({"role": "assistant", "content": "Hello from the fake upstream."}));
        }
        placed.extend(home);
    }
    assert!(
        placed.len() > 1,
        "conversations are spread all the same: {placed:?}"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_goes_on_from_a_response_goes_to_whoever_keeps_it() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url();
    let responses = |id: &str| {
        format!(
            "[provider.{id}]\nresponses_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = true\n"
        )
    };
    let config = format!(
        "{}{}[alias]\nany = [\"one/ok\", \"two/ok\"]\n",
        responses("one"),
        responses("two")
    );
    let signalbox = Signalbox::start(&config).await;
    let asked = |body: Value| {
        let signalbox = &signalbox;
        async move {
            let reply = signalbox.post("/v1/responses", &body).send().await.unwrap();
            assert_eq!(reply.status(), 200);
            let receipt = signalbox.receipt(&reply).await;
            (
                text(reply).await["id"].as_str().unwrap().to_owned(),
                receipt,
            )
        }
    };
    let (id, _) = asked(json!({"model": "two/ok", "input": "Hello"})).await;
    let on = json!({"model": "any", "input": "And on", "previous_response_id": id});
    let (_, receipt) = asked(on).await;
    assert_eq!(receipt["row"]["provider"], "two", "{receipt}");
    let considered = &receipt["choice"]["considered"];
    assert_eq!(considered[0]["place"], Value::Null);
    assert!(
        considered[0]["why"]
            .as_str()
            .unwrap()
            .contains("can't go on there"),
        "{considered}"
    );
    // Of one that nobody here gave, the list decides.
    let (_, receipt) =
        asked(json!({"model": "any", "input": "And on", "previous_response_id": "resp_elsewhere"}))
            .await;
    assert_eq!(receipt["row"]["provider"], "one");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_may_not_leave_this_machine_is_told_no_instead() {
    let near = FakeUpstream::start().await;
    let far = FakeUpstream::start().await;
    let config = format!(
        "{}{}[alias.secret]\ntargets = [\"near/500\", \"far/ok\"]\nlocal_only = true\n[alias]\nopen = [\"near/500\", \"far/ok\"]\n",
        provider("near", &near.base_url()),
        provider("far", &far.base_url()).replace("local = true", "local = false"),
    );
    let signalbox = Signalbox::start(&config).await;
    let reply = signalbox.chat("secret").await;
    assert_eq!(reply.status(), 500, "its own words, and nobody else's");
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["dropped"][0]["target"], "far/ok");
    let why = receipt["dropped"][0]["reason"].as_str().unwrap();
    assert!(why.contains("may not leave"), "{why}");
    let ask = |boundary: &'static str| {
        let body = stories::chat("open", false);
        signalbox
            .post("/v1/chat/completions", &body)
            .header("x-signalbox-boundary", boundary)
            .send()
    };
    assert_eq!(ask("local").await.unwrap().status(), 500);
    let slip = ask("lokal").await.unwrap();
    assert_eq!(slip.status(), 400);
    let message = text(slip).await["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("knows one value, `local`"), "{message}");
    assert!(far.requests().is_empty(), "nothing has crossed");
    assert_eq!(signalbox.chat("open").await.status(), 200);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn an_alias_with_a_rule_tells_what_it_weighed() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}{}[alias.quick]\ntargets = [\"slow/late\", \"swift/ok\"]\nstrategy = \"fastest\"\n",
        provider("slow", &upstream.base_url()),
        provider("swift", &upstream.base_url()),
    );
    let signalbox = Signalbox::start(&config).await;
    // Both have to be known before they can be told apart.
    for model in ["slow/late", "swift/ok"] {
        for _ in 0..3 {
            signalbox.chat_stream(model).await.text().await.unwrap();
        }
    }
    let reply = signalbox.chat_stream("quick").await;
    let name = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    reply.text().await.unwrap();
    let receipt = signalbox.receipt_named(&name).await;
    assert_eq!(receipt["row"]["provider"], "swift", "{receipt}");
    let considered = receipt["choice"]["considered"].as_array().unwrap();
    assert_eq!(considered.len(), 2);
    let term = |place: usize, name: &str| {
        let terms = considered[place]["terms"].as_array().unwrap();
        let term = terms.iter().find(|term| term["name"] == name);
        term.map_or(0.0, |term| term["value"].as_f64().unwrap())
    };
    assert!(term(0, "latency") > term(1, "latency"), "{receipt}");
    assert!(considered[0]["why"].as_str().unwrap().contains("score"));
}

#[tokio::test]
async fn each_rule_chooses_by_what_it_is_named_after() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}{}\
         [alias.drawn]\ntargets = [\"openai/gpt-4.1\", \"mistral/voxtral-small-latest\"]\nstrategy = \"weighted\"\nweights = [3, 1]\n\
         [alias.cheap]\ntargets = [\"openai/gpt-4.1\", \"openai/gpt-4.1-nano\"]\nstrategy = \"cheapest\"\n\
         [alias]\nroomy = [\"mistral/voxtral-small-latest\", \"openai/gpt-4.1\"]\n",
        provider("openai", &upstream.base_url()),
        provider("mistral", &upstream.base_url()),
    );
    let signalbox = Signalbox::start(&config).await;
    let mut drawn = 0;
    for _ in 0..80 {
        let reply = signalbox.chat("drawn").await;
        drawn += usize::from(reply.headers()["x-signalbox-provider"] == "openai");
    }
    // Three of four on average; five times the spread of such draws is allowed.
    assert!((40..=79).contains(&drawn), "{drawn} of 80");
    let mut cheap = 0;
    for _ in 0..30 {
        let reply = signalbox.chat("cheap").await;
        cheap += usize::from(reply.headers()["x-signalbox-model"] == "gpt-4.1-nano");
    }
    // But for one in fifty that looks at somebody else.
    assert!(cheap >= 24, "{cheap} of 30");
    // A prompt that does not fit the first one's window is not sent there first.
    let long = "Mind the gap. ".repeat(16_000);
    let body = json!({"model": "roomy", "messages": [{"role": "user", "content": long}]});
    let reply = signalbox
        .post("/v1/chat/completions", &body)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(receipt["attempts"][0]["provider"], "openai", "{receipt}");
    let why = receipt["choice"]["considered"][0]["why"].as_str().unwrap();
    assert!(
        why.contains("does not fit its window of 32768 tokens"),
        "{why}"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_key_that_was_refused_is_tried_again_when_it_is_set_anew() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}{}[alias]\nany = [\"keyed/limited-key\", \"other/ok\"]\n",
        provider("keyed", &upstream.base_url()).replace("key = \"none\"", "key = \"keychain\""),
        provider("other", &upstream.base_url()),
    );
    let signalbox = Signalbox::start(&config).await;
    let set = |value: &'static str| json!({"provider": "keyed", "value": value});
    signalbox.control("keys.set", &set("sk-used-up-full")).await;
    let by = |receipt: &Value| receipt["row"]["provider"].as_str().unwrap().to_owned();
    for attempts in [2, 1] {
        let receipt = signalbox.receipt(&signalbox.chat("any").await).await;
        assert_eq!(by(&receipt), "other");
        assert_eq!(
            receipt["attempts"].as_array().unwrap().len(),
            attempts,
            "{receipt}"
        );
    }
    signalbox
        .control("keys.set", &set("sk-fresh-account"))
        .await;
    let receipt = signalbox.receipt(&signalbox.chat("any").await).await;
    assert_eq!(by(&receipt), "keyed", "{receipt}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_scenario_is_played_and_told_as_a_table_and_as_json() {
    let signalbox = Signalbox::practice().await;
    let json = signalbox.folder().join("report.json");
    let path = json.to_str().unwrap();
    let played = signalbox
        .run(&["simulate", "full-outage", "--json", path], "")
        .await;
    let table = String::from_utf8(played.stdout).unwrap();
    assert!(played.status.success(), "{table}");
    assert!(
        table.contains("adaptive") && table.contains("round-robin"),
        "{table}"
    );
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(report["claims"][0]["holds"], true, "{report}");
    let unknown = signalbox.run(&["simulate", "no-such-day"], "").await;
    assert!(!unknown.status.success());
    let told = String::from_utf8(unknown.stderr).unwrap();
    assert!(
        told.contains("no-such-day") && told.contains("worst-day"),
        "{told}"
    );
    let listed = signalbox.run(&["simulate"], "").await;
    assert!(
        String::from_utf8(listed.stdout)
            .unwrap()
            .contains("twelve-days")
    );
}

/// Requests of the worst day, and how many are under way at once.
const REQUESTS: usize = 10_000;
const AT_ONCE: usize = 24;

#[tokio::test]
async fn on_the_worst_day_no_client_sees_a_failure_while_one_provider_is_well() {
    let upstream = FakeUpstream::start().await;
    let killed = FakeUpstream::start().await;
    let base = upstream.base_url();
    let ids = [
        "killed", "halves", "storm", "stalls", "cuts", "garbage", "well",
    ];
    let mut config = String::from("[timeouts]\nfirst_byte_ms = 500\n");
    for id in ids {
        let base = if id == "killed" {
            killed.base_url()
        } else {
            base.clone()
        };
        config.push_str(&provider(id, &base));
    }
    config.push_str(&provider("nowhere", "https://provider.invalid"));
    config.push_str(
        "[alias.any]\nstrategy = \"priority\"\ntargets = [\"nowhere/x\", \"killed/ok\", \"halves/every-other\", \
         \"storm/429\", \"stalls/stall\", \"cuts/truncated\", \"garbage/html\", \"well/ok\"]\n",
    );
    let signalbox = Arc::new(Signalbox::start(&config).await);
    let _gone = killed.end().await;
    // What the day adds is told, not asserted: docs/performance.md has it with its date.
    let well = day(&signalbox, "well/ok", REQUESTS / 5).await;
    let worst = day(&signalbox, "any", REQUESTS).await;
    println!(
        "well: {}; on the worst day: {}",
        spread(well),
        spread(worst)
    );
    signalbox.is_quiet().await;
}

/// Asks so often, and tells how long each took. All are answered.
async fn day(signalbox: &Arc<Signalbox>, model: &'static str, requests: usize) -> Vec<Duration> {
    let asked = futures_util::stream::iter(0..requests).map(|_| {
        let signalbox = Arc::clone(signalbox);
        async move {
            let began = std::time::Instant::now();
            let reply = signalbox.chat(model).await;
            let status = reply.status().as_u16();
            // Read to its end: an answer that is cut is no answer.
            match reply.text().await {
                Ok(_) if status == 200 => Ok(began.elapsed()),
                told => Err((status, told)),
            }
        }
    });
    let ended: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
    let (answered, failed): (Vec<_>, Vec<_>) = ended.into_iter().partition(Result::is_ok);
    assert!(
        failed.is_empty(),
        "{} of {requests}: {:?}",
        failed.len(),
        failed.first()
    );
    answered.into_iter().flatten().collect()
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    format!(
        "p50 {:.1?}, p95 {:.1?}, p99 {:.1?}, most {:.1?}",
        at(50),
        at(95),
        at(99),
        at(100)
    )
}
