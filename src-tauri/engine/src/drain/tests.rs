//! Who is told, when, and why.

use routing::{AuthScheme, Surface};

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn provider(id: &str, key: &str) -> Provider {
    Provider {
        id: id.to_owned(),
        name: id.to_uppercase(),
        surfaces: vec![Surface {
            dialect: dialect::Dialect::OpenAi,
            base_url: format!("https://{id}.test"),
            auth: AuthScheme::Bearer,
            hosting: Default::default(),
            quirks: Default::default(),
            query: None,
            region: None,
        }],
        key: KeySource::Keychain(key.to_owned()),
        more_keys: Vec::new(),
        local: false,
        practice: false,
        enabled: true,
        models: Vec::new(),
    }
}

fn routes(providers: Vec<Provider>) -> Routes {
    Routes {
        providers: providers.into_iter().map(Arc::new).collect(),
        ..Routes::default()
    }
}

/// Two that share a key, and one with its own.
fn three() -> Routes {
    routes(vec![
        provider("a", "shared"),
        provider("b", "shared"),
        provider("c", "own"),
    ])
}

/// An attempt that runs, and where it is told that its time is over.
fn run(drains: &Drains, routes: &Routes, id: &str, model: &str) -> Arc<Stop> {
    let stop = Arc::<Stop>::default();
    let mut running = drains.running();
    running.last += 1;
    let number = running.last;
    let work = Work {
        provider: Arc::clone(routes.provider(id).expect("a provider")),
        model: model.to_owned(),
        source: routes.provider(id).expect("a provider").key.clone(),
        key: Some(Arc::new("sk-old".to_owned().into())),
        leave: None,
        stop: Arc::clone(&stop),
    };
    running.work.insert(number, work);
    stop
}

fn told(stop: &Stop) -> Option<String> {
    use std::task::{Context, Poll, Waker};
    let pulled = std::pin::pin!(stop.pulled());
    match pulled.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(why) => Some(why.to_string()),
        Poll::Pending => None,
    }
}

fn later(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[test]
fn each_kind_of_drain_takes_what_it_covers_and_nothing_else() {
    let key = DrainOf::Key(KeySource::Keychain("shared".to_owned()));
    let target = DrainOf::Target {
        provider: "a".to_owned(),
        model: "m".to_owned(),
    };
    for (of, covered) in [
        (DrainOf::App, [true, true, true, true]),
        (
            DrainOf::Provider("a".to_owned()),
            [true, true, false, false],
        ),
        (key, [true, true, true, false]),
        (target, [true, false, false, false]),
    ] {
        let (drains, routes) = (Drains::default(), three());
        let ran = [("a", "m"), ("a", "n"), ("b", "m"), ("c", "m")]
            .map(|(id, m)| run(&drains, &routes, id, m));
        drains.begin(of.clone(), &routes, MINUTE).expect("room");
        let running = covered.iter().filter(|covered| **covered).count();
        assert_eq!(drains.shown(Instant::now())[0].running, running as u32);
        drains.due(later(59));
        assert!(ran.iter().all(|stop| told(stop).is_none()), "{of:?}");
        drains.due(later(61));
        assert_eq!(ran.each_ref().map(|stop| told(stop).is_some()), covered);
    }
}

#[test]
fn a_plan_is_told_what_of_a_target_drains() {
    let (drains, routes) = (Drains::default(), three());
    let stands = |id: &str, model: Option<&str>| {
        let provider = routes.provider(id).expect("a provider");
        drains.standing(provider, model, &provider.key)
    };
    assert_eq!(stands("a", Some("m")), None);
    let target = DrainOf::Target {
        provider: "c".to_owned(),
        model: "m".to_owned(),
    };
    drains.begin(target, &routes, MINUTE).expect("room");
    assert_eq!(stands("c", Some("m")), Some(Draining::Target));
    assert_eq!(stands("c", Some("n")), None);
    assert_eq!(stands("c", None), None, "its other models serve");
    let key = DrainOf::Key(KeySource::Keychain("shared".to_owned()));
    drains.begin(key.clone(), &routes, MINUTE).expect("room");
    assert_eq!(stands("b", None), Some(Draining::Key));
    // The app refuses at the door; what is in goes on.
    drains.begin(DrainOf::App, &routes, MINUTE).expect("room");
    assert_eq!(stands("c", Some("n")), None);
    assert!(drains.is_app_draining() && drains.app_is_over().is_none());
    assert!(drains.end(&key) && !drains.end(&key));
    assert_eq!(stands("b", None), None);
}

#[test]
fn a_drain_that_is_taken_back_cuts_nobody() {
    let (drains, routes) = (Drains::default(), three());
    let stop = run(&drains, &routes, "a", "m");
    let of = DrainOf::Provider("a".to_owned());
    drains.begin(of.clone(), &routes, MINUTE).expect("room");
    drains.end(&of);
    drains.due(later(3_600));
    assert_eq!(told(&stop), None);
}

#[test]
fn asked_for_again_its_time_begins_anew() {
    let (drains, routes) = (Drains::default(), three());
    let stop = run(&drains, &routes, "a", "m");
    let of = DrainOf::Provider("a".to_owned());
    drains.begin(of.clone(), &routes, MINUTE).expect("room");
    drains.begin(of, &routes, 2 * MINUTE).expect("room");
    assert_eq!(drains.shown(Instant::now()).len(), 1);
    drains.due(later(61));
    assert_eq!(told(&stop), None);
}

#[test]
fn there_are_so_many_drains_and_no_more() {
    let (drains, routes) = (Drains::default(), three());
    let of = |n: usize| DrainOf::Target {
        provider: "a".to_owned(),
        model: format!("m{n}"),
    };
    for n in 0..MOST {
        drains.begin(of(n), &routes, MINUTE).expect("room");
    }
    assert_eq!(drains.begin(of(MOST), &routes, MINUTE), Err(TooManyDrains));
    drains
        .begin(of(0), &routes, MINUTE)
        .expect("one that is in force begins anew");
}

#[test]
fn what_the_config_changes_gets_a_deadline_and_a_reason() {
    let mut disabled = provider("a", "shared");
    disabled.enabled = false;
    let mut moved = provider("a", "shared");
    moved.surfaces[0].base_url = "https://elsewhere.test".to_owned();
    let mut quirky = provider("a", "shared");
    quirky.surfaces[0].quirks = Arc::new(dialect::hub::Quirks {
        no_developer: true,
        ..Default::default()
    });
    for (now, why, words) in [
        (vec![], Some(Why::Removed), "A was removed from the config"),
        (vec![disabled], Some(Why::Disabled), "A was disabled"),
        (
            vec![moved],
            Some(Why::Moved),
            "the address of A was changed",
        ),
        (
            vec![provider("a", "other")],
            Some(Why::KeyMoved),
            "the key of A was changed",
        ),
        (vec![quirky], None, ""),
        (vec![provider("a", "shared")], None, ""),
    ] {
        let (drains, before) = (Drains::default(), three());
        let stop = run(&drains, &before, "a", "m");
        drains.installed(&routes(now), MINUTE);
        let shown = drains.shown(Instant::now());
        assert_eq!(shown.first().map(|drain| drain.why), why);
        drains.due(later(59));
        assert_eq!(told(&stop), None);
        drains.due(later(61));
        let said = told(&stop);
        assert_eq!(said.is_some(), why.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().starts_with(words));
    }
}

#[test]
fn a_change_that_is_undone_cuts_nobody_and_a_second_one_does_not_extend_the_time() {
    let (drains, before) = (Drains::default(), three());
    let stop = run(&drains, &before, "a", "m");
    drains.installed(&routes(vec![]), MINUTE);
    drains.installed(&routes(vec![]), 60 * MINUTE);
    assert!(drains.shown(Instant::now())[0].left <= MINUTE);
    drains.installed(&three(), MINUTE);
    drains.due(later(3_600));
    assert_eq!(told(&stop), None);
}

#[test]
fn to_remove_what_drains_gives_it_no_more_time() {
    let (drains, before) = (Drains::default(), three());
    let stop = run(&drains, &before, "a", "m");
    let of = DrainOf::Provider("a".to_owned());
    drains
        .begin(of, &before, Duration::from_secs(2))
        .expect("room");
    drains.installed(&routes(vec![]), MINUTE);
    drains.due(later(3));
    let told = told(&stop).expect("cut");
    assert!(told.starts_with("A was removed from the config, and the 2 s"));
}

#[test]
fn drains_of_what_is_gone_are_over() {
    let (drains, before) = (Drains::default(), three());
    for of in [
        DrainOf::Provider("c".to_owned()),
        DrainOf::Key(KeySource::Keychain("shared".to_owned())),
        DrainOf::App,
    ] {
        drains.begin(of, &before, MINUTE).expect("room");
    }
    drains.installed(&routes(vec![provider("b", "shared")]), MINUTE);
    let left: Vec<DrainOf> = drains
        .shown(Instant::now())
        .into_iter()
        .map(|drain| drain.of)
        .collect();
    let key = DrainOf::Key(KeySource::Keychain("shared".to_owned()));
    assert_eq!(left, [key, DrainOf::App]);
}

#[test]
fn a_replaced_key_gives_those_who_showed_the_old_one_a_deadline() {
    let (drains, routes) = (Drains::default(), three());
    let stop = run(&drains, &routes, "a", "m");
    let provider = routes.provider("a").expect("a provider");
    let same = SecretString::from("sk-old");
    drains.key_changed(provider, &[Some(Arc::new(same))], MINUTE);
    assert!(drains.shown(Instant::now()).is_empty());
    drains.key_changed(
        provider,
        &[Some(Arc::new(SecretString::from("sk-new")))],
        MINUTE,
    );
    // Another edit of the config does not take that back.
    drains.installed(&routes, MINUTE);
    drains.due(later(61));
    assert!(
        told(&stop)
            .expect("cut")
            .contains("the key of A was changed")
    );
}
