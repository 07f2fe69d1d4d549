//! Who may reach us, as a stranger would try it.

use serde_json::json;
use stories::{Signalbox, chat};

#[tokio::test]
async fn strangers_are_refused_in_the_dialect_they_speak_and_leave_receipts() {
    let signalbox = Signalbox::practice().await;
    let url = format!("{}/v1/chat/completions", signalbox.url);
    let body = chat("practice/instant", false).to_string();
    let key = &signalbox.key;
    let post = || {
        signalbox
            .client
            .post(&url)
            .header("content-type", "application/json")
            .body(body.clone())
    };
    let cases = [
        ("no key", post(), 401, "no_client_key"),
        (
            "a wrong key",
            post().bearer_auth("sbx-00"),
            401,
            "wrong_client_key",
        ),
        (
            "a provider's key",
            post().bearer_auth("sk-proj-1"),
            401,
            "wrong_client_key",
        ),
        (
            "a foreign host",
            post().bearer_auth(key).header("host", "evil.example"),
            403,
            "foreign_host",
        ),
        (
            "a foreign page",
            post()
                .bearer_auth(key)
                .header("origin", "https://evil.example"),
            403,
            "foreign_origin",
        ),
        (
            "a sandboxed page",
            post().bearer_auth(key).header("origin", "null"),
            403,
            "foreign_origin",
        ),
        (
            "another port's page",
            post()
                .bearer_auth(key)
                .header("origin", "http://127.0.0.1:1"),
            403,
            "foreign_origin",
        ),
        (
            "a form with the key in the query",
            signalbox
                .client
                .post(format!("{url}?key={key}"))
                .header("content-type", "text/plain")
                .body(body.clone()),
            415,
            "wrong_content_type",
        ),
    ];
    for (who, request, status, code) in cases {
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), status, "{who}");
        let receipt = signalbox.receipt(&reply).await;
        assert_eq!(receipt["row"]["fault"], code, "{who}");
        assert_eq!(receipt["row"]["ending"], "refused", "{who}");
        let told: serde_json::Value =
            serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
        assert_eq!(told["error"]["code"], code, "{who}: {told}");
    }
    let reply = signalbox
        .client
        .post(format!("{}/v1/messages", signalbox.url))
        .body("{}")
        .send()
        .await
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    assert_eq!(told["error"]["type"], "authentication_error");
}

#[tokio::test]
async fn curls_default_content_type_works_with_the_key_in_a_header() {
    let signalbox = Signalbox::practice().await;
    let reply = signalbox
        .client
        .post(format!("{}/v1/chat/completions", signalbox.url))
        .bearer_auth(&signalbox.key)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(chat("practice/instant", false).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
}

#[tokio::test]
async fn the_panel_and_its_api_are_closed_to_whoever_has_no_session() {
    let signalbox = Signalbox::practice().await;
    let get = |path: &str| signalbox.client.get(format!("{}{path}", signalbox.url));
    let post = |path: &str| signalbox.client.post(format!("{}{path}", signalbox.url));
    assert_eq!(
        post("/control/overview")
            .header("x-signalbox-panel", "1")
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    assert_eq!(get("/control/events").send().await.unwrap().status(), 401);
    // A client key opens the data plane, not the panel.
    let with_client_key = post("/control/overview")
        .bearer_auth(&signalbox.key)
        .header("x-signalbox-panel", "1");
    assert_eq!(with_client_key.send().await.unwrap().status(), 401);

    let open = || async {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        client.get(&signalbox.panel).send().await.unwrap()
    };
    let opened = open().await;
    assert_eq!(opened.status(), 303);
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly")
            && cookie.contains("SameSite=Strict")
            && cookie.contains("Path=/control")
    );
    let pair = cookie.split(';').next().unwrap();
    let call = |origin: Option<&str>, header: bool| {
        let mut call = post("/control/overview").header("cookie", pair);
        if let Some(origin) = origin {
            call = call.header("origin", origin);
        }
        if header {
            call = call.header("x-signalbox-panel", "1");
        }
        call
    };
    assert_eq!(call(None, true).send().await.unwrap().status(), 200);
    assert_eq!(
        call(None, false).send().await.unwrap().status(),
        403,
        "no call without our header"
    );
    assert_eq!(
        call(Some("https://evil.example"), true)
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    let again = open().await;
    assert!(
        again.headers().get("set-cookie").is_none(),
        "a ticket opens once"
    );
}

#[tokio::test]
async fn a_revoked_client_is_out_at_once_and_a_new_one_is_in() {
    let signalbox = Signalbox::practice().await;
    let made = signalbox.run(&["clients", "add", "laptop"], "").await;
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(key.starts_with("sbx-"), "{key}");
    let ask = || async {
        signalbox
            .client
            .post(format!("{}/v1/chat/completions", signalbox.url))
            .bearer_auth(&key)
            .body(chat("practice/instant", false).to_string())
            .send()
            .await
            .unwrap()
    };
    // The running app notices what the command line did beside it.
    let reply = stories::eventually("the new key to work", || async {
        let reply = ask().await;
        (reply.status() == 200).then_some(reply)
    })
    .await;
    assert_eq!(signalbox.receipt(&reply).await["row"]["client"], "laptop");
    signalbox
        .control("clients.revoke", &json!({"name":"laptop"}))
        .await;
    assert_eq!(ask().await.status(), 401);
}

#[tokio::test]
async fn health_needs_no_key_and_a_head_is_answered() {
    let signalbox = Signalbox::practice().await;
    let health = signalbox
        .client
        .get(format!("{}/healthz", signalbox.url))
        .send()
        .await
        .unwrap();
    assert_eq!(health.text().await.unwrap(), "{\"status\":\"ok\"}");
    assert_eq!(
        signalbox
            .client
            .head(&signalbox.url)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
