//! Kept answers, and a disk that is killed under, damaged, full, or asked for too much: requests are served all the
//! while, what is found is right, and a person is told what is wrong.
//!
//! Leaves out what needs a keychain (`tests/keychain/answers`): without one the key is the run's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use stories::{FakeUpstream, Signalbox, config_for, eventually};

const CHAT: &str = "/v1/chat/completions";

fn cold(model: &str, text: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "temperature": 0,
        "messages": [{"role": "user", "content": text}]})
}

async fn asked(signalbox: &Signalbox, body: &Value, wish: &str) -> reqwest::Response {
    let mut request = signalbox.post(CHAT, body);
    if !wish.is_empty() {
        request = request.header("x-signalbox-cache", wish);
    }
    request.send().await.unwrap()
}

/// What the echo says to this, which is right.
async fn assert_echo(signalbox: &Signalbox, text: &str, wish: &str) {
    let reply = asked(signalbox, &cold("fake/echo", text, false), wish).await;
    assert_eq!(reply.status(), 200, "{text}");
    let told: Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    let told = told["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(told == text, "asked {:.40}, told {told:.40}", text);
}

async fn disk(signalbox: &Signalbox) -> Value {
    signalbox.control("cache.page", &json!({})).await["disk"].clone()
}

async fn disk_is(signalbox: &Signalbox, state: &str) -> Value {
    eventually(&format!("the disk to be {state}"), || async {
        let disk = disk(signalbox).await;
        (disk["state"] == state).then_some(disk)
    })
    .await
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

#[tokio::test]
async fn killed_in_the_middle_of_writing_it_starts_at_once_and_says_nothing_wrong() {
    const ROUNDS: u64 = 5;
    let upstream = FakeUpstream::start().await;
    let mut signalbox = Signalbox::start(&config_for(&upstream)).await;
    let key = signalbox.key.clone();
    let mut starts = Vec::new();
    for round in 0..ROUNDS {
        disk_is(&signalbox, "serving").await;
        let says = |n: usize| format!("round {round}, number {n}{}", ", and more".repeat(300));
        let sent = join_all((0..64).map(|n| {
            let body = cold("fake/echo", &says(n), false);
            let request = signalbox.post(CHAT, &body);
            async move {
                // The process is killed under some.
                let _ = request.send().await;
            }
        }));
        let killed = async {
            // Not a wait for an event: each round is killed at another moment of its writing.
            tokio::time::sleep(Duration::from_millis(80 + 90 * round)).await;
        };
        tokio::select! {
            biased;
            () = killed => {}
            () = async { sent.await; std::future::pending().await } => {}
        }
        let folder = signalbox.kill().await;
        let begun = Instant::now();
        signalbox = Signalbox::start_in(folder, &key).await;
        starts.push(begun.elapsed());
        let words: Vec<String> = (0..64).step_by(7).map(says).collect();
        join_all(words.iter().map(|text| assert_echo(&signalbox, text, ""))).await;
    }
    println!("started after a kill in {starts:?}");
    let slowest = starts.into_iter().max().unwrap();
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn files_that_are_damaged_under_it_cost_at_most_what_was_kept() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    disk_is(&signalbox, "serving").await;
    let says = |n: usize| format!("Before the damage, {n}");
    let all: Vec<String> = (0..32).map(says).collect();
    join_all(all.iter().map(|text| assert_echo(&signalbox, text, ""))).await;
    eventually("the disk to hold something", || async {
        (disk(&signalbox).await["bytes"].as_u64()? > 0).then_some(())
    })
    .await;
    let mut noise = 0x5eed_u64;
    for path in files(&signalbox.folder().join("cache")) {
        let length = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
        let bytes: Vec<u8> = (0..length).map(|_| byte(&mut noise)).collect();
        std::fs::write(&path, bytes).unwrap();
    }
    // What is in memory is right, what is asked anew is asked, and what must come from the disk is a miss.
    for text in &all {
        assert_echo(&signalbox, text, "").await;
    }
    let after: Vec<String> = (0..32).map(|n| format!("After the damage, {n}")).collect();
    join_all(after.iter().map(|text| assert_echo(&signalbox, text, ""))).await;
    let key = signalbox.key.clone();
    let folder = signalbox.stop().await;
    let signalbox = Signalbox::start_in(folder, &key).await;
    disk_is(&signalbox, "serving").await;
    join_all(all.iter().map(|text| assert_echo(&signalbox, text, ""))).await;
}

fn byte(noise: &mut u64) -> u8 {
    *noise ^= *noise << 13;
    *noise ^= *noise >> 7;
    *noise ^= *noise << 17;
    noise.to_le_bytes()[3]
}

#[tokio::test]
async fn a_file_in_place_of_its_folder_is_told_and_memory_serves() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("signalbox.toml"), config_for(&upstream)).unwrap();
    std::fs::write(folder.path().join("cache"), "not a folder").unwrap();
    let signalbox = Signalbox::start_in(folder, "").await;
    serves_from_memory(&signalbox, &upstream).await;
    let disk = disk_is(&signalbox, "off").await;
    let reason = disk["reason"].as_str().unwrap();
    let names_it = reason.contains("cache") && reason.contains("can't be used");
    assert!(names_it, "{reason}");
    let held = std::fs::read_to_string(signalbox.folder().join("cache")).unwrap();
    assert_eq!(held, "not a folder", "what is not ours is left alone");
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_is_told_and_memory_serves() {
    let upstream = FakeUpstream::start().await;
    let (_disk, folder) = match SmallDisk::below(&upstream, "ro") {
        Ok(mounted) => mounted,
        Err(why) => return println!("skipped: {why}"),
    };
    let signalbox = Signalbox::start_in(folder, "").await;
    serves_from_memory(&signalbox, &upstream).await;
    let disk = disk_is(&signalbox, "off").await;
    let reason = disk["reason"].as_str().unwrap();
    assert!(reason.contains("can't be used"), "{reason}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_memory_serves() {
    let upstream = FakeUpstream::start().await;
    let (_disk, folder) = match SmallDisk::below(&upstream, "size=2m") {
        Ok(mounted) => mounted,
        Err(why) => return println!("skipped: {why}"),
    };
    let signalbox = Signalbox::start_in(folder, "").await;
    let mut n = 0;
    let disk = eventually("the disk to be full", || {
        n += 1;
        let text = format!("{n}:{}", " fill it".repeat(8_000));
        let signalbox = &signalbox;
        async move {
            assert_echo(signalbox, &text, "").await;
            let disk = disk(signalbox).await;
            (disk["state"] == "off").then_some(disk)
        }
    })
    .await;
    let reason = disk["reason"].as_str().unwrap();
    println!("full after {n} answers of 64 KiB: {reason}");
    assert!(reason.contains("the disk is full"), "{reason}");
    assert!(reason.contains("within a minute"), "{reason}");
    serves_from_memory(&signalbox, &upstream).await;
}

/// A file system of its own for the cache's folder, in memory. Gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Below a new data folder.
    ///
    /// # Errors
    /// Why the system lets nobody mount one.
    fn below(
        upstream: &FakeUpstream,
        options: &str,
    ) -> Result<(SmallDisk, tempfile::TempDir), String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("signalbox.toml"), config_for(upstream)).unwrap();
        let at = folder.path().join("cache");
        std::fs::create_dir(&at).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&at)
            .output()
            .map_err(|error| format!("no `mount`: {error}"))?;
        match mount.status.success() {
            true => Ok((SmallDisk(at), folder)),
            false => Err(String::from_utf8_lossy(&mount.stderr).trim().to_owned()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still has a file in it open is about to end.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// Answers are kept and told again, whatever the disk does.
async fn serves_from_memory(signalbox: &Signalbox, upstream: &FakeUpstream) {
    assert_echo(signalbox, "In memory", "").await;
    eventually("it to be kept in memory", || async {
        let body = cold("fake/echo", "In memory", false);
        let reply = asked(signalbox, &body, "only-if-cached").await;
        (reply.status() == 200).then_some(())
    })
    .await;
    let before = upstream.requests().len();
    assert_echo(signalbox, "In memory", "only-if-cached").await;
    assert_eq!(upstream.requests().len(), before);
}

#[tokio::test]
async fn a_large_answer_is_kept_on_disk_alone_and_told_again_byte_for_byte() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    disk_is(&signalbox, "serving").await;
    let mut on_disk = 0;
    for stream in [false, true] {
        let body = cold("fake/mib-5", &format!("Much of it: {stream}"), stream);
        let told = asked(&signalbox, &body, "").await.bytes().await.unwrap();
        assert!(told.len() > 5 << 20, "{}", told.len());
        // Not by asking for it: too many misses, and the cache steps aside.
        on_disk = eventually("the answer to be on disk", || async {
            let bytes = disk(&signalbox).await["bytes"].as_u64()?;
            (bytes > on_disk + (5 << 20)).then_some(bytes)
        })
        .await;
        let again = asked(&signalbox, &body, "only-if-cached").await;
        assert_eq!(again.status(), 200, "{stream}");
        let receipt = signalbox.receipt(&again).await;
        assert_eq!(receipt["cache"]["verdict"], "disk", "{receipt}");
        assert!(again.bytes().await.unwrap() == told, "byte for byte");
        // And in the other form, the same text.
        let other = cold("fake/mib-5", &format!("Much of it: {stream}"), !stream);
        let other = asked(&signalbox, &other, "only-if-cached").await;
        assert_eq!(other.status(), 200);
        let other = other.text().await.unwrap();
        for n in [0, 50, 79] {
            assert!(other.contains(&format!("{n:07} {n:07} ")), "{n}");
        }
    }
    assert_eq!(upstream.requests().len(), 2);
    let page = signalbox.control("cache.page", &json!({})).await;
    assert_eq!(page["memory"]["entries"], 0, "{page}");
    assert_eq!(page["disk"]["dropped"], 0, "{page}");
    signalbox.is_quiet().await;
}

#[tokio::test]
async fn an_answer_of_ten_mebibytes_is_told_again_and_one_above_the_bound_is_served_and_not_kept() {
    let upstream = FakeUpstream::start().await;
    let signalbox = Signalbox::start(&config_for(&upstream)).await;
    disk_is(&signalbox, "serving").await;
    let said = |told: &[u8]| {
        let told: Value = serde_json::from_slice(told).unwrap();
        let message = &told["choices"][0]["message"]["content"];
        message.as_str().unwrap().to_owned()
    };
    let body = cold("fake/mib-10", "Much of it", false);
    let told = asked(&signalbox, &body, "").await.bytes().await.unwrap();
    assert!(told.len() > 10 << 20, "{}", told.len());
    eventually("the answer to be on disk", || async {
        (disk(&signalbox).await["bytes"].as_u64()? > 10 << 20).then_some(())
    })
    .await;
    // Kept once, in our own words: the text is the same, and what surrounds it may be written otherwise.
    let again = asked(&signalbox, &body, "only-if-cached").await;
    assert_eq!(again.status(), 200);
    assert!(said(&again.bytes().await.unwrap()) == said(&told));

    let body = cold("fake/mib-17", "Too much of it", false);
    let told = asked(&signalbox, &body, "").await.bytes().await.unwrap();
    assert!(told.len() > 17 << 20, "{}", told.len());
    signalbox.is_quiet().await;
    let again = asked(&signalbox, &body, "only-if-cached").await;
    assert_eq!(again.status(), 504);
}
