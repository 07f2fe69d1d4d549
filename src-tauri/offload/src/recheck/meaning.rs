//! Words that give a sum another meaning, or tell it as somebody's.
//!
//! Promises: each list is closed, and too long rather than too short.

use std::sync::LazyLock;

use regex::Regex;

/// Anywhere in the text: other numbers, other rules, puzzles.
static ANYWHERE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b(?: mod | modulo | modulus | modular | congruent | residue s? | binary | hex | hexadecimal | octal | ternary
        | base s? | radix | gf \s* \( | galois | finite \s field s? | xor | bitwise | boolean | logic \s gate s? | carry | carries | carried
        | carrying | borrow | borrowed | borrowing | clock s? | o'clock | o’clock | puzzle s? | riddle s? | pattern s? | meme s? | joke s?
        | orwell | 1984 | big \s brother | radiohead | synergy | concatenat \w* | string s? | javascript | cryptarithm \w* | alphametic \w*
        | left [-\s] to [-\s] right | order \s of \s operations | precedence | pemdas | bodmas | bidmas | gpa | grading | grade \s scale
        | letter \s grade s? | tier s? | bearing s? | compass | degrees | tropical | semiring | vector s? | matrix | matrices
        | in \s (?:thousands|millions|billions|lakhs?|crores?|hundreds) | significant \s figures | sig \s figs | integer \s division
        | floor \s division | saturat \w* | overflow \w* ) (?:\b|$) | =\s*\? | \?\s*= | gf\(",
    )
    .ok()
});

/// On the line, its two before and the one behind: who says that a sum is wrong knows it, and who guesses, too.
static NEAR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) n't\b | n’t\b | \b(?: false \w* | wrong \w* | incorrect \w* | correct \w* | not | never | mistake \w* | mistaken | error \w* | erroneous \w*
        | why | claim \w* | invalid | nonsense | absurd | contradict \w* | impossible | student \w* | pupil \w* | said | says | saying | wrote
        | writes | written | guess \w* | assum \w* | suppos \w* | imagin \w* | attempt \w* | original | originally | previous | previously
        | instead | should | actually | typo s? | fix \w* | bug s? | buggy | oops | sorry | bad | fake | trick \w* | estimat \w*
        | approx \w* | rough \w* | about | around | nearly | almost | round | rounds | rounded | rounding | ballpark | nearest | close
        | truncat \w* | true | whether | if | like | pretend \w* | fictional | hypothetical \w* | user | your | her | his | their | he | she
        | they | someone | everybody | people | expected | got | input | output | reads | defin \w* | means | mean | denote \w* | symbol \w*
        | operator \w* | operation \w* | notation | code | codes | range s? | scale | version s? | scores? | rank \w* | map s? | mapping )\b",
    )
    .ok()
});

/// On the line: operations in words, and parts of a number.
const ON_THE_LINE: [&str; 76] = [
    "times",
    "minus",
    "plus",
    "over",
    "of",
    "sin",
    "cos",
    "tan",
    "log",
    "ln",
    "exp",
    "sqrt",
    "percent",
    "per",
    "root",
    "roots",
    "squared",
    "cubed",
    "square",
    "cube",
    "power",
    "factorial",
    "divided",
    "multiplied",
    "half",
    "double",
    "twice",
    "triple",
    "quarter",
    "third",
    "thirds",
    "less",
    "more",
    "negative",
    "remainder",
    "rest",
    "left",
    "leftover",
    "dozen",
    "hundred",
    "thousand",
    "million",
    "billion",
    "trillion",
    "lakh",
    "crore",
    "k",
    "hours",
    "hour",
    "minutes",
    "minute",
    "seconds",
    "pm",
    "am",
    "noon",
    "midnight",
    "monday",
    "sunday",
    "january",
    "december",
    "page",
    "pages",
    "chapter",
    "chapters",
    "verse",
    "item",
    "items",
    "figure",
    "version",
    "choose",
    "abs",
    "max",
    "min",
    "ratio",
    "odds",
    "avg",
];

/// At the beginning of what stands before a comma: a rule or a condition, under which all may be otherwise.
const CONDITIONS: [&str; 22] = [
    "in", "under", "on", "over", "using", "by", "if", "when", "where", "let", "with", "within",
    "suppose", "given", "per", "until", "unless", "without", "while", "from", "at", "to",
];

/// Whether the text speaks of something else than plain sums.
pub(super) fn is_another(text: &str) -> bool {
    ANYWHERE.as_ref().is_none_or(|words| words.is_match(text))
}

/// Whether a neighbouring line says that a sum is no statement.
pub(super) fn is_doubted(line: &str) -> bool {
    NEAR.as_ref().is_none_or(|words| words.is_match(line))
}

/// Whether a word of a line makes more of its numbers; single letters are variables.
pub(super) fn changes(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    ON_THE_LINE.contains(&lower.as_str()) || lower.len() == 1 && !matches!(word, "a" | "I" | "s")
}

/// Whether a clause is a condition.
pub(super) fn is_condition(clause: &str) -> bool {
    let first = clause.split_whitespace().next().unwrap_or_default();
    let is_total = clause.trim().eq_ignore_ascii_case("in total");
    CONDITIONS.contains(&first.to_ascii_lowercase().as_str()) && !is_total
}
