//! OpenAI Responses: what is taken, and what is refused with the vendor's words.

use serde_json::Value;

use super::asked::{Asked, Offered, Refusal, list, open_object, stranger, text_of, well_named};
use super::responses::VENDOR;
use super::said::seal;

const FIELDS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tool_calls",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "reasoning",
    "text",
    "store",
    "metadata",
    "include",
    "background",
    "truncation",
    "context_management",
    "previous_response_id",
    "conversation",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "user",
    "service_tier",
    "moderation",
    "client_metadata",
    "access_programs",
    "image",
    "comparison_response_id",
    "prewarm",
];

pub(super) fn read(body: &Value) -> Result<Asked, Refusal> {
    if let Some(field) = stranger(body, FIELDS) {
        return Err(format!("Unknown parameter: '{field}'."));
    }
    let mut asked = Asked {
        wants_seal: list(&body["include"])
            .iter()
            .any(|one| one == "reasoning.encrypted_content"),
        system: usize::from(body["instructions"].is_string()),
        ..Asked::default()
    };
    if body["max_output_tokens"]
        .as_u64()
        .is_some_and(|most| most < 16)
    {
        return Err(format!(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {} instead.",
            body["max_output_tokens"]
        ));
    }
    if body["temperature"]
        .as_f64()
        .is_some_and(|heat| !(0.0..=2.0).contains(&heat))
    {
        return Err(
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2.".to_owned(),
        );
    }
    tools(body, &mut asked)?;
    match &body["input"] {
        Value::String(text) => {
            asked.says(text);
            asked.turns = 1;
        }
        Value::Array(items) => {
            asked.turns = items.len();
            input(
                items,
                super::said::thinks(body["model"].as_str().unwrap_or_default()),
                &mut asked,
            )?;
        }
        _ => return Err("Missing required parameter: 'input'.".to_owned()),
    }
    let format = &body["text"]["format"];
    match format["type"].as_str() {
        None | Some("text") => {}
        Some("json_object") => asked.json = true,
        Some("json_schema") => {
            if !well_named(format["name"].as_str().unwrap_or_default(), "_-", 64) {
                return Err("Missing required parameter: 'text.format.name'.".to_owned());
            }
            if format["strict"] == true
                && let Some(lack) = open_object(&format["schema"], true)
            {
                return Err(format!(
                    "Invalid schema for response_format {}: In context=(), '{lack}' is required to be supplied and to be false.",
                    format["name"]
                ));
            }
            asked.schema = Some(format["schema"].clone());
        }
        Some(other) => {
            return Err(format!(
                "Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'."
            ));
        }
    }
    Ok(asked)
}

fn tools(body: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    let offered = list(&body["tools"]);
    for (at, tool) in offered.iter().enumerate() {
        one_tool(tool, &format!("tools[{at}]"), None, asked)?;
    }
    let choice = &body["tool_choice"];
    if choice.is_string()
        && !["auto", "none", "required"]
            .iter()
            .any(|known| choice == known)
    {
        return Err(format!(
            "Invalid value: {choice}. Supported values are: 'none', 'auto', and 'required'."
        ));
    }
    if (choice == "required" || choice.is_object()) && offered.is_empty() {
        return Err("Tool choice 'required' must be specified with 'tools' parameter.".to_owned());
    }
    if choice["type"] == "function" && !choice["name"].is_string() {
        return Err("Missing required parameter: 'tool_choice.name'.".to_owned());
    }
    asked.choose(choice == "none", choice["name"].as_str());
    Ok(())
}

fn one_tool(
    tool: &Value,
    place: &str,
    namespace: Option<&str>,
    asked: &mut Asked,
) -> Result<(), Refusal> {
    let kind = tool["type"].as_str().unwrap_or_default();
    match kind {
        "function" | "custom" => {
            let name = tool["name"]
                .as_str()
                .ok_or_else(|| format!("Missing required parameter: '{place}.name'."))?;
            if !well_named(name, "_-", 64) {
                return Err(format!(
                    "Invalid '{place}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
                ));
            }
            let parameters = &tool["parameters"];
            if kind == "function" && !parameters.is_null() && parameters["type"] != "object" {
                return Err(format!(
                    "Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"'."
                ));
            }
            if tool["strict"] == true && open_object(parameters, true).is_some() {
                return Err(format!(
                    "Invalid schema for function '{name}': In context=(), 'additionalProperties' is required to be supplied and to be false."
                ));
            }
            asked.tools.push(Offered {
                name: name.to_owned(),
                namespace: namespace.map(str::to_owned),
                free: kind == "custom",
            });
        }
        "namespace" => {
            for (at, inner) in list(&tool["tools"]).iter().enumerate() {
                one_tool(
                    inner,
                    &format!("{place}.tools[{at}]"),
                    tool["name"].as_str(),
                    asked,
                )?;
            }
        }
        "file_search" | "code_interpreter" | "mcp" | "image_generation" | "local_shell"
        | "shell" | "apply_patch" | "tool_search" => {}
        _ if kind.starts_with("web_search") || kind.starts_with("computer") => {}
        _ => {
            return Err(format!(
                "Invalid value: '{kind}'. Supported values are: 'function', 'custom', 'namespace', 'web_search', 'file_search', 'code_interpreter', 'mcp', 'image_generation', 'local_shell', and 'shell'."
            ));
        }
    }
    Ok(())
}

fn input(items: &[Value], think: bool, asked: &mut Asked) -> Result<(), Refusal> {
    let mut owed: Vec<&str> = Vec::new();
    let mut reasoned = false;
    for (at, item) in items.iter().enumerate() {
        let id = item["call_id"].as_str().unwrap_or_default();
        match item["type"].as_str().unwrap_or("message") {
            "message" => message(item, at, asked)?,
            kind @ ("function_call" | "custom_tool_call") => {
                let given = if kind == "function_call" {
                    "arguments"
                } else {
                    "input"
                };
                if !item[given].is_string() {
                    return Err(format!(
                        "Invalid type for 'input[{at}].{given}': expected a string, but got an object instead."
                    ));
                }
                if id.is_empty() || id.len() > 64 {
                    return Err(format!(
                        "Invalid 'input[{at}].call_id': string too long. Expected a string with maximum length 64."
                    ));
                }
                let own = item["id"].as_str().unwrap_or_default();
                if !own.is_empty() && !own.starts_with("fc") && !own.starts_with("ctc") {
                    return Err(format!(
                        "Invalid 'input[{at}].id': '{own}'. Expected an ID that begins with 'fc'."
                    ));
                }
                if think && own.starts_with("fc") && !reasoned {
                    return Err(format!(
                        "Item '{own}' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."
                    ));
                }
                owed.push(id);
            }
            "function_call_output" | "custom_tool_call_output" => {
                let found = owed.iter().position(|one| *one == id).ok_or_else(|| {
                    format!("No tool call found for function call output with call_id {id}.")
                })?;
                owed.remove(found);
                output(&item["output"], at, asked)?;
            }
            "reasoning" => {
                reasoned = true;
                if !item["summary"].is_array() {
                    return Err(format!(
                        "Missing required parameter: 'input[{at}].summary'."
                    ));
                }
                let sealed = item["encrypted_content"].as_str();
                if sealed.is_some_and(|sealed| sealed != seal(VENDOR, "")) {
                    return Err(format!(
                        "The encrypted content for item {} could not be verified. Reason: Encrypted content could not be decrypted or parsed.",
                        item["id"]
                    ));
                }
            }
            "item_reference"
            | "web_search_call"
            | "file_search_call"
            | "computer_call"
            | "computer_call_output"
            | "code_interpreter_call"
            | "image_generation_call"
            | "local_shell_call"
            | "local_shell_call_output"
            | "shell_call"
            | "shell_call_output"
            | "apply_patch_call"
            | "apply_patch_call_output"
            | "mcp_list_tools"
            | "mcp_call"
            | "mcp_approval_request"
            | "mcp_approval_response"
            | "compaction"
            | "configuration_update"
            | "additional_tools" => {}
            other => {
                return Err(format!(
                    "Invalid value: '{other}'. Supported values are: 'message', 'function_call', 'function_call_output', 'reasoning', and 'item_reference'."
                ));
            }
        }
    }
    match owed.first() {
        Some(id) => Err(format!("No tool output found for function call {id}.")),
        None => Ok(()),
    }
}

fn message(item: &Value, at: usize, asked: &mut Asked) -> Result<(), Refusal> {
    let role = item["role"].as_str().unwrap_or_default();
    let known: &[&str] = match role {
        "user" | "system" | "developer" => {
            &["input_text", "input_image", "input_file", "input_audio"]
        }
        "assistant" => &["output_text", "refusal"],
        _ => {
            return Err(format!(
                "Invalid value: '{role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'."
            ));
        }
    };
    let content = &item["content"];
    if !content.is_string() && !content.is_array() {
        return Err(format!(
            "Missing required parameter: 'input[{at}].content'."
        ));
    }
    for (n, part) in list(content).iter().enumerate() {
        let kind = part["type"].as_str().unwrap_or_default();
        if !known.contains(&kind) {
            return Err(format!(
                "Invalid value: '{kind}'. Supported values are: '{}'. (input[{at}].content[{n}])",
                known.join("', '")
            ));
        }
        image(part, asked)?;
    }
    match role {
        "user" => asked.says(&text_of(content)),
        "assistant" => {}
        _ => asked.system += 1,
    }
    Ok(())
}

fn output(output: &Value, at: usize, asked: &mut Asked) -> Result<(), Refusal> {
    if !output.is_string() && !output.is_array() {
        return Err(format!("Missing required parameter: 'input[{at}].output'."));
    }
    for part in list(output) {
        let kind = part["type"].as_str().unwrap_or_default();
        if !["input_text", "input_image", "input_file"].contains(&kind) {
            return Err(format!(
                "Invalid value: '{kind}'. Supported values are: 'input_text', 'input_image', and 'input_file'."
            ));
        }
        image(part, asked)?;
    }
    asked.results.push(text_of(output));
    Ok(())
}

fn image(part: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    if part["type"] != "input_image" {
        return Ok(());
    }
    match part["image_url"].as_str() {
        Some(url) => asked.image_at(url),
        None if part["file_id"].is_string() => {
            asked.images.push(None);
            Ok(())
        }
        None => Err("Missing required parameter: 'image_url'.".to_owned()),
    }
}
