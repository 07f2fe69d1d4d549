//! What is known of each key and model, live: limits that headers announce, errors by class, the queue of a
//! local server, and a server of one's own that was switched off and on again.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, eventually, read_request};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A server that speaks Chat Completions and says more than that: what its headers announce is named by the
/// model (`limits?…`), and its metrics tell of a queue.
struct Server {
    address: SocketAddr,
    waiting: Arc<AtomicU32>,
    asked_for_metrics: Arc<AtomicU32>,
    _task: JoinSet<()>,
}

impl Server {
    async fn start(metrics: fn(u32) -> String) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = Arc::new(AtomicU32::new(0));
        let asked_for_metrics = Arc::new(AtomicU32::new(0));
        let mut task = JoinSet::new();
        let (told, counted) = (Arc::clone(&waiting), Arc::clone(&asked_for_metrics));
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let (told, counted) = (Arc::clone(&told), Arc::clone(&counted));
                connections.spawn(async move {
                    let mut held = BytesMut::new();
                    while let Some(request) = read_request(&mut socket, &mut held).await {
                        let reply = if request.path() == "/metrics" {
                            counted.fetch_add(1, Ordering::SeqCst);
                            reply(200, "", &metrics(told.load(Ordering::SeqCst)))
                        } else {
                            let model = request.json()["model"].as_str().unwrap_or("").to_owned();
                            answered(&model)
                        };
                        if socket.write_all(reply.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Server {
            address,
            waiting,
            asked_for_metrics,
            _task: task,
        }
    }

    fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

/// What a model of these names does.
fn answered(model: &str) -> String {
    let body = json!({"id":"x","object":"chat.completion","model":model,"choices":[
        {"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}});
    let limits = |limit: &str, left: &str, reset: &str| {
        format!(
            "x-ratelimit-limit-requests: {limit}\r\nx-ratelimit-remaining-requests: {left}\r\n\
             x-ratelimit-reset-requests: {reset}\r\nx-ratelimit-limit-tokens: {limit}\r\n\
             x-ratelimit-remaining-tokens: {left}\r\nx-ratelimit-reset-tokens: {reset}\r\n"
        )
    };
    let refused = |status| reply(status, "", r#"{"error":{"message":"not now"}}"#);
    match model {
        "limits" => reply(200, &limits("30000", "12000", "40s"), &body.to_string()),
        "lies-negative" => reply(200, &limits("-5", "-1", "-9s"), &body.to_string()),
        "lies-huge" => reply(
            200,
            &limits("99999999999999999999", "1e300", "999999999h"),
            &body.to_string(),
        ),
        "lies-past" => reply(
            200,
            &limits("60", "5000", "2001-01-01T00:00:00Z"),
            &body.to_string(),
        ),
        "lies-date" => reply(200, &limits("NaN", "inf", "Mon, 30 Feb"), &body.to_string()),
        "400" => refused(400),
        "500" => refused(500),
        "503" => refused(503),
        "529" => refused(529),
        "error-in-200" => reply(200, "", r#"{"error":{"message":"overloaded","code":503}}"#),
        _ => reply(200, "", &body.to_string()),
    }
}

fn reply(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn vllm(waiting: u32) -> String {
    format!(
        "# TYPE vllm:num_requests_waiting gauge\n\
         vllm:num_requests_running{{engine=\"0\",model_name=\"m\"}} 4.0\n\
         vllm:num_requests_waiting{{engine=\"0\",model_name=\"m\"}} {waiting}.0\n\
         vllm:kv_cache_usage_perc{{engine=\"0\",model_name=\"m\"}} 0.75\n"
    )
}

fn nonsense(_: u32) -> String {
    "llamacpp:requests_processing NaN\nllamacpp:requests_deferred -3\n\
     llamacpp:kv_cache_usage_ratio +Inf\n\u{0}\u{7f}{{{ 9\n"
        .to_owned()
}

fn local(id: &str, base: &str) -> String {
    format!("[provider.{id}]\nopenai_base_url = \"{base}\"\nkey = \"none\"\nlocal = true\n")
}

async fn health(signalbox: &Signalbox) -> Value {
    signalbox.control("health", &json!({})).await
}

fn provider<'a>(health: &'a Value, id: &str) -> &'a Value {
    let all = health["providers"].as_array().unwrap();
    all.iter().find(|one| one["id"] == id).expect("a provider")
}

fn target<'a>(health: &'a Value, id: &str, model: &str) -> &'a Value {
    let all = provider(health, id)["targets"].as_array().unwrap();
    all.iter()
        .find(|one| one["model"] == model)
        .unwrap_or_else(|| panic!("{id}/{model} in {health}"))
}

#[tokio::test]
async fn headroom_errors_by_class_and_their_cause_are_seen_live() {
    let (server, own) = (Server::start(vllm).await, Server::start(vllm).await);
    let config = format!(
        "{}[provider.far]\nopenai_base_url = \"{}\"\nkey = \"none\"\nlocal = false\n",
        local("near", &own.base()),
        server.base()
    );
    let signalbox = Signalbox::start(&config).await;
    let before = health(&signalbox).await;
    assert_eq!(provider(&before, "far")["targets"], json!([]));
    assert_eq!(provider(&before, "far")["state"], "idle");
    assert!(before["machine"]["cpu_percent"].as_f64().unwrap() <= 100.0);
    // What the machine of this test is like is its own affair, but it is one of the words.
    let network = before["network"].as_str().unwrap();
    assert!(["fine", "offline"].contains(&network), "{network}");

    assert_eq!(signalbox.chat("far/limits").await.status(), 200);
    let now = health(&signalbox).await;
    let limits = target(&now, "far", "limits");
    assert!(limits["ttft_ms"].as_f64().unwrap() > 0.0, "{limits}");
    assert_eq!(limits["in_flight"], 0);
    assert_eq!(limits["queue"], Value::Null, "it is not here");
    let way = &limits["routes"][0];
    for kind in ["requests", "tokens"] {
        assert_eq!(way[kind]["limit"], 30_000);
        assert_eq!(way[kind]["remaining"], 12_000);
        let resets = way[kind]["resets_in_ms"].as_f64().unwrap();
        assert!((20_000.0..=40_000.0).contains(&resets), "{resets}");
        assert!(way[kind]["said_ms"].as_f64().unwrap() < 20_000.0);
    }
    assert_eq!(way["tokens_per_minute"], 30_000.0);

    for model in ["400", "503", "529", "error-in-200"] {
        for _ in 0..3 {
            signalbox.chat(&format!("far/{model}")).await;
        }
    }
    let now = health(&signalbox).await;
    for (model, class, label) in [
        ("400", "request", "bad request"),
        ("503", "unavailable", "503"),
        ("529", "overloaded", "529"),
        ("error-in-200", "inside_ok", "error inside a 200"),
    ] {
        let errors = &target(&now, "far", model)["signals"]["errors"];
        assert_eq!(errors[0]["class"], class, "{errors}");
        assert_eq!(errors[0]["label"], label);
        assert!(errors[0]["count"].as_u64().unwrap() >= 3, "{errors}");
    }
    assert_eq!(target(&now, "far", "400")["signals"]["state"], "healthy");
    let failed = &target(&now, "far", "503")["signals"];
    assert_eq!(failed["state"], "failed");
    let cause = failed["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("Failed: ") && cause.contains("× 503"),
        "{cause}"
    );
    assert!(failed["held"]["for_ms"].as_f64().unwrap() > 0.0, "{failed}");
    assert!(failed["held"]["reason"].as_str().unwrap().contains("trial"));
    assert_eq!(provider(&now, "far")["state"], "failing");
    // A server of one's own is asked for its queue; whoever is not is asked nothing but requests.
    signalbox.chat("near/m").await;
    eventually("the local server to be asked", || async {
        (own.asked_for_metrics.load(Ordering::SeqCst) > 0).then_some(())
    })
    .await;
    assert_eq!(server.asked_for_metrics.load(Ordering::SeqCst), 0);
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_local_servers_queue_is_seen_and_its_idle_twin_is_preferred() {
    let (busy, idle) = (Server::start(vllm).await, Server::start(vllm).await);
    busy.waiting.store(9, Ordering::SeqCst);
    let config = format!(
        "{}{}[alias.any]\ntargets = [\"busy/m\", \"idle/m\"]\nstrategy = \"adaptive\"\n",
        local("busy", &busy.base()),
        local("idle", &idle.base())
    );
    let signalbox = Signalbox::start(&config).await;
    assert_eq!(signalbox.chat("busy/m").await.status(), 200);
    let queue = eventually("the queue", || async {
        let now = health(&signalbox).await;
        let queue = target(&now, "busy", "m")["queue"].clone();
        (!queue.is_null()).then_some(queue)
    })
    .await;
    let told = json!({"running":4,"waiting":9,"waiting_per_running":2.25,"cache_percent":75.0});
    assert_eq!(queue, told);
    // One request in fifty looks at somebody else than the best.
    let mut to_idle = 0;
    for _ in 0..20 {
        let reply = signalbox.chat("any").await;
        to_idle += u32::from(reply.headers()["x-signalbox-provider"] == "idle");
    }
    assert!(to_idle >= 15, "{to_idle} of 20");
    // The twin of a server in use is looked at as well.
    assert!(idle.asked_for_metrics.load(Ordering::SeqCst) > 0);
    let page = health(&signalbox).await;
    assert_eq!(target(&page, "idle", "m")["queue"]["waiting"], 0, "{page}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_local_server_that_was_away_is_used_within_ten_seconds_of_its_return() {
    let good = FakeUpstream::start().await;
    let own = FakeUpstream::start().await;
    let config = format!(
        "{}{}[alias.any]\ntargets = [\"own/ok\", \"good/ok\"]\nstrategy = \"priority\"\n",
        local("own", &format!("{}/v1", own.base_url())),
        local("good", &format!("{}/v1", good.base_url()))
    );
    let signalbox = Signalbox::start(&config).await;
    assert_eq!(signalbox.chat("any").await.status(), 200);
    let gone = own.end().await;
    eventually("the absent server to be passed over", || async {
        let reply = signalbox.chat("any").await;
        assert_eq!(reply.headers()["x-signalbox-provider"], "good");
        (reply.headers()["x-signalbox-attempts"] == "1").then_some(())
    })
    .await;
    let held = health(&signalbox).await;
    assert_eq!(
        provider(&held, "own")["keys"][0]["signals"]["state"],
        "failed"
    );
    // Nobody asks for anything meanwhile: its return is seen all the same, and costs nothing.
    let own = gone.back().await;
    eventually("somebody to look for it", || async {
        (!own.looks().is_empty()).then_some(())
    })
    .await;
    assert!(own.requests().is_empty(), "nothing that costs");
    for request in own.looks() {
        assert!(
            request.line.starts_with("GET /v1/models"),
            "{}",
            request.line
        );
    }
    eventually("its gate to open", || async {
        let now = health(&signalbox).await;
        provider(&now, "own")["keys"][0]["signals"]["held"]
            .is_null()
            .then_some(())
    })
    .await;
    let reply = signalbox.chat("any").await;
    assert_eq!(reply.headers()["x-signalbox-provider"], "own");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn lying_headers_and_metrics_are_bounded_or_not_there() {
    let server = Server::start(nonsense).await;
    let signalbox = Signalbox::start(&local("near", &server.base())).await;
    for model in ["lies-negative", "lies-huge", "lies-past", "lies-date"] {
        for _ in 0..2 {
            let reply = signalbox.chat(&format!("near/{model}")).await;
            assert_eq!(reply.status(), 200, "{model}");
        }
    }
    let now = eventually("the queue", || async {
        let now = health(&signalbox).await;
        let told = !target(&now, "near", "lies-huge")["queue"].is_null();
        told.then_some(now)
    })
    .await;
    let none = json!({"running":0,"waiting":0,"waiting_per_running":0.0,"cache_percent":100.0});
    assert_eq!(target(&now, "near", "lies-huge")["queue"], none);
    let requests = |model| &target(&now, "near", model)["routes"][0]["requests"];
    assert_eq!(*requests("lies-negative"), Value::Null);
    assert_eq!(*requests("lies-date"), Value::Null);
    assert_eq!(requests("lies-huge")["limit"], Value::Null);
    let longest = requests("lies-huge")["resets_in_ms"].as_f64().unwrap();
    assert!(longest <= 86_400_000.0, "{longest}");
    let past = requests("lies-past");
    assert_eq!(
        (&past["limit"], &past["remaining"]),
        (&json!(60), &json!(60))
    );
    assert_eq!(past["resets_in_ms"], 0.0);
    signalbox.is_quiet().await;
}

/// More names than are remembered, and how many are asked for at once.
const NAMES: usize = 1_300;
const AT_ONCE: usize = 24;

#[tokio::test]
async fn however_many_names_are_made_up_the_answer_stays_small() {
    let upstream = FakeUpstream::start().await;
    let base = format!("{}/v1", upstream.base_url());
    let signalbox = Arc::new(Signalbox::start(&local("fake", &base)).await);
    let asked = futures_util::stream::iter(0..NAMES).map(|n| {
        let signalbox = Arc::clone(&signalbox);
        async move {
            let mut model = format!("fake/made-up-{n}-");
            write!(model, "{}", "x".repeat(400)).unwrap();
            signalbox.chat(&model).await.status().as_u16()
        }
    });
    let answered = asked
        .buffer_unordered(AT_ONCE)
        .filter(|status| std::future::ready(*status == 200))
        .count()
        .await;
    assert_eq!(answered, NAMES);
    signalbox.chat("fake/ok").await;
    let now = tokio::time::timeout(Duration::from_secs(5), health(&signalbox)).await;
    let now = now.expect("an answer in time");
    let fake = provider(&now, "fake");
    assert_eq!(fake["targets"].as_array().unwrap().len(), 200);
    assert_eq!(now["left_out"], 1_024 - 200);
    assert!(now.to_string().len() < 400_000, "{}", now.to_string().len());
    assert_eq!(target(&now, "fake", "ok")["signals"]["state"], "healthy");
    signalbox.is_quiet().await;
}
