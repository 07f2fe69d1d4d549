//! What it costs to run `1 + 1`: in a process that has to be started, in one that waits, in a session.
//!
//! `cargo run --release -p offload --example repl_cost -- target/release/signalbox-sandbox`
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is there to be read"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use offload::{Ask, Grants, Tool, Workshop};
use serde_json::{Value, json};

const COLD: usize = 50;
const WARM: usize = 2_000;

#[tokio::main]
async fn main() {
    let Some(program) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("Which sandbox? Give the path of `signalbox-sandbox`.");
        std::process::exit(2);
    };
    for tool in [Tool::Python, Tool::JavaScript] {
        let mut cold = Vec::new();
        for _ in 0..COLD {
            let workshop = Workshop::new(Some(program.clone()));
            cold.push(once(&workshop, &tool, json!({ "code": "1 + 1" })).await);
        }
        let workshop = Workshop::new(Some(program.clone()));
        let mut warm = Vec::new();
        let mut session = Vec::new();
        for _ in 0..WARM {
            warm.push(once(&workshop, &tool, json!({ "code": "1 + 1" })).await);
        }
        for _ in 0..WARM {
            session.push(once(&workshop, &tool, json!({ "code": "1 + 1", "session": "a" })).await);
        }
        for (what, times) in [("cold", cold), ("warm", warm), ("session", session)] {
            println!("{tool} {what}: {}", figures(times));
        }
    }
}

async fn once(workshop: &Workshop, tool: &Tool, arguments: Value) -> Duration {
    let ask = Ask {
        tool: tool.clone(),
        arguments,
        client: "me".to_owned(),
    };
    let begun = Instant::now();
    let done = workshop.run(&Grants::default(), ask).await;
    let took = begun.elapsed();
    assert_eq!(done.map(|done| done.result), Ok(json!(2)));
    took
}

fn figures(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    format!(
        "median {:?}, 95% under {:?}, worst {:?}",
        at(50),
        at(95),
        at(100)
    )
}
