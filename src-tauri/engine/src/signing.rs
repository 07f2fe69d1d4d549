//! Requests to Amazon, signed with an access key (Signature Version 4).
//!
//! Promises: a secret is told apart once: an access key signs, anything else is a Bedrock API key
//! and travels as a bearer. Signed are the method, the path, the query, the body and the few
//! headers that no one on the way changes. The secret key itself never travels.
//! Leaves out: roles and profiles; whoever uses those stores the key they hand out.

use aws_lc_rs::{digest, hmac};
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Amazon's name of what is asked.
const SERVICE: &str = "bedrock";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// An access key.
#[derive(Debug)]
pub(crate) struct AwsKey {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    /// Of a key that was handed out for a while.
    pub(crate) session_token: Option<SecretString>,
}

/// Why a request can't be signed; a sentence for people, without a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unsigned(pub(crate) &'static str);

impl AwsKey {
    /// The access key in a stored secret, written `ID:SECRET`, `ID:SECRET:TOKEN` or as JSON;
    /// `None` when the secret is a Bedrock API key.
    pub(crate) fn read(secret: &SecretString) -> Result<Option<AwsKey>, Unsigned> {
        let text = secret.expose_secret().trim();
        if text.starts_with('{') {
            return AwsKey::from_json(text).map(Some);
        }
        let mut pieces = text.splitn(3, ':');
        let (Some(id), Some(key)) = (pieces.next(), pieces.next()) else {
            return Ok(None);
        };
        if !is_id(id) || key.is_empty() {
            return Ok(None);
        }
        let token = pieces.next().filter(|token| !token.is_empty());
        Ok(Some(AwsKey {
            access_key_id: id.to_owned(),
            secret_access_key: key.into(),
            session_token: token.map(Into::into),
        }))
    }

    fn from_json(text: &str) -> Result<AwsKey, Unsigned> {
        let written: Written =
            serde_json::from_str(text).map_err(|_| Unsigned("the AWS key is not valid JSON"))?;
        // `aws sts` wraps what it hands out.
        let written = match written.credentials {
            Some(inner) => *inner,
            None => written,
        };
        let (Some(access_key_id), Some(secret_access_key)) =
            (written.access_key_id, written.secret_access_key)
        else {
            return Err(Unsigned(
                "the AWS key has no `access_key_id` or no `secret_access_key`",
            ));
        };
        if !is_id(&access_key_id) {
            return Err(Unsigned(
                "the AWS key has an `access_key_id` that can't be one",
            ));
        }
        Ok(AwsKey {
            access_key_id,
            secret_access_key,
            session_token: written.session_token,
        })
    }
}

/// An access key as people and Amazon's tools write it.
#[derive(Deserialize)]
struct Written {
    #[serde(alias = "AccessKeyId", alias = "aws_access_key_id")]
    access_key_id: Option<String>,
    #[serde(alias = "SecretAccessKey", alias = "aws_secret_access_key")]
    secret_access_key: Option<SecretString>,
    #[serde(alias = "SessionToken", alias = "aws_session_token")]
    session_token: Option<SecretString>,
    #[serde(rename = "Credentials")]
    credentials: Option<Box<Written>>,
}

/// Ids are capitals and digits, 16 of them or more.
fn is_id(text: &str) -> bool {
    (16..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The region in an address of Bedrock: the label behind the service's.
pub(crate) fn region_of(url: &Url) -> Option<&str> {
    let mut labels = url.host_str()?.split('.');
    labels.find(|label| label.starts_with("bedrock"))?;
    labels
        .next()
        .filter(|region| region.contains('-') && !region.starts_with('-'))
}

/// Signs a request: adds the time, the session token and the signature to its headers.
pub(crate) fn sign(
    headers: &mut HeaderMap,
    method: &Method,
    url: &Url,
    body: &[u8],
    key: &AwsKey,
    region: &str,
    unix_s: u64,
) -> Result<(), Unsigned> {
    sign_for(SERVICE, headers, method, url, body, key, region, unix_s)
}

#[expect(
    clippy::too_many_arguments,
    reason = "Amazon's test vectors name their own service"
)]
fn sign_for(
    service: &str,
    headers: &mut HeaderMap,
    method: &Method,
    url: &Url,
    body: &[u8],
    key: &AwsKey,
    region: &str,
    unix_s: u64,
) -> Result<(), Unsigned> {
    let (day, time) = moment(unix_s);
    // What an earlier attempt signed counts no more.
    headers.remove(header::AUTHORIZATION);
    headers.remove("x-amz-security-token");
    headers.insert("x-amz-date", plain(&time)?);
    if let Some(token) = &key.session_token {
        headers.insert("x-amz-security-token", sensitive(token.expose_secret())?);
    }
    let (names, lines) = signed_headers(headers, url)?;
    let canonical = format!(
        "{method}\n{}\n{}\n{lines}\n{names}\n{}",
        encoded_path(url.path()),
        sorted_query(url.query().unwrap_or_default()),
        hex(digest::digest(&digest::SHA256, body).as_ref()),
    );
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let hashed = digest::digest(&digest::SHA256, canonical.as_bytes());
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(hashed.as_ref()));

    let first = SecretString::from(format!("AWS4{}", key.secret_access_key.expose_secret()));
    let mut signing = mac(first.expose_secret().as_bytes(), &day);
    for piece in [region, service, "aws4_request", &to_sign] {
        signing = mac(signing.as_ref(), piece);
    }
    let value = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={}",
        key.access_key_id,
        hex(signing.as_ref()),
    );
    headers.insert(header::AUTHORIZATION, sensitive(&value)?);
    Ok(())
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

/// Names and lines of what is signed: the host, the content type and Amazon's own headers.
fn signed_headers(headers: &HeaderMap, url: &Url) -> Result<(String, String), Unsigned> {
    let host = url
        .host_str()
        .ok_or(Unsigned("the address to be signed has no host"))?;
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut signed = vec![("host", host)];
    for name in headers.keys() {
        if name == header::CONTENT_TYPE || name.as_str().starts_with("x-amz") {
            let mut values = Vec::new();
            for value in headers.get_all(name) {
                let text = value
                    .to_str()
                    .map_err(|_| Unsigned("a header to be signed is not plain text"))?;
                let words: Vec<&str> = text.split_ascii_whitespace().collect();
                values.push(words.join(" "));
            }
            signed.push((name.as_str(), values.join(",")));
        }
    }
    signed.sort_unstable();
    let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
    let lines: String = signed
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    Ok((names.join(";"), lines))
}

/// The path once more escaped, as Amazon wants it everywhere but at S3: a model's `%3A` is signed
/// as `%253A`.
fn encoded_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len() + 16);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            push_hex(&mut encoded, byte, b"0123456789ABCDEF");
        }
    }
    if encoded.is_empty() {
        encoded.push('/');
    }
    encoded
}

/// The pairs of a query that is escaped already, in order.
fn sorted_query(query: &str) -> String {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The day, `20150830`, and the moment, `20150830T123600Z`.
fn moment(unix_s: u64) -> (String, String) {
    let (days, seconds) = (unix_s / 86_400, unix_s % 86_400);
    // Counted from the 1st of March 0000 in cycles of 400 years, so that a leap day comes last.
    let since = days.saturating_add(719_468);
    let (cycle, day) = (since / 146_097, since % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let day_of_month = day - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = cycle * 400 + year + u64::from(month <= 2);
    let day = format!("{year:04}{month:02}{day_of_month:02}");
    let time = format!(
        "{day}T{:02}{:02}{:02}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    (day, time)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        push_hex(&mut text, byte, b"0123456789abcdef");
    }
    text
}

fn push_hex(text: &mut String, byte: u8, digits: &[u8; 16]) {
    for half in [byte >> 4, byte & 15] {
        text.push(char::from(digits[usize::from(half)]));
    }
}

fn plain(text: &str) -> Result<HeaderValue, Unsigned> {
    HeaderValue::try_from(text).map_err(|_| Unsigned("the AWS key holds letters no header takes"))
}

fn sensitive(text: &str) -> Result<HeaderValue, Unsigned> {
    let mut value = plain(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
