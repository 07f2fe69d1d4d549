//! A question read word by word: what each of them does in it.
//!
//! Promises: the same text is read alike always; linear in the text. Leaves out: comparing two
//! (`marks`), and turning one into numbers (`embed`).

use unicode_normalization::UnicodeNormalization as _;

use crate::Language;
use crate::numbers;
use crate::spans::{Span, spans};
use crate::tokens::{Kind, Token, tokens};
use crate::words::{self, Sense, Words};

/// What a word, or a few, do in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// Says something.
    Content {
        text: String,
        is_light: bool,
    },
    /// One end of something that has another.
    Pole(&'static str),
    /// A number, a date.
    Value(String),
    /// Measures the value before it.
    Unit(String),
    /// A sign: `+`.
    Sign(String),
    /// As it was written.
    Code(String),
    /// As it was written.
    Quoted(String),
    /// Turns what is behind it into its contrary.
    Not(&'static str),
    Ask(&'static str),
    Who(&'static str),
    Way(&'static str),
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) language: Language,
    pub(crate) items: Vec<Item>,
    /// Those of its contents that were written like a name.
    pub(crate) names: Vec<String>,
    /// A comma, a colon or the like stands between two of them.
    pub(crate) is_broken: bool,
    /// It asks, and does not tell or beg.
    pub(crate) is_question: bool,
    /// Words that do something, passed over or not, but for greetings and thanks.
    pub(crate) length: usize,
}

impl Item {
    /// What it says by itself: the same of two items that say the same.
    pub(crate) fn said(&self) -> Option<&str> {
        match self {
            Item::Content { text, .. }
            | Item::Value(text)
            | Item::Unit(text)
            | Item::Sign(text)
            | Item::Code(text)
            | Item::Quoted(text) => Some(text),
            Item::Pole(name) => Some(name),
            Item::Not(_) | Item::Ask(_) | Item::Who(_) | Item::Way(_) => None,
        }
    }
}

/// Reads `text`.
pub(crate) fn read(text: &str) -> Reading {
    let text: String = text.nfkc().collect::<String>().replace('\u{2019}', "'");
    let spans = spans(&text);
    let plain = spans.iter().filter_map(|span| match span {
        Span::Plain(text) => Some(text.to_lowercase()),
        _ => None,
    });
    let language = Language::of(&plain.collect::<Vec<_>>().join(" "));
    let mut reader = Reader {
        language,
        words: words::of(language),
        is_shouted: is_shouted(&spans),
        is_first: true,
        has_mark: false,
        begs: false,
        opens: false,
        mentions: false,
        may_break: false,
        reading: Reading {
            language,
            items: Vec::new(),
            names: Vec::new(),
            is_broken: false,
            is_question: false,
            length: 0,
        },
    };
    for span in spans {
        match span {
            Span::Plain(text) => reader.plain(text),
            Span::Code(text) => reader.push(Item::Code(text.to_owned())),
            Span::Quoted(text) => reader.push(Item::Quoted(text.to_owned())),
        }
    }
    reader.done()
}

/// Most words in capitals: nobody's name.
fn is_shouted(spans: &[Span<'_>]) -> bool {
    let plain = spans.iter().filter_map(|span| match span {
        Span::Plain(text) => Some(*text),
        _ => None,
    });
    let letters = plain.flat_map(str::chars).filter(|c| c.is_alphabetic());
    let (mut upper, mut all) = (0, 0);
    for c in letters {
        upper += usize::from(c.is_uppercase());
        all += 1;
    }
    upper * 2 > all
}

struct Reader {
    language: Language,
    words: Option<&'static Words>,
    is_shouted: bool,
    is_first: bool,
    has_mark: bool,
    begs: bool,
    opens: bool,
    mentions: bool,
    /// A mark was met behind an item; another item breaks the text there.
    may_break: bool,
    reading: Reading,
}

impl Reader {
    fn plain(&mut self, text: &str) {
        let mut cut = Vec::new();
        self.has_mark |= tokens(text, &mut self.is_first, &mut cut);
        let asks = ['吗', '嗎', 'か']
            .iter()
            .any(|end| text.trim_end_matches(['。', ' ']).ends_with(*end));
        self.has_mark |= asks && !self.language.has_spaces();
        let begins = self.reading.items.is_empty();
        self.mentions |= cut
            .iter()
            .any(|token| self.words.is_some_and(|words| words.mentions(&token.text)));
        self.read(&cut, true, begins);
    }

    fn read(&mut self, tokens: &[Token], may_turn: bool, mut at_border: bool) {
        let mut at = 0;
        let mut key = String::new();
        while at < tokens.len() {
            let token = &tokens[at];
            match token.kind {
                Kind::Break => {
                    at += 1;
                    at_border = true;
                    self.may_break = !self.reading.items.is_empty();
                    continue;
                }
                Kind::Number => {
                    self.number(&token.text);
                    at += 1;
                }
                Kind::Sign => {
                    self.sign(&token.text);
                    at += 1;
                }
                Kind::Word | Kind::Character => {
                    let (length, dropped) =
                        self.phrase(&tokens[at..], may_turn, at_border, &mut key);
                    at += length;
                    // A greeting behind a greeting is at the border too.
                    at_border &= dropped;
                    continue;
                }
            }
            at_border = false;
        }
    }

    /// The longest phrase that the table has, or a word: how many tokens it took, and whether it says
    /// nothing.
    fn phrase(
        &mut self,
        ahead: &[Token],
        may_turn: bool,
        at_border: bool,
        key: &mut String,
    ) -> (usize, bool) {
        let kind = ahead[0].kind;
        let same = ahead.iter().take_while(|token| token.kind == kind).count();
        let Some(words) = self.words else {
            self.content(&ahead[0]);
            return (1, false);
        };
        let small = words.sense(&ahead[0].text);
        let is_small = matches!(
            small,
            Some(Sense::Stop | Sense::Who(_) | Sense::Ask(_) | Sense::Way(_))
        );
        if ahead[0].is_capitals && !self.is_shouted && is_small {
            // US is not us, WHO does not ask, and IT is something.
            self.content(&ahead[0]);
            return (1, false);
        }
        if ahead[0].is_first && words.opens(&ahead[0].text) {
            self.opens = true;
        }
        for length in (1..=words.longest.min(same)).rev() {
            join(&ahead[..length], kind, key);
            if may_turn && let Some(to) = words.turn(key) {
                let kind = if self.language.has_spaces() {
                    Kind::Word
                } else {
                    Kind::Character
                };
                let tokens: Vec<Token> = match kind {
                    Kind::Word => to
                        .split(' ')
                        .map(|word| Token::of(word.to_owned(), kind))
                        .collect(),
                    _ => to.chars().map(|c| Token::of(c.to_string(), kind)).collect(),
                };
                self.read(&tokens, false, false);
                return (length, false);
            }
            let Some(sense) = words.sense(key) else {
                continue;
            };
            let drops = matches!(sense, Sense::Drop | Sense::Plead);
            // "How do you say thanks" asks about the word.
            if drops && self.mentions && !at_border {
                continue;
            }
            self.sense(sense, &ahead[0]);
            return (length, drops);
        }
        self.content(&ahead[0]);
        (1, false)
    }

    fn sense(&mut self, sense: Sense, token: &Token) {
        match sense {
            Sense::Drop => {}
            Sense::Plead => self.begs = true,
            Sense::Stop => self.reading.length += 1,
            Sense::Ask(name) => self.push(Item::Ask(name)),
            Sense::Not(name) => self.push(Item::Not(name)),
            Sense::Who(name) => self.push(Item::Who(name)),
            Sense::Way(name) => self.push(Item::Way(name)),
            Sense::Pole(name) => self.push(Item::Pole(name)),
            Sense::Number(name) => self.number_word(name),
            Sense::Unit(name) => self.push(Item::Unit(name.to_owned())),
            Sense::Date(name) => self.push(Item::Value(name.to_owned())),
            Sense::Same(name) => self.named(name.to_owned(), token, false),
            Sense::Light => self.named(token.text.clone(), token, true),
        }
    }

    fn content(&mut self, token: &Token) {
        // A word with digits in it is somebody's number: a model, an article, a version.
        if token.text.chars().any(|c| c.is_ascii_digit()) {
            self.push(Item::Value(token.text.clone()));
        } else {
            self.named(token.text.clone(), token, false);
        }
    }

    fn named(&mut self, text: String, token: &Token, is_light: bool) {
        if token.is_name && !self.is_shouted {
            self.reading.names.push(text.clone());
        }
        self.push(Item::Content { text, is_light });
    }

    fn push(&mut self, item: Item) {
        self.reading.length += 1;
        self.reading.is_broken |= self.may_break;
        self.reading.items.push(item);
    }

    fn number(&mut self, written: &str) {
        let (value, onto) = numbers::value(written, self.language);
        let unit = onto.and_then(
            |onto| match self.words.and_then(|words| words.sense(onto)) {
                Some(Sense::Unit(name) | Sense::Date(name)) => Some(name),
                _ => None,
            },
        );
        match (onto, unit) {
            (None, _) => self.value(value),
            (Some(_), Some(unit)) => {
                self.value(value);
                self.push(Item::Unit(unit.to_owned()));
            }
            (Some(onto), None) if numbers::is_ordinal(onto) => self.value(format!("#{value}")),
            // Somebody's number, as it was written.
            (Some(_), None) => self.push(Item::Value(written.to_owned())),
        }
    }

    /// `$5` is `5 $`.
    fn value(&mut self, value: String) {
        let is_before = matches!(self.reading.items.last(), Some(Item::Unit(unit)) if numbers::is_currency(unit));
        let unit = if is_before {
            self.reading.items.pop()
        } else {
            None
        };
        self.push(Item::Value(value));
        self.reading.items.extend(unit);
    }

    /// A number written as a word goes on with the one before it: twenty five, three hundred.
    fn number_word(&mut self, name: &'static str) {
        let last = match self.reading.items.last_mut() {
            Some(Item::Value(last)) => {
                numbers::join(last, name, self.language).map(|sum| (last, sum))
            }
            _ => None,
        };
        match last {
            Some((last, sum)) => *last = sum,
            None => self.push(Item::Value(name.to_owned())),
        }
    }

    fn sign(&mut self, sign: &str) {
        match sign {
            "%" | "$" | "€" | "£" | "¥" | "₹" | "°" => {
                self.push(Item::Unit(sign.to_owned()));
            }
            _ => self.push(Item::Sign(sign.to_owned())),
        }
    }

    fn done(mut self) -> Reading {
        let asks = self
            .reading
            .items
            .iter()
            .any(|item| matches!(item, Item::Ask(_)));
        self.reading.is_question = asks || !self.begs && (self.has_mark || self.opens);
        self.reading
    }
}

fn join(tokens: &[Token], kind: Kind, key: &mut String) {
    key.clear();
    for token in tokens {
        if kind == Kind::Word && !key.is_empty() {
            key.push(' ');
        }
        key.push_str(&token.text);
    }
}
