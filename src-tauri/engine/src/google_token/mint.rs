//! An assertion changed for an access token.
//!
//! Promises: one POST, at most ten seconds and 64 KiB of answer; what goes wrong is a failure
//! with the words of whoever refused, in one bounded line.

use std::time::Duration;

use dialect::{Failure, FailureCategory};
use reqwest::{Url, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::failure;

const LIMIT: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 64 * 1024;
/// What a token lives if nobody says.
const USUAL_LIFETIME_S: u64 = 3600;
/// No token is trusted for longer than a day.
const LONGEST_LIFETIME_S: u64 = 86_400;

/// An access token and how long it is good.
pub(super) struct Granted {
    pub(super) token: SecretString,
    pub(super) expires_in_s: u64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<SecretString>,
    expires_in: Option<u64>,
    error: Option<String>,
    error_description: Option<String>,
}

pub(super) async fn exchange(
    client: &reqwest::Client,
    uri: &Url,
    assertion: &SecretString,
) -> Result<Granted, Failure> {
    let asked = async {
        // The assertion has no letter that a form would escape.
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            assertion.expose_secret()
        );
        let mut response = client
            .post(uri.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .map_err(|error| unreached(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| unreached(&error))? {
            if body.len() + bytes.len() > MOST_BYTES {
                return Err(odd(status, "the token address answered with too much"));
            }
            body.extend_from_slice(&bytes);
        }
        Ok((status, body))
    };
    let (status, body) = tokio::time::timeout(LIMIT, asked)
        .await
        .unwrap_or_else(|_| {
            let why = "the token address sent nothing in time".to_owned();
            Err(failure(FailureCategory::Timeout, None, None, why))
        })?;
    read(status, &body)
}

fn read(status: u16, body: &[u8]) -> Result<Granted, Failure> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    if !(200..300).contains(&status) {
        return Err(refused(status, answer));
    }
    let Some(answer) = answer else {
        return Err(odd(status, "the token address answered with no JSON"));
    };
    let Some(token) = answer
        .access_token
        .filter(|token| !token.expose_secret().is_empty())
    else {
        return Err(odd(status, "the token address gave no access token"));
    };
    Ok(Granted {
        token,
        expires_in_s: answer
            .expires_in
            .unwrap_or(USUAL_LIFETIME_S)
            .min(LONGEST_LIFETIME_S),
    })
}

/// Google says no. Its 400 is about the account, not about the caller's request.
fn refused(status: u16, answer: Option<Answer>) -> Failure {
    let category = match status {
        429 => FailureCategory::RateLimit,
        500..=599 => FailureCategory::Server,
        400..=499 => FailureCategory::Auth,
        _ => FailureCategory::BadReply,
    };
    let (code, said) = answer.map_or((None, None), |answer| {
        (answer.error, answer.error_description)
    });
    let code = code.map(|code| bounded(&code));
    let said = said.or_else(|| code.clone()).unwrap_or_default();
    let message = format!("no access token was given ({})", bounded(&said));
    failure(category, Some(status), code, message)
}

fn odd(status: u16, why: &str) -> Failure {
    let why = why.to_owned();
    failure(FailureCategory::BadReply, Some(status), None, why)
}

/// No answer. The error's own words repeat the address; its kind says enough.
fn unreached(error: &reqwest::Error) -> Failure {
    let (category, why) = if error.is_timeout() {
        (
            FailureCategory::Timeout,
            "the token address sent nothing in time",
        )
    } else {
        (
            FailureCategory::Connection,
            "the token address could not be reached",
        )
    };
    failure(category, None, None, why.to_owned())
}

/// One line of at most 200 letters.
fn bounded(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}
