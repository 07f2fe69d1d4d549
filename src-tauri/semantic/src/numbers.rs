//! Numbers as they are written.
//!
//! Promises: `1,000` is `1000` where the language writes it so, and nothing is rounded; what can't be
//! told stays as it was written, and so differs. Leaves out: units (they are words).

use crate::Language;

/// The value of what was written, and what is written onto it: `5kg` is 5 and `kg`.
pub(crate) fn value(written: &str, language: Language) -> (String, Option<&str>) {
    let end = written.find(char::is_alphabetic).unwrap_or(written.len());
    let (digits, onto) = written.split_at(end);
    (plain(digits, language), (!onto.is_empty()).then_some(onto))
}

fn plain(digits: &str, language: Language) -> String {
    let (thousands, decimal) = match language {
        Language::English | Language::Chinese | Language::Japanese => (',', '.'),
        Language::Other => return digits.to_owned(),
        _ => ('.', ','),
    };
    let (whole, part) = digits.split_once(decimal).unwrap_or((digits, ""));
    let mut groups = whole.split(thousands);
    let first = groups.next().unwrap_or("");
    let is_grouped = groups.clone().all(|group| group.len() == 3)
        && first.trim_start_matches('-').len() <= 3
        && groups.clone().next().is_some();
    if !is_grouped {
        // `1.5` where it should be `1,5`; a date; a time.
        return if whole.contains(thousands) {
            digits.to_owned()
        } else {
            digits.replace(decimal, ".")
        };
    }
    let whole: String = std::iter::once(first).chain(groups).collect();
    match part {
        "" => whole,
        part => format!("{whole}.{part}"),
    }
}

/// `1st`, `2nd`.
pub(crate) fn is_ordinal(onto: &str) -> bool {
    matches!(onto, "st" | "nd" | "rd" | "th")
}

/// Written before the number as often as behind it.
pub(crate) fn is_currency(unit: &str) -> bool {
    matches!(unit, "$" | "€" | "£" | "¥" | "₹" | "r$")
}

/// A number word behind another: twenty, five; three, hundred; 二, 十.
pub(crate) fn join(last: &str, next: &str, language: Language) -> Option<String> {
    let last: u64 = last.parse().ok()?;
    let next: u64 = next.parse().ok()?;
    let is_step = match language.has_spaces() {
        true => next >= 100,
        false => next >= 10,
    };
    let joined = match () {
        () if is_step && is_power(next) && last < next => last.checked_mul(next)?,
        () if last >= 20 && last.is_multiple_of(10) && next < 10 => last.checked_add(next)?,
        () if last == 10 && next < 10 && !language.has_spaces() => last + next,
        () if last >= 100 && last.is_multiple_of(100) && next < 100 => last.checked_add(next)?,
        () => return None,
    };
    Some(joined.to_string())
}

fn is_power(number: u64) -> bool {
    matches!(number, 10 | 100 | 1_000 | 10_000 | 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_it_says_in_its_language() {
        for (written, language, expected) in [
            ("1,000", Language::English, "1000"),
            ("1.000", Language::German, "1000"),
            ("1.000", Language::English, "1.000"),
            ("1,5", Language::German, "1.5"),
            ("1,234,567.89", Language::English, "1234567.89"),
            ("1,5", Language::English, "1,5"),
            ("2024-05-01", Language::English, "2024-05-01"),
            ("10:30", Language::German, "10:30"),
            ("1.5.2024", Language::German, "1.5.2024"),
            ("1.000", Language::Other, "1.000"),
        ] {
            assert_eq!(value(written, language), (expected.to_owned(), None));
        }
        assert_eq!(
            value("5kg", Language::English),
            ("5".to_owned(), Some("kg"))
        );
    }

    #[test]
    fn number_words_join() {
        for (last, next, joined) in [
            ("20", "5", Some("25")),
            ("3", "100", Some("300")),
            ("300", "20", Some("320")),
            ("320", "5", Some("325")),
            ("2", "3", None),
            ("5", "10", None),
            ("half", "2", None),
        ] {
            assert_eq!(
                join(last, next, Language::English).as_deref(),
                joined,
                "{last} {next}"
            );
        }
        assert_eq!(join("2", "10", Language::Chinese).as_deref(), Some("20"));
    }
}
