use super::*;

const FILE: &str = r#"# My settings

[alias] # names
quick = "groq/llama" # for now
fast = [
    "groq/llama", # cheap
    "openai/b",
]

# careful
[alias.slow]
targets = ["openai/b"] # one
strategy = "cheapest"

[alias.none]
targets = ["openai/b"]
tools = false

# -- tools --

[tools]
off = ["regex"] # too slow for me

# the shop
[tools.database.shop]
path = "/data/shop.db" # read only

[tools.check.lint]
command = ["make", "lint"]
folder = "/work"
"#;

fn edited_from(text: &str, edit: &ToolsEdit) -> String {
    super::super::apply(text, |doc| change(doc, edit)).unwrap()
}

fn edited(edit: &ToolsEdit) -> String {
    edited_from(FILE, edit)
}

fn database(name: &str, path: &str) -> ToolsEdit {
    ToolsEdit::Grant(Grant::Database {
        name: name.to_owned(),
        path: path.to_owned(),
        rows: None,
        limit_ms: None,
    })
}

fn recognise(alias: Option<&str>, word: &str) -> ToolsEdit {
    let rule = RuleEdit {
        recognise: Some(word.to_owned()),
        ..RuleEdit::default()
    };
    ToolsEdit::Rule(alias.map(str::to_owned), rule)
}

#[test]
fn a_grant_is_added_changed_and_taken_out_and_the_rest_stays() {
    let changed = edited(&database("shop", "/data/other.db"));
    assert_eq!(
        changed,
        FILE.replace(
            "/data/shop.db\" # read only",
            "/data/other.db\" # read only"
        )
    );
    let added = edited(&database("logs", "/data/logs.db"));
    let table = "\n[tools.database.logs]\npath = \"/data/logs.db\"\n";
    assert!(added.contains(table), "{added}");
    assert_eq!(added.replace(table, ""), FILE);
    let logs = ToolsEdit::Revoke(GrantKind::Database, "logs".to_owned());
    assert_eq!(edited_from(&added, &logs), FILE);
    let shop = ToolsEdit::Revoke(GrantKind::Database, "shop".to_owned());
    let without = "\n# the shop\n[tools.database.shop]\npath = \"/data/shop.db\" # read only\n";
    assert_eq!(edited(&shop), FILE.replace(without, ""));
}

#[test]
fn the_first_grant_of_a_file_makes_no_empty_tables() {
    for (before, front) in [
        ("", ""),
        ("# about\n", "# about\n\n"),
        ("[server]\nport = 1\n", "[server]\nport = 1\n\n"),
    ] {
        assert_eq!(
            edited_from(before, &database("shop", "/s.db")),
            format!("{front}[tools.database.shop]\npath = \"/s.db\"\n")
        );
    }
    let clock = ToolsEdit::Grant(Grant::Interpreters {
        clock: true,
        chance: false,
        folders: vec!["/data".to_owned()],
    });
    assert_eq!(
        edited_from("", &clock),
        "[tools.interpreters]\nclock = true\nfolders = [\"/data\"]\n"
    );
}

#[test]
fn a_server_is_written_with_what_it_has_and_no_more() {
    let server = Grant::Server {
        name: "docs".to_owned(),
        server: ServerEdit {
            url: Some("http://127.0.0.1:9/mcp".to_owned()),
            token_env: Some("DOCS_TOKEN".to_owned()),
            allow: vec!["search*".to_owned()],
            usd_per_call: BTreeMap::from([("*".to_owned(), 0.002)]),
            local: true,
            ..ServerEdit::default()
        },
    };
    assert_eq!(
        edited_from("", &ToolsEdit::Grant(server)),
        "[tools.mcp.docs]\nurl = \"http://127.0.0.1:9/mcp\"\ntoken_env = \"DOCS_TOKEN\"\nallow = [\"search*\"]\n\
         usd_per_call = { \"*\" = 0.002 }\nlocal = true\n"
    );
}

#[test]
fn the_rule_of_an_alias_is_set_whatever_its_form() {
    for (alias, before, after) in [
        (
            "quick",
            "quick = \"groq/llama\" # for now",
            "quick = { targets = [\"groq/llama\"], tools = { recognise = \"shadow\" } } # for now",
        ),
        (
            "fast",
            "fast = [\n    \"groq/llama\", # cheap\n    \"openai/b\",\n]",
            "fast = { targets = [\n    \"groq/llama\", # cheap\n    \"openai/b\",\n], tools = { recognise = \"shadow\" } }",
        ),
        (
            "slow",
            "strategy = \"cheapest\"\n",
            "strategy = \"cheapest\"\ntools = { recognise = \"shadow\" }\n",
        ),
        (
            "none",
            "tools = false",
            "tools = { recognise = \"shadow\", verify = \"none\", recheck = \"off\", offer = [] }",
        ),
    ] {
        let text = edited(&recognise(Some(alias), "shadow"));
        assert_eq!(text, FILE.replace(before, after));
        let on = edited_from(&text, &recognise(Some(alias), "on"));
        assert_eq!(on, text.replace("\"shadow\"", "\"on\""));
        let usual = edited_from(&on, &ToolsEdit::AsUsual(alias.to_owned()));
        assert!(!usual.contains("\"on\""), "{usual}");
    }
    let usual = edited(&recognise(None, "on"));
    assert_eq!(
        usual,
        FILE.replace(
            "# too slow for me\n",
            "# too slow for me\nrecognise = \"on\"\n"
        )
    );
}

#[test]
fn a_tool_is_switched_off_and_on_again() {
    let off = |tool: &str, off| ToolsEdit::Off(tool.to_owned(), off);
    let both = edited(&off("sql", true));
    assert_eq!(both, FILE.replace("[\"regex\"]", "[\"regex\", \"sql\"]"));
    assert_eq!(edited_from(&both, &off("sql", true)), both);
    assert_eq!(edited_from(&both, &off("sql", false)), FILE);
    let none = edited(&off("regex", false));
    assert!(!none.contains("off"), "{none}");
    assert_eq!(edited_from("", &off("sql", false)), "");
    assert_eq!(
        edited_from("", &off("sql", true)),
        "[tools]\noff = [\"sql\"]\n"
    );
}

#[test]
fn what_is_not_there_is_refused_in_a_sentence() {
    for edit in [
        ToolsEdit::Revoke(GrantKind::Server, "docs".to_owned()),
        recognise(Some("nobody"), "on"),
        ToolsEdit::AsUsual("nobody".to_owned()),
    ] {
        let refused = super::super::apply(FILE, |doc| change(doc, &edit));
        assert!(refused.unwrap_err().starts_with("the file has no "));
    }
}
