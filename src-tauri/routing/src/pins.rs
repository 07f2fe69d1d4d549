//! Dated snapshots and rolling names: behind a rolling name a vendor may put another model any day.
//!
//! Promises: pure, and told from the name alone, by the patterns that vendors write; a name that says nothing
//! counts as rolling, since a wrong pin is worse than none. Leaves out what answers in fact (the engine
//! watches it).

use crate::routes::Provider;

/// Whether a name is of one snapshot for good: it holds a date (`-2025-08-07`, `-20251001`, `-08-2024`,
/// `-2411`, `-0309`, `-preview-05-06`), a number of a release (`-001`, `-v1:0`) or a digest (`@sha256:…`).
pub fn is_snapshot(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    if name.contains("@sha256:") {
        return true;
    }
    let words: Vec<&str> = name.split(['-', '@', '_', '.']).collect();
    if words.contains(&"latest") {
        return false;
    }
    words
        .iter()
        .skip(1)
        .any(|word| is_date(word) || is_short_date(word))
        || words
            .windows(3)
            .any(|three| is_year(three[0]) && is_month(three[1]) && is_day(three[2]))
        || words
            .windows(2)
            .any(|two| is_month(two[0]) && is_year(two[1]))
        || ends_in_a_day(&words)
        || words.last().is_some_and(|word| is_release(word))
}

/// Why a target of a pinned alias is left out; `None` where it may serve. What runs on this machine or network
/// changes by its owner's hand alone, and practice answers by its script: neither has to be dated.
pub fn rolling(provider: &Provider, model: &str) -> Option<String> {
    if provider.local || provider.practice || is_snapshot(model) {
        return None;
    }
    let known = provider.model(model);
    let mut names = known
        .iter()
        .flat_map(|known| known.aliases.iter().chain([&known.id]));
    let instead = match names.find(|name| is_snapshot(name)) {
        Some(dated) => format!("a snapshot of it is `{dated}`"),
        None => "name a dated snapshot of it".to_owned(),
    };
    Some(format!(
        "`{model}` is a rolling name, behind which {} may change the model any day, and this alias is pinned; {instead}",
        provider.name
    ))
}

fn number(word: &str, digits: usize) -> Option<u32> {
    let is_it = word.len() == digits && word.bytes().all(|byte| byte.is_ascii_digit());
    is_it.then(|| word.parse().ok()).flatten()
}

fn is_year(word: &str) -> bool {
    number(word, 4).is_some_and(|year| (2020..2040).contains(&year))
}

fn is_month(word: &str) -> bool {
    number(word, 2).is_some_and(|month| (1..=12).contains(&month))
}

fn is_day(word: &str) -> bool {
    number(word, 2).is_some_and(|day| (1..=31).contains(&day))
}

/// `20251001`
fn is_date(word: &str) -> bool {
    word.len() == 8
        && word.is_ascii()
        && is_year(&word[..4])
        && is_month(&word[4..6])
        && is_day(&word[6..])
}

/// `2411`, a year and a month, or `0309`, a month and a day. `1024` is how long vectors are.
fn is_short_date(word: &str) -> bool {
    if number(word, 4).is_none() || word == "1024" {
        return false;
    }
    let (one, two) = word.split_at(2);
    let is_years = number(one, 2).is_some_and(|year| (23..40).contains(&year));
    (is_years && is_month(two)) || (is_month(one) && is_day(two))
}

/// `…-preview-05-06`, where both have two digits: a version is written `-4-5`.
fn ends_in_a_day(words: &[&str]) -> bool {
    match words {
        [.., month, day] => words.len() > 2 && is_month(month) && is_day(day),
        _ => false,
    }
}

/// `001`, or `v1:0` and `1:0` of Bedrock.
fn is_release(word: &str) -> bool {
    if number(word, 3).is_some_and(|number| number < 100) {
        return true;
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let release = word.strip_prefix('v').unwrap_or(word).split_once(':');
    release.is_some_and(|(version, revision)| digits(version) && digits(revision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_a_release_and_a_digest_pin() {
        for name in [
            "gpt-5-2025-08-07",
            "gpt-4o-2024-11-20",
            "gpt-5-search-api-2025-10-14",
            "claude-haiku-4-5-20251001",
            "claude-haiku-4-5@20251001",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "amazon.nova-pro-v1:0",
            "openai.gpt-oss-120b-1:0",
            "gemini-2.0-flash-001",
            "text-embedding-004",
            "text-bison@001",
            "gemini-2.5-pro-preview-05-06",
            "mistral-large-2411",
            "codestral-2508",
            "gpt-4-0613",
            "gpt-3.5-turbo-1106",
            "grok-4.20-0309-reasoning",
            "command-r-plus-08-2024",
            "deepseek-ai/DeepSeek-V4-Pro-0813",
            "library/model@sha256:0123456789abcdef",
        ] {
            assert!(is_snapshot(name), "{name}");
        }
    }

    #[test]
    fn everything_else_rolls() {
        for name in [
            "",
            "gpt-5",
            "gpt-4.1-mini",
            "o3",
            "gpt-5.2-pro",
            "chat-latest",
            "grok-4.20-0309-latest",
            "claude-sonnet-4-5",
            "claude-3-5-sonnet-latest",
            "claude-opus-5-5@default",
            "gemini-2.5-pro",
            "gemini-flash-latest",
            "mistral-large-3",
            "mistral-medium-3.5",
            "openai/gpt-oss-120b",
            "qwen3:8b",
            "llama-3.3-70b-versatile",
            "accounts/fireworks/models/llama-v3p3-70b-instruct",
            "mistral.mistral-large-3-675b-instruct",
            "jina-embeddings-v2-4096",
            "text-embedding-3-large",
            "model-2025-13-01",
            "2025-08-07/gpt-5",
        ] {
            assert!(!is_snapshot(name), "{name}");
        }
    }
}
