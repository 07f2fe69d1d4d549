//! Vectors from a small model in a folder.
//!
//! Promises: what `sentence-transformers/all-MiniLM-L6-v2` and its kin ship (`config.json`,
//! `tokenizer.json`, `model.safetensors`) is enough; nothing leaves this machine. A file that is
//! missing or damaged is named, with what to do. A vector is the mean over the tokens, of length 1.
//! Leaves out: other kinds of models than BERT, and vectors taken from the first token.
//!
//! The forward pass is ours, over `ndarray`, whose products are `matrixmultiply`'s kernels: candle
//! would bring 67 crates and a minute of a cold build for the same hundred lines. The tokenizer is
//! not: its normalisations and merges are where two implementations differ unnoticed.

mod bert;
mod config;
mod weights;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tokenizers::{Tokenizer, TruncationParams};

use crate::embed::{Embed, EmbedError, normalise};
use crate::fetch::FILES;
use bert::Bert;
use config::Config;

/// A question is cut to so many tokens: MiniLM was trained on 256.
const MOST_TOKENS: usize = 256;

/// A model that was read into memory: about 90 MB for MiniLM.
pub struct LocalModel {
    name: String,
    tokenizer: Tokenizer,
    bert: Bert,
}

/// Why a folder has no model that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is not there.
    #[error(
        "{} is missing: fetch the model again, or copy config.json, tokenizer.json and model.safetensors of one into the folder",
        file.display()
    )]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// A file can't be read, is cut, or is not what its name says.
    #[error("{} can't be read ({why}): delete it and fetch the model again", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The model is whole, but of another kind.
    #[error("{} is of a model that is not supported ({why}): take one like all-MiniLM-L6-v2", file.display())]
    Unfit {
        /// The file.
        file: PathBuf,
        /// What it is.
        why: String,
    },
}

impl LocalModel {
    /// Reads a model. Takes a second, and the memory of its weights.
    pub fn open(folder: &Path) -> Result<LocalModel, ModelError> {
        let [config, tokenizer, weights] = FILES.map(|(name, most)| (folder.join(name), most));
        let config = Config::read(&config.0, &bytes(&config)?)?;
        let mut hasher = Sha256::new();
        let cut = |why: String| ModelError::Damaged {
            file: tokenizer.0.clone(),
            why,
        };
        let text = bytes(&tokenizer)?;
        hasher.update(&text);
        let mut cutter = Tokenizer::from_bytes(text).map_err(|error| cut(error.to_string()))?;
        let truncation = TruncationParams {
            max_length: MOST_TOKENS.min(config.most_positions),
            ..TruncationParams::default()
        };
        cutter
            .with_truncation(Some(truncation))
            .map_err(|error| cut(error.to_string()))?;
        cutter.with_padding(None);
        let raw = bytes(&weights)?;
        hasher.update(&raw);
        let bert = weights::read(&weights.0, &raw, &config)?;
        let digest = hasher.finalize();
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(LocalModel {
            name: format!("local-{name}"),
            tokenizer: cutter,
            bert,
        })
    }

    fn vector(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let failed = |why: String| EmbedError::Failed {
            embedder: self.name.clone(),
            why,
        };
        let tokens = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|error| failed(error.to_string()))?;
        let mut vector = self.bert.mean(tokens.get_ids()).map_err(failed)?;
        match normalise(&mut vector) {
            true => Ok(vector),
            false => Err(failed("the model's answer has no direction".to_owned())),
        }
    }
}

impl Embed for LocalModel {
    /// Of what is in its files: another model has another name.
    fn name(&self) -> &str {
        &self.name
    }

    fn dimensions(&self) -> usize {
        self.bert.dimensions()
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.vector(text)).collect()
    }
}

/// A file's bytes, `most` of them.
fn bytes((file, most): &(PathBuf, u64)) -> Result<Vec<u8>, ModelError> {
    let damaged = |why: String| ModelError::Damaged {
        file: file.clone(),
        why,
    };
    let opened = fs::File::open(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ModelError::Missing { file: file.clone() },
        _ => damaged(error.to_string()),
    })?;
    let mut bytes = Vec::new();
    opened
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| damaged(error.to_string()))?;
    match bytes.len() as u64 > *most {
        true => Err(damaged(format!("it has more than {} MiB", most >> 20))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
