//! Ids of the items we write.
//!
//! Promises: an item's id follows from the reply's id and the item's place, so the same reply
//! has the same ids; and an id of ours is known again when a client sends it back. It never
//! reaches a provider, which would look for it among its own.

/// What the items of a reply are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A message.
    Message,
    /// A call of a function.
    Call,
    /// A call of a custom tool.
    CustomCall,
    /// A thought.
    Thought,
    /// A thought of which only the seal exists.
    HiddenThought,
    /// The seal of the item before: this dialect's calls and texts have no room for one.
    Signature,
}

const PREFIXES: [&str; 4] = ["msg_", "rs_", "fc_", "ctc_"];

impl Named {
    /// The id of the item at `index` of the reply `reply`.
    pub(super) fn id(self, reply: &str, index: u32) -> String {
        match self {
            Named::Message => format!("msg_{reply}_{index}"),
            Named::Call => format!("fc_{reply}_{index}"),
            Named::CustomCall => format!("ctc_{reply}_{index}"),
            Named::Thought => format!("rs_{reply}_{index}"),
            Named::HiddenThought => format!("rs_{reply}_{index}h"),
            Named::Signature => format!("rs_{reply}_{index}s"),
        }
    }
}

/// Whether an id is one of ours.
pub(super) fn is_ours(id: &str) -> bool {
    let Some(rest) = PREFIXES.iter().find_map(|prefix| id.strip_prefix(prefix)) else {
        return false;
    };
    let Some((reply, index)) = rest.split_once('_') else {
        return false;
    };
    let digits = index.strip_suffix(['h', 's']).unwrap_or(index);
    !reply.is_empty()
        && reply.bytes().all(|b| b.is_ascii_alphanumeric())
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a thought's id says that only its seal exists; `None` when it is not ours.
pub(super) fn is_hidden(id: &str) -> Option<bool> {
    is_ours(id).then(|| id.ends_with('h'))
}

/// Whether an id says that its item is the seal of the one before.
pub(super) fn is_signature(id: &str) -> bool {
    is_ours(id) && id.ends_with('s')
}
