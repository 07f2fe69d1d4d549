//! Which provider an examination is of: the one at these addresses, not whoever bears its name later.
//!
//! Promises: the same addresses, dialects and clouds have the same mark over restarts; the mark tells
//! none of them, because an address may hold a secret. Leaves out: keys and quirks, which may be
//! mended without the provider being another one.

use aws_lc_rs::digest::{Context, SHA256};
use routing::Provider;

/// How much of the hash is kept, in bytes.
const BYTES: usize = 16;

/// The mark of a provider's addresses, in their order.
pub(super) fn place(provider: &Provider) -> String {
    let mut hash = Context::new(&SHA256);
    for surface in &provider.surfaces {
        let hosting = format!("{:?}", surface.hosting);
        let query = surface.query.as_deref().unwrap_or_default();
        let region = surface.region.as_deref().unwrap_or_default();
        for part in [
            surface.dialect.name(),
            &surface.base_url,
            &hosting,
            query,
            region,
        ] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
    }
    let hash = hash.finish();
    hash.as_ref()[..BYTES]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice_provider;

    #[test]
    fn a_provider_that_has_moved_is_another_one() {
        let provider = practice_provider();
        let same = place(&provider);
        assert_eq!(
            (same.len(), &same),
            (2 * BYTES, &place(&practice_provider()))
        );
        let mut moved = practice_provider();
        moved.surfaces[0].base_url.push('2');
        assert_ne!(place(&moved), same);
        let mut silent = practice_provider();
        silent.surfaces.pop();
        assert_ne!(place(&silent), same);
    }
}
