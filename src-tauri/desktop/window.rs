//! The one window. There is at most one, because the panel is a view of one
//! proxy; asking again brings it to the front.

use tauri::{AppHandle, Manager as _, Result, WebviewUrl, WebviewWindowBuilder};

/// The name that `capabilities/window.json` grants things to.
const LABEL: &str = "main";

/// Opens the window, or brings it to the front.
pub(crate) fn open(app: &AppHandle) -> Result<()> {
    if let Some(window) = app.get_webview_window(LABEL) {
        window.unminimize()?;
        window.show()?;
        return window.set_focus();
    }
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Signalbox")
        .inner_size(1180.0, 780.0)
        .min_inner_size(720.0, 520.0)
        .center()
        .build()?;
    Ok(())
}

/// For callers that have nobody to hand an error to.
pub(crate) fn open_or_complain(app: &AppHandle) {
    if let Err(error) = open(app) {
        tracing::error!(%error, "the window can't be opened");
    }
}

/// Asked before anything is started: without a display Tauri panics.
#[cfg(target_os = "linux")]
pub(crate) fn a_display_is_here() -> bool {
    gtk::init().is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn a_display_is_here() -> bool {
    true
}
