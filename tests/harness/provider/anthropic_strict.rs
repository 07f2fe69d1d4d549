//! Anthropic Messages: what is taken, and what is refused with the vendor's words.

use serde_json::Value;

use super::anthropic::VENDOR;
use super::asked::{Asked, Refusal, list, open_object, stranger, text_of, well_named};
use super::route::Host;
use super::said::seal;

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "max_tokens",
    "system",
    "stream",
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "service_tier",
    "speed",
    "inference_geo",
    "cache_control",
    "container",
    "context_management",
    "mcp_servers",
    "anthropic_version",
    "anthropic_beta",
    "user_profile_id",
    "fallbacks",
    "compaction",
    "diagnostics",
    "thread",
    "betas",
];

pub(super) fn read(body: &Value, host: Host) -> Result<Asked, Refusal> {
    if let Some(field) = stranger(body, FIELDS) {
        return Err(format!("{field}: Extra inputs are not permitted"));
    }
    if host == Host::Own && !body["anthropic_version"].is_null() {
        return Err("anthropic_version: Extra inputs are not permitted".to_owned());
    }
    if host != Host::Own {
        if !body["model"].is_null() {
            return Err("model: Extra inputs are not permitted".to_owned());
        }
        if host == Host::Bedrock && !body["stream"].is_null() {
            return Err("stream: Extra inputs are not permitted".to_owned());
        }
        if !body["anthropic_version"].is_string() {
            return Err("anthropic_version: Field required".to_owned());
        }
    }
    let messages = body["messages"]
        .as_array()
        .ok_or("messages: Field required")?;
    let mut asked = Asked {
        turns: messages.len(),
        ..Asked::default()
    };
    tools(body, &mut asked)?;
    limits(body)?;
    system(&body["system"], &mut asked)?;
    let think = body["thinking"]["type"] == "enabled"
        && super::said::thinks(body["model"].as_str().unwrap_or_default());
    conversation(messages, think, &mut asked)?;
    let format = match &body["output_config"]["format"] {
        Value::Null => &body["output_format"],
        format => format,
    };
    if format["type"] == "json_schema" {
        if open_object(&format["schema"], false).is_some() {
            return Err("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
        }
        asked.schema = Some(format["schema"].clone());
    } else if !format.is_null() {
        return Err("output_config.format.type: Input should be 'json_schema'".to_owned());
    }
    let marks = body.to_string().matches("\"cache_control\":{").count();
    if marks > 4 {
        return Err(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {marks}."
        ));
    }
    Ok(asked)
}

/// Only what is asked of an answer: a count needs none of it.
fn limits(body: &Value) -> Result<(), Refusal> {
    if body["temperature"]
        .as_f64()
        .is_some_and(|heat| !(0.0..=1.0).contains(&heat))
    {
        return Err("temperature: range: 0..1".to_owned());
    }
    if body["thinking"]["type"] == "enabled" {
        let budget = body["thinking"]["budget_tokens"]
            .as_u64()
            .ok_or("thinking.enabled.budget_tokens: Field required")?;
        if budget < 1024 {
            return Err(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
                    .to_owned(),
            );
        }
        if body["max_tokens"]
            .as_u64()
            .is_some_and(|most| most <= budget)
        {
            return Err("`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size".to_owned());
        }
        if ["any", "tool"]
            .iter()
            .any(|forced| body["tool_choice"]["type"] == *forced)
        {
            return Err("Thinking may not be enabled when tool_choice forces tool use.".to_owned());
        }
    }
    Ok(())
}

/// What only an answer needs.
pub(super) fn needs_max_tokens(body: &Value) -> Result<(), Refusal> {
    match body["max_tokens"].as_u64() {
        Some(1..) => Ok(()),
        Some(0) => Err("max_tokens: Input should be greater than or equal to 1".to_owned()),
        None => Err("max_tokens: Field required".to_owned()),
    }
}

fn tools(body: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    for (at, tool) in list(&body["tools"]).iter().enumerate() {
        let kind = tool["type"].as_str().unwrap_or("custom");
        if kind != "custom" {
            // Theirs have a date in their type.
            if !kind.contains("_20") {
                return Err(format!(
                    "tools.{at}: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'bash_20250124', 'custom', 'text_editor_20250728', 'web_search_20250305'"
                ));
            }
            continue;
        }
        if !well_named(tool["name"].as_str().unwrap_or_default(), "_-", 128) {
            return Err(format!(
                "tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            ));
        }
        if tool["input_schema"]["type"] != "object" {
            return Err(format!(
                "tools.{at}.custom.input_schema.type: Field required"
            ));
        }
        asked.offer(&tool["name"]);
    }
    let choice = &body["tool_choice"];
    if choice.is_string() {
        return Err(
            "tool_choice: Input should be a valid dictionary or object to extract fields from"
                .to_owned(),
        );
    }
    if !choice.is_null() && list(&body["tools"]).is_empty() && choice["type"] != "none" {
        return Err(
            "tool_choice: tool_choice may only be specified while providing tools.".to_owned(),
        );
    }
    asked.choose(choice["type"] == "none", choice["name"].as_str());
    Ok(())
}

fn system(system: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    for (at, block) in list(system).iter().enumerate() {
        if block["type"] != "text" {
            return Err(format!("system.{at}.type: Input should be 'text'"));
        }
        if block["text"].as_str().is_none_or(str::is_empty) {
            return Err("system: text content blocks must be non-empty".to_owned());
        }
    }
    asked.system += match system {
        Value::Null => 0,
        Value::Array(blocks) => blocks.len(),
        _ => 1,
    };
    Ok(())
}

fn conversation(messages: &[Value], think: bool, asked: &mut Asked) -> Result<(), Refusal> {
    // Those that the turn before called and that this one must answer, in order.
    let mut owed: Vec<String> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        match role {
            "system" if at > 0 => {
                asked.system += 1;
                continue;
            }
            "system" => return Err("messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.".to_owned()),
            "assistant" if at == 0 => return Err("messages: first message must use the \"user\" role".to_owned()),
            "user" | "assistant" => {}
            _ => return Err(format!("messages.{at}.role: Input should be 'user' or 'assistant'")),
        }
        let last = at + 1 == messages.len();
        content(message, role, at, last, asked)?;
        let blocks = list(&message["content"]);
        if role == "assistant" {
            unanswered(&owed, at)?;
            owed = blocks
                .iter()
                .filter(|block| block["type"] == "tool_use")
                .map(|block| block["id"].as_str().unwrap_or_default().to_owned())
                .collect();
            let first = blocks.first().map_or(&Value::Null, |block| &block["type"]);
            if think && !owed.is_empty() && first != "thinking" && first != "redacted_thinking" {
                return Err(format!(
                    "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns."
                ));
            }
        } else {
            results(blocks, at, &mut owed)?;
        }
    }
    unanswered(&owed, messages.len())
}

/// Results stand first, one for each call and in the calls' order. Consecutive
/// messages of the user are one turn.
fn results(blocks: &[Value], at: usize, owed: &mut Vec<String>) -> Result<(), Refusal> {
    for (n, block) in blocks.iter().enumerate() {
        if block["type"] != "tool_result" {
            unanswered(owed, at)?;
            continue;
        }
        let id = block["tool_use_id"].as_str().unwrap_or_default();
        if !owed.iter().any(|one| one == id) {
            return Err(format!(
                "messages.{at}.content.{n}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        if owed.first().is_some_and(|first| first != id) {
            return Err(format!(
                "messages.{at}.content.{n}: `tool_result` blocks must stand in the order of their `tool_use` blocks: {id} came too early."
            ));
        }
        owed.remove(0);
    }
    if blocks.is_empty() {
        unanswered(owed, at)
    } else {
        Ok(())
    }
}

fn unanswered(owed: &[String], at: usize) -> Result<(), Refusal> {
    if owed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        at.saturating_sub(1),
        owed.join(", ")
    ))
}

const BLOCKS: &[&str] = &[
    "text",
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "mcp_tool_use",
    "mcp_tool_result",
    "container_upload",
    "compaction",
];

fn content(
    message: &Value,
    role: &str,
    at: usize,
    last: bool,
    asked: &mut Asked,
) -> Result<(), Refusal> {
    let content = &message["content"];
    let user = role == "user";
    if let Some(text) = content.as_str() {
        if text.is_empty() && (user || !last) {
            return Err(format!(
                "messages.{at}: all messages must have non-empty content except for the optional final assistant message"
            ));
        }
        if last && !user && text.trim_end() != text {
            return Err(
                "messages: final assistant content cannot end with trailing whitespace".to_owned(),
            );
        }
        if user {
            asked.says(text);
        }
        return Ok(());
    }
    let blocks = content
        .as_array()
        .ok_or_else(|| format!("messages.{at}.content: Input should be a valid string or list"))?;
    if blocks.is_empty() && (user || !last) {
        return Err(format!(
            "messages.{at}: all messages must have non-empty content except for the optional final assistant message"
        ));
    }
    for (n, block) in blocks.iter().enumerate() {
        self::block(block, user, &format!("messages.{at}.content.{n}"), asked)?;
    }
    Ok(())
}

fn block(block: &Value, user: bool, place: &str, asked: &mut Asked) -> Result<(), Refusal> {
    let kind = block["type"].as_str().unwrap_or_default();
    if !BLOCKS.contains(&kind) {
        return Err(format!(
            "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: '{}'",
            BLOCKS.join("', '")
        ));
    }
    match kind {
        "text" => {
            let text = block["text"]
                .as_str()
                .ok_or_else(|| format!("{place}.text.text: Field required"))?;
            if text.is_empty() {
                return Err("messages: text content blocks must be non-empty".to_owned());
            }
            if text.trim().is_empty() {
                return Err(
                    "messages: text content blocks must contain non-whitespace text".to_owned(),
                );
            }
            if user {
                asked.says(text);
            }
        }
        "image" => image(&block["source"], place, asked)?,
        "tool_use" => {
            if user {
                return Err(format!(
                    "{place}: `tool_use` blocks can only be in `assistant` messages"
                ));
            }
            if !well_named(block["id"].as_str().unwrap_or_default(), "_-", 256) {
                return Err(format!(
                    "{place}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
                ));
            }
            if !block["input"].is_object() {
                return Err(format!(
                    "{place}.tool_use.input: Input should be a valid dictionary"
                ));
            }
        }
        "tool_result" => {
            if !user {
                return Err(format!(
                    "{place}: `tool_result` blocks can only be in `user` messages"
                ));
            }
            for (n, part) in list(&block["content"]).iter().enumerate() {
                match part["type"].as_str() {
                    Some("image") => image(&part["source"], place, asked)?,
                    Some("text") if part["text"] == "" => {
                        return Err("messages: text content blocks must be non-empty".to_owned());
                    }
                    Some("text" | "document" | "search_result" | "tool_reference") => {}
                    _ => {
                        return Err(format!(
                            "{place}.tool_result.content.{n}: Input tag {} found using 'type' does not match any of the expected tags",
                            part["type"]
                        ));
                    }
                }
            }
            asked.results.push(text_of(&block["content"]));
        }
        "thinking" => {
            let thought = block["thinking"].as_str().unwrap_or_default();
            let signed = block["signature"]
                .as_str()
                .ok_or_else(|| format!("{place}.thinking.signature: Field required"))?;
            if signed != seal(VENDOR, thought) {
                return Err(format!("{place}: Invalid `signature` in `thinking` block"));
            }
        }
        _ => {}
    }
    Ok(())
}

fn image(source: &Value, place: &str, asked: &mut Asked) -> Result<(), Refusal> {
    match source["type"].as_str() {
        Some("base64") => {
            let kinds = ["image/jpeg", "image/png", "image/gif", "image/webp"];
            if !kinds.iter().any(|kind| source["media_type"] == *kind) {
                return Err(format!(
                    "{place}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
                ));
            }
            asked.image(source["data"].as_str().unwrap_or_default())
        }
        Some("url") => asked.image_at(source["url"].as_str().unwrap_or_default()),
        Some("file") => {
            asked.images.push(None);
            Ok(())
        }
        _ => Err(format!(
            "{place}.image.source: Input tag {} found using 'type' does not match any of the expected tags: 'base64', 'file', 'url'",
            source["type"]
        )),
    }
}
