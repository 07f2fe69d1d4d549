//! Tools of MCP servers, in the words of all tools.

use std::time::Duration;

use mcp::{Server, Servers};
use serde_json::Value;

use crate::{Done, Output, Spec, Tool, Trouble, TroubleKind};

/// Whoever wants to know what there is does not wait longer for a server.
const SOON: Duration = Duration::from_secs(2);

/// What a server offers of what is allowed. Nothing where it does not say so soon; it goes on meanwhile, and
/// may be known the next time.
pub(crate) async fn specs(servers: &Servers, name: &str, server: &Server) -> Vec<Spec> {
    let offers = servers.tools_soon(name, server, SOON).await;
    let spec = |offer: &mcp::ToolOffer| Spec {
        tool: Tool::Mcp {
            server: name.to_owned(),
            tool: offer.name.clone(),
        },
        what: offer.description.clone(),
        arguments: offer.input_schema.clone(),
    };
    offers
        .iter()
        .flat_map(|offers| offers.iter().map(spec))
        .collect()
}

/// Has a server's tool do its work.
pub(crate) async fn run(
    servers: &Servers,
    granted: Option<&Server>,
    name: &str,
    tool: &str,
    arguments: Value,
) -> Result<Done, Trouble> {
    let unknown = || {
        Trouble::new(
            TroubleKind::NotGranted,
            format!("There is no MCP server `{name}` in the config."),
        )
    };
    let answer = servers
        .call(name, granted.ok_or_else(unknown)?, tool, arguments)
        .await?;
    Ok(Done {
        result: answer
            .structured
            .unwrap_or_else(|| Value::String(answer.text.clone())),
        text: answer.text,
        working: None,
        output: Output::default(),
    })
}

impl From<mcp::Trouble> for Trouble {
    fn from(trouble: mcp::Trouble) -> Trouble {
        let kind = match trouble.kind {
            mcp::TroubleKind::BadInput => TroubleKind::BadInput,
            mcp::TroubleKind::NoAnswer => TroubleKind::NoAnswer,
            mcp::TroubleKind::TooLong => TroubleKind::TooLong,
            mcp::TroubleKind::TooMuch => TroubleKind::TooMuch,
            mcp::TroubleKind::NotGranted => TroubleKind::NotGranted,
            mcp::TroubleKind::Unavailable => TroubleKind::Unavailable,
        };
        Trouble::new(kind, trouble.message)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mcp::Transport;
    use serde_json::json;

    use super::*;
    use crate::{Ask, Grants, Workshop};

    /// The fake of the crate that speaks to servers.
    const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mcp/tests/fake.py");

    fn granted(folder: &std::path::Path) -> Grants {
        let seen = folder.join("seen").display().to_string();
        let server = Server {
            transport: Transport::Program {
                command: ["python3", FAKE, "good", &seen].map(str::to_owned).to_vec(),
                folder: None,
                environment: Vec::new(),
            },
            allow: vec!["docs_*".to_owned()],
            limit: Duration::from_secs(30),
            nano_usd_a_call: BTreeMap::new(),
            local: true,
        };
        Grants {
            servers: BTreeMap::from([("docs".to_owned(), server)]),
            ..Grants::default()
        }
    }

    fn ask(server: &str, tool: &str, arguments: Value) -> Ask {
        Ask {
            tool: Tool::Mcp {
                server: server.to_owned(),
                tool: tool.to_owned(),
            },
            arguments,
            client: "somebody".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_servers_tools_are_tools_like_any_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (grants, workshop) = (granted(folder.path()), Workshop::new(None));
        let done = workshop
            .run(&grants, ask("docs", "docs_read", Value::Null))
            .await
            .expect("an answer");
        assert_eq!(
            (done.text.as_str(), &done.result["pages"]),
            ("3 pages", &json!(3))
        );
        let done = workshop
            .run(&grants, ask("docs", "docs_search", json!({"query": "x"})))
            .await;
        assert_eq!(done.expect("an answer").result, json!("found x"));
        let names: Vec<String> = workshop
            .specs(&grants)
            .await
            .iter()
            .map(|spec| spec.tool.to_string())
            .collect();
        let of_it: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("mcp/"))
            .collect();
        assert_eq!(of_it, ["mcp/docs/docs_search", "mcp/docs/docs_read"]);
    }

    #[tokio::test]
    async fn what_is_not_granted_is_told_as_such() {
        let folder = tempfile::tempdir().expect("a folder");
        let (grants, workshop) = (granted(folder.path()), Workshop::new(None));
        for (server, tool) in [("docs", "secret"), ("shop", "docs_read")] {
            let trouble = workshop
                .run(&grants, ask(server, tool, json!({})))
                .await
                .expect_err("not granted");
            assert_eq!(trouble.kind, TroubleKind::NotGranted);
        }
    }
}
