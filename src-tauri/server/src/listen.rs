//! The sockets: opened together on one port, served until told to stop.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use http::{Method, Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::state::Shared;
use crate::{data_plane, panel};

/// No socket could be opened; the message names the flag that helps.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else has the port.
    #[error(
        "port {port} on {address} is taken by another program; choose another with --port N, \
         or --port 0 for a free one"
    )]
    Taken {
        /// The address tried.
        address: IpAddr,
        /// The port tried.
        port: u16,
    },
    /// The system refused for another reason.
    #[error("can't listen on {address}: {error}")]
    Refused {
        /// The address tried.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

/// Opens every address on one port. With port 0 the first address chooses and the
/// others follow; if they can't, another port is tried.
pub(crate) async fn open(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let tries = if port == 0 { 16 } else { 1 };
    let mut last = None;
    for _ in 0..tries {
        match open_once(addresses, port).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or(ListenError::Refused {
        address: SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port),
        error: io::Error::other("no address is configured"),
    }))
}

async fn open_once(addresses: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut port = port;
    for &ip in addresses {
        let address = SocketAddr::new(ip, port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |bound| bound.port());
                listeners.push(listener);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(ListenError::Taken { address: ip, port });
            }
            // Many machines and containers have no IPv6; the other family serves.
            Err(error) if !listeners.is_empty() && is_family_missing(&error) => {
                tracing::info!(%address, %error, "address left out");
            }
            Err(error) => return Err(ListenError::Refused { address, error }),
        }
    }
    Ok(listeners)
}

fn is_family_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
    ) || error.raw_os_error() == Some(97)
}

/// Serves every socket. The tasks end when `shared.ending` turns true and their
/// running exchanges are done.
pub(crate) fn serve(listeners: Vec<TcpListener>, shared: &Arc<Shared>) -> JoinSet<()> {
    let router = router(Arc::clone(shared));
    let mut tasks = JoinSet::new();
    for listener in listeners {
        let router = router.clone();
        let mut ending = shared.ending.subscribe();
        // Small writes must not wait for an acknowledgement (Nagle).
        let listener = listener.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        tasks.spawn(async move {
            let stop = async move { ended(&mut ending).await };
            let served = axum::serve(listener, router).with_graceful_shutdown(stop);
            if let Err(error) = served.await {
                tracing::error!(%error, "a listener stopped");
            }
        });
    }
    tasks
}

/// Resolves once the app is ending.
pub(crate) async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error means the sender is gone, which is an end too.
    let _ = ending.wait_for(|ending| *ending).await;
}

fn router(shared: Arc<Shared>) -> Router {
    let data = any(
        |State(shared): State<Arc<Shared>>, request: Request<Body>| {
            data_plane::serve(shared, request)
        },
    );
    Router::new()
        .route("/healthz", get(health))
        .route("/v1/{*rest}", data.clone())
        .route("/v1beta/{*rest}", data.clone())
        .route("/v2/{*rest}", data.clone())
        .route("/api/{*rest}", data.clone())
        .route("/chat/completions", data.clone())
        .route("/embeddings", data.clone())
        .route("/messages", data.clone())
        .route("/messages/count_tokens", data.clone())
        .route("/models", data.clone())
        .route("/models/{*rest}", data)
        .fallback(everything_else)
        .with_state(shared)
}

/// Alive, and whether it takes work. Tells nothing that needs a key.
async fn health(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if shared.doors().check(&parts).is_err() {
        return plain(StatusCode::FORBIDDEN, "{\"status\":\"forbidden\"}");
    }
    if shared.engine.live().is_paused() {
        return plain(StatusCode::OK, "{\"status\":\"paused\"}");
    }
    if shared.engine.is_draining() {
        return plain(StatusCode::OK, "{\"status\":\"draining\"}");
    }
    plain(StatusCode::OK, "{\"status\":\"ok\"}")
}

async fn everything_else(
    State(shared): State<Arc<Shared>>,
    request: Request<Body>,
) -> Response<Body> {
    let path = request.uri().path();
    match *request.method() {
        // Tools knock at the door before they speak.
        Method::HEAD => Response::new(Body::empty()),
        Method::GET => panel::serve(shared, request).await,
        _ if path.starts_with("/control/") => panel::serve(shared, request).await,
        // A POST to a path we don't serve is a tool with a wrong base URL: it is
        // told so in its dialect, and leaves a receipt.
        _ => data_plane::serve(shared, request).await,
    }
}

fn plain(status: StatusCode, json: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}
