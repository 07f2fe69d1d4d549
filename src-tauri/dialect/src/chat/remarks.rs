//! Remarks on a text: citations and log probabilities, as this dialect writes them.

use serde::Serialize;
use serde_json::{Value, json};

use crate::Dialect;
use crate::hub::{Annotation, Logprob};

/// A source without an address has no form here.
pub(super) fn citation(annotation: &Annotation, start: usize, end: usize) -> Option<Value> {
    let Annotation::Citation {
        owner,
        url,
        title,
        value,
    } = annotation
    else {
        return None;
    };
    if *owner == Dialect::OpenAi {
        return Some(value.clone());
    }
    let url = url.as_deref()?;
    Some(json!({
        "type": "url_citation",
        "url_citation": {
            "start_index": start,
            "end_index": end,
            "title": title.as_deref().unwrap_or(url),
            "url": url,
        },
    }))
}

/// Log probabilities of content or of a refusal.
#[derive(Serialize)]
pub(super) struct Logprobs<'a> {
    content: Option<Vec<Token<'a>>>,
    refusal: Option<Vec<Token<'a>>>,
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
    logprob: f64,
    /// A token may be a part of a character: which bytes it stands for is not told.
    bytes: Option<()>,
    top_logprobs: Vec<Top<'a>>,
}

#[derive(Serialize)]
struct Top<'a> {
    token: &'a str,
    logprob: f64,
    bytes: Option<()>,
}

impl<'a> Logprobs<'a> {
    pub(super) fn of_content(tokens: &'a [Logprob]) -> Logprobs<'a> {
        Logprobs {
            content: Some(tokens.iter().map(Token::of).collect()),
            refusal: None,
        }
    }

    pub(super) fn of_refusal(tokens: &'a [Logprob]) -> Logprobs<'a> {
        Logprobs {
            content: None,
            refusal: Some(tokens.iter().map(Token::of).collect()),
        }
    }

    /// Adds the tokens of the next block.
    pub(super) fn add(&mut self, tokens: &'a [Logprob], refusal: bool) {
        let list = if refusal {
            &mut self.refusal
        } else {
            &mut self.content
        };
        list.get_or_insert_default()
            .extend(tokens.iter().map(Token::of));
    }
}

impl<'a> Token<'a> {
    fn of(token: &'a Logprob) -> Token<'a> {
        Token {
            token: &token.token,
            logprob: token.logprob,
            bytes: None,
            top_logprobs: token
                .top
                .iter()
                .map(|(token, logprob)| Top {
                    token,
                    logprob: *logprob,
                    bytes: None,
                })
                .collect(),
        }
    }
}
