//! Lets Tauri read `tauri.conf.json` and the capabilities at build time.
//!
//! The capabilities live beside the code that they allow, not in Tauri's default
//! place, and the schemas that Tauri writes for editors are moved out of the top
//! level, which is the user's.

use std::{fs, io, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A pattern of our own also needs a rerun line of our own.
    println!("cargo:rerun-if-changed=src-tauri/desktop/capabilities");
    // The panel is embedded: a new build of it must end up in the program.
    println!("cargo:rerun-if-changed=ui/dist");
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("./src-tauri/desktop/capabilities/*.json"),
    )?;
    move_schemas(Path::new("gen"), Path::new("src-tauri/gen"))?;
    Ok(())
}

/// Tauri writes `gen/` beside Cargo.toml and offers no setting for it.
fn move_schemas(from: &Path, to: &Path) -> io::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::rename(from, to)
}
