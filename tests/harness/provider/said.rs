//! What the fake answers, before a dialect puts it into words.

use serde_json::{Map, Value, json};

use super::asked::{Asked, Offered};

/// What the fake says, whole.
pub(super) const HELLO: &str = "Hello from the fake upstream.";

/// What `think` thinks, in the pieces it streams.
pub(super) const THOUGHT: [&str; 2] = ["The user wants ", "an answer."];

#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) model: String,
    pub(super) thinking: bool,
    pub(super) sealed: bool,
    /// The text in the pieces it is streamed in.
    pub(super) pieces: Vec<String>,
    pub(super) calls: Vec<Call>,
    pub(super) usage: Usage,
    pub(super) tells_usage: bool,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) number: usize,
    pub(super) tool: Offered,
    pub(super) arguments: Value,
}

/// Input holds the cached part; output holds the reasoning.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
}

impl Usage {
    pub(super) const WHOLE: Usage = Usage {
        input: 120,
        cached: 100,
        output: 9,
        reasoning: 2,
    };
    pub(super) const STREAMED: Usage = Usage {
        input: 11,
        cached: 0,
        output: 8,
        reasoning: 0,
    };
}

impl Said {
    pub(super) fn text(&self) -> String {
        self.pieces.concat()
    }

    /// It says something, be it nothing: calls may stand alone.
    pub(super) fn speaks(&self) -> bool {
        self.calls.is_empty() || !self.pieces.is_empty()
    }

    /// A plain text, and no more.
    pub(super) fn only(model: &str, text: &str) -> Said {
        Said {
            model: model.to_owned(),
            pieces: vec![text.to_owned()],
            usage: Usage::WHOLE,
            ..Said::default()
        }
    }
}

impl Call {
    /// The arguments in fragments, as tokens come: never more than four characters.
    pub(super) fn fragments(&self) -> Vec<String> {
        let text: Vec<char> = self.arguments.to_string().chars().collect();
        text.chunks(4).map(|few| few.iter().collect()).collect()
    }

    /// What a tool of free text is given.
    pub(super) fn free_text(&self) -> String {
        match &self.arguments["input"] {
            Value::String(text) => text.clone(),
            _ => self.arguments.to_string(),
        }
    }
}

/// Decides the answer by the model's name and by what was asked.
pub(super) fn script(model: &str, stream: bool, asked: &Asked) -> Said {
    let able = model.starts_with("able");
    let calls_tools =
        model.starts_with("tool") || model == "think" || able && model != "able-no-tools";
    let again = model == "tools-again";
    let calls = if calls_tools && !asked.tools.is_empty() && (asked.results.is_empty() || again) {
        match model {
            _ if able => all_called(asked),
            "tools-parallel" => calls(asked, 2),
            _ => calls(asked, 1),
        }
    } else {
        Vec::new()
    };
    let text = match model {
        "tools-talk" if !calls.is_empty() => Some("Let me look.".to_owned()),
        _ if !calls.is_empty() => Some(String::new()),
        _ if calls_tools && !asked.results.is_empty() => {
            Some(format!("result: {}", asked.results.join("; ")))
        }
        _ if able && asked.schema.is_some() => asked
            .schema
            .as_ref()
            .map(|schema| filled(schema, schema, 0).to_string()),
        "schema" => match &asked.schema {
            Some(schema) => Some(filled(schema, schema, 0).to_string()),
            None => asked.json.then(|| "{}".to_owned()),
        },
        "checker" => Some(format!("AGREE\nThat makes {}.", found(asked))),
        "doubter" => Some("DISAGREE\nIt should be 7.".to_owned()),
        "rambler" => Some("AGREE\nIt is about a hundred.".to_owned()),
        "image" => Some(seen_images(asked)),
        "edit" => Some(edited(&asked.prompt)),
        "echo" | "brisk" => Some(asked.prompt.trim().to_owned()),
        "count" => Some(format!(
            "turns: {}, system: {}, tools: {}",
            asked.turns,
            asked.system,
            asked.tools.len()
        )),
        _ => None,
    };
    let pieces = match text {
        Some(text) => {
            let letters: Vec<char> = text.chars().collect();
            letters.chunks(8).map(|few| few.iter().collect()).collect()
        }
        None if mebibytes(model) > 0 => long(mebibytes(model)),
        None if !stream => vec![HELLO.to_owned()],
        None => {
            let words = match model {
                "slow" => 40,
                "endless" => 1_000,
                _ => 8,
            };
            let whole: String = (0..words).map(|n| format!("word{n} ")).collect();
            let rest = match whole.strip_prefix(&asked.begun) {
                Some(rest) if model != "repeats" => rest,
                _ => &whole,
            };
            rest.split_inclusive(' ').map(str::to_owned).collect()
        }
    };
    Said {
        model: model.to_owned(),
        thinking: thinks(model),
        sealed: asked.wants_seal,
        pieces,
        calls,
        usage: if stream && !able {
            Usage::STREAMED
        } else {
            Usage::WHOLE
        },
        tells_usage: asked.wants_usage,
    }
}

/// What a tool has found, as the one who is to check it is told.
fn found(asked: &Asked) -> &str {
    let rest = asked.prompt.split("Result of the tool: ").nth(1);
    rest.and_then(|rest| rest.lines().next())
        .unwrap_or_default()
}

/// How much a model says that is named after it: `mib-7`. 0 for all others.
fn mebibytes(model: &str) -> usize {
    let named = model.strip_prefix("mib-").and_then(|mib| mib.parse().ok());
    named.unwrap_or(0)
}

/// So many mebibytes in pieces of 64 KiB, each of another text: one in a wrong place is seen.
fn long(mib: usize) -> Vec<String> {
    const PIECE: usize = 64 << 10;
    let piece = |n: usize| format!("{n:07} ").repeat(PIECE / 8);
    (0..mib << 4).map(piece).collect()
}

/// Whether this model reasons before it answers, and wants its reasoning back.
pub(super) fn thinks(model: &str) -> bool {
    model == "think" || model.starts_with("able")
}

/// Every tool on offer, called for a city.
fn all_called(asked: &Asked) -> Vec<Call> {
    let call = |(at, tool): (usize, &Offered)| Call {
        number: at + 1,
        tool: tool.clone(),
        arguments: json!({"city": "Lisbon"}),
    };
    asked.tools.iter().enumerate().map(call).collect()
}

/// The calls that the prompt asks for with `<<name {…}>>`, one after another; a
/// bare `<<path>>` means that file for a tool named `Read`. Without marks, the first
/// tool is called with nothing.
fn calls(asked: &Asked, count: usize) -> Vec<Call> {
    let mut marks = asked
        .prompt
        .split("<<")
        .skip(1)
        .filter_map(|rest| rest.split(">>").next());
    (0..count)
        .map(|number| {
            let (tool, arguments) = match marks.next() {
                Some(mark) => marked(asked, mark),
                None => (None, json!({})),
            };
            let first = asked.tools.iter().find(|tool| tool.name == "Read");
            let tool = tool.or(first).unwrap_or(&asked.tools[0]).clone();
            Call {
                // No id is given twice in a conversation.
                number: asked.results.len() + number + 1,
                tool,
                arguments,
            }
        })
        .collect()
}

fn marked<'a>(asked: &'a Asked, mark: &str) -> (Option<&'a Offered>, Value) {
    let (name, given) = mark.split_once(' ').unwrap_or(("", mark));
    let tool = asked.tools.iter().find(|tool| tool.name == name);
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text);
    // Some clients quote the prompt they were given, and escape its quotes.
    match object(given).or_else(|_| object(&given.replace("\\\"", "\""))) {
        Ok(arguments) => (tool, Value::Object(arguments)),
        Err(_) => (None, json!({ "file_path": mark })),
    }
}

/// A file of the prompt as `<<edit {"file": …, "from": …, "to": …}>>` wants it, whole and fenced: the
/// form in which aider takes edits from a model it doesn't know.
fn edited(prompt: &str) -> String {
    let mark = prompt
        .split("<<edit ")
        .nth(1)
        .and_then(|rest| rest.split(">>").next());
    let wanted: Value = serde_json::from_str(mark.unwrap_or_default()).unwrap_or_default();
    let word = |field: &str| wanted[field].as_str().unwrap_or_default().to_owned();
    let (file, from, to) = (word("file"), word("from"), word("to"));
    let fenced = prompt.split(&format!("{file}\n```\n")).nth(1);
    match fenced.and_then(|rest| rest.split("```").next()) {
        Some(content) => {
            format!(
                "Here is the file.\n\n{file}\n```\n{}```\n",
                content.replace(&from, &to)
            )
        }
        None => format!("There is no {file} in the prompt."),
    }
}

fn seen_images(asked: &Asked) -> String {
    let sizes: Vec<String> = asked
        .images
        .iter()
        .map(|size| size.map_or("by address".to_owned(), |bytes| bytes.to_string()))
        .collect();
    format!("images: {} ({})", sizes.len(), sizes.join(", "))
}

/// The least value a schema allows: "x" for a string, 1 for a number.
fn filled(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > 16 {
        return Value::Null;
    }
    let inner = |one: &Value| filled(one, root, depth + 1);
    if let Some(pointer) = schema["$ref"].as_str() {
        let target = root.pointer(pointer.trim_start_matches('#'));
        return target.map_or(Value::Null, inner);
    }
    if let Some(first) = schema["enum"].as_array().and_then(|each| each.first()) {
        return first.clone();
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    for either in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[either].as_array().and_then(|each| each.first()) {
            return inner(first);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind.unwrap_or("object").to_ascii_lowercase().as_str() {
        "string" => json!("x"),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "null" => Value::Null,
        "array" => json!([inner(&schema["items"])]),
        _ => {
            let required = schema["required"].as_array();
            let properties = schema["properties"].as_object();
            let wanted = |name: &str| required.is_none_or(|all| all.iter().any(|one| one == name));
            let fields = properties.into_iter().flatten();
            let fields = fields.filter(|(name, _)| wanted(name));
            Value::Object(
                fields
                    .map(|(name, one)| (name.clone(), inner(one)))
                    .collect(),
            )
        }
    }
}

/// What a vendor signs its reasoning with: bound to the vendor and to the text.
pub(super) fn seal(vendor: &str, text: &str) -> String {
    let hash = |start: u64| {
        let bytes = vendor.bytes().chain(text.bytes());
        bytes.fold(start, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    };
    // Base64 letters in a multiple of four, as clients check.
    format!(
        "{:016x}{:016x}",
        hash(0xcbf2_9ce4_8422_2325),
        hash(0x9e37_79b9)
    )
}
