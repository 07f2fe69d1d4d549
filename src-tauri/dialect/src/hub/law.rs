//! The law of rows, as a check for tests.

use super::{BlockKind, Event};

/// Says where a row of events breaks the law that `event` states.
pub(crate) fn check(events: &[Event]) -> Result<(), String> {
    let mut open: Vec<(u32, u32)> = Vec::new();
    let (mut opened, mut ended, mut stopped) = (0, false, Vec::new());
    for (at, event) in events.iter().enumerate() {
        let wrong = |what: &str| Err(format!("{what} at event {at}: {event:?}"));
        if ended {
            return wrong("the row goes on after its end");
        }
        match event {
            Event::Start(_) if at > 0 => return wrong("a second start"),
            _ if at == 0 && !matches!(event, Event::Start(_) | Event::Failed(_) | Event::Ping) => {
                return wrong("the row does not begin with a start");
            }
            Event::Open {
                block,
                candidate,
                kind,
            } => {
                if *block != opened {
                    return wrong("a block out of turn");
                }
                if stopped.contains(candidate) {
                    return wrong("a block after its candidate's stop");
                }
                if let BlockKind::ToolCall(call) = kind
                    && !call.arguments.is_empty()
                {
                    return wrong("a call opened with arguments");
                }
                opened += 1;
                open.push((*candidate, *block));
            }
            Event::Delta { block, .. }
            | Event::Seal { block, .. }
            | Event::Annotate { block, .. } => {
                if !open.iter().any(|(_, one)| one == block) {
                    return wrong("a block that is not open");
                }
            }
            Event::Close { block } => {
                if !open.iter().any(|(_, one)| one == block) {
                    return wrong("a block that is not open");
                }
                open.retain(|(_, one)| one != block);
            }
            Event::Stop { candidate, .. } => {
                if open.iter().any(|(one, _)| one == candidate) {
                    return wrong("a stop with a block open");
                }
                if stopped.contains(candidate) {
                    return wrong("a second stop");
                }
                stopped.push(*candidate);
            }
            Event::End => {
                if !open.is_empty() || stopped.is_empty() {
                    return wrong("an end before the stop");
                }
                ended = true;
            }
            Event::Failed(_) => ended = true,
            Event::Start(_) | Event::Usage(_) | Event::Extra { .. } | Event::Ping => {}
        }
    }
    Ok(())
}
