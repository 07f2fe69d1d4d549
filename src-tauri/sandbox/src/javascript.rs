//! JavaScript, by `rquickjs`: the language and nothing of a browser or of Node. No module can be loaded; what
//! code finds beside the language is in prelude.js.
//!
//! Bounds: time (asked for all along, and between the jobs of promises), memory of the runtime, stack.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::promise::PromiseState;
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Error, Exception, Function, Object, Persistent,
    Promise, Runtime, Value,
};
use speech::{Ending, Failing, Setup};

use crate::said::{Said, Stream};

/// Calls in calls. Deeper ones are an error that code can catch.
const STACK: usize = 1024 * 1024;

/// In the words of Python.
const NEVER: &str = "it waits for something that nobody will do";

/// A session of JavaScript. The order is that of its end: what belongs to the runtime goes before it.
pub(crate) struct JavaScript {
    shown: Persistent<Function<'static>>,
    json: Persistent<Function<'static>>,
    context: Context,
    runtime: Runtime,
    time: Duration,
    until: Rc<Cell<Option<Instant>>>,
    memory: usize,
    /// Code in it may throw a value of its choice.
    throws: bool,
    spoilt: bool,
}

/// Everything but what tells the time.
type Timeless = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
    intrinsic::WeakRef,
);

impl JavaScript {
    /// Nothing was run in it yet.
    pub(crate) fn new(setup: &Setup, said: &Said) -> Result<JavaScript, Error> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(setup.limits.memory);
        runtime.set_max_stack_size(STACK);
        let until = Rc::new(Cell::new(None::<Instant>));
        let asked = Rc::clone(&until);
        runtime.set_interrupt_handler(Some(Box::new(move || is_over(&asked))));
        let context = if setup.clock {
            Context::full(&runtime)?
        } else {
            Context::custom::<Timeless>(&runtime)?
        };
        let (shown, json) = context.with(|ctx| {
            let prelude: Function<'_> = ctx.eval(include_str!("prelude.js"))?;
            let say = hears(&ctx, said.clone())?;
            let room = u32::try_from(said.most()).unwrap_or(u32::MAX);
            let made: Object<'_> = prelude.call((say, setup.clock, setup.chance, room))?;
            let shown: Function<'_> = made.get("shown")?;
            let json: Function<'_> = made.get("json")?;
            Ok::<_, Error>((Persistent::save(&ctx, shown), Persistent::save(&ctx, json)))
        })?;
        Ok(JavaScript {
            shown,
            json,
            context,
            runtime,
            time: Duration::from_millis(setup.limits.time_ms),
            until,
            memory: setup.limits.memory,
            throws: false,
            spoilt: false,
        })
    }

    /// Runs code in the session, which goes on also where it fails.
    pub(crate) fn run(&mut self, code: &str, said: &Said) -> Ending {
        if code.contains('\0') {
            return Ending::Error {
                kind: Failing::Syntax,
                message: "SyntaxError: there is a NUL character in it".to_owned(),
            };
        }
        self.throws |= code.contains("throw") || code.contains("reject");
        self.until.set(Some(Instant::now() + self.time));
        let (mut ending, is_null) = self.context.with(|ctx| {
            let value = self
                .value(&ctx, code)
                .and_then(|value| self.told(&ctx, value, said));
            match value.catch(&ctx) {
                Ok(ending) => (ending, false),
                Err(error) => (self.failed(&error, said), is_null(&error)),
            }
        });
        if is_null
            && self.may_be_full()
            && let Ending::Error { kind, .. } = &mut ending
            && *kind == Failing::Raised
        {
            *kind = Failing::Memory;
        }
        self.spoilt = is_over(&self.until) && self.runtime.is_job_pending();
        self.until.set(None);
        ending
    }

    /// Its time was over with jobs of promises left to do, which may have no end: nothing more can be run in it.
    pub(crate) fn is_spoilt(&self) -> bool {
        self.spoilt
    }

    /// The interpreter throws `null` where not even an error finds room any more. What took the room up may be
    /// gone by now; but then it was not code that threw it, where code throws nothing.
    fn may_be_full(&self) -> bool {
        let used = u64::try_from(self.runtime.memory_usage().malloc_size).unwrap_or(0);
        !self.throws || used >= self.memory as u64 / 2
    }

    /// The value of the last expression; where it is a promise, what that came to.
    fn value<'js>(&self, ctx: &Ctx<'js>, code: &str) -> Result<Value<'js>, Error> {
        let waits = code.contains("await");
        let mut options = EvalOptions::default();
        options.strict = false;
        options.promise = waits;
        options.filename = Some("code".to_owned());
        let value: Value<'js> = ctx.eval_with_options(code, options)?;
        while ctx.execute_pending_job() {
            if is_over(&self.until) {
                return Err(Error::Unknown);
            }
        }
        // Nothing is left to do that could bring it about.
        if waits && value.as_promise().is_some_and(is_pending) {
            return Err(Exception::throw_message(ctx, NEVER));
        }
        let value = match settled(value)? {
            // Code with an `await` of its own comes to an object around its value.
            value if waits => value
                .as_object()
                .map_or(Ok(value.clone()), |around| around.get("value"))?,
            value => value,
        };
        settled(value)
    }

    fn told<'js>(&self, ctx: &Ctx<'js>, value: Value<'js>, said: &Said) -> Result<Ending, Error> {
        let shown = self.shown.clone().restore(ctx)?;
        let json = self.json.clone().restore(ctx)?;
        let text = if value.is_undefined() {
            None
        } else {
            let text: rquickjs::String<'js> = shown.call((value.clone(),))?;
            Some(said.cut(&text.to_string()?))
        };
        let json: Option<String> = json.call((value,))?;
        let json = json.filter(|json| json.len() <= said.most());
        let exact = json.and_then(|json| serde_json::from_str(&json).ok());
        let json = exact.unwrap_or_else(|| {
            said.is_cut();
            serde_json::Value::String(text.clone().unwrap_or_default())
        });
        Ok(Ending::Value { json, shown: text })
    }

    fn failed(&self, error: &CaughtError<'_>, said: &Said) -> Ending {
        let (name, message, stack) = match error {
            CaughtError::Exception(thrown) => {
                let name = thrown
                    .as_object()
                    .get::<_, String>("name")
                    .unwrap_or_default();
                (
                    name,
                    thrown.message().unwrap_or_default(),
                    thrown.stack().unwrap_or_default(),
                )
            }
            CaughtError::Value(thrown) => {
                let shown = self.shown.clone().restore(thrown.ctx());
                let text = shown.and_then(|shown| shown.call::<_, String>((thrown.clone(),)));
                (
                    "Uncaught".to_owned(),
                    text.unwrap_or_default(),
                    String::new(),
                )
            }
            CaughtError::Error(error) => ("Error".to_owned(), error.to_string(), String::new()),
        };
        let kind = match name.as_str() {
            _ if is_over(&self.until) => Failing::Time,
            "InternalError" if message == "out of memory" || message == "string too long" => {
                Failing::Memory
            }
            "SyntaxError" if !stack.contains("<eval>") => Failing::Syntax,
            _ => Failing::Raised,
        };
        let stack: String = stack
            .split_inclusive('\n')
            .filter(|line| !line.contains("(eval_script:"))
            .collect();
        let message = match kind {
            Failing::Time => "the time was over".to_owned(),
            _ => format!("{name}: {message}\n{stack}").trim_end().to_owned(),
        };
        Ending::Error {
            kind,
            message: said.cut(&message),
        }
    }
}

/// What a promise came to; any other value, or one that nothing will come of, is itself.
fn settled(value: Value<'_>) -> Result<Value<'_>, Error> {
    match value.as_promise() {
        Some(promise) if !is_pending(promise) => promise.result().unwrap_or(Ok(value)),
        _ => Ok(value),
    }
}

fn is_null(error: &CaughtError<'_>) -> bool {
    matches!(error, CaughtError::Value(thrown) if thrown.is_null())
}

fn is_pending(promise: &Promise<'_>) -> bool {
    promise.state() == PromiseState::Pending
}

fn hears<'js>(ctx: &Ctx<'js>, said: Said) -> Result<Function<'js>, Error> {
    Function::new(
        ctx.clone(),
        move |stream: i32, text: rquickjs::String<'js>| {
            let stream = if stream == 2 {
                Stream::Err
            } else {
                Stream::Out
            };
            // Halves of a character that stand alone can't be said; what surrounds them can.
            let text = text.to_string().unwrap_or_else(|_| "\u{fffd}\n".to_owned());
            said.add(stream, &text);
        },
    )
}

fn is_over(until: &Cell<Option<Instant>>) -> bool {
    until.get().is_some_and(|until| Instant::now() >= until)
}
