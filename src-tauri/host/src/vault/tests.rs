//! The vault against a keychain of our own making, and without one.

use std::collections::HashMap;
use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;

/// A keychain in memory that can be small, broken or slow.
#[derive(Default)]
struct Fake {
    items: Mutex<HashMap<String, Vec<u8>>>,
    limit: Option<usize>,
    refuses: AtomicBool,
    /// While true, every call hangs as if a prompt were open.
    prompt: Mutex<bool>,
    answered: Condvar,
}

impl Fake {
    fn pass(&self) -> Result<(), String> {
        let mut prompt = self.prompt.lock().unwrap();
        while *prompt {
            prompt = self.answered.wait(prompt).unwrap();
        }
        if self.refuses.load(Ordering::Relaxed) {
            return Err("the keychain is locked".into());
        }
        Ok(())
    }

    fn answer_prompt(&self) {
        *self.prompt.lock().unwrap() = false;
        self.answered.notify_all();
    }
}

impl Items for Fake {
    fn read(&self, name: &str) -> Result<Option<bundle::Text>, String> {
        self.pass()?;
        Ok(self
            .items
            .lock()
            .unwrap()
            .get(name)
            .cloned()
            .map(Zeroizing::new))
    }

    fn write(&self, name: &str, text: &[u8]) -> Result<(), String> {
        self.pass()?;
        if self.limit.is_some_and(|limit| text.len() > limit) {
            return Err("too long for an item".into());
        }
        self.items
            .lock()
            .unwrap()
            .insert(name.to_owned(), text.to_vec());
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), String> {
        self.pass()?;
        self.items.lock().unwrap().remove(name);
        Ok(())
    }

    fn limit(&self) -> Option<usize> {
        self.limit
    }
}

struct Scene {
    dir: tempfile::TempDir,
    folder: DataFolder,
    fake: Arc<Fake>,
}

fn scene(fake: Fake) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let folder = DataFolder::unlocked(Some(dir.path().to_owned())).unwrap();
    Scene {
        dir,
        folder,
        fake: Arc::new(fake),
    }
}

impl Scene {
    /// As another process would open it.
    fn vault(&self) -> Vault {
        Vault::open_with(&self.folder, self.fake.clone(), Duration::from_millis(500))
    }
}

fn secret(key: &str) -> SecretString {
    SecretString::from(key)
}

fn kept(vault: &Vault, name: &str) -> Option<String> {
    vault
        .key(&KeySource::Keychain(name.to_owned()))
        .map(|key| key.expose_secret().to_owned())
}

fn reason(vault: &Vault) -> String {
    match vault.store() {
        StoreState::Memory { reason } => reason,
        StoreState::Keychain => panic!("the keychain is in use"),
    }
}

#[test]
fn keys_outlive_the_vault_in_one_item() {
    let scene = scene(Fake::default());
    let vault = scene.vault();
    assert_eq!(vault.store(), StoreState::Keychain);
    vault.set("openai", &secret(" sk-one\n")).unwrap();
    vault.set("groq", &secret("gsk-two")).unwrap();
    let again = scene.vault();
    assert_eq!(kept(&again, "openai").as_deref(), Some("sk-one"), "trimmed");
    assert_eq!(again.names(), ["groq", "openai"]);
    assert_eq!(
        scene.fake.items.lock().unwrap().keys().collect::<Vec<_>>(),
        ["provider-keys"]
    );
    assert!(again.remove("openai").unwrap());
    assert!(!again.remove("openai").unwrap());
    assert!(again.remove("groq").unwrap());
    assert!(
        scene.fake.items.lock().unwrap().is_empty(),
        "no item without keys, no probe left"
    );
}

#[test]
fn a_change_by_another_process_is_seen_after_a_reload_and_stamped() {
    let scene = scene(Fake::default());
    let server = scene.vault();
    let command = scene.vault();
    let stamp = || std::fs::read(scene.folder.keys_stamp_path()).ok();
    assert_eq!(stamp(), None);
    command.set("openai", &secret("sk-one")).unwrap();
    let first = stamp().unwrap();
    assert_eq!(kept(&server, "openai"), None);
    server.reload().unwrap();
    assert_eq!(kept(&server, "openai").as_deref(), Some("sk-one"));
    server.set("groq", &secret("gsk-two")).unwrap();
    assert_ne!(stamp().unwrap(), first);
    assert_eq!(
        scene.vault().names(),
        ["groq", "openai"],
        "neither has lost the other's key"
    );
}

#[test]
fn keys_set_at_once_are_all_kept() {
    let scene = scene(Fake {
        limit: Some(64),
        ..Fake::default()
    });
    let vaults = [scene.vault(), scene.vault()];
    std::thread::scope(|scope| {
        for number in 0..16 {
            let vault = &vaults[number % 2];
            scope.spawn(move || {
                vault
                    .set(&format!("key-{number}"), &secret("sk-x"))
                    .unwrap();
            });
        }
    });
    assert_eq!(scene.vault().names().len(), 16);
}

#[test]
fn where_items_are_small_the_keys_are_spread_and_nothing_is_left_over() {
    let scene = scene(Fake {
        limit: Some(100),
        ..Fake::default()
    });
    let vault = scene.vault();
    for number in 0..10 {
        vault
            .set(&format!("key-{number}"), &secret(&"k".repeat(150)))
            .unwrap();
    }
    let again = scene.vault();
    assert_eq!(again.names().len(), 10);
    assert_eq!(kept(&again, "key-9"), Some("k".repeat(150)));
    let items = scene.fake.items.lock().unwrap().len();
    assert!(
        (15..=25).contains(&items),
        "{items} items for 1.7 kB in hundreds"
    );
    for number in 0..10 {
        again.remove(&format!("key-{number}")).unwrap();
    }
    assert!(scene.fake.items.lock().unwrap().is_empty());
}

#[test]
fn without_a_keychain_keys_last_for_the_run_and_nothing_is_on_disk() {
    let scene = scene(Fake {
        refuses: true.into(),
        ..Fake::default()
    });
    let vault = scene.vault();
    let why = reason(&vault);
    assert!(
        why.contains("locked") && why.contains("for this run only"),
        "{why}"
    );
    vault.set("openai", &secret("sk-memory-only")).unwrap();
    assert_eq!(kept(&vault, "openai").as_deref(), Some("sk-memory-only"));
    assert!(vault.remove("openai").unwrap());
    assert_eq!(kept(&vault, "openai"), None);
    assert_eq!(std::fs::read_dir(scene.dir.path()).unwrap().count(), 0);
}

#[test]
fn a_keychain_that_is_unlocked_later_is_found_by_a_reload() {
    let scene = scene(Fake::default());
    scene.vault().set("openai", &secret("sk-one")).unwrap();
    scene.fake.refuses.store(true, Ordering::Relaxed);
    let vault = scene.vault();
    assert!(vault.reload().is_err());
    vault.set("groq", &secret("gsk-meanwhile")).unwrap();
    scene.fake.refuses.store(false, Ordering::Relaxed);
    vault.reload().unwrap();
    assert_eq!(vault.store(), StoreState::Keychain);
    assert_eq!(kept(&vault, "openai").as_deref(), Some("sk-one"));
    let again = scene.vault();
    assert_eq!(
        kept(&again, "groq").as_deref(),
        Some("gsk-meanwhile"),
        "what was set meanwhile is kept"
    );
    assert_eq!(kept(&again, "openai").as_deref(), Some("sk-one"));
}

#[test]
fn a_prompt_does_not_hold_the_start_up_and_its_answer_is_taken_in() {
    let scene = scene(Fake::default());
    scene.vault().set("openai", &secret("sk-one")).unwrap();
    *scene.fake.prompt.lock().unwrap() = true;
    let begun = Instant::now();
    let vault = scene.vault();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(
        reason(&vault).contains("has not answered"),
        "{}",
        reason(&vault)
    );
    scene.fake.answer_prompt();
    let deadline = Instant::now() + Duration::from_secs(5);
    while vault.store() != StoreState::Keychain && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(kept(&vault, "openai").as_deref(), Some("sk-one"));
}

#[test]
fn an_error_while_writing_changes_nothing() {
    let scene = scene(Fake::default());
    let vault = scene.vault();
    vault.set("openai", &secret("sk-one")).unwrap();
    scene.fake.refuses.store(true, Ordering::Relaxed);
    let refusal = vault
        .set("openai", &secret("sk-two"))
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("locked"), "{refusal}");
    assert!(vault.remove("openai").is_err());
    assert_eq!(kept(&vault, "openai").as_deref(), Some("sk-one"));
}

#[test]
fn an_item_that_is_not_ours_is_left_as_it_is() {
    let scene = scene(Fake::default());
    let stranger = b"hunter2".to_vec();
    scene
        .fake
        .items
        .lock()
        .unwrap()
        .insert(ITEM.into(), stranger.clone());
    let vault = scene.vault();
    let why = reason(&vault);
    assert!(
        why.contains("was left as it is") && !why.contains("hunter2"),
        "{why}"
    );
    vault.set("openai", &secret("sk-one")).unwrap();
    assert_eq!(scene.fake.items.lock().unwrap().get(ITEM), Some(&stranger));
}

#[test]
fn what_can_not_be_a_key_is_refused_without_being_told() {
    let scene = scene(Fake::default());
    let vault = scene.vault();
    for bad in [
        "",
        "  ",
        "sk hunter2",
        "sk-hunter2\nx",
        "hunter2-ключ",
        &"hunter2".repeat(2_000),
    ] {
        let refusal = vault.set("openai", &secret(bad)).unwrap_err();
        assert!(matches!(refusal, VaultError::BadKey(_)));
        assert!(
            !format!("{refusal} {refusal:?}").contains("hunter2"),
            "{refusal}"
        );
    }
    for bad in ["", "OpenAI", "a/b", "../x", &"a".repeat(65)] {
        assert!(
            matches!(vault.set(bad, &secret("sk-x")), Err(VaultError::BadName)),
            "{bad}"
        );
    }
    vault.set("openai", &secret("sk-hunter2")).unwrap();
    assert!(!format!("{vault:?}").contains("hunter2"));
}

#[test]
fn a_service_accounts_file_is_a_key_and_half_of_it_is_not() {
    let scene = scene(Fake::default());
    let vault = scene.vault();
    let file = "{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----\\n\"\n}\n";
    vault.set("vertex", &secret(file)).unwrap();
    let kept = vault.key(&KeySource::Keychain("vertex".into())).unwrap();
    assert_eq!(kept.expose_secret(), file.trim());
    let refusal = vault.set("vertex", &secret(&file[..60])).unwrap_err();
    assert!(refusal.to_string().contains("whole file"), "{refusal}");
}

#[test]
fn a_variable_is_read_in_place_and_an_empty_one_is_none() {
    let scene = scene(Fake::default());
    let vault = scene.vault();
    let of = |name: &str| vault.key(&KeySource::Environment(name.into())).is_some();
    // Cargo sets it for every test; a test must not change the environment.
    assert!(of("CARGO_PKG_NAME"));
    assert!(!of("SIGNALBOX_TEST_NO_SUCH_VARIABLE"));
    vault.refresh();
    assert!(of("CARGO_PKG_NAME"));
    assert!(vault.key(&KeySource::None).is_none());
}

#[test]
fn the_key_of_the_cache_is_made_once_and_is_nobodys_to_see() {
    let scene = scene(Fake::default());
    let vault = scene.vault();
    vault.set("openai", &secret("sk-one")).unwrap();
    let first = vault.seal_key().unwrap();
    assert_eq!(first.expose(), vault.seal_key().unwrap().expose());
    let again = scene.vault();
    assert_eq!(first.expose(), again.seal_key().unwrap().expose());
    assert_eq!(again.names(), ["openai"]);
    assert_eq!(kept(&again, "_answers"), None, "no provider is sent it");
    assert_eq!(scene.fake.items.lock().unwrap().len(), 1, "one item");

    // Somebody deletes or breaks it.
    again
        .inner
        .change(|keys| {
            keys.insert("_answers".to_owned(), Arc::new(secret("no key")));
        })
        .unwrap();
    let new = again.seal_key().unwrap();
    assert_ne!(first.expose(), new.expose());
    assert_eq!(new.expose(), scene.vault().seal_key().unwrap().expose());
    assert_eq!(kept(&again, "openai").as_deref(), Some("sk-one"));
}

#[test]
fn without_a_keychain_the_key_of_the_cache_is_for_this_run() {
    let scene = scene(Fake::default());
    scene.fake.refuses.store(true, Ordering::Relaxed);
    let vault = scene.vault();
    let key = vault.seal_key().unwrap();
    assert_eq!(key.expose(), vault.seal_key().unwrap().expose());
    assert_ne!(key.expose(), scene.vault().seal_key().unwrap().expose());
}
