//! Tool names that the target does not allow, and namespaces it does not know.

use std::collections::{BTreeMap, BTreeSet};

use crate::Dialect;
use crate::hub::{Back, Choice, Kind, Notes, Request, Target, ToolKind};

/// A tool as the caller knows it.
type Known = (Option<String>, String);

pub(super) fn fit(request: &mut Request, target: &Target<'_>, notes: &mut Notes, back: &mut Back) {
    let mut sent: BTreeMap<Known, String> = BTreeMap::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut known: Vec<Known> = Vec::new();
    each_name(request, |namespace, name| {
        let this = (namespace.clone(), name.clone());
        if !known.contains(&this) {
            known.push(this);
        }
    });
    // Names that may stay as they are have the first claim on them.
    let (plain, others): (Vec<Known>, Vec<Known>) = known
        .into_iter()
        .partition(|(namespace, name)| stays(target, namespace.as_deref(), name));
    for (namespace, name) in plain {
        taken.insert(name.clone());
        sent.insert((namespace, name.clone()), name);
    }
    for (namespace, name) in others {
        let flat = match &namespace {
            Some(namespace) => format!("{namespace}__{name}"),
            None => name.clone(),
        };
        let legal = legal(target.dialect, &flat, &taken);
        taken.insert(legal.clone());
        back.names
            .insert(legal.clone(), (namespace.clone(), name.clone()));
        sent.insert((namespace, name), legal);
    }
    if back.names.is_empty() {
        return;
    }
    notes.equivalent(
        "tools.name",
        "Names that the provider does not allow were mapped, and are mapped back.",
    );
    each_name(request, |namespace, name| {
        let this = (namespace.clone(), name.clone());
        if let Some(legal) = sent.get(&this)
            && back.names.contains_key(legal)
        {
            name.clone_from(legal);
            *namespace = None;
        }
    });
    rename_choice(request, &sent);
}

/// Visits every place that names a tool by its namespace and name.
fn each_name(request: &mut Request, mut visit: impl FnMut(&mut Option<String>, &mut String)) {
    for tool in &mut request.tools {
        match &mut tool.kind {
            ToolKind::Function {
                name, namespace, ..
            } => visit(namespace, name),
            ToolKind::Custom { name, .. } => visit(&mut None, name),
            ToolKind::Hosted { .. } => {}
        }
    }
    for part in request
        .messages
        .iter_mut()
        .flat_map(|message| &mut message.parts)
    {
        if let Kind::ToolCall(call) = &mut part.kind {
            visit(&mut call.namespace, &mut call.name);
        }
    }
}

/// Choices and results name a tool without its namespace.
fn rename_choice(request: &mut Request, sent: &BTreeMap<Known, String>) {
    let rename = |name: &mut String| {
        let found = sent.iter().find(|((_, known), _)| known == name);
        if let Some((_, legal)) = found {
            name.clone_from(legal);
        }
    };
    match &mut request.choice {
        Some(Choice::Tool(name)) => rename(name),
        Some(Choice::Among { names, .. }) => names.iter_mut().for_each(rename),
        _ => {}
    }
    for part in request
        .messages
        .iter_mut()
        .flat_map(|message| &mut message.parts)
    {
        if let Kind::ToolResult(result) = &mut part.kind
            && let Some(name) = &mut result.name
        {
            rename(name);
        }
    }
}

fn stays(target: &Target<'_>, namespace: Option<&str>, name: &str) -> bool {
    (namespace.is_none() || target.dialect == Dialect::Responses) && is_legal(target.dialect, name)
}

/// The longest name a dialect allows, in characters.
fn longest(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Anthropic => 128,
        _ => 64,
    }
}

fn allows(dialect: Dialect, c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "_-".contains(c)
        || (dialect == Dialect::Gemini && ".:".contains(c))
}

fn is_legal(dialect: Dialect, name: &str) -> bool {
    let first = name.chars().next();
    !name.is_empty()
        && name.len() <= longest(dialect)
        && name.chars().all(|c| allows(dialect, c))
        && (dialect != Dialect::Gemini
            || first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_'))
}

/// A legal name that tells where it came from and is not taken. The same name always becomes the
/// same one, because prompt caches see it.
fn legal(dialect: Dialect, name: &str, taken: &BTreeSet<String>) -> String {
    let mut plain: String = name
        .chars()
        .map(|c| if allows(dialect, c) { c } else { '_' })
        .collect();
    if !plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        plain.insert(0, '_');
    }
    let most = longest(dialect);
    if plain.len() <= most && !taken.contains(&plain) {
        return plain;
    }
    let mut salt = 0u64;
    loop {
        let suffix = format!("_{}", &super::ids::digest(&format!("{name}{salt}"))[..8]);
        let mut cut = plain.clone();
        cut.truncate(most - suffix.len());
        cut.push_str(&suffix);
        if !taken.contains(&cut) {
            return cut;
        }
        salt += 1;
    }
}
