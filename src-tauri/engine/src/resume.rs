//! Going on with a stream that broke, at another target.
//!
//! Promises: only where the alias's policy says so, and only where the caller's text so far can be the
//! beginning of somebody else's answer. Who goes on is one of the same plan that was not asked before; it is
//! asked down the path of every request, and its try stands on the receipt like any other.
//! Bounds: [`MOST_ASKED`] targets a request, each with the time that a first word may take.
//! Leaves out: how two texts are joined (`dialect`), and the stream itself (`relay`).

use std::sync::Arc;

use dialect::hub::{Loss, Note, Refused};
use dialect::{Endpoint, Facts, Failure, FailureCategory, Task, estimate_tokens};
use http::HeaderMap;
use routing::{Ask, BrokenStream, Candidate, Door, Dropped, Plan, Policy, Way};

use crate::attempt::{self, Answer, Asking, Failed, Turn as Try};
use crate::exchange::Call;
use crate::machine::Inner;
use crate::media::Media;
use crate::opening::AnswerBody;
use crate::passage::{Parting, Passage, Use};
use crate::receipt::ReceiptId;
use crate::sending::{self, InHub, Unsent};
use crate::settle::Settlement;
use crate::snapshot::Snapshot;
use crate::warmth::Beginnings;

/// The most targets that are asked to go on with the answer to one request.
const MOST_ASKED: u32 = 2;

/// What becomes of the answer to an attempt.
#[derive(Clone, Copy)]
pub(crate) enum Course<'a> {
    /// It is the caller's as it comes.
    Plain,
    /// It is followed, so that another target can go on with it.
    Followed,
    /// It goes on with another one.
    GoesOn(&'a Broken),
    /// Tools may be run for it here.
    Turn(&'a Turn),
}

impl<'a> Course<'a> {
    pub(crate) fn passage(self) -> Use<'a> {
        match self {
            Course::Plain => Use::Told,
            Course::Followed => Use::Followed,
            Course::GoesOn(_) => Use::Gathered,
            Course::Turn(turn) if turn.goes_on => Use::Gathered,
            Course::Turn(turn) => Use::Parted(&turn.parting),
        }
    }

    pub(crate) fn broken(self) -> Option<&'a Broken> {
        match self {
            Course::GoesOn(broken) => Some(broken),
            Course::Plain | Course::Followed | Course::Turn(_) => None,
        }
    }
}

/// A turn of a model whose tools are run here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn {
    pub(crate) parting: Parting,
    /// Turns before it.
    pub(crate) before: u32,
    /// Its stream goes on with one that is under way.
    pub(crate) goes_on: bool,
}

/// An answer that broke off.
pub(crate) struct Broken {
    /// Its text, as its caller has it.
    pub(crate) so_far: String,
    /// Whose it was, for people.
    provider: String,
}

impl Broken {
    /// Why another target is asked.
    pub(crate) fn why(&self) -> String {
        let tokens = estimate_tokens(self.so_far.len() as u64);
        format!(
            "goes on with the answer of {}, which broke after about {tokens} tokens",
            self.provider
        )
    }

    /// Where the answer is sewn together.
    pub(crate) fn seam(&self, next: &str) -> Note {
        let letters = self.so_far.chars().count();
        note(format!(
            "{} broke off after {letters} characters; {next} went on from there.",
            self.provider
        ))
    }

    /// Nothing was said that must be gone on from.
    fn is_blank(&self) -> bool {
        self.so_far.trim().is_empty()
    }
}

fn note(why: String) -> Note {
    Note {
        loss: Loss::Degraded,
        what: "seam".to_owned(),
        why,
    }
}

/// Says on the receipt why nobody went on.
pub(crate) fn not_gone_on(why: &str) -> Note {
    note(format!(
        "The answer broke off, and no other target went on with it: {why}."
    ))
}

/// Whether the answer to this may be gone on with elsewhere: by its alias's policy, in a conversation, with
/// somebody left.
pub(crate) fn is_followed(plan: &Plan, endpoint: Endpoint, streams: bool) -> bool {
    use Endpoint as E;
    let talks = matches!(
        endpoint,
        E::ChatCompletions | E::Messages | E::Responses | E::GenerateContent | E::OllamaChat
    );
    let wanted = plan.policy.broken_stream == BrokenStream::Continue;
    wanted && talks && streams && plan.candidates.len() > 1
}

/// How a target is asked to go on from a text: in the dialect it is asked in anyway, or in another that has
/// a way to say it. `None`: it can't be.
pub(crate) fn door(candidate: &Candidate, asked: Endpoint) -> Option<Door<'_>> {
    let provider = &candidate.provider;
    let usual = provider.door(asked)?;
    let goes_on = |door: &Door<'_>| sending::target(candidate, door).goes_on();
    // The practice provider is shown the text in whatever dialect.
    if provider.practice || goes_on(&usual) {
        return Some(usual);
    }
    provider.surfaces.iter().find_map(|surface| {
        let other = Door {
            surface,
            endpoint: surface.dialect.endpoint(Task::Generate)?,
            way: Way::Translated,
        };
        (surface.dialect != usual.surface.dialect && goes_on(&other)).then_some(other)
    })
}

/// What is kept of a request so that another target can be asked while its answer is under way.
pub(crate) struct Reserve {
    pub(crate) inner: Arc<Inner>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) call: Call,
    pub(crate) facts: Facts,
    pub(crate) headers: HeaderMap,
    pub(crate) hub: InHub,
    pub(crate) media: Media,
    pub(crate) beginnings: Beginnings,
    pub(crate) lossy: bool,
    pub(crate) receipt: ReceiptId,
    pub(crate) ask: Ask,
    pub(crate) policy: Policy,
    pub(crate) local_only: bool,
    /// Who was not asked yet.
    pub(crate) left: Vec<Candidate>,
    /// How many were asked to go on so far.
    pub(crate) asked: u32,
    /// How many targets its plan has.
    pub(crate) targets: u32,
}

/// How the search for somebody to go on has ended.
pub(crate) struct Resumed {
    pub(crate) reserve: Box<Reserve>,
    pub(crate) settlement: Settlement,
    pub(crate) broken: Broken,
    /// The rest of the answer, or a sentence's end that says why there is none.
    pub(crate) rest: Result<Answer, String>,
}

/// Asks for the rest of an answer that broke off.
pub(crate) async fn resume(
    mut reserve: Box<Reserve>,
    broken: Broken,
    mut settlement: Settlement,
) -> Resumed {
    let stop = Arc::clone(&reserve.inner.stop);
    let rest = tokio::select! {
        // First, because a stop tells each attempt too.
        biased;
        why = stop.pulled() => Err(why.to_string()),
        rest = reserve.ask(&broken, &mut settlement) => rest,
    };
    Resumed {
        reserve,
        settlement,
        broken,
        rest,
    }
}

impl Reserve {
    /// The answer under way as another target gets it.
    ///
    /// # Errors
    /// A sentence's end that says why it can't be gone on with.
    pub(crate) fn may_go_on(
        &self,
        failure: &Failure,
        passage: &Passage,
        provider: &str,
    ) -> Result<Broken, String> {
        if !may_be_cured(failure.category) {
            return Err("another provider would not do better".to_owned());
        }
        if self.asked >= MOST_ASKED {
            return Err(format!("{MOST_ASKED} were asked to already"));
        }
        let request = self.hub.get(&self.asking(Course::Plain));
        let request = request.map_err(|_| "the request can't be read here".to_owned())?;
        request.may_be_gone_on_with()?;
        let Some(so_far) = passage.so_far() else {
            return Err("it was passed on as it came".to_owned());
        };
        let so_far = so_far.map_err(|fixed| fixed.to_string())?;
        let broken = Broken {
            so_far: so_far.to_owned(),
            provider: provider.to_owned(),
        };
        if !self.left.iter().any(|one| self.can(one, &broken)) {
            return Err("no other target of the plan can be made to".to_owned());
        }
        Ok(broken)
    }

    fn can(&self, candidate: &Candidate, broken: &Broken) -> bool {
        let drains = &self.inner.drains;
        let drained = drains.standing(&candidate.provider, Some(&candidate.model), &candidate.key);
        drained.is_none() && (broken.is_blank() || door(candidate, self.call.endpoint).is_some())
    }

    async fn ask(
        &mut self,
        broken: &Broken,
        settlement: &mut Settlement,
    ) -> Result<Answer, String> {
        let mut why = "no other target of the plan can be made to".to_owned();
        while self.asked < MOST_ASKED {
            let Some(candidate) = self.next(broken) else {
                return Err(why);
            };
            if !self.inner.conditions.spare(&candidate, &self.ask) {
                return Err("too much fails at once to try more".to_owned());
            }
            let asking = self.asking(Course::GoesOn(broken));
            match attempt::one(&asking, &candidate, Try::First, &[], settlement).await {
                Ok(answer) if matches!(answer.body, AnswerBody::Stream(_)) => {
                    self.asked += 1;
                    return Ok(answer);
                }
                Ok(_) | Err(Failed::Attempt(_)) => {
                    self.asked += 1;
                    why = "who was asked to failed too".to_owned();
                }
                Err(Failed::Unsent(Unsent::Unfit(refused))) => {
                    settlement.unfit(unfit(&candidate, &refused));
                }
                Err(Failed::Unsent(Unsent::Malformed(_))) => {}
            }
        }
        Err(why)
    }

    /// The next that can go on, taken out of those that are left.
    fn next(&mut self, broken: &Broken) -> Option<Candidate> {
        let able: Vec<usize> = (0..self.left.len())
            .filter(|at| self.can(&self.left[*at], broken))
            .collect();
        let candidates: Vec<&Candidate> = able.iter().map(|at| &self.left[*at]).collect();
        let chosen = self.inner.conditions.next(&candidates, &self.ask)?;
        Some(self.left.remove(able[chosen]))
    }

    pub(crate) fn asking<'a>(&'a self, course: Course<'a>) -> Asking<'a> {
        Asking {
            inner: &self.inner,
            snapshot: &self.snapshot,
            call: &self.call,
            facts: &self.facts,
            headers: self.headers.clone(),
            hub: &self.hub,
            media: &self.media,
            lossy: self.lossy,
            receipt: self.receipt,
            ask: self.ask,
            beginnings: &self.beginnings,
            policy: self.policy,
            local_only: self.local_only,
            targets: match course {
                Course::Turn(_) => self.targets,
                _ => 1,
            },
            course,
        }
    }
}

fn unfit(candidate: &Candidate, refused: &Refused) -> Dropped {
    Dropped {
        target: format!("{}/{}", candidate.provider.id, candidate.model),
        reason: format!(
            "{} can't go on with an answer to this, for `{}`: {}",
            candidate.provider.name, refused.what, refused.why
        ),
    }
}

/// What is the request's own fault, or was declined, is so elsewhere too.
fn may_be_cured(category: FailureCategory) -> bool {
    use FailureCategory as F;
    !matches!(
        category,
        F::BadRequest | F::ContentFilter | F::ContextOverflow | F::StateLost
    )
}
