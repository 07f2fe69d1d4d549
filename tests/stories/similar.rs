//! Questions that mean the same: first in the shadow, where it is counted how often an answer would have been
//! wrong, and then told.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

fn question(model: &str, text: &str) -> Value {
    json!({"model": model, "temperature": 0, "messages": [
        {"role": "system", "content": "You answer for a shop."},
        {"role": "user", "content": text},
    ]})
}

async fn ask(signalbox: &Signalbox, body: &Value) -> (String, Value) {
    let reply = signalbox
        .post("/v1/chat/completions", body)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    let word = reply.headers()["x-signalbox-cache"]
        .to_str()
        .unwrap()
        .to_owned();
    let receipt = signalbox.receipt(&reply).await;
    (word, receipt)
}

/// Asks, and waits until the answer is kept.
async fn kept(signalbox: &Signalbox, body: &Value) {
    ask(signalbox, body).await;
    eventually("the answer to be kept", || async {
        (ask(signalbox, body).await.0 == "hit").then_some(())
    })
    .await;
}

fn config(upstream: &FakeUpstream) -> String {
    format!(
        "{}[alias.shadow]\ntargets = [\"fake/ok\"]\ncache = {{ similar = \"shadow\" }}\n\
         [alias.on]\ntargets = [\"fake/ok\"]\ncache = {{ similar = \"on\" }}\n",
        config_for(upstream)
    )
}

#[tokio::test]
async fn in_the_shadow_nothing_is_told_and_what_would_have_been_is_compared() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    kept(
        &signalbox,
        &question("shadow", "How do I reset my password?"),
    )
    .await;
    let again = question("shadow", "how do i reset my password");
    let (word, receipt) = ask(&signalbox, &again).await;
    assert_eq!(word, "miss", "it is asked all the same");
    let why = receipt["cache"]["why"].as_str().unwrap();
    assert!(why.contains("alike") && why.contains("compared"), "{why}");
    let counted = eventually("the comparison", || async {
        let page = signalbox.control("cache.page", &json!({})).await;
        let route = page["similar"]["routes"][0].clone();
        (route["verified"] == 1).then_some(route)
    })
    .await;
    assert_eq!(counted["route"], "shadow");
    assert_eq!(
        (&counted["found"], &counted["wrong"]),
        (&json!(1), &json!(0)),
        "{counted}"
    );
    assert!(
        counted["wrong_at_most_percent"].as_f64().unwrap() > 5.0,
        "one proves little"
    );
}

#[tokio::test]
async fn what_means_the_same_is_told_and_what_only_sounds_like_it_is_asked() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config(&upstream)).await;
    kept(
        &signalbox,
        &question("on", "How do I reset my password for order 4711?"),
    )
    .await;
    let before = upstream.requests().len();
    let (word, receipt) = ask(
        &signalbox,
        &question("on", "how do i reset my password for order 4711"),
    )
    .await;
    assert_eq!(word, "similar");
    assert_eq!(receipt["cache"]["verdict"], "similar");
    assert_eq!(receipt["row"]["cost_nano_usd"], 0);
    assert_eq!(upstream.requests().len(), before, "nobody was asked");
    for (n, other) in [
        "How do I reset my password for order 4712?",
        "How do I not reset my password for order 4711?",
        "Why do I reset my password for order 4711?",
        "Wie setze ich mein Passwort für Bestellung 4711 zurück?",
    ]
    .into_iter()
    .enumerate()
    {
        let (word, _) = ask(&signalbox, &question("on", other)).await;
        assert_eq!(word, "miss", "{other}");
        assert_eq!(upstream.requests().len(), before + n + 1);
    }
    // Around it all must agree to the letter.
    let mut elsewhere = question("on", "how do i reset my password for order 4711");
    elsewhere["messages"][0]["content"] = json!("You answer for a bank.");
    assert_eq!(ask(&signalbox, &elsewhere).await.0, "miss");
    // Forgotten is forgotten.
    signalbox.control("cache.purge", &json!({})).await;
    let (word, _) = ask(
        &signalbox,
        &question("on", "how do I reset my password for order 4711"),
    )
    .await;
    assert_eq!(word, "miss");
}

#[tokio::test]
async fn vectors_may_come_from_an_endpoint_and_a_late_one_is_a_miss() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[cache]\nembedder = \"fake/ok\"\nsimilar = \"on\"\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    kept(
        &signalbox,
        &question("fake/slow", "How do I change my address?"),
    )
    .await;
    let vectors = |upstream: &FakeUpstream| {
        let asked = upstream.requests().into_iter();
        asked
            .filter(|request| request.path().ends_with("/embeddings"))
            .count()
    };
    assert!(vectors(&upstream) > 0, "they were asked for");
    // The fake gives every text the same vector; what is asked still has to agree.
    let (word, _) = ask(
        &signalbox,
        &question("fake/slow", "how do I change my address"),
    )
    .await;
    assert_eq!(word, "similar");
    let (word, _) = ask(
        &signalbox,
        &question("fake/slow", "How do I cancel my order?"),
    )
    .await;
    assert_eq!(word, "miss");
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["similar"]["embedder"], "fake/ok");
    // Who asked for them stands on the receipts.
    let list = signalbox
        .control("requests.list", &json!({"limit": 50}))
        .await;
    let rows = list["rows"].as_array().unwrap();
    assert!(
        rows.iter().any(|row| row["client"] == "similar-questions"),
        "{list}"
    );
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_model_that_is_not_there_is_told_and_nobody_waits_for_it() {
    let upstream = FakeUpstream::start().await;
    let config = format!(
        "{}[cache]\nembedder = \"model\"\nsimilar = \"on\"\n",
        config_for(&upstream)
    );
    let signalbox = Signalbox::start(&config).await;
    kept(
        &signalbox,
        &question("fake/ok", "How do I change my address?"),
    )
    .await;
    let (word, _) = ask(
        &signalbox,
        &question("fake/ok", "how do I change my address"),
    )
    .await;
    assert_eq!(word, "miss");
    let page = signalbox.control("cache.page", &json!({})).await;
    let trouble = page["similar"]["model"]["trouble"].as_str().unwrap();
    assert!(
        trouble.contains("config.json") && trouble.contains("missing"),
        "{trouble}"
    );
}
