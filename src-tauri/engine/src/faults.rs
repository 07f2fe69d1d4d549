//! The errors that are our own, in one place: what each says and how it is coded.
//! What a provider did wrong is worded in `dialect`.

use dialect::hub::Refused;
use dialect::{Fault, FaultKind};
use routing::{Dropped, NoRoute};

/// The request has been here before.
pub(crate) fn looped() -> Fault {
    Fault::new(
        FaultKind::LoopDetected,
        "loop_detected",
        "This request has been through this Signalbox before. One of the providers points back at \
         it; check the base URLs on the Providers page.",
    )
}

/// A person has paused routing.
pub(crate) fn paused() -> Fault {
    unavailable(
        "paused",
        "Signalbox is paused. Resume it from the tray or the panel.",
    )
}

/// The whole app takes no new work.
pub(crate) fn draining() -> Fault {
    unavailable(
        "draining",
        "Signalbox is draining: it finishes what it has and takes no new requests. Resume it on \
         the Providers page.",
    )
}

/// The only target began to drain before it was asked.
pub(crate) fn drained(why: &str) -> Fault {
    unavailable(
        "draining",
        format!("No provider can serve this now: {why}."),
    )
}

/// Receipts wait for the disk.
pub(crate) fn ledger_behind() -> Fault {
    unavailable(
        "ledger_behind",
        "Signalbox's ledger can't keep up with the traffic; try again in a second.",
    )
}

/// No room for another exchange.
pub(crate) fn full(limit: usize) -> Fault {
    unavailable(
        "too_many_exchanges",
        format!(
            "Signalbox is serving {limit} exchanges, its limit (server.max_exchanges); try again \
             in a second."
        ),
    )
}

/// The app is ending.
pub(crate) fn stopping() -> Fault {
    unavailable(
        "stopping",
        "Signalbox is stopping; try again when it is back.",
    )
}

/// The request can't be read.
pub(crate) fn malformed(message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::InvalidRequest, "malformed_request", message)
}

/// No target can take the request as it is asked.
pub(crate) fn untranslatable(provider: &str, refused: &Refused) -> Fault {
    Fault::new(
        FaultKind::InvalidRequest,
        "cannot_translate",
        format!(
            "{provider} can't take `{}`: {} Ask a model that can, take it out, or send the header \
             `x-signalbox-lossy: ok` to go without it.",
            refused.what, refused.why
        ),
    )
}

/// No target, and those that were left out.
pub(crate) fn no_route(no_route: NoRoute) -> (Fault, Vec<Dropped>) {
    match no_route {
        NoRoute::UnknownModel { message } => {
            let fault = Fault {
                param: Some("model"),
                ..Fault::new(FaultKind::NotFound, "unknown_model", message)
            };
            (fault, Vec::new())
        }
        // A drain passes.
        NoRoute::NoTarget {
            message,
            dropped,
            draining: true,
        } => (unavailable("draining", message), dropped),
        // 400, not 503: SDKs would repeat a 503, and only a person can cure this.
        NoRoute::NoTarget {
            message, dropped, ..
        } => {
            let fault = Fault::new(FaultKind::InvalidRequest, "no_target", message);
            (fault, dropped)
        }
    }
}

/// A defect of ours ended the call.
pub(crate) fn died() -> Fault {
    Fault {
        status: 500,
        ..unavailable(
            "internal",
            "Signalbox met a defect of its own while it served this; the log has its place. Try again.",
        )
    }
}

/// The client takes a kept answer or none, and there is none.
pub(crate) fn not_kept() -> Fault {
    Fault {
        status: 504,
        ..unavailable(
            "not_cached",
            "No answer to this was kept, and the request wants no other (only-if-cached). Send it without \
             `only-if-cached` to have it answered.",
        )
    }
}

fn unavailable(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Unavailable, code, message)
}
