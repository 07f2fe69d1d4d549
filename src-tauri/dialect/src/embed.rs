//! Embeddings between dialects.
//!
//! Promises: a vector's numbers arrive as the 32-bit floats they are, in decimals that read back as
//! the same float or in base64 of their bytes; the vectors stand in the order of the inputs.
//! What a target can't embed (token ids, mostly) is refused: half a list of vectors helps nobody.
//! Leaves out: pictures and sound, which only travel verbatim; whether two models' vectors may be
//! compared (never).

mod asked;
mod meter;
mod read;
mod reply;
mod write;

#[cfg(test)]
mod tests;

use crate::hub::Extras;

pub use asked::asked_embed;
pub(crate) use meter::meter;
pub use read::read_embed;
pub use reply::translate_embed;
pub use write::write_embed;

/// A request for vectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedRequest {
    /// The model as the caller wrote it.
    pub model: String,
    /// What is to be embedded, in order.
    pub inputs: Vec<EmbedInput>,
    /// How long the vectors are to be.
    pub dimensions: Option<u64>,
    /// The caller wants base64, not numbers.
    pub base64: bool,
    /// What the vectors are for.
    pub purpose: Option<Purpose>,
    /// The inputs' titles (Gemini), as many as inputs; empty when none was given.
    pub titles: Vec<Option<String>>,
    /// The caller's own end user.
    pub user: Option<String>,
    /// Whether an input that is too long is to be cut; `None` when unsaid.
    pub truncate: Option<bool>,
    /// What has no name here.
    pub extras: Extras,
}

/// One thing to embed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedInput {
    /// A text.
    Text(String),
    /// A text as the numbers of its tokens, which mean something to one vendor's models alone.
    Tokens(Vec<u64>),
}

/// What vectors are for, where models make different ones for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To find with.
    Query,
    /// To be compared with each other.
    Similarity,
    /// To be sorted into classes.
    Classification,
    /// To be sorted into groups.
    Clustering,
    /// To find answers to a question with.
    Question,
    /// To find evidence with.
    Fact,
    /// To find code with.
    CodeQuery,
}

impl Purpose {
    const ALL: [Purpose; 8] = [
        Purpose::Document,
        Purpose::Query,
        Purpose::Similarity,
        Purpose::Classification,
        Purpose::Clustering,
        Purpose::Question,
        Purpose::Fact,
        Purpose::CodeQuery,
    ];

    /// Gemini's word.
    fn task_type(self) -> &'static str {
        match self {
            Purpose::Document => "RETRIEVAL_DOCUMENT",
            Purpose::Query => "RETRIEVAL_QUERY",
            Purpose::Similarity => "SEMANTIC_SIMILARITY",
            Purpose::Classification => "CLASSIFICATION",
            Purpose::Clustering => "CLUSTERING",
            Purpose::Question => "QUESTION_ANSWERING",
            Purpose::Fact => "FACT_VERIFICATION",
            Purpose::CodeQuery => "CODE_RETRIEVAL_QUERY",
        }
    }

    /// Cohere's word, and whether it means the same.
    fn input_type(self) -> (&'static str, bool) {
        match self {
            Purpose::Document => ("search_document", true),
            Purpose::Query | Purpose::Question | Purpose::Fact | Purpose::CodeQuery => {
                ("search_query", true)
            }
            Purpose::Classification => ("classification", true),
            Purpose::Clustering => ("clustering", true),
            Purpose::Similarity => ("search_document", false),
        }
    }

    /// Any vendor's word: Gemini's, or Cohere's and its neighbours' (`query`, `passage`, …).
    fn from_word(word: &str) -> Option<Purpose> {
        let known = Purpose::ALL.into_iter();
        let mut gemini = known.filter(|one| one.task_type() == word);
        gemini.next().or(match word {
            "search_document" | "document" | "passage" => Some(Purpose::Document),
            "search_query" | "query" => Some(Purpose::Query),
            "classification" => Some(Purpose::Classification),
            "clustering" => Some(Purpose::Clustering),
            _ => None,
        })
    }
}
