//! The vault by hand, against the real keychain: for trying a desktop's keychain
//! and for the checks in tests/keychain.
//!
//!     cargo run -p host --example vault -- FOLDER store|list|set NAME|same NAME|remove NAME
//!     cargo run -p host --example vault -- FOLDER follow
//!
//! A key is read from standard input. `same` says whether the kept key is the
//! one given, so that no key is ever printed; `follow` prints the names whenever
//! another process has changed them, until standard input ends.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use engine::Credentials;
use host::{DataFolder, StoreState, Vault, watch};
use routing::KeySource;
use secrecy::{ExposeSecret, SecretString};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (folder, words) = words.split_first().ok_or("name a folder")?;
    let folder = DataFolder::unlocked(Some(PathBuf::from(folder)))?;
    let vault = Arc::new(Vault::open(&folder));
    match words {
        ["store"] => match vault.store() {
            StoreState::Keychain => println!("keychain"),
            StoreState::Memory { reason } => {
                println!("memory: {reason}");
                return Ok(false);
            }
        },
        ["list"] => println!("{}", vault.names().join("\n")),
        ["set", name] => vault.set(name, &input()?)?,
        ["same", name] => {
            let kept = vault.key(&KeySource::Keychain((*name).to_owned()));
            let given = input()?;
            return Ok(
                kept.is_some_and(|kept| kept.expose_secret() == given.expose_secret().trim())
            );
        }
        ["remove", name] => return Ok(vault.remove(name)?),
        ["follow"] => {
            let followed = Arc::clone(&vault);
            let _watch = watch(&folder, &folder.config_path(), move |changed| {
                let outcome = followed.reload();
                println!("{changed:?} {outcome:?} {}", followed.names().join(","));
            })?;
            println!("following");
            input()?;
        }
        _ => return Err("say store, list, set, same, remove or follow".into()),
    }
    Ok(true)
}

fn input() -> std::io::Result<SecretString> {
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
    Ok(SecretString::from(text))
}
