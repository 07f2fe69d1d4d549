//! Vectors made of words.
//!
//! Promises: no model, no download, the same vector on every machine. Near is what has the same words,
//! nearly the same words, in nearly the same order. Leaves out: meaning. "Cheap hotels in Rome" is near
//! "cheap hotels in Bonn", so that these vectors go with [`crate::Wording::Same`] only.
//!
//! Each feature of a text (a word, two words in a row, three letters in a row) is hashed to a place and
//! a sign, so that what falls into one place by chance does not add up. What says nothing is left out;
//! what is said often counts less each time; short and light words count less than long ones, which is
//! what a corpus would have told of how often they are met.

use crate::embed::{Embed, EmbedError, normalise};
use crate::hash;
use crate::reading::{Item, read};

/// Numbers in a vector.
const DIMENSIONS: usize = 512;
/// What the features weigh, beside a word's 1.
const PAIR: f32 = 0.35;
const LETTERS: f32 = 0.25;
const SMALL: f32 = 0.3;
const LIGHT: f32 = 0.5;
/// Letters in a row.
const RUN: usize = 3;

/// Makes vectors of words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lexical;

impl Embed for Lexical {
    fn name(&self) -> &str {
        "lexical-1"
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn vector(text: &str) -> Vec<f32> {
    let reading = read(text);
    let mut features = Features::default();
    let mut before: Option<&str> = None;
    for item in &reading.items {
        match item {
            Item::Not(name) | Item::Ask(name) | Item::Way(name) => features.add(name, SMALL),
            _ => {}
        }
        let Some(said) = item.said() else { continue };
        let weight = match item {
            Item::Content { is_light: true, .. } => LIGHT,
            _ => rarity(said),
        };
        features.add(said, weight);
        features.letters(said, weight);
        if let Some(before) = before {
            features.pair(before, said, weight);
        }
        before = Some(said);
    }
    let mut vector = features.vector();
    if !normalise(&mut vector) {
        // A text that says nothing is near nothing else than its like.
        vector[0] = 1.0;
    }
    vector
}

/// How seldom a word may be met, by its length: a language's most used words are its shortest.
fn rarity(word: &str) -> f32 {
    let letters = word.chars().count().min(12) as f32;
    0.5 + 0.25 * (1.0 + letters).ln()
}

/// Features, each with what it weighs; a handful each word.
#[derive(Default)]
struct Features(std::collections::BTreeMap<u64, f32>);

impl Features {
    fn add(&mut self, word: &str, weight: f32) {
        self.count(hash::of(word), weight);
    }

    fn pair(&mut self, one: &str, other: &str, weight: f32) {
        self.count(hash::of_all([one, other]), PAIR * weight);
    }

    /// Runs of letters, the word's border among them. They weigh the same together, however many.
    fn letters(&mut self, word: &str, weight: f32) {
        let letters: Vec<char> = std::iter::once('^')
            .chain(word.chars())
            .chain(['$'])
            .collect();
        let runs = letters.windows(RUN);
        let each = LETTERS * weight / (runs.len().max(1) as f32).sqrt();
        for run in runs {
            let run: String = run.iter().collect();
            self.count(hash::of_all(["letters", &run]), each);
        }
    }

    /// What comes again counts half as much as the time before.
    fn count(&mut self, feature: u64, weight: f32) {
        let held = self.0.entry(feature).or_insert(0.0);
        *held = if *held == 0.0 {
            weight
        } else {
            *held + (2.0 * weight - *held).max(0.0) / 2.0
        };
    }

    fn vector(self) -> Vec<f32> {
        let mut vector = vec![0.0; DIMENSIONS];
        for (feature, weight) in self.0 {
            let place = (feature % DIMENSIONS as u64) as usize;
            let sign = if feature >> 63 == 0 { 1.0 } else { -1.0 };
            vector[place] += sign * weight;
        }
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::similarity;

    fn near(one: &str, other: &str) -> f32 {
        similarity(&vector(one), &vector(other))
    }

    #[test]
    fn vectors_have_length_one_and_are_always_the_same() {
        for text in ["Where is my order?", "", "???", "我的订单在哪里", "a"] {
            let vector = vector(text);
            assert_eq!(vector.len(), DIMENSIONS);
            let length = similarity(&vector, &vector);
            assert!((length - 1.0).abs() < 1e-5, "{text}: {length}");
        }
        // Kept vectors of another run are of use only as long as these stand.
        let vector = vector("Where is my order 4711?");
        let strong = vector.iter().enumerate().filter(|(_, x)| x.abs() > 0.3);
        let strong: Vec<usize> = strong.map(|(at, _)| at).collect();
        assert_eq!(strong, STRONG);
    }

    /// The places of "order" and "4711".
    const STRONG: [usize; 2] = [49, 266];

    #[test]
    fn near_is_what_has_the_same_words() {
        assert!(
            near(
                "Where is my order?",
                "Hello, could you please tell me where my order is?"
            ) > 0.95
        );
        assert!(
            near(
                "How can I cancel my order?",
                "Thanks, how do I cancel my order"
            ) > 0.95
        );
        assert!(near("Where is my order?", "How do I bake bread?") < 0.3);
        let turned = near(
            "convert euro amounts to dollar",
            "convert dollar amounts to euro",
        );
        assert!(turned < 0.97, "{turned}");
    }
}
