//! An expression in its parts, and what is refused at sight.
//!
//! Promises: what the evaluator would read otherwise than a person means it, or what it has no bound for, does
//! not come to it: `1,5` would be fifteen, `2d6` is chance, a lambda can run for ever.

use crate::Trouble;
use crate::arguments::{bad_input, too_much};

/// The most parts of an expression: the evaluator copies what it has read at every step.
const PARTS: usize = 400;
/// How deep parentheses may stand within each other: each level doubles the parser's work.
const DEPTH: usize = 10;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// White space stands before it.
    pub(super) is_apart: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Word,
    Sign,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Number && self.text == text
    }
}

/// Functions that are offered. Each is written with parentheses.
pub(super) const FUNCTIONS: [&str; 20] = [
    "sqrt",
    "cbrt",
    "abs",
    "floor",
    "ceil",
    "round",
    "exp",
    "ln",
    "log",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "fib",
    "fibonacci",
    "square",
];

const CHANCE: [&str; 4] = ["sample", "roll", "mean", "average"];
const TODAY: [&str; 4] = ["today", "tomorrow", "yesterday", "now"];
const UNKNOWN: [&str; 32] = [
    "and",
    "or",
    "AND",
    "OR",
    "print",
    "println",
    "version",
    "trans",
    "not",
    "i",
    "real",
    "re",
    "Re",
    "imag",
    "im",
    "Im",
    "conjugate",
    "arg",
    "cis",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "earth",
    "ans",
    "_",
    "cubic",
    "inverse",
    "λ",
    "true",
];
const SUPERSCRIPT: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const SIGNS: [&str; 22] = [
    "**", "!=", "==", "<<", ">>", "(", ")", "+", "-", "−", "*", "×", "✕", "/", "÷", "∕", "^", "!",
    "≠", "&", "|", "·",
];
const ALONE: &str = "%‰‱π";
const SYMBOLS: &str = "°$€£¥₹¢℃℉½¼¾⅓⅔⅛";

/// The parts of an expression.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token>, Trouble> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = expression;
    loop {
        let trimmed = rest.trim_start();
        let is_apart = trimmed.len() < rest.len();
        rest = trimmed;
        let Some(first) = rest.chars().next() else {
            break;
        };
        let (kind, text, length) = if first.is_ascii_digit() || first == '.' {
            let length = number(rest)?;
            (Kind::Number, rest[..length].to_owned(), length)
        } else if let Some(length) = superscripts(rest) {
            tokens.push(sign("^", false));
            (Kind::Number, plain_digits(&rest[..length]), length)
        } else if ALONE.contains(first) {
            (Kind::Word, first.to_string(), first.len_utf8())
        } else if is_in_word(first) && !matches!(first, '.' | '0'..='9') {
            let length = rest
                .find(|c: char| !is_in_word(c) || ALONE.contains(c))
                .unwrap_or(rest.len());
            (Kind::Word, rest[..length].to_owned(), length)
        } else if let Some(known) = SIGNS.iter().find(|known| rest.starts_with(**known)) {
            let plain = match *known {
                "−" => "-",
                "×" | "✕" | "·" => "*",
                "÷" | "∕" => "/",
                "**" => "^",
                "≠" => "!=",
                other => other,
            };
            (Kind::Sign, plain.to_owned(), known.len())
        } else {
            return Err(stranger(first));
        };
        tokens.push(Token {
            kind,
            text,
            is_apart,
        });
        rest = &rest[length..];
        if tokens.len() > PARTS {
            return Err(too_much(format!(
                "The expression has more than {PARTS} parts. Split it into several."
            )));
        }
    }
    join_words(&mut tokens);
    look_through(&tokens)?;
    Ok(tokens)
}

/// What the evaluator is given.
pub(super) fn written(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        if token.is_apart && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&token.text);
    }
    text
}

pub(super) fn sign(text: &str, is_apart: bool) -> Token {
    Token {
        kind: Kind::Sign,
        text: text.to_owned(),
        is_apart,
    }
}

/// Where the parenthesis that opens at `open` closes.
pub(super) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// Where the parenthesis that closes at `close` opens.
pub(super) fn opening(tokens: &[Token], close: usize) -> usize {
    let mut depth = 0;
    for at in (0..=close).rev() {
        match tokens[at].text.as_str() {
            ")" => depth += 1,
            "(" => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    0
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() && !SUPERSCRIPT.contains(c) || matches!(c, '_' | '.') || SYMBOLS.contains(c)
}

fn superscripts(rest: &str) -> Option<usize> {
    let length = rest
        .find(|c: char| !SUPERSCRIPT.contains(c))
        .unwrap_or(rest.len());
    (length > 0).then_some(length)
}

fn plain_digits(superscripts: &str) -> String {
    let digit = |c: char| SUPERSCRIPT.chars().position(|known| known == c);
    let digits = superscripts.chars().filter_map(digit);
    digits.map(|digit| digit.to_string()).collect()
}

/// How long the number at the beginning is.
fn number(rest: &str) -> Result<usize, Trouble> {
    let run = |from: usize, of: fn(char) -> bool| {
        rest[from..]
            .find(|c: char| !of(c))
            .map_or(rest.len(), |at| from + at)
    };
    let digits = |c: char| c.is_ascii_digit() || c == '_';
    let any = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if ["0x", "0o", "0b"].iter().any(|base| rest.starts_with(base)) {
        return Ok(run(2, any));
    }
    let mut end = run(0, |c| c.is_ascii_digit() || matches!(c, '_' | ','));
    let whole = &rest[..end];
    if rest[end..].starts_with('#') {
        return Ok(run(end + 1, any));
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or("");
    let is_grouped = groups.clone().count() == 0
        || (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    let has_point = rest[end..].starts_with('.');
    if has_point {
        end = run(end + 1, digits);
    }
    if !is_grouped || rest[end..].starts_with([',', '.']) || end == 1 && has_point {
        let end = run(0, |c| c.is_ascii_digit() || matches!(c, '_' | ',' | '.'));
        return Err(bad_input(format!(
            "`{}` is no number: decimals stand behind a point, and commas between groups of three digits.",
            &rest[..end]
        )));
    }
    if has_point && rest[end..].starts_with('(') {
        let inside = &rest[end + 1..];
        if inside.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(bad_input(format!(
                "`{}(` can be read in two ways: as recurring digits and as a product. Write `*`, or a fraction.",
                &rest[..end]
            )));
        }
    }
    let exponent = rest[end..].strip_prefix(['e', 'E']);
    if let Some(exponent) = exponent {
        let signed = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if signed.starts_with(|c: char| c.is_ascii_digit()) {
            end = run(rest.len() - signed.len(), digits);
        }
    }
    Ok(end)
}

fn stranger(first: char) -> Trouble {
    let why = match first {
        '=' | ':' | '\\' | 'λ' | ';' => "There are no variables and no functions of one's own.",
        '\'' | '"' => "Write feet as `ft`, inches as `inches`; there are no texts.",
        '@' => "A date stands alone or with what is added to it: `2024-05-01 + 3 days`.",
        '√' => "Write `sqrt(…)`.",
        ',' => "Decimals stand behind a point.",
        _ => "It is no part of an expression.",
    };
    bad_input(format!("The calculator does not take `{first}`. {why}"))
}

/// `20 percent of 50` is `20% of 50`.
fn join_words(tokens: &mut [Token]) {
    for at in 1..tokens.len() {
        if tokens[at].is("of") && tokens[at - 1].is("percent") {
            "%".clone_into(&mut tokens[at - 1].text);
        }
    }
}

fn look_through(tokens: &[Token]) -> Result<(), Trouble> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" => depth += 1,
            ")" => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| bad_input("A `)` closes what was not opened."))?;
            }
            _ => {}
        }
        if depth > DEPTH {
            return Err(too_much(format!(
                "Parentheses stand more than {DEPTH} deep. Split the expression into several."
            )));
        }
        match token.kind {
            Kind::Word => word(tokens, at)?,
            Kind::Number if is_dice(&token.text, tokens.get(at + 1)) => {
                return Err(chance(&token.text));
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(bad_input("A `(` is not closed."));
    }
    Ok(())
}

fn word(tokens: &[Token], at: usize) -> Result<(), Trouble> {
    let text = tokens[at].text.as_str();
    let is_die = text
        .strip_prefix('d')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if CHANCE.contains(&text) || is_die {
        return Err(chance(text));
    }
    if TODAY.contains(&text) {
        return Err(bad_input(format!(
            "`{text}` stands alone or with what is added to it: `today + 3 weeks`."
        )));
    }
    if UNKNOWN.contains(&text) {
        return Err(bad_input(format!("The calculator does not know `{text}`.")));
    }
    let is_called = tokens.get(at + 1).is_some_and(|next| next.is("("));
    if FUNCTIONS.contains(&text) && !is_called {
        return Err(bad_input(format!(
            "What `{text}` is of stands in parentheses: `{text}(…)`."
        )));
    }
    Ok(())
}

/// `2d6`: a number, and onto it a word that begins with `d` and a digit.
fn is_dice(number: &str, next: Option<&Token>) -> bool {
    let is_plain = !number.contains('#') && !number.starts_with("0x");
    let follows = next.filter(|next| next.kind == Kind::Word && !next.is_apart);
    let letters = follows.and_then(|next| next.text.strip_prefix('d'));
    is_plain && letters.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn chance(word: &str) -> Trouble {
    bad_input(format!(
        "The calculator draws nothing: `{word}` is chance. It takes exact arithmetic only."
    ))
}
