//! The task that keeps a connection: it starts the server, watches it, and ends it with all it started.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ProtocolVersion};
use rmcp::service::{
    ClientCacheConfig, NotificationContext, RoleClient, RunningService, serve_client,
};
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Line, State};
use crate::bounded::{Bounded, Paced};
use crate::program::Program;
use crate::reading::handshake;
use crate::{MESSAGE, Server, Transport, web};

impl Line {
    pub(super) async fn keep(self: Arc<Line>, server: Server, mut end: oneshot::Receiver<()>) {
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
        let why = self.masked(self.why.said().map_or(why, str::to_owned));
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
