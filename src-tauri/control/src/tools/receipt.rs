//! What tools had to do with a request, as its receipt is shown.

use engine::{ToolNote, ToolRun};

use crate::convert::{ms, word};
use crate::shown::{ToolCallShown, ToolNoteShown, ToolTroubleShown};

/// The note of a receipt.
pub(crate) fn note(note: &ToolNote) -> ToolNoteShown {
    ToolNoteShown {
        way: word(&note.way),
        tool: note.tool.clone(),
        why: note.why.clone(),
        calls: note.calls.iter().map(call).collect(),
        checked: note.checked.as_ref().map(word),
        wrong_sums: note.wrong_sums,
        corrected: note.corrected,
        saved_nano_usd: note.saved.0,
        saved_basis: word(&note.saved_basis),
        saved_tokens: note.saved_tokens,
    }
}

fn call(run: &ToolRun) -> ToolCallShown {
    ToolCallShown {
        tool: run.tool.clone(),
        round: run.round,
        took_ms: ms(run.took_us),
        trouble: run.trouble.as_ref().map(|trouble| ToolTroubleShown {
            kind: trouble.kind.clone(),
            message: trouble.message.clone(),
        }),
        cost_nano_usd: run.cost.0,
    }
}
