//! What a command says: its beginning and its end are kept, what is between them is counted. All of it is read,
//! so that nobody waits for us.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::LAST_WORDS;

/// Bytes of the beginning, and of the end.
const KEPT: usize = 128 * 1024;

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    beginning: Vec<u8>,
    end: VecDeque<u8>,
    left_out: u64,
}

impl Heard {
    fn add(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(KEPT - self.beginning.len()));
        self.beginning.extend_from_slice(first);
        self.end.extend(rest);
        let many = self.end.len().saturating_sub(KEPT);
        self.end.drain(..many);
        self.left_out += many as u64;
    }

    /// Something was left out.
    pub(super) fn is_cut(&self) -> bool {
        self.left_out > 0
    }

    /// What is no UTF-8 is replaced.
    pub(super) fn text(mut self) -> String {
        let end = self.end.make_contiguous();
        if self.left_out == 0 {
            self.beginning.extend_from_slice(end);
            return String::from_utf8_lossy(&self.beginning).into_owned();
        }
        let (beginning, end) = (
            String::from_utf8_lossy(&self.beginning),
            String::from_utf8_lossy(end),
        );
        format!("{beginning}\n[{} bytes left out]\n{end}", self.left_out)
    }
}

/// Somebody who listens, until this is dropped.
#[derive(Debug)]
pub(super) struct Hearing {
    heard: Arc<Mutex<Heard>>,
    task: JoinHandle<()>,
}

impl Hearing {
    /// Hears it to its end.
    pub(super) fn of(stream: Option<impl AsyncRead + Unpin + Send + 'static>) -> Hearing {
        let heard = Arc::<Mutex<Heard>>::default();
        let into = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            let Some(mut stream) = stream else { return };
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .add(&bytes[..read]);
            }
        });
        Hearing { heard, task }
    }

    /// What was heard, once the command has ended. Somebody who left its group may hold the stream open for
    /// ever: he is not waited for.
    pub(super) async fn last_words(mut self) -> Heard {
        let _ = timeout(LAST_WORDS, &mut self.task).await;
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.task.abort();
    }
}
