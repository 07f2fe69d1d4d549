//! Which answers may be kept: the route's rule, met by the facts of a request and of its answer.
//!
//! Promises: what has no business in a cache has a reason that a person understands, and it stands on the
//! receipt. Leaves out what an answer is known by (`question`).

use std::borrow::Cow;

use dialect::hub::Cacheability;
use dialect::{Endpoint, StopReason};
use memchr::memmem;
use routing::Keeping;

/// Why an answer is not looked for, and not kept.
pub(crate) type Reason = Cow<'static, str>;

/// Whether answers to such a request are kept.
///
/// # Errors
/// Why they are not.
pub(crate) fn may_be_asked_again(
    rule: &Keeping,
    facts: &Cacheability,
    endpoint: Endpoint,
) -> Result<(), Reason> {
    if facts.acts {
        return Err("the provider may look things up for it".into());
    }
    if facts.goes_on {
        return Err("it goes on from something that the provider keeps".into());
    }
    if facts.has_addresses {
        return Err("it names a file by its address, and what lies there may change".into());
    }
    if facts.store == Some(true) && endpoint != Endpoint::Responses {
        return Err("its answer is to be stored at the vendor's".into());
    }
    if facts.has_tool_turns && !rule.tools {
        return Err("it stands in the midst of calls of tools".into());
    }
    if facts.has_seed {
        return Ok(());
    }
    match facts.temperature {
        None if rule.temperature < 1.0 => {
            Err("it asks for no temperature, which counts as 1".into())
        }
        Some(high) if high > rule.temperature => Err(format!(
            "its temperature is {high}, and answers up to {} are kept",
            rule.temperature
        )
        .into()),
        _ => Ok(()),
    }
}

/// Whether a request asks for draws that differ, told by its bytes: reading all of a long one in the hub's words
/// only to leave it alone costs more than passing it on.
pub(crate) fn is_warm_at_a_glance(rule: &Keeping, body: &[u8]) -> Option<Reason> {
    if rule.temperature >= 1.0 || memmem::find(body, b"\"seed\"").is_some() {
        return None;
    }
    const KEY: &[u8] = b"\"temperature\"";
    let is_cold = |at: usize| {
        let rest = body[at + KEY.len()..].trim_ascii_start();
        let rest = rest
            .strip_prefix(b":")
            .unwrap_or_default()
            .trim_ascii_start();
        let end = rest
            .iter()
            .position(|byte| !b"+-.0123456789eE".contains(byte));
        let number = std::str::from_utf8(&rest[..end.unwrap_or(rest.len())]).ok();
        number
            .and_then(|number| number.parse().ok())
            .is_some_and(|number: f64| number <= rule.temperature)
    };
    let may_be_cold = memmem::find_iter(body, KEY).any(is_cold);
    (!may_be_cold).then(|| {
        format!(
            "it asks for no temperature up to {}, and one that is not set counts as 1",
            rule.temperature
        )
        .into()
    })
}

/// Whether an answer that ended like this is one to tell again: whole, and nobody cut it.
pub(crate) fn may_be_told_again(rule: &Keeping, stop: Option<StopReason>) -> bool {
    match stop {
        Some(StopReason::End | StopReason::StopSequence) => true,
        Some(StopReason::ToolCall) => rule.tools,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_only_what_asks_to_be_repeatable_is_kept() {
        let rule = Keeping::default();
        let plain = Cacheability {
            answers: 1,
            ..Cacheability::default()
        };
        let cold = Cacheability {
            temperature: Some(0.0),
            ..plain
        };
        let may = |facts: Cacheability| {
            may_be_asked_again(&rule, &facts, Endpoint::ChatCompletions).is_ok()
        };
        assert!(may(cold));
        assert!(may(Cacheability {
            offers_tools: true,
            ..cold
        }));
        assert!(may(Cacheability {
            has_seed: true,
            temperature: Some(1.5),
            ..plain
        }));
        for not in [
            plain,
            Cacheability {
                temperature: Some(0.7),
                ..plain
            },
            Cacheability { acts: true, ..cold },
            Cacheability {
                goes_on: true,
                ..cold
            },
            Cacheability {
                has_addresses: true,
                ..cold
            },
            Cacheability {
                has_tool_turns: true,
                ..cold
            },
            Cacheability {
                store: Some(true),
                ..cold
            },
        ] {
            assert!(!may(not), "{not:?}");
        }
    }

    #[test]
    fn a_glance_leaves_nothing_out_that_is_cold() {
        let rule = Keeping::default();
        for (body, warm) in [
            (r#"{"messages":[]}"#, true),
            (r#"{"temperature":1}"#, true),
            (r#"{"temperature" : 0.31}"#, true),
            (r#"{"temperature":null}"#, true),
            (r#"{"text":"\"temperature\":0"}"#, true),
            (r#"{"temperature":0}"#, false),
            (r#"{"temperature" : 0.3 }"#, false),
            (
                r#"{"tools":{"temperature":{}},"options":{"temperature":1e-3}}"#,
                false,
            ),
            (r#"{"seed":1}"#, false),
        ] {
            let told = is_warm_at_a_glance(&rule, body.as_bytes()).is_some();
            assert_eq!(told, warm, "{body}");
        }
        let any = Keeping {
            temperature: 1.0,
            ..rule
        };
        assert!(is_warm_at_a_glance(&any, b"{}").is_none());
    }

    #[test]
    fn a_route_may_say_so() {
        let rule = Keeping {
            temperature: 2.0,
            tools: true,
            ..Keeping::default()
        };
        let facts = Cacheability {
            has_tool_turns: true,
            ..Cacheability::default()
        };
        assert!(may_be_asked_again(&rule, &facts, Endpoint::Messages).is_ok());
        assert!(may_be_told_again(&rule, Some(StopReason::ToolCall)));
    }

    #[test]
    fn only_what_ended_by_itself_is_told_again() {
        let rule = Keeping::default();
        use StopReason as S;
        for (stop, told) in [
            (Some(S::End), true),
            (Some(S::StopSequence), true),
            (Some(S::ToolCall), false),
            (Some(S::MaxTokens), false),
            (Some(S::Filtered), false),
            (Some(S::Refusal), false),
            (Some(S::Pause), false),
            (Some(S::Other), false),
            (None, false),
        ] {
            assert_eq!(may_be_told_again(&rule, stop), told, "{stop:?}");
        }
    }
}
