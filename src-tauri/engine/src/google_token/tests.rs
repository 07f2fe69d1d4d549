//! A stand-in for Google on this machine gives tokens, late, wrongly or not at all.

use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const NOW: u64 = 1_795_334_950;

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).expect("a key"))
}

fn account(token_uri: &str, email: &str) -> SecretString {
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(pair()).expect("a key");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let account = json!({
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "key-1",
        "private_key": pem,
        "client_email": email,
        "token_uri": token_uri,
    });
    account.to_string().into()
}

/// What the stand-in was sent, in order.
type Seen = Arc<Mutex<Vec<String>>>;

/// A stand-in for Google's token address that gives these answers in turn, the last for ever.
async fn google(answers: Vec<(u16, Value)>) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let seen = Seen::default();
    let heard = Arc::clone(&seen);
    let turn = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (heard, turn, answers) = (Arc::clone(&heard), Arc::clone(&turn), answers.clone());
            tokio::spawn(async move {
                let request = request(&mut stream).await;
                heard.lock().expect("no panic").push(request);
                // Long enough for others to come and wait.
                tokio::time::sleep(Duration::from_millis(50)).await;
                let at = turn.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
                let (status, body) = &answers[at];
                let body = body.to_string();
                let reply = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n\
                     content-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(reply.as_bytes()).await;
            });
        }
    });
    (format!("http://{address}/token"), seen)
}

/// A request, head and body.
async fn request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            body.len() >= length.unwrap_or(0)
        });
        if whole || read == 0 {
            return text;
        }
    }
}

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

fn grant(token: &str, expires_in: u64) -> (u16, Value) {
    let grant = json!({"access_token": token, "expires_in": expires_in, "token_type": "Bearer"});
    (200, grant)
}

async fn bearer(tokens: &GoogleTokens, secret: &SecretString, now: u64) -> Result<String, Failure> {
    let token = tokens.bearer(&client(), secret, now).await?;
    Ok(token.expose_secret().to_owned())
}

#[tokio::test]
async fn what_is_no_json_is_a_token_already() {
    let tokens = GoogleTokens::default();
    let shown = bearer(&tokens, &" ya29.token\n".into(), NOW).await;
    assert_eq!(shown.as_deref(), Ok("ya29.token"));
}

#[tokio::test]
async fn an_account_signs_for_its_token_and_keeps_it_until_a_minute_before_its_end() {
    let (uri, seen) = google(vec![grant("first", 3600), grant("second", 3600)]).await;
    let tokens = GoogleTokens::default();
    let secret = account(&uri, "me@p.test");
    for (now, expected) in [
        (NOW, "first"),
        (NOW + 3539, "first"),
        (NOW + 3540, "second"),
        (NOW + 3541, "second"),
    ] {
        let token = bearer(&tokens, &secret, now).await;
        assert_eq!(token.as_deref(), Ok(expected));
    }
    let seen = seen.lock().expect("no panic");
    assert_eq!(seen.len(), 2);
    assert!(seen[0].starts_with("POST /token HTTP/1.1\r\n"));
    assert!(seen[0].contains("content-type: application/x-www-form-urlencoded\r\n"));
    let (_, form) = seen[0].split_once("\r\n\r\n").expect("a body");
    let assertion = form
        .strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
        .expect("the form");
    let (signed, signature) = assertion.rsplit_once('.').expect("a signature");
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64");
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair().public_key())
        .verify(signed.as_bytes(), &decoded(signature))
        .expect("the account's signature");
    let (head, claims) = signed.split_once('.').expect("two pieces");
    let parsed = |text: &str| serde_json::from_slice::<Value>(&decoded(text)).expect("JSON");
    assert_eq!(
        parsed(head),
        json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
    );
    assert_eq!(
        parsed(claims),
        json!({
            "iss": "me@p.test",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": uri,
            "iat": NOW,
            "exp": NOW + 3600,
        })
    );
}

#[tokio::test]
async fn whoever_comes_while_a_token_is_minted_waits_for_it() {
    let (uri, seen) = google(vec![grant("one", 3600)]).await;
    let tokens = GoogleTokens::default();
    let secret = account(&uri, "me@p.test");
    let all = (0..16).map(|_| bearer(&tokens, &secret, NOW));
    for token in futures_util::future::join_all(all).await {
        assert_eq!(token.as_deref(), Ok("one"));
    }
    assert_eq!(seen.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn whoever_waited_shares_a_refusal_and_the_next_asks_again() {
    let refusal = json!({"error": "invalid_grant", "error_description": "Invalid JWT\nSignature."});
    let (uri, seen) = google(vec![(400, refusal), grant("later", 3600)]).await;
    let tokens = GoogleTokens::default();
    let secret = account(&uri, "me@p.test");
    let all = (0..8).map(|_| bearer(&tokens, &secret, NOW));
    for token in futures_util::future::join_all(all).await {
        let failure = token.expect_err("a refusal");
        assert_eq!(failure.category, FailureCategory::Auth);
        assert_eq!(failure.status, Some(400));
        assert_eq!(failure.code.as_deref(), Some("invalid_grant"));
        assert_eq!(
            failure.message,
            "no access token was given (Invalid JWT Signature.)"
        );
    }
    assert_eq!(seen.lock().expect("no panic").len(), 1);
    let token = bearer(&tokens, &secret, NOW).await;
    assert_eq!(token.as_deref(), Ok("later"));
}

#[tokio::test]
async fn accounts_have_tokens_of_their_own_and_only_so_many_are_kept() {
    let (uri, seen) = google(vec![grant("a", 3600)]).await;
    let tokens = GoogleTokens::default();
    let secrets: Vec<SecretString> = (0..=MOST)
        .map(|n| account(&uri, &format!("{n}@p.test")))
        .collect();
    for secret in &secrets {
        bearer(&tokens, secret, NOW).await.expect("a token");
    }
    assert_eq!(tokens.slots.lock().expect("no panic").len(), MOST);
    let asked = || seen.lock().expect("no panic").len();
    assert_eq!(asked(), MOST + 1);
    // The last is kept, the first was forgotten.
    bearer(&tokens, &secrets[MOST], NOW).await.expect("a token");
    assert_eq!(asked(), MOST + 1);
    bearer(&tokens, &secrets[0], NOW).await.expect("a token");
    assert_eq!(asked(), MOST + 2);
}

#[tokio::test]
async fn answers_that_are_none_are_failures_of_their_kind() {
    for (answer, category) in [
        ((401, json!({})), FailureCategory::Auth),
        ((429, json!({})), FailureCategory::RateLimit),
        ((503, json!("down")), FailureCategory::Server),
        ((302, json!({})), FailureCategory::BadReply),
        ((200, json!([1])), FailureCategory::BadReply),
        (
            (200, json!({"access_token": ""})),
            FailureCategory::BadReply,
        ),
        (
            (200, json!({"access_token": "x".repeat(70_000)})),
            FailureCategory::BadReply,
        ),
    ] {
        let status = answer.0;
        let (uri, _) = google(vec![answer]).await;
        let failure = bearer(&GoogleTokens::default(), &account(&uri, "m"), NOW).await;
        let failure = failure.expect_err("a failure");
        assert_eq!(failure.category, category, "{status}: {}", failure.message);
    }
    let nobody = account("http://127.0.0.1:9/token", "m");
    let failure = bearer(&GoogleTokens::default(), &nobody, NOW).await;
    let failure = failure.expect_err("a failure");
    assert_eq!(failure.category, FailureCategory::Connection);
}

#[tokio::test]
async fn a_key_that_is_no_service_account_is_refused_before_anything_is_sent() {
    let key = |pem: &str, uri: &str| {
        json!({"client_email": "m", "private_key": pem, "token_uri": uri}).to_string()
    };
    let here = "http://127.0.0.1:9/token";
    for (text, word) in [
        ("{".to_owned(), "not valid JSON"),
        ("{}".to_owned(), "`client_email`"),
        (key("", here), "PEM"),
        (
            key(
                "-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----",
                here,
            ),
            "PEM",
        ),
        (
            key(
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                here,
            ),
            "PEM",
        ),
        (key("", "http://oauth2.googleapis.com/token"), "https://"),
        (key("", "http://127.0.0.1.test/token"), "https://"),
        (key("", "file:///etc/passwd"), "https://"),
        (key("", "token"), "no address"),
    ] {
        let failure = bearer(&GoogleTokens::default(), &text.into(), NOW).await;
        let failure = failure.expect_err("a failure");
        assert_eq!(failure.category, FailureCategory::Auth);
        assert!(failure.message.contains(word), "{}", failure.message);
    }
}

#[test]
fn nothing_kept_is_printed() {
    let slot = Slot::default();
    slot.minted.store(Some(Arc::new(Minted {
        token: "ya29.secret".into(),
        until_unix_s: 1,
    })));
    assert!(!format!("{slot:?}").contains("ya29"));
}
