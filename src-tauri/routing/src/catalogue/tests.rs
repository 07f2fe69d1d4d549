//! The shipped catalogue is sound, and files that are not are refused by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use dialect::{Dialect, Endpoint};
use serde_json::Value;

use super::{Catalogue, CatalogueModel, MODELS, PriceCheck, read};
use crate::price::Rate;
use crate::routes::AuthScheme;

fn builtin() -> Catalogue {
    Catalogue::builtin().expect("the shipped catalogue is sound")
}

fn model<'a>(catalogue: &'a Catalogue, provider: &str, name: &str) -> &'a CatalogueModel {
    let provider = catalogue.provider(provider).expect("a provider");
    provider.model(name).expect("a model")
}

#[test]
fn every_provider_is_there_with_its_models() {
    let catalogue = builtin();
    let listed: Vec<(&str, usize)> = catalogue
        .providers
        .iter()
        .map(|provider| (provider.id.as_str(), provider.models.len()))
        .collect();
    assert_eq!(
        listed,
        [
            ("openai", 35),
            ("anthropic", 16),
            ("google", 18),
            ("groq", 4),
            ("mistral", 16),
            ("deepseek", 4),
            ("xai", 8),
            ("cohere", 15),
            ("jina", 1),
            ("openrouter", 14),
            ("together", 14),
            ("fireworks", 17),
            ("azure", 21),
            ("azure-claude", 3),
            ("bedrock", 47),
            ("bedrock-claude", 20),
            ("vertex", 6),
            ("vertex-claude", 6),
            ("ollama", 0),
            ("lmstudio", 0),
            ("llamacpp", 0),
            ("vllm", 0),
        ]
    );
    assert_eq!(catalogue.version, "2026-11-22");
}

#[test]
fn an_address_and_an_endpoint_join_to_the_url_the_vendor_documents() {
    let catalogue = builtin();
    for (provider, endpoint, url) in [
        (
            "openai",
            Endpoint::ChatCompletions,
            "https://api.openai.com/v1/chat/completions",
        ),
        (
            "openai",
            Endpoint::Embeddings,
            "https://api.openai.com/v1/embeddings",
        ),
        (
            "anthropic",
            Endpoint::Messages,
            "https://api.anthropic.com/v1/messages",
        ),
        (
            "groq",
            Endpoint::ChatCompletions,
            "https://api.groq.com/openai/v1/chat/completions",
        ),
        (
            "deepseek",
            Endpoint::ChatCompletions,
            "https://api.deepseek.com/chat/completions",
        ),
        (
            "deepseek",
            Endpoint::Messages,
            "https://api.deepseek.com/anthropic/v1/messages",
        ),
        (
            "openrouter",
            Endpoint::ChatCompletions,
            "https://openrouter.ai/api/v1/chat/completions",
        ),
        (
            "openrouter",
            Endpoint::Messages,
            "https://openrouter.ai/api/v1/messages",
        ),
        (
            "fireworks",
            Endpoint::ChatCompletions,
            "https://api.fireworks.ai/inference/v1/chat/completions",
        ),
        (
            "fireworks",
            Endpoint::Messages,
            "https://api.fireworks.ai/inference/v1/messages",
        ),
        (
            "ollama",
            Endpoint::ChatCompletions,
            "http://127.0.0.1:11434/v1/chat/completions",
        ),
        (
            "ollama",
            Endpoint::CountTokens,
            "http://127.0.0.1:11434/v1/messages/count_tokens",
        ),
        (
            "vllm",
            Endpoint::Messages,
            "http://127.0.0.1:8000/v1/messages",
        ),
        (
            "google",
            Endpoint::GenerateContent,
            "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
        ),
        (
            "google",
            Endpoint::ChatCompletions,
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        (
            "groq",
            Endpoint::Responses,
            "https://api.groq.com/openai/v1/responses",
        ),
        (
            "fireworks",
            Endpoint::Responses,
            "https://api.fireworks.ai/inference/v1/responses",
        ),
        (
            "ollama",
            Endpoint::OllamaChat,
            "http://127.0.0.1:11434/api/chat",
        ),
        (
            "cohere",
            Endpoint::CohereChat,
            "https://api.cohere.com/v2/chat",
        ),
        (
            "cohere",
            Endpoint::Rerank,
            "https://api.cohere.com/v2/rerank",
        ),
        ("jina", Endpoint::Rerank, "https://api.jina.ai/v1/rerank"),
        (
            "azure",
            Endpoint::Responses,
            "https://{resource}.openai.azure.com/openai/v1/responses",
        ),
        (
            "azure-claude",
            Endpoint::Messages,
            "https://{resource}.services.ai.azure.com/anthropic/v1/messages",
        ),
        (
            "bedrock",
            Endpoint::Converse,
            "https://bedrock-runtime.{region}.amazonaws.com/model/m/converse",
        ),
        (
            "bedrock-claude",
            Endpoint::Messages,
            "https://bedrock-runtime.{region}.amazonaws.com/model/m/invoke",
        ),
        (
            "vertex",
            Endpoint::GenerateContent,
            "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}\
             /publishers/google/models/m:generateContent",
        ),
        (
            "vertex-claude",
            Endpoint::Messages,
            "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}\
             /publishers/anthropic/models/m:rawPredict",
        ),
    ] {
        let provider = catalogue.provider(provider).expect("a provider");
        let surface = provider
            .surfaces
            .iter()
            .find(|surface| surface.dialect == endpoint.dialect())
            .expect("a surface");
        assert_eq!(
            format!(
                "{}{}",
                surface.base_url,
                dialect::address(surface.hosting, &surface.quirks, endpoint, "m", false)
            ),
            url
        );
    }
}

#[test]
fn local_servers_speak_the_common_dialects_and_need_no_key() {
    for provider in builtin().providers.iter().filter(|provider| provider.local) {
        let spoken: BTreeSet<Dialect> = provider
            .surfaces
            .iter()
            .map(|surface| surface.dialect)
            .collect();
        let common = BTreeSet::from([Dialect::OpenAi, Dialect::Responses, Dialect::Anthropic]);
        assert!(spoken.is_superset(&common), "{}", provider.id);
        assert!(!provider.needs_key, "{}", provider.id);
    }
}

#[test]
fn whoever_needs_a_key_says_where_it_comes_from() {
    for provider in builtin()
        .providers
        .iter()
        .filter(|provider| provider.needs_key)
    {
        assert!(!provider.env.is_empty(), "{}", provider.id);
        assert!(provider.keys_page.is_some(), "{}", provider.id);
    }
}

#[test]
fn each_vendor_sees_its_key_the_way_it_asks_for() {
    let catalogue = builtin();
    for (provider, schemes) in [
        ("openai", &[AuthScheme::Bearer, AuthScheme::Bearer][..]),
        ("google", &[AuthScheme::XGoogApiKey, AuthScheme::Bearer]),
        ("azure", &[AuthScheme::ApiKey, AuthScheme::ApiKey]),
        ("bedrock", &[AuthScheme::Aws]),
        ("bedrock-claude", &[AuthScheme::Aws]),
        ("vertex", &[AuthScheme::Google]),
        ("anthropic", &[AuthScheme::XApiKey]),
        ("deepseek", &[AuthScheme::Bearer, AuthScheme::XApiKey]),
        ("ollama", &[AuthScheme::None; 4]),
    ] {
        let provider = catalogue.provider(provider).expect("a provider");
        let shown: Vec<AuthScheme> = provider.surfaces.iter().map(|s| s.auth).collect();
        assert_eq!(shown, schemes, "{}", provider.id);
    }
}

#[test]
fn a_model_is_found_by_a_dated_alias() {
    let catalogue = builtin();
    assert_eq!(
        model(&catalogue, "anthropic", "claude-haiku-4-5-20251001").id,
        "claude-haiku-4-5"
    );
}

/// An alias says "priced identically", and this snapshot kept its launch price.
#[test]
fn the_first_gpt_4o_is_not_priced_as_the_later_ones() {
    let catalogue = builtin();
    for (name, input) in [
        ("gpt-4o-2024-05-13", "$5.00"),
        ("gpt-4o-2024-08-06", "$2.50"),
        ("gpt-4o", "$2.50"),
    ] {
        let price = model(&catalogue, "openai", name).price.as_ref();
        assert_eq!(
            price.expect("a price").base().input.to_string(),
            input,
            "{name}"
        );
    }
}

#[test]
fn limits_are_the_smaller_of_what_sources_say() {
    let catalogue = builtin();
    for (provider, name, max_input, max_output) in [
        ("openai", "gpt-5", Some(272_000), Some(128_000)),
        ("openai", "gpt-5-pro", Some(272_000), Some(272_000)),
        // 128,000 against 262,144; a cap as large as the window is none.
        ("mistral", "ministral-8b-latest", Some(128_000), None),
        ("openrouter", "openai/gpt-6-sol", Some(1_050_000), None),
    ] {
        let model = model(&catalogue, provider, name);
        assert_eq!(
            (model.max_input, model.max_output),
            (max_input, max_output),
            "{name}"
        );
    }
}

#[test]
fn a_price_says_where_and_when_it_was_read_and_who_contradicts() {
    let catalogue = builtin();
    let agreed = model(&catalogue, "openai", "gpt-5.6");
    assert_eq!(agreed.price_source, "litellm");
    assert_eq!(agreed.price_as_of, "2026-11-22");
    assert_eq!(agreed.price_check, PriceCheck::Agrees);
    assert_eq!(
        model(&catalogue, "mistral", "mistral-large-latest").price_check,
        PriceCheck::Differs(
            "input: litellm says 0.5, genai-prices says 2.0; \
             output: litellm says 1.5, genai-prices says 6.0"
                .to_owned()
        )
    );
    assert_eq!(
        model(&catalogue, "openrouter", "z-ai/glm-5.3").price_check,
        PriceCheck::Unchecked
    );
}

#[test]
fn every_model_has_a_price_and_a_longer_prompt_is_never_cheaper() {
    let catalogue = builtin();
    let mut unpriced = Vec::new();
    for provider in &catalogue.providers {
        for model in &provider.models {
            let Some(price) = model.price.as_ref() else {
                unpriced.push(model.id.as_str());
                continue;
            };
            let (base, long) = (price.base(), price.rates(u64::MAX, 0));
            assert!(long.input >= base.input, "{}/{}", provider.id, model.id);
            assert!(long.output >= base.output, "{}/{}", provider.id, model.id);
            assert!(
                long.cache_read >= base.cache_read,
                "{}/{}",
                provider.id,
                model.id
            );
            assert!(
                long.cache_write >= base.cache_write,
                "{}/{}",
                provider.id,
                model.id
            );
        }
    }
    // Sources disagree on the first; the others are billed by the search, not by the token.
    assert_eq!(
        unpriced,
        [
            "command-a-plus-05-2026",
            "rerank-v4.0-pro",
            "rerank-v4.0-fast",
            "rerank-v3.5"
        ]
    );
}

#[test]
fn an_address_with_parts_of_the_users_own_says_what_it_looks_like() {
    for provider in &builtin().providers {
        for surface in &provider.surfaces {
            let has_parts = surface.base_url.contains('{');
            assert_eq!(has_parts, provider.needs_base_url, "{}", provider.id);
        }
        let hint = provider.base_url_hint.as_deref();
        assert_eq!(hint.is_some(), provider.needs_base_url, "{}", provider.id);
        assert!(hint.is_none_or(|hint| hint.starts_with("https://") && !hint.contains('{')));
    }
}

#[test]
fn deviations_are_known_where_a_provider_has_them() {
    let catalogue = builtin();
    let quirks = |provider: &str, dialect| {
        let provider = catalogue.provider(provider).expect("a provider");
        let surface = provider.surfaces.iter().find(|s| s.dialect == dialect);
        Arc::clone(&surface.expect("a surface").quirks)
    };
    for (provider, is_plain) in [
        ("openai", true),
        ("groq", false),
        ("mistral", false),
        ("deepseek", false),
        ("xai", false),
        ("openrouter", false),
        ("together", false),
        ("fireworks", false),
        ("vllm", true),
    ] {
        let found = quirks(provider, Dialect::OpenAi).is_plain();
        assert_eq!(found, is_plain, "{provider}");
    }
    let mistral = quirks("mistral", Dialect::OpenAi);
    assert_eq!(mistral.renames["seed"], "random_seed");
    assert!(mistral.nine_character_ids && mistral.names_tool_results);
    let deepseek = quirks("deepseek", Dialect::OpenAi);
    assert_eq!(
        deepseek.reasoning_field.as_deref(),
        Some("reasoning_content")
    );
    assert!(deepseek.replays_reasoning && deepseek.json_object_only);
    assert_eq!(quirks("jina", Dialect::Cohere).paths["rerank"], "/rerank");
}

#[test]
fn prompt_caches_get_hints_only_where_their_vendor_documents_them() {
    let catalogue = builtin();
    let mut takes: Vec<(&str, Dialect)> = Vec::new();
    for provider in &catalogue.providers {
        let surfaces = provider.surfaces.iter();
        let taking = surfaces.filter(|surface| surface.quirks.cache_hints);
        takes.extend(taking.map(|surface| (provider.id.as_str(), surface.dialect)));
    }
    assert_eq!(
        takes,
        [
            ("openai", Dialect::OpenAi),
            ("openai", Dialect::Responses),
            ("anthropic", Dialect::Anthropic),
            ("fireworks", Dialect::OpenAi),
            ("azure", Dialect::OpenAi),
            ("azure", Dialect::Responses),
            ("azure-claude", Dialect::Anthropic),
        ]
    );
    for (provider, name, cache_from, cache_marks) in [
        ("anthropic", "claude-haiku-4-5", Some(4_096), None),
        ("anthropic", "claude-opus-5", Some(512), None),
        ("anthropic", "claude-sonnet-5", None, None),
        ("openai", "gpt-5.6", None, Some(true)),
        ("openai", "gpt-5.5", None, None),
    ] {
        let traits = model(&catalogue, provider, name).traits;
        assert_eq!(
            (traits.cache_from, traits.cache_marks),
            (cache_from, cache_marks),
            "{name}"
        );
    }
}

#[test]
fn models_say_what_they_can_do_as_far_as_a_source_says() {
    let catalogue = builtin();
    let opus = model(&catalogue, "anthropic", "claude-opus-5-5").traits;
    assert_eq!(
        (opus.sampling, opus.forced_tools, opus.thinking_always_on),
        (Some(false), Some(false), Some(true))
    );
    assert_eq!((opus.prefill, opus.mid_system), (Some(false), Some(true)));
    for (provider, name) in [
        ("bedrock", "us.anthropic.claude-opus-5-5"),
        ("bedrock-claude", "global.anthropic.claude-opus-5-5"),
        ("vertex-claude", "claude-opus-5-5"),
    ] {
        assert_eq!(model(&catalogue, provider, name).traits, opus, "{name}");
    }
    let flash = model(&catalogue, "google", "gemini-3.5-flash").traits;
    assert_eq!((flash.audio, flash.vision), (Some(true), Some(true)));
    let llama = model(&catalogue, "bedrock", "us.meta.llama3-3-70b-instruct-v1:0");
    assert_eq!(llama.traits.forced_tools, Some(false));
    // Silence is not a no.
    assert_eq!(
        model(&catalogue, "cohere", "command-a-03-2025")
            .traits
            .vision,
        None
    );
    let known = |kind: &str| {
        let models = catalogue.providers.iter().flat_map(|one| &one.models);
        let (all, told) = models
            .filter(|model| model.kind == kind)
            .map(|model| model.traits != dialect::hub::Traits::default())
            .fold((0, 0), |(all, told), is| (all + 1, told + usize::from(is)));
        told * 100 / all
    };
    assert!(known("chat") >= 90, "{}", known("chat"));
}

#[test]
fn a_region_with_a_price_of_its_own_is_a_model_of_its_own() {
    let catalogue = builtin();
    for (name, input) in [
        ("global.anthropic.claude-sonnet-5", "$2.00"),
        ("us.anthropic.claude-sonnet-5", "$2.20"),
        ("us.amazon.nova-pro-v1:0", "$0.80"),
    ] {
        let price = model(&catalogue, "bedrock", name).price.as_ref();
        assert_eq!(price.expect("a price").base().input.to_string(), input);
    }
}

#[test]
fn every_figure_of_the_file_survives_being_read() {
    fn figures(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Object(fields) => fields
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "from" | "utc_from" | "utc_to"))
                .for_each(|(_, field)| figures(field, found)),
            Value::Array(items) => items.iter().for_each(|item| figures(item, found)),
            _ => {}
        }
    }
    /// `2.50` and `2.5` are the same figure.
    fn plain(text: &str) -> &str {
        let text = text.trim_start_matches('$');
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            text
        }
    }

    let file: Value = serde_json::from_str(MODELS).expect("JSON");
    let mut found = Vec::new();
    for model in file["models"].as_array().expect("models") {
        figures(&model["price"], &mut found);
    }
    assert!(found.len() > 400, "only {} figures were found", found.len());
    for figure in found {
        let rate = Rate::from_dollars(&figure).expect("a rate");
        assert_eq!(plain(&rate.to_string()), plain(&figure));
    }
}

const PROVIDER: &str = r#"{"id":"acme","name":"Acme","local":false,"needs_key":true,
    "keys_page":null,"env":[],"surfaces":[
    {"dialect":"openai","base_url":"https://api.acme.test/v1","auth":"bearer"}]}"#;

const MODEL: &str = r#"{"provider":"acme","id":"anvil","kind":"chat",
    "price":{"input":"1","output":"2"},"source":"hand"}"#;

fn read_entries(providers: &[&str], models: &[&str]) -> Result<Catalogue, String> {
    let providers = format!(r#"{{"providers":[{}]}}"#, providers.join(","));
    let models = format!(
        r#"{{"version":"2026-11-22","as_of":"2026-11-22","models":[{}]}}"#,
        models.join(",")
    );
    read::catalogue(&providers, &models).map_err(|error| error.to_string())
}

#[test]
fn a_small_sound_catalogue_is_read() {
    let catalogue = read_entries(&[PROVIDER], &[MODEL]).expect("sound");
    assert_eq!(model(&catalogue, "acme", "anvil").price_as_of, "2026-11-22");
}

#[test]
fn a_wrong_provider_is_refused_by_name() {
    let refused = |from: &str, to: &str| {
        assert!(PROVIDER.contains(from), "{from}");
        read_entries(&[&PROVIDER.replace(from, to)], &[]).expect_err(to)
    };
    for (from, to, reason) in [
        ("acme.test/v1", "acme.test/v1/", "ends in a slash"),
        ("https://api", "http://api", "does not begin with https://"),
        ("https://api.acme.test/v1", "api.acme.test", "has no scheme"),
        (
            "https://api.acme.test/v1",
            "https:///v1",
            "has no plain host",
        ),
        ("https://api", "https://me:pw@api", "has no plain host"),
        ("acme.test/v1", "acme.test/v1?key=1", "more than a scheme"),
        ("\"local\":false", "\"local\":true", "is local"),
        ("\"bearer\"", "\"none\"", "needs a key"),
        ("\"bearer\"", "\"basic\"", "unknown variant `basic`"),
        ("\"openai\"", "\"telegraph\"", "unknown variant `telegraph`"),
        ("api.acme", "{region}.acme", "has 1 parts of the user's own"),
        ("api.acme", "{Region}.acme", "a part without a name"),
        ("api.acme", "{region.acme", "a part without a name"),
        (
            "\"keys_page\":null",
            "\"keys_page\":null,\"needs_base_url\":true",
            "has 0 parts of the user's own",
        ),
        (
            "\"keys_page\":null",
            "\"keys_page\":null,\"base_url_hint\":\"x\"",
            "come together or not at all",
        ),
        (
            "\"keys_page\":null",
            "\"keys_page\":null,\"older_base_url\":\"http://x\"",
            "does not begin with https://",
        ),
        (
            "\"bearer\"",
            "\"bearer\",\"quirks\":{\"quirky\":true}",
            "unknown field `quirky`",
        ),
        (
            "\"bearer\"",
            "\"bearer\",\"quirks\":{\"efforts\":[\"hard\"]}",
            "`hard` is not an effort",
        ),
        (
            "\"bearer\"",
            "\"bearer\",\"quirks\":{\"paths\":{\"rank\":\"/rank\"}}",
            "`rank` is not an endpoint",
        ),
        (
            "\"bearer\"",
            "\"bearer\",\"quirks\":{\"paths\":{\"rerank\":\"rank\"}}",
            "does not begin with a slash",
        ),
        (
            "\"bearer\"",
            "\"bearer\",\"hosting\":\"garage\"",
            "unknown variant `garage`",
        ),
        ("\"env\":[]", "\"enf\":[]", "unknown field `enf`"),
        (
            "\"keys_page\":null",
            "\"keys_page\":\"acme.test\"",
            "keys page",
        ),
    ] {
        let message = refused(from, to);
        assert!(message.contains("the provider `acme`: "), "{message}");
        assert!(message.contains(reason), "{message}");
    }
    assert!(refused("\"acme\"", "\"Acme/1\"").contains("only a-z, 0-9 and hyphens"));
    assert!(refused("\"acme\"", "\"practice\"").contains("built in"));
    assert!(refused("\"acme\"", "7").contains("a provider without a readable id ({\"id\":7,"));
}

#[test]
fn a_local_address_is_numeric() {
    let local = PROVIDER
        .replace("\"local\":false", "\"local\":true")
        .replace("https://api.acme.test/v1", "http://localhost:8080/v1");
    let message = read_entries(&[&local], &[]).expect_err("localhost");
    assert!(message.contains("http://127.0.0.1:PORT"), "{message}");
}

#[test]
fn two_of_a_kind_are_refused() {
    let surface = r#"{"dialect":"openai","base_url":"https://acme.test","auth":"bearer"},"#;
    let twice = PROVIDER.replace("\"surfaces\":[", &format!("\"surfaces\":[{surface}"));
    let alias_taken = MODEL.replace("\"id\":\"anvil\"", r#""id":"hammer","aliases":["anvil"]"#);
    for (providers, models, reason) in [
        (
            &[PROVIDER, PROVIDER][..],
            &[][..],
            "the provider `acme`: there are two",
        ),
        (
            &[&twice],
            &[],
            "the provider `acme`: it has two openai surfaces",
        ),
        (
            &[PROVIDER],
            &[MODEL, MODEL],
            "the model `anvil` of acme: the name `anvil` is taken",
        ),
        (
            &[PROVIDER],
            &[MODEL, &alias_taken],
            "the model `hammer` of acme: the name `anvil`",
        ),
    ] {
        let message = read_entries(providers, models).expect_err(reason);
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn a_wrong_model_is_refused_by_name() {
    for (from, to, reason) in [
        ("\"chat\"", "\"chatt\"", "`chatt` is not a kind"),
        (
            "\"chat\"",
            "\"chat\",\"traits\":{\"taste\":true}",
            "unknown field `taste`",
        ),
        ("\"1\"", "\"-1\"", "`-1` is not a price"),
        ("\"1\"", "1.5", "expected a string"),
        (
            "\"chat\"",
            "\"chat\",\"max_output\":0",
            "a limit of 0 tokens",
        ),
        (
            "\"chat\"",
            "\"chat\",\"deprecation_date\":\"soon\"",
            "`soon` is not a day",
        ),
        (
            "\"chat\"",
            "\"chat\",\"as_of\":\"2026-11-31\"",
            "`2026-11-31` is not a day",
        ),
        (
            "\"chat\"",
            "\"chat\",\"second_source\":\"differs\"",
            "`differs` says how",
        ),
        (
            "\"chat\"",
            "\"chat\",\"aliases\":[\"an vil\"]",
            "`an vil` can't be",
        ),
        (
            "\"chat\"",
            "\"chat\",\"vision\":true",
            "unknown field `vision`",
        ),
        (",\"source\":\"hand\"", "", "come together"),
    ] {
        assert!(MODEL.contains(from), "{from}");
        let message = read_entries(&[PROVIDER], &[&MODEL.replace(from, to)]).expect_err(to);
        assert!(message.contains("the model `anvil` of acme: "), "{message}");
        assert!(message.contains(reason), "{message}");
    }
    let message = read_entries(&[], &[MODEL]).expect_err("no provider");
    assert!(
        message.contains("`acme` is not in providers.json"),
        "{message}"
    );
}

#[test]
fn a_broken_file_says_which_one_it_is() {
    let sound = r#"{"version":"2026-11-22","as_of":"2026-11-22","models":[]}"#;
    for (providers, models, reason) in [
        ("{", sound, "providers.json: "),
        (r#"{"providers":[]}"#, "{", "models.json: "),
        (
            r#"{"providers":[]}"#,
            &sound.replacen("2026-11-22", "v1", 1),
            "models.json: version: ",
        ),
    ] {
        let message = read::catalogue(providers, models)
            .expect_err(reason)
            .to_string();
        assert!(
            message.starts_with("the model catalogue is wrong: "),
            "{message}"
        );
        assert!(message.contains(reason), "{message}");
    }
}
