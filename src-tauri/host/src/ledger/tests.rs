//! The ledger as its callers see it, on real files.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dialect::{Endpoint, FailureCategory, StopReason, Usage};
use engine::{
    AttemptFailure, AttemptRecord, Basis, CacheNote, CacheVerdict, Checked, Choice, Ending, Lost,
    PromptCache, ReceiptId, ToolNote, ToolRun, ToolTrouble, ToolWay,
};
use routing::{Dropped, Kept, NanoUsd, Stay};
use rusqlite::Connection;

use super::*;

const NOW: u64 = 1_790_000_000_000;

fn full(id: ReceiptId) -> Receipt {
    Receipt {
        id,
        started_unix_ms: id.unix_ms(),
        client: Some("editor".into()),
        endpoint: Some(Endpoint::Messages),
        requested_model: Some("fast".into()),
        streamed: true,
        alias: Some("fast".into()),
        attempts: vec![AttemptRecord {
            provider: "groq".into(),
            model: "llama".into(),
            key: None,
            why: "listed in the alias".into(),
            started_us: 1,
            took_us: 2,
            status: Some(429),
            spoken: Some(dialect::Dialect::Gemini),
            hinted: true,
            calls: 3,
            lost: Some(Lost {
                cost: NanoUsd(1_700),
                cost_basis: Basis::Estimated,
            }),
            failure: Some(AttemptFailure {
                category: FailureCategory::RateLimit,
                code: Some("rate_limit_exceeded".into()),
                message: "slow \"down\" \u{1f600}".into(),
            }),
        }],
        notes: vec![dialect::hub::Note {
            loss: dialect::hub::Loss::Dropped,
            what: "top_k".into(),
            why: "The provider has no such field.".into(),
        }],
        choice: Some(Choice {
            kept: Some(Kept {
                stay: Stay::Warm,
                switch_costs: NanoUsd(1_200_000),
            }),
            reason: routing::Reason::Order,
            seed: 7,
            no_hedge: Some(routing::NoHedge::TooDear),
            considered: Vec::new(),
        }),
        dropped: vec![Dropped {
            target: "xai/grok".into(),
            reason: "no key".into(),
        }],
        provider: Some("anthropic".into()),
        model: Some("claude-haiku".into()),
        model_version: Some("claude-haiku-1".into()),
        fingerprint: Some("fp_44709d6fcb".into()),
        upstream_id: Some("msg_1".into()),
        usage: Usage {
            input: 1,
            cache_read: 2,
            cache_write: 3,
            cache_write_long: 4,
            output: 5,
            reasoning: 6,
        },
        usage_basis: Basis::Metered,
        cost: NanoUsd(7_000),
        cost_basis: Basis::Estimated,
        prompt_cache: Some(PromptCache {
            hinted: true,
            read_tokens: 2,
            written_tokens: 7,
            saved: NanoUsd(-300),
            basis: Basis::Metered,
        }),
        price_version: Some("2026-11-22".into()),
        ttft_us: Some(8),
        total_us: 9,
        status: 200,
        ending: Ending::Complete,
        stop: Some(StopReason::ToolCall),
        fault: Some("fault".into()),
        message: Some("message".into()),
        cache: Some(CacheNote {
            verdict: CacheVerdict::Stale,
            why: Some("the last message".into()),
            age_ms: Some(12),
            from: Some(ReceiptId(13)),
            saved: NanoUsd(14),
            saved_basis: Basis::Metered,
            saved_tokens: 15,
        }),
        tools: Some(ToolNote {
            way: ToolWay::Offered,
            tool: Some("regex".into()),
            why: Some("why".into()),
            calls: vec![ToolRun {
                tool: "mcp/docs/search".into(),
                round: 1,
                took_us: 16,
                trouble: Some(ToolTrouble {
                    kind: "too_long".into(),
                    message: "slow".into(),
                }),
                cost: NanoUsd(17),
            }],
            more_calls: 3,
            cost: NanoUsd(20),
            checked: Some(Checked::Disagreed),
            wrong_sums: 2,
            corrected: true,
            saved: NanoUsd(18),
            saved_basis: Basis::Estimated,
            saved_tokens: 19,
        }),
        request_bytes: 10,
        reply_bytes: 11,
    }
}

fn bare(id: ReceiptId) -> Receipt {
    Receipt {
        client: None,
        endpoint: None,
        requested_model: None,
        streamed: false,
        alias: None,
        attempts: Vec::new(),
        dropped: Vec::new(),
        choice: None,
        provider: None,
        model: None,
        model_version: None,
        fingerprint: None,
        upstream_id: None,
        usage: Usage::default(),
        usage_basis: Basis::None,
        cost: NanoUsd(0),
        cost_basis: Basis::None,
        prompt_cache: None,
        price_version: None,
        ttft_us: None,
        status: 401,
        ending: Ending::Refused,
        stop: None,
        fault: None,
        message: None,
        cache: None,
        tools: None,
        ..full(id)
    }
}

fn id(number: u64) -> ReceiptId {
    ReceiptId(ReceiptId::at(NOW).0 + number)
}

struct Scene {
    _dir: tempfile::TempDir,
    path: std::path::PathBuf,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.sqlite3");
    Scene { _dir: dir, path }
}

impl Scene {
    fn ledger(&self) -> SqliteLedger {
        SqliteLedger::open(&self.path, Retention::default()).unwrap()
    }
}

fn record(ledger: &SqliteLedger, receipt: Receipt) -> Result<(), LedgerDown> {
    ledger.record(Box::new(receipt)).blocking_recv().unwrap()
}

fn all(ledger: &SqliteLedger) -> Vec<Receipt> {
    ledger.recent(500, None, &ReceiptFilter::default()).unwrap()
}

#[test]
fn every_field_comes_back_as_it_was() {
    let scene = scene();
    let ledger = scene.ledger();
    let receipts = [full(id(1)), bare(id(2))];
    for receipt in &receipts {
        record(&ledger, receipt.clone()).unwrap();
    }
    for receipt in &receipts {
        assert_eq!(ledger.get(receipt.id).unwrap().as_ref(), Some(receipt));
    }
    assert_eq!(ledger.get(id(3)).unwrap(), None);
    // Every word of our own enums.
    for (number, endpoint) in Endpoint::ALL.into_iter().enumerate() {
        let receipt = Receipt {
            endpoint: Some(endpoint),
            ..full(id(10 + number as u64))
        };
        record(&ledger, receipt.clone()).unwrap();
        assert_eq!(ledger.get(receipt.id).unwrap(), Some(receipt));
    }
    let endings = [
        Ending::Complete,
        Ending::Refused,
        Ending::Failed,
        Ending::Broken,
        Ending::ClientGone,
    ];
    for (number, ending) in endings.into_iter().enumerate() {
        let receipt = Receipt {
            ending,
            ..bare(id(100 + number as u64))
        };
        record(&ledger, receipt.clone()).unwrap();
        assert_eq!(ledger.get(receipt.id).unwrap(), Some(receipt));
    }
}

#[test]
fn figures_beyond_sqlite_become_the_largest_it_has() {
    let scene = scene();
    let ledger = scene.ledger();
    let usage = Usage {
        input: u64::MAX,
        ..Usage::default()
    };
    record(
        &ledger,
        Receipt {
            usage,
            ..full(id(1))
        },
    )
    .unwrap();
    assert_eq!(
        ledger.get(id(1)).unwrap().unwrap().usage.input,
        i64::MAX as u64
    );
}

#[test]
fn a_receipt_recorded_twice_counts_once() {
    let scene = scene();
    let ledger = scene.ledger();
    record(&ledger, full(id(1))).unwrap();
    record(&ledger, full(id(1))).unwrap();
    assert_eq!(ledger.totals(NOW, None).unwrap().requests, 1);
}

#[test]
fn receipts_from_many_threads_are_all_there_after_closing() {
    let scene = scene();
    let ledger = scene.ledger();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let ledger = &ledger;
            scope.spawn(move || {
                for number in 0..500 {
                    // Nobody waits for the answer, as when the client has gone.
                    drop(ledger.record(Box::new(full(id(thread * 500 + number)))));
                }
            });
        }
    });
    let other = ledger.clone();
    ledger.close();
    assert_eq!(other.backlog(), 0);
    assert_eq!(other.health().written, 2_000);
    let refusal = record(&other, full(id(9_999))).unwrap_err().to_string();
    assert!(refusal.contains("closed"), "{refusal}");
    assert_eq!(other.backlog(), 0);
    let again = scene.ledger();
    assert_eq!(again.totals(0, None).unwrap().requests, 2_000);
}

#[test]
fn the_last_handle_flushes() {
    let scene = scene();
    let ledger = scene.ledger();
    for number in 0..100 {
        drop(ledger.record(Box::new(full(id(number)))));
    }
    drop(ledger);
    assert_eq!(scene.ledger().totals(0, None).unwrap().requests, 100);
}

#[test]
fn recent_is_newest_first_in_pages_and_filtered() {
    let scene = scene();
    let ledger = scene.ledger();
    for number in 0..10 {
        record(&ledger, full(id(number))).unwrap();
    }
    record(
        &ledger,
        Receipt {
            requested_model: Some("gpt_5 100%".into()),
            ..bare(id(10))
        },
    )
    .unwrap();
    let failed = Receipt {
        ending: Ending::Failed,
        provider: Some("groq".into()),
        ..full(id(11))
    };
    record(&ledger, failed).unwrap();
    let ids = |limit, before, filter: &ReceiptFilter| -> Vec<u64> {
        let receipts = ledger.recent(limit, before, filter).unwrap();
        receipts
            .iter()
            .map(|receipt| receipt.id.0 - id(0).0)
            .collect()
    };
    let none = ReceiptFilter::default();
    assert_eq!(ids(3, None, &none), [11, 10, 9]);
    assert_eq!(ids(3, Some(id(9)), &none), [8, 7, 6]);
    let filter = ReceiptFilter {
        failed_only: true,
        ..none.clone()
    };
    assert_eq!(ids(9, None, &filter), [11, 10]);
    let filter = ReceiptFilter {
        provider: Some("groq".into()),
        ..none.clone()
    };
    assert_eq!(ids(9, None, &filter), [11]);
    let text = |text: &str| ReceiptFilter {
        text: Some(text.into()),
        ..ReceiptFilter::default()
    };
    assert_eq!(ids(9, None, &text("GPT")), [10]);
    assert_eq!(ids(9, None, &text("gpt_5 100%")), [10]);
    assert_eq!(
        ids(9, None, &text("100%%")),
        [0u64; 0],
        "wildcards are letters here"
    );
    assert_eq!(ids(2, None, &text("haiku")), [11, 9]);
    assert_eq!(ids(0, None, &none), [0u64; 0]);
}

#[test]
fn one_answer_has_500_receipts_at_most() {
    let scene = scene();
    let ledger = scene.ledger();
    for number in 0..600 {
        drop(ledger.record(Box::new(full(id(number)))));
    }
    record(&ledger, full(id(600))).unwrap();
    assert_eq!(
        ledger
            .recent(usize::MAX, None, &ReceiptFilter::default())
            .unwrap()
            .len(),
        500
    );
}

#[test]
fn totals_sum_their_span_by_provider_and_apart() {
    let scene = scene();
    let ledger = scene.ledger();
    let at = |ms: u64| ReceiptId::at(NOW + ms);
    record(&ledger, full(at(0))).unwrap();
    record(
        &ledger,
        Receipt {
            cost_basis: Basis::Metered,
            ..full(at(1))
        },
    )
    .unwrap();
    record(&ledger, bare(at(2))).unwrap();
    let broken = Receipt {
        provider: Some("groq".into()),
        ending: Ending::Broken,
        ..full(at(3))
    };
    record(&ledger, broken).unwrap();
    let totals = ledger.totals(NOW, None).unwrap();
    assert_eq!((totals.requests, totals.failed), (4, 2));
    assert_eq!(
        (totals.cost, totals.estimated_cost),
        (NanoUsd(21_000), NanoUsd(14_000))
    );
    assert_eq!((totals.usage.input, totals.usage.reasoning), (3, 18));
    assert_eq!(totals.cache_saved, NanoUsd(-900));
    assert_eq!(ledger.totals(NOW + 1, Some(NOW + 3)).unwrap().requests, 2);
    assert_eq!(ledger.totals(u64::MAX, None).unwrap(), Totals::default());
    assert_eq!(ledger.totals(0, Some(u64::MAX)).unwrap().requests, 4);
    let by_provider = ledger.by_provider(NOW).unwrap();
    let names: Vec<_> = by_provider
        .iter()
        .map(|one| one.provider.as_str())
        .collect();
    assert_eq!(
        names,
        ["anthropic", "groq"],
        "the refused one reached nobody"
    );
    assert_eq!(by_provider[0].totals.requests, 2);
}

#[test]
fn pruning_goes_by_age_and_by_number() {
    let scene = scene();
    let ledger = scene.ledger();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64;
    let day = 24 * 3_600 * 1_000;
    for number in 0..700 {
        let receipt = full(ReceiptId(ReceiptId::at(now - 10 * day).0 + number));
        drop(ledger.record(Box::new(receipt)));
    }
    for number in 0..10 {
        record(&ledger, full(ReceiptId(ReceiptId::at(now).0 + number))).unwrap();
    }
    let days = |count: u64| Duration::from_secs(count * 24 * 3_600);
    assert_eq!(ledger.prune(days(20), 1_000).unwrap(), 0);
    assert_eq!(ledger.prune(days(20), 600).unwrap(), 110);
    assert_eq!(ledger.prune(days(5), 600).unwrap(), 590);
    assert_eq!(ledger.prune(days(5), 3).unwrap(), 7);
    let left: Vec<u64> = all(&ledger)
        .iter()
        .map(|receipt| receipt.id.0 & 0xfff)
        .collect();
    assert_eq!(left, [9, 8, 7], "the newest stay");
    assert_eq!(ledger.prune(Duration::MAX, 3).unwrap(), 0);
    assert_eq!(ledger.prune(days(5), 0).unwrap(), 3);
}

#[test]
fn a_ledger_from_before_prompt_caches_were_counted_goes_on() {
    let scene = scene();
    let ledger = scene.ledger();
    record(&ledger, full(id(0))).unwrap();
    ledger.close();
    let tamper = Connection::open(&scene.path).unwrap();
    tamper
        .execute_batch(
            "ALTER TABLE receipts DROP COLUMN cache_saved_nano_usd;
             ALTER TABLE receipts DROP COLUMN tool_saved_nano_usd;
             UPDATE receipts SET detail = json_remove(detail, '$.prompt_cache', '$.tools', '$.attempts[0].hinted');
             PRAGMA user_version = 1;",
        )
        .unwrap();
    tamper.close().unwrap();
    let ledger = scene.ledger();
    record(&ledger, full(id(1))).unwrap();
    let both = all(&ledger);
    assert_eq!(both[0], full(id(1)));
    assert_eq!(
        (both[1].prompt_cache, both[1].attempts[0].hinted),
        (None, false)
    );
    assert_eq!(both[1].tools, None);
    assert_eq!(ledger.totals(0, None).unwrap().tool_saved, NanoUsd(18));
    assert_eq!(ledger.totals(0, None).unwrap().cache_saved, NanoUsd(-300));
}

#[test]
fn a_newer_ledger_and_a_stranger_s_file_are_refused_untouched() {
    let scene = scene();
    scene.ledger().close();
    let tamper = Connection::open(&scene.path).unwrap();
    tamper.pragma_update(None, "user_version", 99).unwrap();
    tamper.close().unwrap();
    let before = std::fs::read(&scene.path).unwrap();
    let refusal = SqliteLedger::open(&scene.path, Retention::default()).unwrap_err();
    assert!(
        matches!(
            refusal,
            LedgerError::Newer {
                found: 99,
                known: 3,
                ..
            }
        ),
        "{refusal}"
    );
    assert!(
        refusal.to_string().contains("Update Signalbox"),
        "{refusal}"
    );
    assert_eq!(std::fs::read(&scene.path).unwrap(), before);

    let other = scene.path.with_file_name("other.sqlite3");
    let stranger = Connection::open(&other).unwrap();
    stranger.execute_batch("CREATE TABLE mine (x)").unwrap();
    stranger.close().unwrap();
    let before = std::fs::read(&other).unwrap();
    let refusal = SqliteLedger::open(&other, Retention::default()).unwrap_err();
    assert!(matches!(refusal, LedgerError::Foreign { .. }), "{refusal}");
    assert_eq!(std::fs::read(&other).unwrap(), before);

    let text = scene.path.with_file_name("text");
    std::fs::write(
        &text,
        "not a database, but long enough to look at".repeat(10),
    )
    .unwrap();
    let before = std::fs::read(&text).unwrap();
    assert!(SqliteLedger::open(&text, Retention::default()).is_err());
    assert_eq!(std::fs::read(&text).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let scene = scene();
    let ledger = scene.ledger();
    record(&ledger, full(id(1))).unwrap();
    for name in ["ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm"] {
        let file = std::fs::metadata(scene.path.with_file_name(name)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_locked_file_is_told_held_back_and_made_good() {
    let scene = scene();
    let ledger = scene.ledger();
    record(&ledger, full(id(1))).unwrap();
    let blocker = Connection::open(&scene.path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = Instant::now();
    let refusal = record(&ledger, full(id(2))).unwrap_err().to_string();
    assert!(
        refusal.contains("keeps") && refusal.contains("locked"),
        "{refusal}"
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
    let health = ledger.health();
    assert!(health.error.is_some());
    assert_eq!((health.held_back, health.lost), (1, 0));
    blocker.execute_batch("ROLLBACK").unwrap();
    record(&ledger, full(id(3))).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while ledger.health().held_back > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ids: Vec<ReceiptId> = all(&ledger).iter().map(|receipt| receipt.id).collect();
    assert_eq!(ids, [id(3), id(2), id(1)]);
    assert_eq!(
        ledger.health(),
        LedgerHealth {
            written: 3,
            ..LedgerHealth::default()
        }
    );
}

#[test]
fn a_full_disk_is_told_and_later_receipts_are_tried() {
    let scene = scene();
    scene.ledger().close();
    // As small as the file may be: the next page it needs is one too many.
    let connection = connection::open(&scene.path).unwrap();
    let pages: i64 = connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    connection
        .pragma_update(None, "max_page_count", pages + 1)
        .unwrap();
    let progress = Arc::new(Progress::default());
    let (queue, inbox) = mpsc::channel();
    let queued = Arc::new(AtomicUsize::new(0));
    let writer = Writer::new(
        scene.path.clone(),
        connection,
        inbox,
        queued,
        Arc::clone(&progress),
    );
    let thread = std::thread::spawn(move || writer.run());
    let large = |number| Receipt {
        message: Some("x".repeat(20_000)),
        ..full(id(number))
    };
    let (answer, recorded) = oneshot::channel();
    queue
        .send(Message::Record(Box::new(large(1)), answer))
        .unwrap();
    let refusal = recorded.blocking_recv().unwrap().unwrap_err().to_string();
    assert!(refusal.contains("disk is full"), "{refusal}");
    // Opened anew, without the limit: somebody has made room.
    let (answer, recorded) = oneshot::channel();
    queue
        .send(Message::Record(Box::new(large(2)), answer))
        .unwrap();
    recorded.blocking_recv().unwrap().unwrap();
    queue.send(Message::Close).unwrap();
    thread.join().unwrap();
    assert_eq!(
        progress.health(),
        LedgerHealth {
            written: 2,
            ..LedgerHealth::default()
        }
    );
    assert_eq!(scene.ledger().totals(0, None).unwrap().requests, 2);
}

#[test]
fn the_questions_of_the_documentation_can_be_asked() {
    let scene = scene();
    let ledger = scene.ledger();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    record(&ledger, full(ReceiptId::at(now.as_millis() as u64))).unwrap();
    let page = include_str!("../../../../docs/ledger.md");
    let questions: Vec<&str> = page
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(questions.len(), 2);
    let reader = connection::open_to_read(&scene.path).unwrap();
    let row = |sql: &str| {
        reader
            .query_row(sql, [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .unwrap()
    };
    assert_eq!(
        row(questions[0]),
        ("anthropic".into(), "claude-haiku".into())
    );
    assert_eq!(row(questions[1]), ("groq".into(), "rate_limit".into()));
    // The table lists every column there is.
    let columns = row::COLUMNS.split(", ").map(str::trim);
    for column in columns {
        assert!(
            page.contains(&format!("`{column}`")),
            "{column} is not explained"
        );
    }
}
