//! Drains: nothing new begins, what runs may finish, and at the deadline the rest is told so.

use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, eventually};
use tokio::process::Command;

/// Two providers that share a key, and a third with none.
fn config(upstream: &FakeUpstream) -> String {
    let base = upstream.base_url();
    let provider = |id: &str, key: &str| {
        format!(
            "[provider.{id}]\nname = \"{}\"\nopenai_base_url = \"{base}/v1\"\nanthropic_base_url = \"{base}\"\n\
             key = \"{key}\"\nlocal = true\n",
            id.to_uppercase()
        )
    };
    let providers = [
        provider("one", "env:FAKE_KEY"),
        provider("two", "env:FAKE_KEY"),
        provider("spare", "none"),
    ];
    providers.concat()
        + "[alias]\nwaits = [\"one/stall\", \"spare/ok\"]\nserves = [\"one/ok\", \"two/ok\", \"spare/ok\"]\n\
           [alias.ruled]\ntargets = [\"one/stall\", \"one/ok\", \"spare/ok\"]\nstrategy = \"priority\"\n"
}

async fn drain(signalbox: &Signalbox, what: Value, within_s: u32) {
    let input = json!({"what": what, "within_s": within_s});
    signalbox.control("drains.begin", &input).await;
}

async fn resume(signalbox: &Signalbox, what: Value) {
    let input = json!({ "what": what });
    signalbox.control("drains.end", &input).await;
}

async fn drains(signalbox: &Signalbox) -> Value {
    signalbox.control("drains.list", &json!({})).await
}

fn served_by(reply: &Response) -> &str {
    reply.headers()["x-signalbox-provider"].to_str().unwrap()
}

fn receipt_of(reply: &Response) -> String {
    let id = reply.headers()["x-signalbox-receipt"].to_str().unwrap();
    id.to_owned()
}

/// Resolves once the upstream has been asked so many times.
async fn asked(upstream: &FakeUpstream, times: usize) {
    eventually("the upstream to be asked", || async {
        (upstream.requests().len() >= times).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_at_a_draining_provider_finishes_while_new_requests_go_elsewhere() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let running = signalbox.chat_stream("one/slow").await;
    drain(&signalbox, json!({"provider": "one"}), 60).await;

    let reply = signalbox.chat("serves").await;
    assert_eq!(served_by(&reply), "two");
    let receipt = signalbox.receipt(&reply).await;
    assert!(
        receipt["dropped"].to_string().contains("ONE is draining"),
        "{receipt}"
    );
    let refused = signalbox.chat("one/ok").await;
    assert_eq!(refused.status(), 503);
    let told: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(told["error"]["code"], "draining");
    let told = told["error"]["message"].as_str().unwrap();
    assert!(
        told.contains("resume it on the Providers page"),
        "what to do: {told}"
    );

    let page = signalbox.control("providers.page", &json!({})).await;
    let provider = &page["providers"][0];
    assert_eq!(provider["health"]["state"], "draining");
    let shown = &provider["drain"];
    assert_eq!(
        (&shown["running"], &shown["why"], &shown["name"]),
        (&json!(1), &json!("asked"), &json!("ONE"))
    );
    let time = |field: &str| shown[field].as_u64().unwrap();
    assert_eq!(time("until_unix_ms") - time("since_unix_ms"), 60_000);

    let id = receipt_of(&running);
    assert!(running.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["row"]["ending"], "complete");
    assert_eq!(drains(&signalbox).await[0]["running"], 0, "it has drained");
    resume(&signalbox, json!({"provider": "one"})).await;
    assert_eq!(served_by(&signalbox.chat("serves").await), "one");
}

#[tokio::test]
async fn at_the_deadline_a_stream_ends_with_its_dialects_error_and_is_no_success() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let chat = signalbox.chat_stream("one/endless").await;
    let messages = signalbox.message("one/endless", true).await;
    let (of_chat, of_messages) = (receipt_of(&chat), receipt_of(&messages));
    drain(&signalbox, json!({"provider": "one"}), 1).await;
    let (chat, messages) = tokio::join!(chat.text(), messages.text());
    let (chat, messages) = (chat.unwrap(), messages.unwrap());
    let words = "ONE is draining, and the 1 s that running requests had are over";
    let errors = chat.rsplit("\n\n").find(|event| event.contains("error"));
    assert!(errors.unwrap().contains(words), "{errors:?}");
    assert!(!chat.contains("\"finish_reason\":\"stop\""), "{chat}");
    assert!(
        messages.contains("event: error\n") && messages.contains(words),
        "{messages}"
    );
    assert!(!messages.contains("message_stop"), "{messages}");
    for id in [of_chat, of_messages] {
        let receipt = signalbox.receipt_named(&id).await;
        assert_eq!(receipt["row"]["ending"], "broken");
        assert_eq!(receipt["attempts"][0]["failure"], "broken_stream");
    }
    upstream.hung_up_on().await;
    signalbox.is_quiet().await;
    resume(&signalbox, json!({"provider": "one"})).await;
    let overview = signalbox.control("overview", &json!({})).await;
    let health = &overview["providers"][0];
    assert_eq!(
        (&health["failures"], &health["cause"]),
        (&json!(0), &Value::Null),
        "the provider is not blamed for it"
    );
}

#[tokio::test]
async fn a_request_that_waits_for_its_first_word_goes_on_to_another_target() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let ask = async |model: &'static str, stream: bool, order: usize| {
        let asking = async {
            match stream {
                true => signalbox.chat_stream(model).await,
                false => signalbox.chat(model).await,
            }
        };
        let draining = async {
            asked(&upstream, order).await;
            drain(&signalbox, json!({"provider": "one"}), 1).await;
        };
        let (reply, ()) = tokio::join!(asking, draining);
        assert_eq!((reply.status().as_u16(), served_by(&reply)), (200, "spare"));
        let receipt = signalbox.receipt_named(&receipt_of(&reply)).await;
        let text = reply.text().await.unwrap();
        assert!(text.contains("Hello") || text.contains("word"), "{text}");
        resume(&signalbox, json!({"provider": "one"})).await;
        receipt
    };
    let receipt = ask("waits", false, 1).await;
    assert_eq!(receipt["attempts"][0]["failure"], "drained", "{receipt}");
    assert_eq!(receipt["row"]["ending"], "complete");
    ask("waits", true, 3).await;
    // With a rule too, and past another target of the same provider.
    let receipt = ask("ruled", false, 5).await;
    let dropped = receipt["dropped"].to_string();
    assert!(
        dropped.contains("one/ok") && dropped.contains("draining"),
        "{receipt}"
    );
}

#[tokio::test]
async fn where_no_other_target_is_left_the_error_says_what_happened() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let (reply, ()) = tokio::join!(signalbox.chat("one/stall"), async {
        asked(&upstream, 1).await;
        drain(&signalbox, json!({"provider": "one"}), 1).await;
    });
    assert_eq!(reply.status(), 503);
    let id = receipt_of(&reply);
    let told: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    assert_eq!(told["error"]["code"], "draining");
    let told = told["error"]["message"].as_str().unwrap();
    assert!(
        told.contains("ONE is draining, and the 1 s") && told.contains("ask again"),
        "{told}"
    );
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["row"]["ending"], "failed");
}

#[tokio::test]
async fn a_drain_that_is_taken_back_in_time_cuts_nothing() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let running = signalbox.chat_stream("one/slow").await;
    drain(&signalbox, json!({"provider": "one"}), 1).await;
    resume(&signalbox, json!({"provider": "one"})).await;
    let text = running.text().await.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n") && !text.contains("error"));
}

#[tokio::test]
async fn a_key_that_drains_takes_every_provider_that_shares_it() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let key = json!({"key": "env:FAKE_KEY"});
    let (one, two) = (
        signalbox.chat_stream("one/endless").await,
        signalbox.chat_stream("two/endless").await,
    );
    let spare = signalbox.chat_stream("spare/slow").await;
    drain(&signalbox, key.clone(), 1).await;
    assert_eq!(drains(&signalbox).await[0]["running"], 2);
    let reply = signalbox.chat("serves").await;
    assert_eq!(served_by(&reply), "spare");
    let dropped = signalbox.receipt(&reply).await["dropped"].to_string();
    assert!(
        dropped.contains("the key `FAKE_KEY` of ONE is draining")
            && dropped.contains("the key `FAKE_KEY` of TWO is draining"),
        "{dropped}"
    );
    let (one, two, spare) = tokio::join!(one.text(), two.text(), spare.text());
    for text in [one.unwrap(), two.unwrap()] {
        assert!(text.contains("the key `FAKE_KEY` is draining"), "{text}");
    }
    assert!(spare.unwrap().ends_with("data: [DONE]\n\n"));
    let page = signalbox.control("providers.page", &json!({})).await;
    assert_eq!(page["providers"][1]["drain"]["what"], key);
    resume(&signalbox, key).await;
    assert_eq!(served_by(&signalbox.chat("serves").await), "one");
}

#[tokio::test]
async fn a_target_drains_alone() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let cut = signalbox.chat_stream("one/endless").await;
    let stays = signalbox.chat_stream("one/slow").await;
    drain(&signalbox, json!({"target": "one/endless"}), 1).await;
    let (cut, stays) = tokio::join!(cut.text(), stays.text());
    assert!(cut.unwrap().contains("`one/endless` is draining"));
    assert!(stays.unwrap().ends_with("data: [DONE]\n\n"));
    assert_eq!(signalbox.chat("one/endless").await.status(), 503);
    assert_eq!(signalbox.chat("one/ok").await.status(), 200);
}

#[tokio::test]
async fn the_whole_app_drains_and_takes_work_again() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let finishes = signalbox.chat_stream("one/ok").await;
    let endless = signalbox.chat_stream("one/endless").await;
    // It may not fall over to another target: there is none that takes work.
    let waiting = signalbox.chat("waits");
    let draining = async {
        asked(&upstream, 3).await;
        drain(&signalbox, json!("app"), 1).await;
        let refused = signalbox.chat("serves").await;
        assert_eq!(refused.status(), 503);
        let told = refused.text().await.unwrap();
        assert!(told.contains("Signalbox is draining"), "{told}");
        let health = signalbox.client.get(format!("{}/healthz", signalbox.url));
        let health = health.send().await.unwrap().text().await.unwrap();
        assert!(health.contains("draining"), "{health}");
    };
    let (waiting, ()) = tokio::join!(waiting, draining);
    assert_eq!(waiting.status(), 503);
    assert!(waiting.text().await.unwrap().contains("is draining"));
    assert!(finishes.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    let text = endless.text().await.unwrap();
    assert!(text.contains("Signalbox is draining, and the 1 s"));
    signalbox.is_quiet().await;
    assert_eq!(drains(&signalbox).await[0]["running"], 0);
    resume(&signalbox, json!("app")).await;
    assert_eq!(signalbox.chat("serves").await.status(), 200);
}

#[tokio::test]
async fn what_runs_at_a_removed_provider_has_a_deadline_and_is_told_why() {
    let upstream = FakeUpstream::start().await;
    let config = config(&upstream) + "[server]\ndrain_s = 30\n";
    let signalbox = Signalbox::start(&config).await;
    let (finishes, cut) = (
        signalbox.chat_stream("one/slow").await,
        signalbox.chat_stream("two/endless").await,
    );
    // The one has the time of the config, the other no more than its drain leaves it.
    drain(&signalbox, json!({"provider": "two"}), 2).await;
    let without = config.replace("[\"one/stall\", \"spare/ok\"]", "[\"spare/ok\"]");
    let without = without.replace("[\"one/ok\", \"two/ok\", \"spare/ok\"]", "[\"spare/ok\"]");
    let without = without.replace(
        "[\"one/stall\", \"one/ok\", \"spare/ok\"]",
        "[\"spare/ok\"]",
    );
    let from = without.find("[provider.one]").unwrap();
    let to = without.find("[provider.spare]").unwrap();
    let without = format!("{}{}", &without[..from], &without[to..]);
    std::fs::write(signalbox.folder().join("signalbox.toml"), without).unwrap();
    let shown = eventually("the removal to be followed", || async {
        let shown = drains(&signalbox).await;
        let all = shown.as_array().unwrap().clone();
        all.iter()
            .find(|drain| drain["what"] == json!({"provider": "one"}))
            .cloned()
    })
    .await;
    assert_eq!(
        (&shown["why"], &shown["running"]),
        (&json!("removed"), &json!(1))
    );
    let time = |field: &str| shown[field].as_u64().unwrap();
    assert_eq!(time("until_unix_ms") - time("since_unix_ms"), 30_000);
    let id = receipt_of(&cut);
    let (finishes, cut) = tokio::join!(finishes.text(), cut.text());
    assert!(finishes.unwrap().ends_with("data: [DONE]\n\n"));
    let cut = cut.unwrap();
    assert!(
        cut.contains("TWO was removed from the config, and the 2 s"),
        "{}",
        &cut[cut.len().saturating_sub(400)..]
    );
    let receipt = signalbox.receipt_named(&id).await;
    assert_eq!(receipt["row"]["ending"], "broken");
    assert_eq!(drains(&signalbox).await, json!([]), "nothing is left of it");
}

#[tokio::test]
async fn a_stop_drains_for_as_long_as_it_may_and_a_second_one_ends_at_once() {
    let upstream = FakeUpstream::start().await;
    let mut signalbox = Signalbox::start(&config(&upstream)).await;
    let running = signalbox.chat_stream("one/endless").await;
    let pid = signalbox.pid().to_string();
    let terminate = async || {
        let told = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(told.unwrap().success());
    };
    terminate().await;
    let said = signalbox.says("Draining: ").await;
    assert!(said.contains("1 running, cut in 8 s"), "{said}");
    let asked_twice = Instant::now();
    terminate().await;
    signalbox.ended().await;
    let took = asked_twice.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    drop(running);
}

#[tokio::test]
async fn a_drain_of_nothing_or_for_too_long_is_refused_at_its_field() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    for (input, status, field, why) in [
        (
            json!({"what": {"provider": "nobody"}}),
            404,
            "what",
            "no provider",
        ),
        (
            json!({"what": {"key": "env:OTHER"}}),
            404,
            "what",
            "no provider takes its key",
        ),
        (
            json!({"what": {"key": "sk-1"}}),
            400,
            "what",
            "keychain:NAME",
        ),
        (
            json!({"what": {"target": "one"}}),
            400,
            "what",
            "provider/model",
        ),
        (
            json!({"what": "app", "within_s": 0}),
            400,
            "within_s",
            "from 1 to 120",
        ),
        (
            json!({"what": "app", "within_s": 121}),
            400,
            "within_s",
            "from 1 to 120",
        ),
    ] {
        let (got, told) = signalbox.control_raw("drains.begin", &input).await;
        assert_eq!((got, &told["field"]), (status, &json!(field)), "{told}");
        assert!(told["message"].as_str().unwrap().contains(why), "{told}");
    }
    let input = json!({"what": {"provider": "one"}});
    let (status, told) = signalbox.control_raw("drains.end", &input).await;
    assert_eq!((status, &told["code"]), (404, &json!("not_found")));
}

#[tokio::test]
async fn the_command_line_drains_and_resumes() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    let running = signalbox.chat_stream("one/slow").await;
    let said = signalbox.run(&["drain", "one", "--within", "90"], "").await;
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said, "ONE is draining: 1 running, cut in 90 s.\n");
    assert_eq!(signalbox.chat("one/ok").await.status(), 503);
    drop(running);
    let said = signalbox.run(&["resume", "one"], "").await;
    assert!(said.status.success());
    assert_eq!(signalbox.chat("one/ok").await.status(), 200);
    let said = signalbox.run(&["resume", "env:FAKE_KEY"], "").await;
    assert!(!said.status.success());
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("`env:FAKE_KEY` is not draining"), "{said}");
    let said = signalbox.run(&["drain"], "").await;
    assert!(!said.status.success(), "everything is drained by name only");
}
