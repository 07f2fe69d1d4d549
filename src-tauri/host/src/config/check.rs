//! The small checks that several parts of the config share.

use std::ops::RangeInclusive;

use routing::KeySource;
use toml::Spanned;

use super::error::Wrong;
use crate::clients::is_name;

/// A number within its bounds, or the default.
pub(super) fn within(
    number: Option<&Spanned<i64>>,
    bounds: RangeInclusive<i64>,
    default: i64,
) -> Result<u64, Wrong> {
    let Some(number) = number else {
        return Ok(default.unsigned_abs());
    };
    if bounds.contains(number.get_ref()) {
        return Ok(number.get_ref().unsigned_abs());
    }
    Err(Wrong::at(
        number.span(),
        format!(
            "{} is out of bounds; write a number from {} to {}",
            number.get_ref(),
            bounds.start(),
            bounds.end()
        ),
    ))
}

/// A provider's id, which is also a key's name and the word before the slash.
pub(super) fn provider_id(id: &str) -> Result<(), String> {
    if id == "tool" {
        return Err("`tool/…` names the built-in tools; give the provider another name".into());
    }
    if is_name(id) {
        return Ok(());
    }
    Err(
        "a provider's id is 1 to 64 small letters, digits, dots, dashes and underscores, and \
         begins with a letter or a digit"
            .into(),
    )
}

/// Where a provider's key comes from. Never tells the text: it may be the key.
pub(super) fn key_source(text: &str, provider: &str) -> Result<KeySource, String> {
    const ADVICE: &str = "write \"keychain\", \"keychain:NAME\", \"env:VARIABLE\" or \"none\"; a \
                          key itself never stands in this file: `signalbox keys set` puts it into \
                          the keychain";
    match text.split_once(':') {
        None if text == "keychain" => Ok(KeySource::Keychain(provider.to_owned())),
        None if text == "none" => Ok(KeySource::None),
        Some(("keychain", name)) if is_name(name) => Ok(KeySource::Keychain(name.to_owned())),
        Some(("env", variable)) if is_variable(variable) => {
            Ok(KeySource::Environment(variable.to_owned()))
        }
        _ => Err(ADVICE.into()),
    }
}

/// A host with its port, as an address spells them: `images.lan:8080`, `[fd00::1]:80`.
pub(super) fn place(text: &str) -> Result<String, String> {
    let advice =
        || "write a host and its port, such as \"images.lan:8080\", without a scheme".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(advice)?;
    let port: u16 = port.parse().map_err(|_| advice())?;
    // As the address of a picture is read, so that the two can be compared.
    let read = url::Url::parse(&format!("http://{host}:{port}/")).map_err(|_| advice())?;
    let is_host = read.username().is_empty() && read.path() == "/" && read.query().is_none();
    match read.host_str() {
        Some(host) if is_host && port > 0 => Ok(format!("{host}:{port}")),
        _ => Err(advice()),
    }
}

/// A key source as it is written.
pub(super) fn key_text(source: &KeySource, provider: &str) -> String {
    match source {
        KeySource::Keychain(name) if name == provider => "keychain".to_owned(),
        KeySource::Keychain(name) => format!("keychain:{name}"),
        KeySource::Environment(variable) => format!("env:{variable}"),
        KeySource::None => "none".to_owned(),
    }
}

fn is_variable(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A model's or an alias's name, as it may stand in a request.
pub(super) fn model_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 256 {
        return Err("a model's name has 1 to 256 bytes".into());
    }
    if name
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control())
    {
        return Err("a model's name has no spaces in it".into());
    }
    Ok(())
}
