//! A line whose clauses are equations.
//!
//! ```text
//! line     = [mark] … clause …
//! clause   = (start | ("." | "," | ";" | ":") " " | " (") {joint [","] " "} equation end
//! joint    = "so" | "thus" | "then" | "and" | …
//! end      = the line's | ("." | ";") (" " | the line's end) | ", " (joint | equation) | ")"
//! equation = number (operator number)+ "=" number
//! ```
//!
//! Promises: every `=` of the line belongs to such an equation, and around them stand words, stops and plain
//! numbers only; else nothing of the line is judged. Operators are all spaced or none is; `-` and `/` always.

use std::sync::LazyLock;

use regex::Regex;

use super::meaning;

/// An equation that may be judged.
#[derive(Debug, Clone)]
pub(super) struct Equation {
    pub(super) left: String,
    pub(super) right: String,
    pub(super) written: String,
    /// Nothing stands before it on its line but a mark: its first sign may belong to that.
    pub(super) is_first: bool,
    /// The mark is a `-`, which may be a sign.
    pub(super) is_dashed: bool,
}

const NUMBER: &str = r"[$€£]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?";

static EQUATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let spaced = format!(r"-?{NUMBER}(?:[ \t]+[-+*/×÷·−x][ \t]+{NUMBER})+");
    let close = format!(r"-?{NUMBER}(?:[+*×÷]{NUMBER})+");
    Regex::new(&format!(r"({spaced}|{close})[ \t]*=[ \t]*(-?{NUMBER})")).ok()
});
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[ \t]*(?:[-*•][ \t]+|[0-9]{1,3}[.)][ \t]+|#{1,6}[ \t]+|(?:=>|⇒|→|∴)[ \t]+)").ok()
});
/// A power, and no emphasis.
static POWER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[0-9)][ \t]*\*\*[ \t]*[-0-9(]").ok());

/// Words between clauses.
const JOINTS: [&str; 18] = [
    "so",
    "thus",
    "then",
    "and",
    "therefore",
    "hence",
    "next",
    "finally",
    "first",
    "second",
    "now",
    "but",
    "which",
    "also",
    "again",
    "check",
    "we",
    "have",
];

/// Those of a line that may be judged.
pub(super) fn equations(lines: &[&str], at: usize) -> Vec<Equation> {
    read(lines, at).unwrap_or_default()
}

fn read(lines: &[&str], at: usize) -> Option<Vec<Equation>> {
    let line = lines[at].trim_end();
    if !line.contains('=') || is_doubted(lines, at) {
        return None;
    }
    let mark = MARK.as_ref()?.find(line).map_or("", |mark| mark.as_str());
    let is_indented = line.starts_with('\t') || line.starts_with("    ");
    let text = &line[mark.len()..];
    if mark.is_empty() && is_indented || POWER.as_ref()?.is_match(text) {
        return None;
    }
    let text = text.replace("**", "");
    let text = text.trim();
    let found: Vec<regex::Captures<'_>> = EQUATION.as_ref()?.captures_iter(text).collect();
    if found.is_empty() || text.matches('=').count() != found.len() {
        return None;
    }
    let mut equations = Vec::with_capacity(found.len());
    // Where the one before ended.
    let mut end = None;
    for (number, equation) in found.iter().enumerate() {
        let whole = equation.get(0)?;
        let next = found.get(number + 1).and_then(|next| next.get(0));
        let (before, after) = (&text[..whole.start()], &text[whole.end()..]);
        let is_opened = before.ends_with('(');
        let goes_on =
            next.is_some_and(|next| matches!(&text[whole.end()..next.start()], ", " | ". "));
        if !begins(before, end)
            || !ends(after, is_opened, goes_on)
            || !is_plain(&text[end.unwrap_or(0)..whole.start()])
        {
            return None;
        }
        end = Some(whole.end());
        equations.push(Equation {
            left: equation[1].to_owned(),
            right: equation[2].to_owned(),
            written: whole.as_str().to_owned(),
            is_first: before.trim().is_empty(),
            is_dashed: mark.trim() == "-",
        });
    }
    let rest = &text[end?..];
    let is_first = equations[0].is_first;
    let is_cut = is_first && follows_on(lines, at, mark) || rest.is_empty() && goes_on(lines, at);
    (is_plain(rest) && !is_cut).then_some(equations)
}

/// Whether the line, or one around it, says that its sums are no statements.
fn is_doubted(lines: &[&str], at: usize) -> bool {
    let is_written = |line: &&&str| !line.trim().is_empty();
    let before = lines[..at].iter().rev().filter(is_written).take(2);
    let behind = lines[at + 1..].iter().filter(is_written).take(1);
    // Of very long lines only the next ones: the line itself is read as a whole.
    before
        .chain(behind)
        .chain([&lines[at]])
        .any(|line| meaning::is_doubted(line))
}

/// The line above is not at its end: what stands here may be the rest of it.
fn follows_on(lines: &[&str], at: usize, mark: &str) -> bool {
    let above = at.checked_sub(1).map_or("", |above| lines[above].trim());
    let above = above.strip_suffix("**").unwrap_or(above);
    let has = |of: fn(char) -> bool| above.contains(of);
    let is_column = !above.is_empty() && !has(|c| c.is_alphabetic()) && !above.contains('=');
    let is_sum = above.contains('=') && above.ends_with(|c: char| c.is_ascii_digit());
    let is_over = above.is_empty()
        || above.starts_with('#')
        || is_sum
        || above.ends_with(['.', ':', ';', '!', '?', ',', ')']);
    is_column
        || above.ends_with(['+', '-', '*', '/', '×', '÷', '=', '(', '−', '·'])
        || mark.is_empty() && !is_over
}

/// The line below begins with what may belong to the result.
fn goes_on(lines: &[&str], at: usize) -> bool {
    let below = lines.get(at + 1).map_or("", |below| below.trim_start());
    let is_mark = below.starts_with("**") || below.starts_with("* ");
    let is_sign = |c: char| "+*/×÷·−^%=≈<(".contains(c) || c.is_lowercase();
    !is_mark && below.starts_with(is_sign)
}

/// A clause begins here.
fn begins(before: &str, ended: Option<usize>) -> bool {
    if let Some(outside) = before.strip_suffix('(') {
        return outside.is_empty() || outside.ends_with(' ');
    }
    if !before.is_empty() && !before.ends_with([' ', '\t']) {
        return false;
    }
    let mut rest = before.trim_end();
    for _ in 0..4 {
        let word_and_comma = rest.strip_suffix(',').unwrap_or(rest);
        let word = word_and_comma
            .rsplit([' ', '\t'])
            .next()
            .unwrap_or_default();
        if !JOINTS.contains(&word.to_ascii_lowercase().as_str()) {
            break;
        }
        rest = word_and_comma[..word_and_comma.len() - word.len()].trim_end();
    }
    let Some(last) = rest.chars().next_back() else {
        return true;
    };
    let clause = &rest[..rest.len() - last.len_utf8()];
    if ended.is_some_and(|ended| {
        clause.len() == ended || clause.len() == ended + 1 && clause.ends_with(')')
    }) {
        return matches!(last, ',' | ';' | '.');
    }
    let start = clause.rfind(['.', ';', ':']).map_or(0, |stop| stop + 1);
    let is_free =
        !clause.ends_with(|c: char| c.is_ascii_digit()) && !meaning::is_condition(&clause[start..]);
    match last {
        ',' | ';' | '.' => is_free,
        ':' => {
            let name = clause.trim_end_matches(|c: char| c.is_ascii_digit());
            let is_numbered = name.len() < clause.len();
            !clause.ends_with(' ')
                && (!is_numbered
                    || name.ends_with(' ') && name.trim_end().ends_with(char::is_alphabetic))
                && !meaning::is_condition(&clause[start..])
        }
        _ => false,
    }
}

/// And ends there.
fn ends(after: &str, is_opened: bool, goes_on: bool) -> bool {
    let after = match (after.strip_prefix(')'), is_opened) {
        (Some(rest), true) => {
            if rest.starts_with(' ') {
                return true;
            }
            rest
        }
        (None, false) => after,
        _ => return false,
    };
    let mut letters = after.chars();
    let Some(stop) = letters.next() else {
        return true;
    };
    let rest = letters.as_str();
    if !rest.is_empty() && !rest.starts_with(' ') {
        return false;
    }
    let rest = rest.trim_start();
    match stop {
        ';' => true,
        '.' => goes_on || !rest.starts_with(|c: char| c.is_ascii_digit()),
        ',' if rest.is_empty() || goes_on => true,
        ',' => {
            let word = rest
                .split(|c: char| !c.is_ascii_alphabetic())
                .next()
                .unwrap_or_default();
            JOINTS.contains(&word.to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}

/// Words, stops, quotes and numbers that stand by themselves.
fn is_plain(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let near = |at: usize, by: fn(&char) -> bool| {
        let before = at
            .checked_sub(1)
            .and_then(|at| letters.get(at))
            .is_some_and(by);
        (before, letters.get(at + 1).is_some_and(by))
    };
    let may_stand = |(at, c): (usize, &char)| match c {
        'a'..='z' | 'A'..='Z' => near(at, char::is_ascii_digit) == (false, false),
        '0'..='9' | ' ' | '\t' | ',' | ';' | '(' | ')' | '"' | '“' | '”' => true,
        '.' => !near(at, |c| *c == '.').0,
        ':' | '\'' | '’' => near(at, char::is_ascii_digit) != (true, true),
        '!' => near(at, |c| c.is_ascii_digit() || *c == ')') == (false, false),
        '-' => near(at, char::is_ascii_alphabetic) == (true, true),
        '$' | '€' | '£' => near(at, char::is_ascii_digit) == (false, true),
        _ => false,
    };
    let words = || {
        text.split(|c: char| !c.is_ascii_alphabetic())
            .filter(|word| !word.is_empty())
    };
    letters.iter().enumerate().all(may_stand) && !words().any(meaning::changes)
}
