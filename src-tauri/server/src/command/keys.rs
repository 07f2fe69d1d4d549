//! `signalbox keys`: provider keys in the OS keychain.
//!
//! A key is read from standard input, never from an argument: arguments are seen
//! by every user of the machine and stay in the shell's history.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use engine::Credentials as _;
use host::{ConfigFile, DataFolder, StoreState, Vault};
use routing::{Catalogue, KeySource, Provider};
use secrecy::SecretString;

use super::{Complaint, say};

/// The longest key that is read, in bytes.
const LONGEST_KEY: u64 = 64 * 1024;

#[derive(Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
    /// Folder of the Signalbox to work on
    #[arg(long, env = "SIGNALBOX_DATA_DIR", value_name = "FOLDER", global = true)]
    data_dir: Option<PathBuf>,
    /// Config file [default: signalbox.toml in the data folder]
    #[arg(long, env = "SIGNALBOX_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Keep a key, read from standard input
    Set {
        /// A provider's id, e.g. openai
        name: String,
    },
    /// Names of the keys that are kept, never the keys
    List,
    /// Ask the provider whether it takes the key
    Test {
        /// A provider's id, e.g. openai
        name: String,
    },
    /// Forget a key
    Remove {
        /// As in the list
        name: String,
    },
}

pub(super) async fn run(keys: Keys) -> Result<(), Complaint> {
    let folder = DataFolder::unlocked(keys.data_dir)?;
    let config = keys.config.unwrap_or_else(|| folder.config_path());
    let vault = tokio::task::spawn_blocking(move || Vault::open(&folder)).await?;
    match keys.command {
        Command::Set { name } => {
            kept(&vault)?;
            let key = read_key(&name)?;
            let stored = name.clone();
            tokio::task::spawn_blocking(move || vault.set(&stored, &key)).await??;
            say(format_args!("The key for {name} is in the keychain."));
        }
        Command::Remove { name } => {
            kept(&vault)?;
            let removed = name.clone();
            if !tokio::task::spawn_blocking(move || vault.remove(&removed)).await?? {
                return Err(format!(
                    "there is no key for {name}; `signalbox keys list` names those there are"
                )
                .into());
            }
            say(format_args!(
                "The key for {name} is gone from the keychain."
            ));
        }
        Command::List => {
            kept(&vault)?;
            for name in vault.names() {
                say(name);
            }
        }
        Command::Test { name } => test(&vault, &config, &name).await?,
    }
    Ok(())
}

/// Refuses to pretend: without a keychain nothing would be kept.
fn kept(vault: &Vault) -> Result<(), Complaint> {
    match vault.store() {
        StoreState::Keychain => Ok(()),
        StoreState::Memory { reason } => Err(reason.into()),
    }
}

fn read_key(name: &str) -> Result<SecretString, Complaint> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        say(format_args!(
            "Paste the key for {name}, then press Enter and Ctrl-D:"
        ));
    }
    let mut text = String::new();
    stdin.take(LONGEST_KEY).read_to_string(&mut text)?;
    let key = SecretString::from(text.trim());
    if text.trim().is_empty() {
        return Err(
            "no key came on standard input; try: printf %s \"$KEY\" | signalbox keys set NAME"
                .into(),
        );
    }
    Ok(key)
}

async fn test(vault: &Vault, config: &Path, name: &str) -> Result<(), Complaint> {
    let provider = provider(config, name)?;
    let key = provider.keys().find_map(|key| vault.key(key));
    if key.is_none() && provider.key != KeySource::None {
        return Err(format!(
            "there is no key for {name}; set one with `signalbox keys set {name}`"
        )
        .into());
    }
    let probe = engine::probe(&provider, key.as_deref()).await?;
    match probe.models {
        Ok(models) => {
            say(format_args!(
                "{} took the key and lists {} models ({} ms).",
                provider.name,
                models.len(),
                probe.took.as_millis()
            ));
            Ok(())
        }
        Err(failure) => Err(dialect::Fault::from_failure(&failure, &provider.name)
            .message
            .into()),
    }
}

/// As configured, or as the catalogue knows it when it is not configured yet.
fn provider(config: &Path, name: &str) -> Result<Arc<Provider>, Complaint> {
    let catalogue = Arc::new(Catalogue::builtin().map_err(|error| error.to_string())?);
    let file = ConfigFile::open(config, Arc::clone(&catalogue), engine::PRACTICE_MODELS);
    if let Some(provider) = file.load()?.snapshot.routes.provider(name) {
        return Ok(Arc::clone(provider));
    }
    let known = catalogue
        .providers
        .iter()
        .find(|known| known.id == name)
        .ok_or_else(|| format!("no provider is called `{name}`; add it to the config first"))?;
    Ok(Arc::new(Provider {
        id: known.id.clone(),
        name: known.name.clone(),
        surfaces: known.surfaces.clone(),
        key: KeySource::Keychain(name.to_owned()),
        more_keys: Vec::new(),
        local: known.local,
        practice: false,
        enabled: true,
        models: Vec::new(),
    }))
}
