//! Where receipts go.

use tokio::sync::oneshot;

use crate::receipt::Receipt;

/// Takes receipts and makes them durable.
pub trait Ledger: Send + Sync + 'static {
    /// Takes a receipt over without waiting, so that a guard's drop can call it.
    /// The answer resolves once the receipt would survive the death of this
    /// process; the last byte of a reply is held back until then.
    fn record(&self, receipt: Box<Receipt>) -> Recorded;

    /// Receipts taken and not yet durable. New exchanges are refused when this
    /// exceeds [`BACKLOG_LIMIT`], which is what bounds the queue.
    fn backlog(&self) -> usize;
}

/// Resolves when a receipt is durable, or with what prevents it.
pub type Recorded = oneshot::Receiver<Result<(), LedgerDown>>;

/// The most receipts that may wait for the disk.
pub const BACKLOG_LIMIT: usize = 16_384;

/// The ledger could not write.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the ledger could not write: {0}")]
pub struct LedgerDown(pub String);
