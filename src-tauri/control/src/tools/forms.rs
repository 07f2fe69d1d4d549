//! What is said of a built-in tool where it can't speak for itself, and how it is used by a plain text.

use offload::Tool;

/// What it does, and a text that it understands.
pub(super) fn form(tool: &Tool) -> (&'static str, &'static str) {
    match tool {
        Tool::Calculator => (
            "Exact arithmetic: percentages, units, bases, functions, dates.",
            "23% of 450",
        ),
        Tool::Regex => (
            "Applies a regular expression to a text: match, extract, replace, split.",
            "extract /\\d+/\n12 apples and 7 pears",
        ),
        Tool::Python => (
            "Runs Python in a sandbox: no network, no files but those that are granted.",
            "print(sum(range(101)))",
        ),
        Tool::JavaScript => (
            "Runs JavaScript in a sandbox: no network, no files.",
            "[3, 1, 2].sort()",
        ),
        Tool::Sql => (
            "Reads a granted SQLite database with a statement that changes nothing.",
            "select name from sqlite_schema",
        ),
        Tool::Check => (
            "Runs a granted command, such as a linter, and tells how it ended.",
            "lint",
        ),
        Tool::Convert => (
            "Is a JSON, YAML or TOML document valid, and what is it in another of them?",
            "json to yaml\n{\"port\": 7411, \"hosts\": [\"a\", \"b\"]}",
        ),
        Tool::Schema => (
            "Checks a document against a JSON Schema.",
            "{\"type\": \"object\", \"required\": [\"id\"]}\n=======\n{\"name\": \"ada\"}",
        ),
        Tool::Hash => ("Digests of a text: SHA-256 and others.", "sha256\nhello"),
        Tool::Encode => (
            "base64, hex and percent-encoding, both ways.",
            "decode base64\naGVsbG8=",
        ),
        Tool::Uuid => ("Makes UUIDs and reads them.", "v7 3"),
        Tool::Time => (
            "Dates, durations and time zones.",
            "2024-05-01T10:00Z in Asia/Tokyo",
        ),
        Tool::Text => (
            "Counts a text's characters, words, lines and bytes.",
            "How many words are these?",
        ),
        Tool::Diff => (
            "The unified diff of two texts.",
            "one\ntwo\n=======\none\nthree",
        ),
        Tool::Mcp { .. } => ("A tool of an MCP server.", "{}"),
    }
}
