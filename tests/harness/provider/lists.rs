//! The list that a key test asks for: a key that begins with `bad` is refused.

use serde_json::{Value, json};

use super::http::whole;
use super::route::Route;
use super::speech::Dialect;
use crate::wire::Request;

pub(super) fn models(request: &Request, route: &Route) -> Vec<u8> {
    let named = ["authorization", "x-api-key", "x-goog-api-key"];
    let key = named.iter().find_map(|name| request.header(name));
    let key = key.unwrap_or_default().trim_start_matches("Bearer ");
    if key.starts_with("bad") {
        return route.refused(401, "Incorrect API key provided", "");
    }
    whole(
        200,
        "application/json",
        &list(request, route).to_string(),
        "",
    )
}

fn list(request: &Request, route: &Route) -> Value {
    let each = |one: fn(&str) -> Value| NAMES.iter().map(|name| one(name)).collect::<Value>();
    match route.dialect {
        Dialect::Ollama if request.path().ends_with("/version") => json!({"version":"0.20.0"}),
        Dialect::Ollama if request.path().ends_with("/show") => {
            json!({"model_info":{},"details":{"family":"fake"},"capabilities":["completion","tools","vision","thinking"]})
        }
        Dialect::Ollama => json!({"models": each(|name| json!({"name":name,"model":name,
            "modified_at":"2026-01-02T03:04:05Z","size":1,"digest":"fake","details":{"family":"fake"}}))}),
        Dialect::Gemini => json!({"models": each(|name| json!({"name":format!("models/{name}"),
            "displayName":name,"inputTokenLimit":100_000,"outputTokenLimit":8_000,
            "supportedGenerationMethods":["generateContent","countTokens"]}))}),
        // Without what a listing could hold besides: clients take the list of either.
        _ => json!({"object":"list","data": each(|name| json!({"id":name,"object":"model"}))}),
    }
}

const NAMES: [&str; 2] = ["ok", "slow"];
