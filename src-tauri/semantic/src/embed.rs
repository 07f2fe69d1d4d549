//! Texts as vectors.
//!
//! Promises: whoever makes vectors gives them in the order of the texts, all of one length, of
//! length 1 as far as floats go. Leaves out: vectors that come from somewhere else (an endpoint's are
//! the engine's to fetch): the tier takes any vector and makes its length 1 itself.

/// Makes vectors of texts, here and now.
pub trait Embed: Send + Sync {
    /// The name vectors are told apart by: two of different names are never compared.
    fn name(&self) -> &str;

    /// Numbers in each vector.
    fn dimensions(&self) -> usize;

    /// A vector for each text, in order. It takes the time it takes: call it where that is allowed.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why there is no vector.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The model and this text did not go together.
    #[error("{embedder} made no vector: {why}")]
    Failed {
        /// The embedder's name.
        embedder: String,
        /// What happened.
        why: String,
    },
}

/// Makes the length of `vector` 1. `false` where it has none: it is all zeros, or has a number that
/// is not finite.
pub(crate) fn normalise(vector: &mut [f32]) -> bool {
    // In f64: large numbers must not overflow when they are squared.
    let squares: f64 = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    let length = squares.sqrt();
    if !length.is_finite() || length <= f64::MIN_POSITIVE {
        return false;
    }
    for x in vector {
        *x = (f64::from(*x) / length) as f32;
    }
    true
}

/// How alike two vectors of length 1 are, at most 1.
pub(crate) fn similarity(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}
