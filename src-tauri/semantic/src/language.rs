//! The language of a question.
//!
//! Promises: one of the eight that the guards have tables of, or another; the same text has the same
//! language always. Leaves out: telling other languages apart: none of their words is passed over, so
//! that two questions in two of them never have the same.
//!
//! A question of seven words is too short for the statistics of a detector: what it has of a
//! language's own small words tells more. `whatlang` (one crate, MIT, no data files) decides where
//! two languages have as many, and speaks up for those that have no table.

use crate::words;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Language {
    English,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Chinese,
    Japanese,
    /// One without a table.
    Other,
}

use Language::*;

/// Those in the Latin script.
const LATIN: [(Language, whatlang::Lang); 6] = [
    (English, whatlang::Lang::Eng),
    (German, whatlang::Lang::Deu),
    (French, whatlang::Lang::Fra),
    (Spanish, whatlang::Lang::Spa),
    (Italian, whatlang::Lang::Ita),
    (Portuguese, whatlang::Lang::Por),
];

impl Language {
    /// Words stand apart.
    pub(crate) fn has_spaces(self) -> bool {
        !matches!(self, Chinese | Japanese)
    }

    /// Of a text in lower case, without its code.
    pub(crate) fn of(text: &str) -> Language {
        match whatlang::detect_script(text) {
            Some(whatlang::Script::Latin) => latin(text),
            Some(whatlang::Script::Hiragana | whatlang::Script::Katakana) => Japanese,
            Some(whatlang::Script::Mandarin) if text.chars().any(is_kana) => Japanese,
            Some(whatlang::Script::Mandarin) => Chinese,
            _ => Other,
        }
    }
}

fn latin(text: &str) -> Language {
    let mut votes = [0_u32; LATIN.len()];
    let mut all = 0_u32;
    for word in text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
    {
        all += 1;
        for ((language, _), votes) in LATIN.iter().zip(&mut votes) {
            *votes += u32::from(words::of(*language).is_some_and(|words| words.knows(word)));
        }
    }
    let most = votes.iter().copied().max().unwrap_or(0);
    let guess = whatlang::detect(text);
    let named = |lang| LATIN.iter().position(|(_, of)| *of == lang);
    if let Some(guess) = &guess
        && guess.is_reliable()
        && named(guess.lang()).is_none()
        // A third of the words of an English question are its small words.
        && most * 3 < all
    {
        return Other;
    }
    if most == 0 {
        return Other;
    }
    // Of those with as many, the one the detector would take.
    let guessed = guess.and_then(|guess| named(guess.lang()));
    let by_guess = guessed.filter(|at| votes[*at] == most);
    let first = votes.iter().position(|votes| *votes == most);
    by_guess.or(first).map_or(Other, |at| LATIN[at].0)
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_questions_are_told_apart() {
        for (text, language) in [
            ("where is my order?", English),
            ("how do i reset the password", English),
            ("wo ist meine bestellung?", German),
            ("wie kann ich mein passwort zurücksetzen", German),
            ("où est ma commande ?", French),
            ("comment puis-je annuler mon abonnement", French),
            ("¿dónde está mi pedido?", Spanish),
            ("cómo puedo cancelar mi suscripción", Spanish),
            ("dov'è il mio ordine?", Italian),
            ("come posso cambiare la mia password", Italian),
            ("onde está o meu pedido?", Portuguese),
            ("como faço para cancelar a minha assinatura", Portuguese),
            ("我的订单在哪里?", Chinese),
            ("注文はどこですか", Japanese),
            ("где мой заказ?", Other),
            ("내 주문은 어디에 있나요?", Other),
            ("4711", Other),
        ] {
            assert_eq!(Language::of(text), language, "{text}");
        }
    }
}
