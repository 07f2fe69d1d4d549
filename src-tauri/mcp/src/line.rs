//! One connection to one server: its beginning, its uses, its end.
//!
//! A task keeps it (`keep`): it starts the server, watches it, and ends it with all it started when it is
//! told to, when nobody has used it for a while, or when it is of no use. Whoever calls holds a [`Use`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, ClientConfig, Implementation,
    ProtocolVersion,
};
use rmcp::service::{
    ClientCacheConfig, NotificationContext, Peer, RoleClient, RunningService, ServiceError,
    serve_client,
};
use rmcp::transport::async_rw::AsyncRwTransport;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::bounded::{Bounded, Paced, Why};
use crate::program::{Program, Tail};
use crate::reading::{answer, handshake, trouble};
use crate::{
    AT_ONCE, Answer, MESSAGE, SILENT, Server, Times, ToolOffer, Transport, Trouble, TroubleKind,
    WAITING, offers, web,
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

    fn over(&self, why: String) {
        self.uses().is_closed = true;
        self.state.send_replace(State::Over(why));
    }

    async fn keep(self: Arc<Line>, server: Server, mut end: oneshot::Receiver<()>) {
        let started = tokio::select! {
            _ = &mut end => Err("was ended".to_owned()),
            started = timeout(self.times.start, self.start(&server)) => {
                let late = || format!("did not start within {} s", self.times.start.as_secs());
                started.map_err(|_| late()).flatten()
            }
        };
        let why = match started {
            Ok((service, program)) => self.watch(service, program, end).await,
            Err(why) => why,
        };
        let why = self.why.said().map_or(why, str::to_owned);
        tracing::debug!(server = self.name, "it {why}");
        self.over(match self.tail.last_line() {
            Some(line) => format!("{why}. The last it said: {line}"),
            None => why,
        });
    }

    async fn start(&self, server: &Server) -> Result<(Service, Option<Program>), String> {
        let handler = Handler(Arc::clone(&self.is_list_old));
        let (service, program) = match &server.transport {
            Transport::Program {
                command,
                folder,
                environment,
            } => {
                let started = Program::start(command, folder.as_deref(), environment, &self.tail);
                let (mut program, (stdout, stdin)) =
                    started.map_err(|error| format!("can't be started ({error})"))?;
                let stdout = Bounded::new(stdout, self.why.clone());
                let streams = AsyncRwTransport::new(stdout, stdin).with_max_line_length(MESSAGE);
                match serve_client(handler, streams).await {
                    Ok(service) => (service, Some(program)),
                    Err(error) => {
                        let why = handshake(&error);
                        let exit = timeout(self.times.farewell, program.ended()).await;
                        let _ = program.end(self.times.farewell).await;
                        let exit = exit
                            .ok()
                            .and_then(Result::ok)
                            .map(|exit| format!(" ({exit})"));
                        return Err(why + &exit.unwrap_or_default());
                    }
                }
            }
            Transport::Http { url, .. } => {
                let way = web::way(url, self.token.as_ref(), server.local)?;
                let paced = Paced::new(into_transport(way), self.why.clone());
                (
                    serve_client(handler, paced)
                        .await
                        .map_err(|error| handshake(&error))?,
                    None,
                )
            }
        };
        // Lists are kept here, where they are bounded.
        service
            .peer()
            .set_response_cache_config(ClientCacheConfig::disabled())
            .await;
        let version = service
            .peer()
            .peer_info()
            .map(|info| info.protocol_version.clone());
        match version {
            Some(version) if ProtocolVersion::KNOWN_VERSIONS.contains(&version) => {
                Ok((service, program))
            }
            version => {
                let version = version.map(|version| crate::answer::quoted(version.as_str(), 40));
                let version = version.unwrap_or_else(|| "none".to_owned());
                Err(format!(
                    "speaks a version of MCP that is not known here ({version})"
                ))
            }
        }
    }

    /// Until its end: told, at rest for too long, died, or given up. Says which.
    async fn watch(
        &self,
        service: Service,
        mut program: Option<Program>,
        mut end: oneshot::Receiver<()>,
    ) -> String {
        let stop = service.cancellation_token();
        self.state
            .send_replace(State::Ready(service.peer().clone()));
        let mut closed = std::pin::pin!(service.waiting());
        let mut is_closed = false;
        let exited = async |program: &mut Option<Program>| match program {
            Some(program) => program.ended().await,
            None => std::future::pending().await,
        };
        let (why, is_polite) = loop {
            let rests_until = self.uses().last + self.times.idle;
            tokio::select! {
                _ = &mut end => break ("was ended".to_owned(), true),
                _ = &mut closed => {
                    is_closed = true;
                    break ("closed the connection".to_owned(), false);
                }
                exit = exited(&mut program) => {
                    let exit = exit.map_or_else(|error| error.to_string(), |exit| exit.to_string());
                    // Its last answer may still be on the way.
                    is_closed = timeout(self.times.farewell, &mut closed).await.is_ok();
                    break (format!("ended by itself ({exit})"), false);
                }
                () = self.given_up.notified() => break ("was given up".to_owned(), false),
                () = sleep_until(rests_until) => if self.rests() {
                    break ("was at rest".to_owned(), true);
                },
            }
        };
        self.uses().is_closed = true;
        stop.cancel();
        if !is_closed {
            let _ = timeout(self.times.farewell, &mut closed).await;
        }
        if let Some(program) = program {
            let patience = if is_polite {
                self.times.farewell
            } else {
                self.times.farewell / 4
            };
            let exit = program.end(patience).await;
            if why == "closed the connection"
                && let Some(exit) = exit
            {
                return format!("ended by itself ({exit})");
            }
        }
        why
    }

    /// Whether nobody has used it for so long that nobody shall.
    fn rests(&self) -> bool {
        let mut uses = self.uses();
        if uses.running > 0 {
            uses.last = Instant::now();
            return false;
        }
        uses.is_closed = uses.last.elapsed() >= self.times.idle;
        uses.is_closed
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
            Ok(State::Over(why)) => Err(Trouble::unavailable(
                self.masked(format!("The server `{}` {why}.", self.0.name)),
            )),
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
        match &self.0.token {
            Some(token) if said.contains(token.expose_secret()) => {
                said.replace(token.expose_secret(), "[token]")
            }
            _ => said,
        }
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

type Service = RunningService<RoleClient, Handler>;

fn into_transport<E, A>(
    transport: impl rmcp::transport::IntoTransport<RoleClient, E, A>,
) -> impl rmcp::transport::Transport<RoleClient, Error = E> + 'static
where
    E: std::error::Error + Send + Sync + 'static,
{
    transport.into_transport()
}

/// What a server may say unasked. It may ask for nothing.
#[derive(Debug)]
struct Handler(Arc<AtomicBool>);

impl rmcp::ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let us = Implementation::new("signalbox", env!("CARGO_PKG_VERSION"));
        let mut config = ClientConfig::new(ClientCapabilities::default(), us);
        // The newest one has no handshake; servers of before it are nearly all there are.
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        config
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.0.store(true, Ordering::Release);
    }
}
