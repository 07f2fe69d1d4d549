//! Providers' own prompt caches: what a caller can't mark for a provider of another dialect is marked for it, what a
//! caller sends to a provider of its own is left as it is, and what caches saved is told in money.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox};

/// Providers of the catalogue at the fake's address: they bill, and their models have prices. Each model is asked
/// once with a long prompt: the fake counts few tokens whatever it is sent, and that is learnt from.
fn config(upstream: &FakeUpstream, more: &str) -> String {
    let base = upstream.base_url();
    format!(
        "[provider.anthropic]\nanthropic_base_url = \"{base}\"\nkey = \"none\"\nlocal = false\n\
         [provider.openai]\nresponses_base_url = \"{base}/v1\"\nopenai_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = false\n\
         [provider.gateway]\nresponses_base_url = \"{base}/v1\"\nkey = \"none\"\nlocal = false\n\
         [alias.marked]\ntargets = [\"anthropic/claude-sonnet-4-6\"]\nprompt_cache = \"auto\"\n\
         [alias.unmarked]\ntargets = [\"anthropic/claude-opus-4-8\"]\nprompt_cache = \"off\"\n{more}"
    )
}

const SONNET: &str = "anthropic/claude-sonnet-5";

/// Some thousand tokens.
fn long() -> String {
    "These are the rules of the house. ".repeat(400)
}

fn chat(model: &str, system: &str) -> Value {
    json!({"model": model, "messages": [
        {"role": "system", "content": system}, {"role": "user", "content": "Hi"}]})
}

fn message(model: &str, system: &Value) -> Value {
    json!({"model": model, "max_tokens": 64, "system": system,
        "messages": [{"role": "user", "content": "Hi"}]})
}

/// The receipt, and what the provider was sent.
async fn asked(
    signalbox: &Signalbox,
    upstream: &FakeUpstream,
    path: &str,
    body: &Value,
) -> (Value, Value) {
    let reply = signalbox.post(path, body).send().await.unwrap();
    assert_eq!(reply.status(), 200, "{path}");
    let notes = reply.headers().get("x-signalbox-notes");
    let notes = notes.map_or("", |notes| notes.to_str().unwrap());
    assert!(!notes.contains("cache"), "a hint is no loss: {notes}");
    let receipt = signalbox.receipt(&reply).await;
    (receipt, upstream.last().json())
}

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

#[tokio::test]
async fn a_chat_callers_long_prompt_is_marked_for_claude_and_a_short_one_is_not() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;

    let (receipt, sent) = asked(&signalbox, &upstream, CHAT, &chat(SONNET, &long())).await;
    let mark = json!({"type": "ephemeral"});
    assert_eq!(sent["system"][0]["cache_control"], mark, "{sent}");
    assert_eq!(sent["messages"][0]["content"][0]["cache_control"], mark);
    // The fake tells 100 tokens read and 50 written: at 2, 0.2 and 2.5 dollars a million.
    let expected = json!({"hinted": true, "read_tokens": 100, "written_tokens": 50,
        "saved_nano_usd": 155_000, "basis": "metered"});
    assert_eq!(receipt["prompt_cache"], expected);

    let (receipt, sent) = asked(&signalbox, &upstream, CHAT, &chat(SONNET, "Be brief.")).await;
    assert!(!sent.to_string().contains("cache_control"), "{sent}");
    assert_eq!(receipt["prompt_cache"]["hinted"], false);

    let (receipt, sent) = asked(&signalbox, &upstream, CHAT, &chat("unmarked", &long())).await;
    assert!(!sent.to_string().contains("cache_control"), "{sent}");
    assert_eq!(receipt["prompt_cache"]["hinted"], false);
    // 5, 0.5 and 6.25 dollars.
    assert_eq!(receipt["prompt_cache"]["saved_nano_usd"], 387_500);

    // A stream tells at its end what it was.
    let mut stream = chat("anthropic/claude-sonnet-4-5", &long());
    stream["stream"] = json!(true);
    let reply = signalbox.post(CHAT, &stream).send().await.unwrap();
    let id = reply.headers()["x-signalbox-receipt"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(reply.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    let receipt = signalbox.receipt_named(&id).await;
    let nothing = json!({"hinted": true, "read_tokens": 0, "written_tokens": 0,
        "saved_nano_usd": 0, "basis": "metered"});
    assert_eq!(receipt["prompt_cache"], nothing);

    let overview = signalbox.control("overview", &json!({})).await;
    let sums = json!({"read_tokens": 300, "written_tokens": 150, "saved_nano_usd": 697_500});
    assert_eq!(overview["prompt_cache"], sums);
    assert_eq!(overview["today"]["cache_saved_nano_usd"], 697_500);
    assert_eq!(overview["today"]["cache_written_tokens"], 150);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn hints_are_switched_off_everywhere_at_once() {
    let upstream = FakeUpstream::start().await;
    let off = "[translation]\nprompt_cache = \"off\"\n";
    let signalbox = Signalbox::start(&config(&upstream, off)).await;
    for model in [SONNET, "unmarked"] {
        let (_, sent) = asked(&signalbox, &upstream, CHAT, &chat(model, &long())).await;
        assert!(
            !sent.to_string().contains("cache_control"),
            "{model}: {sent}"
        );
    }
    // An alias's own word counts for more.
    let (_, sent) = asked(&signalbox, &upstream, CHAT, &chat("marked", &long())).await;
    assert!(sent.to_string().contains("cache_control"), "{sent}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_callers_own_mark_is_the_only_one() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;
    let mut body = chat(SONNET, "");
    body["messages"][0]["content"] = json!([
        {"type": "text", "text": long(), "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": "And be kind."}]);
    let (receipt, sent) = asked(&signalbox, &upstream, CHAT, &body).await;
    assert_eq!(
        sent.to_string().matches("cache_control").count(),
        1,
        "{sent}"
    );
    assert_eq!(sent["system"][0]["cache_control"]["ttl"], "1h");
    assert_eq!(receipt["prompt_cache"]["hinted"], false);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn what_goes_as_it_came_is_marked_only_where_the_alias_says_so_and_by_one_field() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;
    let marked = json!([{"type": "text", "text": long(), "cache_control": {"type": "ephemeral"}}]);
    let field = r#""cache_control":{"type":"ephemeral"},"#;
    for (model, system, hinted) in [
        (SONNET, json!(long()), false),
        ("unmarked", json!(long()), false),
        ("marked", json!(long()), true),
        ("marked", json!("Be brief."), false),
        ("marked", marked, false),
    ] {
        let body = message(model, &system);
        let (receipt, _) = asked(&signalbox, &upstream, MESSAGES, &body).await;
        assert_eq!(receipt["prompt_cache"]["hinted"], hinted, "{model}");
        let sent = String::from_utf8(upstream.last().body).unwrap();
        let target = match model {
            "marked" => "claude-sonnet-4-6",
            "unmarked" => "claude-opus-4-8",
            _ => "claude-sonnet-5",
        };
        let renamed = message(target, &system).to_string();
        match hinted {
            true => assert_eq!(sent, format!("{{{field}{}", &renamed[1..])),
            false => assert_eq!(sent, renamed, "{model}"),
        }
    }
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_conversation_is_named_for_those_who_take_a_name() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream, "")).await;
    let say = |model: &str, system: &str| message(model, &json!(system));
    let mut keys = Vec::new();
    let other = format!("{}Be kind.", long());
    for (model, system) in [
        ("gpt-5.6", long()),
        ("gpt-5.6-mini", long()),
        ("gpt-5.5", other),
    ] {
        let body = say(&format!("openai/{model}"), &system);
        let (receipt, sent) = asked(&signalbox, &upstream, MESSAGES, &body).await;
        assert_eq!(receipt["prompt_cache"]["hinted"], true);
        keys.push(sent["prompt_cache_key"].as_str().expect("a key").to_owned());
    }
    assert_eq!(keys[0], keys[1], "one conversation, one name");
    assert_ne!(keys[0], keys[2]);

    for body in [
        say("openai/gpt-5.4", "Be brief."),
        say("gateway/ok", &long()),
    ] {
        let (_, sent) = asked(&signalbox, &upstream, MESSAGES, &body).await;
        assert_eq!(sent["prompt_cache_key"], Value::Null, "{sent}");
    }
    signalbox.is_quiet().await;
}
