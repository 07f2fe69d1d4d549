//! A tiny model with random numbers, computed a second time by plain loops.

use std::collections::HashMap;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

use super::*;

const HIDDEN: usize = 32;
const HEADS: usize = 4;
const INNER: usize = 64;
const LAYERS: usize = 2;
const WORDS: [&str; 9] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "where", "is", "my", "order", "##s",
];
const POSITIONS: usize = 16;

/// Tensors by name, with their shapes, drawn the same each time.
fn drawn() -> Vec<(String, Vec<usize>)> {
    let norm = |at: &str| {
        [
            (format!("{at}.weight"), vec![HIDDEN]),
            (format!("{at}.bias"), vec![HIDDEN]),
        ]
    };
    let linear = |at: String, out: usize, into: usize| {
        [
            (format!("{at}.weight"), vec![out, into]),
            (format!("{at}.bias"), vec![out]),
        ]
    };
    let mut all = vec![
        (
            "embeddings.word_embeddings.weight".to_owned(),
            vec![WORDS.len(), HIDDEN],
        ),
        (
            "embeddings.position_embeddings.weight".to_owned(),
            vec![POSITIONS, HIDDEN],
        ),
        (
            "embeddings.token_type_embeddings.weight".to_owned(),
            vec![2, HIDDEN],
        ),
    ];
    all.extend(norm("embeddings.LayerNorm"));
    for n in 0..LAYERS {
        let at = format!("encoder.layer.{n}");
        for part in [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ] {
            all.extend(linear(format!("{at}.{part}"), HIDDEN, HIDDEN));
        }
        all.extend(norm(&format!("{at}.attention.output.LayerNorm")));
        all.extend(linear(format!("{at}.intermediate.dense"), INNER, HIDDEN));
        all.extend(linear(format!("{at}.output.dense"), HIDDEN, INNER));
        all.extend(norm(&format!("{at}.output.LayerNorm")));
    }
    all
}

fn numbers(name: &str, count: usize) -> Vec<f32> {
    let draw = |n: usize| crate::hash::of(&format!("{name} {n}")) as f32 / u64::MAX as f32 - 0.5;
    (0..count).map(draw).collect()
}

fn write_model(folder: &Path) {
    let config = serde_json::json!({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": INNER, "vocab_size": WORDS.len(),
        "max_position_embeddings": POSITIONS, "layer_norm_eps": 1e-12,
    });
    fs::write(folder.join("config.json"), config.to_string()).expect("written");
    let vocabulary: HashMap<&str, usize> = WORDS
        .iter()
        .enumerate()
        .map(|(n, word)| (*word, n))
        .collect();
    let tokenizer = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).expect("written");
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = drawn()
        .into_iter()
        .map(|(name, shape)| {
            let numbers = numbers(&name, shape.iter().product());
            let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = data.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    let file = serialize(views, None).expect("a file");
    fs::write(folder.join("model.safetensors"), file).expect("written");
}

/// The same by loops over numbers, in f64 and with the exact error function's series.
mod plain {
    use super::*;

    type Rows = Vec<Vec<f64>>;

    fn read(name: &str, count: usize) -> Vec<f64> {
        numbers(name, count).into_iter().map(f64::from).collect()
    }

    fn linear(x: &Rows, at: &str, out: usize, into: usize) -> Rows {
        let (weight, bias) = (
            read(&format!("{at}.weight"), out * into),
            read(&format!("{at}.bias"), out),
        );
        let one = |row: &Vec<f64>| {
            let number = |n: usize| {
                (0..into)
                    .map(|m| weight[n * into + m] * row[m])
                    .sum::<f64>()
                    + bias[n]
            };
            (0..out).map(number).collect()
        };
        x.iter().map(one).collect()
    }

    fn norm(x: &Rows, at: &str) -> Rows {
        let (weight, bias) = (
            read(&format!("{at}.weight"), HIDDEN),
            read(&format!("{at}.bias"), HIDDEN),
        );
        let one = |row: &Vec<f64>| {
            let mean = row.iter().sum::<f64>() / HIDDEN as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / HIDDEN as f64;
            let number =
                |n: usize| (row[n] - mean) / (variance + 1e-12).sqrt() * weight[n] + bias[n];
            (0..HIDDEN).map(number).collect()
        };
        x.iter().map(one).collect()
    }

    fn sum(x: &Rows, y: &Rows) -> Rows {
        x.iter()
            .zip(y)
            .map(|(x, y)| x.iter().zip(y).map(|(x, y)| x + y).collect())
            .collect()
    }

    fn erf(x: f64) -> f64 {
        let mut term = x;
        let mut sum = x;
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    fn attention(x: &Rows, at: &str) -> Rows {
        let part = |name: &str| linear(x, &format!("{at}.attention.self.{name}"), HIDDEN, HIDDEN);
        let (query, key, value) = (part("query"), part("key"), part("value"));
        let width = HIDDEN / HEADS;
        let mut out = vec![vec![0.0; HIDDEN]; x.len()];
        for head in 0..HEADS {
            let columns = head * width..(head + 1) * width;
            for (i, out) in out.iter_mut().enumerate() {
                let score = |j: usize| {
                    let sum: f64 = columns.clone().map(|n| query[i][n] * key[j][n]).sum();
                    (sum / (width as f64).sqrt()).exp()
                };
                let scores: Vec<f64> = (0..x.len()).map(score).collect();
                let all: f64 = scores.iter().sum();
                for n in columns.clone() {
                    out[n] = (0..x.len()).map(|j| scores[j] / all * value[j][n]).sum();
                }
            }
        }
        out
    }

    pub(super) fn vector(tokens: &[usize]) -> Vec<f64> {
        let words = read("embeddings.word_embeddings.weight", WORDS.len() * HIDDEN);
        let positions = read("embeddings.position_embeddings.weight", POSITIONS * HIDDEN);
        let kinds = read("embeddings.token_type_embeddings.weight", 2 * HIDDEN);
        let row = |(at, token): (usize, &usize)| {
            let number =
                |n: usize| words[token * HIDDEN + n] + positions[at * HIDDEN + n] + kinds[n];
            (0..HIDDEN).map(number).collect()
        };
        let mut x = norm(
            &tokens.iter().enumerate().map(row).collect(),
            "embeddings.LayerNorm",
        );
        for n in 0..LAYERS {
            let at = format!("encoder.layer.{n}");
            let mixed = linear(
                &attention(&x, &at),
                &format!("{at}.attention.output.dense"),
                HIDDEN,
                HIDDEN,
            );
            let mixed = norm(
                &sum(&mixed, &x),
                &format!("{at}.attention.output.LayerNorm"),
            );
            let mut wide = linear(&mixed, &format!("{at}.intermediate.dense"), INNER, HIDDEN);
            for x in wide.iter_mut().flatten() {
                *x = 0.5 * *x * (1.0 + erf(*x / std::f64::consts::SQRT_2));
            }
            let narrow = linear(&wide, &format!("{at}.output.dense"), HIDDEN, INNER);
            x = norm(&sum(&narrow, &mixed), &format!("{at}.output.LayerNorm"));
        }
        let mean: Vec<f64> = (0..HIDDEN)
            .map(|n| x.iter().map(|row| row[n]).sum::<f64>() / x.len() as f64)
            .collect();
        let length = mean.iter().map(|x| x * x).sum::<f64>().sqrt();
        mean.into_iter().map(|x| x / length).collect()
    }
}

#[test]
fn a_vector_is_what_plain_loops_compute() {
    let folder = tempfile::tempdir().expect("a folder");
    write_model(folder.path());
    let model = LocalModel::open(folder.path()).expect("a model");
    assert_eq!(model.dimensions(), HIDDEN);
    assert!(model.name().starts_with("local-"));
    let vectors = model
        .embed(&["Where is my orders", "zebra", ""])
        .expect("vectors");
    for (vector, tokens) in vectors
        .iter()
        .zip([&[2, 4, 5, 6, 7, 8, 3][..], &[2, 1, 3], &[2, 3]])
    {
        let expected = plain::vector(tokens);
        for (found, expected) in vector.iter().zip(&expected) {
            assert!(
                (f64::from(*found) - expected).abs() < 2e-5,
                "{found} {expected}"
            );
        }
    }
    let long = "order ".repeat(500);
    assert_eq!(
        model
            .embed(&[&long])
            .expect("cut to what the model takes")
            .len(),
        1
    );
}

#[test]
fn what_is_wrong_with_a_folder_is_said_with_the_files_name_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let say = |folder: &Path| {
        LocalModel::open(folder)
            .err()
            .map_or(String::new(), |error| error.to_string())
    };
    for (name, _) in FILES {
        write_model(folder.path());
        let file = folder.path().join(name);
        fs::remove_file(&file).expect("removed");
        let said = say(folder.path());
        assert!(
            said.contains(name) && said.contains("is missing: fetch the model again"),
            "{said}"
        );
        fs::write(&file, "{").expect("written");
        let said = say(folder.path());
        assert!(
            said.contains(name) && said.contains("delete it and fetch the model again"),
            "{said}"
        );
    }
    write_model(folder.path());
    let weights = folder.path().join("model.safetensors");
    let whole = fs::read(&weights).expect("read");
    fs::write(&weights, &whole[..whole.len() - 100]).expect("written");
    assert!(say(folder.path()).contains("model.safetensors can't be read"));

    write_model(folder.path());
    let config = folder.path().join("config.json");
    let text = fs::read_to_string(&config).expect("read");
    for (from, to, why) in [
        ("\"bert\"", "\"roberta\"", "a roberta model, not a bert"),
        ("\"gelu\"", "\"relu\"", "the activation relu"),
        (
            "\"hidden_size\":32",
            "\"hidden_size\":33",
            "33 numbers for 4 heads",
        ),
        ("\"hidden_size\":32", "\"hidden_size\":64", "has the shape"),
        (
            "\"num_hidden_layers\":2",
            "\"num_hidden_layers\":3",
            "encoder.layer.2",
        ),
        (
            "\"vocab_size\":9",
            "\"vocab_size\":0",
            "sizes that are none",
        ),
    ] {
        assert!(text.contains(from), "{text}");
        fs::write(&config, text.replace(from, to)).expect("written");
        let said = say(folder.path());
        assert!(
            said.contains(why) && said.contains("take one like"),
            "{said}"
        );
    }
}
