//! Ids that tie results to calls: legal for the target, unique, and the same on every turn.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use sha2::{Digest as _, Sha256};

use crate::Dialect;
use crate::hub::{Back, Kind, Message, Notes, Part, Request, Role, Target};

/// A stable name for a text: lower-case letters and digits.
pub(super) fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Makes ids legal. A result finds its call by the id as the caller wrote it; where there is none
/// (Ollama, Gemini), by order.
pub(super) fn fit(request: &mut Request, target: &Target<'_>, notes: &mut Notes, back: &mut Back) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut sent: BTreeMap<String, VecDeque<String>> = BTreeMap::new();
    let mut unanswered: VecDeque<String> = VecDeque::new();
    let mut mapped = false;
    let mut count = 0usize;
    for part in request
        .messages
        .iter_mut()
        .flat_map(|message| &mut message.parts)
    {
        match &mut part.kind {
            Kind::ToolCall(call) => {
                count += 1;
                let seed = match call.id.is_empty() {
                    true => format!("call {count} {}", call.name),
                    false => call.id.clone(),
                };
                let mut id = legal(target, &call.id, &seed);
                let mut again = 0u32;
                while !used.insert(id.clone()) {
                    again += 1;
                    id = made(target, &format!("{seed} again {again}"));
                }
                if id != call.id {
                    mapped |= !call.id.is_empty();
                    back.ids.insert(id.clone(), call.id.clone());
                }
                sent.entry(std::mem::take(&mut call.id))
                    .or_default()
                    .push_back(id.clone());
                unanswered.push_back(id.clone());
                call.id = id;
            }
            Kind::ToolResult(result) => {
                let known = sent.get_mut(&result.call_id).and_then(|ids| {
                    // The last result of a call may come twice; the first id of several is answered first.
                    if ids.len() > 1 {
                        ids.pop_front()
                    } else {
                        ids.front().cloned()
                    }
                });
                let id = match known {
                    Some(id) => id,
                    None if result.call_id.is_empty() => {
                        unanswered.front().cloned().unwrap_or_default()
                    }
                    None => legal(target, &result.call_id, &result.call_id),
                };
                unanswered.retain(|one| *one != id);
                result.call_id = id;
            }
            _ => {}
        }
    }
    if mapped {
        notes.equivalent(
            "tool_call_id",
            "Ids that the provider does not allow were mapped.",
        );
    } else {
        // Ids that were made up for calls without any are nobody's to map back to.
        back.ids.retain(|_, before| !before.is_empty());
    }
}

fn legal(target: &Target<'_>, id: &str, seed: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let fits = if target.quirks.nine_character_ids {
        id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric())
    } else {
        match target.dialect {
            Dialect::Anthropic | Dialect::Bedrock => {
                !id.is_empty() && id.len() <= 64 && id.chars().all(plain)
            }
            // Their own errors name these lengths.
            Dialect::OpenAi => !id.is_empty() && id.len() <= 40,
            Dialect::Responses => !id.is_empty() && id.len() <= 64,
            _ => !id.is_empty(),
        }
    };
    if fits {
        id.to_owned()
    } else {
        made(target, seed)
    }
}

fn made(target: &Target<'_>, seed: &str) -> String {
    let digest = digest(seed);
    if target.quirks.nine_character_ids {
        digest[..9].to_owned()
    } else {
        format!("call_{}", &digest[..24])
    }
}

/// A result is told the name of its tool, which some dialects want with it.
pub(super) fn name_results(request: &mut Request, notes: &mut Notes) {
    let mut names: HashMap<String, String> = HashMap::new();
    for part in request
        .messages
        .iter_mut()
        .flat_map(|message| &mut message.parts)
    {
        match &mut part.kind {
            Kind::ToolCall(call) => {
                names.insert(call.id.clone(), call.name.clone());
            }
            Kind::ToolResult(result) => match names.get(&result.call_id) {
                Some(name) => result.name = Some(name.clone()),
                None if result.name.is_none() => {
                    notes.degraded(
                        "tool_call_id",
                        "A tool's result names no call of this conversation.",
                    );
                    result.name = Some(result.call_id.clone());
                }
                None => {}
            },
            _ => {}
        }
    }
}

/// Results in the order of their calls, where the target wants them so.
pub(super) fn order_results(request: &mut Request, target: &Target<'_>) {
    if !matches!(
        target.dialect,
        Dialect::Anthropic | Dialect::Gemini | Dialect::Bedrock
    ) {
        return;
    }
    let mut calls: Vec<String> = Vec::new();
    let mut at = 0;
    while at < request.messages.len() {
        if request.messages[at].role != Role::Tool {
            if request.messages[at].role == Role::Assistant {
                let starts_a_turn = at == 0 || request.messages[at - 1].role != Role::Assistant;
                if starts_a_turn {
                    calls.clear();
                }
                calls.extend(calls_of(&request.messages[at]));
            }
            at += 1;
            continue;
        }
        let end = (at..request.messages.len())
            .find(|&one| request.messages[one].role != Role::Tool)
            .unwrap_or(request.messages.len());
        sort_run(&mut request.messages[at..end], &calls);
        at = end;
    }
}

fn calls_of(message: &Message) -> impl Iterator<Item = String> {
    message.parts.iter().filter_map(|part| match &part.kind {
        Kind::ToolCall(call) => Some(call.id.clone()),
        _ => None,
    })
}

/// Sorts the parts of a run of tool messages, keeping how many each message has.
fn sort_run(run: &mut [Message], calls: &[String]) {
    let mut parts: Vec<Part> = run
        .iter_mut()
        .flat_map(|message| std::mem::take(&mut message.parts))
        .collect();
    let sizes_matter = run.len() == 1;
    parts.sort_by_key(|part| match &part.kind {
        Kind::ToolResult(result) => calls
            .iter()
            .position(|call| *call == result.call_id)
            .unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    if sizes_matter {
        run[0].parts = parts;
        return;
    }
    let mut parts = parts.into_iter();
    let last = run.len() - 1;
    for message in &mut run[..last] {
        message.parts.extend(parts.next());
    }
    run[last].parts.extend(parts);
}
