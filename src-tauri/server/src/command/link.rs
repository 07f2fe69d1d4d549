//! `signalbox link`: a fresh one-time link to the panel of the running Signalbox.

use host::DataFolder;
use serde_json::Value;

use crate::boot::Options;

use super::reach::Line;
use super::{Complaint, say};

pub(super) async fn run(options: Options) -> Result<(), Complaint> {
    let folder = DataFolder::unlocked(options.data_dir)?;
    let Some(line) = Line::open(folder.path()).await? else {
        let path = folder.path().display();
        return Err(
            format!("no Signalbox is running on {path}; start one with `signalbox serve`").into(),
        );
    };
    let answer = line
        .call("link", &Value::Null)
        .await
        .map_err(|why| format!("the Signalbox refused: {why}"))?;
    match answer["link"].as_str() {
        Some(link) => say(link),
        None => return Err("the Signalbox answered without a link".into()),
    }
    Ok(())
}
