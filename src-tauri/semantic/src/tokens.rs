//! A text cut into words, numbers and signs.
//!
//! Promises: linear in the text; nothing that could carry a meaning is passed over but emoji and
//! ornaments. Words are in lower case, with a note of how they were written. Words are cut at hyphens
//! and apostrophes, since people disagree about them; Chinese and Japanese into characters.
//! Leaves out: what the words mean (`reading`).

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// A character of a script without spaces.
    Character,
    /// Digits, with what holds them together and is written onto them.
    Number,
    /// A sign that counts: `+`, `%`, `$`.
    Sign,
    /// A phrase does not go across it.
    Break,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Written like a name: with a capital where none has to be, or in capitals.
    pub(crate) is_name: bool,
    /// In capitals, of which there are two at least.
    pub(crate) is_capitals: bool,
    /// Begins a sentence.
    pub(crate) is_first: bool,
}

/// Signs that count; the others are ornaments.
const SIGNS: &str = "+*/<>=^&|~#@%$€£¥₹°";
/// What may stand between two digits of one number, date, time or range.
const INSIDE_NUMBERS: &str = ".,:/-'";

/// Cuts `text`, and tells whether it has a question mark.
pub(crate) fn tokens(text: &str, is_first: &mut bool, into: &mut Vec<Token>) -> bool {
    let mut is_question = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        let token = if is_character(c) {
            Some(Token::of(c.to_string(), Kind::Character))
        } else if c.is_ascii_digit() {
            let before = text[..text.len() - rest.len()].chars();
            let (length, number) = number(rest, is_minus(before));
            taken = length;
            Some(Token::of(number, Kind::Number))
        } else if c.is_alphanumeric() {
            taken = word(rest);
            let written = &rest[..taken];
            let mut token = Token::of(written.to_lowercase(), Kind::Word);
            token.is_first = *is_first;
            token.is_name = is_name(written, *is_first);
            token.is_capitals = taken > 1 && written.chars().all(char::is_uppercase);
            *is_first = false;
            Some(token)
        } else if is_sign(c, into, &rest[taken..]) {
            Some(Token::of(c.to_string(), Kind::Sign))
        } else if c == ' ' || c == '\'' || c == '-' && !rest[1..].starts_with(' ') {
            None
        } else {
            is_question |= matches!(c, '?' | '？' | '؟');
            *is_first |= matches!(
                c,
                '.' | '!' | '?' | ':' | '\n' | '¿' | '¡' | '…' | '。' | '？' | '！'
            );
            Some(Token::of(String::new(), Kind::Break))
        };
        into.extend(token);
        rest = &rest[taken..];
    }
    is_question
}

impl Token {
    pub(crate) fn of(text: String, kind: Kind) -> Token {
        Token {
            text,
            kind,
            is_name: false,
            is_capitals: false,
            is_first: false,
        }
    }
}

/// Han, Hiragana, Katakana.
fn is_character(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// How long the word is that `rest` begins with. `C++` and `C#` are words.
fn word(rest: &str) -> usize {
    let is_inside = |c: char| c.is_alphanumeric() && !is_character(c) || is_mark(c);
    let end = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
    let signs = rest[end..].chars().take_while(|c| matches!(c, '+' | '#'));
    end + signs.count()
}

/// Combining marks, without which a word in many scripts is another one.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A number, and what is written onto it: `5kg`, `10am`, `1st`, `4711a`.
fn number(rest: &str, is_negative: bool) -> (usize, String) {
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(|(_, c)| c.is_ascii_digit());
        let is_inside = INSIDE_NUMBERS.contains(c) && next_is_digit;
        if !(c.is_ascii_digit() || is_inside) {
            break;
        }
        end = at + c.len_utf8();
    }
    let onto = rest[end..].find(|c: char| !c.is_alphanumeric() || is_character(c));
    let end = onto.map_or(rest.len(), |onto| end + onto);
    let sign = if is_negative { "-" } else { "" };
    (end, format!("{sign}{}", rest[..end].to_lowercase()))
}

/// `-5` at the end of what stands before a digit; not `10-5` and `mp-3`.
fn is_minus(before: std::str::Chars<'_>) -> bool {
    let mut before = before.rev();
    before.next() == Some('-') && before.next().is_none_or(|c| c.is_whitespace() || c == '(')
}

/// Signs say something, where they are no punctuation: `7 - 5` has no dash in it, `(2 + 3)` no aside.
fn is_sign(c: char, before: &[Token], after: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_behind = |kind| {
        before
            .last()
            .is_some_and(|token: &Token| token.kind == kind)
    };
    match c {
        '-' => is_behind(Kind::Number) && after.trim_start().starts_with(is_digit),
        '(' | '[' => after.starts_with(is_digit) || is_behind(Kind::Sign),
        ')' | ']' => is_behind(Kind::Number) || is_behind(Kind::Sign),
        '!' => after.starts_with('='),
        // Arrows, mathematics, emoji.
        '\u{2190}'..='\u{23ff}'
        | '\u{2600}'..='\u{27bf}'
        | '\u{1f000}'..='\u{1faff}'
        | '×'
        | '÷'
        | '±' => true,
        _ => SIGNS.contains(c),
    }
}

/// `Berlin` inside of a sentence, `NASA`, `iPhone`. Not `I`.
fn is_name(written: &str, is_first: bool) -> bool {
    let mut chars = written.chars();
    let begins = chars.next().is_some_and(char::is_uppercase);
    let goes_on = chars.clone().any(char::is_uppercase);
    goes_on || begins && !is_first && written.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        tokens(text, &mut true, &mut found);
        let shown = found.iter().map(|token| match token.kind {
            Kind::Break => "|".to_owned(),
            _ if token.is_name => format!("{}!", token.text),
            _ => token.text.clone(),
        });
        shown.collect()
    }

    #[test]
    fn texts_are_cut_where_people_would() {
        for (text, pieces) in [
            ("Where is it?", "where is it |"),
            ("I don't e-mail Bob's mum", "i don t e mail bob! s mum"),
            ("5kg for $5.50 or -3%", "5kg for $ 5.50 or -3 %"),
            (
                "C++ and C# on 2024-05-01, 10:30",
                "c++ and c#! on 2024-05-01 | 10:30",
            ),
            ("7 - 5 + 2 - the iPhone15", "7 - 5 + 2 | the iphone15!"),
            ("我的订单4711", "我 的 订 单 4711"),
            ("Ask. Then NASA", "ask | then nasa!"),
            ("déjà vu ÜBER", "déjà vu über!"),
        ] {
            assert_eq!(cut(text).join(" "), pieces, "{text}");
        }
    }
}
