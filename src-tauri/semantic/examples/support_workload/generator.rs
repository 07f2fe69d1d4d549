//! A day at a shop's support, drawn from a seed.
//!
//! Promises: the same seed gives the same texts. A few intents and a few values are asked for often,
//! most seldom (Zipf); people greet, thank, and leave marks out. Each text comes with what its answer
//! depends on.

use crate::intents::{DAYS, INTENTS, Intent, PLACES, PRODUCTS, Slot};

/// One question.
pub(crate) struct Asked {
    pub(crate) text: String,
    /// Two with the same have the same answer.
    pub(crate) truth: String,
}

/// Draws questions.
pub(crate) struct Generator {
    state: u64,
}

const ORDERS: usize = 1_000;
/// What people write before and after, by language; nothing most of the time.
const BEFORE: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "Hi, ",
            "Hello! ",
            "Good morning, ",
            "Hey there, ",
            "Quick question: ",
        ],
    ),
    ("de", &["Hallo, ", "Guten Tag, "]),
    ("fr", &["Bonjour, ", "Bonsoir, "]),
    ("es", &["Hola, ", "Buenos días, "]),
    ("it", &["Ciao, ", "Buongiorno, "]),
    ("pt", &["Olá, ", "Bom dia, "]),
    ("zh", &["你好,"]),
    ("ja", &["こんにちは、"]),
];
const AFTER: &[(&str, &[&str])] = &[
    (
        "en",
        &[" Thanks!", " Thank you.", " Please help.", " It is urgent."],
    ),
    ("de", &[" Danke!", " Vielen Dank."]),
    ("fr", &[" Merci !"]),
    ("es", &[" Gracias."]),
    ("it", &[" Grazie."]),
    ("pt", &[" Obrigado."]),
    ("zh", &["谢谢"]),
    ("ja", &[]),
];

impl Generator {
    pub(crate) fn new(seed: u64) -> Generator {
        Generator {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// The next question.
    pub(crate) fn ask(&mut self) -> Asked {
        let intent = &INTENTS[self.intent()];
        let value = self.value(intent.slot);
        let way = intent.ways[self.below(intent.ways.len())];
        let text = way.replace("{}", &value);
        Asked {
            text: self.dressed(text, intent.language),
            truth: format!("{} {} {value}", intent.language, intent.name),
        }
    }

    /// Half of what is asked is in English; within a language the first are asked most often.
    fn intent(&mut self) -> usize {
        let is_english = |intent: &Intent| intent.language == "en";
        let wants_english = self.below(10) < 6;
        let fitting: Vec<usize> = (0..INTENTS.len())
            .filter(|n| is_english(&INTENTS[*n]) == wants_english)
            .collect();
        fitting[self.zipf(fitting.len(), 0.6)]
    }

    fn value(&mut self, slot: Slot) -> String {
        match slot {
            Slot::None => String::new(),
            Slot::Order => (4_000 + self.zipf(ORDERS, 0.8)).to_string(),
            Slot::Product => PRODUCTS[self.zipf(PRODUCTS.len(), 0.8)].to_owned(),
            Slot::Place => PLACES[self.zipf(PLACES.len(), 0.8)].to_owned(),
            Slot::Days => DAYS[self.zipf(DAYS.len(), 0.8)].to_owned(),
        }
    }

    fn dressed(&mut self, text: String, language: &str) -> String {
        let mut text = text;
        if self.below(100) < 15 && text.is_ascii() {
            text = text.to_lowercase();
        }
        if self.below(100) < 20 && text.ends_with('?') {
            text.pop();
        }
        if self.below(100) < 30 {
            text = format!("{}{text}", self.one_of(BEFORE, language));
        }
        if self.below(100) < 20 {
            text.push_str(self.one_of(AFTER, language));
        }
        text
    }

    fn one_of(
        &mut self,
        table: &[(&str, &'static [&'static str])],
        language: &str,
    ) -> &'static str {
        let found = table.iter().find(|(of, _)| *of == language);
        match found {
            Some((_, [])) | None => "",
            Some((_, words)) => words[self.below(words.len())],
        }
    }

    /// The first of `count` most often, the second `2^-exponent` times as often, and so on.
    fn zipf(&mut self, count: usize, exponent: f64) -> usize {
        let weight = |n: usize| ((n + 1) as f64).powf(-exponent);
        let all: f64 = (0..count).map(weight).sum();
        let mut left = self.next() * all;
        let found = (0..count).find(|n| {
            left -= weight(*n);
            left <= 0.0
        });
        found.unwrap_or(count - 1)
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.next() * count as f64) as usize).min(count - 1)
    }

    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}
