//! `config.json`: the shape of a model.
//!
//! Promises: what is read can be computed with; every size has a bound. Leaves out: fields that only
//! training needs.

use std::path::Path;

use serde::Deserialize;

use super::ModelError;

/// The largest of each size: several times a large BERT's.
const MOST_HIDDEN: usize = 4_096;
const MOST_LAYERS: usize = 48;
const MOST_VOCABULARY: usize = 1_000_000;

/// The shape of a BERT.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Config {
    #[serde(rename = "hidden_size")]
    pub(super) hidden: usize,
    #[serde(rename = "num_hidden_layers")]
    pub(super) layers: usize,
    #[serde(rename = "num_attention_heads")]
    pub(super) heads: usize,
    #[serde(rename = "intermediate_size")]
    pub(super) inner: usize,
    #[serde(rename = "vocab_size")]
    pub(super) vocabulary: usize,
    #[serde(rename = "max_position_embeddings")]
    pub(super) most_positions: usize,
    #[serde(rename = "layer_norm_eps", default = "epsilon")]
    pub(super) epsilon: f32,
    #[serde(rename = "hidden_act", default = "gelu")]
    activation: String,
    #[serde(default = "bert")]
    model_type: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn epsilon() -> f32 {
    1e-12
}

fn gelu() -> String {
    "gelu".to_owned()
}

fn bert() -> String {
    "bert".to_owned()
}

fn absolute() -> String {
    "absolute".to_owned()
}

impl Config {
    pub(super) fn read(file: &Path, bytes: &[u8]) -> Result<Config, ModelError> {
        let config: Config =
            serde_json::from_slice(bytes).map_err(|error| ModelError::Damaged {
                file: file.to_owned(),
                why: error.to_string(),
            })?;
        match config.complaint() {
            None => Ok(config),
            Some(why) => Err(ModelError::Unfit {
                file: file.to_owned(),
                why,
            }),
        }
    }

    fn complaint(&self) -> Option<String> {
        let sizes = [
            self.hidden,
            self.layers,
            self.heads,
            self.inner,
            self.vocabulary,
        ];
        let is_large = self.hidden > MOST_HIDDEN
            || self.layers > MOST_LAYERS
            || self.inner > 8 * MOST_HIDDEN
            || self.vocabulary > MOST_VOCABULARY
            || self.most_positions > 1 << 20;
        if self.model_type != "bert" {
            return Some(format!("a {} model, not a bert", self.model_type));
        }
        if self.activation != "gelu" {
            return Some(format!("the activation {}, not gelu", self.activation));
        }
        if self.position_embedding_type != "absolute" {
            return Some(format!(
                "{} positions, not absolute ones",
                self.position_embedding_type
            ));
        }
        if sizes.contains(&0) || is_large || self.most_positions < 8 {
            return Some("sizes that are none, or beyond any such model's".to_owned());
        }
        if !self.hidden.is_multiple_of(self.heads) {
            return Some(format!("{} numbers for {} heads", self.hidden, self.heads));
        }
        None
    }
}
