//! How far off the guess is: `cargo run --release -p counting --example error -- FILES…`
//! prints each file's error and the mean, which `guess.rs` states with its date.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

fn main() {
    let (mut errors, mut bytes) = (Vec::new(), Vec::new());
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let text: String = text.chars().take(20_000).collect();
        let real = counting::Tokenizer::O200k.count(&text) as f64;
        if real < 50.0 {
            continue;
        }
        let off = counting::guess(&text) as f64 / real - 1.0;
        println!("{off:+.3}  {path}");
        errors.push(off.abs());
        bytes.push((text.len() as f64 / 4.0 / real - 1.0).abs());
    }
    errors.sort_by(f64::total_cmp);
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let worst = errors
        .get(errors.len() * 19 / 20)
        .copied()
        .unwrap_or_default();
    println!(
        "{} files: mean {:.3}, 19 of 20 within {worst:.3}; bytes/4: {:.3}",
        errors.len(),
        mean(&errors),
        mean(&bytes)
    );
}
