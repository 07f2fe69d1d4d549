//! The checks of one caller's dialect, one after the other.
//!
//! Promises: each check has exactly one finding; what depends on something that did not come is
//! not tried, and says so. Leaves out: the cache, which is checked once all dialects are through
//! (`round`).

use dialect::{Dialect, Task};
use serde_json::Value;

use super::asking::{Asker, Heard, Sight};
use super::finding::{Check, Finding, Verdict};
use super::question::{Called, HowToThink, Question, Tool, against_schema, short_text};
use super::speech::{Said, Speech, Tokens, speech};

/// Reported figures that differ by more than this are told, in percent.
const NEAR_PERCENT: u64 = 10;

/// One dialect under examination.
pub(super) struct Course<'a> {
    pub(super) asker: &'a Asker,
    pub(super) dialect: Dialect,
    /// How Anthropic's models are asked to think; `None`: the catalogue knows that this one can't.
    pub(super) thinks: Option<HowToThink>,
    pub(super) findings: Vec<Finding>,
}

/// A reply and what it says.
type Reply = (Said, Heard);

impl Course<'_> {
    pub(super) fn put(&mut self, check: Check, sight: Sight) {
        self.findings.push(sight.finding(check, self.dialect));
    }

    fn speech(&self) -> &'static dyn Speech {
        speech(self.dialect)
    }

    /// Asks, and reads the reply as a strict client would.
    pub(super) async fn ask(&self, question: &Question) -> Result<Reply, Sight> {
        let Some(endpoint) = self.dialect.endpoint(Task::Generate) else {
            return Err(Sight::new(Verdict::NotOffered, "there is no such endpoint"));
        };
        let body = self.speech().body(self.asker.target(), question);
        let heard = self.asker.ask(endpoint, question.stream, &body).await?;
        let read = match question.stream {
            true => self.speech().streamed(&heard.body),
            false => match serde_json::from_slice(&heard.body) {
                Ok(reply) => self.speech().whole(&reply),
                Err(_) => Err("the reply is no JSON".to_owned()),
            },
        };
        match read {
            Ok(said) => Ok((said, heard)),
            Err(odd) => Err(Sight::new(Verdict::Failed, odd).on(&heard)),
        }
    }

    /// The first check: without an answer nothing else is worth asking.
    pub(super) async fn answer(&mut self) -> Option<Said> {
        match self.ask(&Question::short()).await {
            Ok((said, heard)) => {
                let sight = words(&said, &heard);
                let went_well = sight.verdict != Verdict::Failed;
                self.put(Check::Answer, sight);
                went_well.then_some(said)
            }
            Err(sight) => {
                self.put(Check::Answer, sight.no_refusal());
                None
            }
        }
    }

    /// Everything that is left but the cache.
    pub(super) async fn rest(&mut self, answer: Option<Said>) {
        let Some(answer) = answer else {
            self.skip_rest("there was no answer to build on");
            return;
        };
        self.stream(&answer).await;
        self.tools().await;
        self.several_tools().await;
        self.thinking().await;
        self.schema().await;
        self.count(&answer).await;
    }

    /// What has no finding yet was not tried.
    pub(super) fn skip_rest(&mut self, why: &str) {
        for check in Check::ALL {
            if !self.findings.iter().any(|finding| finding.check == check) {
                self.put(check, Sight::new(Verdict::NotTried, why));
            }
        }
    }

    async fn stream(&mut self, answer: &Said) {
        match self.ask(&Question::short().streamed()).await {
            Ok((said, heard)) => {
                self.put(Check::Stream, words(&said, &heard));
                let metered = heard.is_metered();
                let sight = usage(answer.tokens, Some(said.tokens), metered).on(&heard);
                self.put(Check::Usage, sight);
            }
            Err(sight) => {
                self.put(Check::Stream, sight);
                self.put(Check::Usage, usage(answer.tokens, None, true));
            }
        }
    }

    async fn tools(&mut self) {
        let sight = match self.ask(&Question::one_tool().streamed()).await {
            Ok((said, heard)) => match misfit(&said, 1) {
                Some(wrong) => Sight::new(Verdict::Failed, wrong).on(&heard),
                None => heard.sight(),
            },
            Err(sight) => sight,
        };
        self.put(Check::Tools, sight);
    }

    async fn several_tools(&mut self) {
        let question = Question::two_tools();
        let said = match self.ask(&question).await {
            Ok((said, heard)) => {
                let sight = match misfit(&said, said.calls.len().max(1)) {
                    Some(wrong) => Sight::new(Verdict::Failed, wrong).on(&heard),
                    None if said.calls.len() == 1 => Sight::new(
                        Verdict::Noted,
                        "it made one call where two were asked for at once",
                    )
                    .on(&heard),
                    None => distinct(&said.calls).map_or_else(
                        || heard.sight(),
                        |same| Sight::new(Verdict::Failed, same).on(&heard),
                    ),
                };
                let went_well = sight.verdict != Verdict::Failed;
                self.put(Check::ParallelTools, sight);
                went_well.then_some(said)
            }
            Err(sight) => {
                self.put(Check::ParallelTools, sight);
                None
            }
        };
        let Some(said) = said else {
            let why = "there was no call to bring results for";
            self.put(Check::ToolResults, Sight::new(Verdict::NotTried, why));
            return;
        };
        let sight = match self.ask(&question.going_on(said.turn, &said.calls)).await {
            Ok((said, heard)) if said.calls.is_empty() => words(&said, &heard),
            Ok((_, heard)) => Sight::new(
                Verdict::Noted,
                "the results were taken, and it called a tool once more instead of answering",
            )
            .on(&heard),
            Err(sight) => sight.no_refusal(),
        };
        self.put(Check::ToolResults, sight);
    }

    async fn thinking(&mut self) {
        let sight = match self.thinks {
            Some(how) => self.thought(how).await,
            None => Sight::new(
                Verdict::NotOffered,
                "the catalogue knows this model as one that does not think",
            ),
        };
        self.put(Check::Thinking, sight);
    }

    async fn thought(&self, how: HowToThink) -> Sight {
        let question = Question::thoughtful(how);
        let (said, heard) = match self.ask(&question).await {
            Ok(reply) => reply,
            Err(sight) => return sight,
        };
        let reasoned = said.tokens.map_or(0, |tokens| tokens.reasoning);
        if !said.thought && reasoned == 0 {
            let why = "thinking was asked for and nothing of it came";
            return Sight::new(Verdict::NotOffered, why).on(&heard);
        }
        let shown = said.thought;
        match self.ask(&question.going_on(said.turn, &said.calls)).await {
            Ok((_, heard)) if shown => heard.sight(),
            Ok((_, heard)) => Sight::new(
                Verdict::Noted,
                format!("it thought ({reasoned} tokens) and gave nothing to hand back"),
            )
            .on(&heard),
            Err(sight) => {
                let sight = sight.no_refusal();
                let said = format!("in the turn after the thought: {}", sight.said);
                Sight { said, ..sight }
            }
        }
    }

    async fn schema(&mut self) {
        let sight = match self.ask(&Question::with_schema()).await {
            Ok((said, heard)) => match against_schema(&said.text) {
                Some(wrong) => Sight::new(Verdict::Failed, wrong).on(&heard),
                None => heard.sight(),
            },
            Err(sight) => sight,
        };
        self.put(Check::Schema, sight);
    }

    async fn count(&mut self, answer: &Said) {
        let sight = match self.counted().await {
            Ok((counted, heard)) => compare(counted, answer.tokens, &heard.sight()),
            Err(sight) => sight,
        };
        self.put(Check::Count, sight);
    }

    async fn counted(&self) -> Result<(u64, Heard), Sight> {
        let asked = self.speech().count(self.asker.target(), &Question::short());
        let endpoint = self.dialect.endpoint(Task::Count);
        let (Some((body, field)), Some(endpoint)) = (asked, endpoint) else {
            let why = "this dialect has no endpoint for it";
            return Err(Sight::new(Verdict::NotOffered, why));
        };
        let heard = self.asker.ask(endpoint, false, &body).await?;
        let reply: Value = serde_json::from_slice(&heard.body).unwrap_or_default();
        match reply[field].as_u64() {
            Some(counted) if counted > 0 => Ok((counted, heard)),
            _ => {
                let why = format!(
                    "the reply has no `{field}`: {}",
                    short_text(&reply.to_string())
                );
                Err(Sight::new(Verdict::Failed, why).on(&heard))
            }
        }
    }
}

/// An answer in words.
fn words(said: &Said, heard: &Heard) -> Sight {
    if said.text.trim().is_empty() {
        return Sight::new(Verdict::Failed, "the answer holds no words").on(heard);
    }
    if said.cut {
        return Sight::new(Verdict::Noted, "the answer was cut at its limit of tokens").on(heard);
    }
    heard.sight()
}

/// What is wrong with the calls of a turn that should hold at least so many.
fn misfit(said: &Said, least: usize) -> Option<String> {
    if said.calls.len() < least {
        let text = short_text(&said.text);
        return Some(format!("it called no tool, and said: {text}"));
    }
    said.calls.iter().find_map(|call| {
        let known = super::question::BOTH
            .iter()
            .any(|tool| tool.name == call.name);
        if !known {
            return Some(format!("it called `{}`, which was not offered", call.name));
        }
        Tool::misfit(call).map(|wrong| format!("it called `{}`, but {wrong}", call.name))
    })
}

/// Two calls of one name for the ids to tell apart.
fn distinct(calls: &[Called]) -> Option<String> {
    let same = |at: usize, call: &Called| {
        !call.id.is_empty() && calls.iter().skip(at + 1).any(|other| other.id == call.id)
    };
    let twice = calls.iter().enumerate().find(|(at, call)| same(*at, call));
    twice.map(|(_, call)| format!("two calls have the same id `{}`", call.id))
}

/// What the reported tokens are worth. `streamed` is `None` when the stream was not read.
fn usage(whole: Option<Tokens>, streamed: Option<Option<Tokens>>, metered: bool) -> Sight {
    let failed = |why: &str| Sight::new(Verdict::Failed, why);
    let is_told = |tokens: &Tokens| tokens.input > 0 && tokens.output > 0;
    let Some(whole) = whole.filter(is_told) else {
        return failed("the whole answer reports no tokens");
    };
    let Some(streamed) = streamed else {
        return Sight::new(Verdict::NotTried, "the stream was not read to its end");
    };
    let Some(streamed) = streamed.filter(is_told) else {
        return failed("the stream reports no tokens");
    };
    if !metered {
        return failed("the provider reports no tokens: the figures are estimates");
    }
    if off_percent(streamed.input, whole.input) > NEAR_PERCENT {
        return Sight::new(
            Verdict::Noted,
            format!(
                "the same prompt has {} tokens in the whole answer and {} in the stream",
                whole.input, streamed.input
            ),
        );
    }
    Sight::new(Verdict::Works, "")
}

fn compare(counted: u64, reported: Option<Tokens>, seen: &Sight) -> Sight {
    let told = |verdict, said| Sight {
        verdict,
        said,
        refused: seen.refused,
        receipt: seen.receipt,
    };
    let Some(reported) = reported
        .map(|tokens| tokens.input)
        .filter(|tokens| *tokens > 0)
    else {
        let said = format!("{counted} tokens were counted, and the answer reported none");
        return told(seen.verdict, said);
    };
    let off = off_percent(counted, reported);
    let compared = format!("{counted} tokens were counted and {reported} reported, {off} % off");
    let verdict = match off > NEAR_PERCENT {
        true => Verdict::Noted,
        false => seen.verdict,
    };
    let said = match seen.said.is_empty() {
        true => compared,
        false => format!("{compared}; {}", seen.said),
    };
    told(verdict, said)
}

/// How far a figure is from the one it should be, in percent of that.
fn off_percent(figure: u64, should: u64) -> u64 {
    figure.abs_diff(should).saturating_mul(100) / should.max(1)
}
