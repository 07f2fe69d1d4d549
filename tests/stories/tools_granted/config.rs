//! Grants that are written wrong are refused with their place, and one that is taken back is gone at once.

use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

use super::ask;
use super::check::script;

async fn refused(signalbox: &Signalbox) -> Value {
    let page = signalbox.control("providers.page", &json!({})).await;
    page["config"]["refused"].clone()
}

#[tokio::test]
async fn a_grant_that_is_written_wrong_is_refused_with_its_place_and_changes_nothing() {
    let upstream = FakeUpstream::start().await;
    let good = config_for(&upstream);
    let signalbox = Signalbox::start(&good).await;
    let path = signalbox.folder().join("signalbox.toml");
    // The line behind the good ones that is wrong, and what is said of it.
    for (lines, line, hint) in [
        (
            "[tools.database.shop]\npath = \"shop.sqlite3\"",
            2,
            "the whole path",
        ),
        (
            "[tools.check.lint]\ncommand = [\"true\"]\nfolder = \"project\"",
            3,
            "the whole path",
        ),
        (
            "[tools.check.lint]\ncommand = []\nfolder = \"/\"",
            2,
            "as a list",
        ),
        (
            "[tools.check.lint]\ncommand = \"true; true\"\nfolder = \"/\"",
            2,
            "",
        ),
        (
            "[tools.interpreters]\nfolders = [\"/tmp\", \"notes\"]",
            2,
            "the whole path",
        ),
        (
            "[tools]\noffer = [\"calculator\", \"calculater\"]",
            2,
            "there is no tool of this name",
        ),
        (
            "[alias.main]\ntargets = [\"fake/ok\"]\ntools = { offer = [\"nothing*\"] }",
            3,
            "there is no tool of this name",
        ),
        (
            "[tools]\noffer = [\"mcp/docs/*\"]",
            2,
            "no MCP server `docs`",
        ),
        ("[tools]\noff = [\"time\", \"clock\"]", 2, "no tool"),
        (
            "[tools.mcp.docs]\ncommand = [\"docs\"]\nurl = \"http://127.0.0.1:1/mcp\"",
            1,
            "one of the two",
        ),
        ("[tools.mcp.docs]\nallow = [\"x\"]", 1, "one of the two"),
        (
            "[tools.mcp.docs]\nurl = \"http://me:secret@127.0.0.1:1/mcp\"",
            2,
            "no password",
        ),
        (
            "[tools.mcp.docs]\ncommand = [\"docs\"]\nusd_per_call = { \"*\" = -1.0 }",
            3,
            "from 0 to 100",
        ),
        (
            "[tools.mcp.docs]\ncommand = [\"docs\"]\nlimit_s = 6000",
            3,
            "from 1 to 600",
        ),
        ("[tools]\nverify = \"nobody/x\"", 2, "alias"),
        ("[tools]\nrounds = 33", 2, "from 1 to 32"),
        (
            "[tools.database.\"My Shop\"]\npath = \"/shop.sqlite3\"",
            1,
            "small letters",
        ),
        (
            "[provider.tool]\nopenai_base_url = \"http://127.0.0.1:1\"\nkey = \"none\"",
            1,
            "another name",
        ),
    ] {
        std::fs::write(&path, format!("{good}{lines}\n")).unwrap();
        let told = eventually("the refusal to be shown", || async {
            let told = refused(&signalbox).await;
            (!told.is_null()).then_some(told)
        })
        .await;
        let expected = good.lines().count() as u64 + line;
        assert_eq!(told["line"], expected, "{lines}\n{told}");
        assert!(told["column"].as_u64().unwrap() > 0, "{lines}\n{told}");
        let reason = told["reason"].as_str().unwrap();
        assert!(reason.contains(hint), "{lines}\n{reason}");
        assert!(!reason.contains("secret"), "{reason}");
        assert_eq!(signalbox.chat("fake/ok").await.status(), 200);
        std::fs::write(&path, &good).unwrap();
        eventually("the refusal to go", || async {
            refused(&signalbox).await.is_null().then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_grant_that_is_taken_back_is_gone_with_the_next_request() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let bare = config_for(&upstream);
    let granting = bare.clone() + &script(folder.path(), "good", "", "true\n");
    let signalbox = Signalbox::start(&bare).await;
    let path = signalbox.folder().join("signalbox.toml");
    let none = ask(&signalbox, "check", "good").await;
    none.is_refused("tool_not_granted", "No check is granted");
    std::fs::write(&path, &granting).unwrap();
    eventually("the grant to hold", || async {
        (ask(&signalbox, "check", "good").await.status == 200).then_some(())
    })
    .await;
    std::fs::write(&path, &bare).unwrap();
    let gone = eventually("the grant to be gone", || async {
        let told = ask(&signalbox, "check", "good").await;
        (told.status != 200).then_some(told)
    })
    .await;
    gone.is_refused("tool_not_granted", "No check is granted");
    // A tool that is switched off is gone too.
    std::fs::write(&path, format!("{bare}[tools]\noff = [\"repl-python\"]\n")).unwrap();
    let gone = eventually("the tool to be off", || async {
        let told = ask(&signalbox, "repl-python", "1 + 1").await;
        (told.status != 200).then_some(told)
    })
    .await;
    assert_eq!((gone.status, gone.code.as_str()), (422, "tool_not_granted"));
    assert!(gone.text.contains("switched off"), "{gone:?}");
}
