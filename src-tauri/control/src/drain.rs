//! Drains: asked for, taken back, and shown.

use std::time::Duration;

use engine::{Drain, DrainOf, Why};
use routing::{KeySource, Provider, Routes};

use crate::Control;
use crate::failure::Failure;
use crate::shown::{BeginDrain, DrainShown, DrainWhat, DrainWhy, EndDrain, Nothing, Tag};

/// How long somebody may let what runs finish, in seconds.
const WITHIN: std::ops::RangeInclusive<u32> = 1..=120;

impl Control {
    pub(crate) async fn list_drains(&self, _: Nothing) -> Result<Vec<DrainShown>, Failure> {
        Ok(self.drains())
    }

    pub(crate) async fn begin_drain(&self, asked: BeginDrain) -> Result<Nothing, Failure> {
        if let Some(within) = asked.within_s.filter(|within| !WITHIN.contains(within)) {
            let bounds = format_args!(
                "{within} is out of bounds; write a number of seconds from {} to {}",
                WITHIN.start(),
                WITHIN.end()
            );
            return Err(Failure::bad_input(bounds).of("within_s"));
        }
        let engine = &self.parts.engine;
        let of = of(&asked.what)?;
        if !of.is_in(&engine.snapshot().routes) {
            return Err(nothing(&asked.what));
        }
        let within = asked.within_s.map(u64::from).map(Duration::from_secs);
        engine.drain(of, within).map_err(Failure::conflict)?;
        self.changed(&[Tag::Providers, Tag::Status]);
        Ok(Nothing {})
    }

    pub(crate) async fn end_drain(&self, asked: EndDrain) -> Result<Nothing, Failure> {
        if !self.parts.engine.resume(&of(&asked.what)?) {
            let told = format_args!("{} is not draining", words(&asked.what));
            return Err(Failure::not_found(told).of("what"));
        }
        self.changed(&[Tag::Providers, Tag::Status]);
        Ok(Nothing {})
    }

    /// Every drain: those that were asked for, and what still runs at providers that were changed.
    pub(crate) fn drains(&self) -> Vec<DrainShown> {
        let snapshot = self.parts.engine.snapshot();
        let drains = self.parts.engine.drains();
        let shown = drains.iter().map(|drain| shown(drain, &snapshot.routes));
        shown.collect()
    }

    /// The drain that a provider as a whole is in: its own, or its key's.
    pub(crate) fn drain_of(
        &self,
        provider: &Provider,
        drains: &[DrainShown],
    ) -> Option<DrainShown> {
        let covers = |drain: &&DrainShown| {
            let of = of(&drain.what).ok();
            drain.why == DrainWhy::Asked && of.is_some_and(|of| of.covers_all_of(provider))
        };
        drains.iter().find(covers).cloned()
    }
}

fn shown(drain: &Drain, routes: &Routes) -> DrainShown {
    DrainShown {
        what: match &drain.of {
            DrainOf::App => DrainWhat::App,
            DrainOf::Provider(id) => DrainWhat::Provider(id.clone()),
            DrainOf::Key(key) => DrainWhat::Key(key_text(key)),
            DrainOf::Target { provider, model } => DrainWhat::Target(format!("{provider}/{model}")),
        },
        name: drain.of.name(routes),
        why: match drain.why {
            Why::Asked => DrainWhy::Asked,
            Why::Removed => DrainWhy::Removed,
            Why::Disabled => DrainWhy::Disabled,
            Why::Moved => DrainWhy::Moved,
            Why::KeyMoved | Why::KeyReplaced => DrainWhy::KeyChanged,
        },
        since_unix_ms: drain.since_unix_ms,
        until_unix_ms: drain.since_unix_ms + drain.within.as_millis() as u64,
        running: drain.running,
    }
}

fn of(what: &DrainWhat) -> Result<DrainOf, Failure> {
    match what {
        DrainWhat::App => Ok(DrainOf::App),
        DrainWhat::Provider(id) => Ok(DrainOf::Provider(id.clone())),
        DrainWhat::Key(text) => match text.split_once(':') {
            Some(("keychain", name)) => Ok(DrainOf::Key(KeySource::Keychain(name.to_owned()))),
            Some(("env", name)) => Ok(DrainOf::Key(KeySource::Environment(name.to_owned()))),
            _ => Err(Failure::bad_input(format_args!(
                "`{text}` names no key; write keychain:NAME or env:VARIABLE"
            ))
            .of("what")),
        },
        DrainWhat::Target(text) => match text.split_once('/') {
            Some((provider, model)) if !model.is_empty() => Ok(DrainOf::Target {
                provider: provider.to_owned(),
                model: model.to_owned(),
            }),
            _ => Err(Failure::bad_input(format_args!(
                "`{text}` names no target; write provider/model"
            ))
            .of("what")),
        },
    }
}

fn key_text(key: &KeySource) -> String {
    match key {
        KeySource::Keychain(name) => format!("keychain:{name}"),
        KeySource::Environment(variable) => format!("env:{variable}"),
        KeySource::None => String::new(),
    }
}

fn words(what: &DrainWhat) -> String {
    match what {
        DrainWhat::App => "Signalbox".to_owned(),
        DrainWhat::Provider(name) | DrainWhat::Key(name) | DrainWhat::Target(name) => {
            format!("`{name}`")
        }
    }
}

fn nothing(what: &DrainWhat) -> Failure {
    let told = match what {
        DrainWhat::App => "there is no app".to_owned(),
        DrainWhat::Provider(id) => format!("there is no provider `{id}`"),
        DrainWhat::Key(key) => format!("no provider takes its key from `{key}`"),
        DrainWhat::Target(target) => format!("there is no provider for `{target}`"),
    };
    Failure::not_found(told).of("what")
}
