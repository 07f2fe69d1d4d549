//! What travels between dialects: every feature a caller can ask for, into every dialect a provider
//! can speak, and (`replies`) what a provider answers, back. The tables in docs/translation.md are
//! written from here, and a stale one fails.
//!
//!   SIGNALBOX_GENERATE=1 cargo test -p dialect --test matrix

mod parts;
mod replies;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use dialect::hub::{Hosting, Loss, Quirks, Target, Traits};
use dialect::{Dialect, Endpoint, read_request, write_request};

/// The dialects callers speak, with the endpoint and what stands in the path.
const CALLERS: [(Dialect, Endpoint); 5] = [
    (Dialect::OpenAi, Endpoint::ChatCompletions),
    (Dialect::Responses, Endpoint::Responses),
    (Dialect::Anthropic, Endpoint::Messages),
    (Dialect::Gemini, Endpoint::GenerateContent),
    (Dialect::Ollama, Endpoint::OllamaChat),
];

/// What becomes of a feature on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Works,
    Rewritten(Vec<(String, String)>),
    Degraded(Vec<(String, String)>),
    Dropped(Vec<(String, String)>),
    Refused(String, String),
}

/// The features of a dialect's requests.
fn features(dialect: Dialect) -> BTreeMap<String, Vec<u8>> {
    files(dialect.name())
}

/// The files in a folder of the fixtures: name without its end, and what is in it.
fn files(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folder = fixtures.join(folder);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let name = path.file_stem()?.to_str()?.to_owned();
        Some((name, std::fs::read(&path).expect("a fixture")))
    };
    entries.filter_map(read).collect()
}

/// A target of whose model nothing is known: what the dialect itself allows.
fn target(dialect: Dialect, quirks: &Quirks) -> Target<'_> {
    Target {
        dialect,
        hosting: Hosting::Own,
        provider: "acme",
        model: "model",
        quirks,
        traits: Traits::default(),
        max_output: Some(8_192),
    }
}

fn fate(endpoint: Endpoint, body: &[u8], to: Dialect) -> Fate {
    let path = endpoint.names_model_in_path().then_some(("model", false));
    let request = read_request(endpoint, body, path).expect("a fixture is a request");
    let quirks = Quirks::default();
    match write_request(request, &target(to, &quirks), false) {
        Err(refused) => Fate::Refused(refused.what, refused.why),
        Ok(outgoing) => {
            let of = |loss| {
                let notes = outgoing.notes.iter().filter(|note| note.loss == loss);
                notes
                    .map(|note| (note.what.clone(), note.why.clone()))
                    .collect::<Vec<_>>()
            };
            let (dropped, degraded, rewritten) =
                (of(Loss::Dropped), of(Loss::Degraded), of(Loss::Equivalent));
            if !dropped.is_empty() {
                Fate::Dropped(dropped)
            } else if !degraded.is_empty() {
                Fate::Degraded(degraded)
            } else if !rewritten.is_empty() {
                Fate::Rewritten(rewritten)
            } else {
                Fate::Works
            }
        }
    }
}

#[test]
fn every_feature_travels_or_says_why_not() {
    for (dialect, endpoint) in CALLERS {
        for (feature, body) in features(dialect) {
            for to in Dialect::ALL {
                let fate = fate(endpoint, &body, to);
                let said = match &fate {
                    Fate::Works => continue,
                    Fate::Rewritten(notes) | Fate::Degraded(notes) | Fate::Dropped(notes) => notes
                        .iter()
                        .all(|(what, why)| !what.is_empty() && why.ends_with('.')),
                    Fate::Refused(what, why) => !what.is_empty() && why.ends_with('.'),
                };
                assert!(
                    said,
                    "{} {feature} to {}: {fate:?}",
                    dialect.name(),
                    to.name()
                );
            }
        }
    }
}

#[test]
fn a_request_of_the_same_dialect_loses_nothing() {
    for (dialect, endpoint) in CALLERS {
        for (feature, body) in features(dialect) {
            let fate = fate(endpoint, &body, dialect);
            // A thought without a seal goes back only to providers that are known to want it, and
            // Claude takes one of temperature and top_p; a caller of the same dialect passes verbatim.
            let known = feature == "reasoning_history"
                || (dialect, feature.as_str()) == (Dialect::Anthropic, "sampling");
            let lost = matches!(fate, Fate::Dropped(_) | Fate::Refused(..)) && !known;
            assert!(!lost, "{} {feature}: {fate:?}", dialect.name());
        }
    }
}

#[test]
fn the_table_in_the_docs_is_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/translation.md");
    let table = document();
    if std::env::var_os("SIGNALBOX_GENERATE").is_some() {
        std::fs::write(&path, &table).expect("the docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == table,
        "docs/translation.md is stale; run `make generated`"
    );
}

fn document() -> String {
    let mut text = String::from(HEAD);
    for (dialect, endpoint) in CALLERS {
        section(&mut text, dialect, endpoint);
    }
    replies::sections(&mut text);
    text
}

const HEAD: &str = "# What travels between dialects

Written by the tests (`make generated`), not by hand: each row is a real request, read out of the caller's
dialect and written for a provider of each other. Where caller and provider speak the same dialect, the
request goes as it came, byte for byte.

- **✓** means the same in the other dialect.
- **≈** is written in another way that means the same.
- **~** keeps its meaning and loses a guarantee.
- **–** is left out; the answer is the same in kind.
- **✗** is refused: another target of the alias is tried, and failing that the caller gets a 400 that names
  the field. With the header `x-signalbox-lossy: ok` it is left out instead.

What was lost is told in the reply's header `x-signalbox-notes` and, with the reasons, on the receipt. What a
single model can't do (see, hear, be forced to call a tool) is refused or noted in the same way and does not
stand here.

Two of the refusals are lifted by `[translation]` in the config, both off by default because they cost something.
With `fetch_images = true` an image or a PDF given by an address is fetched here for a provider that takes bytes,
and for Google, which fetches itself but not from everywhere. With `fan_out = 4` a provider that gives one answer
to a request is asked up to four times at once for `n` of them: each is paid for, and as a stream they are
gathered before the first is sent. When one of the calls fails the others are dropped and the next target is
asked; what the dropped ones cost is not known and not booked. A thought of an earlier turn that its provider no
longer accepts is left out, and that provider is asked once more.
";

fn section(text: &mut String, dialect: Dialect, endpoint: Endpoint) {
    let others: Vec<Dialect> = Dialect::ALL
        .into_iter()
        .filter(|other| *other != dialect)
        .collect();
    head(text, &format!("Asked in {}", title(dialect)), &others);
    let mut reasons = Reasons::default();
    for (feature, body) in features(dialect) {
        let cells: Vec<String> = others
            .iter()
            .map(|other| cell(fate(endpoint, &body, *other), &mut reasons))
            .collect();
        row(text, &feature, &cells);
    }
    reasons.list(text);
}

/// Where a table begins.
fn head(text: &mut String, heading: &str, others: &[Dialect]) {
    let _ = writeln!(text, "\n## {heading}\n");
    let heads: Vec<&str> = others.iter().map(|other| title(*other)).collect();
    let _ = writeln!(text, "| feature | {} |", heads.join(" | "));
    let _ = writeln!(text, "|---{}|", "|---".repeat(others.len()));
}

fn row(text: &mut String, feature: &str, cells: &[String]) {
    let feature = feature.replace('_', " ");
    let _ = writeln!(text, "| {feature} | {} |", cells.join(" | "));
}

/// A mark, and the numbers of its reasons.
fn cell(fate: Fate, reasons: &mut Reasons) -> String {
    match fate {
        Fate::Works => "✓".to_owned(),
        Fate::Rewritten(notes) => reasons.cell("≈", notes),
        Fate::Degraded(notes) => reasons.cell("~", notes),
        Fate::Dropped(notes) => reasons.cell("–", notes),
        Fate::Refused(what, why) => reasons.cell("✗", [(what, why)]),
    }
}

/// The reasons of one table, each once, in the order of their numbers.
#[derive(Default)]
struct Reasons(Vec<String>);

impl Reasons {
    /// A mark, and the numbers of what it is for.
    fn cell(&mut self, mark: &str, notes: impl IntoIterator<Item = (String, String)>) -> String {
        let number = |(what, why)| {
            let reason = format!("`{what}`: {why}");
            let known = self.0.iter().position(|known| *known == reason);
            let at = known.unwrap_or_else(|| {
                self.0.push(reason);
                self.0.len() - 1
            });
            (at + 1).to_string()
        };
        let numbers: Vec<String> = notes.into_iter().map(number).collect();
        format!("{mark} {}", numbers.join(","))
    }

    fn list(&self, text: &mut String) {
        if !self.0.is_empty() {
            text.push('\n');
        }
        for (at, reason) in self.0.iter().enumerate() {
            let _ = writeln!(text, "{}. {reason}", at + 1);
        }
    }
}

fn title(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi => "OpenAI Chat",
        Dialect::Responses => "OpenAI Responses",
        Dialect::Anthropic => "Anthropic",
        Dialect::Gemini => "Gemini",
        Dialect::Ollama => "Ollama",
        Dialect::Bedrock => "Bedrock",
        Dialect::Cohere => "Cohere",
    }
}
