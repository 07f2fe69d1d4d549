//! What two readings of a reply are compared by, and the words for what became of it.

use dialect::hub::{Annotation, Block, BlockKind, Candidate, Reply};
use serde_json::Value;

/// What becomes of a reply: what is told in another way, and what is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) differs: Vec<(String, String)>,
    pub(crate) lost: Vec<(String, String)>,
}

/// Something a reply says: what a reader of the table sees of it, and all of it.
pub(crate) type Piece = (String, String);

/// Reads one part out of a reply.
type Look = fn(&Reply) -> Vec<Piece>;

/// What is compared, under the names of the hub.
const PARTS: [(&str, Look); 10] = [
    ("content", kinds),
    ("tool_calls.id", ids),
    ("reasoning", thoughts),
    ("signature", seals),
    ("citations", citations),
    ("logprobs", logprobs),
    ("stop", stops),
    ("stop_sequence", sequences),
    ("usage", input),
    ("usage", output),
];

/// What of `told` is not `heard`, or is heard in another way.
pub(crate) fn fate(told: &Reply, heard: &Reply) -> Fate {
    let mut fate = Fate::default();
    let mut told = told.clone();
    if told.candidates.len() > heard.candidates.len() {
        // The rest is said of the answers that came.
        told.candidates.truncate(heard.candidates.len());
        let why = "the answers behind the first are not told.".to_owned();
        fate.lost.push(("n".to_owned(), why));
    }
    for (part, of) in PARTS {
        let (told, heard) = (of(&told), of(heard));
        if told != heard {
            let (lost, why) = change(&told, &heard);
            let list = if lost {
                &mut fate.lost
            } else {
                &mut fate.differs
            };
            list.push((part.to_owned(), why));
        }
    }
    fate
}

/// Whether something is left out, and what the difference is.
fn change(told: &[Piece], heard: &[Piece]) -> (bool, String) {
    let (mut gone, come) = (missing(told, heard), missing(heard, told));
    if gone.iter().any(|name| !come.contains(name)) {
        // What is merely more for it is not what is gone.
        gone.retain(|name| !come.contains(name));
    }
    let many = gone.len() > 1 || gone.iter().any(|name| name.ends_with("tokens"));
    let are = if many { "are" } else { "is" };
    let (gone, come) = (gone.join(" and "), come.join(" and "));
    match (gone.as_str(), come.as_str()) {
        ("", "") => (false, "the order or the number is another.".to_owned()),
        ("", come) => (false, format!("{come} came along.")),
        (gone, "") => (true, format!("{gone} {are} not told.")),
        (gone, come) if gone == come => (false, format!("{gone} {are} told otherwise.")),
        (gone, come) => (false, format!("{gone} {are} told as {come}.")),
    }
}

/// Names of the pieces that are not among `others`, each once.
fn missing<'a>(pieces: &'a [Piece], others: &[Piece]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (name, _) in pieces.iter().filter(|piece| !others.contains(piece)) {
        if !names.contains(&name.as_str()) {
            names.push(name.as_str());
        }
    }
    names
}

fn kinds(reply: &Reply) -> Vec<Piece> {
    let mut kinds = pieces(reply, |block| match block.kind {
        BlockKind::Text => Some(piece("text", "")),
        BlockKind::Refusal => Some(piece("the refusal", "")),
        _ => None,
    });
    kinds.dedup();
    kinds
}

fn ids(reply: &Reply) -> Vec<Piece> {
    pieces(reply, |block| match &block.kind {
        BlockKind::ToolCall(call) => Some(piece("the id", &call.id)),
        _ => None,
    })
}

/// What of a thought can be read, be it a summary of it or not.
pub(crate) fn thoughts(reply: &Reply) -> Vec<Piece> {
    pieces(reply, |block| match block.kind {
        BlockKind::Reasoning { hidden: false, .. } => Some(piece("the thought", &block.text)),
        _ => None,
    })
}

fn seals(reply: &Reply) -> Vec<Piece> {
    pieces(reply, |block| {
        let of = match block.kind {
            BlockKind::Reasoning { .. } => "that of the thought",
            BlockKind::ToolCall(_) => "that of the call",
            _ => "that of the text",
        };
        block.sealed.is_some().then(|| piece(of, ""))
    })
}

pub(crate) fn citations(reply: &Reply) -> Vec<Piece> {
    let remarks = remarks(reply).filter_map(|remark| match remark {
        Annotation::Citation { url, title, .. } => {
            Some(piece("the source", &format!("{url:?} {title:?}")))
        }
        Annotation::Logprobs(_) => None,
    });
    remarks.collect()
}

pub(crate) fn logprobs(reply: &Reply) -> Vec<Piece> {
    let tokens = remarks(reply).flat_map(|remark| match remark {
        Annotation::Logprobs(tokens) => tokens.as_slice(),
        Annotation::Citation { .. } => &[],
    });
    tokens
        .map(|token| piece("how likely a token was", &format!("{token:?}")))
        .collect()
}

/// In the words of receipts.
pub(crate) fn stops(reply: &Reply) -> Vec<Piece> {
    let stops = reply.candidates.iter().filter_map(|answer| answer.stop);
    let words = stops.map(|stop| match serde_json::to_value(stop) {
        Ok(Value::String(word)) => piece(&format!("`{word}`"), ""),
        other => panic!("{stop:?} is no word: {other:?}"),
    });
    words.collect()
}

fn sequences(reply: &Reply) -> Vec<Piece> {
    let met = reply.candidates.iter();
    let met = met.filter_map(|answer| answer.sequence.as_deref());
    met.map(|text| piece("the text that was met", text))
        .collect()
}

fn input(reply: &Reply) -> Vec<Piece> {
    let usage = reply.usage.unwrap_or_default();
    counted(&[
        ("input tokens", usage.input),
        ("cached tokens", usage.cache_read),
        ("cache-write tokens", usage.cache_write),
        ("long cache-write tokens", usage.cache_write_long),
    ])
}

fn output(reply: &Reply) -> Vec<Piece> {
    let usage = reply.usage.unwrap_or_default();
    counted(&[
        ("output tokens", usage.output),
        ("reasoning tokens", usage.reasoning),
    ])
}

fn counted(classes: &[(&str, u64)]) -> Vec<Piece> {
    let counted = classes.iter().filter(|(_, count)| *count > 0);
    counted
        .map(|(class, count)| piece(class, &count.to_string()))
        .collect()
}

/// All the words of an answer, whatever they are called.
pub(crate) fn said(answer: &Candidate) -> String {
    let words = answer.blocks.iter();
    let words = words.filter(|block| matches!(block.kind, BlockKind::Text | BlockKind::Refusal));
    words.map(|block| block.text.as_str()).collect()
}

/// Calls by name and arguments.
pub(crate) fn calls(reply: &Reply) -> Vec<(String, Value)> {
    let call = |block: &Block| match &block.kind {
        BlockKind::ToolCall(call) => {
            let arguments = serde_json::from_str(&block.text).expect("arguments are JSON");
            Some((call.name.clone(), arguments))
        }
        _ => None,
    };
    blocks(reply).filter_map(call).collect()
}

fn piece(seen: &str, whole: &str) -> Piece {
    (seen.to_owned(), whole.to_owned())
}

fn pieces(reply: &Reply, of: fn(&Block) -> Option<Piece>) -> Vec<Piece> {
    blocks(reply).filter_map(of).collect()
}

fn remarks(reply: &Reply) -> impl Iterator<Item = &Annotation> {
    blocks(reply).flat_map(|block| &block.annotations)
}

fn blocks(reply: &Reply) -> impl Iterator<Item = &Block> {
    reply.candidates.iter().flat_map(|answer| &answer.blocks)
}
