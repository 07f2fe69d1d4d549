//! What comes back: every feature of every provider's reply, to every caller.
//!
//! Promises: a reply is read, written in the caller's dialect, in one piece and as a stream, and read
//! again as that caller's client would; what the two readings say is compared piece by piece (`parts`).
//! A text, a call or a token that is lost is no row of a table: it fails.
//! Leaves out: fields without a name in the hub, and what a seal holds (`hub::Sealed` has its law).

use std::collections::BTreeMap;

use dialect::hub::{Back, Reply};
use dialect::{
    Dialect, Endpoint, Framing, Task, Translator, Writing, read_answer, translate_whole,
    translate_whole_to_stream,
};
use serde_json::Map;

use crate::parts::{self, Fate, calls, fate, said};
use crate::{CALLERS, Reasons, files, head, row, title};

const HEAD: &str = "
# What comes back

Each row is a whole reply of a provider, read, written for a caller of each other dialect and read again as that
caller's client would. The same is compared of a stream.

- **✓** says the same.
- **~** says a part of it in another way.
- **–** leaves a part out; the rest is told.

Text, tool calls and the sums of tokens come back to every caller. Who can't ask for several answers gets the first.
The signature of a tool call that a caller can't carry is kept here and put back when the call returns to the provider
that signed it. Notes are about requests: what a reply loses stands here alone.
";

/// This half of the page.
pub(crate) fn sections(text: &mut String) {
    text.push_str(HEAD);
    for from in Dialect::ALL {
        let callers: Vec<_> = CALLERS.into_iter().filter(|(to, _)| *to != from).collect();
        let heads: Vec<Dialect> = callers.iter().map(|(to, _)| *to).collect();
        head(text, &format!("Answered in {}", title(from)), &heads);
        let mut reasons = Reasons::default();
        for (feature, body) in replies(from) {
            let told = told(from, &body);
            let cells = callers.iter().map(|(_, caller)| {
                let [whole, _] = heard(from, &body, *caller);
                cell(fate(&told, &whole), &mut reasons)
            });
            let cells: Vec<String> = cells.collect();
            row(text, &feature, &cells);
        }
        reasons.list(text);
    }
}

fn cell(fate: Fate, reasons: &mut Reasons) -> String {
    let mark = match &fate {
        Fate { lost, .. } if !lost.is_empty() => "–",
        Fate { differs, .. } if !differs.is_empty() => "~",
        _ => return "✓".to_owned(),
    };
    reasons.cell(mark, fate.lost.into_iter().chain(fate.differs))
}

/// The features of a provider's replies.
fn replies(dialect: Dialect) -> BTreeMap<String, Vec<u8>> {
    files(&format!("replies/{}", dialect.name()))
}

fn asked(dialect: Dialect) -> Endpoint {
    dialect.endpoint(Task::Generate).expect("it answers")
}

fn writing(endpoint: Endpoint) -> Writing {
    Writing {
        endpoint,
        provider: "acme".to_owned(),
        id: "abc".to_owned(),
        model: "alias".to_owned(),
        created_unix_s: 1_763_769_600,
        input_tokens: 7,
        usage_asked: true,
        echo: Map::new(),
    }
}

/// What the provider says.
fn told(from: Dialect, body: &[u8]) -> Reply {
    Reply::of(read_answer(asked(from), body, "acme", Back::default()).expect("a reply"))
}

/// What the caller hears: of a whole reply, and of a stream.
fn heard(from: Dialect, body: &[u8], caller: Endpoint) -> [Reply; 2] {
    let whole = translate_whole(asked(from), body, &writing(caller), Back::default());
    let (whole, ..) = whole.expect("a reply");
    let whole = read_answer(caller, &whole, "acme", Back::default()).expect("a reply of ours");

    let framing = match caller {
        Endpoint::OllamaChat => Framing::Lines,
        _ => Framing::Sse,
    };
    let stream = translate_whole_to_stream(asked(from), body, &writing(caller), Back::default());
    let (stream, ..) = stream.expect("a reply");
    let mut client = Translator::new(caller, framing, writing(caller), Back::default());
    client.keep();
    client.feed(&stream);
    client.finish();
    [
        Reply::of(whole),
        client.kept().expect("a stream with an end"),
    ]
}

/// Every reply to every caller, its own dialect's too.
fn every(mut check: impl FnMut(&str, &Reply, &Reply)) {
    for from in Dialect::ALL {
        for (feature, body) in replies(from) {
            for (to, caller) in CALLERS {
                for (heard, form) in heard(from, &body, caller).iter().zip(["whole", "stream"]) {
                    let name = format!("{} {feature} to {}, {form}", from.name(), to.name());
                    check(&name, &told(from, &body), heard);
                }
            }
        }
    }
}

#[test]
fn a_reply_has_the_feature_it_is_named_after() {
    for from in Dialect::ALL {
        for (feature, body) in replies(from) {
            let reply = told(from, &body);
            let stopped = |word: &str| {
                let mut stops = parts::stops(&reply).into_iter();
                stops.all(|(stop, _)| stop == format!("`{word}`"))
            };
            let has = match feature.as_str() {
                "text" => !said(&reply.candidates[0]).is_empty(),
                "tool_call" => calls(&reply).len() == 1 && stopped("tool_call"),
                "parallel_calls" => calls(&reply).len() == 2 && stopped("tool_call"),
                "thought" => !parts::thoughts(&reply).is_empty(),
                "refusal" => stopped("refusal"),
                "filtered" => stopped("filtered"),
                "citations" => !parts::citations(&reply).is_empty(),
                "logprobs" => !parts::logprobs(&reply).is_empty(),
                "max_tokens" => stopped("max_tokens"),
                "stop_text" => stopped("stop_sequence"),
                "usage" => reply.usage.is_some_and(|usage| usage.output_total() > 40),
                "several_answers" => reply.candidates.len() == 2,
                other => panic!("{other} is no feature of replies"),
            };
            assert!(has, "{} {feature}: {reply:?}", from.name());
        }
    }
}

#[test]
fn no_text_call_or_token_is_lost() {
    every(|name, told, heard| {
        // Who can't ask for several answers gets the first.
        assert!(!heard.candidates.is_empty(), "{name}");
        for (told, heard) in told.candidates.iter().zip(&heard.candidates) {
            assert_eq!(said(told), said(heard), "{name}");
        }
        assert_eq!(calls(told), calls(heard), "{name}");
        let sums = |reply: &Reply| reply.usage.map(|u| (u.input_total(), u.output_total()));
        assert!(sums(told).is_some(), "{name}");
        assert_eq!(sums(told), sums(heard), "{name}");
    });
}

#[test]
fn a_reply_to_its_own_dialect_loses_nothing() {
    for (dialect, caller) in CALLERS {
        for (feature, body) in replies(dialect) {
            for heard in heard(dialect, &body, caller) {
                let fate = fate(&told(dialect, &body), &heard);
                assert_eq!(fate, Fate::default(), "{} {feature}", dialect.name());
            }
        }
    }
}

#[test]
fn a_stream_says_what_the_whole_reply_says() {
    for from in Dialect::ALL {
        for (feature, body) in replies(from) {
            for (to, caller) in CALLERS {
                let told = told(from, &body);
                let [whole, stream] = heard(from, &body, caller).map(|heard| fate(&told, &heard));
                assert_eq!(whole, stream, "{} {feature} to {}", from.name(), to.name());
            }
        }
    }
}
