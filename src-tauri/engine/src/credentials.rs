//! Where the engine gets a provider's key from.

use std::sync::Arc;

use routing::KeySource;
use secrecy::SecretString;

/// Keys by their source. Answers from memory: the request path waits for no
/// keychain, and no prompt can appear in the middle of a request.
pub trait Credentials: Send + Sync + 'static {
    /// The key, or `None` when it is not there. `KeySource::None` has none.
    fn key(&self, source: &KeySource) -> Option<Arc<SecretString>>;
}
