//! Changes to the config text on behalf of the panel.
//!
//! Promises: pure; comments, order and everything that was not asked for stay
//! as they are. Leaves out: whether the new text makes sense (`compile` says so
//! before it is written).

use std::collections::BTreeMap;

use dialect::Dialect;
use dialect::hub::Hosting;
use routing::{AuthScheme, KeySource};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, TomlError, Value};

use super::check::key_text;

mod tools;

pub(super) use tools::change as change_tools;
pub use tools::{Grant, GrantKind, RuleEdit, ServerEdit, ToolsEdit};

/// What to change about a provider; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderEdit {
    /// The name people see; an empty one takes the setting out.
    pub name: Option<String>,
    /// Where its key comes from.
    pub key: Option<KeySource>,
    /// Whether it takes new work.
    pub enabled: Option<bool>,
    /// Where it speaks each dialect; an empty address takes the setting out.
    pub base_urls: BTreeMap<Dialect, String>,
    /// Whose door it is; the vendor's own takes the setting out.
    pub hosting: Option<Hosting>,
    /// Of Azure's older paths; an empty one takes the setting out.
    pub api_version: Option<String>,
    /// Where requests are signed for; an empty one takes the setting out.
    pub region: Option<String>,
    /// How the key is shown.
    pub auth: Option<AuthScheme>,
    /// Whether it runs on this machine or network.
    pub local: Option<bool>,
    /// Whether plain http over the internet is accepted.
    pub allow_insecure: Option<bool>,
    /// Models it serves besides those we know; an empty list takes the setting
    /// out.
    pub models: Option<Vec<String>>,
}

/// The text with a change applied. The parser writes all line ends alike, so a
/// file with those of Windows gets them again.
pub(super) fn apply(
    text: &str,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), String>,
) -> Result<String, String> {
    let mut doc: DocumentMut = text
        .parse()
        .map_err(|error: TomlError| error.message().to_owned())?;
    change(&mut doc)?;
    let edited = doc.to_string();
    if text.contains("\r\n") {
        return Ok(edited.replace('\n', "\r\n"));
    }
    Ok(edited)
}

/// Adds or changes `[provider.<id>]`.
pub(super) fn put_provider(
    doc: &mut DocumentMut,
    id: &str,
    edit: &ProviderEdit,
) -> Result<(), String> {
    let table = provider(doc, id)?;
    put_text(table, "name", edit.name.as_deref());
    for (dialect, address) in &edit.base_urls {
        let setting = format!("{}_base_url", dialect.name());
        put_text(table, &setting, Some(address));
    }
    put_text(table, "hosting", edit.hosting.map(hosting_word));
    put_text(table, "api_version", edit.api_version.as_deref());
    put_text(table, "region", edit.region.as_deref());
    if let Some(key) = &edit.key {
        set(table, "key", key_text(key, id));
    }
    if let Some(auth) = edit.auth {
        set(table, "auth", auth_word(auth));
    }
    for (setting, flag) in [
        ("enabled", edit.enabled),
        ("local", edit.local),
        ("allow_insecure", edit.allow_insecure),
    ] {
        if let Some(flag) = flag {
            set(table, setting, flag);
        }
    }
    match edit.models.as_deref() {
        Some([]) => drop(table.remove("models")),
        Some(models) => set(table, "models", list(models)),
        None => {}
    }
    Ok(())
}

/// Takes `[provider.<id>]` out.
pub(super) fn remove_provider(doc: &mut DocumentMut, id: &str) -> Result<(), String> {
    take_out(doc, "provider", id)
        .then_some(())
        .ok_or_else(|| format!("the file has no provider `{id}`"))
}

/// Sets `enabled` of a provider that is in the file, or of the practice provider.
pub(super) fn set_enabled(doc: &mut DocumentMut, id: &str, enabled: bool) -> Result<(), String> {
    if id == engine::PRACTICE {
        set(section(doc, "practice")?, "enabled", enabled);
        return Ok(());
    }
    let provider = doc
        .get_mut("provider")
        .and_then(|section| section.get_mut(id))
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("the file has no provider `{id}`"))?;
    set(provider, "enabled", enabled);
    Ok(())
}

/// Adds or changes an alias.
pub(super) fn put_alias(
    doc: &mut DocumentMut,
    name: &str,
    targets: &[String],
) -> Result<(), String> {
    let aliases = section(doc, "alias")?;
    // A rule of choice stays; its weights belonged to the targets as they were.
    if let Some(table) = aliases.get_mut(name).and_then(Item::as_table_like_mut) {
        table.remove("weights");
        set(table, "targets", list(targets));
        return Ok(());
    }
    set(aliases, name, list(targets));
    Ok(())
}

/// Takes an alias out.
pub(super) fn remove_alias(doc: &mut DocumentMut, name: &str) -> Result<(), String> {
    take_out(doc, "alias", name)
        .then_some(())
        .ok_or_else(|| format!("the file has no alias `{name}`"))
}

/// Sets a text; an empty one takes the setting out.
fn put_text(table: &mut dyn TableLike, setting: &str, text: Option<&str>) {
    match text {
        Some("") => drop(table.remove(setting)),
        Some(text) => set(table, setting, text),
        None => {}
    }
}

/// The vendor's own door is what is meant when nothing is written.
fn hosting_word(hosting: Hosting) -> &'static str {
    match hosting {
        Hosting::Own => "",
        Hosting::Azure => "azure",
        Hosting::Vertex => "vertex",
        Hosting::Bedrock => "bedrock",
    }
}

fn auth_word(auth: AuthScheme) -> &'static str {
    match auth {
        AuthScheme::Bearer => "bearer",
        AuthScheme::XApiKey => "x-api-key",
        AuthScheme::ApiKey => "api-key",
        AuthScheme::XGoogApiKey => "x-goog-api-key",
        AuthScheme::Google => "google",
        AuthScheme::Aws => "aws",
        AuthScheme::None => "none",
    }
}

fn list(texts: &[String]) -> Array {
    texts.iter().map(String::as_str).collect()
}

/// Sets a value; a comment behind the old one stays behind the new one.
fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => drop(table.insert(key, Item::Value(value))),
    }
}

/// A table at the top, made when it is not there.
fn section<'a>(doc: &'a mut DocumentMut, name: &str) -> Result<&'a mut dyn TableLike, String> {
    if !doc.contains_key(name) {
        let table = new_table(doc);
        doc.insert(name, Item::Table(table));
    }
    doc.get_mut(name)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("`{name}` is not a table in the file"))
}

/// `[provider.<id>]`, made when it is not there.
fn provider<'a>(doc: &'a mut DocumentMut, id: &str) -> Result<&'a mut dyn TableLike, String> {
    if !doc.contains_key("provider") {
        // `[provider]` alone would say nothing; its children have headers.
        let mut parent = new_table(doc);
        parent.set_implicit(true);
        let mut table = Table::new();
        *table.decor_mut() = parent.decor().clone();
        parent.insert(id, Item::Table(table));
        doc.insert("provider", Item::Table(parent));
    }
    let table = new_table(doc);
    let providers = section(doc, "provider")?;
    if !providers.contains_key(id) {
        // Within an inline table it becomes an inline table itself.
        providers.insert(id, Item::Table(table));
    }
    providers
        .get_mut(id)
        .and_then(Item::as_table_like_mut)
        .ok_or_else(|| format!("`provider.{id}` is not a table in the file"))
}

/// A table to come after everything in the file. As long as a file has nothing
/// but comments they are its end; a table would be put in front of them.
fn new_table(doc: &mut DocumentMut) -> Table {
    let mut table = Table::new();
    let comments = doc.trailing().as_str().unwrap_or_default().to_owned();
    if doc.is_empty() && !comments.is_empty() {
        doc.set_trailing("");
        table
            .decor_mut()
            .set_prefix(format!("{}\n\n", comments.trim_end()));
    } else if !doc.is_empty() {
        table.decor_mut().set_prefix("\n");
    }
    table
}

/// Takes an entry out of a section. A comment right above it goes with it; what
/// a blank line parts from it stays.
fn take_out(doc: &mut DocumentMut, section: &str, key: &str) -> bool {
    take_out_of(doc, &[section], key)
}

/// The same in a section of a section.
fn take_out_of(doc: &mut DocumentMut, sections: &[&str], key: &str) -> bool {
    let mut parent: Option<&mut dyn TableLike> = Some(doc.as_table_mut());
    for section in sections {
        parent = parent
            .and_then(|table| table.get_mut(section))
            .and_then(Item::as_table_like_mut);
    }
    let Some(parent) = parent else {
        return false;
    };
    let above = parent
        .key(key)
        .and_then(|key| key.leaf_decor().prefix())
        .and_then(|prefix| prefix.as_str())
        .unwrap_or_default()
        .to_owned();
    match parent.remove(key) {
        None => return false,
        Some(Item::Table(table)) => {
            let above = table.decor().prefix().and_then(|prefix| prefix.as_str());
            if let Some(stays) = parted(above.unwrap_or_default()) {
                put_back(doc, table.position(), stays);
            }
        }
        Some(_) => {
            if let Some(stays) = parted(&above) {
                let mut table = Some(doc.as_table());
                for section in sections {
                    table = table
                        .and_then(|table| table.get(section))
                        .and_then(Item::as_table);
                }
                let position = table.and_then(Table::position);
                put_back(doc, position, stays);
            }
        }
    }
    true
}

/// The part of a comment that a blank line separates from what follows it.
fn parted(above: &str) -> Option<&str> {
    let end = above.rfind("\n\n")?;
    let stays = &above[..end];
    stays.contains('#').then_some(stays)
}

/// Puts a comment in front of the first table after a position, or at the end.
fn put_back(doc: &mut DocumentMut, position: Option<isize>, comment: &str) {
    let position = position.unwrap_or(isize::MAX);
    match next_table(doc.as_table_mut(), position) {
        Some(table) => {
            let prefix = table.decor().prefix().and_then(|prefix| prefix.as_str());
            let prefix = format!("{comment}\n{}", prefix.unwrap_or_default());
            table.decor_mut().set_prefix(prefix);
        }
        None => {
            let trailing = doc.trailing().as_str().unwrap_or_default();
            doc.set_trailing(format!("{comment}\n{trailing}"));
        }
    }
}

fn next_table(table: &mut Table, after: isize) -> Option<&mut Table> {
    let mut best: Option<&mut Table> = None;
    for (_, item) in table.iter_mut() {
        let Item::Table(child) = item else { continue };
        let candidate = if child.position().is_some_and(|at| at > after) && !child.is_implicit() {
            Some(child)
        } else {
            next_table(child, after)
        };
        if let Some(candidate) = candidate
            && best
                .as_ref()
                .is_none_or(|best| candidate.position() < best.position())
        {
            best = Some(candidate);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# My settings
# by me

[server]
port = 7000 # not the usual one

# Work
[provider.openai]
key = "env:OPENAI_API_KEY" # from the shell
models = ["a"]

# -- private --

# slow
[provider.groq]

[alias]
# the quick one
fast = ["groq/llama"] # for now
# end
"#;

    fn edited(edit: impl FnOnce(&mut DocumentMut) -> Result<(), String>) -> String {
        edited_from(FILE, edit)
    }

    fn edited_from(
        text: &str,
        edit: impl FnOnce(&mut DocumentMut) -> Result<(), String>,
    ) -> String {
        apply(text, edit).unwrap()
    }

    #[test]
    fn a_change_touches_its_own_words_only() {
        let text = edited(|doc| {
            let edit = ProviderEdit {
                key: Some(KeySource::Keychain("openai".into())),
                ..ProviderEdit::default()
            };
            put_provider(doc, "openai", &edit)
        });
        assert_eq!(text, FILE.replace("\"env:OPENAI_API_KEY\"", "\"keychain\""));
        let text = edited(|doc| put_alias(doc, "fast", &["openai/b".into(), "groq/llama".into()]));
        assert_eq!(
            text,
            FILE.replace("[\"groq/llama\"]", "[\"openai/b\", \"groq/llama\"]")
        );
        let text = edited(|doc| set_enabled(doc, "groq", false));
        assert_eq!(
            text,
            FILE.replace("[provider.groq]\n", "[provider.groq]\nenabled = false\n")
        );
    }

    #[test]
    fn a_new_provider_follows_the_others() {
        let edit = ProviderEdit {
            name: Some("My gateway".into()),
            base_urls: BTreeMap::from([(Dialect::OpenAi, "https://gw.test/v1".into())]),
            auth: Some(AuthScheme::ApiKey),
            models: Some(vec!["a".into(), "b".into()]),
            ..ProviderEdit::default()
        };
        let text = edited(|doc| put_provider(doc, "gw", &edit));
        let table = "\n[provider.gw]\nname = \"My gateway\"\nopenai_base_url = \"https://gw.test/v1\"\nauth = \"api-key\"\nmodels = [\"a\", \"b\"]\n";
        assert_eq!(
            text,
            FILE.replace("\n[alias]", &format!("{table}\n[alias]"))
        );
    }

    #[test]
    fn an_address_moves_to_older_paths_and_back_and_the_rest_stays() {
        let text = "[provider.azure] # work\nopenai_base_url = \"https://a.test/openai/v1\" # ours\nmodels = [\"a\"]\n";
        let older = ProviderEdit {
            base_urls: BTreeMap::from([(Dialect::OpenAi, "https://a.test/openai".into())]),
            hosting: Some(Hosting::Azure),
            api_version: Some("2024-10-21".into()),
            region: Some("eu-west-1".into()),
            ..ProviderEdit::default()
        };
        let moved = edited_from(text, |doc| put_provider(doc, "azure", &older));
        assert_eq!(
            moved,
            "[provider.azure] # work\nopenai_base_url = \"https://a.test/openai\" # ours\nmodels = [\"a\"]\n\
             hosting = \"azure\"\napi_version = \"2024-10-21\"\nregion = \"eu-west-1\"\n"
        );
        let back = ProviderEdit {
            base_urls: BTreeMap::from([(Dialect::OpenAi, "https://a.test/openai/v1".into())]),
            hosting: Some(Hosting::Own),
            api_version: Some(String::new()),
            region: Some(String::new()),
            ..ProviderEdit::default()
        };
        assert_eq!(
            edited_from(&moved, |doc| put_provider(doc, "azure", &back)),
            text
        );
    }

    #[test]
    fn a_file_of_comments_keeps_them_in_front() {
        let none = ProviderEdit::default();
        let text = edited_from("# about\n# this\n", |doc| put_provider(doc, "groq", &none));
        assert_eq!(text, "# about\n# this\n\n[provider.groq]\n");
        let text = edited_from("", |doc| put_alias(doc, "gpt-4.1", &["a/b".into()]));
        assert_eq!(text, "[alias]\n\"gpt-4.1\" = [\"a/b\"]\n");
        let text = edited_from("# about\n", |doc| set_enabled(doc, "practice", false));
        assert_eq!(text, "# about\n\n[practice]\nenabled = false\n");
    }

    #[test]
    fn what_is_taken_out_takes_its_own_comment_along_and_no_other() {
        let text = edited(|doc| remove_provider(doc, "groq"));
        assert_eq!(text, FILE.replace("\n# slow\n[provider.groq]\n", ""));
        let text = edited(|doc| remove_provider(doc, "openai"));
        assert!(
            text.contains("# My settings\n# by me\n\n[server]"),
            "{text}"
        );
        assert!(
            !text.contains("# Work") && text.contains("# -- private --"),
            "{text}"
        );
        let text = edited(|doc| remove_alias(doc, "fast"));
        assert!(text.ends_with("[alias]\n# end\n"), "{text}");
        let first = "# head\n\n# mine\n[provider.a]\n";
        assert_eq!(
            edited_from(first, |doc| remove_provider(doc, "a")),
            "# head\n"
        );
    }

    #[test]
    fn empty_settings_are_taken_out_and_inline_tables_work() {
        let edit = ProviderEdit {
            name: Some(String::new()),
            models: Some(Vec::new()),
            enabled: Some(true),
            ..ProviderEdit::default()
        };
        let text = edited(|doc| put_provider(doc, "openai", &edit));
        assert!(
            !text.contains("models") && text.contains("enabled = true"),
            "{text}"
        );
        let inline = "provider = { groq = { key = \"none\" } }\n";
        let text = edited_from(inline, |doc| set_enabled(doc, "groq", false));
        assert_eq!(
            text,
            "provider = { groq = { key = \"none\" , enabled = false } }\n"
        );
    }

    #[test]
    fn line_ends_of_windows_stay() {
        let windows = |text: &str| text.replace('\n', "\r\n");
        let text = edited_from(&windows(FILE), |doc| set_enabled(doc, "groq", false));
        let expected = FILE.replace("[provider.groq]\n", "[provider.groq]\nenabled = false\n");
        assert_eq!(text, windows(&expected));
    }

    #[test]
    fn what_is_not_there_can_not_be_taken_out() {
        let mut doc: DocumentMut = FILE.parse().unwrap();
        assert!(remove_provider(&mut doc, "xai").is_err());
        assert!(remove_alias(&mut doc, "slow").is_err());
        assert!(set_enabled(&mut doc, "xai", true).is_err());
        assert_eq!(doc.to_string(), FILE);
    }
}
