//! The question of a request: what its last words ask, and all that surrounds them.
//!
//! Promises: two questions can be taken for one another only if everything but the last text agrees:
//! system, tools, parameters, form of the answer, the whole conversation before it, who shares
//! answers and who might be asked. That is `cache`'s fingerprint, over `dialect`'s account of a
//! request, with one fixed word in the text's place: no field can be forgotten.
//! Leaves out: whether the route wants this at all (the route's rule says).

use cache::{Fingerprint, Scope, fingerprint};
use dialect::hub::{Kind, Part, Request, Role};

use crate::marks::{MOST_WORDS, Marks};
use crate::reading::{Item, Reading, read};

/// The longest text that is a question, in bytes.
pub const LONGEST_TEXT: usize = 2_048;
/// Stands in the text's place. An empty text would be passed over, with all that is tied to it.
const PLACE: &str = "the question";
/// What a question has to say at least: words that say something or ask, and words at all. "Go on",
/// "yes", "try again" ask something else each time.
const FEWEST_WORDS: usize = 2;
const SHORTEST: usize = 3;
const FEWEST_CHARACTERS: usize = 4;

/// What is asked, and within what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The last text, as it was written.
    pub text: String,
    /// All that surrounds it. Only questions of one context are ever compared.
    pub context: Fingerprint,
    /// What must agree with another's.
    pub marks: Marks,
}

/// Why a request has no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoQuestion {
    /// It ends with something else than a user's text: a tool's result, a picture, an answer that
    /// was begun.
    #[error("the last message is not a user's text alone")]
    NotText,
    /// It says too little to be told from others: "go on", "yes".
    #[error("the last message says too little to be compared")]
    TooShort,
    /// It says too much: more than [`LONGEST_TEXT`] bytes, or 64 words that say something.
    #[error("the last message is too long to be compared")]
    TooLong,
    /// The request has a number with more digits than were read.
    #[error("the request has a number that was not read exactly")]
    Inexact,
}

impl Question {
    /// The question of a request. Its last text is taken out for the time of the call, and put back:
    /// a long conversation is hashed, never copied. About a millisecond for each megabyte.
    pub fn of(request: &mut Request, scope: &Scope<'_>) -> Result<Question, NoQuestion> {
        let marks = marks(last_text(request)?)?;
        let text = last_text(request)?;
        let text = std::mem::replace(text, PLACE.to_owned());
        let context = fingerprint(request, scope);
        *last_text(request)? = text.clone();
        Ok(Question {
            text,
            context: context.ok_or(NoQuestion::Inexact)?,
            marks,
        })
    }
}

/// The marks of a text, if it can be compared at all.
pub fn marks(text: &str) -> Result<Marks, NoQuestion> {
    if text.len() > LONGEST_TEXT {
        return Err(NoQuestion::TooLong);
    }
    let reading = read(text);
    let says = |item: &&Item| item.said().is_some();
    let said = reading.items.iter().filter(says).count();
    if said > MOST_WORDS {
        return Err(NoQuestion::TooLong);
    }
    if is_short(&reading, said) {
        return Err(NoQuestion::TooShort);
    }
    Ok(Marks::of(&reading))
}

fn is_short(reading: &Reading, said: usize) -> bool {
    let asks = reading
        .items
        .iter()
        .filter(|item| matches!(item, Item::Ask(_)))
        .count();
    if !reading.language.has_spaces() {
        return said + asks < FEWEST_CHARACTERS;
    }
    let count = |is: fn(&Item) -> bool| reading.items.iter().filter(|item| is(item)).count();
    // "More", "again", "the last one" are about what was said before.
    let named =
        count(|item| matches!(item, Item::Content { .. } | Item::Code(_) | Item::Quoted(_)));
    let values = count(|item| matches!(item, Item::Value(_)));
    let names_nothing = named == 0 && values < 2;
    names_nothing || said + asks < FEWEST_WORDS || reading.length < SHORTEST
}

fn last_text(request: &mut Request) -> Result<&mut String, NoQuestion> {
    if request.begun {
        return Err(NoQuestion::NotText);
    }
    let last = request.messages.last_mut().ok_or(NoQuestion::NotText)?;
    let is_text = |part: &Part| matches!(part.kind, Kind::Text(_)) && part.sealed.is_none();
    if last.role != Role::User || !last.parts.iter().all(is_text) {
        return Err(NoQuestion::NotText);
    }
    match last.parts.last_mut().map(|part| &mut part.kind) {
        Some(Kind::Text(text)) => Ok(text),
        _ => Err(NoQuestion::NotText),
    }
}

#[cfg(test)]
mod tests {
    use dialect::{Endpoint, read_request};

    use super::*;

    const SCOPE: Scope<'static> = Scope {
        client: "laptop",
        policy: "1",
        targets: &[],
    };

    fn chat(body: &str) -> Request {
        read_request(Endpoint::ChatCompletions, body.as_bytes(), None).expect("a request")
    }

    fn ask(body: &str) -> Result<Question, NoQuestion> {
        Question::of(&mut chat(body), &SCOPE)
    }

    fn user(text: &str) -> String {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#)
    }

    #[test]
    fn a_question_is_its_text_and_all_that_surrounds_it() {
        let one = ask(&user("Where is my order 4711?")).expect("a question");
        let other = ask(&user("Where is my parcel 12?")).expect("a question");
        assert_eq!(one.text, "Where is my order 4711?");
        assert_eq!(one.context, other.context, "the text is not in it");

        let question = r#"{"role":"user","content":"Where is my order 4711?"}"#;
        for other in [
            format!(r#"{{"model":"m","temperature":0,"messages":[{question}]}}"#),
            format!(r#"{{"model":"m","messages":[{{"role":"system","content":"Be brief"}},{question}]}}"#),
            format!(r#"{{"model":"m","messages":[{question},{{"role":"assistant","content":"No"}},{question}]}}"#),
            format!(r#"{{"model":"m","messages":[{question}],"tools":[{{"type":"function","function":{{"name":"t"}}}}]}}"#),
            format!(r#"{{"model":"m","messages":[{question}],"response_format":{{"type":"json_object"}}}}"#),
            format!(r#"{{"model":"m","messages":[{question}],"stop":["x"]}}"#),
            format!(r#"{{"model":"m","messages":[{question}],"reasoning_effort":"low"}}"#),
            format!(r#"{{"model":"m","messages":[{question}],"a_new_field":1}}"#),
            r#"{"model":"m","messages":[{"role":"user","name":"bob","content":"Where is my order 4711?"}]}"#.to_owned(),
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hm."},{"type":"text","text":"Where is my order 4711?"}]}]}"#.to_owned(),
        ] {
            let asked = ask(&other).expect("a question");
            assert_ne!(asked.context, one.context, "{other}");
            assert_eq!(asked.text, one.text);
        }
        let scope = Scope {
            client: "phone",
            ..SCOPE
        };
        let asked = Question::of(&mut chat(&user("Where is my order 4711?")), &scope);
        assert_ne!(asked.expect("a question").context, one.context);
    }

    #[test]
    fn what_is_tied_to_the_text_itself_counts() {
        let with = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Where is my order?","a_new_field":1}]}]}"#;
        let without = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Where is my order?"}]}]}"#;
        let (with, without) = (ask(with).expect("one"), ask(without).expect("one"));
        assert_ne!(with.context, without.context);
    }

    #[test]
    fn the_request_is_given_back_as_it_was() {
        let mut request = chat(&user("Where is my order 4711?"));
        let before = request.clone();
        Question::of(&mut request, &SCOPE).expect("a question");
        assert_eq!(request, before);
    }

    #[test]
    fn how_it_is_told_changes_nothing() {
        let chat = ask(&user("Where is my order 4711?")).expect("a question");
        let body = r#"{"model":"x","max_tokens":9,"messages":[{"role":"user","content":"Where is my order 4711?"}]}"#;
        let mut request =
            read_request(Endpoint::Messages, body.as_bytes(), None).expect("a request");
        request.max_output = None;
        let messages = Question::of(&mut request, &SCOPE).expect("a question");
        assert_eq!(chat.context, messages.context);
    }

    #[test]
    fn what_is_no_question_says_why() {
        let long = "order ".repeat(500);
        let many = (0..70)
            .map(|n| format!("w{n}"))
            .collect::<Vec<_>>()
            .join(" ");
        for (body, why) in [
            (r#"{"model":"m","messages":[]}"#.to_owned(), NoQuestion::NotText),
            (
                r#"{"model":"m","messages":[{"role":"assistant","content":"Where is my order?"}]}"#.to_owned(),
                NoQuestion::NotText,
            ),
            (
                r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"What is in this picture?"},{"type":"image_url","image_url":{"url":"https://a.b/c.png"}}]}]}"#.to_owned(),
                NoQuestion::NotText,
            ),
            (user(&long), NoQuestion::TooLong),
            (user(&many), NoQuestion::TooLong),
            (
                r#"{"model":"m","logit_bias":{"1":18446744073709551617},"messages":[{"role":"user","content":"Where is my order 4711?"}]}"#.to_owned(),
                NoQuestion::Inexact,
            ),
        ] {
            assert_eq!(ask(&body), Err(why), "{body}");
        }
    }

    #[test]
    fn what_goes_on_from_before_is_no_question() {
        for text in [
            "",
            "yes",
            "no",
            "ok",
            "OK, thanks!",
            "continue",
            "Please continue",
            "go on",
            "go ahead",
            "try again",
            "again",
            "why?",
            "How?",
            "tell me more",
            "show me more",
            "explain more",
            "and then?",
            "next",
            "the last one",
            "weiter",
            "ja",
            "mach weiter",
            "warum nicht?",
            "oui",
            "continue s'il vous plaît",
            "sigue",
            "continua",
            "继续",
            "好的",
            "はい",
            "続けて",
            "42",
            "?",
            "🙂",
        ] {
            assert_eq!(marks(text), Err(NoQuestion::TooShort), "{text}");
        }
    }
}
