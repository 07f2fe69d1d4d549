//! A place in the message, and what can be read from there on.
//!
//! Promises: nothing is copied, nothing is read twice but the few words of a closed list, and what is not
//! there leaves the place where it was. Letters of words are alike in both cases, ASCII only. Spaces are
//! blanks and tabs: a line's end is never one.

/// The most blanks between two words. They are stepped over again for each phrase that could be there.
const BLANKS: usize = 16;

/// A place in the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    text: &'a str,
    at: usize,
}

/// Where a grammar ended, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Miss {
    /// In bytes of the message.
    pub(super) at: usize,
    /// For what reason.
    pub(super) why: Reason,
}

/// Why a grammar ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Something else stands where this should.
    Wanted(&'static str),
    /// It fits, and could be meant otherwise.
    Doubtful(&'static str),
}

impl<'a> Place<'a> {
    /// The beginning.
    pub(super) fn new(text: &'a str) -> Place<'a> {
        Place { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What was read since then.
    pub(super) fn since(&self, then: usize) -> &'a str {
        self.text.get(then..self.at).unwrap_or_default()
    }

    /// What stands before that place.
    pub(super) fn before(&self, at: usize) -> &'a str {
        self.text.get(..at).unwrap_or_default()
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Steps over this many bytes of what was looked at.
    pub(super) fn step(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Steps over the bytes of this kind, which is one of ASCII, and says how many they were.
    pub(super) fn skip(&mut self, is_one: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let many = bytes
            .iter()
            .take_while(|b| b.is_ascii() && is_one(**b))
            .count();
        self.at += many;
        many
    }

    /// Steps over blanks, [`BLANKS`] of them at most; whether there were any.
    pub(super) fn spaces(&mut self) -> bool {
        let bytes = self.text.as_bytes().iter().skip(self.at).take(BLANKS);
        let many = bytes.take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.at += many;
        many > 0
    }

    /// This very text.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let is_here = self.rest().starts_with(text);
        if is_here {
            self.at += text.len();
        }
        is_here
    }

    /// These words, with blanks between and before them, and no letter, digit or hyphen right behind.
    pub(super) fn words(&mut self, phrase: &str) -> bool {
        let mut next = *self;
        for word in phrase.split(' ') {
            next.spaces();
            let bytes = next.text.as_bytes().get(next.at..).unwrap_or_default();
            let is_here = bytes
                .get(..word.len())
                .is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()));
            if !is_here {
                return false;
            }
            next.at += word.len();
            let goes_on = |b: u8| {
                b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\'') || !b.is_ascii()
            };
            if next.byte().is_some_and(goes_on) {
                return false;
            }
        }
        *self = next;
        true
    }

    /// The first of these phrases that is here.
    pub(super) fn one_of<T: Copy>(&mut self, phrases: &[(&str, T)]) -> Option<T> {
        phrases
            .iter()
            .find_map(|(phrase, is)| self.words(phrase).then_some(*is))
    }

    /// Whether one of these phrases is here.
    pub(super) fn any(&mut self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.words(phrase))
    }

    /// These words, or the miss.
    pub(super) fn want(&mut self, phrases: &[&str], what: &'static str) -> Result<(), Miss> {
        if self.any(phrases) {
            Ok(())
        } else {
            Err(self.miss(what))
        }
    }

    /// This is not here.
    pub(super) fn miss(&self, wanted: &'static str) -> Miss {
        let mut next = *self;
        next.spaces();
        Miss {
            at: next.at,
            why: Reason::Wanted(wanted),
        }
    }

    /// It could be meant otherwise.
    pub(super) fn doubt(&self, why: &'static str) -> Miss {
        Miss {
            at: self.at,
            why: Reason::Doubtful(why),
        }
    }
}
