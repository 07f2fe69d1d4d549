//! Who asks what, and when: an hour at one machine, drawn from a seed.
//!
//! Promises: the same seed gives the same requests, byte for byte. What it assumes stands in the constants, so
//! that a reader can disagree with one and draw again.

use std::time::Duration;

use serde_json::{Value, json};

/// How long it lasts, in the time of those who ask.
pub(crate) const SPAN_S: f64 = 3_600.0;
/// Of all requests, so many are sent again a few seconds later, because a tool lost its patience.
const RETRIED: f64 = 0.04;
/// So many are sent twice at once.
const DOUBLED: f64 = 0.03;

/// An editor's plugins: explain, document, name a commit. One request in so many seconds.
const EDITOR_GAP_S: f64 = 60.0 / 16.0;
/// A person stays with one file for so long, and asks of it what there is to ask of a file.
const FOCUS_S: f64 = 240.0;
const FILES: u64 = 25;
const OF_A_FILE: u64 = 12;
/// What is asked of another file than the one in focus.
const ELSEWHERE: f64 = 0.3;
/// Questions to the side bar's chat, which are new each time and set no temperature.
const CHATTED: f64 = 0.2;

/// Pipelines: one push in so many seconds, each with so many prompts of which so many are new, run by so many jobs.
const PUSH_GAP_S: f64 = 240.0;
const PROMPTS: u64 = 30;
const CHANGED: f64 = 0.25;
const JOBS: u32 = 2;

/// Agents: so many at once. A task begins with a title and some files' summaries, and has turns that set no
/// temperature, as agents do.
const AGENTS: u64 = 2;
const SUMMARIES: u64 = 3;
const SUMMARISED: u64 = 40;
const TURNS: usize = 12;
const TURN_S: f64 = 8.0;
const PAUSE_S: f64 = 60.0;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Editor,
    Pipeline,
    Agent,
}

impl Tool {
    pub(crate) const ALL: [Tool; 3] = [Tool::Editor, Tool::Pipeline, Tool::Agent];

    /// Its client key's name.
    pub(crate) fn client(self) -> &'static str {
        match self {
            Tool::Editor => "editor",
            Tool::Pipeline => "pipeline",
            Tool::Agent => "agent",
        }
    }
}

/// In which words it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    Chat,
    Messages,
    Responses,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) at: Duration,
    pub(crate) tool: Tool,
    words: Words,
    /// Asks to be repeatable.
    cold: bool,
    stream: bool,
    system: &'static str,
    /// The user's and the model's, in turns.
    turns: Vec<String>,
}

impl Due {
    pub(crate) fn path(&self) -> &'static str {
        match self.words {
            Words::Chat => "/v1/chat/completions",
            Words::Messages => "/v1/messages",
            Words::Responses => "/v1/responses",
        }
    }

    pub(crate) fn body(&self, model: &str) -> Value {
        let turns: Vec<Value> = (self.turns.iter().enumerate())
            .map(|(at, text)| {
                let role = if at % 2 == 0 { "user" } else { "assistant" };
                json!({"role": role, "content": text})
            })
            .collect();
        let mut body = match self.words {
            Words::Chat => {
                let system = json!({"role": "system", "content": self.system});
                let turns: Vec<Value> = std::iter::once(system).chain(turns).collect();
                json!({"model": model, "messages": turns})
            }
            Words::Messages => {
                json!({"model": model, "max_tokens": 1_024, "system": self.system, "messages": turns})
            }
            Words::Responses => {
                json!({"model": model, "instructions": self.system, "input": turns, "store": false})
            }
        };
        body["stream"] = json!(self.stream);
        if self.cold {
            body["temperature"] = json!(0);
        }
        body
    }
}

/// All requests of the hour, in the order in which they are due.
pub(crate) fn drawn(seed: u64) -> Vec<Due> {
    let mut all = Vec::new();
    editor(&mut Chance(seed ^ 1), &mut all);
    pipelines(&mut Chance(seed ^ 2), &mut all);
    for agent in 0..AGENTS {
        agent_at_work(agent, &mut Chance(seed ^ (3 + agent)), &mut all);
    }
    again(&mut Chance(seed ^ 99), &mut all);
    all.retain(|due| due.at.as_secs_f64() < SPAN_S);
    all.sort_by_key(|due| due.at);
    all
}

fn editor(chance: &mut Chance, all: &mut Vec<Due>) {
    let (mut at, mut file, mut until) = (0.0, 0, 0.0);
    while at < SPAN_S {
        at += chance.gap(EDITOR_GAP_S);
        if at > until {
            file = chance.below(FILES);
            until = at + chance.gap(FOCUS_S);
        }
        let cold = !chance.is(CHATTED);
        let of = if chance.is(ELSEWHERE) {
            chance.below(FILES)
        } else {
            file
        };
        let about = match cold {
            true => of * OF_A_FILE + chance.often(OF_A_FILE),
            false => chance.next(),
        };
        all.push(Due {
            at: Duration::from_secs_f64(at),
            tool: Tool::Editor,
            // Two plugins, each with its own way and its own files.
            words: if of % 3 == 0 {
                Words::Messages
            } else {
                Words::Chat
            },
            cold,
            stream: true,
            system: "You help with the code that is shown. Be brief.",
            turns: vec![text(about, 150 + (about % 700) as usize)],
        });
    }
}

fn pipelines(chance: &mut Chance, all: &mut Vec<Due>) {
    let mut versions = [0_u64; PROMPTS as usize];
    let mut push = 0.0;
    while push < SPAN_S {
        push += chance.gap(PUSH_GAP_S);
        for version in &mut versions {
            *version += u64::from(chance.is(CHANGED));
        }
        for job in 0..JOBS {
            let mut at = push + f64::from(job) * chance.gap(3.0);
            for (prompt, version) in (0..).zip(versions) {
                at += chance.gap(1.0);
                let about = (1 << 32) + (version << 16) + prompt;
                all.push(Due {
                    at: Duration::from_secs_f64(at),
                    tool: Tool::Pipeline,
                    words: Words::Chat,
                    cold: true,
                    stream: false,
                    system: "Review this change. Answer with the faults that you find.",
                    turns: vec![text(about, 400 + (about % 2_000) as usize)],
                });
            }
        }
    }
}

fn agent_at_work(number: u64, chance: &mut Chance, all: &mut Vec<Due>) {
    let words = match number % 2 {
        0 => Words::Messages,
        _ => Words::Responses,
    };
    let mut at = chance.gap(PAUSE_S);
    while at < SPAN_S {
        let mut ask = |at: f64, cold: bool, turns: Vec<String>| {
            all.push(Due {
                at: Duration::from_secs_f64(at),
                tool: Tool::Agent,
                words,
                cold,
                stream: !cold,
                system: "You are an agent. Work on the task until it is done.",
                turns,
            });
        };
        let task = chance.next();
        ask(at, true, vec![text(task, 30)]);
        for _ in 0..SUMMARIES {
            let file = (2 << 32) + chance.often(SUMMARISED);
            ask(at, true, vec![text(file, 800)]);
        }
        let mut turns = vec![text(task, 300)];
        for _ in 0..TURNS {
            at += chance.gap(TURN_S);
            ask(at, false, turns.clone());
            turns.push(text(chance.next(), 60));
            turns.push(text(chance.next(), 200));
        }
        at += chance.gap(PAUSE_S);
    }
}

/// Some are sent once more.
fn again(chance: &mut Chance, all: &mut Vec<Due>) {
    let mut more = Vec::new();
    for due in all.iter() {
        let later = if chance.is(RETRIED) {
            1.0 + chance.gap(2.0)
        } else if chance.is(DOUBLED) {
            0.0
        } else {
            continue;
        };
        more.push(Due {
            at: due.at + Duration::from_secs_f64(later),
            ..due.clone()
        });
    }
    all.extend(more);
}

/// What is asked about this, in so many words: always the same ones.
fn text(about: u64, words: usize) -> String {
    const SOME: [&str; 16] = [
        "fn", "read", "the", "file", "and", "return", "its", "name", "if", "error", "let", "value",
        "match", "while", "test", "line",
    ];
    let mut chance = Chance(about);
    let mut said = format!("About {about:x}:");
    for _ in 0..words {
        said.push(' ');
        said.push_str(SOME[chance.below(SOME.len() as u64) as usize]);
    }
    said
}

/// Chance from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn is(&mut self, share: f64) -> bool {
        self.share() < share
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// A gap between two events that know nothing of each other.
    fn gap(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }

    /// One of `most`, the first the most often (Zipf's law with an exponent of 1).
    fn often(&mut self, most: u64) -> u64 {
        let all: f64 = (1..=most).map(|rank| 1.0 / rank as f64).sum();
        let mut left = self.share() * all;
        for rank in 1..=most {
            left -= 1.0 / rank as f64;
            if left < 0.0 {
                return rank - 1;
            }
        }
        most - 1
    }
}
