//! `signalbox clients`: the keys that tools call with.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use host::{ClientKeys, DataFolder};
use secrecy::ExposeSecret as _;

use super::{Complaint, say};

#[derive(Args)]
pub(super) struct Clients {
    #[command(subcommand)]
    command: Command,
    /// Folder of the Signalbox to work on
    #[arg(long, env = "SIGNALBOX_DATA_DIR", value_name = "FOLDER", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key for a tool and print it, this once
    Add {
        /// What to call it, e.g. the tool or the project
        name: String,
    },
    /// Names of all clients, with the last characters of their keys
    List,
    /// Take a client's key out of use at once
    Revoke {
        /// As in the list
        name: String,
    },
}

pub(super) async fn run(clients: Clients) -> Result<(), Complaint> {
    let folder = DataFolder::unlocked(clients.data_dir)?;
    let keys = ClientKeys::open(&folder)?;
    match clients.command {
        Command::Add { name } => say(keys.create(&name)?.expose_secret()),
        Command::Revoke { name } => {
            keys.revoke(&name)?;
            say(format_args!("{name} is revoked."));
        }
        Command::List => {
            for client in keys.list() {
                say(format_args!("{}\t…{}", client.name, client.hint));
            }
        }
    }
    Ok(())
}
