//! What people are told of the nearest question.

use dialect::hub::Request;
use dialect::{Endpoint, read_request};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fingerprint;

const TARGETS: [&str; 2] = ["openai gpt", "groq llama"];

fn asking(body: &Value) -> Request {
    read_request(Endpoint::ChatCompletions, body.to_string().as_bytes(), None).expect("a request")
}

/// A conversation with something in most of its parts.
fn usual() -> Value {
    json!({"model": "m", "temperature": 0, "seed": 1, "max_completion_tokens": 9,
    "tools": [{"type": "function", "function": {"name": "look"}}],
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Name a river."},
    ]})
}

/// The usual one with another value at a place.
fn with(place: &str, value: Value) -> Value {
    let mut body = usual();
    *body.pointer_mut(place).expect("it is there") = value;
    body
}

fn neighbour(body: &Value, (client, policy): (&str, &str), route: &str, when_ms: u64) -> Neighbour {
    let targets = TARGETS.map(str::to_owned);
    let scope = Scope {
        client,
        policy,
        targets: &targets,
    };
    let request = asking(body);
    Neighbour {
        known_by: fingerprint(&request, &scope).expect("it is exact"),
        question: Question::new(request.asked_in_parts(), &scope, route.into()),
        when_ms,
    }
}

/// On the usual route, for the usual client.
fn kept(body: &Value, when_ms: u64) -> Neighbour {
    neighbour(body, ("laptop", "7"), "fast", when_ms)
}

fn told(neighbours: &Neighbours, body: &Value) -> Option<Explained> {
    neighbours.nearest(&kept(body, 0).question)
}

#[test]
fn the_part_that_differs_is_told_in_plain_words() {
    let neighbours = Neighbours::default();
    neighbours.kept(kept(&usual(), 5));
    for (place, value, words) in [
        (
            "/messages/0/content",
            json!("Be wordy."),
            "the system message",
        ),
        ("/messages/1/content", json!("Ho"), "the earlier messages"),
        ("/messages/3/content", json!("A lake."), "the last message"),
        ("/temperature", json!(0.1), "temperature"),
        ("/seed", json!(2), "the seed"),
        ("/max_completion_tokens", json!(8), "the output limit"),
        ("/tools/0/function/name", json!("find"), "the tools"),
    ] {
        let told = told(&neighbours, &with(place, value)).expect("a neighbour");
        let names: Vec<_> = told.differs.iter().map(|part| part.name()).collect();
        assert_eq!(names, [words]);
        assert_eq!((told.when_ms, &*told.route), (5, "fast"));
    }
}

#[test]
fn who_asks_and_what_is_asked_are_told_too() {
    let neighbours = Neighbours::default();
    neighbours.kept(kept(&usual(), 5));
    let other = neighbour(&usual(), ("desk", "8"), "fast", 6);
    let told = neighbours.nearest(&other.question).expect("a neighbour");
    assert_eq!(told.differs, [Part::Client, Part::Policy]);
    assert_eq!(told.differs[0].name(), "who asks");

    let mut fewer = kept(&usual(), 6);
    fewer.question.targets = short(["openai gpt"]);
    let told = neighbours.nearest(&fewer.question).expect("a neighbour");
    assert_eq!(told.differs, [Part::Targets]);
}

#[test]
fn targets_are_a_set() {
    let parts = asking(&usual()).asked_in_parts();
    let of = |targets: &[&str]| {
        let targets: Vec<String> = targets.iter().map(|one| (*one).to_owned()).collect();
        let scope = Scope {
            client: "",
            policy: "",
            targets: &targets,
        };
        Question::new(parts, &scope, "fast".into())
    };
    assert_eq!(of(&["a", "b"]), of(&["b", "a", "b"]));
    assert_ne!(of(&["a", "b"]), of(&["ab"]));
}

#[test]
fn the_very_same_question_differs_in_nothing() {
    let neighbours = Neighbours::default();
    neighbours.kept(kept(&usual(), 5));
    let told = told(&neighbours, &usual()).expect("a neighbour");
    assert_eq!(told.differs, []);
}

#[test]
fn the_nearest_is_told_and_of_equals_the_newest() {
    let neighbours = Neighbours::default();
    neighbours.kept(kept(&with("/messages/0/content", json!("Be wordy.")), 1));
    let two = |at: u64| {
        let mut body = with("/seed", json!(10 + at));
        body["temperature"] = json!(0.5);
        kept(&body, at)
    };
    neighbours.kept(two(2));
    neighbours.kept(two(3));
    neighbours.kept(kept(&with("/messages/0/content", json!("Be funny.")), 4));
    let told = told(&neighbours, &usual()).expect("a neighbour");
    // Two small parts are nearer than another system message.
    assert_eq!(told.differs, [Part::Temperature, Part::Seed]);
    assert_eq!(told.when_ms, 3);
}

#[test]
fn a_stranger_is_not_told_of() {
    let neighbours = Neighbours::default();
    let mut strange = with("/messages/0/content", json!("Be wordy."));
    strange["messages"][3]["content"] = json!("A lake.");
    neighbours.kept(neighbour(&strange, ("laptop", "7"), "other", 1));
    assert_eq!(
        told(&neighbours, &usual()),
        None,
        "another route, another system message"
    );
    neighbours.kept(neighbour(&strange, ("laptop", "7"), "fast", 2));
    let related = told(&neighbours, &usual()).expect("the same route");
    assert_eq!(related.when_ms, 2);

    let neighbours = Neighbours::default();
    let mut later = usual();
    later["messages"][3]["content"] = json!("A lake.");
    neighbours.kept(neighbour(&later, ("laptop", "7"), "other", 3));
    let related = told(&neighbours, &usual()).expect("the same tools and system message");
    assert_eq!((related.when_ms, &*related.route), (3, "other"));
}

#[test]
fn the_oldest_makes_room_and_the_same_is_there_once() {
    let neighbours = Neighbours::new(3);
    for at in 0..10 {
        neighbours.kept(kept(&with("/seed", json!(at)), at));
        neighbours.kept(kept(&with("/seed", json!(at)), at));
    }
    assert_eq!(neighbours.count(), 3);
    let (oldest, gone) = (with("/seed", json!(7)), with("/seed", json!(6)));
    assert_eq!(told(&neighbours, &oldest).expect("kept").differs, []);
    assert_eq!(
        told(&neighbours, &gone).expect("near").differs,
        [Part::Seed]
    );
    let none = Neighbours::new(0);
    none.kept(kept(&usual(), 1));
    assert_eq!(none.count(), 0);
}

#[test]
fn what_is_gone_can_be_forgotten() {
    let neighbours = Neighbours::default();
    let purged = kept(&with("/seed", json!(7)), 7);
    for at in 0..10 {
        neighbours.kept(kept(&with("/seed", json!(at)), at));
    }
    neighbours.forget(|one| one.when_ms < 5 || one.known_by == purged.known_by);
    assert_eq!(neighbours.count(), 4);
    neighbours.forget(|one| &**one.question.route() == "fast");
    assert_eq!(told(&neighbours, &usual()), None);
}

#[test]
fn parts_are_told_to_programs_in_one_word() {
    for (part, word) in [
        (Part::Client, "client"),
        (Part::LastMessage, "last_message"),
        (Part::ToolChoice, "tool_choice"),
    ] {
        assert_eq!(json!(part), json!(word));
    }
    let words: std::collections::HashSet<_> = Part::ALL.iter().map(|part| part.name()).collect();
    assert_eq!(words.len(), Part::ALL.len());
    for part in Part::ALL {
        let read: Part = serde_json::from_value(json!(part)).expect("its own word");
        assert_eq!(read, part);
    }
}

#[test]
fn many_threads_share_one_row() {
    let neighbours = Neighbours::new(64);
    std::thread::scope(|threads| {
        for client in ["a", "b", "c", "d"] {
            let neighbours = &neighbours;
            threads.spawn(move || {
                for at in 0..100 {
                    let one = neighbour(&with("/seed", json!(at)), (client, "7"), "fast", at);
                    let question = one.question.clone();
                    neighbours.kept(one);
                    assert!(neighbours.nearest(&question).is_some());
                    neighbours.forget(|one| one.when_ms + 50 < at);
                }
            });
        }
    });
    assert!(neighbours.count() <= 64);
}

proptest! {
    /// Nothing is nearer than what is told.
    #[test]
    fn none_is_nearer_than_the_nearest(
        all in proptest::collection::vec((0..3_u8, 0..3_u8, 0..3_u8, 0..2_u8), 1..20),
        asked in (0..3_u8, 0..3_u8, 0..3_u8, 0..2_u8),
    ) {
        let one = |(system, last, seed, client): (u8, u8, u8, u8), at: u64| {
            let mut body = with("/seed", json!(seed));
            body["messages"][0]["content"] = json!(format!("Be {system}."));
            body["messages"][3]["content"] = json!(format!("Name {last}."));
            neighbour(&body, (["a", "b"][usize::from(client)], "7"), "fast", at)
        };
        let neighbours = Neighbours::default();
        for (at, facts) in (0..).zip(&all) {
            neighbours.kept(one(*facts, at));
        }
        let apart = |facts: &(u8, u8, u8, u8)| {
            3 * u32::from(facts.0 != asked.0)
                + u32::from(facts.1 != asked.1)
                + u32::from(facts.2 != asked.2)
                + u32::from(facts.3 != asked.3)
        };
        let told = neighbours.nearest(&one(asked, 99).question).expect("the same route");
        let told_apart: u32 = told.differs.iter().map(|part| part.weight()).sum();
        let least = all.iter().map(apart).min().expect("one");
        prop_assert_eq!(told_apart, least);
        let newest = all.iter().rposition(|facts| apart(facts) == least).expect("one");
        prop_assert_eq!(told.when_ms, newest as u64);
    }
}
