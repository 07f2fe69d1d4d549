//! What the words of a language do in a question.
//!
//! Promises: one table a language (`words/*.txt`), read once. Phrases are looked for longest first.
//! Leaves out: languages without a table, whose every word counts as it stands.
//!
//! A line is `sense name: phrase | phrase`:
//!
//! | sense | what the phrase does |
//! |---|---|
//! | `drop` | nothing: greetings, thanks, "I would like to" |
//! | `mention` | speaks of words: where there is one, a greeting inside the text is what is asked about |
//! | `plead` | nothing, and the question mark behind it is no question: "could you please" |
//! | `stop` | nothing: articles, "is", "of" |
//! | `turn` | stands for the words that are its name, which are looked up in its place |
//! | `ask` | asks: who, what, when; a kind of answer each |
//! | `opens` | a sentence that begins with it is a question, with or without a mark |
//! | `not` | turns the word behind it into its contrary, each name in its own way |
//! | `who` | says whose or whom: me, you, they |
//! | `way` | gives the word behind it a direction: to, from, than |
//! | `pole` | one end of something that has another: before, enable, most, may |
//! | `number`, `date` | is a value |
//! | `unit` | measures the value before it |
//! | `same` | another word for its name |
//! | `light` | a word that says little: weighs less in a vector, and counts all the same |

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::Language;

/// What a phrase does. Names are those of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    Drop,
    Plead,
    Stop,
    Ask(&'static str),
    Not(&'static str),
    Who(&'static str),
    Way(&'static str),
    Pole(&'static str),
    Number(&'static str),
    Unit(&'static str),
    Date(&'static str),
    Same(&'static str),
    Light,
}

/// The table of one language.
#[derive(Debug, Default)]
pub(crate) struct Words {
    senses: HashMap<&'static str, Sense>,
    turns: HashMap<&'static str, &'static str>,
    opens: HashSet<&'static str>,
    mentions: HashSet<&'static str>,
    /// Every word that stands in a phrase.
    pieces: HashSet<&'static str>,
    /// The most pieces in a phrase: words, or characters where a language has no spaces.
    pub(crate) longest: usize,
}

impl Words {
    pub(crate) fn sense(&self, phrase: &str) -> Option<Sense> {
        self.senses.get(phrase).copied()
    }

    /// What a phrase stands for.
    pub(crate) fn turn(&self, phrase: &str) -> Option<&'static str> {
        self.turns.get(phrase).copied()
    }

    /// A sentence that begins so is a question.
    pub(crate) fn opens(&self, word: &str) -> bool {
        self.opens.contains(word)
    }

    /// Whether the table has the word.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.pieces.contains(word)
    }

    /// Whether the word speaks of words.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        self.mentions.contains(word)
    }
}

/// The table of `language`; none for one we have no table of.
pub(crate) fn of(language: Language) -> Option<&'static Words> {
    static TABLES: LazyLock<Vec<(Language, Words)>> = LazyLock::new(|| {
        let read = |(language, text): &(Language, &'static str)| {
            // A test reads each of them: a line that says nothing is left out here.
            let (words, _) = read(text, language.has_spaces());
            (*language, words)
        };
        WRITTEN.iter().map(read).collect()
    });
    let table = TABLES.iter().find(|(of, _)| *of == language);
    table.map(|(_, words)| words)
}

const WRITTEN: &[(Language, &str)] = &[
    (Language::English, include_str!("../words/en.txt")),
    (Language::German, include_str!("../words/de.txt")),
    (Language::French, include_str!("../words/fr.txt")),
    (Language::Spanish, include_str!("../words/es.txt")),
    (Language::Italian, include_str!("../words/it.txt")),
    (Language::Portuguese, include_str!("../words/pt.txt")),
    (Language::Chinese, include_str!("../words/zh.txt")),
    (Language::Japanese, include_str!("../words/ja.txt")),
];

/// A table, and the lines and phrases in it that can't be read or stand there twice.
fn read(text: &'static str, has_spaces: bool) -> (Words, Vec<String>) {
    let mut words = Words::default();
    let mut wrong = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((head, phrases)) = line.split_once(": ") else {
            wrong.push(line.to_owned());
            continue;
        };
        let (sense, name) = head.split_once(' ').unwrap_or((head, ""));
        for phrase in phrases.split('|').map(str::trim) {
            let pieces = match has_spaces {
                true => phrase.split(' ').count(),
                false => phrase.chars().count(),
            };
            words.longest = words.longest.max(pieces);
            words.pieces.extend(phrase.split(' '));
            if !words.learn(sense, name, phrase) {
                wrong.push(format!("{head}: {phrase}"));
            }
        }
    }
    (words, wrong)
}

impl Words {
    fn learn(&mut self, sense: &str, name: &'static str, phrase: &'static str) -> bool {
        let sense = match sense {
            "turn" => return self.turns.insert(phrase, name).is_none() && !name.is_empty(),
            "opens" => return self.opens.insert(phrase) && name.is_empty(),
            "mention" => return self.mentions.insert(phrase) && name.is_empty(),
            "drop" => Sense::Drop,
            "plead" => Sense::Plead,
            "stop" => Sense::Stop,
            "ask" => Sense::Ask(name),
            "not" => Sense::Not(name),
            "who" => Sense::Who(name),
            "way" => Sense::Way(name),
            "pole" => Sense::Pole(name),
            "number" => Sense::Number(name),
            "unit" => Sense::Unit(name),
            "date" => Sense::Date(name),
            "same" => Sense::Same(name),
            "light" => Sense::Light,
            _ => return false,
        };
        let is_named = !name.is_empty();
        let wants_name = !matches!(
            sense,
            Sense::Drop | Sense::Plead | Sense::Stop | Sense::Light
        );
        is_named == wants_name
            && !phrase.is_empty()
            && self.senses.insert(phrase, sense).is_none()
            && !self.turns.contains_key(phrase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_table_is_read_and_no_phrase_stands_there_twice() {
        for (language, text) in WRITTEN {
            let (words, wrong) = read(text, language.has_spaces());
            assert_eq!(wrong, Vec::<String>::new(), "{language:?}");
            assert!(words.senses.len() > 80, "{language:?}");
            let turned = words
                .turns
                .keys()
                .filter(|key| words.senses.contains_key(*key));
            assert_eq!(
                turned.collect::<Vec<_>>(),
                Vec::<&&str>::new(),
                "{language:?}"
            );
        }
    }

    #[test]
    fn what_a_phrase_stands_for_is_not_looked_up_in_a_circle() {
        for (language, _) in WRITTEN {
            let words = of(*language).expect("a table");
            for (phrase, to) in &words.turns {
                assert!(words.turn(to).is_none(), "{language:?}: {phrase} -> {to}");
            }
        }
    }
}
