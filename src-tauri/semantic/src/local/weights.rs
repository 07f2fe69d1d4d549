//! `model.safetensors`: the numbers of a model.
//!
//! Promises: each tensor is there, has the shape that the config says, and becomes numbers we compute
//! with, whether it was written in 32 or 16 bits. Leaves out: quantised models.

use std::path::Path;

use ndarray::{Array1, Array2};
use safetensors::{Dtype, SafeTensors};

use super::ModelError;
use super::bert::{Bert, Layer, Linear, Norm};
use super::config::Config;

/// Reads a model's numbers.
pub(super) fn read(file: &Path, bytes: &[u8], config: &Config) -> Result<Bert, ModelError> {
    let damaged = |why: String| ModelError::Damaged {
        file: file.to_owned(),
        why,
    };
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(error.to_string()))?;
    let unfit = |why: String| ModelError::Unfit {
        file: file.to_owned(),
        why,
    };
    Reader::new(&tensors).bert(config).map_err(unfit)
}

struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    /// Some models keep everything below a name.
    prefix: &'static str,
}

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn new(tensors: &'a SafeTensors<'a>) -> Reader<'a> {
        let is_below = tensors.names().iter().any(|name| name.starts_with("bert."));
        Reader {
            tensors,
            prefix: if is_below { "bert." } else { "" },
        }
    }

    fn bert(&self, config: &Config) -> Read<Bert> {
        let hidden = config.hidden;
        let layers = (0..config.layers).map(|n| self.layer(&format!("encoder.layer.{n}"), config));
        // One kind of text is all we have: its row is added to every token.
        let kinds = self.matrix("embeddings.token_type_embeddings.weight", None, hidden)?;
        Ok(Bert {
            words: self.matrix(
                "embeddings.word_embeddings.weight",
                Some(config.vocabulary),
                hidden,
            )?,
            positions: self.matrix(
                "embeddings.position_embeddings.weight",
                Some(config.most_positions),
                hidden,
            )?,
            kind: kinds.row(0).to_owned(),
            norm: self.norm("embeddings.LayerNorm", config)?,
            layers: layers.collect::<Read<Vec<Layer>>>()?,
            heads: config.heads,
        })
    }

    fn layer(&self, at: &str, config: &Config) -> Read<Layer> {
        let (hidden, inner) = (config.hidden, config.inner);
        let linear = |name: &str, out, into| self.linear(&format!("{at}.{name}"), out, into);
        Ok(Layer {
            query: linear("attention.self.query", hidden, hidden)?,
            key: linear("attention.self.key", hidden, hidden)?,
            value: linear("attention.self.value", hidden, hidden)?,
            mixed: linear("attention.output.dense", hidden, hidden)?,
            mixed_norm: self.norm(&format!("{at}.attention.output.LayerNorm"), config)?,
            wide: linear("intermediate.dense", inner, hidden)?,
            narrow: linear("output.dense", hidden, inner)?,
            norm: self.norm(&format!("{at}.output.LayerNorm"), config)?,
        })
    }

    fn linear(&self, name: &str, out: usize, into: usize) -> Read<Linear> {
        Ok(Linear {
            weight: self.matrix(&format!("{name}.weight"), Some(out), into)?,
            bias: self.vector(&format!("{name}.bias"), out)?,
        })
    }

    /// Older files call the two gamma and beta.
    fn norm(&self, name: &str, config: &Config) -> Read<Norm> {
        let either = |new: &str, old: &str| {
            let new = self.vector(&format!("{name}.{new}"), config.hidden);
            new.or_else(|error| {
                self.vector(&format!("{name}.{old}"), config.hidden)
                    .map_err(|_| error)
            })
        };
        Ok(Norm {
            weight: either("weight", "gamma")?,
            bias: either("bias", "beta")?,
            epsilon: config.epsilon,
        })
    }

    fn matrix(&self, name: &str, rows: Option<usize>, columns: usize) -> Read<Array2<f32>> {
        let (shape, numbers) = self.numbers(name)?;
        match *shape.as_slice() {
            [found, width]
                if width == columns && found > 0 && rows.is_none_or(|rows| rows == found) =>
            {
                Array2::from_shape_vec((found, width), numbers)
                    .map_err(|error| format!("{name}: {error}"))
            }
            _ => Err(format!("{name} has the shape {shape:?}")),
        }
    }

    fn vector(&self, name: &str, length: usize) -> Read<Array1<f32>> {
        let (shape, numbers) = self.numbers(name)?;
        match *shape.as_slice() {
            [found] if found == length => Ok(Array1::from_vec(numbers)),
            _ => Err(format!("{name} has the shape {shape:?}")),
        }
    }

    fn numbers(&self, name: &str) -> Read<(Vec<usize>, Vec<f32>)> {
        let full = format!("{}{name}", self.prefix);
        let tensor = self
            .tensors
            .tensor(&full)
            .map_err(|error| format!("{full}: {error}"))?;
        let data = tensor.data();
        let pairs = || {
            data.chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        };
        let numbers = match tensor.dtype() {
            Dtype::F32 => {
                let fours = data.chunks_exact(4);
                fours
                    .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
                    .collect()
            }
            Dtype::F16 => pairs().map(half).collect(),
            Dtype::BF16 => pairs()
                .map(|bits| f32::from_bits(u32::from(bits) << 16))
                .collect(),
            other => return Err(format!("{full} is written as {other:?}")),
        };
        Ok((tensor.shape().to_vec(), numbers))
    }
}

/// A number of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f32::from(bits & 0x3ff) / 1_024.0;
    let exponent = i32::from(bits >> 10 & 0x1f);
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-14),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn sixteen_bits_are_what_the_standard_says() {
        for (bits, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65_504.0),
            (0x0001, 5.960_464_5e-8),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), number);
        }
        assert!(half(0x7e00).is_nan());
    }
}
