//! A model of a few kilobytes, and a server that gives its files as it is told to.
//!
//! The model is a BERT that is whole and knows little: its layers pass on what they get, so that a text's vector
//! is the mean of its words'. Texts of the same words are near, others are not.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::wire::read_request;

const HIDDEN: usize = 64;
const POSITIONS: usize = 32;
/// All that are no words share one vector.
const WORDS: [&str; 14] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "how", "do", "i", "change", "my", "address", "cancel",
    "order", "name", "where",
];
const NO_WORDS: usize = 4;

/// Few enough to come in one piece.
const LAST: usize = 8;

/// How `model.safetensors` is given; the other files are given whole.
#[derive(Clone)]
pub enum Manner {
    Whole,
    /// Half of what is asked for, then the connection breaks.
    BreakOff,
    /// All but the last bytes, and these once a permit is there.
    Wait(Arc<Semaphore>),
    /// Nobody knows this file.
    Unknown,
}

/// Gives the files on a port of its own until it is dropped.
pub struct ModelServer {
    pub base: String,
    manner: Arc<Mutex<Manner>>,
    ranges: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl ModelServer {
    pub async fn start(manner: Manner) -> ModelServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/tiny", listener.local_addr().unwrap());
        let manner = Arc::new(Mutex::new(manner));
        let ranges = Arc::default();
        let (now, seen) = (Arc::clone(&manner), Arc::clone(&ranges));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let manner = now.lock().unwrap().clone();
                tokio::spawn(give(socket, manner, Arc::clone(&seen)));
            }
        });
        ModelServer {
            base,
            manner,
            ranges,
            task,
        }
    }

    pub fn from_now_on(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// The ranges that were asked for, in order.
    pub fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request and closes.
async fn give(mut socket: TcpStream, manner: Manner, ranges: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut socket, &mut BytesMut::new()).await else {
        return;
    };
    let path = request.path().to_owned();
    let (file, manner) = match path.strip_prefix("/tiny/") {
        Some("config.json") => (config().to_string().into_bytes(), Manner::Whole),
        Some("tokenizer.json") => (tokenizer().to_string().into_bytes(), Manner::Whole),
        Some("model.safetensors") => (weights(), manner),
        _ => (Vec::new(), Manner::Unknown),
    };
    let range = request.header("range").map(str::to_owned);
    let mut from = 0;
    if let Some(range) = range {
        let first = range.strip_prefix("bytes=").unwrap();
        from = first.strip_suffix('-').unwrap().parse().unwrap();
        ranges.lock().unwrap().push(range);
    }
    let (status, body) = match manner {
        Manner::Unknown => ("404 Not Found", &[][..]),
        _ if from > 0 && from >= file.len() => ("416 Range Not Satisfiable", &[][..]),
        _ if from > 0 => ("206 Partial Content", &file[from..]),
        _ => ("200 OK", &file[..]),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: \"one\"\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // Whoever asked may have left.
    let _ = socket.write_all(head.as_bytes()).await;
    let held_back = match manner {
        Manner::Wait(_) => LAST.min(body.len()),
        _ => body.len() / 2,
    };
    let (first, rest) = body.split_at(body.len() - held_back);
    let _ = socket.write_all(first).await;
    match manner {
        Manner::BreakOff => return,
        Manner::Wait(gate) => gate.acquire().await.unwrap().forget(),
        Manner::Whole | Manner::Unknown => {}
    }
    let _ = socket.write_all(rest).await;
}

fn config() -> Value {
    json!({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": HIDDEN, "num_hidden_layers": 1,
        "num_attention_heads": 4, "intermediate_size": HIDDEN, "vocab_size": WORDS.len(),
        "max_position_embeddings": POSITIONS, "layer_norm_eps": 1e-12,
    })
}

fn tokenizer() -> Value {
    let words = WORDS.iter().enumerate();
    let vocabulary: Value = words
        .map(|(n, word)| ((*word).to_owned(), json!(n)))
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
}

/// A safetensors file: the length of a JSON header in eight bytes, the header, then numbers.
fn weights() -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut data: Vec<u8> = Vec::new();
    let mut tensor = |name: &str, shape: &[usize], number: &dyn Fn(usize) -> f32| {
        let begin = data.len();
        for n in 0..shape.iter().product() {
            data.extend(number(n).to_le_bytes());
        }
        let of = json!({"dtype": "F32", "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert(name.to_owned(), of);
    };
    tensor(
        "embeddings.word_embeddings.weight",
        &[WORDS.len(), HIDDEN],
        &drawn,
    );
    for (part, rows) in [("position", POSITIONS), ("token_type", 2)] {
        let name = format!("embeddings.{part}_embeddings.weight");
        tensor(&name, &[rows, HIDDEN], &|_| 0.0);
    }
    for at in [
        "embeddings",
        "encoder.layer.0.attention.output",
        "encoder.layer.0.output",
    ] {
        tensor(&format!("{at}.LayerNorm.weight"), &[HIDDEN], &|_| 1.0);
        tensor(&format!("{at}.LayerNorm.bias"), &[HIDDEN], &|_| 0.0);
    }
    for part in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
    ] {
        let at = format!("encoder.layer.0.{part}");
        tensor(&format!("{at}.weight"), &[HIDDEN, HIDDEN], &|_| 0.0);
        tensor(&format!("{at}.bias"), &[HIDDEN], &|_| 0.0);
    }
    let mut header = Value::Object(header).to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.extend(data);
    file
}

/// Between -1 and 1, the same each time.
fn drawn(n: usize) -> f32 {
    let word = (n / HIDDEN).max(NO_WORDS - 1);
    let mut bits = (word * HIDDEN + n % HIDDEN) as u64 + 1;
    for _ in 0..3 {
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        bits ^= bits >> 29;
    }
    (bits >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
}
