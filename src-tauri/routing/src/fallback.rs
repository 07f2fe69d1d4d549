//! What to do after a failure, by its category: the one table.

use dialect::FailureCategory;

/// The step that follows a failed attempt, before the client has seen a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The next target of the plan may do better.
    Fallback,
    /// No target would do better: the client gets the answer as it is.
    Stop,
}

/// The step after a failure of this category.
pub fn after(category: FailureCategory) -> Next {
    use FailureCategory as F;
    match category {
        // The request is at fault or the content was declined: another provider
        // would repeat the refusal, or worse, quietly differ in what it allows.
        F::BadRequest | F::ContentFilter => Next::Stop,
        // Another target may have a larger window.
        F::ContextOverflow => Next::Fallback,
        // Thoughts go to their issuer alone: another target is not shown them.
        F::StateLost => Next::Fallback,
        // This key, this model or this account is the trouble, not the request.
        F::Auth | F::Permission | F::NotFound | F::Quota => Next::Fallback,
        // Waiting would help, somebody else helps sooner.
        F::RateLimit | F::Overloaded | F::Timeout | F::Server => Next::Fallback,
        F::Connection | F::Tls | F::BadReply => Next::Fallback,
        // The client has seen part of an answer: a second one would not fit it.
        F::BrokenStream => Next::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waiting_cannot_cure_on_any_target_stops() {
        for category in [
            FailureCategory::BadRequest,
            FailureCategory::ContentFilter,
            FailureCategory::BrokenStream,
        ] {
            assert_eq!(after(category), Next::Stop, "{category:?}");
        }
    }

    #[test]
    fn rate_limits_and_outages_fall_back() {
        for category in [
            FailureCategory::RateLimit,
            FailureCategory::Server,
            FailureCategory::Overloaded,
            FailureCategory::Connection,
            FailureCategory::Tls,
            FailureCategory::Timeout,
            FailureCategory::BadReply,
        ] {
            assert_eq!(after(category), Next::Fallback, "{category:?}");
        }
    }

    #[test]
    fn trouble_with_a_key_a_model_or_an_account_falls_back() {
        for category in [
            FailureCategory::Auth,
            FailureCategory::Permission,
            FailureCategory::NotFound,
            FailureCategory::Quota,
        ] {
            assert_eq!(after(category), Next::Fallback, "{category:?}");
        }
    }

    #[test]
    fn a_thought_that_is_not_valid_at_one_provider_is_not_shown_to_the_next() {
        assert_eq!(after(FailureCategory::StateLost), Next::Fallback);
    }

    #[test]
    fn a_prompt_too_long_for_one_model_may_fit_the_next() {
        assert_eq!(after(FailureCategory::ContextOverflow), Next::Fallback);
    }
}
