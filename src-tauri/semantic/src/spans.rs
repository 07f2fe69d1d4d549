//! What stands in a text as it is: code, addresses, quotations.
//!
//! Promises: every character of the text is in one span, in order. Linear in the text. In doubt a
//! piece is code: code must agree to the letter, so that a mistake here costs a hit and makes none.
//! Leaves out: what a language's words mean (`reading`).

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span<'a> {
    /// Words.
    Plain(&'a str),
    /// Code, a path, an address, an identifier.
    Code(&'a str),
    /// What stands between quotation marks.
    Quoted(&'a str),
}

/// Marks that open a quotation, and those that close it.
const QUOTES: &[(char, char)] = &[
    ('"', '"'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{201e}', '\u{201d}'),
    ('\u{ab}', '\u{bb}'),
    ('\u{bb}', '\u{ab}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{201a}', '\u{2018}'),
    ('\u{300c}', '\u{300d}'),
    ('\u{300e}', '\u{300f}'),
    ('\'', '\''),
];
/// A longer one is a mark that was forgotten. In bytes.
const LONGEST_QUOTE: usize = 400;

/// The spans of `text`.
pub(crate) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut rest = text;
    let mut plain = 0;
    let mut at_border = true;
    while let Some(c) = rest[plain..].chars().next() {
        let ahead = &rest[plain..];
        let found = match c {
            '`' => fenced(ahead),
            // A straight mark inside a word is an apostrophe or an inch.
            _ if at_border || !c.is_ascii() => quoted(ahead, c),
            _ => None,
        };
        let Some((span, taken)) = found else {
            at_border = !c.is_alphanumeric();
            plain += c.len_utf8();
            continue;
        };
        words(&rest[..plain], &mut spans);
        spans.push(span);
        rest = &ahead[taken..];
        plain = 0;
        at_border = true;
    }
    words(rest, &mut spans);
    spans
}

fn fenced(ahead: &str) -> Option<(Span<'_>, usize)> {
    let fence = if ahead.starts_with("```") { "```" } else { "`" };
    let inside = &ahead[fence.len()..];
    let end = match inside.find(fence) {
        Some(end) => end,
        // A fence that nobody closed goes to the end.
        None if fence.len() == 3 => return Some((Span::Code(inside), ahead.len())),
        None => return None,
    };
    Some((Span::Code(inside[..end].trim()), end + 2 * fence.len()))
}

fn quoted(ahead: &str, open: char) -> Option<(Span<'_>, usize)> {
    let inside = &ahead[open.len_utf8()..];
    let closes = QUOTES.iter().filter(|(opens, _)| *opens == open);
    let ends = closes.filter_map(|(_, close)| {
        let mut found = inside.match_indices(*close);
        // An apostrophe inside a word closes nothing.
        let found = found.find(|(at, mark)| {
            let behind = inside[at + mark.len()..].chars().next();
            *close != '\'' || !behind.is_some_and(char::is_alphanumeric)
        });
        found.map(|(at, mark)| (at, at + mark.len()))
    });
    let (end, behind) = ends.min()?;
    let is_quote = end > 0 && end <= LONGEST_QUOTE && !inside[..end].contains("\n\n");
    is_quote.then(|| (Span::Quoted(inside[..end].trim()), open.len_utf8() + behind))
}

/// Plain text, with the code that stands in it unmarked.
fn words<'a>(text: &'a str, spans: &mut Vec<Span<'a>>) {
    let mut plain = 0;
    let mut at = 0;
    for chunk in text.split_inclusive(char::is_whitespace) {
        let begin = at;
        at += chunk.len();
        let bare = chunk
            .trim_matches(|c: char| c.is_whitespace() || "()[]{},;:!?\"'…。、？！，".contains(c));
        let bare = bare.trim_end_matches('.');
        if !is_code(bare) {
            continue;
        }
        let offset = chunk.find(bare).unwrap_or(0);
        let (begin, end) = (begin + offset, begin + offset + bare.len());
        if plain < begin {
            spans.push(Span::Plain(&text[plain..begin]));
        }
        spans.push(Span::Code(&text[begin..end]));
        plain = end;
    }
    if plain < text.len() {
        spans.push(Span::Plain(&text[plain..]));
    }
}

fn is_code(chunk: &str) -> bool {
    let mut letters = chunk.chars().filter(|c| c.is_alphabetic());
    if letters.next().is_none() || !chunk.is_ascii() {
        // Addresses have other letters too.
        return chunk.contains("://") || (chunk.contains('@') && chunk.contains('.'));
    }
    chunk.contains("://")
        || chunk.contains("::")
        || chunk.contains("->")
        || chunk.contains(['\\', '{', '}', '<', '>', '=', '@', '_', '|'])
        || chunk.starts_with("www.")
        || is_path(chunk)
        || is_called(chunk)
        || is_dotted(chunk)
        || is_flag(chunk)
}

fn is_path(chunk: &str) -> bool {
    let begins = chunk.starts_with(['/', '~']) && chunk.len() > 1 || chunk.starts_with("./");
    let parts = chunk.split('/').filter(|part| !part.is_empty()).count();
    begins || parts > 2
}

/// `print(x)`, `main()`.
fn is_called(chunk: &str) -> bool {
    chunk.split_once('(').is_some_and(|(name, _)| {
        name.chars().next_back().is_some_and(char::is_alphanumeric) && !name.contains(' ')
    })
}

/// `main.rs`, `example.com`, `list.append`: letters on both sides of a dot. Not `e.g` and `U.S`.
fn is_dotted(chunk: &str) -> bool {
    let Some((before, after)) = chunk.rsplit_once('.') else {
        return chunk.starts_with('.');
    };
    let has_letter = |part: &str| part.chars().any(|c| c.is_ascii_alphabetic());
    (has_letter(before) && before.len() > 1 || before.is_empty())
        && has_letter(after)
        && after.len() > 1
}

/// `--force`, `-x`, `$HOME`.
fn is_flag(chunk: &str) -> bool {
    let mut chars = chunk.chars();
    let first = chars.next();
    let second = chars.next();
    match first {
        Some('-') => second.is_some_and(|c| c == '-' || c.is_alphabetic()),
        Some('$') => second.is_some_and(char::is_alphabetic),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Span::*;
    use super::*;

    #[test]
    fn what_stands_as_it_is_is_found() {
        let cases: &[(&str, &[Span<'_>])] = &[
            ("where is it", &[Plain("where is it")]),
            (
                "what does `a + b` do",
                &[Plain("what does "), Code("a + b"), Plain(" do")],
            ),
            (
                "run\n```sh\nls\n```\nnow",
                &[Plain("run\n"), Code("sh\nls"), Plain("\nnow")],
            ),
            ("open ```ls", &[Plain("open "), Code("ls")]),
            (
                "say \"good bye\" twice",
                &[Plain("say "), Quoted("good bye"), Plain(" twice")],
            ),
            (
                "say 'it isn't' now",
                &[Plain("say "), Quoted("it isn't"), Plain(" now")],
            ),
            ("it isn't Bob's", &[Plain("it isn't Bob's")]),
            (
                "sag \u{201e}ja\u{201c} dazu",
                &[Plain("sag "), Quoted("ja"), Plain(" dazu")],
            ),
            (
                "用\u{300c}好\u{300d}造句",
                &[Plain("用"), Quoted("好"), Plain("造句")],
            ),
            (
                "use my_list.",
                &[Plain("use "), Code("my_list"), Plain(".")],
            ),
            (
                "see https://a.de/b?c=1, ok",
                &[Plain("see "), Code("https://a.de/b?c=1"), Plain(", ok")],
            ),
            (
                "mail bob@example.com",
                &[Plain("mail "), Code("bob@example.com")],
            ),
            (
                "in /etc/hosts or C:\\x",
                &[
                    Plain("in "),
                    Code("/etc/hosts"),
                    Plain(" or "),
                    Code("C:\\x"),
                ],
            ),
            (
                "run main.rs with --force",
                &[
                    Plain("run "),
                    Code("main.rs"),
                    Plain(" with "),
                    Code("--force"),
                ],
            ),
            (
                "on 5/1/2024 at 10.30, e.g. 3.5 and/or",
                &[Plain("on 5/1/2024 at 10.30, e.g. 3.5 and/or")],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(&spans(text), expected, "{text}");
        }
    }

    #[test]
    fn a_forgotten_mark_takes_nothing_along() {
        let text = format!("my \"order {}", "is late ".repeat(200));
        assert_eq!(spans(&text), [Plain(&text)]);
        assert_eq!(spans("`"), [Plain("`")]);
    }
}
