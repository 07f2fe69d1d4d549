//! How a task is asked for, before it and behind it.
//!
//! ```text
//! lead   = [please] [what | order]
//! what   = "what is" | "what's" | "whats"
//! order  = [("can" | "could") "you" [please]] ("calculate" | "compute" | "evaluate" | "work out") [":"]
//!        | "how much is" | what "the" ("result" | "value") "of" | what "the answer to"
//! tail   = ["="] ["?"…] [[","] ("please" | "thanks")] ["?" | "." | "!"] end
//! ```

use super::place::{Miss, Place};

/// How plainly a computation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// Without a word.
    Bare,
    /// "What is": dates, scores and names are asked for so, too.
    What,
    /// With a word that asks for nothing else.
    Order,
}

const WHAT: [&str; 4] = ["what is", "what's", "what’s", "whats"];
const ORDER: [&str; 4] = ["calculate", "compute", "evaluate", "work out"];
const OF: [&str; 3] = ["the result of", "the value of", "the answer to"];

/// Reads the lead.
pub(super) fn lead(place: &mut Place<'_>) -> Asked {
    place.words("please");
    if place.any(&["can you", "could you"]) {
        let before = *place;
        place.words("please");
        return order(place, before);
    }
    if place.words("how much is") {
        return Asked::Order;
    }
    if place.any(&WHAT) {
        return if place.any(&OF) {
            Asked::Order
        } else {
            Asked::What
        };
    }
    order(place, *place)
}

fn order<'a>(place: &mut Place<'a>, before: Place<'a>) -> Asked {
    if !place.any(&ORDER) {
        *place = before;
        return Asked::Bare;
    }
    place.eat(":");
    Asked::Order
}

/// What stood behind the task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// `=`: a computation, and nothing else.
    pub(super) equals: bool,
    /// `?`.
    pub(super) question: bool,
}

/// Reads the tail, which is the message's end.
pub(super) fn tail(place: &mut Place<'_>) -> Result<Tail, Miss> {
    let mut tail = Tail::default();
    place.spaces();
    tail.equals = place.eat("=");
    place.spaces();
    tail.question = place.skip(|b| b == b'?') > 0;
    let before = *place;
    place.spaces();
    place.eat(",");
    let is_polite = place.any(&["please", "thanks"]);
    if !is_polite {
        *place = before;
    }
    if is_polite && place.eat("?") {
        tail.question = true;
    } else if is_polite || !tail.question {
        // `!` behind a number is a factorial, or joy: only politeness may end with it.
        let _ = place.eat(".") || (is_polite && place.eat("!"));
    }
    place.spaces();
    if place.is_at_end() {
        Ok(tail)
    } else {
        Err(place.miss("the end"))
    }
}
