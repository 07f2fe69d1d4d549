//! What the panel can ask of this side: one operation by name, and to be told
//! what happens. Which operations exist is `control`'s business alone.

use std::sync::{Mutex, PoisonError};

use control::{Control, Event, Failure};
use serde_json::Value;
use tauri::async_runtime::{JoinHandle, spawn};
use tauri::ipc::Channel;
use tauri::{State, command};

/// Calls one operation of the control API.
#[command]
pub(crate) async fn control(
    control: State<'_, Control>,
    operation: String,
    input: Value,
) -> Result<Value, Failure> {
    control.call(&operation, input).await
}

/// Pushes events into the channel until the page, the window or the app ends.
#[command]
#[expect(
    clippy::needless_pass_by_value,
    reason = "Tauri hands a command its arguments by value"
)]
pub(crate) fn watch(
    control: State<'_, Control>,
    watching: State<'_, Watching>,
    channel: Channel<Event>,
) {
    let mut events = control.watch();
    watching.replace(spawn(async move {
        while let Some(event) = events.next().await {
            if channel.send(event).is_err() {
                return;
            }
        }
    }));
}

/// The task that feeds the panel: one window has one, and it dies with it.
///
/// Tauri's channels do not tell their sender that a page was reloaded, so a new
/// watch ends the one before; otherwise each reload would leave a task behind.
#[derive(Default)]
pub(crate) struct Watching(Mutex<Option<JoinHandle<()>>>);

impl Watching {
    fn replace(&self, task: JoinHandle<()>) {
        self.put(Some(task));
    }

    /// Ends the watch, if there is one.
    pub(crate) fn end(&self) {
        self.put(None);
    }

    fn put(&self, task: Option<JoinHandle<()>>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(former) = std::mem::replace(&mut *current, task) {
            former.abort();
        }
    }
}
