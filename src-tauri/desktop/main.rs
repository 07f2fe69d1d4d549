//! The desktop program; everything it does is in the library beside it.

// A window without a console behind it, where systems tell the two apart.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    desktop::run()
}
