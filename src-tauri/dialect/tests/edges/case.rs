//! What a case's file holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dialect::hub::{Hosting, Quirks, Target, Traits};
use dialect::{Dialect, Endpoint};
use serde::Deserialize;
use serde_json::Value;

/// A folder of cases, numbered from 1.
pub(crate) struct List {
    pub(crate) folder: &'static str,
    pub(crate) count: usize,
}

/// One file: `NN_short_name.json`.
pub(crate) struct Case {
    pub(crate) number: usize,
    pub(crate) file: String,
    pub(crate) told: Told,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Told {
    /// What comes in.
    pub(crate) case: String,
    /// What becomes of it.
    pub(crate) outcome: String,
    /// Why it is so, where somebody could expect something else.
    #[serde(default)]
    pub(crate) because: Option<String>,
    #[serde(default)]
    pub(crate) shown: Vec<Step>,
    #[serde(default)]
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// A law that another test keeps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Elsewhere {
    /// From the repository's root.
    pub(crate) file: String,
    pub(crate) test: String,
    /// What that test shows of the case.
    pub(crate) shows: String,
}

/// A request and what is written for a provider, a reply and what its caller is told, or both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// The caller's endpoint.
    pub(crate) asked: Endpoint,
    /// The provider.
    pub(crate) to: To,
    #[serde(default)]
    pub(crate) lossy: bool,

    /// The caller's body.
    #[serde(default)]
    pub(crate) request: Option<Value>,
    /// The same, where it is no JSON.
    #[serde(default)]
    pub(crate) request_bytes: Option<Bytes>,
    /// The sentence that refuses the body as it is.
    #[serde(default)]
    pub(crate) malformed: Option<String>,
    /// The field that refuses the target.
    #[serde(default)]
    pub(crate) refused: Option<String>,
    /// Places in the body written (JSON pointers) and what stands there; `null` also where nothing does.
    #[serde(default)]
    pub(crate) written: BTreeMap<String, Value>,
    /// All notes, by their codes.
    #[serde(default)]
    pub(crate) notes: Vec<String>,

    /// The provider's answer in one piece.
    #[serde(default)]
    pub(crate) reply: Option<Value>,
    /// The provider's stream, one frame an entry, in the provider's own framing; `[name, data]` where
    /// the name stands outside the data. The caller's stream is compared as the list of its frames.
    #[serde(default)]
    pub(crate) stream: Option<Vec<Value>>,
    /// The same, byte by byte.
    #[serde(default)]
    pub(crate) stream_bytes: Option<Bytes>,
    /// Places in what the caller is told.
    #[serde(default)]
    pub(crate) told: BTreeMap<String, Value>,
    /// Why the provider's answer is none.
    #[serde(default)]
    pub(crate) no_reply: Option<String>,
    /// The category of the failure that the answer tells of.
    #[serde(default)]
    pub(crate) failure: Option<String>,
    /// The answer does not come to its end.
    #[serde(default)]
    pub(crate) broken: bool,
}

/// Bytes that JSON can't hold: text, or pieces of text and of base64 in turn.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Bytes {
    Text(String),
    Pieces(Vec<Piece>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Piece {
    Text(String),
    Base64 { base64: String },
    Repeated { repeat: String, times: usize },
}

/// Who is asked. Nothing said: a provider whose model nobody knows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct To {
    pub(crate) dialect: Dialect,
    #[serde(default)]
    pub(crate) hosting: Hosting,
    #[serde(default = "acme")]
    pub(crate) provider: String,
    #[serde(default = "model")]
    pub(crate) model: String,
    #[serde(default)]
    pub(crate) quirks: Quirks,
    #[serde(default)]
    pub(crate) traits: Traits,
    #[serde(default = "eight_thousand")]
    pub(crate) max_output: Option<u64>,
}

fn acme() -> String {
    "acme".to_owned()
}

fn model() -> String {
    "model".to_owned()
}

#[allow(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn eight_thousand() -> Option<u64> {
    Some(8_192)
}

impl To {
    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            dialect: self.dialect,
            hosting: self.hosting,
            provider: &self.provider,
            model: &self.model,
            quirks: &self.quirks,
            traits: self.traits,
            max_output: self.max_output,
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl List {
    /// All cases, by number.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(self.folder);
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut cases: Vec<Case> = entries
            .map(|entry| case(&entry.expect("an entry").path()))
            .collect();
        cases.sort_by_key(|case| case.number);
        cases
    }
}

fn case(path: &Path) -> Case {
    let file = path.file_name().and_then(|name| name.to_str());
    let file = file.expect("a name").to_owned();
    let number = file
        .split('_')
        .next()
        .and_then(|number| number.parse().ok());
    let bytes = std::fs::read(path).expect("a case");
    Case {
        number: number.unwrap_or_else(|| panic!("{file} has no number")),
        told: serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{file}: {error}")),
        file,
    }
}

/// Says which tests are named and are not there.
pub(crate) fn without_a_test(case: &Case) -> Vec<String> {
    let is_there = |law: &&Elsewhere| {
        let source = std::fs::read_to_string(root().join(&law.file)).unwrap_or_default();
        !declares(&source, &law.test)
    };
    let gone = case.told.elsewhere.iter().filter(is_there);
    gone.map(|law| format!("{} has no test `{}`", law.file, law.test))
        .collect()
}

/// Whether a source declares a test of this name: in Rust behind `#[test]` (or within `proptest!`),
/// in Python as a function, in JavaScript as a string.
fn declares(source: &str, test: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let rust = line.starts_with(&format!("fn {test}("))
            || line.starts_with(&format!("async fn {test}("));
        let marked = || {
            let before = lines[..at].iter().rev();
            before
                .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
                .any(|line| line.contains("test"))
        };
        rust && marked()
            || line.starts_with(&format!("def {test}("))
            || line.starts_with(&format!("test('{test}'"))
            || line.starts_with(&format!("test(\"{test}\""))
    })
}
