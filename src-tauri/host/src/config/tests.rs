//! The config as people meet it: what is accepted, what is refused and where,
//! and what an edit leaves of a file.

use std::net::IpAddr;

use dialect::Dialect;
use routing::{
    AuthScheme, BrokenStream, HedgePolicy, Keeping, KeySource, Policy, PromptCacheHints, Provider,
    Replay, Strategy, Target,
};

use super::*;

const PRACTICE: &[(&str, &str)] = &[("steady", "answers"), ("embedding", "makes vectors")];

struct Scene {
    _dir: tempfile::TempDir,
    path: PathBuf,
    file: ConfigFile,
}

fn scene(text: &str) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signalbox.toml");
    std::fs::write(&path, text).unwrap();
    let file = ConfigFile::open(&path, catalogue(), PRACTICE);
    Scene {
        _dir: dir,
        path,
        file,
    }
}

fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::builtin().unwrap())
}

fn load(text: &str) -> Compiled {
    scene(text).file.load().unwrap()
}

fn refusal(text: &str) -> String {
    scene(text).file.load().unwrap_err().to_string()
}

fn provider(compiled: &Compiled, id: &str) -> Arc<Provider> {
    Arc::clone(compiled.snapshot.routes.provider(id).unwrap())
}

fn ids(compiled: &Compiled) -> Vec<String> {
    compiled
        .snapshot
        .routes
        .providers
        .iter()
        .map(|provider| provider.id.clone())
        .collect()
}

#[test]
fn the_starter_and_an_empty_file_mean_the_defaults() {
    for text in ["", STARTER] {
        let compiled = load(text);
        assert_eq!(ids(&compiled), ["practice"]);
        let practice = provider(&compiled, "practice");
        assert!(practice.practice && practice.enabled);
        assert_eq!(practice.key, KeySource::None);
        assert_eq!(practice.models.len(), 2);
        assert_eq!(practice.models[1].kind, "embedding");
        assert_eq!(compiled.listen.port, 7411);
        let loopback: Vec<IpAddr> = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(compiled.listen.addresses, loopback);
        assert_eq!(compiled.snapshot.limits, engine::Limits::default());
        assert_eq!(
            compiled.ledger,
            LedgerConfig {
                keep_days: 90,
                max_receipts: 1_000_000
            }
        );
        assert_eq!(compiled.snapshot.price_version, catalogue().version);
    }
}

#[test]
fn the_example_of_the_documentation_loads() {
    let text = include_str!("../../../../docs/config.example.toml");
    let compiled = load(text);
    assert!(ids(&compiled).len() > 3);
    assert!(!compiled.snapshot.routes.aliases.is_empty());
}

#[test]
fn a_known_provider_needs_its_name_only() {
    let compiled = load("[provider.openai]\n[provider.ollama]\n");
    let openai = provider(&compiled, "openai");
    assert_eq!(openai.name, "OpenAI");
    assert_eq!(openai.key, KeySource::Keychain("openai".into()));
    assert!(!openai.models.is_empty() && openai.enabled);
    assert_eq!(provider(&compiled, "ollama").key, KeySource::None);
}

#[test]
fn providers_stand_in_the_order_of_the_file_and_practice_last() {
    let compiled = load("[provider.xai]\n[provider.anthropic]\n[provider.groq]\n");
    assert_eq!(ids(&compiled), ["xai", "anthropic", "groq", "practice"]);
}

#[test]
fn a_server_of_one_s_own_is_compiled_from_what_is_written() {
    let compiled = load(
        r#"
        [provider.gateway]
        name = "My gateway"
        openai_base_url = "https://gw.acme.test/v1/chat/completions"
        anthropic_base_url = "https://gw.acme.test/anthropic/v1/messages"
        auth = "api-key"
        key = "keychain:work"
        models = ["a", "b"]

        [provider.box]
        openai_base_url = "http://127.0.0.1:8000/v1"
        enabled = false

        [provider.openai]
        openai_base_url = "https://eu.acme.test/v1"
        key = "env:OPENAI_API_KEY"
        models = ["gpt-4.1", "my-tune"]
        "#,
    );
    let gateway = provider(&compiled, "gateway");
    assert_eq!(gateway.name, "My gateway");
    assert_eq!(gateway.key, KeySource::Keychain("work".into()));
    let surfaces: Vec<_> = gateway
        .surfaces
        .iter()
        .map(|surface| (surface.dialect, surface.base_url.as_str(), surface.auth))
        .collect();
    assert_eq!(
        surfaces,
        [
            (
                Dialect::OpenAi,
                "https://gw.acme.test/v1",
                AuthScheme::ApiKey
            ),
            (
                Dialect::Anthropic,
                "https://gw.acme.test/anthropic",
                AuthScheme::ApiKey
            ),
        ]
    );
    assert_eq!(
        gateway
            .models
            .iter()
            .map(|model| model.id.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    let local = provider(&compiled, "box");
    assert!(local.local && !local.enabled);
    assert_eq!(
        (local.key.clone(), local.name.as_str()),
        (KeySource::None, "box")
    );
    let openai = provider(&compiled, "openai");
    assert_eq!(openai.surfaces[0].base_url, "https://eu.acme.test/v1");
    assert_eq!(openai.key, KeySource::Environment("OPENAI_API_KEY".into()));
    let known = catalogue().provider("openai").unwrap().models.len();
    assert_eq!(openai.models.len(), known + 1);
    assert!(
        openai.model("gpt-4.1").unwrap().price.is_some(),
        "the catalogue's entry stays"
    );
}

#[test]
fn aliases_keep_their_order_and_a_single_target_needs_no_list() {
    let compiled = load(
        "[provider.groq]\n[alias]\n\
         fast = [\"groq/meta/llama\", \"practice/steady\"]\n\"gpt-4.1\" = \"groq/x\"\n",
    );
    let aliases = &compiled.snapshot.routes.aliases;
    let target = Target::new;
    assert_eq!(
        aliases["fast"].targets,
        [target("groq", "meta/llama"), target("practice", "steady")]
    );
    assert_eq!(aliases["gpt-4.1"].targets, [target("groq", "x")]);
}

#[test]
fn server_limits_and_practice_can_be_set() {
    let compiled = load(
        "[server]\nport = 8080\nlisten = [\"[::1]\", \"192.168.1.5\"]\nbody_limit_mib = 8\n\
         max_exchanges = 10\nallow_hosts = [\"Box.lan\"]\nallow_origins = [\"https://box.lan:8443\"]\n\
         [timeouts]\nconnect_ms = 1\nfirst_byte_ms = 2\nidle_ms = 3\nhold_ms = 4\nping_ms = 5\n\
         [ledger]\nkeep_days = 7\nmax_receipts = 5000\n[practice]\nenabled = false\n",
    );
    assert_eq!(compiled.listen.port, 8080);
    assert_eq!(compiled.listen.sockets()[0].to_string(), "[::1]:8080");
    assert_eq!(compiled.listen.allow_hosts, ["box.lan"]);
    assert_eq!(compiled.listen.allow_origins, ["https://box.lan:8443"]);
    let limits = compiled.snapshot.limits;
    assert_eq!((limits.body_bytes, limits.exchanges), (8 << 20, 10));
    assert_eq!(
        (limits.connect.as_millis(), limits.idle.as_millis()),
        (1, 3)
    );
    assert_eq!(
        compiled.ledger.retention().keep,
        Duration::from_secs(7 * 24 * 3_600)
    );
    assert!(!provider(&compiled, "practice").enabled);
}

/// Each mistake with the exact place and the beginning of the reason.
#[test]
fn a_mistake_is_told_with_its_place_and_what_to_do() {
    let table: &[(&str, &str)] = &[
        // Not TOML.
        ("[server\nport = 1", "1:8: unclosed table"),
        ("x = ", "1:5: string values must be quoted"),
        ("[server]\nport = 1\nport = 2\n", "3:1: duplicate key"),
        ("[provider.groq]\n[provider.groq]\n", "2:11: duplicate key"),
        // Unknown words.
        (
            "[server]\n  porrt = 1\n",
            "2:3: unknown key `porrt`; did you mean `port`?",
        ),
        (
            "[sever]\n",
            "1:2: unknown key `sever`; did you mean `server`?",
        ),
        (
            "[ledger]\ncolour = 1\n",
            "2:1: unknown key `colour`; known are keep_days, max_receipts",
        ),
        (
            "[provider.groq]\nurl = \"x\"\n",
            "2:1: unknown key `url`; known are name, key",
        ),
        (
            "[provider.groq]\nauth = \"barer\"\n",
            "2:8: unknown value `barer`; did you mean `bearer`?",
        ),
        // Wrong kinds and bounds.
        (
            "[server]\nport = \"sk-hunter2\"\n",
            "2:8: invalid type: a text, expected i64",
        ),
        (
            "[server]\nport = 70000\n",
            "2:8: 70000 is out of bounds; write a number from 0 to 65535",
        ),
        ("[timeouts]\nidle_ms = 0\n", "2:11: 0 is out of bounds"),
        (
            "[server]\nmax_exchanges = -1\n",
            "2:17: -1 is out of bounds",
        ),
        // Listening.
        ("[server]\nlisten = []\n", "2:10: name at least one address"),
        (
            "[server]\nlisten = [\"127.0.0.1:80\"]\n",
            "2:11: an address has no port of its own",
        ),
        (
            "[server]\nlisten = [\"localhost\"]\n",
            "2:11: write numbers",
        ),
        (
            "[server]\nlisten = [\"::1\", \"[::1]\"]\n",
            "2:18: `::1` is listed twice",
        ),
        (
            "[server]\nlisten = [\"127.0.0.1\", \"0.0.0.0\"]\n",
            "2:24: `0.0.0.0` and `127.0.0.1` can't both",
        ),
        (
            "[server]\nlisten = [\"0.0.0.0\", \"[::]\"]\n",
            "2:22: `::` and `0.0.0.0` can't both",
        ),
        (
            "[server]\nallow_hosts = [\"http://x\"]\n",
            "2:16: write a host name only",
        ),
        (
            "[server]\nallow_hosts = [\"*\"]\n",
            "2:16: a host is named in full",
        ),
        (
            "[server]\nallow_origins = [\"*\"]\n",
            "2:18: an origin is named in full",
        ),
        (
            "[server]\nallow_origins = [\"https://x/y\"]\n",
            "2:18: write an origin as a browser does",
        ),
        // Providers.
        (
            "[provider.gorq]\n",
            "1:11: no provider `gorq` is known; did you mean `groq`?",
        ),
        (
            "\n[provider.acme-own]\n",
            "2:11: no provider `acme-own` is known, so it needs `openai_base_url`",
        ),
        ("[provider.OpenAI]\n", "1:11: a provider's id is"),
        (
            "[provider.practice]\n",
            "1:11: the practice provider is built in",
        ),
        (
            "[provider.groq]\nname = \"\"\n",
            "2:8: a name has 1 to 64 letters",
        ),
        (
            "[provider.groq]\nkey = \"sk-hunter2\"\n",
            "2:7: write \"keychain\"",
        ),
        (
            "[provider.groq]\nkey = \"env:NOT A NAME\"\n",
            "2:7: write \"keychain\"",
        ),
        (
            "[provider.groq]\nmodels = [\"a\", \"a\"]\n",
            "2:16: `a` is listed twice",
        ),
        (
            "[provider.groq]\nmodels = [\"a b\"]\n",
            "2:11: a model's name has no spaces",
        ),
        (
            "[provider.x]\nopenai_base_url = \"http://127.0.0.1:7411/v1\"\n",
            "2:19: this is Signalbox's own address (port 7411): it would call itself",
        ),
        (
            "[server]\nport = 99\n[provider.x]\nopenai_base_url = \"http://localhost:99\"\n",
            "4:19: this is Signalbox's own address (port 99)",
        ),
        (
            "[provider.x]\nopenai_base_url = \"http://api.acme.com\"\n",
            "2:19: over http:// the key and every prompt",
        ),
        (
            "[provider.x]\nanthropic_base_url = \"https://a:hunter2@acme.com\"\n",
            "2:22: a URL here must not hold a user name",
        ),
        // Aliases.
        (
            "[alias]\nfast = []\n",
            "2:8: the alias `fast` has no targets",
        ),
        (
            "[alias]\nfast = [\"llama\"]\n",
            "2:9: write the target as provider/model",
        ),
        (
            "[alias]\nfast = [\"groq/\"]\n",
            "2:9: write the target as provider/model",
        ),
        (
            "[alias]\nfast = [\"groq/x\"]\n",
            "2:9: the provider `groq` is not configured; add [provider.groq]",
        ),
        (
            "[provider.groq]\n[alias]\nfast = \"gorq/x\"\n",
            "3:8: there is no provider `gorq`; did you mean `groq`?",
        ),
        (
            "[alias]\nfast = [\"practice/a\", \"practice/a\"]\n",
            "2:23: `practice/a` is listed twice",
        ),
        (
            "[provider.groq]\n[alias]\n\"groq/x\" = \"practice/a\"\n",
            "3:1: an alias that begins with `groq/` would hide",
        ),
        (
            "[alias]\n\"a b\" = \"practice/a\"\n",
            "2:1: a model's name has no spaces",
        ),
        (
            "[alias]\ngpt-4.1 = [\"practice/a\"]\n",
            "2:1: an alias is a list of targets; a name with a dot",
        ),
        (
            "[alias]\nfast = 3\n",
            "2:8: invalid type: integer `3`, expected a list of targets",
        ),
        (
            "[alias]\nfast = { targets = [\"practice/a\"], weights = [1, 2] }\n",
            "2:46: write one number above 0 for each target: 1 of them",
        ),
        (
            "[alias]\nfast = { targets = [\"practice/a\"], strategy = \"dearest\" }\n",
            "2:47: unknown value `dearest`; known are adaptive, priority, weighted",
        ),
        (
            "[alias]\nfast = { targets = [\"practice/a\"], hedge = 3 }\n",
            "2:44: write the most that hedged requests may cost as a share",
        ),
        (
            "[alias]\nfast = { targets = [\"practice/a\"], broken_stream = \"hide\" }\n",
            "2:52: unknown value `hide`; known are tell, continue",
        ),
        (
            "[alias]\nfast = { targets = [\"practice/a\"], prompt_cache = \"on\" }\n",
            "2:51: unknown value `on`; known are translated, auto, off",
        ),
        ("[translation]\nprompt_cache = true\n", "2:16: "),
        // Kept answers.
        (
            "[cache]\nmemory_mib = 70000\n",
            "2:14: 70000 is out of bounds; write a number from 0 to 65536",
        ),
        (
            "[cache]\nmemory_s = 0\n",
            "2:12: 0 is out of bounds; write a number from 1 to 86400",
        ),
        (
            "[cache]\ndisk_mib = -1\n",
            "2:12: -1 is out of bounds; write a number from 0 to 65536",
        ),
        (
            "[cache]\nttl_s = 0\n",
            "2:9: 0 is out of bounds; write a number from 1 to 86400",
        ),
        (
            "[cache]\nstale_s = 86401\n",
            "2:11: 86401 is out of bounds; write a number from 0 to 86400",
        ),
        (
            "[cache]\ntemperature = 2.5\n",
            "2:15: write the highest temperature whose answers are kept, from 0 to 2",
        ),
        (
            "[cache]\ntemperature = nan\n",
            "2:15: write the highest temperature whose answers are kept, from 0 to 2",
        ),
        (
            "[cache]\nreplay = \"slow\"\n",
            "2:10: unknown value `slow`; known are at-once, paced",
        ),
        (
            "[cache]\non = \"yes\"\n",
            "2:6: invalid type: a text, expected a boolean",
        ),
        (
            "[cache]\nttl = 60\n",
            "2:1: unknown key `ttl`; known are memory_mib, memory_s, disk_mib, embedder, on, ttl_s",
        ),
        (
            "[cache]\ntemprature = 1\n",
            "2:1: unknown key `temprature`; did you mean `temperature`?",
        ),
        (
            "cache = false\n",
            "1:9: invalid type: boolean `false`, expected",
        ),
        (
            "[alias.fast]\ntargets = [\"practice/a\"]\ncache = { ttl_s = 90000 }\n",
            "3:19: 90000 is out of bounds; write a number from 1 to 86400",
        ),
        (
            "[alias.fast]\ntargets = [\"practice/a\"]\ncache = { temperature = -0.1 }\n",
            "3:25: write the highest temperature whose answers are kept, from 0 to 2",
        ),
        (
            "[alias.fast]\ntargets = [\"practice/a\"]\ncache = { memory_mib = 8 }\n",
            "3:11: unknown key `memory_mib`",
        ),
        (
            "[alias.fast]\ntargets = [\"practice/a\"]\ncache = \"off\"\n",
            "3:9: invalid type: a text, expected true, false, or a table with `on`",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let told = refusal(text);
        if !told.starts_with(&format!("signalbox.toml:{expected}")) || told.contains("hunter2") {
            wrong.push(format!("{text:?}\n   told: {told}\n   want: {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_no_text_is_refused_as_a_whole() {
    let scene = scene("");
    std::fs::write(&scene.path, [0xff, 0xfe]).unwrap();
    let told = scene.file.load().unwrap_err();
    assert_eq!((told.line, told.column), (0, 0));
    assert_eq!(
        told.to_string(),
        "signalbox.toml: the file is not text in UTF-8"
    );
}

#[test]
fn a_file_that_is_not_there_is_begun_and_one_that_vanishes_is_an_error() {
    let scene = scene("");
    std::fs::remove_file(&scene.path).unwrap();
    assert_eq!(scene.file.load().unwrap().snapshot.number, 1);
    assert_eq!(std::fs::read_to_string(&scene.path).unwrap(), STARTER);
    assert!(scene.file.load_changed().is_none());
    scene.file.set_enabled("practice", false).unwrap();
    std::fs::remove_file(&scene.path).unwrap();
    let told = scene.file.load_changed().unwrap().unwrap_err().to_string();
    assert!(told.contains("the file is gone"), "{told}");
    scene
        .file
        .put_alias("fast", &["practice/steady".into()])
        .unwrap();
    let text = std::fs::read_to_string(&scene.path).unwrap();
    assert!(
        text.contains("enabled = false") && text.contains("fast = "),
        "{text}"
    );
}

#[test]
fn without_a_good_file_the_defaults_delete_nothing_and_the_file_stays() {
    let scene = scene("[ledger]\nkeep_days = 3650\noops");
    assert!(scene.file.load().is_err());
    let compiled = scene.file.defaults().unwrap();
    assert_eq!(ids(&compiled), ["practice"]);
    let century = Duration::from_secs(100 * 365 * 24 * 3_600);
    assert!(compiled.ledger.retention().keep > century);
    assert!(
        scene.file.load_changed().is_none(),
        "the bad text was told already"
    );
    let mended = "[ledger]\nkeep_days = 3650\n";
    std::fs::write(&scene.path, mended).unwrap();
    let compiled = scene.file.load_changed().unwrap().unwrap();
    assert_eq!(compiled.ledger.keep_days, 3_650);
}

#[test]
fn numbers_rise_with_accepted_configs_only() {
    let scene = scene("");
    assert_eq!(scene.file.load().unwrap().snapshot.number, 1);
    std::fs::write(&scene.path, "x").unwrap();
    assert!(scene.file.load_changed().unwrap().is_err());
    assert!(scene.file.load_changed().is_none(), "told once");
    std::fs::write(&scene.path, "[provider.groq]").unwrap();
    assert_eq!(
        scene.file.load_changed().unwrap().unwrap().snapshot.number,
        2
    );
}

#[test]
fn an_edit_is_applied_and_known_again() {
    let scene = scene("# mine\n[provider.groq] # fast\n");
    scene.file.load().unwrap();
    let edit = ProviderEdit {
        enabled: Some(false),
        ..ProviderEdit::default()
    };
    let compiled = scene.file.put_provider("groq", &edit).unwrap();
    assert!(!provider(&compiled, "groq").enabled);
    assert_eq!(compiled.snapshot.number, 2);
    let text = std::fs::read_to_string(&scene.path).unwrap();
    assert_eq!(text, "# mine\n[provider.groq] # fast\nenabled = false\n");
    assert!(scene.file.load_changed().is_none(), "the watcher will ask");
    scene.file.remove_provider("groq").unwrap();
    let edit = ProviderEdit {
        base_urls: [(Dialect::OpenAi, "https://gw.test/v1/".into())].into(),
        auth: Some(AuthScheme::XApiKey),
        key: Some(KeySource::Environment("GW_KEY".into())),
        ..ProviderEdit::default()
    };
    let compiled = scene.file.put_provider("gw", &edit).unwrap();
    assert_eq!(
        provider(&compiled, "gw").key,
        KeySource::Environment("GW_KEY".into())
    );
    let compiled = scene
        .file
        .put_alias("a.b", &["gw/x".into(), "practice/steady".into()])
        .unwrap();
    assert_eq!(compiled.snapshot.routes.aliases["a.b"].targets.len(), 2);
    let compiled = scene.file.remove_alias("a.b").unwrap();
    assert!(compiled.snapshot.routes.aliases.is_empty());
}

#[test]
fn an_edit_that_makes_no_sense_is_not_written() {
    let text = "[provider.groq]\n[alias]\nfast = [\"groq/x\"]\n";
    let scene = scene(text);
    scene.file.load().unwrap();
    let told = scene.file.remove_provider("groq").unwrap_err().to_string();
    assert!(told.contains("`groq` is not configured"), "{told}");
    let own = ProviderEdit {
        base_urls: [(Dialect::OpenAi, "http://localhost:9999/v1".into())].into(),
        ..ProviderEdit::default()
    };
    scene
        .file
        .set_own_addresses(vec!["127.0.0.1:9999".parse().unwrap()]);
    let told = scene.file.put_provider("loop", &own).unwrap_err();
    assert!(told.reason.contains("would call itself"), "{told}");
    assert_eq!(told.setting.as_deref(), Some("openai_base_url"));
    assert!(scene.file.put_alias("slow", &[]).is_err());
    assert!(scene.file.put_alias("slow", &["nobody/x".into()]).is_err());
    assert!(scene.file.remove_provider("xai").is_err());
    assert!(scene.file.set_enabled("xai", true).is_err());
    let bad_name = ProviderEdit::default();
    let told = scene.file.put_provider("Not A Name", &bad_name);
    assert_eq!(told.unwrap_err().setting.as_deref(), Some("Not A Name"));
    assert_eq!(std::fs::read_to_string(&scene.path).unwrap(), text);
    assert!(scene.file.load_changed().is_none());
}

#[test]
fn an_edit_over_somebody_else_s_change_is_refused_and_loses_nothing() {
    let scene = scene("[provider.groq]\n");
    scene.file.load().unwrap();
    let theirs = "[provider.groq]\n[provider.xai]\n";
    std::fs::write(&scene.path, theirs).unwrap();
    let told = scene
        .file
        .set_enabled("groq", false)
        .unwrap_err()
        .to_string();
    assert!(told.contains("changed by somebody else"), "{told}");
    assert_eq!(std::fs::read_to_string(&scene.path).unwrap(), theirs);
    // Once it was read, as the watcher sees to, the edit goes through.
    scene.file.load_changed().unwrap().unwrap();
    scene.file.set_enabled("groq", false).unwrap();
    let broken = "[provider.groq]\nkye = 1\n";
    std::fs::write(&scene.path, broken).unwrap();
    let told = scene
        .file
        .set_enabled("groq", true)
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("signalbox.toml:2:1: unknown key `kye`; did you mean `key`?"),
        "{told}"
    );
    assert_eq!(std::fs::read_to_string(&scene.path).unwrap(), broken);
}

#[test]
fn what_costs_something_in_a_translation_is_off_until_it_is_asked_for() {
    let off = load("").snapshot.translation;
    assert_eq!(off, engine::Translation::default());
    assert!(!off.fetch.on && off.fan_out == 0);
    assert_eq!(off.prompt_cache, PromptCacheHints::Translated);
    let text = "[translation]\nfan_out = 3\nfetch_images = true\nprompt_cache = \"auto\"\n\
                fetch_allow = [\"Images.lan:8080\", \"127.0.0.1:80\", \"[::1]:9\"]\n";
    let on = load(text).snapshot.translation;
    assert_eq!((on.fan_out, on.fetch.on), (3, true));
    assert_eq!(on.prompt_cache, PromptCacheHints::Auto);
    assert_eq!(
        on.fetch.allow,
        ["images.lan:8080", "127.0.0.1:80", "[::1]:9"]
    );
    for (wrong, told) in [
        ("fan_out = 9", "0 to 8"),
        (
            "fetch_allow = [\"http://images.lan\"]",
            "a host and its port",
        ),
        ("fetch_allow = [\"images.lan\"]", "a host and its port"),
        ("fetch_allow = [\"a@images.lan:80\"]", "a host and its port"),
        ("fetch_allow = [\"images.lan/x:80\"]", "a host and its port"),
    ] {
        let refused = refusal(&format!("[translation]\n{wrong}\n"));
        assert!(refused.contains(told), "{wrong}: {refused}");
    }
}

#[test]
fn a_provider_may_have_several_keys() {
    let keys = |text: &str| format!("[provider.openai]\n{text}\n");
    let loaded = load(&keys(
        "keys = [\"keychain\", \"keychain:team\", \"env:SPARE\"]",
    ));
    let provider = loaded.snapshot.routes.provider("openai").expect("it");
    let names: Vec<&str> = provider.keys().map(KeySource::name).collect();
    assert_eq!(names, ["openai", "team", "SPARE"]);
    for (wrong, told) in [
        ("keys = []", "one key at least"),
        (
            "keys = [\"keychain\", \"keychain:openai\"]",
            "a name of its own",
        ),
        ("keys = [\"keychain\", \"none\"]", "a name of its own"),
        (
            "key = \"keychain\"\nkeys = [\"env:SPARE\"]",
            "either `key` or `keys`",
        ),
        (
            "keys = [\"sk-123456\"]",
            "a key itself never stands in this file",
        ),
    ] {
        let refused = refusal(&keys(wrong));
        assert!(refused.contains(told), "{wrong}: {refused}");
        assert!(!refused.contains("sk-123456"), "{refused}");
    }
}

#[test]
fn an_alias_may_say_by_which_rule_a_target_is_chosen() {
    let alias = |text: &str| {
        let text = format!("[alias]\nfast = {text}\n");
        load(&text).snapshot.routes.aliases["fast"].clone()
    };
    let listed = alias("[\"practice/steady\", \"practice/instant\"]");
    assert_eq!(listed.policy, Policy::default());
    let table = alias("{ targets = [\"practice/steady\", \"practice/instant\"] }");
    assert_eq!(table.policy.strategy, Some(Strategy::Adaptive));
    assert_eq!(table.targets, listed.targets);
    let weighed = alias(
        "{ targets = [\"practice/steady\", \"practice/instant\"], strategy = \"weighted\", weights = [3, 1] }",
    );
    assert_eq!(weighed.policy.strategy, Some(Strategy::Weighted));
    let weights: Vec<f64> = weighed.targets.iter().map(|target| target.weight).collect();
    assert_eq!(weights, [3.0, 1.0]);
    let careful = alias(
        "{ targets = [\"practice/steady\"], hedge = 0.05, broken_stream = \"continue\", local_only = true, \
         prompt_cache = \"off\" }",
    );
    let hedge = HedgePolicy {
        allowed: true,
        share: 0.05,
    };
    assert_eq!(
        careful.policy,
        Policy {
            strategy: Some(Strategy::Adaptive),
            hedge,
            broken_stream: BrokenStream::Continue,
            local_only: true,
            prompt_cache: Some(PromptCacheHints::Off),
            ..Policy::default()
        }
    );
    assert_eq!(table.policy.prompt_cache, None);
}

#[test]
fn what_is_kept_has_a_usual_rule_and_an_alias_says_only_what_differs() {
    let usual = load("");
    assert_eq!(usual.cache, CacheConfig::default());
    assert_eq!(usual.snapshot.routes.usual.keeping, Keeping::default());
    let rules = load(
        r#"
        [cache]
        memory_mib = 8
        memory_s = 30
        disk_mib = 0
        ttl_s = 120
        temperature = 1.0
        [alias]
        plain = ["practice/steady"]
        never = { targets = ["practice/steady"], cache = false }
        always = { targets = ["practice/steady"], cache = true }
        [alias.agent]
        targets = ["practice/steady"]
        cache = { tools = true, stale_s = 600, replay = "paced", shared = true }
        "#,
    );
    assert_eq!(
        rules.cache,
        CacheConfig {
            memory_bytes: 8 << 20,
            memory: Duration::from_secs(30),
            disk_bytes: 0,
            // The longest of all rules: fresh, and then stale.
            longest: Duration::from_secs(720),
        }
    );
    let usual = Keeping {
        fresh: Duration::from_secs(120),
        temperature: 1.0,
        ..Keeping::default()
    };
    let of = |alias: &str| rules.snapshot.routes.aliases[alias].policy.keeping;
    assert_eq!(rules.snapshot.routes.usual.keeping, usual);
    assert_eq!((of("plain"), of("always")), (usual, usual));
    assert_eq!(of("never"), Keeping { on: false, ..usual });
    assert_eq!(
        of("agent"),
        Keeping {
            tools: true,
            stale: Duration::from_secs(600),
            replay: Replay::Paced,
            shared: true,
            ..usual
        }
    );
}

#[test]
fn where_nothing_is_kept_an_alias_may_keep_all_the_same() {
    let text = "[cache]\non = false\n[alias]\n\
                kept = { targets = [\"practice/steady\"], cache = true }\n\
                plain = [\"practice/steady\"]\n";
    let rules = load(text);
    let on = |alias: &str| rules.snapshot.routes.aliases[alias].policy.keeping.on;
    assert!(!rules.snapshot.routes.usual.keeping.on);
    assert_eq!((on("kept"), on("plain")), (true, false));
}

#[test]
fn an_alias_may_be_pinned_where_somebody_may_serve_it() {
    let with = |targets: &str| {
        format!(
            "[provider.openai]\nkey = \"none\"\n[alias.steady]\ntargets = [{targets}]\npinned = true\n"
        )
    };
    for targets in [
        "\"openai/gpt-5\", \"openai/gpt-5-2025-08-07\"",
        "\"openai/gpt-5\", \"practice/steady\"",
    ] {
        let compiled = load(&with(targets));
        assert!(compiled.snapshot.routes.aliases["steady"].policy.pinned);
    }
    let refused = refusal(&with("\"openai/gpt-5\", \"openai/o3\""));
    assert!(
        refused.contains("no target of this alias may serve"),
        "{refused}"
    );
    assert!(
        refused.contains("a snapshot of it is `gpt-5-2025-08-07`"),
        "{refused}"
    );
    assert!(refused.contains("signalbox.toml:5:10"), "{refused}");
    let off = with("\"openai/gpt-5\"").replace("true", "false");
    assert!(!load(&off).snapshot.routes.aliases["steady"].policy.pinned);
}
