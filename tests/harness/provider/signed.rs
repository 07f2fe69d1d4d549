//! Amazon's signatures (Signature Version 4), checked as Amazon does: computed anew from what came.
//!
//! Only sha2 is used, no code of the program under test. Names, times and scopes are what the
//! request says; the secret is known to both sides.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::wire::Request;

/// The access key that this provider knows, written `ID:SECRET`.
pub const AWS_KEY: &str = "AKIAFAKEFAKEFAKEFAKE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYFAKEKEY";

/// Why a request that claims to be signed is refused, in the vendor's words.
pub(super) fn refused(request: &Request) -> Option<&'static str> {
    let claim = request
        .header("authorization")?
        .strip_prefix("AWS4-HMAC-SHA256 ")?;
    if matches(request, claim).unwrap_or(false) {
        return None;
    }
    Some(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    )
}

fn matches(request: &Request, claim: &str) -> Option<bool> {
    let field = |name: &str| {
        let mut fields = claim.split(',').map(str::trim);
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let (id, secret) = AWS_KEY.split_once(':')?;
    let scope = field("Credential")?.strip_prefix(id)?.strip_prefix('/')?;
    let time = request.header("x-amz-date")?;
    let [day, region, service, "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else {
        return None;
    };
    let names = field("SignedHeaders")?;
    let must = ["host", "x-amz-date"];
    if !must
        .iter()
        .all(|name| names.split(';').any(|one| one == *name))
        || !is_now(day, time)?
    {
        return Some(false);
    }
    let mut lines = String::new();
    for name in names.split(';') {
        lines += &format!("{name}:{}\n", request.header(name)?.trim());
    }
    let method = request.line.split(' ').next()?;
    let (path, query) = request
        .path()
        .split_once('?')
        .unwrap_or((request.path(), ""));
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    let canonical = format!(
        "{method}\n{}\n{}\n{lines}\n{names}\n{}",
        // Once more escaped, as everywhere but at S3.
        path.replace('%', "%25").replace(':', "%3A"),
        pairs.join("&"),
        hex(&Sha256::digest(&request.body)),
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let mut key = hmac(format!("AWS4{secret}").as_bytes(), day);
    for part in [region, service, "aws4_request"] {
        key = hmac(&key, part);
    }
    Some(field("Signature")? == hex(&hmac(&key, &to_sign)))
}

/// Amazon bears five minutes between two clocks; here both are the same machine's.
fn is_now(day: &str, time: &str) -> Option<bool> {
    let clock = time
        .strip_prefix(day)?
        .strip_prefix('T')?
        .strip_suffix('Z')?;
    let two = |at: usize| clock.get(at..at + 2)?.parse::<u64>().ok();
    let told = two(0)? * 3600 + two(2)? * 60 + two(4)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let since_midnight = now.as_secs() % 86_400;
    let apart = since_midnight.abs_diff(told);
    Some(apart.min(86_400 - apart) <= Duration::from_secs(300).as_secs())
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    outer.to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
