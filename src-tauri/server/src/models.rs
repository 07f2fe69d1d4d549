//! `GET /v1/models`: what can be asked for right now, in the caller's shape.

use axum::body::Body;
use dialect::{Dialect, Fault, FaultKind, ModelEntry, model_entry, models_list};
use engine::{Engine, Tools};
use http::{HeaderValue, Response, header};
use offload::Tool;
use routing::Standing;

/// Aliases first, then `provider/model` of every provider that takes work, then the tools.
pub(crate) fn list(engine: &Engine, dialect: Dialect) -> Response<Body> {
    json(models_list(dialect, &entries(engine)))
}

/// One of them.
pub(crate) fn one(engine: &Engine, dialect: Dialect, id: &str) -> Option<Response<Body>> {
    let entries = entries(engine);
    Some(json(model_entry(dialect, find(&entries, id)?)))
}

/// A bare name is served by the first provider that has it.
fn find<'a>(entries: &'a [ModelEntry], id: &str) -> Option<&'a ModelEntry> {
    let named = entries.iter().find(|entry| entry.id == id);
    named.or_else(|| {
        entries
            .iter()
            .find(|entry| entry.id.split_once('/').is_some_and(|(_, m)| m == id))
    })
}

/// Ollama's `POST /api/show`: what a model can do, as far as it is known here.
pub(crate) fn show(engine: &Engine, body: &[u8]) -> Result<Response<Body>, Fault> {
    let asked: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let name = asked["model"]
        .as_str()
        .or(asked["name"].as_str())
        .unwrap_or_default();
    let entries = entries(engine);
    let entry = find(&entries, name).ok_or_else(|| unknown(name))?;
    let shown = serde_json::json!({
        "license": "",
        "modelfile": "",
        "parameters": "",
        "template": "",
        "details": {"parent_model": "", "format": "", "family": entry.owned_by, "families": [entry.owned_by],
                    "parameter_size": "", "quantization_level": ""},
        "model_info": {"general.architecture": entry.owned_by,
                       format!("{}.context_length", entry.owned_by): entry.max_input},
        "capabilities": ["completion", "tools"],
    });
    Ok(json(shown.to_string().into()))
}

/// Ollama's `GET /api/version`. Its clients only want to see that somebody is there.
pub(crate) fn version() -> Response<Body> {
    json(
        serde_json::json!({"version": env!("CARGO_PKG_VERSION")})
            .to_string()
            .into(),
    )
}

/// What a caller is told of a model that is not there.
pub(crate) fn unknown(id: &str) -> Fault {
    Fault {
        kind: FaultKind::NotFound,
        status: 404,
        code: "unknown_model",
        message: format!("The model `{id}` is not served here; GET /v1/models lists what is."),
        param: Some("model"),
    }
}

fn entries(engine: &Engine) -> Vec<ModelEntry> {
    let snapshot = engine.snapshot();
    let routes = &snapshot.routes;
    let aliases = routes.aliases.values().map(|alias| ModelEntry {
        id: alias.name.clone(),
        display_name: alias.name.clone(),
        owned_by: "signalbox".to_owned(),
        created_unix_s: 0,
        max_input: None,
        max_output: None,
    });
    let ready = routes
        .providers
        .iter()
        .filter(|p| p.enabled && engine.provider_standing(p) == Standing::Ready);
    let targets = ready.flat_map(|provider| {
        provider.models.iter().map(move |model| ModelEntry {
            id: format!("{}/{}", provider.id, model.id),
            display_name: format!("{} ({})", model.id, provider.name),
            owned_by: provider.id.clone(),
            created_unix_s: 0,
            max_input: model.max_input,
            max_output: model.max_output,
        })
    });
    let tools = tools(&snapshot.tools, engine.workshop().runs_code());
    aliases.chain(targets).chain(tools).collect()
}

/// Tools that answer under the name of a model, as far as something is granted to them.
fn tools(tools: &Tools, runs_code: bool) -> impl Iterator<Item = ModelEntry> + '_ {
    let grants = &tools.grants;
    let is_granted = move |tool: &Tool| match tool {
        Tool::Sql => !grants.databases.is_empty(),
        Tool::Check => !grants.checks.is_empty(),
        Tool::Python | Tool::JavaScript => runs_code,
        _ => true,
    };
    let there = Tool::BUILT_IN
        .into_iter()
        .filter(move |tool| tools.has(tool) && is_granted(tool));
    there.map(|tool| ModelEntry {
        id: format!("tool/{tool}"),
        display_name: format!("{tool} (tool)"),
        owned_by: "signalbox".to_owned(),
        created_unix_s: 0,
        max_input: None,
        max_output: None,
    })
}

fn json(body: bytes::Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
