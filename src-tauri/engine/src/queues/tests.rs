use dialect::Dialect;
use dialect::hub::Hosting;
use routing::{Alias, AuthScheme, KeySource, Policy, Strategy, Surface, Target};

use super::*;

fn provider(id: &str, local: bool) -> Arc<Provider> {
    Arc::new(Provider {
        id: id.to_owned(),
        name: id.to_owned(),
        surfaces: vec![Surface {
            dialect: Dialect::OpenAi,
            base_url: "http://127.0.0.1:9/v1".to_owned(),
            auth: AuthScheme::None,
            hosting: Hosting::Own,
            quirks: Arc::default(),
            query: None,
            region: None,
        }],
        more_keys: Vec::new(),
        key: KeySource::None,
        local,
        practice: false,
        enabled: true,
        models: Vec::new(),
    })
}

fn routes(providers: Vec<Arc<Provider>>, alias: &[&str]) -> Routes {
    let targets = alias.iter().map(|id| Target::new(id, "m")).collect();
    let alias = Alias {
        policy: Policy {
            strategy: Some(Strategy::Adaptive),
            ..Policy::default()
        },
        ..Alias::listed("any", targets)
    };
    Routes {
        providers,
        aliases: [("any".to_owned(), alias)].into(),
        ..Routes::default()
    }
}

fn server(id: &str, idle_s: u64, failed: bool) -> LocalServer {
    LocalServer {
        provider: id.to_owned(),
        idle: Duration::from_secs(idle_s),
        failed,
        unreached: false,
    }
}

fn told(due: Vec<(Arc<Provider>, Question)>) -> Vec<(String, Question)> {
    due.into_iter()
        .map(|(provider, question)| (provider.id.clone(), question))
        .collect()
}

#[test]
fn queues_are_read_while_somebody_uses_the_server_or_its_twin() {
    let all = vec![
        provider("one", true),
        provider("twin", true),
        provider("other", true),
        provider("hosted", false),
    ];
    let routes = routes(all, &["one", "twin", "hosted"]);
    let queues = Queues::default();
    let zero = Instant::now();
    let at = |s: u64| zero + Duration::from_secs(s);
    let due = |servers: &[LocalServer], s: u64| told(queues.due(servers, &routes, at(s)));
    let used = [server("one", 5, false), server("hosted", 5, false)];
    let both = vec![
        ("one".to_owned(), Question::Queue),
        ("twin".to_owned(), Question::Queue),
    ];
    assert_eq!(due(&used, 0), both);
    assert_eq!(due(&used, 2), []);
    assert_eq!(due(&used, 3), both);
    queues.learnt("one", |known| {
        known.queue_again = Some(at(3) + NO_QUEUE_AGAIN);
    });
    assert_eq!(due(&used, 6), both[1..]);
    // An hour later nobody wants anything.
    assert_eq!(due(&[server("one", 3_600, false)], 3_600), []);
}

#[test]
fn one_that_has_failed_is_looked_for_within_ten_seconds_and_then_seldom() {
    let routes = routes(vec![provider("one", true), provider("hosted", false)], &[]);
    let queues = Queues::default();
    let zero = Instant::now();
    let times = |idle_s: u64, from_s: u64| {
        let failed = [server("one", idle_s, true), server("hosted", idle_s, true)];
        let asked = (from_s..from_s + 60).filter(|s| {
            let due = queues.due(&failed, &routes, zero + Duration::from_secs(*s));
            !due.is_empty()
        });
        asked.count()
    };
    assert_eq!(times(5, 0), 15);
    assert_eq!(times(3_600, 60), 1, "once a minute");
    queues.learnt("one", |known| known.away = true);
    let asked = queues.due(
        &[server("one", 5, true)],
        &routes,
        zero + Duration::from_secs(600),
    );
    assert_eq!(
        told(asked),
        [("one".to_owned(), Question::Models { away: true })]
    );
    // It answers again: what was known of its absence is over.
    queues.due(
        &[server("one", 5, false)],
        &routes,
        zero + Duration::from_secs(700),
    );
    let asked = queues.due(
        &[server("one", 5, true)],
        &routes,
        zero + Duration::from_secs(701),
    );
    assert_eq!(
        told(asked),
        [("one".to_owned(), Question::Models { away: false })]
    );
    queues.due(
        &[server("one", 5, false)],
        &routes,
        zero + Duration::from_secs(800),
    );
    let unreached = LocalServer {
        unreached: true,
        ..server("one", 5, true)
    };
    let asked = queues.due(&[unreached], &routes, zero + Duration::from_secs(801));
    assert_eq!(
        told(asked),
        [("one".to_owned(), Question::Models { away: true })]
    );
}

#[test]
fn however_many_servers_there_are_a_round_is_bounded_and_forgets_those_that_left() {
    let ids: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    let all = ids.iter().map(|id| provider(id, true)).collect();
    let many = routes(all, &[]);
    let servers: Vec<LocalServer> = ids.iter().map(|id| server(id, 1, false)).collect();
    let queues = Queues::default();
    let now = Instant::now();
    assert_eq!(queues.due(&servers, &many, now).len(), AT_ONCE);
    assert_eq!(
        queues.due(&servers, &many, now).len(),
        AT_ONCE,
        "the next ones"
    );
    queues.due(&servers, &routes(vec![provider("p0", true)], &[]), now);
    assert_eq!(queues.asked.lock().unwrap().len(), 1);
}

#[test]
fn metrics_are_beside_what_is_served() {
    for (base, wanted) in [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/metrics"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/metrics"),
        ("http://box.lan/llm/v1/", "http://box.lan/llm/metrics"),
        ("http://[::1]:30000/v1", "http://[::1]:30000/metrics"),
    ] {
        assert_eq!(metrics_url(base).unwrap().as_str(), wanted);
    }
    assert_eq!(metrics_url("no address"), None);
}
