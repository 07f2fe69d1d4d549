//! Tables and laws of embeddings.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::hub::{Hosting, Quirks, Refused, Target, Traits};
use crate::{Dialect, Endpoint, Malformed};

fn read(endpoint: Endpoint, body: &Value) -> Result<EmbedRequest, Malformed> {
    read_embed(endpoint, body.to_string().as_bytes(), None)
}

fn written(
    request: &EmbedRequest,
    dialect: Dialect,
    quirks: &Quirks,
) -> Result<(Endpoint, Value, Vec<String>), Refused> {
    let target = Target {
        dialect,
        hosting: Hosting::Own,
        provider: "p",
        model: "e-1",
        quirks,
        traits: Traits::default(),
        max_output: None,
    };
    let outgoing = write_embed(request, &target, false)?;
    let body = serde_json::from_slice(&outgoing.body).expect("JSON was written");
    let codes = outgoing.notes.iter().map(|note| note.code()).collect();
    Ok((outgoing.endpoint, body, codes))
}

fn write(
    request: &EmbedRequest,
    dialect: Dialect,
) -> Result<(Endpoint, Value, Vec<String>), Refused> {
    written(request, dialect, &Quirks::default())
}

#[test]
fn openai_is_written_for_everybody() {
    let request = read(
        Endpoint::Embeddings,
        &json!({"model": "m", "input": ["a", "b"], "dimensions": 256, "encoding_format": "base64", "user": "u"}),
    )
    .expect("it is a request");
    assert!(request.base64);
    let (endpoint, body, notes) = write(&request, Dialect::OpenAi).expect("it can be had");
    assert_eq!(endpoint, Endpoint::Embeddings);
    assert_eq!(
        body,
        json!({"model": "e-1", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 256, "user": "u"})
    );
    assert!(notes.is_empty());

    let (endpoint, body, notes) = write(&request, Dialect::Gemini).expect("it can be had");
    assert_eq!(endpoint, Endpoint::BatchEmbedContents);
    assert_eq!(
        body,
        json!({"requests": [
            {"model": "models/e-1", "content": {"parts": [{"text": "a"}]}, "outputDimensionality": 256},
            {"model": "models/e-1", "content": {"parts": [{"text": "b"}]}, "outputDimensionality": 256}]})
    );
    assert_eq!(notes, ["drop:user"]);

    let (endpoint, body, _) = write(&request, Dialect::Ollama).expect("it can be had");
    assert_eq!(endpoint, Endpoint::OllamaEmbed);
    assert_eq!(
        body,
        json!({"model": "e-1", "input": ["a", "b"], "dimensions": 256})
    );

    let (endpoint, body, notes) = write(&request, Dialect::Cohere).expect("it can be had");
    assert_eq!(endpoint, Endpoint::CohereEmbed);
    assert_eq!(
        body,
        json!({"model": "e-1", "texts": ["a", "b"], "input_type": "search_document",
            "embedding_types": ["float"], "output_dimension": 256})
    );
    assert_eq!(notes, ["drop:user", "degrade:input_type"]);

    for dialect in [Dialect::Bedrock, Dialect::Anthropic, Dialect::Responses] {
        assert!(write(&request, dialect).is_err());
    }
}

#[test]
fn inputs_of_openai_come_in_four_shapes() {
    let text = |text: &str| EmbedInput::Text(text.to_owned());
    let cases = [
        (json!("a"), vec![text("a")]),
        (json!(["a", "b"]), vec![text("a"), text("b")]),
        (json!([1, 2]), vec![EmbedInput::Tokens(vec![1, 2])]),
        (
            json!([[1], [2, 3]]),
            vec![EmbedInput::Tokens(vec![1]), EmbedInput::Tokens(vec![2, 3])],
        ),
    ];
    for (input, expected) in cases {
        let request = read(Endpoint::Embeddings, &json!({"model": "m", "input": input}))
            .expect("it is a request");
        assert_eq!(request.inputs, expected);
        let (_, body, _) = write(&request, Dialect::OpenAi).expect("its own dialect takes it");
        let single = request.inputs.len() == 1 && input[0].is_number();
        assert_eq!(body["input"], input, "{single}");
    }
    for input in [
        json!(null),
        json!([]),
        json!([1, "a"]),
        json!(["a", 1]),
        json!([-1]),
        json!({}),
    ] {
        let body = json!({"model": "m", "input": input});
        assert!(read(Endpoint::Embeddings, &body).is_err(), "{body}");
        assert!(read(Endpoint::OllamaEmbed, &body).is_err(), "{body}");
    }
}

#[test]
fn token_ids_are_for_one_vendor() {
    let request = read(
        Endpoint::Embeddings,
        &json!({"model": "m", "input": [[1, 2]]}),
    )
    .expect("it is a request");
    for dialect in [Dialect::Gemini, Dialect::Ollama, Dialect::Cohere] {
        let refused = write(&request, dialect).expect_err("token ids");
        assert_eq!(refused.what, "input");
    }
    let many = vec!["x"; 101];
    let request = read(Endpoint::Embeddings, &json!({"model": "m", "input": many})).expect("read");
    assert!(write(&request, Dialect::Gemini).is_err());
    assert!(write(&request, Dialect::Cohere).is_err());
    assert!(write(&request, Dialect::Ollama).is_ok());
}

#[test]
fn gemini_is_read_alone_and_in_batches() {
    let alone = json!({"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "taskType": "RETRIEVAL_QUERY"});
    let request = read_embed(
        Endpoint::EmbedContent,
        alone.to_string().as_bytes(),
        Some("models/g"),
    )
    .expect("it is a request");
    assert_eq!(request.model, "g");
    assert_eq!(request.inputs, [EmbedInput::Text("a\nb".to_owned())]);
    assert_eq!(request.purpose, Some(Purpose::Query));
    let (_, body, _) = write(&request, Dialect::Cohere).expect("it can be had");
    assert_eq!(body["input_type"], "search_query");

    let one = |text: &str, task: &str| json!({"model": "models/g", "content": {"parts": [{"text": text}]}, "taskType": task, "title": text, "outputDimensionality": 8});
    let batch =
        json!({"requests": [one("a", "RETRIEVAL_DOCUMENT"), one("b", "RETRIEVAL_DOCUMENT")]});
    let request = read(Endpoint::BatchEmbedContents, &batch).expect("it is a request");
    let (_, body, notes) = write(&request, Dialect::Gemini).expect("its own dialect takes it");
    let mut expected = batch;
    for at in 0..2 {
        expected["requests"][at]["model"] = "models/e-1".into();
    }
    assert_eq!(body, expected);
    assert!(notes.is_empty());
    let (_, body, notes) = write(&request, Dialect::OpenAi).expect("it can be had");
    assert_eq!(body["dimensions"], 8);
    assert_eq!(notes, ["drop:task_type", "drop:title"]);

    let mixed = json!({"requests": [one("a", "RETRIEVAL_DOCUMENT"), one("b", "CLUSTERING")]});
    assert!(read(Endpoint::BatchEmbedContents, &mixed).is_err());
    let picture = json!({"requests": [{"content": {"parts": [{"inlineData": {}}]}}]});
    let fault = read(Endpoint::BatchEmbedContents, &picture).expect_err("no text");
    assert!(
        fault.reason.contains("requests[0].content.parts[0]"),
        "{fault}"
    );
    assert!(read(Endpoint::BatchEmbedContents, &json!({"requests": []})).is_err());
}

#[test]
fn fields_of_one_dialect_return_to_it_alone() {
    let request = read(
        Endpoint::OllamaEmbed,
        &json!({"model": "m", "input": "a", "truncate": false, "keep_alive": "5m", "options": {"num_ctx": 1}}),
    )
    .expect("it is a request");
    let (_, body, notes) = write(&request, Dialect::Ollama).expect("its own dialect takes it");
    assert_eq!(
        body,
        json!({"model": "e-1", "input": ["a"], "truncate": false, "keep_alive": "5m", "options": {"num_ctx": 1}})
    );
    assert!(notes.is_empty());
    let (_, body, notes) = write(&request, Dialect::Cohere).expect("it can be had");
    assert_eq!(body["truncate"], "NONE");
    assert_eq!(
        notes,
        ["degrade:input_type", "drop:keep_alive", "drop:options"]
    );

    let request = read(
        Endpoint::Embeddings,
        &json!({"model": "m", "input": "a", "input_type": "query", "dimensions": 4, "user": "u"}),
    )
    .expect("it is a request");
    let quirks = Quirks {
        refuses: vec!["user".to_owned()],
        renames: [("dimensions".to_owned(), "output_dimension".to_owned())].into(),
        ..Quirks::default()
    };
    let (_, body, notes) = written(&request, Dialect::OpenAi, &quirks).expect("it can be had");
    assert_eq!(
        body,
        json!({"model": "e-1", "input": "a", "input_type": "query", "output_dimension": 4})
    );
    assert_eq!(notes, ["drop:user"]);
    let (_, body, notes) = write(&request, Dialect::Cohere).expect("it can be had");
    assert_eq!(body["input_type"], "search_query");
    assert_eq!(notes, ["drop:user"]);
}

const VECTORS: [[f32; 3]; 2] = [[0.1, -0.25, 1.0e-7], [1.0, 3.402_823_5e38, -0.0]];

/// The same two vectors in every dialect, and what was counted.
fn replies() -> Vec<(Endpoint, Value, Option<u64>)> {
    let [a, b] = VECTORS;
    let base64 = |floats: [f32; 3]| {
        use base64::Engine;
        let bytes: Vec<u8> = floats
            .iter()
            .flat_map(|float| float.to_le_bytes())
            .collect();
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    // Written as f32, so that the text is the one a server would send.
    let (a_text, b_text) = (format!("{a:?}"), format!("{b:?}"));
    let [a_json, b_json] =
        [a_text, b_text].map(|text| -> Value { serde_json::from_str(&text).expect("it is JSON") });
    vec![
        (
            Endpoint::Embeddings,
            json!({"object": "list", "model": "served", "data": [
                {"object": "embedding", "index": 1, "embedding": b_json},
                {"object": "embedding", "index": 0, "embedding": base64(a)}],
                "usage": {"prompt_tokens": 7, "total_tokens": 7}}),
            Some(7),
        ),
        (
            Endpoint::BatchEmbedContents,
            json!({"embeddings": [{"values": a_json}, {"values": b_json}]}),
            None,
        ),
        (
            Endpoint::OllamaEmbed,
            json!({"model": "served", "embeddings": [a_json, b_json], "prompt_eval_count": 5}),
            Some(5),
        ),
        (
            Endpoint::CohereEmbed,
            json!({"id": "x", "embeddings": {"float": [a_json, b_json]}, "texts": ["a", "b"],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 4.0}}}),
            Some(4),
        ),
        (
            Endpoint::CohereEmbed,
            json!({"id": "x", "embeddings": [a_json, b_json], "texts": ["a", "b"]}),
            None,
        ),
    ]
}

fn translated(from: Endpoint, to: Endpoint, body: &Value, base64: bool) -> (Value, crate::Reading) {
    let body = body.to_string();
    let (bytes, reading) =
        translate_embed(from, to, body.as_bytes(), "alias", base64, 99).expect("it is a reply");
    (
        serde_json::from_slice(&bytes).expect("JSON was written"),
        reading,
    )
}

/// Case 46: base64 and numbers into each other, without losing a bit.
#[test]
fn vectors_arrive_bit_for_bit() {
    for (from, body, input) in replies() {
        for to in [
            Endpoint::Embeddings,
            Endpoint::BatchEmbedContents,
            Endpoint::OllamaEmbed,
        ] {
            for base64 in [false, true] {
                let (written, reading) = translated(from, to, &body, base64);
                assert_eq!(reading.usage.map(|usage| usage.input), input, "{from:?}");
                assert!(reading.finished);
                let at = |at: usize| match to {
                    Endpoint::Embeddings => written["data"][at]["embedding"].clone(),
                    Endpoint::OllamaEmbed => written["embeddings"][at].clone(),
                    _ => written["embeddings"][at]["values"].clone(),
                };
                assert_eq!(at(0).is_string(), base64 && to == Endpoint::Embeddings);
                // And back: read by the reader of the dialect it was written in.
                let (again, _) = translated(to, Endpoint::OllamaEmbed, &written, false);
                for (index, vector) in VECTORS.iter().enumerate() {
                    let floats: Vec<f32> =
                        serde_json::from_value(again["embeddings"][index].clone())
                            .expect("they are numbers");
                    let bits =
                        |floats: &[f32]| floats.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&floats), bits(vector), "{from:?} {to:?} {base64}");
                }
            }
        }
    }
    let (written, _) = translated(replies()[1].0, Endpoint::Embeddings, &replies()[1].1, false);
    assert_eq!(
        written["data"][0]["embedding"].to_string(),
        "[0.1,-0.25,1e-7]"
    );
    assert_eq!(written["usage"]["prompt_tokens"], 99);
    assert_eq!(written["model"], "alias");
}

#[test]
fn one_vector_is_enough_for_embed_content() {
    let body = json!({"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 3}});
    let (written, reading) =
        translated(Endpoint::EmbedContent, Endpoint::EmbedContent, &body, false);
    assert_eq!(written, json!({"embedding": {"values": [0.5]}}));
    assert_eq!(reading.usage.map(|usage| usage.input), Some(3));
}

#[test]
fn what_is_no_reply_says_so() {
    let cases = [
        (Endpoint::Embeddings, r#"{"data":[{"embedding":"AAA"}]}"#),
        (Endpoint::Embeddings, r#"{"data":[{"embedding":"AAA="}]}"#),
        (
            Endpoint::Embeddings,
            r#"{"data":[{"embedding":"AACAfw=="}]}"#,
        ),
        (Endpoint::Embeddings, r#"{"data":[{"embedding":["a"]}]}"#),
        (Endpoint::Embeddings, r#"{"data":[{}]}"#),
        (Endpoint::Embeddings, "{}"),
        (Endpoint::Embeddings, "[1]"),
        (Endpoint::Embeddings, "<html>"),
        (Endpoint::Embeddings, ""),
        (Endpoint::OllamaEmbed, r#"{"embeddings":[[1e300]]}"#),
        (Endpoint::OllamaEmbed, r#"{"embeddings":[1]}"#),
        (Endpoint::CohereEmbed, r#"{"embeddings":{"int8":[[1]]}}"#),
        (Endpoint::BatchEmbedContents, r#"{"embeddings":[{}]}"#),
    ];
    for (from, body) in cases {
        let read = translate_embed(from, Endpoint::Embeddings, body.as_bytes(), "m", false, 0);
        assert!(read.is_err(), "{body}: {read:?}");
    }
    let failed = br#"{"error":{"message":"no such model"}}"#;
    let (_, reading) = translate_embed(
        Endpoint::Embeddings,
        Endpoint::Embeddings,
        failed,
        "m",
        false,
        0,
    )
    .expect("it is told");
    assert_eq!(
        reading.failure.map(|failure| failure.message),
        Some("no such model".to_owned())
    );
}

#[test]
fn whole_replies_of_all_tasks_are_metered() {
    for (endpoint, body, input) in replies() {
        let reading = crate::read_whole(endpoint, body.to_string().as_bytes()).expect("a reply");
        assert_eq!(
            reading.usage.map(|usage| usage.input),
            input,
            "{endpoint:?}"
        );
    }
    for (endpoint, body) in [
        (Endpoint::InputTokens, r#"{"input_tokens":3}"#),
        (Endpoint::GeminiCountTokens, r#"{"totalTokens":3}"#),
        (Endpoint::Rerank, r#"{"results":[]}"#),
    ] {
        let reading = crate::read_whole(endpoint, body.as_bytes()).expect("a reply");
        assert_eq!((reading.usage, reading.finished), (None, true));
        assert!(crate::read_whole(endpoint, br#"{"x":1}"#).is_err());
    }
}

proptest! {
    #[test]
    fn any_floats_survive(floats in prop::collection::vec(any::<f32>().prop_filter("finite", |f| f.is_finite()), 1..20), base64: bool) {
        let body = format!("{{\"embeddings\":[{}]}}", serde_json::to_string(&floats).expect("numbers"));
        let (first, _) = translate_embed(Endpoint::OllamaEmbed, Endpoint::Embeddings, body.as_bytes(), "m", base64, 0).expect("a reply");
        let (second, _) = translate_embed(Endpoint::Embeddings, Endpoint::OllamaEmbed, &first, "m", false, 0).expect("a reply");
        let back: Value = serde_json::from_slice(&second).expect("JSON");
        let back: Vec<f32> = serde_json::from_value(back["embeddings"][0].clone()).expect("numbers");
        let bits = |floats: &[f32]| floats.iter().map(|f| f.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&back), bits(&floats));
    }

    #[test]
    fn arbitrary_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for endpoint in Endpoint::ALL {
            let _ = read_embed(endpoint, &bytes, None);
            let _ = translate_embed(endpoint, Endpoint::Embeddings, &bytes, "m", true, 0);
            let _ = crate::read_whole(endpoint, &bytes);
        }
    }
}
