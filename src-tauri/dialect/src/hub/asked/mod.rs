//! What a request asks for, as one number: two that are answered alike have the same.
//!
//! Promises: whatever can change the answer changes the number, and nothing else does: not the
//! caller's dialect, the order of fields, white space, the ids that tie results to calls, or who
//! asks. Every field of the hub is named here, so that a new one can't be forgotten. What a vendor
//! takes for granted is not guessed: a parameter that is not set and one that is set to its usual
//! value are two questions.
//! Leaves out: who is asked and for whom (`Request::model` names an alias as often as a model), and
//! whether an answer should be kept at all ([`super::Cacheability`]).
//!
//! docs/cache.md says of each field why it is in or out.

mod calls;
mod ink;
mod parts;
mod sheets;
#[cfg(test)]
mod tests;

pub(crate) use ink::Ink;
pub use sheets::{AskedPart, AskedParts};
use sheets::{InParts, Sheets};

use super::{Choice, Effort, Extras, Format, Request, Sampling, Thinking, Tool, ToolKind};
use crate::Dialect;

/// Begins every number. Change it when the meaning of a field changes: old numbers are then nobody's.
const SCHEME: &str = "signalbox asked 1";
/// Begins the number of a conversation's beginning.
const BEGINNING: &str = "signalbox beginning 1";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asked {
    /// SHA-256 over everything that can change the answer.
    pub digest: [u8; 32],
    /// A number in the request may have more digits than were read: another request may have the
    /// same digest, so that no answer may be kept under it.
    pub is_inexact: bool,
}

/// Fields without a name in the hub that change nothing in an answer, and whose they are.
const SILENT: &[(Dialect, &str)] = &[
    (Dialect::OpenAi, "prompt_cache_options"),
    (Dialect::OpenAi, "prompt_cache_retention"),
    (Dialect::OpenAi, "safety_identifier"),
    (Dialect::OpenAi, "stream_options"),
    (Dialect::Responses, "prompt_cache_options"),
    (Dialect::Responses, "prompt_cache_retention"),
    (Dialect::Responses, "stream_options"),
    (Dialect::Responses, "user"),
    (Dialect::Anthropic, "cache_control"),
    (Dialect::Gemini, "labels"),
    (Dialect::Ollama, "keep_alive"),
];

impl Request {
    /// What this request asks for. Takes about a millisecond for each megabyte.
    pub fn asked(&self) -> Asked {
        let mut ink = Ink::begin(SCHEME);
        self.write_down(&mut ink);
        ink.dry()
    }

    /// The same in parts, to tell which of them makes another question of it. Takes as long.
    pub fn asked_in_parts(&self) -> AskedParts {
        let mut sheets = InParts::begin();
        self.write_down(&mut sheets);
        sheets.dry()
    }

    /// Writes each field on the sheet of its part. The order is a part of [`SCHEME`].
    fn write_down(&self, on: &mut impl Sheets) {
        let Request {
            // Who is asked is the scope's to say: one alias may be two targets tomorrow.
            model: _,
            // How the answer travels.
            stream: _,
            usage_asked: _,
            messages,
            tools,
            choice,
            parallel,
            max_output,
            sampling,
            stop,
            candidates,
            logprobs,
            thinking,
            format,
            verbosity,
            // How fast it comes, and what it costs.
            tier: _,
            // For whom, and what the vendor writes into its own books.
            end_user: _,
            metadata: _,
            // Where the vendor looks for a known beginning.
            cache_key: _,
            previous,
            store,
            begun,
            extras,
        } = self;
        on.sheet(AskedPart::Tools).list(tools, tool);
        let ink = on.sheet(AskedPart::ToolChoice);
        ink.maybe(choice.as_ref(), self::choice);
        ink.maybe(parallel.as_ref(), |ink, on| ink.flag(*on));
        let ink = on.sheet(AskedPart::OutputLimit);
        ink.maybe(max_output.as_ref(), |ink, most| ink.count(*most));
        self::sampling(on, sampling);
        let ink = on.sheet(AskedPart::Stop);
        ink.list(stop, |ink, text| ink.text(text));
        let ink = on.sheet(AskedPart::Answers);
        ink.count(candidates.unwrap_or(1).into());
        ink.maybe(logprobs.as_ref(), |ink, most| ink.count((*most).into()));
        self::thinking(on.sheet(AskedPart::Thinking), thinking);
        self::format(on.sheet(AskedPart::Format), format);
        let ink = on.sheet(AskedPart::Verbosity);
        ink.maybe(verbosity.as_ref(), |ink, word| ink.text(word));
        let ink = on.sheet(AskedPart::Kept);
        ink.maybe(previous.as_ref(), |ink, id| ink.text(id));
        // An answer that was not kept can't be gone on from by its id.
        ink.maybe(store.as_ref(), |ink, on| ink.flag(*on));
        // The rest of an answer is another answer than one to the same messages.
        ink.flag(*begun);
        self::extras(on.sheet(AskedPart::Extras), extras, |owner, key| {
            SILENT.contains(&(owner, key))
        });
        on.converse(messages);
    }

    /// The tools and the first so many messages as one number: what all turns of a conversation have in common.
    pub(crate) fn beginning(&self, messages: usize) -> [u8; 32] {
        let mut ink = Ink::begin(BEGINNING);
        ink.list(&self.tools, tool);
        let messages = self.messages.get(..messages).unwrap_or(&self.messages);
        parts::messages(&mut ink, messages, &mut calls::Calls::default());
        ink.dry().digest
    }
}

fn tool(ink: &mut Ink, tool: &Tool) {
    let Tool {
        kind,
        cache: _,
        extras,
    } = tool;
    match kind {
        ToolKind::Function {
            name,
            namespace,
            description,
            schema,
            strict,
        } => {
            ink.mark(1);
            ink.text(name);
            ink.maybe(namespace.as_ref(), |ink, word| ink.text(word));
            ink.maybe(description.as_ref(), |ink, text| ink.text(text));
            ink.maybe(schema.as_ref(), Ink::schema);
            ink.maybe(strict.as_ref(), |ink, on| ink.flag(*on));
        }
        ToolKind::Custom {
            name,
            description,
            format,
        } => {
            ink.mark(2);
            ink.text(name);
            ink.maybe(description.as_ref(), |ink, text| ink.text(text));
            ink.maybe(format.as_ref(), Ink::json);
        }
        ToolKind::Hosted { name, value } => {
            ink.mark(3);
            owner(ink, extras.owner);
            ink.text(name);
            ink.json(value);
        }
    }
    self::extras(ink, extras, |_, key| key == "cache_control");
}

fn choice(ink: &mut Ink, choice: &Choice) {
    match choice {
        Choice::Auto => ink.mark(1),
        Choice::None => ink.mark(2),
        Choice::Any => ink.mark(3),
        Choice::Tool(name) => {
            ink.mark(4);
            ink.text(name);
        }
        Choice::Among { names, required } => {
            ink.mark(5);
            ink.list(names, |ink, name| ink.text(name));
            ink.flag(*required);
        }
    }
}

fn sampling(on: &mut impl Sheets, sampling: &Sampling) {
    let Sampling {
        temperature,
        top_p,
        top_k,
        seed,
        frequency_penalty,
        presence_penalty,
        logit_bias,
    } = sampling;
    let ink = on.sheet(AskedPart::Temperature);
    ink.maybe(temperature.as_ref(), |ink, number| ink.number(*number));
    let ink = on.sheet(AskedPart::Sampling);
    for number in [top_p, frequency_penalty, presence_penalty] {
        ink.maybe(number.as_ref(), |ink, number| ink.number(*number));
    }
    ink.maybe(top_k.as_ref(), |ink, k| ink.count(*k));
    let ink = on.sheet(AskedPart::Seed);
    ink.maybe(seed.as_ref(), |ink, seed| ink.whole(*seed));
    on.sheet(AskedPart::Sampling).fields(logit_bias, |_| false);
}

fn thinking(ink: &mut Ink, thinking: &Thinking) {
    let Thinking {
        effort,
        budget,
        on,
        shown,
    } = thinking;
    let word = effort.map(Effort::word);
    ink.maybe(word.as_ref(), |ink, word| ink.text(word));
    ink.maybe(budget.as_ref(), |ink, most| ink.count(*most));
    ink.maybe(on.as_ref(), |ink, on| ink.flag(*on));
    ink.maybe(shown.as_ref(), |ink, shown| ink.flag(*shown));
}

fn format(ink: &mut Ink, format: &Format) {
    match format {
        Format::Text => ink.mark(1),
        Format::Json => ink.mark(2),
        Format::Schema {
            name,
            description,
            schema,
            strict,
        } => {
            ink.mark(3);
            ink.maybe(name.as_ref(), |ink, name| ink.text(name));
            ink.maybe(description.as_ref(), |ink, text| ink.text(text));
            ink.schema(schema);
            ink.maybe(strict.as_ref(), |ink, on| ink.flag(*on));
        }
    }
}

/// Fields without a name and whose they are, but for those that `is_silent`. None of them is the same
/// as no extras: a reader names the owner even then.
fn extras(ink: &mut Ink, extras: &Extras, is_silent: impl Fn(Dialect, &str) -> bool) {
    let Extras { owner, fields } = extras;
    let silent = |key: &str| owner.is_some_and(|owner| is_silent(owner, key));
    let speaks = fields.keys().any(|key| !silent(key));
    ink.flag(speaks);
    if speaks {
        self::owner(ink, *owner);
        ink.fields(fields, silent);
    }
}

fn owner(ink: &mut Ink, owner: Option<Dialect>) {
    ink.maybe(owner.as_ref(), |ink, owner| ink.text(owner.name()));
}
