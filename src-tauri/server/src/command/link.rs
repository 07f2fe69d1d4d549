//! `signalbox link`: a fresh one-time link to the panel of the running Signalbox.

use host::DataFolder;
use http_body_util::BodyExt as _;
use tokio::net::TcpStream;

use crate::boot::Options;
use crate::runtime::RuntimeFile;

use super::{Complaint, say};

pub(super) async fn run(options: Options) -> Result<(), Complaint> {
    let folder = DataFolder::unlocked(options.data_dir)?;
    let Some(reach) = RuntimeFile::read(folder.path()) else {
        let path = folder.path().display();
        return Err(
            format!("no Signalbox is running on {path}; start one with `signalbox serve`").into(),
        );
    };
    let socket = TcpStream::connect(reach.address).await.map_err(|error| {
        format!(
            "the Signalbox at {} does not answer: {error}",
            reach.address
        )
    })?;
    let request = http::Request::post("/control/link")
        .header("host", reach.address.to_string())
        .header("authorization", format!("Bearer {}", reach.token))
        .header("x-signalbox-panel", "1")
        .body(axum::body::Body::empty())?;
    let io = hyper_util::rt::TokioIo::new(socket);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    // Ends with the sender at the end of this function.
    let driver = tokio::spawn(connection);
    let answer = sender
        .send_request(request)
        .await?
        .into_body()
        .collect()
        .await?;
    drop(sender);
    driver.abort();
    let answer: serde_json::Value = serde_json::from_slice(&answer.to_bytes())?;
    match answer["link"].as_str() {
        Some(link) => say(link),
        None => return Err(format!("the Signalbox refused: {}", answer["message"]).into()),
    }
    Ok(())
}
