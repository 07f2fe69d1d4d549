//! The window and the tray around the proxy.
//!
//! Promises: the proxy runs before the window opens and outlives it; leaving by
//! any door (tray, last window, a signal) drains first. It decides nothing about
//! traffic: it calls the same `boot` as the headless program and carries the
//! panel's questions to `control`.
//!
//! Deliberately not here: hiding the window. A hidden webview keeps its memory
//! and its graphics surface, so closing destroys it and the tray makes a new one.

mod bridge;
mod leaving;
mod notice;
mod proxy;
mod tray;
mod window;

use std::process::ExitCode;

use tauri::async_runtime::block_on;
use tauri::{Manager as _, RunEvent, WindowEvent};

use crate::bridge::Watching;
use crate::leaving::Leaving;
use crate::proxy::Proxy;
use crate::tray::Tray;

/// Runs until the user quits.
pub fn run() -> ExitCode {
    log();
    let options = proxy::options();
    if !window::a_display_is_here() {
        complain("there is no display to open a window on; `signalbox serve` runs without one");
        return ExitCode::FAILURE;
    }
    let proxy = match block_on(Proxy::start(options)) {
        Ok(proxy) => proxy,
        Err(error) => return notice::show(&error.to_string()),
    };
    let app = tauri::Builder::default()
        .manage(proxy.control())
        .manage(Leaving::new(proxy))
        .manage(Watching::default())
        .invoke_handler(tauri::generate_handler![bridge::control, bridge::watch])
        .setup(|app| {
            app.manage(Tray::raise(app.handle()));
            leaving::heed_signals(app.handle());
            window::open(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => match app.run_return(|app, event| heed(app, &event)) {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        Err(error) => {
            complain(&format!("the window can't be made: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn heed(app: &tauri::AppHandle, event: &RunEvent) {
    match event {
        RunEvent::WindowEvent {
            event: WindowEvent::Destroyed,
            ..
        } => app.state::<Watching>().end(),
        // No code: nobody asked to quit, only the last window is gone. The tray
        // brings it back; without one the program would be out of reach.
        RunEvent::ExitRequested {
            code: None, api, ..
        } if app.state::<Tray>().is_reachable() => api.prevent_exit(),
        RunEvent::ExitRequested { code, api, .. }
            if app.state::<Leaving>().begin(app, code.unwrap_or(0)) =>
        {
            api.prevent_exit();
        }
        // The Dock's answer to the tray.
        #[cfg(target_os = "macos")]
        RunEvent::Reopen { .. } => window::open_or_complain(app),
        _ => {}
    }
}

/// The same level variable as the headless program, and the same place: stderr.
fn log() {
    use tracing_subscriber::EnvFilter;
    let asked = std::env::var("SIGNALBOX_LOG").ok();
    let filter = EnvFilter::try_new(server::log_directives(asked.as_deref()))
        .unwrap_or_else(|_| EnvFilter::new(server::log_directives(None)));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .init();
}

/// Says it where somebody who started this from a terminal will see it.
#[expect(
    clippy::print_stderr,
    reason = "before and beside the log, stderr is all there is"
)]
fn complain(what: &str) {
    eprintln!("signalbox: {what}");
}
