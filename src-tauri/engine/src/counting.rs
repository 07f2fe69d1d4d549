//! How many tokens a request has, counted here: for dialects that tell it first, for providers that
//! count none, and for what a provider did not report.
//!
//! Promises: a count made here says how far off it may be. What providers report of translated
//! requests is learnt from, model by model; in memory, because a model's ratio is learnt anew in ten
//! replies.

use std::sync::Mutex;

use counting::{Calibration, Corrected};
use dialect::hub::Request;
use http::HeaderValue;
use routing::Provider;

/// Counts tokens.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    learnt: Mutex<Calibration>,
}

/// A count that was made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// As the provider would count, as far as we know it.
    pub(crate) tokens: u64,
    /// As we counted, before what was learnt.
    pub(crate) counted: u64,
    /// How far off it may be.
    pub(crate) error_percent: u32,
}

impl Count {
    /// For the header that says a count is an estimate: `5%`.
    pub(crate) fn header(self) -> HeaderValue {
        let text = format!("{}%", self.error_percent);
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("1"))
    }
}

impl Counting {
    /// The tokens of a request as this model's provider would count them.
    pub(crate) fn count(&self, provider: &Provider, model: &str, request: &Request) -> Count {
        let countable = dialect::countable(request);
        let around = counting::Around {
            messages: countable.messages as u64,
            tools: countable.tools as u64,
            images: countable.images as u64,
            files: (countable.recordings + countable.documents) as u64,
        };
        let texts = countable.texts.iter().map(|text| text.as_ref());
        let (counted, exact) = counting::count(model, texts, around);
        let Corrected {
            tokens,
            error_percent,
            ..
        } = self.learnt().correct(&key(provider, model), counted, exact);
        Count {
            tokens: tokens.max(1),
            counted,
            error_percent,
        }
    }

    /// A provider counted `actual` where we had counted `counted`.
    pub(crate) fn learn(&self, provider: &Provider, model: &str, counted: u64, actual: u64) {
        self.learnt().learn(&key(provider, model), counted, actual);
    }

    fn learnt(&self) -> std::sync::MutexGuard<'_, Calibration> {
        self.learnt
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn key(provider: &Provider, model: &str) -> String {
    format!("{}/{model}", provider.id)
}
