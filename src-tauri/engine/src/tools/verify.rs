//! A model checks and words what a tool has found.
//!
//! Promises: the result is the tool's, whatever the model says: an answer in which it does not stand is not told,
//! and where the model disagrees the result is told without it. The disagreement stands on the receipt and is
//! counted. Nobody being there to check is no failure.
//! Bounds: one model's plan, one answer of [`LONGEST`] characters; [`TOKENS`] tokens are asked for.

use dialect::Reading;
use dialect::hub::{BlockKind, Kind, Message, Part, Reply, Request, Role};
use offload::Done;
use routing::{Asked as Wanted, KeySource, Plan, Provider};

use super::note::Checked;
use super::{Asked, Task};
use crate::attempt::{Answer, Asking};
use crate::choosing;
use crate::headers;
use crate::machine::Engine;
use crate::media::Media;
use crate::opening::AnswerBody;
use crate::resume::{Course, Turn};
use crate::sending::InHub;
use crate::settle::Settlement;
use crate::walk::walk;
use crate::warmth;

/// The longest wording that is told, in characters.
const LONGEST: usize = 2_000;
/// The most tokens that are asked for.
const TOKENS: u64 = 400;
/// What the model is told to do.
const ORDERS: &str = "You check and word results. A user asked a question, and an exact tool has computed the \
    result. Write AGREE on the first line if the result answers the question, or DISAGREE if it surely does not. \
    After AGREE, answer the user on the following lines in one or two sentences, in the user's language, with \
    exactly this result written as it is given. Compute nothing yourself.";

/// What became of it: the wording to tell, where there is one.
pub(crate) async fn check(
    asked: &Asked<'_>,
    task: &Task,
    done: &Done,
    settlement: &mut Settlement,
) -> Option<(Checked, Option<String>)> {
    let model = task.rule.verify.as_deref()?;
    let request = asked.hub.read()?;
    let question = question(request)?;
    let orders = orders(request, model, &question, done);
    let said = match ask(asked, model, orders, settlement).await {
        Some(said) => said,
        None => return Some((Checked::Unusable, None)),
    };
    let known = format!(
        "{question} {} {}",
        done.text,
        done.working.as_deref().unwrap_or_default()
    );
    Some(judged(&said, &done.text, &known))
}

fn question(request: &Request) -> Option<String> {
    let last = request.messages.last()?;
    let texts = last.parts.iter().filter_map(|part| match &part.kind {
        Kind::Text(text) => Some(text.as_str()),
        _ => None,
    });
    Some(texts.collect::<Vec<_>>().join("\n"))
}

fn orders(asked: &Request, model: &str, question: &str, done: &Done) -> Request {
    let working = done.working.as_deref().unwrap_or(&done.text);
    let words = format!(
        "Question:\n{question}\n\nResult of the tool: {}\nHow: {working}",
        done.text
    );
    Request {
        model: model.to_owned(),
        messages: vec![
            Message::new(Role::System, vec![Part::text(ORDERS)]),
            Message::new(Role::User, vec![Part::text(words)]),
        ],
        max_output: Some(TOKENS),
        usage_asked: asked.usage_asked,
        ..Request::default()
    }
}

/// The model's words, where it had some.
async fn ask(
    asked: &Asked<'_>,
    model: &str,
    orders: Request,
    settlement: &mut Settlement,
) -> Option<String> {
    let inner = asked.inner;
    let engine = Engine {
        inner: inner.clone(),
    };
    let wanted = Wanted {
        endpoint: asked.call.endpoint,
        model,
        local_only: asked.local_only,
    };
    let standing = |p: &Provider, m: &str, k: &KeySource| engine.standing(p, m, k);
    let mut plan: Plan = routing::plan(&asked.snapshot.routes, wanted, standing).ok()?;
    let mut ask = choosing::ask(asked.call);
    ask.answer_tokens = TOKENS;
    let beginnings = warmth::beginnings(asked.call, &plan, &ask);
    choosing::choose(&inner.conditions, &mut plan, &ask, &beginnings).ok()?;
    let mut facts = asked.facts.clone();
    model.clone_into(&mut facts.model);
    facts.stream = false;
    let (hub, media, turn) = (InHub::of_ours(orders), Media::default(), Turn::default());
    let asking = Asking {
        inner,
        snapshot: asked.snapshot,
        headers: crate::errand::outgoing(&asked.call.headers, &inner.instance),
        call: asked.call,
        facts: &facts,
        hub: &hub,
        media: &media,
        lossy: headers::accepts_losses(&asked.call.headers),
        receipt: settlement.id(),
        ask,
        beginnings: &beginnings,
        local_only: asked.local_only || plan.policy.local_only,
        policy: plan.policy,
        targets: plan.candidates.len().max(1) as u32,
        course: Course::Turn(&turn),
    };
    let answer: Answer = tokio::select! {
        biased;
        _ = inner.stop.pulled() => return None,
        walked = walk(asking, &plan, settlement) => walked.ok()?,
    };
    let (said, reading) = match &answer.body {
        AnswerBody::Whole(_, reading, Some(reply)) => (Some(text(reply)), reading.clone()),
        // It was not asked for a stream.
        AnswerBody::Whole(..) | AnswerBody::Stream(_) => (None, Reading::default()),
    };
    settlement.turn_ended(asked.snapshot, answer, reading);
    said
}

fn text(reply: &Reply) -> String {
    let blocks = reply.candidates.iter().flat_map(|answer| &answer.blocks);
    blocks
        .filter(|block| block.kind == BlockKind::Text)
        .map(|block| block.text.as_str())
        .collect()
}

/// `known`: where numbers may come from that stand in its words.
fn judged(said: &str, result: &str, known: &str) -> (Checked, Option<String>) {
    let said = said.trim();
    let (verdict, words) = said.split_once('\n').unwrap_or((said, ""));
    let verdict = verdict.trim().trim_matches(['*', '.', ':', '`']);
    let words = words.trim();
    if verdict.eq_ignore_ascii_case("disagree") {
        return (Checked::Disagreed, None);
    }
    let agrees = verdict.eq_ignore_ascii_case("agree");
    let usable = !words.is_empty()
        && words.chars().count() <= LONGEST
        && stands_in(result, words)
        && invents_no_number(words, known);
    match agrees && usable {
        true => (Checked::Agreed, Some(words.to_owned())),
        false => (Checked::Unusable, None),
    }
}

/// Whether the result stands in the words, as itself and not as a part of something longer.
fn stands_in(result: &str, words: &str) -> bool {
    let (result, words) = (plain(result), plain(words));
    let is_part = |c: char| c.is_alphanumeric();
    let is_number = |c: char| c.is_ascii_digit();
    !result.is_empty()
        && words.match_indices(&result).any(|(at, _)| {
            let before = words[..at].chars().next_back();
            let mut after = words[at + result.len()..].chars();
            let (next, one_more) = (after.next(), after.next());
            let goes_on = next.is_some_and(|c| is_part(c) || matches!(c, '%' | '/' | '^' | '!'))
                || (matches!(next, Some('.' | ',')) && one_more.is_some_and(is_number));
            let begun = before.is_some_and(|c| is_part(c) || ".,/-−–^".contains(c));
            !goes_on && !begun
        })
}

/// Every number in the words was known before.
fn invents_no_number(words: &str, known: &str) -> bool {
    let known = plain(known);
    let known: Vec<&str> = numbers(&known).collect();
    numbers(&plain(words)).all(|number| known.contains(&number))
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    parts
        .map(|part| part.trim_matches('.'))
        .filter(|part| !part.is_empty())
}

/// Without the separators that people put between thousands.
fn plain(text: &str) -> String {
    let chars: Vec<char> = text.trim().chars().collect();
    let digit = |at: Option<usize>| {
        at.and_then(|at| chars.get(at))
            .is_some_and(char::is_ascii_digit)
    };
    let groups = |at: usize| {
        digit(at.checked_sub(1)) && (1..=3).all(|on| digit(Some(at + on))) && !digit(Some(at + 4))
    };
    let separates = |at: usize, c: char| matches!(c, ',' | '\u{202f}' | '\u{a0}') && groups(at);
    let kept = chars
        .iter()
        .enumerate()
        .filter(|(at, c)| !separates(*at, **c));
    kept.map(|(_, c)| *c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_in_which_the_result_stands_are_told() {
        let agreed = |said: &str, result: &str| judged(said, result, result).0;
        assert_eq!(agreed("AGREE\nThat makes 103.5.", "103.5"), Checked::Agreed);
        assert_eq!(
            agreed("**AGREE**\nIt is 1,234,567 metres.", "1234567"),
            Checked::Agreed
        );
        assert_eq!(agreed("agree\nIt is 103.55.", "103.5"), Checked::Unusable);
        assert_eq!(agreed("AGREE\nIt is -4.", "4"), Checked::Unusable);
        assert_eq!(
            agreed("AGREE\nIt is about a hundred.", "103.5"),
            Checked::Unusable
        );
        assert_eq!(agreed("AGREE", "4"), Checked::Unusable);
        assert_eq!(agreed("It is 4.", "4"), Checked::Unusable);
        assert_eq!(agreed("DISAGREE\nIt should be 5.", "4"), Checked::Disagreed);
        assert_eq!(judged("DISAGREE\nIt should be 5.", "4", "").1, None);
        assert_eq!(agreed("AGREE\nIt is −4.", "4"), Checked::Unusable);
        assert_eq!(agreed("AGREE\nIt is 5, not 4.", "4"), Checked::Unusable);
        assert_eq!(agreed("AGREE\nIt is 4/5.", "4"), Checked::Unusable);
    }
}
