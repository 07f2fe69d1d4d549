//! A granted database is read, and nothing else is done to it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for};

use super::{Told, ask, told};

/// A shop with customers and orders.
fn shop(folder: &Path) -> PathBuf {
    let path = folder.join("shop.sqlite3");
    let make = "import sqlite3, sys\n\
        c = sqlite3.connect(sys.argv[1])\n\
        c.executescript('''\n\
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);\n\
        INSERT INTO customers (name) VALUES ('Ann'), ('Bo');\n\
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, total REAL);\n\
        INSERT INTO orders (customer, total) VALUES (1, 9.5), (1, 20), (2, 3);\n\
        ''')\n\
        c.close()\n";
    let made = std::process::Command::new("python3")
        .args(["-c", make])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    path
}

fn granting(upstream: &FakeUpstream, path: &Path) -> String {
    format!(
        "{}[tools.database.shop]\npath = {:?}\nlimit_ms = 500\nrows = 100\n",
        config_for(upstream),
        path.display().to_string()
    )
}

async fn lookup(signalbox: &Signalbox, query: &str) -> Told {
    ask(signalbox, "sql", query).await
}

#[tokio::test]
async fn a_granted_database_is_asked_by_name_and_a_slip_is_told() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = shop(folder.path());
    let signalbox = Signalbox::start(&granting(&upstream, &path)).await;
    let query =
        "SELECT name, sum(total) FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.id";
    lookup(&signalbox, query)
        .await
        .is("name\tsum(total)\nAnn\t29.5\nBo\t3.0");
    lookup(&signalbox, &format!("database: shop\n{query}"))
        .await
        .is("name\tsum(total)\nAnn\t29.5\nBo\t3.0");
    let asked = json!({"query": "SELECT id FROM customers WHERE name = ?", "params": ["Bo"]});
    lookup(&signalbox, &asked.to_string()).await.is("id\n2");
    // By a label beside a model's name, which nobody asks then.
    let body = json!({"model": "fake/ok", "messages": [{"role": "user", "content": query}]});
    let labelled = signalbox.post("/v1/chat/completions", &body);
    let labelled = told(&signalbox, labelled.header("x-signalbox-task", "look-up")).await;
    assert!(labelled.text.contains("Ann\t29.5"), "{labelled:?}");
    assert_eq!(labelled.receipt["tools"]["way"], "labelled");
    // For programs.
    let body = json!({"model": "tool/sql", "response_format": {"type": "json_object"},
                      "messages": [{"role": "user", "content": "SELECT id, name FROM customers"}]});
    let found = told(&signalbox, signalbox.post("/v1/chat/completions", &body)).await;
    let found: Value = serde_json::from_str(&found.text).unwrap();
    let rows = json!([[1, "Ann"], [2, "Bo"]]);
    assert!(
        found["rows"] == rows || found["result"]["rows"] == rows,
        "{found}"
    );

    let slip = lookup(&signalbox, "SELECT * FROM custmers").await;
    slip.is_refused("tool_bad_input", "`custmers`");
    slip.is_refused("tool_bad_input", "customers, orders");
    let other = lookup(&signalbox, "database: accounts\nSELECT 1").await;
    other.is_refused("tool_not_granted", "Granted are: shop.");
    assert_eq!(upstream.requests().len(), 0);
}

#[tokio::test]
async fn nothing_is_written_attached_or_set_and_nothing_runs_on() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = shop(folder.path());
    let before = std::fs::read(&path).unwrap();
    let signalbox = Signalbox::start(&granting(&upstream, &path)).await;
    let beside = folder.path().join("beside.sqlite3");
    let attach = format!("ATTACH '{}' AS beside", beside.display());
    let into = format!("VACUUM INTO '{}'", beside.display());
    for statement in [
        "DELETE FROM orders",
        "SELECT 1; DELETE FROM orders",
        "INSERT INTO customers (name) VALUES ('Eve')",
        "UPDATE customers SET name = 'Eve'",
        "DROP TABLE orders",
        "CREATE TABLE mine (x)",
        "WITH a AS (SELECT 1) INSERT INTO customers (name) SELECT 'Eve'",
        "PRAGMA journal_mode = WAL",
        "SELECT load_extension('/tmp/x.so')",
        attach.as_str(),
        into.as_str(),
    ] {
        let refused = lookup(&signalbox, statement).await;
        refused.is_refused("tool_not_granted", "");
    }
    let two = lookup(&signalbox, "SELECT 1; SELECT 2").await;
    two.is_refused("tool_bad_input", "one at a time");
    let bomb =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    lookup(&signalbox, bomb)
        .await
        .is_refused("tool_too_long", "0.5");
    lookup(&signalbox, "SELECT count(*) FROM orders")
        .await
        .is("count(*)\n3");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(!beside.exists());
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn a_link_in_a_databases_place_is_refused_and_so_is_a_file_that_is_gone() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = shop(folder.path());
    let signalbox = Signalbox::start(&granting(&upstream, &path)).await;
    lookup(&signalbox, "SELECT 1").await.is("1\n1");
    let elsewhere = folder.path().join("elsewhere.sqlite3");
    std::fs::rename(&path, &elsewhere).unwrap();
    lookup(&signalbox, "SELECT 1")
        .await
        .is_refused("tool_unavailable", "is not there");
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    lookup(&signalbox, "SELECT 1")
        .await
        .is_refused("tool_unavailable", "is a link");
    std::fs::remove_file(&path).unwrap();
    std::fs::write(
        &path,
        "this is no database, and long enough to be looked at\n".repeat(100),
    )
    .unwrap();
    let refused = lookup(&signalbox, "SELECT 1 FROM customers").await;
    refused.is_refused("tool_unavailable", "shop");
    std::fs::rename(&elsewhere, &path).unwrap();
    lookup(&signalbox, "SELECT 1").await.is("1\n1");
}

async fn models(signalbox: &Signalbox) -> Vec<String> {
    let url = format!("{}/v1/models", signalbox.url);
    let listed = signalbox.client.get(url).bearer_auth(&signalbox.key).send();
    let listed = listed.await.unwrap().text().await.unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let ids = listed["data"].as_array().unwrap().iter();
    ids.map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn without_a_grant_there_is_no_database_and_the_list_of_models_says_so() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = shop(folder.path());
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    let none = lookup(&signalbox, "SELECT 1").await;
    none.is_refused("tool_not_granted", "No database is granted");
    let known = models(&signalbox).await;
    assert!(known.contains(&"tool/calculator".to_owned()), "{known:?}");
    assert!(!known.contains(&"tool/sql".to_owned()), "{known:?}");
    assert!(!known.contains(&"tool/check".to_owned()), "{known:?}");

    let granted = Signalbox::start(&granting(&upstream, &path)).await;
    let known = models(&granted).await;
    assert!(known.contains(&"tool/sql".to_owned()), "{known:?}");
    assert!(!known.contains(&"tool/check".to_owned()), "{known:?}");
    let off = format!("{}[tools]\noff = [\"sql\"]\n", granting(&upstream, &path));
    let off = Signalbox::start(&off).await;
    let known = models(&off).await;
    assert!(!known.contains(&"tool/sql".to_owned()), "{known:?}");
}
