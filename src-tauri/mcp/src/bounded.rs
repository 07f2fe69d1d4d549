//! How much a server may say: one message, and how many of them.
//!
//! The SDK drops a line that is too long and reads on; here it is the end of the connection, as the call that
//! waits for it would else wait in vain while a flood is read.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use crate::MESSAGE;
use crate::answer::quoted;

/// Messages and bytes in this time.
const SPAN: Duration = Duration::from_secs(10);
const MESSAGES: usize = 4096;
const BYTES: usize = 64 << 20;
/// Lines that are no messages at all.
const STRAYS: usize = 256;
/// Of the first of them.
const SHOWN: usize = 200;

/// Why a connection was ended by us, as the end of a sentence about the server. Said once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Why(Arc<OnceLock<String>>, Arc<Mutex<Vec<u8>>>);

impl Why {
    pub(crate) fn say(&self, why: impl Into<String>) {
        let _ = self.0.set(why.into());
    }

    pub(crate) fn said(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    /// The first line of its standard output that was no message, if there was one.
    pub(crate) fn stray(&self) -> Option<String> {
        let stray = self.1.lock().expect("nobody panics with a line in hand");
        let text = String::from_utf8_lossy(&stray);
        (!stray.is_empty()).then(|| quoted(&text, SHOWN))
    }
}

/// How many messages and bytes came lately.
#[derive(Debug)]
struct Pace {
    since: Instant,
    messages: usize,
    bytes: usize,
}

impl Pace {
    fn new() -> Pace {
        Pace {
            since: Instant::now(),
            messages: 0,
            bytes: 0,
        }
    }

    /// Counts, and says what is too much.
    fn count(&mut self, messages: usize, bytes: usize) -> Option<&'static str> {
        let now = Instant::now();
        if now.duration_since(self.since) > SPAN {
            *self = Pace::new();
        }
        self.messages += messages;
        self.bytes += bytes;
        let is_many = self.messages > MESSAGES;
        if is_many {
            return Some("said more than 4,096 messages within 10 s, so it was ended");
        }
        (self.bytes > BYTES).then_some("said more than 64 MiB within 10 s, so it was ended")
    }
}

/// A program's standard output.
#[derive(Debug)]
pub(crate) struct Bounded<R> {
    from: R,
    pace: Pace,
    /// Of the line that is being read.
    length: usize,
    strays: usize,
    is_stray: bool,
    why: Why,
}

impl<R> Bounded<R> {
    pub(crate) fn new(from: R, why: Why) -> Bounded<R> {
        Bounded {
            from,
            pace: Pace::new(),
            length: 0,
            strays: 0,
            is_stray: false,
            why,
        }
    }

    fn look(&mut self, read: &[u8]) -> Option<&'static str> {
        let mut lines = 0;
        for piece in read.split_inclusive(|byte| *byte == b'\n') {
            // A program that prints what it likes is the most common mistake; it is shown to whoever waits.
            if self.length == 0 {
                self.is_stray = !matches!(piece[0], b'{' | b'[' | b'\n' | b'\r' | b' ');
                self.strays += usize::from(self.is_stray);
            }
            if self.is_stray && self.strays == 1 {
                let mut stray = self
                    .why
                    .1
                    .lock()
                    .expect("nobody panics with a line in hand");
                let room = SHOWN.saturating_sub(stray.len()).min(piece.len());
                stray.extend_from_slice(&piece[..room]);
            }
            self.length += piece.len();
            if self.length > MESSAGE {
                return Some("sent a message of more than 4 MiB, so it was ended");
            }
            if piece.ends_with(b"\n") {
                self.length = 0;
                lines += 1;
            }
        }
        if self.strays > STRAYS {
            return Some("speaks no MCP: its standard output has other lines");
        }
        self.pace.count(lines, read.len())
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.from).poll_read(context, into);
        if let Poll::Ready(Ok(())) = polled
            && let Some(why) = self.look(&into.filled()[before..])
        {
            self.why.say(why);
            into.set_filled(before);
            return Poll::Ready(Err(io::Error::other(why)));
        }
        polled
    }
}

/// A connection whose messages are counted as they come. Their size is bounded by the client that reads them.
#[derive(Debug)]
pub(crate) struct Paced<T> {
    over: T,
    pace: Pace,
    why: Why,
}

impl<T> Paced<T> {
    pub(crate) fn new(over: T, why: Why) -> Paced<T> {
        let pace = Pace::new();
        Paced { over, pace, why }
    }
}

impl<T: rmcp::transport::Transport<RoleClient>> rmcp::transport::Transport<RoleClient>
    for Paced<T>
{
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.over.send(item)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        let message = self.over.receive().await?;
        if let Some(why) = self.pace.count(1, 0) {
            self.why.say(why);
            return None;
        }
        Some(message)
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.over.close().await
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn read(said: &[u8]) -> (io::Result<usize>, Why) {
        let why = Why::default();
        let mut all = Vec::new();
        let read = Bounded::new(said, why.clone()).read_to_end(&mut all).await;
        (read, why)
    }

    #[tokio::test]
    async fn a_message_may_be_of_four_mebibytes_and_no_more() {
        let mut line = vec![b'{'; MESSAGE];
        *line.last_mut().expect("a last byte") = b'\n';
        assert_eq!(read(&line).await.0.expect("all of it"), MESSAGE);
        line.insert(0, b'{');
        let (read, why) = read(&line).await;
        read.expect_err("too long");
        assert!(why.said().is_some_and(|why| why.contains("4 MiB")));
    }

    #[tokio::test]
    async fn a_flood_of_small_messages_ends() {
        let (read, why) = read(&b"{}\n".repeat(MESSAGES + 1)).await;
        read.expect_err("too many");
        assert!(why.said().is_some_and(|why| why.contains("4,096 messages")));
    }

    #[tokio::test]
    async fn what_is_no_message_is_remembered_for_whoever_waits() {
        let (read, why) = read(b"Listening\x07 on\nmore\n{}\n").await;
        read.expect("a few are let pass");
        assert_eq!(why.stray().as_deref(), Some("Listening on"));
    }
}
