//! The deterministic tools: shown, tried, granted, and by which rules they are used.
//!
//! Promises: what a tool could not do is told as it is told to clients; a change that the config refuses changes
//! nothing. Tokens and values of environment variables are read by nobody here: only whether they are there.

mod forms;
mod grants;
mod page;
mod receipt;

use std::time::Instant;

use engine::Snapshot;
use host::{GrantKind, RuleEdit, ToolsEdit};
use offload::{Ask, Done, Output, Tool, Trouble, TroubleKind};
use serde_json::Value;

pub(crate) use receipt::note;

use crate::failure::Failure;
use crate::shown::{
    GrantKindShown, GrantTool, Nothing, PutToolRule, Recognise, RecognisedShown, RevokeTool,
    RunTool, SwitchTool, Tag, ToolDone, ToolOutcome, ToolTroubleShown,
};
use crate::{Control, blocking};

/// Whose sessions those of the panel and the command line are.
const CLIENT: &str = "panel";

impl Control {
    pub(crate) async fn run_tool(&self, asked: RunTool) -> Result<ToolOutcome, Failure> {
        let tool = tool(&asked.tool)?;
        let started = Instant::now();
        let mut arguments = Value::Null;
        let outcome = match self.arguments(&tool, asked)? {
            Err(trouble) => Err(trouble),
            Ok(given) => {
                arguments.clone_from(&given);
                self.done(&tool, given).await
            }
        };
        let took_us = started.elapsed().as_micros() as u64;
        Ok(told(&tool, arguments, outcome, took_us))
    }

    /// What the tool is asked: the arguments themselves, or what the text makes of them.
    fn arguments(&self, tool: &Tool, asked: RunTool) -> Result<Result<Value, Trouble>, Failure> {
        match (asked.text, asked.arguments) {
            (Some(text), None) => Ok(tool.arguments_of(&text)),
            (None, Some(arguments)) => Ok(Ok(arguments)),
            (None, None) => {
                Err(Failure::bad_input("write a `text`, or give `arguments`").of("text"))
            }
            (Some(_), Some(_)) => {
                Err(Failure::bad_input("there are a `text` and `arguments`; give one").of("text"))
            }
        }
    }

    async fn done(&self, tool: &Tool, arguments: Value) -> Result<Done, Trouble> {
        let engine = &self.parts.engine;
        let snapshot = engine.snapshot();
        if !snapshot.tools.has(tool) {
            return Err(Trouble::new(
                TroubleKind::NotGranted,
                format!(
                    "The tool `{tool}` is switched off. Take it out of `off` in [tools] to use it."
                ),
            ));
        }
        let ask = Ask {
            tool: tool.clone(),
            arguments,
            client: CLIENT.to_owned(),
        };
        engine.workshop().run(&snapshot.tools.grants, ask).await
    }

    pub(crate) async fn recognise(&self, asked: Recognise) -> Result<RecognisedShown, Failure> {
        let started = Instant::now();
        let found = offload::recognise(&asked.text);
        let took_us = started.elapsed().as_micros() as u64;
        let (tool, arguments, why) = match found {
            Ok(found) => (Some(found.tool.to_string()), found.arguments, found.why),
            Err(none) => (None, Value::Null, none.why),
        };
        Ok(RecognisedShown {
            tool,
            arguments,
            why,
            took_us,
        })
    }

    pub(crate) async fn grant_tool(&self, asked: GrantTool) -> Result<Nothing, Failure> {
        let (name, grant) = grants::written(asked);
        let edited = self.edit_tools(ToolsEdit::Grant(grant)).await;
        // A name that is refused is the setting at fault: in the form it is the name.
        edited.map_err(|failure| match (&failure.field, &name) {
            (Some(field), Some(name)) if field == name => failure.of("name"),
            _ => failure,
        })
    }

    pub(crate) async fn revoke_tool(&self, asked: RevokeTool) -> Result<Nothing, Failure> {
        let kind = match asked.kind {
            GrantKindShown::Database => GrantKind::Database,
            GrantKindShown::Check => GrantKind::Check,
            GrantKindShown::Server => GrantKind::Server,
        };
        self.edit_tools(ToolsEdit::Revoke(kind, asked.name)).await
    }

    pub(crate) async fn put_tool_rule(&self, asked: PutToolRule) -> Result<Nothing, Failure> {
        let edit = match (asked.as_usual == Some(true), asked.alias) {
            (true, Some(alias)) => ToolsEdit::AsUsual(alias),
            (true, None) => {
                return Err(
                    Failure::bad_input("only an alias can follow the usual rule").of("alias"),
                );
            }
            (false, alias) => ToolsEdit::Rule(
                alias,
                RuleEdit {
                    recognise: asked.recognise,
                    offer: asked.offer,
                    rounds: asked.rounds,
                    on_failure: asked.on_failure,
                    verify: asked.verify,
                    recheck: asked.recheck,
                },
            ),
        };
        self.edit_tools(edit).await
    }

    pub(crate) async fn switch_tool(&self, asked: SwitchTool) -> Result<Nothing, Failure> {
        let tool = tool(&asked.tool)?;
        self.edit_tools(ToolsEdit::Off(tool.to_string(), asked.off))
            .await
    }

    async fn edit_tools(&self, edit: ToolsEdit) -> Result<Nothing, Failure> {
        let configuration = std::sync::Arc::clone(&self.parts.configuration);
        blocking(move || configuration.edit(|file| file.edit_tools(&edit))).await??;
        self.changed(&[Tag::Tools, Tag::Status]);
        Ok(Nothing {})
    }

    pub(crate) fn tools_snapshot(&self) -> std::sync::Arc<Snapshot> {
        self.parts.engine.snapshot()
    }
}

/// The tool of this name.
fn tool(name: &str) -> Result<Tool, Failure> {
    name.parse().map_err(|unknown| {
        let known: Vec<String> = Tool::BUILT_IN.iter().map(Tool::to_string).collect();
        let known = known.join(", ");
        Failure::bad_input(format_args!(
            "{unknown}; there are {known}, and mcp/SERVER/TOOL"
        ))
        .of("tool")
    })
}

fn told(
    tool: &Tool,
    arguments: Value,
    outcome: Result<Done, Trouble>,
    took_us: u64,
) -> ToolOutcome {
    let (done, trouble, output) = match outcome {
        Ok(Done {
            result,
            text,
            working,
            output,
        }) => {
            let done = ToolDone {
                text,
                result,
                working,
            };
            (Some(done), None, output)
        }
        Err(trouble) => {
            let told = ToolTroubleShown {
                kind: trouble.kind.word().to_owned(),
                message: trouble.message,
            };
            (None, Some(told), trouble.output)
        }
    };
    let Output {
        stdout,
        stderr,
        is_cut,
    } = output;
    ToolOutcome {
        tool: tool.to_string(),
        arguments,
        done,
        trouble,
        stdout,
        stderr,
        is_cut,
        took_us,
    }
}
