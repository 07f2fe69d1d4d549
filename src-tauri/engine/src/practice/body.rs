//! A practice answer on its way: frames, each at its time.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use dialect::Failure;
use tokio::time::Sleep;

use super::broken_on_purpose;

/// Frames, a pace and an end.
pub(crate) struct PracticeBody {
    frames: VecDeque<Bytes>,
    pace: Pace,
    end: End,
    /// When the next frame is due; `None` when it is due now.
    timer: Option<Pin<Box<Sleep>>>,
}

/// How long a body waits between frames.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Not at all.
    AtOnce,
    /// This long, as if somebody were typing.
    Every(Duration),
}

/// How a body ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// As it should.
    Close,
    /// In the middle.
    Break,
}

impl PracticeBody {
    pub(crate) fn new(frames: Vec<Bytes>, first: Duration, pace: Pace, end: End) -> PracticeBody {
        PracticeBody {
            frames: frames.into(),
            pace,
            end,
            timer: (!first.is_zero()).then(|| Box::pin(tokio::time::sleep(first))),
        }
    }

    pub(crate) fn poll_bytes(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Failure>>> {
        if let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
        }
        match (self.frames.pop_front(), self.end) {
            (Some(frame), _) => {
                if let Pace::Every(span) = self.pace {
                    self.timer = Some(Box::pin(tokio::time::sleep(span)));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            (None, End::Close) => Poll::Ready(None),
            (None, End::Break) => {
                self.end = End::Close;
                Poll::Ready(Some(Err(broken_on_purpose())))
            }
        }
    }
}
