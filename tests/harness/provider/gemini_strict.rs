//! Gemini's generateContent: what is taken, and what is refused with the vendor's words.

use serde_json::Value;

use super::asked::{Asked, Refusal, decoded, list, stranger, text_of};
use super::gemini::signature;

const FIELDS: &[&str] = &[
    "model",
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
    "labels",
    "serviceTier",
    "store",
    "modelArmorConfig",
    "continuationToken",
];

const SETTINGS: &[&str] = &[
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "stopSequences",
    "candidateCount",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "responseLogprobs",
    "logprobs",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "responseModalities",
    "thinkingConfig",
    "speechConfig",
    "mediaResolution",
    "imageConfig",
    "audioTimestamp",
    "enableEnhancedCivicAnswers",
    "responseFormat",
];

/// Every word an OpenAPI-like schema may hold.
const SCHEMA: &[&str] = &[
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "default",
    "items",
    "minItems",
    "maxItems",
    "enum",
    "properties",
    "propertyOrdering",
    "required",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
];

/// Takes any signature: for calls that another model made.
const SENTINEL: &str = "skip_thought_signature_validator";

pub(super) fn read(body: &Value, model: &str) -> Result<Asked, Refusal> {
    let body = &camel(body);
    unknown(body, FIELDS, "")?;
    let mut asked = Asked::default();
    let config = &body["generationConfig"];
    settings(config, &mut asked)?;
    tools(body, &mut asked)?;
    let system = &body["systemInstruction"];
    asked.system = usize::from(!system.is_null());
    if !system.is_null()
        && list(&system["parts"])
            .iter()
            .any(|part| !part["text"].is_string())
    {
        return Err(
            "* GenerateContentRequest.system_instruction: only text parts are supported."
                .to_owned(),
        );
    }
    let contents = list(&body["contents"]);
    if contents.is_empty() {
        return Err("* GenerateContentRequest.contents: contents is not specified".to_owned());
    }
    asked.turns = contents.len();
    let signs = super::said::thinks(model) || model.starts_with("gemini-3");
    conversation(contents, signs, &mut asked)?;
    Ok(asked)
}

/// Protobuf takes both spellings of a name, and the vendor's own SDK mixes them. What
/// the caller named himself stays as it is.
fn camel(value: &Value) -> Value {
    const THEIRS: &[&str] = &[
        "args",
        "response",
        "parametersJsonSchema",
        "responseJsonSchema",
        "properties",
        "labels",
    ];
    match value {
        Value::Array(each) => each.iter().map(camel).collect(),
        Value::Object(fields) => {
            let renamed = fields.iter().map(|(name, inner)| {
                let name = camel_name(name);
                let inner = if THEIRS.contains(&name.as_str()) {
                    inner.clone()
                } else {
                    camel(inner)
                };
                (name, inner)
            });
            Value::Object(renamed.collect())
        }
        other => other.clone(),
    }
}

fn camel_name(name: &str) -> String {
    if name.starts_with("future_") {
        return name.to_owned();
    }
    let mut words = name.split('_');
    let mut whole = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        whole.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        whole.push_str(letters.as_str());
    }
    whole
}

fn unknown(object: &Value, known: &[&str], place: &str) -> Result<(), Refusal> {
    match stranger(object, known) {
        Some(field) if place.is_empty() => Err(format!(
            "Invalid JSON payload received. Unknown name \"{field}\": Cannot find field."
        )),
        Some(field) => Err(format!(
            "Invalid JSON payload received. Unknown name \"{field}\" at '{place}': Cannot find field."
        )),
        None => Ok(()),
    }
}

fn settings(config: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    unknown(config, SETTINGS, "generation_config")?;
    if list(&config["stopSequences"]).len() > 5 {
        return Err("* GenerateContentRequest.generation_config.stop_sequences: the number of stop sequences must be at most 5.".to_owned());
    }
    if config["temperature"]
        .as_f64()
        .is_some_and(|heat| !(0.0..=2.0).contains(&heat))
    {
        return Err("* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].".to_owned());
    }
    let typed = &config["responseSchema"];
    let json = Some(&config["responseJsonSchema"]).filter(|one| !one.is_null());
    let format = config["responseMimeType"].as_str().unwrap_or_default();
    if (!typed.is_null() || json.is_some()) && format != "application/json" {
        return Err("Function calling config and response schema: response_schema only supported with response mime type: 'application/json'".to_owned());
    }
    asked.json = format == "application/json";
    if !typed.is_null() {
        schema(typed, "generation_config.response_schema")?;
        asked.schema = Some(typed.clone());
    }
    if let Some(json) = json {
        asked.schema = Some(json.clone());
    }
    Ok(())
}

fn schema(one: &Value, place: &str) -> Result<(), Refusal> {
    unknown(one, SCHEMA, place)?;
    if one["type"].is_array() {
        return Err(format!(
            "Invalid JSON payload received. Unknown name \"type\" at '{place}': Proto field is not repeating, cannot start list."
        ));
    }
    for (name, inner) in one["properties"].as_object().into_iter().flatten() {
        schema(inner, &format!("{place}.properties[{name}].value"))?;
    }
    for inner in list(&one["anyOf"]) {
        schema(inner, &format!("{place}.any_of"))?;
    }
    schema_of_items(&one["items"], place)
}

fn schema_of_items(items: &Value, place: &str) -> Result<(), Refusal> {
    if items.is_null() {
        Ok(())
    } else {
        schema(items, &format!("{place}.items"))
    }
}

fn tools(body: &Value, asked: &mut Asked) -> Result<(), Refusal> {
    for (at, tool) in list(&body["tools"]).iter().enumerate() {
        let place = format!("tools[{at}]");
        unknown(
            tool,
            &[
                "functionDeclarations",
                "function_declarations",
                "googleSearch",
                "googleSearchRetrieval",
                "codeExecution",
                "urlContext",
                "computerUse",
                "fileSearch",
                "googleMaps",
                "retrieval",
                "enterpriseWebSearch",
            ],
            &place,
        )?;
        for (n, one) in list(&tool["functionDeclarations"]).iter().enumerate() {
            let place = format!("{place}.function_declarations[{n}]");
            unknown(
                one,
                &[
                    "name",
                    "description",
                    "behavior",
                    "parameters",
                    "parametersJsonSchema",
                    "response",
                    "responseJsonSchema",
                ],
                &place,
            )?;
            let name = one["name"].as_str().unwrap_or_default();
            let first = name
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
            if !first
                || name.len() > 64
                || !name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c))
            {
                return Err(format!(
                    "* GenerateContentRequest.{place}.name: Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64."
                ));
            }
            if !one["parameters"].is_null() {
                schema(&one["parameters"], &format!("{place}.parameters"))?;
            }
            asked.offer(&one["name"]);
        }
    }
    let config = &body["toolConfig"]["functionCallingConfig"];
    let mode = config["mode"].as_str().unwrap_or("AUTO");
    if !["AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED"].contains(&mode) {
        return Err(format!(
            "Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), \"{mode}\""
        ));
    }
    let allowed = list(&config["allowedFunctionNames"]);
    if !allowed.is_empty() && mode == "AUTO" {
        return Err("Allowed function names should only be set when function calling mode is ANY or VALIDATED.".to_owned());
    }
    asked.choose(mode == "NONE", None);
    if !allowed.is_empty() {
        asked
            .tools
            .retain(|tool| allowed.iter().any(|name| *name == tool.name));
    }
    Ok(())
}

fn conversation(contents: &[Value], think: bool, asked: &mut Asked) -> Result<(), Refusal> {
    let mut owed: Vec<&str> = Vec::new();
    for (at, content) in contents.iter().enumerate() {
        let role = content["role"].as_str().unwrap_or("user");
        if !["user", "model", "function"].contains(&role) {
            return Err("Please use a valid role: user, model.".to_owned());
        }
        let parts = list(&content["parts"]);
        if parts.is_empty() {
            return Err(format!(
                "* GenerateContentRequest.contents[{at}].parts: contents.parts must not be empty."
            ));
        }
        for (n, one) in parts.iter().enumerate() {
            part(one, &format!("contents[{at}].parts[{n}]"), asked)?;
        }
        let calls: Vec<&Value> = parts
            .iter()
            .filter(|part| part["functionCall"].is_object())
            .collect();
        let answers: Vec<&Value> = parts
            .iter()
            .map(|part| &part["functionResponse"])
            .filter(|one| one.is_object())
            .collect();
        answered(&owed, &answers)?;
        owed = calls
            .iter()
            .map(|part| part["functionCall"]["name"].as_str().unwrap_or_default())
            .collect();
        if role != "model" && !calls.is_empty() {
            return Err("Please ensure that function call turn comes immediately after a user turn or after a function response turn.".to_owned());
        }
        if think && let Some(first) = calls.first() {
            signed(first, at)?;
        }
        if role != "model" {
            asked.says(&text_of(&content["parts"]));
        }
    }
    answered(&owed, &[])
}

/// As many answers as calls, and in their order.
fn answered(owed: &[&str], answers: &[&Value]) -> Result<(), Refusal> {
    if owed.is_empty() && !answers.is_empty() {
        return Err("Please ensure that function response turn comes immediately after a function call turn.".to_owned());
    }
    let same = owed.len() == answers.len()
        && owed
            .iter()
            .zip(answers)
            .all(|(name, answer)| answer["name"] == **name);
    if same {
        return Ok(());
    }
    Err("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.".to_owned())
}

fn signed(part: &Value, at: usize) -> Result<(), Refusal> {
    match part["thoughtSignature"].as_str() {
        Some(_) => Ok(()),
        None => Err(format!(
            "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{}` , position {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
            part["functionCall"]["name"].as_str().unwrap_or_default(),
            at + 1
        )),
    }
}

fn part(part: &Value, place: &str, asked: &mut Asked) -> Result<(), Refusal> {
    const DATA: &[&str] = &[
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
    ];
    const MORE: &[&str] = &[
        "thought",
        "thoughtSignature",
        "videoMetadata",
        "mediaResolution",
        "partMetadata",
    ];
    unknown(part, &[DATA, MORE].concat(), place)?;
    match DATA.iter().filter(|field| !part[**field].is_null()).count() {
        0 => {
            return Err(format!(
                "* GenerateContentRequest.{place}.data: required oneof field 'data' must have one initialized field"
            ));
        }
        1 => {}
        _ => {
            return Err(format!(
                "Invalid value at '{place}' (oneof), oneof field 'data' is already set."
            ));
        }
    }
    if let Some(given) = part["thoughtSignature"].as_str()
        && given != signature()
        && given != SENTINEL
        && decoded(given).is_none_or(|bytes| bytes != SENTINEL.as_bytes())
    {
        return Err("Corrupted thought signature.".to_owned());
    }
    if let Some(blob) = part["inlineData"].as_object() {
        let data = blob.get("data").and_then(Value::as_str).unwrap_or_default();
        let kind = blob
            .get("mimeType")
            .and_then(Value::as_str)
            .ok_or_else(|| {
                format!(
                    "* GenerateContentRequest.{place}.inline_data.mime_type: mime_type is required."
                )
            })?;
        if kind.starts_with("image/") {
            asked.image(data)?;
        }
    }
    if part["fileData"].is_object() {
        asked.images.push(None);
    }
    let call = &part["functionCall"];
    if call.is_object() {
        unknown(
            call,
            &["id", "name", "args"],
            &format!("{place}.function_call"),
        )?;
        if !call["args"].is_object() && !call["args"].is_null() {
            return Err(format!(
                "Invalid value at '{place}.function_call.args' (type.googleapis.com/google.protobuf.Struct), {}",
                call["args"]
            ));
        }
    }
    let answer = &part["functionResponse"];
    if answer.is_object() {
        unknown(
            answer,
            &[
                "id",
                "name",
                "response",
                "parts",
                "willContinue",
                "scheduling",
            ],
            &format!("{place}.function_response"),
        )?;
        if answer["name"].as_str().is_none_or(str::is_empty) {
            return Err(format!(
                "* GenerateContentRequest.{place}.function_response.name: Name cannot be empty."
            ));
        }
        let said = &answer["response"];
        let fields = said.as_object().ok_or_else(|| format!("Invalid value at '{place}.function_response.response' (type.googleapis.com/google.protobuf.Struct), {said}"))?;
        // Each client has a name of its own for the text; a lone one is it by any name.
        let named = ["result", "output", "content", "error"];
        let text = named.iter().find_map(|name| said[*name].as_str());
        let lone = fields.values().next().filter(|_| fields.len() == 1);
        let text = text.or(lone.and_then(Value::as_str));
        asked
            .results
            .push(text.map_or_else(|| said.to_string(), str::to_owned));
        for inner in list(&answer["parts"]) {
            asked.image(inner["inlineData"]["data"].as_str().unwrap_or_default())?;
        }
    }
    Ok(())
}
