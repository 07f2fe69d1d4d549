//! Receipts, listed and whole.

use std::sync::Arc;

use engine::ReceiptId;
use host::ReceiptFilter;

use crate::failure::Failure;
use crate::shown::{ListRequests, ReceiptName, ReceiptShown, RequestPage};
use crate::{Control, blocking, convert};

/// Rows of a page unless asked otherwise.
const PAGE: u32 = 100;
/// The most rows of a page.
const LONGEST_PAGE: u32 = 499;

impl Control {
    pub(crate) async fn list_requests(&self, asked: ListRequests) -> Result<RequestPage, Failure> {
        let before = asked.before.as_deref().map(parse).transpose()?;
        let limit = asked.limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE) as usize;
        let filter = ReceiptFilter {
            text: asked.text.filter(|text| !text.trim().is_empty()),
            provider: asked.provider,
            failed_only: asked.failed_only,
        };
        let ledger = Arc::clone(&self.parts.ledger);
        // One more than asked for tells whether there are more.
        let mut receipts = blocking(move || ledger.recent(limit + 1, before, &filter))
            .await?
            .map_err(Failure::unavailable)?;
        let more = receipts.len() > limit;
        receipts.truncate(limit);
        Ok(RequestPage {
            rows: receipts.iter().map(convert::row).collect(),
            more,
        })
    }

    pub(crate) async fn get_request(&self, asked: ReceiptName) -> Result<ReceiptShown, Failure> {
        let id = parse(&asked.id)?;
        let ledger = Arc::clone(&self.parts.ledger);
        let found = blocking(move || ledger.get(id))
            .await?
            .map_err(Failure::unavailable)?;
        match found {
            Some(receipt) => Ok(convert::receipt(&receipt)),
            None => Err(Failure::not_found(format_args!(
                "there is no receipt {}; it may have passed its keeping time",
                asked.id
            ))),
        }
    }
}

fn parse(id: &str) -> Result<ReceiptId, Failure> {
    id.parse()
        .map_err(|()| Failure::bad_input(format_args!("`{id}` is not a receipt's name (rc-…)")))
}
