//! The table of tools: name, task label, what models are told of it, and what it takes.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::arguments::{as_object, bad_input, first_line};
use crate::{Trouble, calculator, convert, diff, encode, hash, regex, schema, text, time, uuid};

/// One of the tools.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// Exact arithmetic, units, percentages, dates, bases.
    Calculator,
    /// Match, extract, replace, split.
    Regex,
    /// Python in a sandbox.
    Python,
    /// JavaScript in a sandbox.
    JavaScript,
    /// Read-only SQL over a granted SQLite file.
    Sql,
    /// A granted command.
    Check,
    /// JSON, YAML and TOML: is it valid, and what is it in another of them?
    Convert,
    /// Does a document fit a JSON Schema?
    Schema,
    /// Digests.
    Hash,
    /// base64, hex, percent-encoding, both ways.
    Encode,
    /// Makes and reads UUIDs.
    Uuid,
    /// Dates, durations, time zones.
    Time,
    /// Characters, words, lines, bytes of a text.
    Text,
    /// What two texts differ in.
    Diff,
    /// A tool of an MCP server.
    Mcp {
        /// The server's name in the config.
        server: String,
        /// The tool's name at the server.
        tool: String,
    },
}

/// What those who offer a tool say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Which.
    pub tool: Tool,
    /// One or two sentences for models and people.
    pub what: String,
    /// JSON Schema of the arguments: an object.
    pub arguments: Value,
}

/// No such tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no tool `{0}`")]
pub struct UnknownTool(pub String);

/// What a name of ours begins with among a client's own tools.
const RESERVED: &str = "signalbox_";

impl Tool {
    /// Those that are built in, in the order in which they are shown.
    pub const BUILT_IN: [Tool; 14] = [
        Tool::Calculator,
        Tool::Regex,
        Tool::Python,
        Tool::JavaScript,
        Tool::Sql,
        Tool::Check,
        Tool::Convert,
        Tool::Schema,
        Tool::Hash,
        Tool::Encode,
        Tool::Uuid,
        Tool::Time,
        Tool::Text,
        Tool::Diff,
    ];

    /// The part of its name that is its own: `calculator` of `tool/calculator`. Empty for those of a server.
    fn word(&self) -> &'static str {
        match self {
            Tool::Calculator => "calculator",
            Tool::Regex => "regex",
            Tool::Python => "repl-python",
            Tool::JavaScript => "repl-javascript",
            Tool::Sql => "sql",
            Tool::Check => "check",
            Tool::Convert => "convert",
            Tool::Schema => "schema",
            Tool::Hash => "hash",
            Tool::Encode => "encode",
            Tool::Uuid => "uuid",
            Tool::Time => "time",
            Tool::Text => "text",
            Tool::Diff => "diff",
            Tool::Mcp { .. } => "",
        }
    }

    /// The label of its task, as `x-signalbox-task` has it. The tool's own name is one too.
    pub fn label(&self) -> &'static str {
        match self {
            Tool::Calculator => "calculate",
            Tool::Python => "run-python",
            Tool::JavaScript => "run-javascript",
            Tool::Sql => "look-up",
            Tool::Schema => "validate",
            Tool::Text => "count-text",
            other => other.word(),
        }
    }

    /// The tool whose task has this label.
    ///
    /// # Errors
    /// No tool's has.
    pub fn of_label(label: &str) -> Result<Tool, UnknownTool> {
        let known = Tool::BUILT_IN
            .into_iter()
            .find(|tool| tool.label() == label);
        known.map_or_else(|| label.parse(), Ok)
    }

    /// What a person writes to `tool/NAME`, as arguments. A JSON object is taken as the arguments themselves; else
    /// each tool has a plain form of its own (docs/tools.md).
    ///
    /// # Errors
    /// It is not written as this tool reads it; the message says how it is.
    pub fn arguments_of(&self, text: &str) -> Result<Value, Trouble> {
        match self {
            Tool::Calculator => calculator::arguments_of(text),
            Tool::Regex => regex::arguments_of(text),
            Tool::Convert => convert::arguments_of(text),
            Tool::Schema => schema::arguments_of(text),
            Tool::Hash => hash::arguments_of(text),
            Tool::Encode => encode::arguments_of(text),
            Tool::Uuid => uuid::arguments_of(text),
            Tool::Time => time::arguments_of(text),
            Tool::Text => text::arguments_of(text),
            Tool::Diff => diff::arguments_of(text),
            // Code may be an object of its own: only one that has `code` is the arguments.
            Tool::Python | Tool::JavaScript => {
                match as_object(text).filter(|object| object["code"].is_string()) {
                    Some(object) => Ok(object),
                    None => Ok(json!({ "code": without_fence(text) })),
                }
            }
            Tool::Sql => Ok(as_object(text).unwrap_or_else(|| query(text))),
            Tool::Check => Ok(as_object(text).unwrap_or_else(|| json!({ "name": text.trim() }))),
            Tool::Mcp { .. } => as_object(text).ok_or_else(|| {
                bad_input(format!(
                    "The tool `{self}` takes its arguments as a JSON object: `{{…}}`."
                ))
            }),
        }
    }

    /// Its name among the tools that a model is offered: `signalbox_calculator`, `signalbox_mcp_docs_search`.
    /// At most 64 letters, digits, `_` and `-`.
    pub fn reserved_name(&self) -> String {
        let plain = |c: char| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => c,
            _ => '_',
        };
        let name: String = self.to_string().chars().map(plain).collect();
        RESERVED.chars().chain(name.chars()).take(64).collect()
    }

    /// Whether this is a name that only tools of ours may have.
    pub fn is_reserved(name: &str) -> bool {
        name.starts_with(RESERVED)
    }
}

/// Code, without a Markdown fence that is around the whole of it.
fn without_fence(text: &str) -> &str {
    let trimmed = text.trim();
    let inside = trimmed
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .and_then(|rest| rest.split_once('\n'));
    match inside {
        Some((language, code)) if !code.contains("```") && !language.trim().contains(' ') => code,
        _ => text,
    }
}

/// A statement, with `database: NAME` before it or without.
fn query(text: &str) -> Value {
    let (first, rest) = first_line(text);
    match first.strip_prefix("database:") {
        Some(name) => json!({ "database": name.trim(), "query": rest.trim() }),
        None => json!({ "query": text.trim() }),
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tool::Mcp { server, tool } => write!(f, "mcp/{server}/{tool}"),
            built_in => f.write_str(built_in.word()),
        }
    }
}

impl FromStr for Tool {
    type Err = UnknownTool;

    fn from_str(name: &str) -> Result<Tool, UnknownTool> {
        if let Some((server, tool)) = name
            .strip_prefix("mcp/")
            .and_then(|rest| rest.split_once('/'))
            && !server.is_empty()
            && !tool.is_empty()
        {
            return Ok(Tool::Mcp {
                server: server.to_owned(),
                tool: tool.to_owned(),
            });
        }
        let known = Tool::BUILT_IN.into_iter().find(|tool| tool.word() == name);
        known.ok_or_else(|| UnknownTool(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_the_tool_it_is_of() {
        let of_a_server = Tool::Mcp {
            server: "docs".to_owned(),
            tool: "search/deep".to_owned(),
        };
        for tool in Tool::BUILT_IN.into_iter().chain([of_a_server]) {
            assert_eq!(tool.to_string().parse(), Ok(tool.clone()));
            assert_eq!(Tool::of_label(&tool.to_string()), Ok(tool.clone()));
            assert!(Tool::is_reserved(&tool.reserved_name()));
        }
        assert_eq!(Tool::of_label("calculate"), Ok(Tool::Calculator));
        assert!("mcp/docs".parse::<Tool>().is_err());
        assert!("Calculator".parse::<Tool>().is_err());
    }

    #[test]
    fn what_a_person_writes_becomes_arguments() {
        for (tool, text, arguments) in [
            (
                Tool::Python,
                "```python\nprint(1)\n```",
                json!({"code": "print(1)\n"}),
            ),
            (Tool::Python, "print(1)", json!({"code": "print(1)"})),
            (Tool::Python, "{'a': 1}", json!({"code": "{'a': 1}"})),
            (
                Tool::JavaScript,
                "{\"a\": 1}",
                json!({"code": "{\"a\": 1}"}),
            ),
            (Tool::JavaScript, "{\"code\": \"1\"}", json!({"code": "1"})),
            (
                Tool::Python,
                "```\na\n```\n```\nb\n```",
                json!({"code": "```\na\n```\n```\nb\n```"}),
            ),
            (
                Tool::Sql,
                "database: shop\nSELECT 1",
                json!({"database": "shop", "query": "SELECT 1"}),
            ),
            (Tool::Sql, " SELECT 1;", json!({"query": "SELECT 1;"})),
            (Tool::Check, "tests\n", json!({"name": "tests"})),
            (Tool::Calculator, "1 + 1", json!({"expression": "1 + 1"})),
        ] {
            assert_eq!(tool.arguments_of(text), Ok(arguments), "{tool} {text}");
        }
        let of_a_server = Tool::Mcp {
            server: "docs".to_owned(),
            tool: "search".to_owned(),
        };
        assert_eq!(
            of_a_server.arguments_of(r#" {"q": 1}"#),
            Ok(json!({"q": 1}))
        );
        assert!(of_a_server.arguments_of("q").is_err());
    }
}
