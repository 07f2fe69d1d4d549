//! Asking the Signalbox that runs on a data folder, as its panel would.

use std::io;
use std::path::Path;

use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::net::TcpStream;

use super::Complaint;
use crate::runtime::{Reach, RuntimeFile};

/// A connection to a running Signalbox, for one call.
pub(super) struct Line {
    reach: Reach,
    socket: TcpStream,
}

impl Line {
    /// To the Signalbox that runs on this folder; `None` when none does.
    ///
    /// # Errors
    /// When one has said where it listens and does not answer there: a killed run leaves its file.
    pub(super) async fn open(folder: &Path) -> Result<Option<Line>, io::Error> {
        let Some(reach) = RuntimeFile::read(folder) else {
            return Ok(None);
        };
        let socket = TcpStream::connect(reach.address).await.map_err(|error| {
            let address = reach.address;
            let told = format!("the Signalbox at {address} does not answer: {error}");
            io::Error::new(error.kind(), told)
        })?;
        Ok(Some(Line { reach, socket }))
    }

    /// Calls an operation of the control API. A refusal's own words come back as the complaint.
    pub(super) async fn call(self, operation: &str, input: &Value) -> Result<Value, Complaint> {
        let request = http::Request::post(format!("/control/{operation}"))
            .header("host", self.reach.address.to_string())
            .header("authorization", format!("Bearer {}", self.reach.token))
            .header("x-signalbox-panel", "1")
            .body(axum::body::Body::from(input.to_string()))?;
        let io = hyper_util::rt::TokioIo::new(self.socket);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
        // Ends with the sender at the end of this function.
        let driver = tokio::spawn(connection);
        let answer = sender.send_request(request).await?;
        let went_well = answer.status().is_success();
        let answer = answer.into_body().collect().await?;
        drop(sender);
        driver.abort();
        let answer: Value = serde_json::from_slice(&answer.to_bytes())?;
        if went_well {
            return Ok(answer);
        }
        let why = answer["message"].as_str().unwrap_or("it said nothing more");
        Err(why.to_owned().into())
    }
}
