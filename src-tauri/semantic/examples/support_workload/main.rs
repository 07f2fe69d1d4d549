//! How many questions of a shop's support find an answer, and how many of them a wrong one.
//!
//!   cargo run --release -p semantic --example support_workload [SEEDS] [QUESTIONS]
//!
//! Each question first looks for the very same text, then for one that means the same. Answers never
//! end: what is measured is who is taken for whom, not for how long.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for whoever measures"
)]

mod generator;
mod intents;

use std::collections::HashMap;

use cache::{Fingerprint, Scope, fingerprint};
use dialect::{Endpoint, read_request};
use generator::Generator;
use semantic::{Embed as _, Guard, Keep, Lexical, Limits, Question, Rules, Tier, Verdict};

const SCOPE: Scope<'static> = Scope {
    client: "c",
    policy: "1",
    targets: &[],
};

#[derive(Default)]
struct Tally {
    asked: u64,
    exact: u64,
    hits: u64,
    wrong: Vec<String>,
    /// Not looked for: too short to be compared.
    none: u64,
    refused: HashMap<Guard, u64>,
    /// Would have found an answer, had everything that was asked before been told apart perfectly.
    possible: u64,
}

fn main() {
    let number = |n: usize, usual: u64| {
        std::env::args()
            .nth(n)
            .map_or(usual, |arg| arg.parse().unwrap())
    };
    let (seeds, questions) = (number(1, 5), number(2, 4_000));
    println!(
        "| seed | questions | the very same | of the same meaning | wrong | wrong of these | possible |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut all = Tally::default();
    for seed in 1..=seeds {
        let tally = day(seed, questions);
        row(&seed.to_string(), &tally);
        all.add(tally);
    }
    row("all", &all);
    let mut refused: Vec<(Guard, u64)> = all.refused.into_iter().collect();
    refused.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("\nToo short to be compared: {}. Refused by:", all.none);
    for (guard, count) in refused {
        println!("- {}: {count}", guard.word());
    }
    for wrong in all.wrong.iter().take(20) {
        println!("WRONG {wrong}");
    }
}

fn day(seed: u64, questions: u64) -> Tally {
    let tier = Tier::new(Lexical.dimensions(), Rules::LEXICAL, Limits::default()).unwrap();
    let mut generator = Generator::new(seed);
    let mut exact: HashMap<Fingerprint, String> = HashMap::new();
    let mut told: HashMap<Fingerprint, (String, String)> = HashMap::new();
    let mut truths = std::collections::HashSet::new();
    let mut tally = Tally::default();
    for now_ms in 0..questions {
        let asked = generator.ask();
        tally.asked += 1;
        tally.possible += u64::from(!truths.insert(asked.truth.clone()));
        let content = serde_json::to_string(&asked.text).unwrap();
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}]}}"#);
        let mut request = read_request(Endpoint::ChatCompletions, body.as_bytes(), None).unwrap();
        let key = fingerprint(&request, &SCOPE).unwrap();
        if exact.contains_key(&key) {
            tally.exact += 1;
            continue;
        }
        exact.insert(key, asked.truth.clone());
        let Ok(question) = Question::of(&mut request, &SCOPE) else {
            tally.none += 1;
            continue;
        };
        let vector = Lexical.embed(&[&question.text]).unwrap().remove(0);
        match tier.lookup(&question, &vector, now_ms).unwrap() {
            Verdict::Hit { fingerprint, .. } => {
                tally.hits += 1;
                let (truth, text) = &told[&fingerprint];
                if *truth != asked.truth {
                    tally.wrong.push(format!("{text} | {}", asked.text));
                }
                continue;
            }
            Verdict::Refused { by, .. } => *tally.refused.entry(by).or_default() += 1,
            Verdict::None => {}
        }
        // An answer is made, and kept.
        told.insert(key, (asked.truth, asked.text));
        let keep = Keep {
            fingerprint: key,
            route: "support",
            model: "m",
            now_ms,
            expires_at_ms: u64::MAX,
        };
        tier.keep(&question, &vector, &keep).unwrap();
    }
    tally
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.asked += other.asked;
        self.exact += other.exact;
        self.hits += other.hits;
        self.none += other.none;
        self.possible += other.possible;
        self.wrong.extend(other.wrong);
        for (guard, count) in other.refused {
            *self.refused.entry(guard).or_default() += count;
        }
    }
}

fn row(name: &str, tally: &Tally) {
    let share = |count: u64, of: u64| 100.0 * count as f64 / of.max(1) as f64;
    println!(
        "| {name} | {} | {:.1} % | {:.1} % | {} | {:.2} % | {:.1} % |",
        tally.asked,
        share(tally.exact, tally.asked),
        share(tally.hits, tally.asked),
        tally.wrong.len(),
        share(tally.wrong.len() as u64, tally.hits),
        share(tally.possible, tally.asked),
    );
}
