//! Reading, and everything that is none.
#![allow(clippy::unwrap_used, reason = "what helps the tests is one too")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use offload::{Ask, Database, Done, Grants, Tool, Trouble, TroubleKind, Workshop};
use rusqlite::Connection;
use serde_json::{Value, json};

/// The tools, of which one is asked.
struct Lookups(Workshop);

impl Lookups {
    fn new() -> Lookups {
        Lookups(Workshop::new(Some(PathBuf::from(env!(
            "CARGO_BIN_EXE_signalbox-sandbox"
        )))))
    }

    async fn run(&self, grants: &Grants, arguments: &Value) -> Result<Done, Trouble> {
        let ask = Ask {
            tool: Tool::Sql,
            arguments: arguments.clone(),
            client: "me".to_owned(),
        };
        self.0.run(grants, ask).await
    }
}

fn shop(folder: &Path) -> Grants {
    let path = folder.join("shop.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, note BLOB);
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, cents INTEGER);
         CREATE VIEW totals AS SELECT customer, sum(cents) AS cents FROM orders GROUP BY customer;
         CREATE VIRTUAL TABLE notes USING fts5(body);
         INSERT INTO notes VALUES ('a red bicycle'), ('a blue car');
         INSERT INTO customers VALUES (1, 'Ada', x'00ff'), (2, 'Tab\there', NULL);
         INSERT INTO orders VALUES (1, 1, 250), (2, 1, 9007199254740993), (3, 2, -1);",
    )
    .unwrap();
    granted("shop", &path)
}

fn granted(name: &str, path: &Path) -> Grants {
    let database = Database {
        path: path.to_owned(),
        rows: 1_000,
        limit: Duration::from_secs(2),
    };
    Grants {
        databases: [(name.to_owned(), database)].into(),
        ..Grants::default()
    }
}

async fn ask(grants: &Grants, query: &str) -> Result<Done, Trouble> {
    Lookups::new().run(grants, &json!({ "query": query })).await
}

async fn rows(grants: &Grants, query: &str) -> Value {
    ask(grants, query).await.unwrap().result["rows"].clone()
}

#[tokio::test]
async fn what_is_read_is_told_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let done = ask(&grants, "SELECT id, name, note FROM customers ORDER BY id")
        .await
        .unwrap();
    assert_eq!(
        done.result,
        json!({
            "columns": ["id", "name", "note"],
            "rows": [[1, "Ada", { "base64": "AP8=" }], [2, "Tab\there", null]],
            "truncated": false,
        })
    );
    assert_eq!(
        done.text,
        "id\tname\tnote\n1\tAda\tbase64:AP8=\n2\tTab\\there\tNULL"
    );
    assert_eq!(
        rows(&grants, "SELECT cents FROM orders WHERE id = 2").await,
        json!([["9007199254740993"]])
    );
    assert_eq!(
        rows(&grants, "SELECT 0.1, 1e999, 'é'").await,
        json!([[0.1, "Infinity", "é"]])
    );
    assert_eq!(
        rows(&grants, "SELECT cents FROM totals WHERE customer = 2").await,
        json!([[-1]])
    );
    assert_eq!(
        rows(&grants, "SELECT body FROM notes WHERE notes MATCH 'red'").await,
        json!([["a red bicycle"]])
    );
    assert_eq!(
        rows(&grants, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT sum(i) FROM n").await,
        json!([[10]])
    );
    assert_eq!(
        rows(&grants, "SELECT value FROM json_each('[1,2]')").await,
        json!([[1], [2]])
    );
    assert_eq!(
        ask(&grants, "SELECT 1 WHERE 0").await.unwrap().text,
        "1\n(no rows)"
    );
    assert!(
        ask(&grants, "PRAGMA table_list")
            .await
            .unwrap()
            .text
            .contains("customers")
    );
    assert_eq!(
        rows(&grants, "SELECT name FROM pragma_table_info('orders')").await,
        json!([["id"], ["customer"], ["cents"]])
    );
    assert!(
        ask(&grants, "EXPLAIN QUERY PLAN SELECT * FROM orders")
            .await
            .is_ok()
    );
    assert!(ask(&grants, "SELECT 1; -- and nothing else").await.is_ok());
}

#[tokio::test]
async fn params_are_values_and_never_sql() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let lookups = Lookups::new();
    let query = "SELECT ?1, typeof(?1)";
    for (param, told) in [
        (
            json!("x'; DROP TABLE orders; --"),
            json!(["x'; DROP TABLE orders; --", "text"]),
        ),
        (json!(5), json!([5, "integer"])),
        (json!(i64::MAX), json!(["9223372036854775807", "integer"])),
        (json!(1.5), json!([1.5, "real"])),
        (json!(true), json!([1, "integer"])),
        (json!(null), json!([null, "null"])),
        (
            json!({ "base64": "AP8=" }),
            json!([{ "base64": "AP8=" }, "blob"]),
        ),
    ] {
        let done = lookups
            .run(&grants, &json!({ "query": query, "params": [param] }))
            .await
            .unwrap();
        assert_eq!(done.result["rows"], json!([told]));
    }
    for (params, says) in [
        (json!([]), "has 1 places"),
        (json!([1, 2]), "2 are given"),
        (json!([[1]]), "list"),
        (json!([{ "a": 1 }]), "base64"),
        (json!([u64::MAX]), "too large"),
        (json!([{ "base64": "?" }]), "is none"),
    ] {
        let trouble = lookups
            .run(&grants, &json!({ "query": query, "params": params }))
            .await
            .unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::BadInput);
        assert!(trouble.message.contains(says), "{trouble}");
    }
}

#[tokio::test]
async fn nothing_can_be_changed_and_no_other_file_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let other = folder.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE secret (x); INSERT INTO secret VALUES (1)")
        .unwrap();
    let before = std::fs::read(folder.path().join("shop.db")).unwrap();
    let other = other.display();
    for query in [
        "INSERT INTO orders VALUES (9, 1, 1)",
        "INSERT INTO orders VALUES (9, 1, 1) RETURNING id",
        "UPDATE orders SET cents = 0",
        "UPDATE orders SET cents = 0 RETURNING id",
        "DELETE FROM orders",
        "DELETE FROM orders RETURNING id",
        "REPLACE INTO orders VALUES (1, 1, 1)",
        "WITH x AS (SELECT 1) DELETE FROM orders",
        "DROP TABLE orders",
        "CREATE TABLE x (a)",
        "CREATE TEMP TABLE x (a)",
        "CREATE TEMP VIEW x AS SELECT 1",
        "CREATE VIRTUAL TABLE x USING fts5(a)",
        "INSERT INTO notes(notes) VALUES ('optimize')",
        "ALTER TABLE orders RENAME TO x",
        "CREATE INDEX x ON orders (cents)",
        "REINDEX",
        "ANALYZE",
        "VACUUM",
        &format!("VACUUM INTO '{other}.copy'"),
        &format!("ATTACH '{other}' AS o"),
        "ATTACH ':memory:' AS m",
        "DETACH main",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "SAVEPOINT x",
        "PRAGMA query_only = off",
        "PRAGMA writable_schema = on",
        "PRAGMA journal_mode = delete",
        "PRAGMA journal_mode",
        "PRAGMA user_version = 5",
        "PRAGMA database_list",
        "PRAGMA hard_heap_limit = 1",
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA integrity_check",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM pragma_journal_mode",
        "SELECT load_extension('x')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT fts3_tokenizer('simple', x'0000000000000000')",
        "EXPLAIN DELETE FROM orders",
    ] {
        let trouble = ask(&grants, query).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NotGranted, "{query}: {trouble}");
    }
    for query in [
        "SELECT 1; DELETE FROM orders",
        "SELECT 1; SELECT 2",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('/tmp/x', 'x')",
        "SELECT * FROM fsdir('/')",
        "SELECT edit('x')",
        "SELECT * FROM sqlite_dbpage",
        "SELECT \"no such text\"",
        "",
        "-- nothing",
        "SELECT 1\0; DELETE FROM orders",
        "this is no SQL",
    ] {
        let trouble = ask(&grants, query).await.unwrap_err();
        assert!(
            matches!(
                trouble.kind,
                TroubleKind::BadInput | TroubleKind::NotGranted
            ),
            "{query}: {trouble:?}"
        );
    }
    assert_eq!(
        std::fs::read(folder.path().join("shop.db")).unwrap(),
        before
    );
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[tokio::test]
async fn what_has_no_end_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut grants = shop(folder.path());
    grants.interpreters.chance = true;
    let ten = "WITH t(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10))";
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    for query in [
        &format!("{endless} SELECT count(*) FROM n"),
        &format!("{endless} SELECT i FROM n WHERE i < 0"),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT max(i) FROM n",
        &format!(
            "{ten} SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l"
        ),
        &format!("{endless} SELECT i, zeroblob(1000000) AS z FROM n ORDER BY z, i DESC"),
        &format!("{endless} SELECT group_concat(hex(zeroblob(1000))) FROM n"),
        &format!("{endless} SELECT json_group_array(i) FROM n"),
        "SELECT randomblob(1000000000)",
        "SELECT zeroblob(1000000000)",
        "SELECT hex(zeroblob(100000000))",
        "SELECT printf('%.*c', 1000000000, 'x')",
        "SELECT printf('%1000000000d', 1)",
        "SELECT replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000000)))",
    ] {
        let trouble = ask(&grants, query).await.unwrap_err();
        assert!(
            matches!(trouble.kind, TroubleKind::TooLong | TroubleKind::TooMuch),
            "{query}: {trouble:?}"
        );
    }
    for deep in [
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT 1{}", " + 1".repeat(5_000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(5_000)),
        format!("SELECT 'a' LIKE '{}'", "%a".repeat(5_000)),
        format!("SELECT '{}'", "x".repeat(100_000)),
    ] {
        let trouble = ask(&grants, &deep).await.unwrap_err();
        assert!(
            matches!(trouble.kind, TroubleKind::BadInput | TroubleKind::TooMuch),
            "{trouble:?}"
        );
    }
    assert_eq!(rows(&grants, "SELECT 42").await, json!([[42]]));
}

#[tokio::test]
async fn more_rows_or_bytes_than_there_is_room_for_are_left_out_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut grants = shop(folder.path());
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let done = ask(&grants, many).await.unwrap();
    assert_eq!(done.result["rows"].as_array().unwrap().len(), 1_000);
    assert_eq!(done.result["truncated"], json!(true));
    assert!(
        done.text
            .ends_with("1000\n(there are more: these are the first 1000)"),
        "{}",
        &done.text[done.text.len() - 80..]
    );
    let wide = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT hex(zeroblob(100000)) FROM n";
    let done = ask(&grants, wide).await.unwrap();
    assert_eq!(done.result["truncated"], json!(true));
    assert!(done.text.len() < 1_100_000);
    grants.databases.get_mut("shop").unwrap().rows = 3;
    assert_eq!(
        rows(&grants, "SELECT id FROM orders")
            .await
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let exactly = ask(&grants, "SELECT id FROM orders").await.unwrap();
    assert_eq!(
        exactly.result["truncated"],
        json!(false),
        "three of three are all"
    );
}

#[tokio::test]
async fn a_table_that_is_not_there_is_told_with_those_that_are_near() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let trouble = ask(&grants, "SELECT * FROM customer").await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::BadInput);
    assert!(
        trouble
            .message
            .starts_with("There is no table `customer`. There are: customers, "),
        "{trouble}"
    );
    let trouble = ask(&grants, "SELECT nam FROM customers").await.unwrap_err();
    assert!(trouble.message.contains("no such column: nam"), "{trouble}");
}

#[tokio::test]
async fn only_what_was_granted_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let lookups = Lookups::new();
    let named = async |grants: &Grants, name: &str| {
        lookups
            .run(grants, &json!({ "database": name, "query": "SELECT 1" }))
            .await
    };
    assert!(named(&grants, "shop").await.is_ok());
    for name in ["logs", "../shop", "/etc/passwd", ""] {
        let trouble = named(&grants, name).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NotGranted);
        assert!(trouble.message.contains("Granted are: shop."), "{trouble}");
    }
    assert_eq!(
        named(&Grants::default(), "shop").await.unwrap_err().kind,
        TroubleKind::NotGranted
    );
    let mut two = grants.clone();
    two.databases
        .insert("logs".to_owned(), grants.databases["shop"].clone());
    let which = ask(&two, "SELECT 1").await.unwrap_err();
    assert!(
        which.message.contains("Granted are: logs, shop."),
        "{which}"
    );
    for (path, says) in [
        (folder.path().join("nowhere.db"), "is not there"),
        (folder.path().to_owned(), "is no file"),
    ] {
        let trouble = ask(&granted("x", &path), "SELECT 1").await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unavailable);
        assert!(trouble.message.contains(says), "{trouble}");
        assert!(!folder.path().join("nowhere.db").exists());
    }
    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "this is no database, however long it is looked at, and it will never be one",
    )
    .unwrap();
    let trouble = ask(&granted("x", &text), "SELECT * FROM sqlite_schema")
        .await
        .unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unavailable, "{trouble}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_place_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let (file, elsewhere) = (
        folder.path().join("shop.db"),
        folder.path().join("elsewhere.db"),
    );
    std::fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    let trouble = ask(&grants, "SELECT 1").await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(trouble.message.contains("is a link"), "{trouble}");
}

#[tokio::test]
async fn a_file_whose_name_looks_like_a_uri_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let odd = folder.path().join("a?mode=rwc#%41.db");
    std::fs::rename(folder.path().join("shop.db"), &odd).unwrap();
    assert_eq!(
        rows(&granted("odd", &odd), "SELECT count(*) FROM orders").await,
        json!([[3]])
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_writer_has_just_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let writer = Connection::open(folder.path().join("shop.db")).unwrap();
    writer.pragma_update(None, "journal_mode", "wal").unwrap();
    writer
        .execute_batch("INSERT INTO orders VALUES (4, 2, 7)")
        .unwrap();
    assert!(folder.path().join("shop.db-wal").exists());
    assert_eq!(
        rows(&grants, "SELECT cents FROM orders WHERE id = 4").await,
        json!([[7]])
    );
    writer
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO orders VALUES (5, 2, 8)")
        .unwrap();
    assert_eq!(
        rows(&grants, "SELECT count(*) FROM orders").await,
        json!([[4]]),
        "what is not committed is not there"
    );
    writer.execute_batch("COMMIT").unwrap();
    drop(writer);
    assert_eq!(
        rows(&grants, "SELECT count(*) FROM orders").await,
        json!([[5]]),
        "nor does it need the writer"
    );
}

#[tokio::test]
async fn a_lookup_that_is_given_up_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut grants = shop(folder.path());
    grants.databases.get_mut("shop").unwrap().limit = Duration::from_secs(600);
    let lookups = Lookups::new();
    let endless = json!({ "query": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n" });
    for _ in 0..8 {
        let given_up = lookups.run(&grants, &endless);
        assert!(
            tokio::time::timeout(Duration::from_millis(50), given_up)
                .await
                .is_err()
        );
    }
    // All places would be taken for ten minutes.
    lookups
        .run(&grants, &json!({ "query": "SELECT 1" }))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_row_with_a_value_that_is_too_large_can_be_read_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let db = Connection::open(folder.path().join("shop.db")).unwrap();
    db.execute_batch("UPDATE customers SET note = zeroblob(5000000) WHERE id = 1")
        .unwrap();
    drop(db);
    assert_eq!(
        rows(&grants, "SELECT name FROM customers WHERE id = 1").await,
        json!([["Ada"]])
    );
    let trouble = ask(&grants, "SELECT note FROM customers WHERE id = 1")
        .await
        .unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TooMuch, "{trouble}");
}

/// What a statement of ten columns that are each as large as may be holds at once.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_large_columns_take_no_memory_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let wide = vec!["hex(zeroblob(900000))"; 100].join(", ");
    let trouble = ask(&grants, &format!("SELECT {wide}")).await;
    // Either it did not fit into what a statement may hold, or no row of it fits into an answer.
    match trouble {
        Ok(done) => assert_eq!(done.result["truncated"], json!(true)),
        Err(trouble) => assert_eq!(trouble.kind, TroubleKind::TooMuch, "{trouble}"),
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    let peak: u64 = peak
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert!(peak < 400_000, "{peak} KiB");
}

#[tokio::test]
async fn what_can_t_be_interrupted_gives_its_place_back_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut grants = shop(folder.path());
    grants.databases.get_mut("shop").unwrap().limit = Duration::from_millis(300);
    let lookups = Lookups::new();
    for query in [
        "SELECT instr(hex(zeroblob(900000)), hex(zeroblob(60000)) || '1')",
        "SELECT trim(hex(zeroblob(900000)), hex(randomblob(400000)) || hex(zeroblob(1)))",
        "SELECT length(trim(hex(zeroblob(900000)) || 'x', 'x' || hex(zeroblob(40000))))",
        "SELECT replace(hex(zeroblob(900000)), hex(zeroblob(60000)) || '1', '')",
        "SELECT hex(zeroblob(900000)) LIKE '%0%0%0%0%0%0%0%0%0%0%1'",
        "SELECT hex(zeroblob(900000)) GLOB '*0*0*0*0*0*0*0*0*0*0*0*1'",
        "SELECT sum(instr(hex(zeroblob(900000)), hex(zeroblob(60000)) || '1')) FROM orders a, orders b, orders c",
    ] {
        // As many as there are places, and then one more, which waits for none of them.
        let arguments = json!({ "query": query });
        let all = (0..4).map(|_| lookups.run(&grants, &arguments));
        let begun = Instant::now();
        for ended in futures_util::future::join_all(all).await {
            let is_ended = match &ended {
                Ok(_) => true,
                Err(trouble) => matches!(
                    trouble.kind,
                    TroubleKind::TooLong | TroubleKind::TooMuch | TroubleKind::NotGranted
                ),
            };
            assert!(is_ended, "{query}: {ended:?}");
        }
        lookups
            .run(&grants, &json!({ "query": "SELECT 1" }))
            .await
            .unwrap();
        assert!(begun.elapsed() < Duration::from_secs(20), "{query}");
    }
}

#[tokio::test]
async fn the_clock_and_chance_are_told_where_they_are_granted_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut grants = shop(folder.path());
    let db = Connection::open(folder.path().join("shop.db")).unwrap();
    db.execute_batch(
        "CREATE TABLE days (d TEXT, y TEXT AS (strftime('%Y', d)));
         CREATE INDEX months ON days (strftime('%m', d));
         CREATE VIEW present AS SELECT datetime('now') AS t;
         INSERT INTO days VALUES ('2024-05-01')",
    )
    .unwrap();
    drop(db);
    let clock = [
        "SELECT datetime('now')",
        "SELECT date()",
        "SELECT time('NOW')",
        "SELECT 1 WHERE datetime('n' || 'ow') > '2000'",
        "SELECT unixepoch('subsec')",
        "SELECT julianday(x'6e6f77')",
        "SELECT strftime('%s')",
        "SELECT strftime('%s', 'now', '+1 day')",
        "SELECT timediff('now', '2024-01-01')",
        "SELECT timediff('2024-01-01', 'now')",
        "SELECT current_timestamp",
        "SELECT current_date",
        "SELECT CURRENT_TIME",
        "SELECT t FROM present",
    ];
    let chance = [
        "SELECT random()",
        "SELECT hex(randomblob(4))",
        "SELECT id FROM orders ORDER BY random()",
    ];
    for query in clock.iter().chain(&chance) {
        let trouble = ask(&grants, query).await.expect_err(query);
        assert_eq!(trouble.kind, TroubleKind::NotGranted, "{query}: {trouble}");
        assert!(trouble.message.contains("granted"), "{trouble}");
    }
    for (query, told) in [
        (
            "SELECT datetime('2024-01-31', '+1 day')",
            json!("2024-02-01 00:00:00"),
        ),
        ("SELECT strftime('%Y', 0, 'unixepoch')", json!("1970")),
        ("SELECT unixepoch('2024-01-01')", json!(1_704_067_200)),
        ("SELECT date(NULL)", json!(null)),
        ("SELECT date('nonsense')", json!(null)),
        (
            "SELECT timediff('2024-02-01', '2024-01-01')",
            json!("+0000-01-00 00:00:00.000"),
        ),
        ("SELECT y FROM days", json!("2024")),
        (
            "SELECT d FROM days WHERE strftime('%m', d) = '05'",
            json!("2024-05-01"),
        ),
    ] {
        assert_eq!(rows(&grants, query).await, json!([[told]]), "{query}");
    }
    grants.interpreters.clock = true;
    for query in clock {
        ask(&grants, query).await.expect(query);
    }
    assert!(ask(&grants, chance[0]).await.is_err());
    grants.interpreters.chance = true;
    for query in chance {
        ask(&grants, query).await.expect(query);
    }
}

#[tokio::test]
async fn a_statement_without_rows_is_told_apart_from_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let grants = granted("plain", &path);
    let trouble = ask(&grants, "reindex").await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::NotGranted, "{trouble}");
    let trouble = ask(&grants, " -- nothing").await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::BadInput, "{trouble}");
    assert!(
        trouble.message.contains("There is no statement"),
        "{trouble}"
    );
}

#[tokio::test]
async fn a_table_of_many_columns_can_be_read_by_some_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.db");
    let columns: Vec<String> = (0..500).map(|at| format!("c{at}")).collect();
    let make = format!(
        "CREATE TABLE wide ({}); INSERT INTO wide (c499) VALUES (7)",
        columns.join(", ")
    );
    Connection::open(&path)
        .unwrap()
        .execute_batch(&make)
        .unwrap();
    let grants = granted("wide", &path);
    assert_eq!(rows(&grants, "SELECT c499 FROM wide").await, json!([[7]]));
    let trouble = ask(&grants, "SELECT * FROM wide").await.unwrap_err();
    assert!(trouble.message.contains("too many columns"), "{trouble}");
}

#[tokio::test]
async fn without_the_program_that_runs_them_no_statement_is_run_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let grants = shop(folder.path());
    let ask = Ask {
        tool: Tool::Sql,
        arguments: json!({ "query": "SELECT 1" }),
        client: "me".to_owned(),
    };
    let trouble = Workshop::new(None).run(&grants, ask).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unavailable);
    assert!(
        trouble.message.contains("`signalbox-sandbox` is not there"),
        "{trouble}"
    );
}
