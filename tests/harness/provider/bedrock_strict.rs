//! Bedrock's Converse: what is taken, and what is refused with the vendor's words.

use serde_json::Value;

use super::asked::{Asked, Refusal, list, stranger, text_of, well_named};
use super::bedrock::VENDOR;
use super::said::seal;
use crate::wire::Request;

const FIELDS: &[&str] = &[
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "guardrailConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "promptVariables",
    "requestMetadata",
    "performanceConfig",
    "serviceTier",
    "outputConfig",
];

pub(super) fn read(request: &Request, body: &Value, model: &str) -> Result<Asked, Refusal> {
    if !request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/json"))
    {
        return Err("The content type of the request must be application/json.".to_owned());
    }
    if let Some(field) = stranger(body, FIELDS) {
        return Err(format!(
            "Malformed input request: #: extraneous key [{field}] is not permitted, please reformat your input and try again."
        ));
    }
    let limits = &body["inferenceConfig"];
    if let Some(field) = stranger(
        limits,
        &["maxTokens", "temperature", "topP", "stopSequences"],
    ) {
        return Err(format!(
            "Malformed input request: #/inferenceConfig: extraneous key [{field}] is not permitted, please reformat your input and try again."
        ));
    }
    if limits["temperature"]
        .as_f64()
        .is_some_and(|heat| !(0.0..=1.0).contains(&heat))
    {
        return Err(
            "The value at inferenceConfig.temperature must be less than or equal to 1.".to_owned(),
        );
    }
    let messages = list(&body["messages"]);
    let mut asked = Asked {
        turns: messages.len(),
        system: list(&body["system"]).len(),
        ..Asked::default()
    };
    for (at, block) in list(&body["system"]).iter().enumerate() {
        if block["text"]
            .as_str()
            .is_some_and(|text| text.trim().is_empty())
        {
            return Err(format!(
                "The text field in the SystemContentBlock object at system.{at} is blank. Add text to the text field, and try again."
            ));
        }
    }
    tools(&body["toolConfig"], &mut asked)?;
    let has_tools = asked.tools.len();
    let thinking = &body["additionalModelRequestFields"]["thinking"]["type"];
    conversation(
        messages,
        model == "think" && thinking == "enabled",
        &mut asked,
    )?;
    let spoken = body["messages"].to_string();
    if has_tools == 0 && (spoken.contains("\"toolUse\":{") || spoken.contains("\"toolResult\":{")) {
        return Err("The toolConfig field must be defined when using toolUse and toolResult content blocks.".to_owned());
    }
    let format = &body["outputConfig"]["textFormat"];
    if !format.is_null() {
        let text = format["structure"]["jsonSchema"]["schema"].as_str().ok_or(
            "The value at outputConfig.textFormat.structure.jsonSchema.schema must be a string.",
        )?;
        asked.schema = Some(serde_json::from_str(text).map_err(|_| "The schema at outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON.")?);
    }
    Ok(asked)
}

fn tools(config: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    if config.is_null() {
        return Ok(());
    }
    if list(&config["tools"]).is_empty() {
        return Err("The value at toolConfig.tools must contain at least one tool.".to_owned());
    }
    for (at, tool) in list(&config["tools"]).iter().enumerate() {
        if !tool["cachePoint"].is_null() || !tool["systemTool"].is_null() {
            continue;
        }
        let spec = &tool["toolSpec"];
        if !well_named(spec["name"].as_str().unwrap_or_default(), "_-", 64) {
            return Err(format!(
                "1 validation error detected: Value at 'toolConfig.tools.{at}.member.toolSpec.name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"
            ));
        }
        if spec["inputSchema"]["json"]["type"] != "object" {
            return Err(format!(
                "The value at toolConfig.tools.{at}.toolSpec.inputSchema.json.type must be one of the following: object."
            ));
        }
        if spec["description"] == "" {
            return Err(format!(
                "1 validation error detected: Value at 'toolConfig.tools.{at}.member.toolSpec.description' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ));
        }
        asked.offer(&spec["name"]);
    }
    let choice = &config["toolChoice"];
    if !choice.is_null()
        && !["auto", "any", "tool"]
            .iter()
            .any(|kind| choice[*kind].is_object())
    {
        return Err(
            "The value at toolConfig.toolChoice must be one of the following: auto, any, tool."
                .to_owned(),
        );
    }
    asked.choose(false, choice["tool"]["name"].as_str());
    Ok(())
}

fn conversation(messages: &[Value], think: bool, asked: &mut Asked) -> Result<(), Refusal> {
    let mut before = "";
    let mut owed: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        match role {
            "system" => {
                asked.system += 1;
                continue;
            }
            "assistant" if before.is_empty() => return Err("A conversation must start with a user message. Try again with a conversation that starts with a user message.".to_owned()),
            "user" | "assistant" => {}
            _ => return Err(format!("1 validation error detected: Value '{role}' at 'messages.{at}.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]")),
        }
        if role == before {
            return Err("A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.".to_owned());
        }
        before = role;
        let blocks = list(&message["content"]);
        if blocks.is_empty() {
            return Err(format!(
                "The content field in the Message object at messages.{at} is empty. Add a ContentBlock object to the content field and try again."
            ));
        }
        for (n, one) in blocks.iter().enumerate() {
            block(one, role == "user", at, n, asked)?;
        }
        let results = blocks
            .iter()
            .map(|block| &block["toolResult"])
            .filter(|one| one.is_object());
        answered(
            &owed,
            &results
                .map(|one| one["toolUseId"].as_str().unwrap_or_default())
                .collect::<Vec<_>>(),
            at,
        )?;
        let calls = blocks
            .iter()
            .map(|block| &block["toolUse"])
            .filter(|one| one.is_object());
        owed = calls
            .map(|one| one["toolUseId"].as_str().unwrap_or_default())
            .collect();
        if think && !owed.is_empty() && !blocks[0]["reasoningContent"].is_object() {
            return Err(format!(
                "The model returned the following errors: messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."
            ));
        }
    }
    answered(&owed, &[], messages.len())
}

/// Every call is answered in the next turn, in the calls' order.
fn answered(owed: &[&str], results: &[&str], at: usize) -> Result<(), Refusal> {
    if results.len() > owed.len() {
        return Err(format!(
            "The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks of previous turn."
        ));
    }
    if owed != results {
        return Err(format!(
            "Expected toolResult blocks at messages.{at}.content for the following Ids: {}",
            owed.join(", ")
        ));
    }
    Ok(())
}

fn block(block: &Value, user: bool, at: usize, n: usize, asked: &mut Asked) -> Result<(), Refusal> {
    const BLOCKS: &[&str] = &[
        "text",
        "image",
        "document",
        "video",
        "audio",
        "toolUse",
        "toolResult",
        "guardContent",
        "cachePoint",
        "reasoningContent",
        "citationsContent",
        "searchResult",
    ];
    let place = format!("messages.{at}.content.{n}");
    if let Some(kind) = stranger(block, BLOCKS) {
        return Err(format!(
            "Malformed input request: #/{place}: extraneous key [{kind}] is not permitted, please reformat your input and try again."
        ));
    }
    if block.as_object().is_none_or(|fields| fields.len() != 1) {
        return Err(format!(
            "The ContentBlock object at {place} must set one of the following keys: {}.",
            BLOCKS.join(", ")
        ));
    }
    if let Some(text) = block["text"].as_str() {
        if text.trim().is_empty() {
            return Err(format!(
                "The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try again."
            ));
        }
        if user {
            asked.says(text);
        }
    }
    image(&block["image"], &place, asked)?;
    let call = &block["toolUse"];
    if call.is_object() {
        if !call["input"].is_object() {
            return Err(format!(
                "The format of the value at {place}.toolUse.input is invalid. Provide a json object for the field and try again."
            ));
        }
        if !well_named(call["toolUseId"].as_str().unwrap_or_default(), "_-.:", 64) {
            return Err(format!(
                "1 validation error detected: Value at '{place}.member.toolUse.toolUseId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.:-]+"
            ));
        }
    }
    let result = &block["toolResult"];
    if result.is_object() {
        for part in list(&result["content"]) {
            if let Some(kind) = stranger(
                part,
                &["json", "text", "image", "document", "video", "searchResult"],
            ) {
                return Err(format!(
                    "Malformed input request: #/{place}/toolResult: extraneous key [{kind}] is not permitted, please reformat your input and try again."
                ));
            }
            image(&part["image"], &place, asked)?;
        }
        let json = list(&result["content"])
            .iter()
            .find(|part| !part["json"].is_null());
        asked.results.push(json.map_or_else(
            || text_of(&result["content"]),
            |part| part["json"].to_string(),
        ));
    }
    let thought = &block["reasoningContent"]["reasoningText"];
    if thought.is_object()
        && thought["signature"] != seal(VENDOR, thought["text"].as_str().unwrap_or_default())
    {
        return Err(format!(
            "The model returned the following errors: {place}: Invalid `signature` in `thinking` block"
        ));
    }
    Ok(())
}

fn image(image: &Value, place: &str, asked: &mut Asked) -> Result<(), Refusal> {
    if image.is_null() {
        return Ok(());
    }
    if !["png", "jpeg", "gif", "webp"]
        .iter()
        .any(|kind| image["format"] == *kind)
    {
        return Err(format!(
            "The value at {place}.image.format must be one of the following: png, jpeg, gif, webp."
        ));
    }
    match image["source"]["bytes"].as_str() {
        Some(data) => asked.image(data),
        None => Err(format!(
            "The ImageSource object at {place}.image.source must set one of the following keys: bytes, s3Location."
        )),
    }
}
