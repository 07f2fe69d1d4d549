//! One connection to one server: its beginning, its uses, its end.
//!
//! A task keeps it (`keep`): it starts the server, watches it, and ends it with all it started when it is
//! told to, when nobody has used it for a while, or when it is of no use. Whoever calls holds a [`Use`].

mod keep;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rmcp::model::{CallToolRequestParams, CallToolResponse};
use rmcp::service::{Peer, RoleClient, ServiceError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::time::{Instant, timeout};

use crate::bounded::Why;
use crate::program::Tail;
use crate::reading::{answer, trouble};
use crate::{
    AT_ONCE, Answer, SILENT, Server, Times, ToolOffer, Transport, Trouble, TroubleKind, WAITING,
    offers, web,
};

/// A connection and those who use it.
#[derive(Debug)]
pub(crate) struct Line {
    name: String,
    times: Times,
    state: watch::Sender<State>,
    uses: Mutex<Uses>,
    /// A turn, and a place among those who wait for one.
    turns: Semaphore,
    places: Semaphore,
    tools: tokio::sync::Mutex<Option<Listed>>,
    /// The server says that its list is another one now.
    is_list_old: Arc<AtomicBool>,
    tail: Tail,
    why: Why,
    token: Option<SecretString>,
    /// It is of no use any more.
    given_up: Notify,
}

#[derive(Debug, Clone)]
enum State {
    Starting,
    Ready(Peer<RoleClient>),
    /// At its end, and why, as the end of a sentence about the server.
    Over(String),
}

#[derive(Debug)]
struct Uses {
    running: usize,
    last: Instant,
    is_closed: bool,
    /// Calls that ran out of time since the last answer.
    silent: u32,
    /// It has answered a call.
    was_of_use: bool,
}

#[derive(Debug)]
struct Listed {
    at: Instant,
    allow: Vec<String>,
    tools: Arc<[ToolOffer]>,
}

/// How a connection ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// As the end of a sentence about the server.
    pub(crate) why: String,
    /// It answered a call before.
    pub(crate) was_of_use: bool,
}

impl Line {
    /// Begins one. It lasts until the other half of what is returned is dropped, at most.
    pub(crate) fn begin(
        name: &str,
        server: &Server,
        times: Times,
    ) -> (Arc<Line>, oneshot::Sender<()>) {
        let (held, end) = oneshot::channel();
        let token = match &server.transport {
            Transport::Http {
                token_from: Some(from),
                ..
            } => Some(web::token(from)).transpose(),
            _ => Ok(None),
        };
        let (token, missing) = match token {
            Ok(token) => (token, None),
            Err(why) => (None, Some(why)),
        };
        let line = Arc::new(Line {
            name: name.to_owned(),
            times,
            state: watch::Sender::new(State::Starting),
            uses: Mutex::new(Uses {
                running: 0,
                last: Instant::now(),
                is_closed: false,
                silent: 0,
                was_of_use: false,
            }),
            turns: Semaphore::new(AT_ONCE),
            places: Semaphore::new(AT_ONCE + WAITING),
            tools: tokio::sync::Mutex::default(),
            is_list_old: Arc::default(),
            tail: Tail::default(),
            why: Why::default(),
            token,
            given_up: Notify::new(),
        });
        match missing {
            Some(why) => line.over(why),
            None => drop(tokio::spawn(Arc::clone(&line).keep(server.clone(), end))),
        }
        (line, held)
    }

    /// To use it; none where it is at its end.
    pub(crate) fn hold(self: &Arc<Line>) -> Option<Use> {
        let mut uses = self.uses();
        if uses.is_closed {
            return None;
        }
        uses.running += 1;
        Some(Use(Arc::clone(self)))
    }

    /// How it ended, if it has.
    pub(crate) fn end(&self) -> Option<End> {
        let State::Over(why) = &*self.state.borrow() else {
            return None;
        };
        let why = why.clone();
        let was_of_use = self.uses().was_of_use;
        Some(End { why, was_of_use })
    }

    /// Nobody uses it now.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.uses().running == 0
    }

    fn uses(&self) -> std::sync::MutexGuard<'_, Uses> {
        self.uses.lock().expect("nobody panics while counting")
    }

    /// The reason is told to whoever asks for long, and by many: it is masked here.
    fn over(&self, why: String) {
        self.uses().is_closed = true;
        self.state.send_replace(State::Over(self.masked(why)));
    }

    fn masked(&self, said: String) -> String {
        match &self.token {
            Some(token) => masked(said, token.expose_secret()),
            None => said,
        }
    }
}

/// A use of a connection, which is not ended for rest meanwhile.
#[derive(Debug)]
pub(crate) struct Use(Arc<Line>);

impl Drop for Use {
    fn drop(&mut self) {
        let mut uses = self.0.uses();
        uses.running -= 1;
        uses.last = Instant::now();
    }
}

impl Use {
    /// Once it is started.
    async fn peer(&self) -> Result<Peer<RoleClient>, Trouble> {
        let mut state = self.0.state.subscribe();
        let state = state
            .wait_for(|state| !matches!(state, State::Starting))
            .await;
        match state.as_deref() {
            Ok(State::Ready(peer)) => Ok(peer.clone()),
            Ok(State::Over(why)) => Err(Trouble::unavailable(format!(
                "The server `{}` {why}.",
                self.0.name
            ))),
            _ => Err(Trouble::unavailable(format!(
                "The server `{}` was ended.",
                self.0.name
            ))),
        }
    }

    /// One call, in its turn.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
    ) -> Result<Answer, Trouble> {
        let busy = || {
            Trouble::unavailable(format!(
                "The server `{}` is busy: {WAITING} calls wait already. Ask again later.",
                self.0.name
            ))
        };
        let _place = self.0.places.try_acquire().map_err(|_| busy())?;
        let _turn = self.0.turns.acquire().await.map_err(|_| busy())?;
        let peer = self.peer().await?;
        let asked = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let said = match peer.call_tool_once(asked).await {
            Ok(CallToolResponse::Complete(result)) => {
                self.answered();
                answer(&self.0.name, tool, result)
            }
            Ok(_) => Err(Trouble::new(
                TroubleKind::NoAnswer,
                format!(
                    "`{tool}` of the server `{}` asks for more than its arguments, which is not offered.",
                    self.0.name
                ),
            )),
            Err(error) => Err(self.failed(&format!("a call of `{tool}`"), &error).await),
        };
        match said {
            Ok(answer) => Ok(self.masked_answer(answer)),
            Err(trouble) => Err(Trouble::new(trouble.kind, self.masked(trouble.message))),
        }
    }

    /// Somebody waits for its list already.
    pub(crate) fn is_listing(&self) -> bool {
        self.0.tools.try_lock().is_err()
    }

    /// What it offers; asked again when that is old.
    pub(crate) async fn tools(&self, server: &Server) -> Result<Arc<[ToolOffer]>, Trouble> {
        let mut listed = self.0.tools.lock().await;
        if let Some(listed) = &*listed
            && listed.at.elapsed() < self.0.times.list
            && listed.allow == server.allow
            && !self.0.is_list_old.load(Ordering::Acquire)
        {
            return Ok(Arc::clone(&listed.tools));
        }
        let peer = self.peer().await?;
        self.0.is_list_old.store(false, Ordering::Release);
        let tools = match offers::listed(&self.0.name, server, &peer).await {
            Ok(tools) => tools,
            Err(error) => {
                let trouble = self.failed("a look at its tools", &error).await;
                return Err(Trouble::new(trouble.kind, self.masked(trouble.message)));
            }
        };
        let allow = server.allow.clone();
        *listed = Some(Listed {
            at: Instant::now(),
            allow,
            tools: Arc::clone(&tools),
        });
        Ok(tools)
    }

    /// A call ran out of time. What never answers is ended, so that the next call meets a fresh one.
    pub(crate) fn ran_out(&self) -> String {
        let mut uses = self.0.uses();
        uses.silent += 1;
        if uses.silent >= SILENT {
            self.0.why.say(format!(
                "was ended, as {SILENT} calls in a row had run out of time"
            ));
            self.0.given_up.notify_one();
        }
        drop(uses);
        let said = self.0.tail.last_line().or_else(|| self.0.why.stray());
        let said = said
            .map(|line| format!(" The last it said beside: {line}"))
            .unwrap_or_default();
        let is_starting = matches!(*self.0.state.borrow(), State::Starting);
        let what = if is_starting {
            "has not started yet"
        } else {
            "had no answer"
        };
        self.masked(format!("{what}.{said}"))
    }

    fn answered(&self) {
        let mut uses = self.0.uses();
        uses.silent = 0;
        uses.was_of_use = true;
    }

    async fn failed(&self, what: &str, error: &ServiceError) -> Trouble {
        let is_gone = matches!(
            error,
            ServiceError::TransportClosed | ServiceError::Cancelled { .. }
        );
        if !is_gone {
            // A broken program is seen by its keeper; over HTTP only those who ask notice.
            if matches!(error, ServiceError::TransportSend(_)) && self.0.uses().running == 1 {
                self.0.given_up.notify_one();
            }
            return trouble(&self.0.name, what, error);
        }
        // Its keeper knows why, once it has seen the last of it.
        let mut state = self.0.state.subscribe();
        let over = timeout(
            4 * self.0.times.farewell,
            state.wait_for(|state| matches!(state, State::Over(_))),
        )
        .await;
        let why = match over {
            Ok(Ok(state)) => match &*state {
                State::Over(why) => why.clone(),
                _ => unreachable!("waited for"),
            },
            _ => "is gone".to_owned(),
        };
        Trouble::unavailable(format!(
            "The server `{}` {why}. It is started again for the next call.",
            self.0.name
        ))
    }

    fn masked(&self, said: String) -> String {
        self.0.masked(said)
    }

    fn masked_answer(&self, answer: Answer) -> Answer {
        let masked = |value: Value| match &self.0.token {
            Some(token) if value.to_string().contains(token.expose_secret()) => {
                Value::String(self.masked(value.to_string()))
            }
            _ => value,
        };
        Answer {
            text: self.masked(answer.text),
            structured: answer.structured.map(masked),
        }
    }
}

/// The beginning of a token that a cut has left is told from other words by so many bytes.
const PIECE: usize = 8;

/// Without the token, and without what is left of one that was cut off with the words around it.
fn masked(said: String, token: &str) -> String {
    let mut said = match said.contains(token) {
        true => said.replace(token, "[token]"),
        false => said,
    };
    let pieces = (PIECE..token.len()).rev();
    for piece in pieces.filter_map(|end| token.get(..end)) {
        for (cut, left) in [
            (format!("{piece}…"), "[token]…"),
            (format!("{piece}."), "[token]."),
        ] {
            if said.contains(&cut) {
                said = said.replace(&cut, left);
                return said;
            }
        }
        if said.ends_with(piece) {
            said.truncate(said.len() - piece.len());
            said.push_str("[token]");
            return said;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn neither_a_token_nor_the_most_of_one_is_told() {
        let token = "sk-0123456789abcdef";
        let told = |said: &str| masked(said.to_owned(), token);
        assert_eq!(told("not sk-0123456789abcdef!"), "not [token]!");
        assert_eq!(told("not sk-0123456789…"), "not [token]…");
        assert_eq!(
            told("The server says: sk-0123456"),
            "The server says: [token]"
        );
        assert_eq!(
            told("The server says: sk-0123456."),
            "The server says: [token]."
        );
        assert_eq!(told("sk-01 is its beginning"), "sk-01 is its beginning");
    }
}
