//! The workbench of the deterministic tools: tried, granted and ruled by the control API and the command line.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

const CONFIG: &str = r#"# mine
[alias] # names
fast = ["fake/ok"] # for now

[alias.slow]
targets = ["fake/ok"]
tools = false # models alone

# -- tools --
[tools]
instead_of = "fast" # whose price
"#;

async fn started(upstream: &FakeUpstream) -> Signalbox {
    Signalbox::start(&format!("{CONFIG}{}", config_for(upstream))).await
}

fn text(signalbox: &Signalbox) -> String {
    std::fs::read_to_string(signalbox.folder().join("signalbox.toml")).unwrap()
}

async fn page(signalbox: &Signalbox) -> Value {
    signalbox.control("tools.page", &json!({})).await
}

fn named<'a>(list: &'a Value, field: &str, name: &str) -> &'a Value {
    let found = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one[field] == name);
    found.unwrap_or(&Value::Null)
}

async fn run(signalbox: &Signalbox, input: Value) -> Value {
    signalbox.control("tools.run", &input).await
}

#[tokio::test]
async fn a_tool_is_tried_by_its_plain_form_and_by_arguments() {
    let upstream = FakeUpstream::start().await;
    let signalbox = started(&upstream).await;
    let by_text = run(
        &signalbox,
        json!({"tool": "calculator", "text": "23% of 450"}),
    )
    .await;
    assert_eq!(by_text["done"]["text"], "103.5", "{by_text}");
    assert_eq!(by_text["trouble"], Value::Null);
    assert!(by_text["took_us"].is_u64());
    let again = json!({"tool": "calculator", "arguments": by_text["arguments"]});
    assert_eq!(run(&signalbox, again).await["done"], by_text["done"]);
    // What it can't do is told as data: it is no fault of the call.
    let wrong = run(&signalbox, json!({"tool": "calculator", "text": "1 / 0"})).await;
    assert_eq!(wrong["trouble"]["kind"], "no_answer", "{wrong}");
    assert_eq!(wrong["done"], Value::Null);
    for (input, field) in [
        (json!({"tool": "abacus", "text": "1"}), "tool"),
        (json!({"tool": "calculator"}), "text"),
        (
            json!({"tool": "calculator", "text": "1", "arguments": {}}),
            "text",
        ),
    ] {
        let (status, told) = signalbox.control_raw("tools.run", &input).await;
        assert_eq!((status, &told["field"]), (400, &json!(field)), "{told}");
    }
    assert_eq!(upstream.requests().len(), 0, "no model was asked");
}

#[tokio::test]
async fn what_stands_in_the_box_as_an_example_is_done() {
    let signalbox = Signalbox::practice().await;
    let tools = page(&signalbox).await["tools"].clone();
    let able: Vec<&Value> = tools
        .as_array()
        .unwrap()
        .iter()
        .filter(|tool| tool["why_not"].is_null())
        .collect();
    assert!(able.len() > 10, "{tools}");
    for tool in able {
        let told = run(
            &signalbox,
            json!({"tool": tool["name"], "text": tool["example"]}),
        )
        .await;
        assert_eq!(told["trouble"], Value::Null, "{}: {told}", tool["name"]);
        assert!(!tool["arguments"]["properties"].is_null(), "{tool}");
    }
}

#[tokio::test]
async fn a_message_is_recognised_or_it_is_told_why_not() {
    let signalbox = Signalbox::practice().await;
    let recognise = async |text: &str| {
        signalbox
            .control("tools.recognise", &json!({"text": text}))
            .await
    };
    let found = recognise("What is 17 * 23?").await;
    assert_eq!(found["tool"], "calculator", "{found}");
    assert!(found["arguments"]["expression"].is_string(), "{found}");
    let none = recognise("Write a poem about 17 * 23").await;
    assert_eq!(none["tool"], Value::Null, "{none}");
    assert!(!none["why"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn grants_are_added_changed_and_taken_back_and_the_file_keeps_its_comments() {
    let upstream = FakeUpstream::start().await;
    let signalbox = started(&upstream).await;
    let before = text(&signalbox);
    let path = signalbox.folder().join("shop.db");
    let shop = json!({"kind": "database", "name": "shop", "path": path, "rows": 50});
    signalbox.control("tools.grant", &shop).await;
    let table = format!(
        "\n[tools.database.shop]\npath = {}\nrows = 50\n",
        json!(path)
    );
    let after = text(&signalbox);
    assert!(after.contains(&table), "{after}");
    assert_eq!(after.replace(&table, ""), before);
    let shown = page(&signalbox).await;
    let database = named(&shown["grants"]["databases"], "name", "shop");
    assert_eq!(
        (
            &database["rows"],
            &database["limit_ms"],
            &database["is_there"]
        ),
        (&json!(50), &json!(2_000), &json!(false))
    );
    assert_eq!(
        named(&shown["tools"], "name", "sql")["why_not"],
        Value::Null
    );
    std::fs::write(&path, "").unwrap();
    let shown = page(&signalbox).await;
    assert_eq!(
        named(&shown["grants"]["databases"], "name", "shop")["is_there"],
        true
    );
    let server = json!({"kind": "server", "name": "docs", "url": "http://127.0.0.1:9/mcp", "token_env": "SIGNALBOX_NO_SUCH_TOKEN",
        "allow": ["search*"], "usd_per_call": {"*": 0.002}, "local": true});
    signalbox.control("tools.grant", &server).await;
    let check =
        json!({"kind": "check", "name": "lint", "command": ["true"], "folder": signalbox.folder()});
    signalbox.control("tools.grant", &check).await;
    let clock = json!({"kind": "interpreters", "clock": true, "chance": false, "folders": []});
    signalbox.control("tools.grant", &clock).await;
    let grants = page(&signalbox).await["grants"].clone();
    let docs = named(&grants["servers"], "name", "docs");
    assert_eq!(
        (&docs["has_token"], &docs["usd_per_call"]["*"]),
        (&json!(false), &json!(0.002))
    );
    assert_eq!(named(&grants["checks"], "name", "lint")["is_there"], true);
    assert_eq!(grants["interpreters"]["clock"], true);
    for (kind, name) in [("database", "shop"), ("server", "docs"), ("check", "lint")] {
        let taken = json!({"kind": kind, "name": name});
        signalbox.control("tools.revoke", &taken).await;
        let (status, told) = signalbox.control_raw("tools.revoke", &taken).await;
        assert_eq!(status, 409, "{told}");
    }
    let clock = "\n[tools.interpreters]\nclock = true\n";
    assert_eq!(text(&signalbox).replace(clock, ""), before);
}

#[tokio::test]
async fn what_the_config_would_refuse_is_refused_with_its_field_and_changes_nothing() {
    let upstream = FakeUpstream::start().await;
    let signalbox = started(&upstream).await;
    let before = text(&signalbox);
    for (operation, input, field, why) in [
        (
            "tools.grant",
            json!({"kind": "database", "name": "shop", "path": "shop.db"}),
            "path",
            "whole path",
        ),
        (
            "tools.grant",
            json!({"kind": "database", "name": "My shop", "path": "/s.db"}),
            "name",
            "small letters",
        ),
        (
            "tools.grant",
            json!({"kind": "database", "name": "shop", "path": "/s.db", "rows": 0}),
            "rows",
            "out of bounds",
        ),
        (
            "tools.grant",
            json!({"kind": "check", "name": "lint", "command": [], "folder": "/"}),
            "command",
            "as a list",
        ),
        (
            "tools.grant",
            json!({"kind": "server", "name": "docs", "allow": []}),
            "name",
            "one of the two",
        ),
        (
            "tools.grant",
            json!({"kind": "server", "name": "docs", "url": "ftp://x", "allow": []}),
            "url",
            "http://",
        ),
        (
            "tools.rule",
            json!({"alias": "fast", "recognise": "maybe"}),
            "recognise",
            "unknown value",
        ),
        (
            "tools.rule",
            json!({"alias": "fast", "offer": ["abacus"]}),
            "offer",
            "no tool of this name",
        ),
        (
            "tools.rule",
            json!({"verify": "nobody"}),
            "verify",
            "name of an alias",
        ),
    ] {
        let (status, told) = signalbox.control_raw(operation, &input).await;
        assert_eq!(status, 409, "{input}: {told}");
        assert_eq!(told["field"], field, "{input}: {told}");
        assert!(told["message"].as_str().unwrap().contains(why), "{told}");
        assert_eq!(text(&signalbox), before);
    }
    let (status, told) = signalbox
        .control_raw("tools.rule", &json!({"alias": "nobody", "recognise": "on"}))
        .await;
    assert_eq!(status, 409);
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .contains("no alias `nobody`"),
        "{told}"
    );
}

#[tokio::test]
async fn the_rule_of_a_route_is_changed_in_its_place() {
    let upstream = FakeUpstream::start().await;
    let signalbox = started(&upstream).await;
    let before = text(&signalbox);
    let rule = async |input: Value| drop(signalbox.control("tools.rule", &input).await);
    rule(json!({"alias": "fast", "recognise": "shadow"})).await;
    assert_eq!(
        text(&signalbox),
        before.replace(
            "[\"fake/ok\"] # for now",
            "{ targets = [\"fake/ok\"], tools = { recognise = \"shadow\" } } # for now"
        )
    );
    rule(json!({"alias": "slow", "recheck": "flag"})).await;
    let routes = page(&signalbox).await["routes"].clone();
    let (fast, slow) = (
        named(&routes, "route", "fast"),
        named(&routes, "route", "slow"),
    );
    assert_eq!(
        (&fast["rule"]["recognise"], &fast["is_own"]),
        (&json!("shadow"), &json!(true))
    );
    assert_eq!(
        (&slow["rule"]["recheck"], &slow["rule"]["recognise"]),
        (&json!("flag"), &json!("off"))
    );
    assert!(text(&signalbox).contains("# models alone"));
    rule(json!({"alias": "fast", "as_usual": true})).await;
    rule(json!({"recognise": "on"})).await;
    let shown = page(&signalbox).await;
    assert_eq!(shown["usual"]["recognise"], "on");
    let fast = named(&shown["routes"], "route", "fast");
    assert_eq!(
        (&fast["rule"]["recognise"], &fast["is_own"]),
        (&json!("on"), &json!(false))
    );
    assert_eq!(signalbox.chat("fast").await.status(), 200);
}

#[tokio::test]
async fn a_tool_that_is_off_is_off_here_too() {
    let signalbox = Signalbox::practice().await;
    let switch = async |off: bool| {
        signalbox
            .control("tools.off", &json!({"tool": "calculator", "off": off}))
            .await
    };
    switch(true).await;
    assert_eq!(
        named(&page(&signalbox).await["tools"], "name", "calculator")["off"],
        true
    );
    let told = run(&signalbox, json!({"tool": "calculator", "text": "2+2"})).await;
    assert_eq!(told["trouble"]["kind"], "not_granted", "{told}");
    switch(false).await;
    let told = run(&signalbox, json!({"tool": "calculator", "text": "2+2"})).await;
    assert_eq!(told["done"]["text"], "4", "{told}");
}

#[tokio::test]
async fn an_answer_of_a_tool_stands_on_its_receipt_and_in_the_sums() {
    let upstream = FakeUpstream::start().await;
    let signalbox = started(&upstream).await;
    let reply = signalbox.post(
        "/v1/chat/completions",
        &json!({"model": "tool/calculator", "messages": [{"role": "user", "content": "2+2"}]}),
    );
    let reply = reply.send().await.unwrap();
    let receipt = signalbox.receipt(&reply).await;
    assert_eq!(
        (&receipt["row"]["provider"], &receipt["row"]["tools"]),
        (&json!("tool"), &json!("named"))
    );
    let note = &receipt["tools"];
    assert_eq!(
        (&note["tool"], &note["calls"][0]["tool"]),
        (&json!("calculator"), &json!("calculator"))
    );
    assert!(
        !receipt.to_string().contains("2+2"),
        "no word of the request"
    );
    let overview = signalbox.control("overview", &json!({})).await;
    assert_eq!(overview["today"]["by_tools"], 1);
    let shown = page(&signalbox).await;
    assert_eq!(
        (&shown["today"]["answers"], &shown["month"]["answers"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        named(&shown["routes"], "route", "tool/calculator")["tally"]["answered"],
        1
    );
}

#[tokio::test]
async fn the_command_line_lists_the_tools_and_uses_one() {
    let signalbox = Signalbox::practice().await;
    let said = signalbox.run(&["tools"], "").await;
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(
        said.contains("calculator") && said.contains("sql") && said.contains("not now"),
        "{said}"
    );
    assert!(said.contains("(usual)"), "{said}");
    for (args, stdin) in [
        (["tools", "run", "calculator", "23% of 450"], ""),
        (["tools", "run", "calculator", "-"], "23% of 450\n"),
    ] {
        let said = signalbox.run(&args, stdin).await;
        assert_eq!(String::from_utf8(said.stdout).unwrap(), "103.5\n");
        assert!(said.status.success());
    }
    let said = signalbox
        .run(&["tools", "run", "calculator", "1 / 0"], "")
        .await;
    assert!(!said.status.success() && said.stdout.is_empty());
    assert!(
        String::from_utf8(said.stderr)
            .unwrap()
            .starts_with("signalbox: ")
    );
}
