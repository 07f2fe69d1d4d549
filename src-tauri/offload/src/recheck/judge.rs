//! Whether an equation is wrong, however it is read.
//!
//! Promises: what is told is wrong by more than the rounding of the result and of the decimals that go into a
//! product, and in every other reading of its signs that a person may have had: a comma for decimals, a dash
//! for a label, digits side by side, binary, the hours of a clock. Bounds: [`TERMS`] terms, [`DIGITS`] digits a number.

use jiff::Timestamp;
use serde_json::json;

use super::WrongSum;
use super::line::Equation;
use crate::calculator;

/// The most terms of a side.
const TERMS: usize = 12;
/// The most digits of a number: as many as a double holds exactly.
const DIGITS: usize = 15;
/// What counting may begin anew at: bits, digits, hours, minutes, degrees.
const ROUNDS: [f64; 6] = [2.0, 10.0, 12.0, 24.0, 60.0, 360.0];

/// A number as it stands there.
#[derive(Debug, Clone, Copy)]
struct Term<'a> {
    currency: Option<char>,
    digits: &'a str,
    is_negative: bool,
}

impl<'a> Term<'a> {
    fn read(text: &'a str) -> Term<'a> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let currency = text.chars().next().filter(|c| matches!(c, '$' | '€' | '£'));
        Term {
            currency,
            digits: &text[currency.map_or(0, char::len_utf8)..],
            is_negative,
        }
    }

    fn plain(&self) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        format!("{sign}{}", self.digits.replace(',', ""))
    }

    fn value(&self) -> f64 {
        self.plain().parse().unwrap_or(f64::NAN)
    }

    /// With a comma before the decimals, as half of the world writes it.
    fn elsewhere(&self) -> f64 {
        let digits = self.digits.replace('.', "").replace(',', ".");
        let value: f64 = digits.parse().unwrap_or(f64::NAN);
        if self.is_negative { -value } else { value }
    }

    fn decimals(&self) -> usize {
        self.digits
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len())
    }

    /// Half of its last digit.
    fn rounding(&self) -> f64 {
        0.5 * 10f64.powi(-(self.decimals() as i32))
    }

    /// 1.000 is a thousand to half of the world; 007 and 0,125 are something else.
    fn is_unclear(&self) -> bool {
        let (whole, part) = self.digits.split_once('.').unwrap_or((self.digits, ""));
        part.len() == 3 && whole.len() <= 3
            || whole.len() > 1 && whole.starts_with('0')
            || self.plain().len() > DIGITS
    }

    fn is_binary(&self) -> bool {
        self.digits
            .bytes()
            .all(|digit| matches!(digit, b'0' | b'1'))
    }
}

/// One side: numbers and what stands between them.
struct Side<'a> {
    terms: Vec<Term<'a>>,
    signs: Vec<char>,
}

impl<'a> Side<'a> {
    fn read(text: &'a str) -> Side<'a> {
        let (mut terms, mut signs) = (Vec::new(), Vec::new());
        let is_sign = |c: char| "+-*/×÷·−x".contains(c);
        let mut rest = text;
        loop {
            let skipped = usize::from(rest.starts_with('-'));
            let end = rest[skipped..]
                .find(is_sign)
                .map_or(rest.len(), |at| at + skipped);
            terms.push(Term::read(rest[..end].trim()));
            let Some(sign) = rest[end..].chars().next() else {
                return Side { terms, signs };
            };
            signs.push(match sign {
                '×' | '·' | 'x' => '*',
                '÷' => '/',
                '−' => '-',
                sign => sign,
            });
            rest = rest[end + sign.len_utf8()..].trim_start();
        }
    }

    fn expression(&self) -> String {
        let mut text = String::new();
        for (at, term) in self.terms.iter().enumerate() {
            if let Some(sign) = at.checked_sub(1).and_then(|at| self.signs.get(at)) {
                text.push(' ');
                text.push(*sign);
                text.push(' ');
            }
            text.push_str(&term.plain());
        }
        text
    }

    fn has(&self, signs: &[char]) -> bool {
        self.signs.iter().any(|sign| signs.contains(sign))
    }

    /// How much its value moves if each decimal that is a factor is one that was rounded.
    fn rounding(&self, values: &[f64]) -> f64 {
        let decimals = self.terms.iter().filter(|term| term.decimals() > 0).count();
        if self.terms.iter().any(|term| term.currency.is_some())
            || !self.has(&['*', '/']) && decimals < 3
        {
            return 0.0;
        }
        let exact = value(values, &self.signs);
        let moved = |(at, term): (usize, &Term<'_>)| {
            let mut values = values.to_vec();
            values[at] += term.rounding();
            (value(&values, &self.signs) - exact).abs()
        };
        let terms = self.terms.iter().enumerate();
        terms
            .filter(|(_, term)| term.decimals() > 0)
            .map(moved)
            .sum()
    }
}

/// By the rules taught at school.
fn value(values: &[f64], signs: &[char]) -> f64 {
    let Some((first, rest)) = values.split_first() else {
        return f64::NAN;
    };
    let (mut sum, mut product) = (0.0, *first);
    for (sign, value) in signs.iter().zip(rest) {
        match sign {
            '*' => product *= value,
            '/' => product /= value,
            sign => {
                sum += product;
                product = if *sign == '-' { -value } else { *value };
            }
        }
    }
    sum + product
}

/// Says what is wrong with it.
pub(super) fn wrong(equation: &Equation) -> Option<WrongSum> {
    let (side, claimed) = (Side::read(&equation.left), Term::read(&equation.right));
    if side.terms.len() > TERMS || !can_be_judged(&side, &claimed) {
        return None;
    }
    let values: Vec<f64> = side.terms.iter().map(Term::value).collect();
    // What is divided may have been cut off.
    let shown = claimed.rounding() * if side.has(&['/']) { 1.999_999 } else { 1.0 };
    let allowed = (shown + side.rounding(&values)) * (1.0 + 1e-9);
    if is_meant_otherwise(equation, &side, &claimed, &values, allowed) {
        return None;
    }
    let expression = side.expression();
    let exact = worked_out(&expression)?;
    let off = number(&worked_out(&format!(
        "({expression}) - ({})",
        claimed.plain()
    ))?)?;
    (off.abs() > allowed).then(|| WrongSum {
        written: equation.written.trim().to_owned(),
        exact,
    })
}

fn can_be_judged(side: &Side<'_>, claimed: &Term<'_>) -> bool {
    let all = || side.terms.iter().chain([claimed]);
    let is_sum = side.has(&['+', '-']);
    // `$1.50 + 25` may be cents, `100 * 5 = $5` too.
    let first = side.terms.iter().find_map(|term| term.currency);
    let is_one_currency = all().all(|term| term.currency.is_none_or(|own| first == Some(own)));
    let is_money_throughout = !is_sum || all().all(|term| term.currency == first);
    // `100 - 90 = 4.0` is a table of marks, `25 * 4 = 1.00` of cents.
    let is_whole = side.terms.iter().all(|term| term.decimals() == 0);
    let is_of_its_kind = !is_whole || side.has(&['/']) || claimed.decimals() == 0;
    // `100 / 5 * 2` is read in two ways.
    let is_clear = !side.signs.windows(2).any(|pair| pair == ['/', '*']);
    // `90 - 100 = 4` is a range.
    let is_range = side.signs == ['-']
        && side.terms[0].value() < side.terms[1].value()
        && !claimed.is_negative;
    let is_bits = all().all(Term::is_binary);
    !all().any(Term::is_unclear)
        && is_one_currency
        && is_money_throughout
        && is_of_its_kind
        && is_clear
        && !is_range
        && !(is_bits && all().all(|term| term.digits.len() == 1))
}

/// Right in another reading of its signs.
fn is_meant_otherwise(
    equation: &Equation,
    side: &Side<'_>,
    claimed: &Term<'_>,
    values: &[f64],
    allowed: f64,
) -> bool {
    let says = claimed.value();
    let is = |value: f64, says: f64| (value - says).abs() <= allowed.max(1e-9);
    let has_commas = side
        .terms
        .iter()
        .chain([claimed])
        .any(|term| term.digits.contains(','));
    let elsewhere: Vec<f64> = side.terms.iter().map(Term::elsewhere).collect();
    if has_commas && (value(&elsewhere, &side.signs) - claimed.elsewhere()).abs() < 1e-6 {
        return true;
    }
    // `- 5 + 2 = -3`, `1 - 5 + 2 = 7`.
    if equation.is_dashed {
        let mut negative = values.to_vec();
        negative[0] = -negative[0];
        if is(value(&negative, &side.signs), says) {
            return true;
        }
    }
    let is_labelled = equation.is_first && side.signs[0] == '-' && side.signs.len() > 1;
    if is_labelled && is(value(&values[1..], &side.signs[1..]), says) {
        return true;
    }
    let is_sum = !side.has(&['*', '/']);
    let off = value(values, &side.signs) - says;
    let comes_round = |round: &f64| {
        (off.abs() - round).abs() < 1e-9
            && says < *round
            && says >= 0.0
            && values.iter().all(|value| value < round)
    };
    if is_sum && ROUNDS.iter().any(comes_round) {
        return true;
    }
    let joined: String = side.terms.iter().map(|term| term.digits).collect();
    if !side.has(&['*', '/', '-']) && joined == claimed.digits {
        return true;
    }
    let bits = |term: &Term<'_>| u32::from_str_radix(term.digits, 2).map(f64::from).ok();
    let binary: Option<Vec<f64>> = side.terms.iter().map(bits).collect();
    match (binary, bits(claimed)) {
        (Some(binary), Some(says)) => is(value(&binary, &side.signs), says),
        _ => false,
    }
}

fn worked_out(expression: &str) -> Option<String> {
    let done = calculator::run(&json!({ "expression": expression }), Timestamp::UNIX_EPOCH);
    Some(done.ok()?.text)
}

fn number(text: &str) -> Option<f64> {
    text.trim_start_matches("approx.").trim().parse().ok()
}
