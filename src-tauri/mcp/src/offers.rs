//! What a server offers: its tools, as far as they are allowed.
//!
//! Bounded: pages, tools, names, descriptions, schemas. What is beyond is left out and said in the log.

use std::sync::Arc;

use rmcp::model::{PaginatedRequestParams, Tool};
use rmcp::service::{Peer, RoleClient, ServiceError};
use serde_json::Value;

use crate::Server;
use crate::answer::cut;

const PAGES: usize = 16;
const TOOLS: usize = 128;
const NAME: usize = 128;
const DESCRIPTION: usize = 1 << 10;
const SCHEMA: usize = 32 << 10;

/// A tool of a server.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolOffer {
    /// As the server calls it.
    pub name: String,
    /// What it says of itself.
    pub description: String,
    /// JSON Schema of its arguments: an object.
    pub input_schema: Value,
}

/// What is on a server's list and may be called.
pub(crate) async fn listed(
    name: &str,
    server: &Server,
    peer: &Peer<RoleClient>,
) -> Result<Arc<[ToolOffer]>, ServiceError> {
    let mut offers: Vec<ToolOffer> = Vec::new();
    let mut cursor = None;
    for _ in 0..PAGES {
        let mut page = PaginatedRequestParams::default();
        page.cursor.clone_from(&cursor);
        let page = peer.list_tools(Some(page)).await?;
        for tool in page
            .tools
            .into_iter()
            .filter(|tool| server.allows(&tool.name))
        {
            if offers.len() == TOOLS {
                tracing::warn!(
                    server = name,
                    "of its tools that are allowed, only the first {TOOLS} are offered"
                );
                return Ok(offers.into());
            }
            match offer(tool) {
                Ok(offer) if offers.iter().any(|known| known.name == offer.name) => {}
                Ok(offer) => offers.push(offer),
                Err(why) => tracing::warn!(server = name, "a tool is not offered: {why}"),
            }
        }
        if page.next_cursor.is_none() || page.next_cursor == cursor {
            return Ok(offers.into());
        }
        cursor = page.next_cursor;
    }
    tracing::warn!(
        server = name,
        "of its list of tools, only the first {PAGES} pages were read"
    );
    Ok(offers.into())
}

fn offer(tool: Tool) -> Result<ToolOffer, &'static str> {
    let is_plain = |c: char| c.is_ascii_graphic();
    if tool.name.is_empty() || tool.name.len() > NAME || !tool.name.chars().all(is_plain) {
        return Err("its name is no plain word");
    }
    let input_schema = Value::Object(Arc::unwrap_or_clone(tool.input_schema));
    if input_schema.to_string().len() > SCHEMA {
        return Err("the schema of its arguments is larger than 32 KiB");
    }
    let mut description = tool
        .description
        .map(|said| said.into_owned())
        .unwrap_or_default();
    cut(&mut description, DESCRIPTION);
    Ok(ToolOffer {
        name: tool.name.into_owned(),
        description,
        input_schema,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, description: &str, schema: &Value) -> Result<ToolOffer, &'static str> {
        let tool = json!({"name": name, "description": description, "inputSchema": schema});
        offer(serde_json::from_value(tool).expect("a tool"))
    }

    #[test]
    fn a_long_description_is_cut_between_characters() {
        let long = "é".repeat(DESCRIPTION);
        let offer = read("search", &long, &json!({"type": "object"})).expect("offered");
        assert_eq!(offer.description.len(), DESCRIPTION);
        let odd = format!("x{long}");
        let offer = read("search", &odd, &json!({"type": "object"})).expect("offered");
        assert_eq!(offer.description.len(), DESCRIPTION - 1);
    }

    #[test]
    fn what_could_not_be_called_is_not_offered() {
        assert!(read("", "", &json!({})).is_err());
        assert!(read("a b", "", &json!({})).is_err());
        assert!(read(&"n".repeat(NAME + 1), "", &json!({})).is_err());
        assert!(read("search", "", &json!({"description": "x".repeat(SCHEMA)})).is_err());
    }
}
