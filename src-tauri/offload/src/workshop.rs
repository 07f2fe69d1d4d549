//! Where the tools are used: one door to all of them.
//!
//! Promises: what computes does so on threads of its own, four at once and two of what may last, so that nobody
//! else's answer waits for it; whoever finds 64 waiting, or waits for two seconds, is told that everything is busy,
//! and whoever has computed for two seconds that it took too long. A caller that goes away leaves a computation
//! behind that ends at its own bound, and keeps its place until then.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use speech::Language;

use crate::checks::{self, Checks};
use crate::errand;
use crate::interpreters::{self, Bounds, Sandboxes};
use crate::lookup::{self, Lookups};
use crate::places::Places;
use crate::{Done, Grants, Spec, Tool, Trouble, TroubleKind};
use crate::{calculator, convert, diff, encode, hash, regex, schema, servers, text, time, uuid};

/// How many compute at once.
const AT_ONCE: usize = 4;
/// How many of what may last do, at places of their own: a calculation is not refused because of them.
const LASTING: usize = 2;
/// How long anybody's computation may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How many may wait to.
const WAITING: usize = 64;
/// How long one waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// A task for a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Which.
    pub tool: Tool,
    /// What it takes, as its [`Spec`] says.
    pub arguments: Value,
    /// Whose it is: one client's sessions are no other's.
    pub client: String,
}

/// The tools, with what lives longer than a task: sessions, waiting interpreters, connections to servers.
#[derive(Debug)]
pub struct Workshop {
    computing: Places,
    lasting: Places,
    program: Option<PathBuf>,
    sandboxes: Sandboxes,
    servers: mcp::Servers,
    lookups: Lookups,
    checks: Checks,
}

impl Workshop {
    /// Empty and at rest: nothing is started before it is asked for. Code of others is run by the program
    /// `signalbox-sandbox`, which is here; where it is nowhere, none is.
    pub fn new(sandbox: Option<PathBuf>) -> Workshop {
        Workshop {
            program: errand::program(sandbox.clone()),
            lasting: Places::new(LASTING, WAITING, PATIENCE),
            lookups: Lookups::new(sandbox.clone()),
            sandboxes: Sandboxes::new(sandbox, Bounds::default()),
            servers: mcp::Servers::new(),
            computing: Places::new(AT_ONCE, WAITING, PATIENCE),
            checks: Checks::new(),
        }
    }

    /// Whether the program that runs code is here.
    pub fn runs_code(&self) -> bool {
        self.sandboxes.are_there()
    }

    /// What the system holds against code of others, as the last process that runs some has said; none before the
    /// first.
    pub fn locks(&self) -> Option<Vec<crate::Lock>> {
        self.sandboxes.locks()
    }

    /// What may be asked for, given these grants. Servers that have not been asked yet, or don't answer, are
    /// left out.
    pub async fn specs(&self, grants: &Grants) -> Vec<Spec> {
        self.specs_with(grants, |_| true).await
    }

    /// The same with the tools of these servers alone: nobody waits for another.
    pub async fn specs_with(&self, grants: &Grants, wants: impl Fn(&str) -> bool) -> Vec<Spec> {
        let mut specs = vec![
            calculator::spec(),
            regex::spec(),
            convert::spec(),
            schema::spec(),
            hash::spec(),
            encode::spec(),
            uuid::spec(),
            time::spec(),
            text::spec(),
            diff::spec(),
        ];
        if self.sandboxes.are_there() {
            let spec = |language| interpreters::spec(language, &grants.interpreters);
            specs.extend([Language::Python, Language::JavaScript].map(spec));
        }
        let of_servers = grants.servers.iter().filter(|(name, _)| wants(name));
        let of_servers =
            of_servers.map(|(name, server)| servers::specs(&self.servers, name, server));
        let of_servers = futures_util::future::join_all(of_servers).await;
        specs.extend(of_servers.into_iter().flatten());
        specs.extend(lookup::spec(grants));
        specs.extend(checks::spec(grants));
        specs
    }

    /// Does a task.
    ///
    /// # Errors
    /// It could not be done, for the reason that is said.
    pub async fn run(&self, grants: &Grants, ask: Ask) -> Result<Done, Trouble> {
        let now = Timestamp::now();
        let Ask {
            tool,
            arguments,
            client,
        } = ask;
        let client = client.as_str();
        let code = |language| {
            self.sandboxes
                .run(&grants.interpreters, language, &arguments, client)
        };
        let quick = |of| self.compute(&self.computing, client, arguments.clone(), now, of);
        let lasting = |of| self.compute(&self.lasting, client, arguments.clone(), now, of);
        match tool {
            Tool::Python => code(Language::Python).await,
            Tool::JavaScript => code(Language::JavaScript).await,
            Tool::Mcp { server, tool } => {
                let granted = grants.servers.get(&server);
                servers::run(&self.servers, granted, &server, &tool, arguments).await
            }
            Tool::Calculator => quick(calculator::run).await,
            Tool::Regex if regex::backtracks(&arguments) => {
                let _place = self.lasting.place(client).await.ok_or_else(busy)?;
                regex::backtrack(self.program.as_deref(), &arguments).await
            }
            Tool::Regex => lasting(regex::run).await,
            Tool::Convert => lasting(convert::run).await,
            Tool::Schema => lasting(schema::run).await,
            Tool::Hash => quick(hash::run).await,
            Tool::Encode => quick(encode::run).await,
            Tool::Uuid => quick(uuid::run).await,
            Tool::Time => quick(time::run).await,
            Tool::Text => quick(text::run).await,
            Tool::Diff => lasting(diff::run).await,
            Tool::Sql => self.lookups.run(grants, &arguments, client).await,
            Tool::Check => self.checks.run(grants, &arguments, client).await,
        }
    }

    async fn compute(
        &self,
        places: &Places,
        client: &str,
        arguments: Value,
        now: Timestamp,
        tool: fn(&Value, Timestamp) -> Result<Done, Trouble>,
    ) -> Result<Done, Trouble> {
        let place = places.place(client).await.ok_or_else(busy)?;
        let computing = tokio::task::spawn_blocking(move || {
            let done = tool(&arguments, now);
            drop(place);
            done
        });
        match tokio::time::timeout(LIMIT, computing).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(Trouble::new(
                TroubleKind::Unavailable,
                "The tool failed at these arguments. That is a defect: please report it.",
            )),
            Err(_) => Err(Trouble::new(
                TroubleKind::TooLong,
                "The computation took longer than 2 s. Give it less at a time.",
            )),
        }
    }
}

fn busy() -> Trouble {
    Trouble::new(
        TroubleKind::Unavailable,
        "All places of the tools are taken. Try again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(tool: Tool, arguments: Value) -> Ask {
        Ask {
            tool,
            arguments,
            client: "test".to_owned(),
        }
    }

    #[tokio::test]
    async fn every_tool_that_is_offered_does_its_task_and_refuses_what_it_does_not_know() {
        let workshop = Workshop::new(None);
        let grants = Grants::default();
        for spec in workshop.specs(&grants).await {
            assert_eq!(spec.arguments["additionalProperties"], json!(false));
            assert!(jsonschema::meta::is_valid(&spec.arguments));
            let unknown = ask(spec.tool.clone(), json!({"nonsense": 1}));
            let trouble = workshop.run(&grants, unknown).await.unwrap_err();
            assert_eq!(trouble.kind, TroubleKind::BadInput);
            assert!(trouble.message.contains("`nonsense`"), "{trouble}");
            // Every field that is offered is known, and of the type that is said.
            let properties = spec.arguments["properties"].as_object().unwrap();
            for name in properties.keys() {
                let mistyped = ask(spec.tool.clone(), json!({ name: [[1]] }));
                let refused = workshop.run(&grants, mistyped).await.unwrap_err();
                assert!(
                    !refused.message.contains("There is no argument"),
                    "{name}: {refused}"
                );
            }
        }
        for (tool, text, answer) in [
            (Tool::Calculator, "23% of 450", "103.5"),
            (Tool::Regex, "extract /b./\nabc", "bc"),
            (Tool::Convert, "json compact\n[ 1 ]", "[1]"),
            (Tool::Schema, "{}\n=======\n1", "valid"),
            (Tool::Hash, "crc32\n123456789", "cbf43926"),
            (Tool::Encode, "encode hex\na", "61"),
            (Tool::Time, "2024-01-01 until 2024-01-03", "2 days"),
            (Tool::Diff, "a\n=======\na", "no difference"),
        ] {
            let arguments = tool.arguments_of(text).unwrap();
            let done = workshop.run(&grants, ask(tool, arguments)).await.unwrap();
            assert_eq!(done.text, answer);
        }
    }

    #[tokio::test]
    async fn who_finds_too_many_waiting_is_told_that_everything_is_busy() {
        let workshop = Workshop::new(None);
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(workshop.computing.place("test").await.unwrap());
        }
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| workshop.computing.waits("test"))
            .collect();
        assert!(waiting.iter().all(Option::is_some));
        let one = ask(Tool::Calculator, json!({"expression": "1"}));
        let trouble = workshop.run(&Grants::default(), one).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
    }

    #[tokio::test]
    async fn who_has_waited_long_enough_is_told_that_everything_is_busy() {
        let workshop = Workshop::new(None);
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(workshop.computing.place("test").await.unwrap());
        }
        let one = ask(Tool::Text, json!({"text": "a"}));
        let trouble = workshop.run(&Grants::default(), one).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
    }

    #[tokio::test]
    async fn what_lasts_keeps_nobody_from_what_is_quick() {
        let workshop = Workshop::new(None);
        let mut taken = Vec::new();
        for _ in 0..LASTING {
            taken.push(workshop.lasting.place("other").await.unwrap());
        }
        let one = ask(Tool::Calculator, json!({"expression": "1 + 1"}));
        let done = workshop.run(&Grants::default(), one).await.unwrap();
        assert_eq!(done.text, "2");
        let one = ask(Tool::Diff, json!({"old": "a", "new": "b"}));
        let trouble = workshop.run(&Grants::default(), one).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
    }

    #[tokio::test]
    async fn a_computation_that_is_late_is_no_longer_waited_for() {
        fn late(_: &Value, _: Timestamp) -> Result<Done, Trouble> {
            std::thread::sleep(LIMIT * 2);
            Ok(Done::text("late"))
        }
        let workshop = Workshop::new(None);
        let places = &workshop.lasting;
        let done = workshop.compute(places, "test", json!({}), Timestamp::UNIX_EPOCH, late);
        assert_eq!(done.await.unwrap_err().kind, TroubleKind::TooLong);
        assert_eq!(
            places.free(),
            LASTING - 1,
            "its place is kept until it ends"
        );
    }
}
