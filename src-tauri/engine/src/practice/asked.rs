//! The little that a practice answer needs to know of a conversation.

use dialect::hub::{Kind, Message, Request, Role};

/// The most that is quoted of the last user's text, in bytes.
const MAX_TEXT_BYTES: usize = 4 * 1024;

/// What a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The text of the last user message that has any, at most 4 KiB.
    pub(super) last_user_text: String,
    /// The conversation ends with a tool's result, so a call was just answered.
    pub(super) last_is_tool_result: bool,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Asked {
        let messages = &request.messages;
        // Notes by the client may stand behind the turn they belong to.
        let is_note = |message: &&Message| matches!(message.role, Role::System | Role::Developer);
        let mut said = messages.iter().rev().filter(|message| !is_note(message));
        let mut last_turn = said
            .clone()
            .take_while(|message| message.role != Role::Assistant);
        let last_user_text = said
            .find_map(|message| {
                (message.role == Role::User)
                    .then(|| text(message))
                    .filter(|text| !text.is_empty())
            })
            .unwrap_or_default();
        Asked {
            last_user_text,
            last_is_tool_result: last_turn.any(|message| message.role == Role::Tool),
        }
    }
}

/// A message's texts, a line each, cut to what is worth quoting.
fn text(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match &part.kind {
        // Claude Code puts its own notes before what the user typed.
        Kind::Text(text) if !text.trim_start().starts_with("<system-reminder>") => {
            Some(text.as_str())
        }
        _ => None,
    });
    let mut text = texts.collect::<Vec<_>>().join("\n");
    if text.len() > MAX_TEXT_BYTES {
        let cut = (0..=MAX_TEXT_BYTES)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(cut.unwrap_or(0));
    }
    text
}

#[cfg(test)]
mod tests {
    use dialect::hub::{Part, ToolResult};

    use super::*;

    fn user(texts: &[&str]) -> Message {
        Message::new(
            Role::User,
            texts.iter().map(|text| Part::text(*text)).collect(),
        )
    }

    fn asked(messages: Vec<Message>) -> Asked {
        Asked::of(&Request {
            messages,
            ..Request::default()
        })
    }

    #[test]
    fn a_tools_own_reminders_are_not_the_users_words() {
        let reminder = "<system-reminder>\nbe brief\n</system-reminder>";
        assert_eq!(
            asked(vec![user(&[reminder, "Good morning"])]).last_user_text,
            "Good morning"
        );
    }

    #[test]
    fn a_tool_result_is_seen_behind_a_note_of_the_client() {
        let result = Kind::ToolResult(ToolResult {
            call_id: "t".to_owned(),
            name: None,
            parts: vec![Part::text("42")],
            is_error: false,
            custom: false,
        });
        let seen = asked(vec![
            user(&["go"]),
            Message::new(Role::Assistant, Vec::new()),
            Message::new(Role::Tool, vec![Part::new(result)]),
            Message::new(Role::System, vec![Part::text("note")]),
        ]);
        assert!(seen.last_is_tool_result);
        assert_eq!(seen.last_user_text, "go");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let long = format!("x{}", "ä".repeat(4_000));
        assert_eq!(
            asked(vec![user(&[&long])]).last_user_text.len(),
            MAX_TEXT_BYTES - 1
        );
    }
}
