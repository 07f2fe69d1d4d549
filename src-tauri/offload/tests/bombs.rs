//! Bombs against the whole workshop, in a process of their own: it lives on, answers, and its memory stays small.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops with a backtrace")]

use offload::{Ask, Grants, Tool, Workshop};
use serde_json::{Value, json};

/// The most memory this process has had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bombs_leave_the_process_alive_and_small() {
    let workshop = Workshop::new(None);
    let calculator = |expression: &str| (Tool::Calculator, json!({ "expression": expression }));
    let mut bombs: Vec<(Tool, Value)> = [
        "9^9^9",
        "10^10^9",
        "((9^9)^9)^9",
        "100000!",
        "3000! * 3000!",
        "1 << 1000000000000",
        "1e-9000 / 7",
        "1/(3^8000) + 1/(7^3000)",
        "fib(20000)",
        "(5000 choose 2500)",
        "10000d10000",
        "x: x x",
        "(1/999999937) to float",
        "10^9000 to words",
        "sqrt(10^4000 + 1)",
        "2^0.123456789",
        "2^(1/99999999)",
        "(10^200)^(1/999)",
        "1e300 km to lightyears",
    ]
    .map(calculator)
    .into();
    bombs.push(calculator(&"(".repeat(4_000)));
    bombs.push(calculator(&"9".repeat(4_000)));
    bombs.push(calculator(&"1 km + ".repeat(90)));
    bombs.push(calculator(&format!(
        "{}1{}",
        "1+2(".repeat(10),
        ")".repeat(10)
    )));
    let mut laughs = "a0: &a0 [lol, lol]\n".to_owned();
    for n in 1..30 {
        laughs += &format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1);
    }
    bombs.push((
        Tool::Convert,
        json!({"text": laughs, "from": "yaml", "to": "json"}),
    ));
    bombs.push((
        Tool::Convert,
        json!({"text": "[".repeat(1_000_000), "from": "json"}),
    ));
    bombs.push((
        Tool::Convert,
        json!({"text": "- ".repeat(500_000), "from": "yaml"}),
    ));
    bombs.push((
        Tool::Convert,
        json!({"text": format!("[{}1]", "1,".repeat(500_000)), "from": "json", "to": "yaml"}),
    ));
    bombs.push((Tool::Regex, json!({"action": "replace", "pattern": "", "replacement": "x".repeat(100_000), "text": "a".repeat(9_000)})));
    bombs.push((
        Tool::Regex,
        json!({"pattern": "((a{0,100}){0,100}){0,100}", "text": "a".repeat(100_000)}),
    ));
    bombs.push((
        Tool::Regex,
        json!({"pattern": "(".repeat(2_000), "text": "a"}),
    ));
    bombs.push((
        Tool::Regex,
        json!({"pattern": "(?:(?=".repeat(600), "text": "a", "engine": "backtracking"}),
    ));
    bombs.push((
        Tool::Regex,
        json!({"action": "extract", "pattern": "(((((((((.)))))))))", "text": "a".repeat(10_000)}),
    ));
    bombs.push((
        Tool::Schema,
        json!({"schema": {"items": {"type": "string"}}, "document": vec![0; 100_000]}),
    ));
    bombs.push((Tool::Text, json!({"text": "a\u{301} ".repeat(250_000)})));
    bombs.push((
        Tool::Diff,
        json!({"old": "a\n".repeat(250_000), "new": "b\n".repeat(250_000)}),
    ));
    bombs.push((
        Tool::Time,
        json!({"action": "add", "time": "2024-01-01", "duration": "99999999 years"}),
    ));
    for (tool, arguments) in bombs {
        let told: String = arguments.to_string().chars().take(80).collect();
        let before = peak();
        let begun = std::time::Instant::now();
        let ask = Ask {
            tool: tool.clone(),
            arguments,
            client: "test".to_owned(),
        };
        let done = workshop.run(&Grants::default(), ask).await;
        let kind = done
            .as_ref()
            .map(|done| done.text.len())
            .map_err(|trouble| trouble.kind);
        eprintln!(
            "{tool} {told}: {:?}, {before} to {} MiB, {kind:?}",
            begun.elapsed(),
            peak()
        );
    }
    assert!(peak() < 256, "{} MiB", peak());
}
