//! The practice provider: no key, labelled everywhere, misbehaving on purpose.

use serde_json::{Value, json};
use stories::Signalbox;

async fn body(reply: reqwest::Response) -> Value {
    serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn it_answers_the_same_every_time_and_says_what_it_is() {
    let signalbox = Signalbox::practice().await;
    let first = signalbox.chat("practice/instant").await;
    assert_eq!(first.headers()["x-signalbox-provider"], "practice");
    let receipt = signalbox.receipt(&first).await;
    assert_eq!(
        (
            &receipt["row"]["practice"],
            &receipt["row"]["cost_nano_usd"]
        ),
        (&json!(true), &json!(0))
    );
    let first = body(first).await;
    assert!(
        first["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .starts_with("[practice]")
    );
    assert_eq!(first, body(signalbox.chat("practice/instant").await).await);
    let text = signalbox
        .message("practice/instant", true)
        .await
        .text()
        .await
        .unwrap();
    assert!(
        text.contains("[practice]") && text.trim_end().ends_with("{\"type\":\"message_stop\"}"),
        "{text}"
    );
}

#[tokio::test]
async fn its_models_misbehave_as_they_say() {
    let signalbox = Signalbox::practice().await;
    let limited = signalbox.chat("practice/rate-limited").await;
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    assert_eq!(signalbox.chat("practice/flaky").await.status(), 503);
    assert_eq!(signalbox.chat("practice/flaky").await.status(), 200);
    let broken = signalbox
        .chat_stream("practice/breaks")
        .await
        .text()
        .await
        .unwrap();
    assert!(broken.contains("on purpose"), "{broken}");
    assert_eq!(signalbox.chat("practice/breaks").await.status(), 502);
    let unknown = signalbox.chat("practice/nothing").await;
    assert_eq!(unknown.status(), 404);
    assert!(
        body(unknown).await["error"]["message"]
            .as_str()
            .unwrap()
            .contains("steady")
    );
}

#[tokio::test]
async fn it_calls_a_tool_and_reads_the_result() {
    let signalbox = Signalbox::practice().await;
    let tools = json!([{"name":"look","description":"d","input_schema":{"type":"object"}}]);
    let ask = json!({"model":"practice/tools","max_tokens":99,"tools":tools,"messages":[{"role":"user","content":"go"}]});
    let call = body(signalbox.post("/v1/messages", &ask).send().await.unwrap()).await;
    assert_eq!(call["stop_reason"], "tool_use");
    assert_eq!(call["content"][0]["name"], "look");
    let ask = json!({"model":"practice/tools","max_tokens":99,"tools":tools,"messages":[
        {"role":"user","content":"go"},
        {"role":"assistant","content":call["content"]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":call["content"][0]["id"],"content":"42"}]}]});
    let answer = body(signalbox.post("/v1/messages", &ask).send().await.unwrap()).await;
    assert_eq!(answer["stop_reason"], "end_turn");
}

#[tokio::test]
async fn it_embeds_and_counts() {
    let signalbox = Signalbox::practice().await;
    let ask = json!({"model":"practice/embedding","input":["a","b","a"],"dimensions":8});
    let answer = body(signalbox.post("/v1/embeddings", &ask).send().await.unwrap()).await;
    let vector = |n: usize| answer["data"][n]["embedding"].clone();
    assert_eq!(vector(0).as_array().unwrap().len(), 8);
    assert_eq!(vector(0), vector(2));
    assert_ne!(vector(0), vector(1));
    let ask = json!({"model":"practice/steady","messages":[{"role":"user","content":"count me"}]});
    let counted = body(
        signalbox
            .post("/v1/messages/count_tokens", &ask)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert!(counted["input_tokens"].as_u64().unwrap() > 0);
}
