//! What an answer is known by.
//!
//! Promises: two questions have one fingerprint only if either's answer answers the other: the same
//! is asked (`dialect`'s [`Asked`]), of the same targets, under the same policy, on behalf of the same
//! client scope. Leaves out: what these are called (`engine` and the route's rule say).

use dialect::hub::{Asked, Request};
use sha2::{Digest as _, Sha256};

/// Begins what is hashed: no other hash of ours is one of these.
const SCHEME: &[u8] = b"signalbox fingerprint 1";
/// The same for what is no conversation.
const SCHEME_OF_OTHERS: &[u8] = b"signalbox fingerprint of others 1";

/// What an answer is known by: 256 bits that nobody can aim at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub(crate) [u8; 32]);

/// Who may be told an answer, and who may have given it.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Those who share answers: one client, a project, everybody. Never empty by accident: what is
    /// not shared must differ here.
    pub client: &'a str,
    /// The version of all that decides how a target is asked and chosen: the alias's rule, the
    /// provider's settings. Another version is another question.
    pub policy: &'a str,
    /// The targets that might be asked, each with its provider, address and model. A set: the order
    /// changes with their health and is the policy's.
    pub targets: &'a [String],
}

impl<'a> Scope<'a> {
    /// The targets, in an order of their own and without twins.
    pub(crate) fn set(&self) -> Vec<&'a str> {
        let mut targets: Vec<&str> = self.targets.iter().map(String::as_str).collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    }
}

impl Fingerprint {
    /// Its bytes, for a store.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What the answer to `request` is known by. `None` when the request could be taken for another one
/// (it has a number with more digits than were read): its answer is nobody else's.
pub fn fingerprint(request: &Request, scope: &Scope<'_>) -> Option<Fingerprint> {
    fingerprint_of_asked(&request.asked(), scope)
}

/// The same, where what is asked is known already.
pub fn fingerprint_of_asked(asked: &Asked, scope: &Scope<'_>) -> Option<Fingerprint> {
    let Asked { digest, is_inexact } = asked;
    (!is_inexact).then(|| known_by(SCHEME, digest, scope))
}

/// What an answer is known by that is not a conversation's: `digest` says what is asked, as
/// [`dialect::asked_embed`] does of vectors. Never one that [`fingerprint`] gives.
pub fn fingerprint_of(digest: [u8; 32], scope: &Scope<'_>) -> Fingerprint {
    known_by(SCHEME_OF_OTHERS, &digest, scope)
}

fn known_by(scheme: &[u8], digest: &[u8; 32], scope: &Scope<'_>) -> Fingerprint {
    let Scope {
        client,
        policy,
        targets: _,
    } = scope;
    let mut hasher = Sha256::new();
    hasher.update(scheme);
    hasher.update(digest);
    for word in [*client, *policy].into_iter().chain(scope.set()) {
        // With its length, so that no two words run into one.
        hasher.update((word.len() as u64).to_le_bytes());
        hasher.update(word);
    }
    Fingerprint(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use dialect::{Endpoint, read_request};

    use super::*;

    fn asking(text: &str) -> Request {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}],"metadata":{{"n":1}}}}"#
        );
        read_request(Endpoint::ChatCompletions, body.as_bytes(), None).expect("a request")
    }

    #[test]
    fn everything_that_decides_the_answer_is_in_it() {
        let targets = ["openai gpt".to_owned(), "groq llama".to_owned()];
        let scope = Scope {
            client: "laptop",
            policy: "7",
            targets: &targets,
        };
        let one = fingerprint(&asking("Hi"), &scope);
        assert!(one.is_some());
        let other_way = [targets[1].clone(), targets[0].clone(), targets[0].clone()];
        let same = Scope {
            targets: &other_way,
            ..scope
        };
        assert_eq!(
            fingerprint(&asking("Hi"), &same),
            one,
            "a set has no order and no twins"
        );

        let client = Scope {
            client: "laptop7",
            policy: "",
            ..scope
        };
        let policy = Scope {
            policy: "8",
            ..scope
        };
        let fewer = Scope {
            targets: &targets[..1],
            ..scope
        };
        let joined = ["openai gptgroq llama".to_owned()];
        let joined = Scope {
            targets: &joined,
            ..scope
        };
        for other in [client, policy, fewer, joined] {
            assert_ne!(fingerprint(&asking("Hi"), &other), one, "{other:?}");
        }
        assert_ne!(fingerprint(&asking("Hi!"), &scope), one);
    }

    #[test]
    fn what_is_no_conversation_is_never_taken_for_one() {
        let targets = ["openai gpt".to_owned(), "groq llama".to_owned()];
        let scope = Scope {
            client: "laptop",
            policy: "7",
            targets: &targets,
        };
        let digest = asking("Hi").asked().digest;
        let one = fingerprint_of(digest, &scope);
        assert_ne!(fingerprint(&asking("Hi"), &scope), Some(one));
        let other_way = [targets[1].clone(), targets[0].clone()];
        let same = Scope {
            targets: &other_way,
            ..scope
        };
        assert_eq!(fingerprint_of(digest, &same), one);
        let mut other = digest;
        other[31] ^= 1;
        assert_ne!(fingerprint_of(other, &scope), one);
        for other in [
            Scope {
                client: "desk",
                ..scope
            },
            Scope {
                policy: "8",
                ..scope
            },
            Scope {
                targets: &targets[..1],
                ..scope
            },
        ] {
            assert_ne!(fingerprint_of(digest, &other), one, "{other:?}");
        }
    }

    #[test]
    fn what_could_be_taken_for_something_else_has_none() {
        let body = br#"{"model":"m","messages":[],"logit_bias":{"1":18446744073709551617}}"#;
        let request = read_request(Endpoint::ChatCompletions, body, None).expect("a request");
        let scope = Scope {
            client: "",
            policy: "",
            targets: &[],
        };
        assert_eq!(fingerprint(&request, &scope), None);
    }
}
