//! A BERT's forward pass.
//!
//! Promises: one text at a time, so that nothing is padded and nothing masked; the mean of the last
//! layer over the tokens. Leaves out: training, and heads for other tasks.

use ndarray::{Array1, Array2, Axis, Slice};

/// A model.
pub(super) struct Bert {
    pub(super) words: Array2<f32>,
    pub(super) positions: Array2<f32>,
    pub(super) kind: Array1<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
    pub(super) heads: usize,
}

/// One layer: tokens look at one another, then each is thought over by itself.
pub(super) struct Layer {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) mixed: Linear,
    pub(super) mixed_norm: Norm,
    pub(super) wide: Linear,
    pub(super) narrow: Linear,
    pub(super) norm: Norm,
}

pub(super) struct Linear {
    /// A row for each number that comes out.
    pub(super) weight: Array2<f32>,
    pub(super) bias: Array1<f32>,
}

pub(super) struct Norm {
    pub(super) weight: Array1<f32>,
    pub(super) bias: Array1<f32>,
    pub(super) epsilon: f32,
}

impl Bert {
    pub(super) fn dimensions(&self) -> usize {
        self.kind.len()
    }

    /// The mean over `tokens` of what the last layer makes of them.
    pub(super) fn mean(&self, tokens: &[u32]) -> Result<Vec<f32>, String> {
        let mut x = self.embedded(tokens)?;
        self.norm.apply(&mut x);
        for layer in &self.layers {
            x = layer.apply(&x, self.heads);
        }
        let mean = x.mean_axis(Axis(0)).ok_or("there are no tokens")?;
        Ok(mean.to_vec())
    }

    fn embedded(&self, tokens: &[u32]) -> Result<Array2<f32>, String> {
        if tokens.len() > self.positions.nrows() {
            return Err(format!(
                "{} tokens, of {} at most",
                tokens.len(),
                self.positions.nrows()
            ));
        }
        let mut x = self
            .positions
            .slice_axis(Axis(0), Slice::from(..tokens.len()))
            .to_owned();
        for (mut row, token) in x.rows_mut().into_iter().zip(tokens) {
            let at = *token as usize;
            if at >= self.words.nrows() {
                return Err(format!(
                    "token {token} is beyond the vocabulary: the tokenizer is another model's"
                ));
            }
            row += &self.words.row(at);
            row += &self.kind;
        }
        Ok(x)
    }
}

impl Layer {
    fn apply(&self, x: &Array2<f32>, heads: usize) -> Array2<f32> {
        let mut attended = self.mixed.apply(&self.attention(x, heads));
        attended += x;
        self.mixed_norm.apply(&mut attended);
        let mut wide = self.wide.apply(&attended);
        wide.mapv_inplace(gelu);
        let mut out = self.narrow.apply(&wide);
        out += &attended;
        self.norm.apply(&mut out);
        out
    }

    fn attention(&self, x: &Array2<f32>, heads: usize) -> Array2<f32> {
        let (query, key, value) = (self.query.apply(x), self.key.apply(x), self.value.apply(x));
        let width = query.ncols() / heads;
        let scale = 1.0 / (width as f32).sqrt();
        let mut out = Array2::zeros(x.dim());
        for head in 0..heads {
            let part = Slice::from(head * width..(head + 1) * width);
            let of = |x: &Array2<f32>| x.slice_axis(Axis(1), part).to_owned();
            let mut scores = of(&query).dot(&of(&key).t());
            scores *= scale;
            softmax(&mut scores);
            out.slice_axis_mut(Axis(1), part)
                .assign(&scores.dot(&of(&value)));
        }
        out
    }
}

impl Linear {
    fn apply(&self, x: &Array2<f32>) -> Array2<f32> {
        x.dot(&self.weight.t()) + &self.bias
    }
}

impl Norm {
    /// Each row gets mean 0 and variance 1, then the model's own of each.
    fn apply(&self, x: &mut Array2<f32>) {
        for mut row in x.rows_mut() {
            let count = row.len() as f32;
            let mean = row.sum() / count;
            row -= mean;
            let variance = row.iter().map(|x| x * x).sum::<f32>() / count;
            row /= (variance + self.epsilon).sqrt();
            row *= &self.weight;
            row += &self.bias;
        }
    }
}

/// Each row sums to 1.
fn softmax(scores: &mut Array2<f32>) {
    for mut row in scores.rows_mut() {
        let most = row.fold(f32::NEG_INFINITY, |most, x| most.max(*x));
        row.mapv_inplace(|x| (x - most).exp());
        let sum = row.sum();
        row /= sum;
    }
}

fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// Abramowitz and Stegun, 7.1.26: off by less than 2e-7.
fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let terms = [
        1.061_405_4,
        -1.453_152,
        1.421_413_7,
        -0.284_496_74,
        0.254_829_6,
    ];
    let sum = terms.iter().fold(0.0, |sum, term| (sum + term) * t);
    (1.0 - sum * (-x * x).exp()).copysign(x)
}
