//! One request of the doctor's, down the very path of everybody's.
//!
//! Promises: at most three at once, each with an end, none after the examination's; every one
//! leaves its receipt. What waiting may cure is tried a second time, what nothing here can cure
//! (a refused key, an empty account) ends the examination.
//! Leaves out: what is asked, and what the answer means.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dialect::hub::Loss;
use dialect::{Dialect, Endpoint, FailureCategory};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt as _, Limited};
use routing::NanoUsd;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::finding::{Finding, Verdict};
use super::question::{one_line, short_text};
use crate::exchange::{Call, InPath};
use crate::headers;
use crate::machine::Engine;
use crate::receipt::{Basis, Ending, Receipt, ReceiptId};
use crate::settle::Arrived;

/// The client's name on the receipts.
pub(super) const CLIENT: &str = "doctor";
/// Requests at once: half a minute for fifty of them, and little trouble with rate limits.
const AT_ONCE: usize = 3;
/// The longest that one answer is waited for.
const ANSWER_LIMIT: Duration = Duration::from_secs(25);
/// How long to wait before the second try, unless the provider names a shorter time.
const BREATH: Duration = Duration::from_secs(2);
/// The largest reply that is read, in bytes.
const REPLY_LIMIT: usize = 4 * 1024 * 1024;
/// The most notes that are named in a finding.
const MOST_NOTES: usize = 4;

/// Asks one model of one provider, and keeps the receipts.
pub(super) struct Asker {
    engine: Engine,
    /// `provider/model`, as a client writes it.
    target: String,
    seats: Semaphore,
    deadline: Instant,
    /// Why nothing more is asked.
    stopped: OnceLock<String>,
    /// Something was answered, whatever it was.
    answered: AtomicBool,
    books: Mutex<Books>,
}

struct Books {
    /// When each request of this examination was made: whoever has a client key of the same name
    /// and asks for the same model is not on its bill.
    asked_unix_ms: HashSet<u64>,
    settled: Receiver<Arc<Receipt>>,
    receipts: BTreeMap<ReceiptId, Arc<Receipt>>,
    /// Some were missed under heavy traffic: the sums are too low.
    missed: bool,
}

/// What came back.
pub(super) struct Heard {
    pub(super) body: Bytes,
    pub(super) receipt: Option<Arc<Receipt>>,
}

/// What a check saw of one dialect.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sight {
    pub(super) verdict: Verdict,
    pub(super) said: String,
    pub(super) refused: bool,
    pub(super) receipt: Option<ReceiptId>,
}

impl Sight {
    pub(super) fn new(verdict: Verdict, said: impl Into<String>) -> Sight {
        Sight {
            verdict,
            said: said.into(),
            refused: false,
            receipt: None,
        }
    }

    pub(super) fn on(self, heard: &Heard) -> Sight {
        Sight {
            receipt: heard.receipt.as_ref().map(|receipt| receipt.id),
            ..self
        }
    }

    /// A refusal of what was offered before is a failure: the provider had taken it.
    pub(super) fn no_refusal(mut self) -> Sight {
        if self.refused {
            self.verdict = Verdict::Failed;
        }
        self
    }

    pub(super) fn finding(self, check: super::Check, dialect: Dialect) -> Finding {
        Finding {
            check,
            dialect,
            verdict: self.verdict,
            said: one_line(&self.said),
            refused: self.refused,
            receipt: self.receipt,
        }
    }
}

impl Heard {
    /// It works, as far as the request itself says: with notes, when something could not travel.
    pub(super) fn sight(&self) -> Sight {
        let lost = self.losses();
        let verdict = match lost.is_empty() {
            true => Verdict::Works,
            false => Verdict::Noted,
        };
        Sight::new(verdict, lost).on(self)
    }

    fn losses(&self) -> String {
        let notes = self.receipt.iter().flat_map(|receipt| &receipt.notes);
        let lost = notes.filter(|note| note.loss != Loss::Equivalent);
        let told: Vec<String> = lost
            .take(MOST_NOTES)
            .map(|note| format!("`{}`: {}", note.what, note.why))
            .collect();
        told.join(" ")
    }

    /// Whether the figures of tokens are the provider's own.
    pub(super) fn is_metered(&self) -> bool {
        self.receipt
            .as_ref()
            .is_none_or(|receipt| receipt.usage_basis != Basis::Estimated)
    }
}

/// What one try came to.
enum Try {
    Answered(Heard),
    /// Waiting may cure it.
    Later(Sight, Duration),
    Ended(Sight),
}

impl Asker {
    pub(super) fn new(engine: &Engine, target: String, limit: Duration) -> Asker {
        Asker {
            engine: engine.clone(),
            target,
            seats: Semaphore::new(AT_ONCE),
            deadline: Instant::now() + limit,
            stopped: OnceLock::new(),
            answered: AtomicBool::new(false),
            books: Mutex::new(Books {
                asked_unix_ms: HashSet::new(),
                settled: engine.live().watch(),
                receipts: BTreeMap::new(),
                missed: false,
            }),
        }
    }

    /// `provider/model`, as a client writes it.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Why it ended before all was tried.
    pub(super) fn stopped(&self) -> Option<String> {
        self.stopped.get().cloned()
    }

    /// Asks nothing more, when nothing was answered so far.
    pub(super) fn stop_unless_answered(&self, why: &str) {
        if !self.answered.load(Ordering::Relaxed) {
            self.stopped.get_or_init(|| why.to_owned());
        }
    }

    /// Asks, and waits for the whole answer.
    pub(super) async fn ask(
        &self,
        endpoint: Endpoint,
        stream: bool,
        body: &Value,
    ) -> Result<Heard, Sight> {
        match self.once(endpoint, stream, body).await {
            Try::Answered(heard) => return Ok(heard),
            Try::Ended(sight) => return Err(sight),
            Try::Later(_, wait) => tokio::time::sleep(wait.min(self.left())).await,
        }
        match self.once(endpoint, stream, body).await {
            Try::Answered(heard) => Ok(heard),
            Try::Ended(sight) | Try::Later(sight, _) => Err(sight),
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    async fn once(&self, endpoint: Endpoint, stream: bool, body: &Value) -> Try {
        let Ok(_seat) = self.seats.acquire().await else {
            return Try::Ended(not_tried("the examination is over"));
        };
        if let Some(why) = self.stopped.get() {
            return Try::Ended(not_tried(why.clone()));
        }
        let limit = ANSWER_LIMIT.min(self.left());
        if limit.is_zero() {
            return Try::Ended(not_tried("the time for the examination was over"));
        }
        let call = self.call(endpoint, stream, body);
        match tokio::time::timeout(limit, self.exchange(call)).await {
            Ok(tried) => tried,
            Err(_) => {
                self.read_books();
                let limit = limit.as_secs_f32();
                Try::Ended(not_tried(format!(
                    "no whole answer came within {limit:.0} s"
                )))
            }
        }
    }

    fn call(&self, endpoint: Endpoint, stream: bool, body: &Value) -> Call {
        let mut sent = HeaderMap::new();
        sent.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        if endpoint.dialect() == Dialect::Anthropic {
            sent.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
        }
        let in_path = endpoint.names_model_in_path();
        let arrived = Arrived::now();
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.asked_unix_ms.insert(arrived.unix_ms);
        drop(books);
        Call {
            endpoint,
            client: CLIENT.into(),
            headers: sent,
            path: in_path.then(|| InPath {
                model: self.target.clone(),
                stream,
            }),
            query: (in_path && stream).then(|| "alt=sse".to_owned()),
            body: body.to_string().into(),
            arrived,
        }
    }

    async fn exchange(&self, call: Call) -> Try {
        // In a box: many checks hold one of these.
        let reply = Box::pin(self.engine.exchange(call)).await;
        let (parts, body) = reply.into_parts();
        let id = parts.headers.get(&headers::RECEIPT);
        let id = id.and_then(|id| id.to_str().ok()?.parse::<ReceiptId>().ok());
        let Ok(body) = Limited::new(body, REPLY_LIMIT).collect().await else {
            self.read_books();
            let mib = REPLY_LIMIT >> 20;
            return Try::Ended(Sight::new(
                Verdict::Failed,
                format!("the answer is larger than {mib} MiB"),
            ));
        };
        let heard = Heard {
            body: body.to_bytes(),
            receipt: id.and_then(|id| self.receipt(id)),
        };
        match parts.status.is_success() {
            true => {
                self.answered.store(true, Ordering::Relaxed);
                Try::Answered(heard)
            }
            false => self.refused(parts.status.as_u16(), &heard),
        }
    }

    /// What a refusal means for the check that met it.
    fn refused(&self, status: u16, heard: &Heard) -> Try {
        use FailureCategory as F;
        let receipt = heard.receipt.as_deref();
        let told = receipt.and_then(|receipt| receipt.message.clone());
        let told = told.unwrap_or_else(|| format!("it was refused with status {status}"));
        let told = short_text(&told);
        let failure = receipt
            .and_then(|receipt| receipt.attempts.last())
            .and_then(|attempt| attempt.failure.as_ref());
        let category = match failure {
            Some(failure) => failure.category,
            // Nobody was asked: it can't be translated, or there is no room for it now.
            None if receipt.is_some_and(|r| r.ending == Ending::Refused && status >= 500) => {
                return Try::Later(not_tried(told).on(heard), BREATH);
            }
            None => F::BadRequest,
        };
        let sight = |verdict| Sight::new(verdict, told.clone()).on(heard);
        match category {
            F::Auth | F::Permission | F::Quota => {
                let why = self.stopped.get_or_init(|| told.clone());
                Try::Ended(Sight::new(Verdict::Failed, why.clone()).on(heard))
            }
            F::BadRequest | F::ContextOverflow | F::ContentFilter => Try::Ended(Sight {
                refused: true,
                ..sight(Verdict::NotOffered)
            }),
            F::RateLimit | F::Overloaded | F::Drained => {
                Try::Later(sight(Verdict::NotTried), BREATH)
            }
            F::Timeout | F::Server | F::Connection | F::Tls | F::BrokenStream => {
                Try::Later(sight(Verdict::Failed), BREATH / 4)
            }
            F::NotFound | F::StateLost | F::BadReply => Try::Ended(sight(Verdict::Failed)),
        }
    }

    fn receipt(&self, id: ReceiptId) -> Option<Arc<Receipt>> {
        self.read_books();
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.receipts.get(&id).cloned()
    }

    /// Takes in the receipts that were settled since the last look.
    fn read_books(&self) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match books.settled.try_recv() {
                Ok(receipt) => {
                    let ours = receipt.client.as_deref() == Some(CLIENT)
                        && receipt.requested_model.as_deref() == Some(&*self.target)
                        && books.asked_unix_ms.contains(&receipt.started_unix_ms);
                    if ours {
                        books.receipts.insert(receipt.id, receipt);
                    }
                }
                Err(TryRecvError::Lagged(_)) => books.missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Requests, what they cost, and how sure that is.
    pub(super) fn bill(&self) -> (u32, NanoUsd, Basis) {
        self.read_books();
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut cost, mut basis) = (0i64, Basis::None);
        for receipt in books.receipts.values() {
            cost = cost.saturating_add(receipt.cost.0);
            basis = match (basis, receipt.cost_basis) {
                (basis, Basis::None) => basis,
                (Basis::None | Basis::Metered, Basis::Metered) => Basis::Metered,
                _ => Basis::Estimated,
            };
        }
        if books.missed && basis == Basis::Metered {
            basis = Basis::Estimated;
        }
        (books.receipts.len() as u32, NanoUsd(cost), basis)
    }
}

fn not_tried(why: impl Into<String>) -> Sight {
    Sight::new(Verdict::NotTried, why)
}
