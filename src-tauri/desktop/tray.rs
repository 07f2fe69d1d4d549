//! The tray: the way back to the window after it was closed.
//!
//! Everything in its menu can be done in the panel too, because some desktops
//! show no tray. There the window is all there is, and closing it quits.

use control::Control;
use serde_json::json;
use tauri::async_runtime::spawn;
use tauri::menu::{Menu, MenuBuilder, MenuEvent};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _};

use crate::window;

/// The tray icon, if this desktop shows one.
pub(crate) struct Tray(Option<TrayIcon>);

/// What the menu offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Open,
    Pause,
    Resume,
    Quit,
}

impl Choice {
    const ALL: [Choice; 4] = [Choice::Open, Choice::Pause, Choice::Resume, Choice::Quit];

    fn id(self) -> &'static str {
        match self {
            Choice::Open => "open",
            Choice::Pause => "pause",
            Choice::Resume => "resume",
            Choice::Quit => "quit",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Choice::Open => "Open Signalbox",
            Choice::Pause => "Pause routing",
            Choice::Resume => "Resume routing",
            Choice::Quit => "Quit",
        }
    }

    fn of(event: &MenuEvent) -> Option<Choice> {
        Choice::ALL
            .into_iter()
            .find(|choice| event.id() == choice.id())
    }

    fn act(self, app: &AppHandle) {
        match self {
            Choice::Open => window::open_or_complain(app),
            Choice::Pause => pause(app, true),
            Choice::Resume => pause(app, false),
            Choice::Quit => app.exit(0),
        }
    }
}

impl Tray {
    /// Puts the icon up. No tray is not an error: it is said once and lived with.
    pub(crate) fn raise(app: &AppHandle) -> Tray {
        if !a_desktop_shows_trays() {
            tracing::warn!("this desktop shows no tray: closing the window quits");
            return Tray(None);
        }
        // On Linux the library behind the icon is looked up at run time, and the
        // crate that does it panics when it is not installed.
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(app)));
        match built {
            Ok(Ok(icon)) => return Tray(Some(icon)),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the tray icon can't be made: closing the window quits");
            }
            Err(_) => {
                tracing::warn!("the tray's library is missing: closing the window quits");
            }
        }
        Tray(None)
    }

    /// Whether the user can come back by it.
    pub(crate) fn is_reachable(&self) -> bool {
        self.0.is_some()
    }
}

fn build(app: &AppHandle) -> tauri::Result<TrayIcon> {
    let mut icon = TrayIconBuilder::with_id("signalbox")
        .tooltip("Signalbox")
        .menu(&menu(app)?)
        .on_menu_event(|app, event| {
            if let Some(choice) = Choice::of(&event) {
                choice.act(app);
            }
        });
    // On Linux an icon is handed over as a file. The default place, a folder of a
    // fixed name in /tmp, belongs to whichever user came first.
    if let Ok(folder) = app.path().app_cache_dir() {
        icon = icon.temp_dir_path(folder);
    }
    if let Some(image) = app.default_window_icon() {
        icon = icon.icon(image.clone());
    }
    icon.build(app)
}

/// Pause and Resume both stand there: the panel can pause too, and a menu that
/// guesses the state from its own clicks would lie.
fn menu(app: &AppHandle) -> tauri::Result<Menu<tauri::Wry>> {
    MenuBuilder::new(app)
        .text(Choice::Open.id(), Choice::Open.words())
        .separator()
        .text(Choice::Pause.id(), Choice::Pause.words())
        .text(Choice::Resume.id(), Choice::Resume.words())
        .separator()
        .text(Choice::Quit.id(), Choice::Quit.words())
        .build()
}

fn pause(app: &AppHandle, paused: bool) {
    let control = app.state::<Control>().inner().clone();
    spawn(async move {
        if let Err(failure) = control
            .call("routing.pause", json!({ "paused": paused }))
            .await
        {
            tracing::error!(%failure, "routing can't be paused or resumed");
        }
    });
}

/// On Linux an icon can be made and shown nowhere; only the desktop's watcher on
/// the session bus tells. Elsewhere the system always has the place.
#[cfg(target_os = "linux")]
fn a_desktop_shows_trays() -> bool {
    use gtk::gio::{BusType, Cancellable, DBusCallFlags, bus_get_sync};
    use gtk::glib::prelude::ToVariant as _;

    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    /// The bus answers at once or not at all.
    const PATIENCE_MS: i32 = 1_000;

    let answer = bus_get_sync(BusType::Session, Cancellable::NONE).and_then(|bus| {
        bus.call_sync(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "NameHasOwner",
            Some(&(WATCHER,).to_variant()),
            None,
            DBusCallFlags::NONE,
            PATIENCE_MS,
            Cancellable::NONE,
        )
    });
    answer.is_ok_and(|owned| owned.get::<(bool,)>() == Some((true,)))
}

#[cfg(not(target_os = "linux"))]
fn a_desktop_shows_trays() -> bool {
    true
}
