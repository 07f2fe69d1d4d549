//! Runs a case and says what is not as its file says.

use std::collections::BTreeMap;

use dialect::hub::Back;
use dialect::{
    Endpoint, Failure, FailureCategory, Fault, Outgoing, Task, Translator, Writing, read_embed,
    read_request, translate_embed, translate_whole, write_embed, write_request,
};
use serde_json::{Map, Value};

use crate::case::{Case, Step};
use crate::wire;

pub(crate) fn wrong(case: &Case) -> Vec<String> {
    let steps = case.told.shown.iter().enumerate();
    steps
        .flat_map(|(at, step)| {
            let told = wrong_in(step);
            told.into_iter()
                .map(move |what| format!("step {}: {what}", at + 1))
        })
        .collect()
}

fn wrong_in(step: &Step) -> Vec<String> {
    let mut wrong = Vec::new();
    let back = match asked(step, &mut wrong) {
        Asked::Written(back) => back,
        Asked::Ended => return wrong,
    };
    if let Some(reply) = &step.reply {
        whole(step, reply, back, &mut wrong);
    } else if step.stream.is_some() || step.stream_bytes.is_some() {
        streamed(step, &back, &mut wrong);
    }
    wrong
}

enum Asked {
    Written(Back),
    Ended,
}

fn body(step: &Step) -> Option<Vec<u8>> {
    let json = step
        .request
        .as_ref()
        .map(|json| json.to_string().into_bytes());
    json.or_else(|| step.request_bytes.as_ref().map(wire::bytes))
}

/// Sends the request, where the step has one.
fn asked(step: &Step, wrong: &mut Vec<String>) -> Asked {
    let Some(body) = body(step) else {
        return Asked::Written(Back::default());
    };
    let written = match step.asked.task() {
        Task::Embed => embed(step, &body),
        _ => generate(step, &body),
    };
    match written {
        Err(Not::Malformed(sentence)) => {
            expect("malformed", step.malformed.as_ref(), Some(&sentence), wrong);
            Asked::Ended
        }
        Err(Not::Refused(what)) => {
            expect("refused", step.refused.as_ref(), Some(&what), wrong);
            Asked::Ended
        }
        Ok(outgoing) => {
            expect("malformed", step.malformed.as_ref(), None, wrong);
            expect("refused", step.refused.as_ref(), None, wrong);
            let codes: Vec<String> = outgoing.notes.iter().map(|note| note.code()).collect();
            if codes != step.notes {
                wrong.push(format!("notes are {codes:?}, not {:?}", step.notes));
            }
            let written: Value = serde_json::from_slice(&outgoing.body).expect("we write JSON");
            places("written", &step.written, &written, wrong);
            Asked::Written(outgoing.back)
        }
    }
}

enum Not {
    Malformed(String),
    Refused(String),
}

fn generate(step: &Step, body: &[u8]) -> Result<Outgoing, Not> {
    let path = step.asked.names_model_in_path().then_some(("model", false));
    let request =
        read_request(step.asked, body, path).map_err(|m| Not::Malformed(m.to_string()))?;
    write_request(request, &step.to.target(), step.lossy).map_err(|r| Not::Refused(r.what))
}

fn embed(step: &Step, body: &[u8]) -> Result<Outgoing, Not> {
    let path = step.asked.names_model_in_path().then_some("model");
    let request = read_embed(step.asked, body, path).map_err(|m| Not::Malformed(m.to_string()))?;
    write_embed(&request, &step.to.target(), step.lossy).map_err(|r| Not::Refused(r.what))
}

/// The endpoint that the provider answers at.
fn from(step: &Step) -> Endpoint {
    let endpoint = step.to.dialect.endpoint(step.asked.task());
    endpoint.unwrap_or(Endpoint::ChatCompletions)
}

fn writing(step: &Step) -> Writing {
    Writing {
        endpoint: step.asked,
        provider: step.to.provider.clone(),
        id: "1".to_owned(),
        model: step.to.model.clone(),
        created_unix_s: 0,
        input_tokens: 12,
        usage_asked: true,
        echo: Map::new(),
    }
}

fn whole(step: &Step, reply: &Value, back: Back, wrong: &mut Vec<String>) {
    let reply = reply.to_string();
    if step.asked.task() == Task::Embed {
        let base64 = step
            .request
            .as_ref()
            .is_some_and(|r| r["encoding_format"] == "base64");
        let told = translate_embed(from(step), step.asked, reply.as_bytes(), "model", base64, 0);
        let told = told.expect("vectors");
        let told = serde_json::from_slice(&told.0).expect("we write JSON");
        return places("told", &step.told, &told, wrong);
    }
    match translate_whole(from(step), reply.as_bytes(), &writing(step), back) {
        Err(not) => expect("no_reply", step.no_reply.as_ref(), Some(&not.reason), wrong),
        Ok((bytes, reading, _)) => {
            expect("no_reply", step.no_reply.as_ref(), None, wrong);
            failed(step, reading.failure.as_ref(), wrong);
            let told = serde_json::from_slice(&bytes).expect("we write JSON");
            places("told", &step.told, &told, wrong);
        }
    }
}

fn streamed(step: &Step, back: &Back, wrong: &mut Vec<String>) {
    let sent = match (&step.stream, &step.stream_bytes) {
        (Some(frames), _) => wire::stream(step.to.dialect, frames),
        (None, Some(bytes)) => wire::bytes(bytes),
        (None, None) => Vec::new(),
    };
    let told = through(step, back, sent.chunks(sent.len().max(1)));
    if sent.len() <= 1 << 16 && told != through(step, back, sent.chunks(1)) {
        wrong.push("byte by byte it is another stream".to_owned());
    }
    failed(step, told.failure.as_ref(), wrong);
    if told.finished == step.broken {
        wrong.push(format!("finished is {}", told.finished));
    }
    let frames = wire::frames(step.asked.dialect(), &told.bytes);
    places("told", &step.told, &frames, wrong);
}

#[derive(Debug, PartialEq)]
struct Told {
    bytes: Vec<u8>,
    failure: Option<Failure>,
    finished: bool,
}

/// What the caller receives; what breaks ends as the engine ends it, without what was left.
fn through<'a>(step: &Step, back: &Back, pieces: impl Iterator<Item = &'a [u8]>) -> Told {
    let framing = wire::framing(step.to.dialect);
    let mut translator = Translator::new(from(step), framing, writing(step), back.clone());
    let mut bytes = Vec::new();
    for piece in pieces {
        bytes.extend(translator.feed(piece).bytes);
    }
    let rest = translator.finish().bytes;
    let reading = translator.reading().clone();
    if reading.finished && reading.failure.is_none() {
        bytes.extend(rest);
    } else {
        let failure = Failure {
            category: FailureCategory::BrokenStream,
            ..reading.failure.clone().unwrap_or(CUT)
        };
        let fault = Fault::from_failure(&failure, "Acme");
        let own = translator.fail(&fault);
        bytes.extend(own.unwrap_or_else(|| fault.stream_event(step.asked.dialect())));
    }
    Told {
        bytes,
        failure: reading.failure,
        finished: reading.finished,
    }
}

const CUT: Failure = Failure {
    category: FailureCategory::BrokenStream,
    status: None,
    code: None,
    message: String::new(),
    retry_after_ms: None,
};

fn failed(step: &Step, failure: Option<&Failure>, wrong: &mut Vec<String>) {
    let category = failure.map(|failure| failure.category.name().to_owned());
    expect("failure", step.failure.as_ref(), category.as_ref(), wrong);
}

fn expect(what: &str, expected: Option<&String>, seen: Option<&String>, wrong: &mut Vec<String>) {
    if expected != seen {
        wrong.push(format!("{what} is {seen:?}, not {expected:?}"));
    }
}

/// Compares places in a document. Numbers are compared as they are written.
fn places(
    what: &str,
    expected: &BTreeMap<String, Value>,
    document: &Value,
    wrong: &mut Vec<String>,
) {
    for (place, expected) in expected {
        let seen = document.pointer(place).unwrap_or(&Value::Null);
        if seen != expected {
            wrong.push(format!(
                "{what} {place}\n    is  {seen}\n    not {expected}\n    in  {}",
                short(document)
            ));
        }
    }
}

fn short(document: &Value) -> String {
    document.to_string().chars().take(3_000).collect()
}
