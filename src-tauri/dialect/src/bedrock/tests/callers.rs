//! What callers of other dialects ask, as Converse would take it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::hub::{Hosting, Quirks, Target, Traits};
use crate::{Dialect, Endpoint, translate};

/// What Amazon would refuse of a body, if anything.
fn refused(body: &Value) -> Option<String> {
    let turns = body["messages"].as_array()?;
    let mut before = "assistant";
    let mut called: Vec<&str> = Vec::new();
    let mut has_tools = false;
    for turn in turns {
        let role = turn["role"].as_str()?;
        if role == before {
            return Some(format!("two turns of the {role} in a row"));
        }
        let content = turn["content"].as_array()?;
        if content.is_empty() {
            return Some("an empty turn".to_owned());
        }
        let mut over = false;
        for block in content {
            if let Some(result) = block.get("toolResult") {
                has_tools = true;
                if over {
                    return Some("a result behind other blocks".to_owned());
                }
                if !called.contains(&result["toolUseId"].as_str()?) {
                    return Some("a result without a call".to_owned());
                }
            } else if block.get("cachePoint").is_none() {
                over = true;
            }
            if block.get("text").is_some_and(|text| text == "") {
                return Some("a blank text".to_owned());
            }
        }
        called = content
            .iter()
            .filter_map(|block| block.pointer("/toolUse/toolUseId")?.as_str())
            .collect();
        has_tools |= !called.is_empty();
        before = role;
    }
    if turns.first()?["role"] != "user" {
        return Some("it does not begin with the user".to_owned());
    }
    if has_tools && body.get("toolConfig").is_none() {
        return Some("calls without tools".to_owned());
    }
    let marks = body.to_string().matches("\"cachePoint\"").count();
    (marks > 4).then(|| "too many cache marks".to_owned())
}

#[test]
fn every_feature_of_every_caller_becomes_a_request_amazon_takes() {
    let quirks = Quirks::default();
    let mut seen = 0;
    for (folder, endpoint) in [
        ("openai", Endpoint::ChatCompletions),
        ("responses", Endpoint::Responses),
        ("anthropic", Endpoint::Messages),
        ("gemini", Endpoint::GenerateContent),
        ("ollama", Endpoint::OllamaChat),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(folder);
        for file in fs::read_dir(&folder).expect("a folder of fixtures") {
            let file = file.expect("a file").path();
            let text = fs::read(&file).expect("a file");
            let path = endpoint.names_model_in_path().then_some(("m", false));
            let request = translate::read_request(endpoint, &text, path).expect("a request");
            for model in [
                "us.anthropic.claude-sonnet-4-5",
                "meta.llama4",
                "amazon.nova-2",
            ] {
                let target = Target {
                    dialect: Dialect::Bedrock,
                    hosting: Hosting::Own,
                    provider: "bedrock",
                    model,
                    quirks: &quirks,
                    traits: Traits::default(),
                    max_output: Some(8192),
                };
                let written = translate::write_request(request.clone(), &target, true)
                    .unwrap_or_else(|refused| panic!("{}: {refused:?}", file.display()));
                let body: Value = serde_json::from_slice(&written.body).expect("JSON");
                assert_eq!(refused(&body), None, "{}: {body:#}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "only {seen} requests were written");
}
