//! Answers that were given before, or are being given: what a repeated question costs, and whom it bothers.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

/// What the fake says, whole and streamed.
const SAID: [&str; 2] = ["Hello from the fake upstream.", "word7"];

/// A question that asks to be repeatable.
fn cold(model: &str, text: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "temperature": 0,
        "messages": [{"role": "user", "content": text}]})
}

/// The same in Anthropic's dialect.
fn cold_message(model: &str, text: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "temperature": 0, "max_tokens": 64,
        "messages": [{"role": "user", "content": text}]})
}

async fn asked(signalbox: &Signalbox, body: &Value) -> reqwest::Response {
    asked_at(signalbox, "/v1/chat/completions", body, "").await
}

async fn asked_at(
    signalbox: &Signalbox,
    path: &str,
    body: &Value,
    wish: &str,
) -> reqwest::Response {
    let mut request = signalbox.post(path, body);
    if !wish.is_empty() {
        request = request.header("x-signalbox-cache", wish);
    }
    request.send().await.unwrap()
}

fn verdict(reply: &reqwest::Response) -> String {
    header(reply, "x-signalbox-cache")
}

fn header(reply: &reqwest::Response, name: &str) -> String {
    let value = reply.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

/// The kept answer to this, once it is kept: that is done beside the first one's end.
async fn hit_at(signalbox: &Signalbox, path: &str, body: &Value) -> reqwest::Response {
    eventually("the answer to be kept", || async {
        let reply = asked_at(signalbox, path, body, "only-if-cached").await;
        (reply.status() == 200).then_some(reply)
    })
    .await
}

async fn hit(signalbox: &Signalbox, body: &Value) -> reqwest::Response {
    hit_at(signalbox, "/v1/chat/completions", body).await
}

async fn json_of(reply: reqwest::Response) -> Value {
    serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
}

fn with_rule(upstream: &FakeUpstream, rule: &str) -> String {
    format!("{}[cache]\n{rule}\n", config_for(upstream))
}

#[tokio::test]
async fn a_repeated_question_costs_nothing_and_is_told_byte_for_byte() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for stream in [false, true] {
        let body = cold("fake/ok", &format!("Hello {stream}"), stream);
        let first = asked(&signalbox, &body).await;
        assert_eq!(verdict(&first), "miss");
        let (kind, paid) = (
            header(&first, "content-type"),
            header(&first, "x-signalbox-receipt"),
        );
        let told = first.text().await.unwrap();
        assert!(told.contains(SAID[usize::from(stream)]), "{told}");

        let before = upstream.requests().len();
        // The first may be met on its way to the disk; from then on it is in memory.
        hit(&signalbox, &body).await;
        let again = hit(&signalbox, &body).await;
        assert_eq!(upstream.requests().len(), before, "nobody was asked");
        let bare = |kind: &str| kind.split(';').next().unwrap().to_owned();
        assert_eq!(bare(&header(&again, "content-type")), bare(&kind));
        assert_eq!(verdict(&again), "hit");
        assert!(again.headers().contains_key("age"));
        assert_eq!(again.headers()["x-signalbox-provider"], "fake");
        assert_eq!(again.headers()["x-signalbox-attempts"], "0");
        let receipt = signalbox.receipt(&again).await;
        assert_eq!(again.text().await.unwrap(), told);
        assert_eq!(receipt["row"]["cost_nano_usd"], 0, "{receipt}");
        assert_eq!(receipt["row"]["cost_basis"], "metered");
        assert_eq!(receipt["attempts"], json!([]));
        assert_eq!(receipt["cache"]["verdict"], "memory");
        assert_eq!(receipt["cache"]["from"], paid);
        assert!(receipt["cache"]["saved_tokens"].as_u64().unwrap() > 0);
    }
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["memory"]["entries"], 2, "{page}");
    assert_eq!(page["routes"][0]["route"], "fake/ok");
    assert_eq!(page["routes"][0]["entries"], 2);
    assert!(page["all"]["memory"].as_u64().unwrap() >= 2);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn an_answer_given_in_one_dialect_is_told_in_every_other_streamed_or_whole() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let ask = |text: &str, limit: &str, stream: bool| {
        let mut body = cold("fake/ok", text, stream);
        body[limit] = json!(64);
        body
    };
    let first = asked(&signalbox, &ask("Cross", "max_tokens", true)).await;
    first.text().await.unwrap();
    hit(&signalbox, &ask("Cross", "max_tokens", false)).await;
    let before = upstream.requests().len();
    for stream in [false, true] {
        let message = cold_message("fake/ok", "Cross", stream);
        let told = hit_at(&signalbox, "/v1/messages", &message).await.text();
        let responses = json!({"model": "fake/ok", "stream": stream, "temperature": 0,
            "max_output_tokens": 64, "input": "Cross"});
        let other = hit_at(&signalbox, "/v1/responses", &responses).await.text();
        let ollama = json!({"model": "fake/ok", "stream": stream,
            "messages": [{"role": "user", "content": "Cross"}],
            "options": {"temperature": 0, "num_predict": 64}});
        let third = hit_at(&signalbox, "/api/chat", &ollama).await.text();
        let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "Cross"}]}],
            "generationConfig": {"temperature": 0, "maxOutputTokens": 64}});
        let verb = match stream {
            true => "streamGenerateContent?alt=sse",
            false => "generateContent",
        };
        let path = format!("/v1beta/models/fake/ok:{verb}");
        let fourth = hit_at(&signalbox, &path, &gemini).await.text();
        for told in [told.await, other.await, third.await, fourth.await] {
            let told = told.unwrap();
            assert!(told.contains("word0") && told.contains("word7"), "{told}");
        }
    }
    assert_eq!(upstream.requests().len(), before, "nobody was asked");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn two_hundred_who_ask_the_same_at_once_share_one_call_from_its_first_byte() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for stream in [true, false] {
        let body = cold("fake/ok", &format!("Together {stream}"), stream);
        let before = upstream.requests().len();
        let held = upstream.hold_next();
        let all = join_all((0..200).map(|_| {
            let (signalbox, body) = (&signalbox, &body);
            async move {
                let reply = asked(signalbox, body).await;
                assert_eq!(reply.status(), 200);
                let (word, name) = (verdict(&reply), header(&reply, "x-signalbox-receipt"));
                (word, name, reply.text().await.unwrap())
            }
        }));
        let release = async {
            eventually("all to wait for one", || async {
                let page = signalbox.control("cache.page", &json!({})).await;
                (page["under_way"] == 200).then_some(())
            })
            .await;
            held.answer();
        };
        let (all, ()) = tokio::join!(all, release);
        assert_eq!(upstream.requests().len(), before + 1, "one call");
        let told = &all[0].2;
        assert!(told.contains(SAID[usize::from(stream)]), "{told}");
        assert!(all.iter().all(|(_, _, other)| other == told));
        let joined = all.iter().filter(|(word, ..)| word == "joined").count();
        assert_eq!(joined, 199);
        let mut names: Vec<&String> = all.iter().map(|(_, name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 200, "a receipt each");
        let (_, name, _) = all.iter().find(|(word, ..)| word == "joined").unwrap();
        let receipt = signalbox.receipt_named(name).await;
        assert_eq!(receipt["row"]["cost_nano_usd"], 0);
        assert_eq!(receipt["row"]["ending"], "complete");
        assert_eq!(receipt["cache"]["verdict"], "joined");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn who_comes_late_gets_the_events_so_far_and_who_leaves_takes_nothing_along() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    // Words come a tenth of a second apart.
    let body = cold("fake/slow", "Late", true);
    let first = asked(&signalbox, &body).await;
    let mut words = first.bytes_stream();
    let opening = words.next().await.unwrap().unwrap();
    let late = asked(&signalbox, &body).await;
    assert_eq!(verdict(&late), "joined");
    let mut late = late.bytes_stream();
    let begun = late.next().await.unwrap().unwrap();
    let common = opening.len().min(begun.len());
    assert_eq!(begun[..common], opening[..common]);
    // The one who asked first leaves in the middle.
    drop(words);
    let mut told = begun.to_vec();
    while let Some(more) = late.next().await {
        told.extend_from_slice(&more.unwrap());
    }
    let told = String::from_utf8(told).unwrap();
    assert!(told.ends_with("data: [DONE]\n\n"), "{told}");
    assert_eq!(upstream.requests().len(), 1);
    // And the answer is kept as if nobody had left.
    assert_eq!(hit(&signalbox, &body).await.text().await.unwrap(), told);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn when_all_have_left_the_call_is_dropped() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let body = cold("fake/slow", "Leaving", true);
    let one = asked(&signalbox, &body).await;
    let other = asked(&signalbox, &body).await;
    assert_eq!(
        (verdict(&one), verdict(&other)),
        ("miss".into(), "joined".into())
    );
    drop(one);
    drop(other);
    upstream.hung_up_on().await;
    signalbox.is_quiet().await;
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["memory"]["entries"], 0, "half an answer is none");
}

#[tokio::test]
async fn a_caller_who_reads_nothing_holds_nobody_back() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let body = cold("fake/ok", &"Mind the gap. ".repeat(2_000), true);
    let held = upstream.hold_next();
    let lazy = asked(&signalbox, &body);
    let eager = async {
        upstream.asked(1).await;
        let reply = asked(&signalbox, &body);
        let release = async {
            eventually("both to wait", || async {
                let page = signalbox.control("cache.page", &json!({})).await;
                (page["under_way"] == 2).then_some(())
            })
            .await;
            held.answer();
        };
        tokio::join!(reply, release).0
    };
    let (lazy, eager) = tokio::join!(lazy, eager);
    assert!(eager.text().await.unwrap().contains("word7"));
    drop(lazy);
    assert_eq!(upstream.requests().len(), 1);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_failure_is_shared_and_never_kept() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    for (model, stream) in [("400", false), ("cut-mid", true)] {
        let body = cold(&format!("fake/{model}"), "Fail", stream);
        let first = asked(&signalbox, &body).await;
        first.text().await.unwrap();
        signalbox.is_quiet().await;
        let again = asked_at(&signalbox, "/v1/chat/completions", &body, "only-if-cached").await;
        assert_eq!(again.status(), 504, "{model}");
        let told = json_of(again).await;
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains("No answer to this was kept"), "{message}");
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_was_meant_to_differ_is_asked_each_time_and_the_receipt_says_why() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let mut warm = cold("fake/ok", "Differ", false);
    warm["temperature"] = json!(0.9);
    let mut unset = cold("fake/ok", "Differ", false);
    unset.as_object_mut().unwrap().remove("temperature");
    let mut tools = cold("fake/ok", "Differ", false);
    tools["messages"] = json!([
        {"role": "user", "content": "Look"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function",
            "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "seen"},
    ]);
    let mut picture = cold("fake/ok", "Differ", false);
    picture["messages"][0]["content"] = json!([{"type": "image_url",
        "image_url": {"url": "https://example.com/a.png"}}]);
    for (body, why) in [
        (warm, "temperature"),
        (unset, "counts as 1"),
        (tools, "calls of tools"),
        (picture, "by its address"),
    ] {
        let before = upstream.requests().len();
        for _ in 0..2 {
            let reply = asked(&signalbox, &body).await;
            assert_eq!(verdict(&reply), "", "{why}");
            let receipt = signalbox.receipt(&reply).await;
            assert_eq!(receipt["cache"]["verdict"], "skipped");
            let told = receipt["cache"]["why"].as_str().unwrap();
            assert!(told.contains(why), "{told}");
            signalbox.is_quiet().await;
        }
        assert_eq!(upstream.requests().len(), before + 2, "{why}");
    }
}

#[tokio::test]
async fn a_route_may_keep_warm_answers_and_turns_of_tools() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[alias.agent]\ntargets = [\"fake/tool\"]\ncache = {{ temperature = 2.0, tools = true }}\n\
         [alias.never]\ntargets = [\"fake/ok\"]\ncache = false\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    let body = json!({"model": "agent", "messages": [{"role": "user", "content": "Weather?"}],
        "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]});
    asked(&signalbox, &body).await.text().await.unwrap();
    let again = hit(&signalbox, &body).await;
    assert!(again.text().await.unwrap().contains("tool_calls"));
    let never = cold("never", "Hi", false);
    for _ in 0..2 {
        let reply = asked(&signalbox, &never).await;
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(receipt["cache"]["verdict"], "skipped");
        signalbox.is_quiet().await;
    }
    let asked_never = upstream
        .requests()
        .iter()
        .filter(|r| r.json()["model"] == "ok")
        .count();
    assert_eq!(asked_never, 2);
}

#[tokio::test]
async fn a_client_has_its_wishes() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let body = cold("fake/ok", "Wishes", false);
    let wish = |wish: &'static str| asked_at(&signalbox, "/v1/chat/completions", &body, wish);
    assert_eq!(wish("only-if-cached").await.status(), 504);
    assert!(upstream.requests().is_empty());
    // Not kept, not looked for.
    wish("no-store").await.text().await.unwrap();
    signalbox.is_quiet().await;
    assert_eq!(wish("only-if-cached").await.status(), 504);
    // Kept; a fresh one takes its place.
    wish("").await.text().await.unwrap();
    let first = signalbox.receipt(&hit(&signalbox, &body).await).await;
    let fresh = wish("no-cache").await;
    assert_eq!(verdict(&fresh), "miss");
    let payer = header(&fresh, "x-signalbox-receipt");
    fresh.text().await.unwrap();
    eventually("the fresh one to be told", || async {
        let told = signalbox.receipt(&hit(&signalbox, &body).await).await;
        (told["cache"]["from"] == payer.as_str()).then_some(())
    })
    .await;
    assert_ne!(first["cache"]["from"], payer.as_str());
    assert_eq!(upstream.requests().len(), 3);
    // The standard header says the same.
    let standard = signalbox
        .post("/v1/chat/completions", &body)
        .header("cache-control", "no-cache")
        .send()
        .await
        .unwrap();
    assert_eq!(verdict(&standard), "miss");
    // A slip of the pen is told.
    let slip = wish("no-stor").await;
    assert_eq!(slip.status(), 400);
    let message = json_of(slip).await["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("no-store"), "{message}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn an_answer_is_its_clients_own_unless_the_config_says_otherwise() {
    let upstream = FakeUpstream::start().await;
    for (rule, shared) in [("", false), ("shared = true", true)] {
        let signalbox = Signalbox::start(&with_rule(&upstream, rule)).await;
        let made = signalbox
            .control("clients.create", &json!({"name": "other"}))
            .await;
        let body = cold("fake/ok", "Mine", false);
        asked(&signalbox, &body).await.text().await.unwrap();
        hit(&signalbox, &body).await;
        let other = signalbox
            .client
            .post(format!("{}/v1/chat/completions", signalbox.url))
            .bearer_auth(made["key"].as_str().unwrap())
            .header("x-signalbox-cache", "only-if-cached")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(other.status(), if shared { 200 } else { 504 });
    }
}

#[tokio::test]
async fn an_expired_answer_is_better_than_none_where_the_route_says_so() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&with_rule(&upstream, "ttl_s = 1\nstale_s = 60")).await;
    let body = cold("fake/ok", "Stale", false);
    let told = asked(&signalbox, &body).await.text().await.unwrap();
    hit(&signalbox, &body).await;
    eventually("it to expire", || async {
        let reply = asked_at(&signalbox, "/v1/chat/completions", &body, "only-if-cached").await;
        (reply.status() == 504).then_some(())
    })
    .await;
    let gone = upstream.end().await;
    let stale = asked(&signalbox, &body).await;
    assert_eq!(stale.status(), 200);
    assert_eq!(verdict(&stale), "stale");
    assert!(header(&stale, "age").parse::<u64>().unwrap() >= 1);
    let receipt = signalbox.receipt(&stale).await;
    assert_eq!(stale.text().await.unwrap(), told);
    assert_eq!(receipt["cache"]["verdict"], "stale");
    assert!(
        !receipt["attempts"].as_array().unwrap().is_empty(),
        "it was tried"
    );
    // Another question has no such luck.
    let other = asked(&signalbox, &cold("fake/ok", "Fresh", false)).await;
    assert_eq!(other.status(), 502);
    // When the provider is back, its answer is told.
    let _back = gone.back().await;
    eventually("a fresh answer", || async {
        (verdict(&asked(&signalbox, &body).await) != "stale").then_some(())
    })
    .await;
}

#[tokio::test]
async fn answers_outlive_the_process_sealed_and_a_killed_one_starts_at_once() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let disk = || async { signalbox.control("cache.page", &json!({})).await["disk"].clone() };
    eventually("the disk to be open", || async {
        (disk().await["state"] == "serving").then_some(())
    })
    .await;
    let body = cold("fake/ok", "A secret question", false);
    let told = asked(&signalbox, &body).await.text().await.unwrap();
    hit(&signalbox, &body).await;
    eventually("the disk to hold it", || async {
        (disk().await["bytes"].as_u64()? > 0).then_some(())
    })
    .await;
    let key = signalbox.key.clone();
    let folder = signalbox.stop().await;
    // Without a keychain the key is the run's own: what it sealed is unreadable, and gone.
    let signalbox = Signalbox::start_in(folder, &key).await;
    let again = asked_at(&signalbox, "/v1/chat/completions", &body, "only-if-cached").await;
    assert_eq!(again.status(), 504);
    assert_eq!(asked(&signalbox, &body).await.text().await.unwrap(), told);
    for entry in walk(&signalbox.folder().join("cache")) {
        let bytes = std::fs::read(&entry).unwrap();
        let holds = |text: &str| {
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(
            !holds("secret question") && !holds("fake upstream"),
            "{entry:?}"
        );
    }
    let folder = signalbox.kill().await;
    let begun = std::time::Instant::now();
    let signalbox = Signalbox::start_in(folder, &key).await;
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(asked(&signalbox, &body).await.status(), 200);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => walk(&path),
            false => vec![path],
        })
        .collect()
}

#[tokio::test]
async fn answers_are_forgotten_by_route_by_age_and_all_at_once() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[alias]\none = [\"fake/ok\"]\ntwo = [\"fake/slow\"]\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    for route in ["one", "two"] {
        let body = cold(route, "Forget", false);
        asked(&signalbox, &body).await.text().await.unwrap();
        hit(&signalbox, &body).await;
    }
    let signalbox = &signalbox;
    let purge = |what: Value| async move { signalbox.control("cache.purge", &what).await };
    let kept = |route: &'static str| async {
        let body = cold(route, "Forget", false);
        asked_at(signalbox, "/v1/chat/completions", &body, "only-if-cached")
            .await
            .status()
            == 200
    };
    assert_eq!(purge(json!({"older_than_s": 3_600})).await["entries"], 0);
    assert_eq!(purge(json!({"route": "one"})).await["entries"], 1);
    assert!(!kept("one").await);
    assert!(kept("two").await);
    assert_eq!(purge(json!({})).await["entries"], 1);
    assert!(!kept("two").await);
    let (status, refusal) = signalbox
        .control_raw("cache.purge", &json!({"rout": "one"}))
        .await;
    assert_eq!(status, 400, "{refusal}");
}

#[tokio::test]
async fn the_command_line_tells_of_kept_answers_and_forgets_them() {
    let upstream = FakeUpstream::start().await;
    let config = with_rule(&upstream, "disk_mib = 0");
    let signalbox = Signalbox::start(&config).await;
    let said = |args: &'static [&'static str]| async {
        let output = signalbox.run(args, "").await;
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let told = said(&["cache"]).await;
    assert!(told.contains("nothing was looked for"), "{told}");
    assert!(told.contains("Disk      off: the config keeps"), "{told}");
    for text in ["One", "Two"] {
        let body = cold("fake/ok", text, false);
        asked(&signalbox, &body).await.text().await.unwrap();
        hit(&signalbox, &body).await;
    }
    let told = said(&["cache"]).await;
    assert!(told.contains("2 from memory"), "{told}");
    assert!(told.contains("Memory    2 answers"), "{told}");
    let route = told.lines().find(|line| line.starts_with("fake/ok"));
    assert!(route.is_some(), "{told}");
    for (args, forgot) in [
        (&["cache", "purge", "--older-than", "3600"][..], "0 answers"),
        (&["cache", "purge", "--route", "other"], "0 answers"),
        (&["cache", "purge", "--model", "gpt"], "0 answers"),
        (
            &["cache", "purge", "--route", "fake/ok", "--model", "ok"],
            "2 answers",
        ),
        (&["cache", "purge"], "0 answers"),
    ] {
        assert_eq!(said(args).await, format!("Forgot {forgot} in memory.\n"));
    }
    assert!(said(&["cache"]).await.contains("Memory    0 answers"));
    let unknown = signalbox.run(&["cache", "purge", "--rout", "x"], "").await;
    assert!(!unknown.status.success());
}

#[tokio::test]
async fn a_responses_answer_told_again_can_be_gone_on_from_by_its_own_name() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let body = json!({"model": "fake/ok", "input": "Begin", "temperature": 0});
    let first = asked_at(&signalbox, "/v1/responses", &body, "").await;
    let first = json_of(first).await["id"].clone();
    let again = json_of(hit_at(&signalbox, "/v1/responses", &body).await).await["id"].clone();
    assert_ne!(first, again, "a name of its own");
    let on = json!({"model": "fake/ok", "input": "Go on", "previous_response_id": again});
    let reply = asked_at(&signalbox, "/v1/responses", &on, "").await;
    assert_eq!(reply.status(), 200);
    let sent = upstream.last().json();
    let text = sent.to_string();
    assert!(text.contains("Begin") && text.contains("Go on"), "{text}");
}

#[tokio::test]
async fn where_nothing_repeats_the_cache_steps_aside_and_comes_back() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let mut bypassed = 0;
    for n in 0..200 {
        let reply = asked(&signalbox, &cold("fake/ok", &format!("Unique {n}"), false)).await;
        bypassed += usize::from(verdict(&reply).is_empty());
    }
    assert!(bypassed > 80, "{bypassed} of 200");
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["routes"][0]["aside"], true, "{page}");
    // Now everything repeats: what is probed hits, and the rest follows.
    eventually("the cache to come back", || async {
        for n in 0..40 {
            asked(&signalbox, &cold("fake/ok", &format!("Again {n}"), false)).await;
        }
        let page = signalbox.control("cache.page", &json!({})).await;
        (page["routes"][0]["aside"] == false).then_some(())
    })
    .await;
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_stream_can_be_told_again_at_its_own_pace() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&with_rule(&upstream, "replay = \"paced\"")).await;
    let body = cold("fake/slow", "Paced", true);
    let told = asked(&signalbox, &body).await.text().await.unwrap();
    let again = hit(&signalbox, &body).await;
    let mut pieces = again.bytes_stream();
    let (mut count, mut text) = (0, Vec::new());
    while let Some(piece) = pieces.next().await {
        text.extend_from_slice(&piece.unwrap());
        count += 1;
    }
    assert!(count > 3, "piece by piece: {count}");
    let words = |text: &str| text.matches("content").count();
    assert_eq!(words(&String::from_utf8(text).unwrap()), words(&told));
}

#[tokio::test]
async fn a_miss_says_what_differs_from_the_nearest_question_that_was_kept() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let mut body = cold("fake/ok", "What differs?", false);
    body["messages"] = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What differs?"},
    ]);
    asked(&signalbox, &body).await.text().await.unwrap();
    hit(&signalbox, &body).await;
    let mut other = body.clone();
    other["messages"][1]["content"] = json!("What differs now?");
    let mut cut = body.clone();
    cut["max_tokens"] = json!(9);
    cut["temperature"] = json!(0.1);
    for (body, differs) in [
        (other, "differs in the last message."),
        (cut, "differs in temperature and the output limit."),
    ] {
        let receipt = signalbox.receipt(&asked(&signalbox, &body).await).await;
        assert_eq!(receipt["cache"]["verdict"], "missed");
        let why = receipt["cache"]["why"].as_str().unwrap();
        assert!(why.contains(differs), "{why}");
    }
}

#[tokio::test]
async fn vectors_of_the_same_text_are_made_once() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let embed = |input: &'static str, wish: &'static str| {
        let body = json!({"model": "fake/ok", "input": input});
        let signalbox = &signalbox;
        async move { asked_at(signalbox, "/v1/embeddings", &body, wish).await }
    };
    let first = embed("The quick brown fox", "").await;
    assert_eq!(verdict(&first), "miss");
    let told = first.text().await.unwrap();
    let again = eventually("the vectors to be kept", || async {
        let reply = embed("The quick brown fox", "only-if-cached").await;
        (reply.status() == 200).then_some(reply)
    })
    .await;
    assert_eq!(again.text().await.unwrap(), told);
    assert_eq!(
        embed("The quick brown fax", "only-if-cached")
            .await
            .status(),
        504
    );
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn for_one_who_takes_no_other_answer_nobody_is_ever_asked() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    // What is never kept is not there either.
    let warm = json!({"model": "fake/ok", "messages": [{"role": "user", "content": "Warm"}]});
    let embed = json!({"model": "fake/ok", "input": "Vectors"});
    for (path, body, wish) in [
        ("/v1/chat/completions", &warm, "only-if-cached"),
        ("/v1/embeddings", &embed, "only-if-cached"),
        (
            "/v1/chat/completions",
            &cold("fake/ok", "Contrary", false),
            "only-if-cached, no-store",
        ),
    ] {
        let told = asked_at(&signalbox, path, body, wish).await;
        assert_eq!(told.status(), 504, "{path} {wish}");
    }
    // Nor while the cache steps aside, where it misses too often.
    for n in 0..100 {
        let body = cold("fake/ok", &format!("Seldom {n}"), false);
        assert_eq!(
            asked_at(&signalbox, "/v1/chat/completions", &body, "only-if-cached")
                .await
                .status(),
            504
        );
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.last());
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_is_answered_and_what_is_gone_on_from_are_two_questions() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let prompt = json!({"model": "fake/ok", "prompt": "Hi", "temperature": 0});
    let reply = asked_at(&signalbox, "/v1/completions", &prompt, "").await;
    assert_eq!(reply.status(), 200);
    reply.text().await.unwrap();
    eventually("it to be kept", || async {
        let again = asked_at(&signalbox, "/v1/completions", &prompt, "only-if-cached").await;
        (again.status() == 200).then_some(())
    })
    .await;
    let chat = cold("fake/ok", "Hi", false);
    let chat = asked_at(&signalbox, "/v1/chat/completions", &chat, "only-if-cached").await;
    assert_eq!(chat.status(), 504);
}

#[tokio::test]
async fn who_refuses_losses_is_not_told_the_answer_of_who_accepts_them() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let body = cold("fake/ok", "Lossy", false);
    let lossy = |wish: &'static str| {
        let request = signalbox.post("/v1/chat/completions", &body);
        request
            .header("x-signalbox-lossy", "ok")
            .header("x-signalbox-cache", wish)
            .send()
    };
    lossy("").await.unwrap().text().await.unwrap();
    eventually("it to be kept", || async {
        (lossy("only-if-cached").await.unwrap().status() == 200).then_some(())
    })
    .await;
    let strict = asked_at(&signalbox, "/v1/chat/completions", &body, "only-if-cached").await;
    assert_eq!(strict.status(), 504);
}

#[tokio::test]
async fn in_a_long_outage_an_expired_answer_is_told_to_the_end() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&with_rule(&upstream, "ttl_s = 1\nstale_s = 600")).await;
    let body = cold("fake/ok", "Outage", false);
    asked(&signalbox, &body).await.text().await.unwrap();
    hit(&signalbox, &body).await;
    eventually("it to expire", || async {
        let reply = asked_at(&signalbox, "/v1/chat/completions", &body, "only-if-cached").await;
        (reply.status() == 504).then_some(())
    })
    .await;
    let _gone = upstream.end().await;
    for n in 0..150 {
        let reply = asked(&signalbox, &body).await;
        assert_eq!(
            (reply.status().as_u16(), verdict(&reply)),
            (200, "stale".to_owned()),
            "{n}"
        );
    }
    // One who takes nothing old is told the truth.
    let young = asked_at(&signalbox, "/v1/chat/completions", &body, "max-age=1").await;
    assert_ne!(young.status(), 200);
    let fresh = asked_at(&signalbox, "/v1/chat/completions", &body, "no-cache").await;
    assert_ne!(fresh.status(), 200);
}

#[tokio::test]
async fn nobody_gets_anothers_labels_back() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let labelled = |label: &str| {
        json!({"model": "fake/ok", "input": "Labels", "temperature": 0, "store": false,
            "metadata": {"run": label}})
    };
    let first = asked_at(&signalbox, "/v1/responses", &labelled("one"), "").await;
    assert_eq!(json_of(first).await["metadata"]["run"], "one");
    let other = hit_at(&signalbox, "/v1/responses", &labelled("two")).await;
    assert_eq!(json_of(other).await["metadata"]["run"], "two");
    assert_eq!(upstream.requests().len(), 1);
}
