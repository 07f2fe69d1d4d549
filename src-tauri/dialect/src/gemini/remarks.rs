//! Sources and probabilities of an answer, read and written.
//!
//! Promises: sources are named from what grounds an answer and from what it cites; what Google
//! says about them beyond that travels as the candidate's own fields, to Google's callers alone.

use serde_json::{Value, json};

use super::fields::{Object, take_list, take_object, take_text};
use crate::Dialect;
use crate::hub::{Annotation, Logprob};

/// The most tokens whose probabilities are kept, and the most sources.
const MOST_TOKENS: usize = 200_000;
const MOST_SOURCES: usize = 1_000;

/// The sources that a candidate's own fields name.
pub(super) fn citations(fields: &Object) -> Vec<Annotation> {
    let list = |of: &str, name: &str| -> Vec<Value> {
        let list = fields.get(of).and_then(|of| of.get(name)?.as_array());
        list.cloned().unwrap_or_default()
    };
    let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
    let grounds = list("groundingMetadata", "groundingChunks");
    let grounds = grounds.into_iter().map(|chunk| {
        let place = ["web", "retrievedContext", "maps"]
            .into_iter()
            .find_map(|kind| chunk.get(kind));
        let field = |name: &str| text(place.and_then(|place| place.get(name)));
        (field("uri"), field("title"), chunk)
    });
    let cited = ["citationSources", "citations"]
        .into_iter()
        .flat_map(|name| list("citationMetadata", name))
        .map(|source| (text(source.get("uri")), text(source.get("title")), source));
    grounds
        .chain(cited)
        .take(MOST_SOURCES)
        .map(|(url, title, value)| Annotation::Citation {
            owner: Dialect::Gemini,
            url,
            title,
            value,
        })
        .collect()
}

/// Takes the probabilities out of a candidate.
pub(super) fn take_logprobs(candidate: &mut Object, into: &mut Vec<Logprob>) {
    let Some(mut result) = take_object(candidate, "logprobsResult") else {
        return;
    };
    let chosen = take_list(&mut result, "chosenCandidates").unwrap_or_default();
    let mut tops = take_list(&mut result, "topCandidates")
        .unwrap_or_default()
        .into_iter();
    for token in chosen {
        let top = tops.next().and_then(|top| match top {
            Value::Object(mut top) => take_list(&mut top, "candidates"),
            _ => None,
        });
        let Some((token, logprob)) = likely(token) else {
            continue;
        };
        if into.len() >= MOST_TOKENS {
            return;
        }
        into.push(Logprob {
            token,
            logprob,
            top: top.into_iter().flatten().filter_map(likely).collect(),
        });
    }
}

fn likely(token: Value) -> Option<(String, f64)> {
    let Value::Object(mut token) = token else {
        return None;
    };
    let probability = token.get("logProbability").and_then(Value::as_f64);
    Some((take_text(&mut token, "token")?, probability.unwrap_or(0.0)))
}

/// Writes remarks as a candidate's fields.
pub(super) fn write(annotations: &[&Annotation], candidate: &mut Object) {
    let mut chunks = Vec::new();
    let (mut chosen, mut tops) = (Vec::new(), Vec::new());
    let token =
        |token: &str, probability: f64| json!({ "token": token, "logProbability": probability });
    for annotation in annotations {
        match annotation {
            // Google's own come back with the candidate's fields.
            Annotation::Citation {
                owner: Dialect::Gemini,
                ..
            } => {}
            Annotation::Citation { url, title, .. } => {
                let mut web = Object::new();
                if let Some(url) = url {
                    web.insert("uri".to_owned(), url.as_str().into());
                }
                if let Some(title) = title {
                    web.insert("title".to_owned(), title.as_str().into());
                }
                let chunk = json!({ "web": web });
                if !web_is_empty(&chunk) && !chunks.contains(&chunk) && chunks.len() < MOST_SOURCES
                {
                    chunks.push(chunk);
                }
            }
            Annotation::Logprobs(tokens) => {
                for one in tokens {
                    chosen.push(token(&one.token, one.logprob));
                    let top = one.top.iter().map(|(text, p)| token(text, *p));
                    tops.push(json!({ "candidates": top.collect::<Vec<_>>() }));
                }
            }
        }
    }
    if !chunks.is_empty() {
        let grounds = json!({ "groundingChunks": chunks });
        candidate.insert("groundingMetadata".to_owned(), grounds);
    }
    if !chosen.is_empty() {
        let result = json!({ "chosenCandidates": chosen, "topCandidates": tops });
        candidate.insert("logprobsResult".to_owned(), result);
    }
}

fn web_is_empty(chunk: &Value) -> bool {
    chunk["web"].as_object().is_none_or(Object::is_empty)
}
