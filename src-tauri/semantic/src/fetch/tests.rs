use super::*;

/// Gives files from memory, in pieces of four bytes, and breaks off where it is told to.
struct Shelf {
    files: Vec<(&'static str, Vec<u8>)>,
    version: &'static str,
    /// Pieces until it breaks off.
    patience: usize,
    asked: Vec<(String, u64)>,
}

impl Shelf {
    fn new() -> Shelf {
        let file = |name, text: &str| (name, text.as_bytes().to_vec());
        Shelf {
            files: vec![
                file("config.json", "{the config}"),
                file("tokenizer.json", "{the tokenizer}"),
                file("model.safetensors", "the numbers of a model"),
            ],
            version: "v1",
            patience: usize::MAX,
            asked: Vec::new(),
        }
    }
}

impl Source for Shelf {
    fn open(&mut self, url: &str, from: u64) -> Result<Opening<'_>, String> {
        let name = url.rsplit('/').next().unwrap_or("");
        self.asked.push((name.to_owned(), from));
        let found = self.files.iter().find(|(file, _)| *file == name);
        let (_, bytes) = found.ok_or("404 Not Found")?;
        let patience = &mut self.patience;
        let pieces = bytes[from as usize..].chunks(4).map(move |piece| {
            *patience = patience.saturating_sub(1);
            match *patience {
                0 => Err("connection reset".to_owned()),
                _ => Ok(piece.to_vec()),
            }
        });
        Ok(Opening {
            begins_at: from,
            total: Some(bytes.len() as u64),
            version: Some(self.version.to_owned()),
            body: Box::new(pieces),
        })
    }
}

fn fetch(shelf: &mut Shelf, folder: &Path) -> Result<(), FetchError> {
    fetch_model(shelf, &Wanted::default(), folder, &mut |_| {
        ControlFlow::Continue(())
    })
}

fn is_whole(shelf: &Shelf, folder: &Path) -> bool {
    let same = |(name, bytes): &(&str, Vec<u8>)| {
        fs::read(folder.join(name)).is_ok_and(|found| found == *bytes)
    };
    let alone = fs::read_dir(folder).is_ok_and(|files| files.count() == FILES.len());
    shelf.files.iter().all(same) && alone
}

#[test]
fn a_model_is_there_as_a_whole_and_every_piece_was_told() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("minilm");
    let mut told = Vec::new();
    let mut shelf = Shelf::new();
    fetch_model(&mut shelf, &Wanted::default(), &folder, &mut |progress| {
        told.push(progress);
        ControlFlow::Continue(())
    })
    .expect("a model");
    assert!(is_whole(&shelf, &folder));
    assert!(
        told.windows(2)
            .all(|pair| pair[0].file != pair[1].file || pair[0].bytes < pair[1].bytes)
    );
    let last = Progress {
        file: "model.safetensors",
        bytes: 22,
        total: Some(22),
    };
    assert_eq!(told.last(), Some(&last));
    assert_eq!(
        fs::read_dir(home.path()).expect("read").count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn what_broke_off_goes_on_where_it_stopped_wherever_that_was() {
    for patience in 1..14 {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("minilm");
        let mut shelf = Shelf::new();
        shelf.patience = patience;
        let Err(FetchError::Source { why, .. }) = fetch(&mut shelf, &folder) else {
            assert_eq!(patience, 13, "it needs thirteen pieces");
            continue;
        };
        assert_eq!(why, "connection reset");
        assert!(!folder.exists());
        let (name, _) = shelf.asked.pop().expect("a file");
        let part = fs::metadata(beside(&folder, "part").join(format!("{name}.part")));
        let here = part.expect("what came is kept").len();
        shelf.patience = usize::MAX;
        shelf.asked.clear();
        fetch(&mut shelf, &folder).expect("a model");
        assert_eq!(shelf.asked.first(), Some(&(name, here)));
        assert!(is_whole(&shelf, &folder));
    }
}

#[test]
fn a_file_that_has_changed_since_is_fetched_from_its_beginning() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("minilm");
    let mut shelf = Shelf::new();
    shelf.patience = 3;
    assert!(fetch(&mut shelf, &folder).is_err());
    let mut other = Shelf::new();
    other.version = "v2";
    other.files[0].1 = b"[another config]".to_vec();
    fetch(&mut other, &folder).expect("a model");
    assert!(is_whole(&other, &folder));
}

#[test]
fn whoever_watches_may_end_it_and_the_model_that_was_there_stays() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("minilm");
    let mut old = Shelf::new();
    old.files[2].1 = b"an older model".to_vec();
    fetch(&mut old, &folder).expect("a model");
    let mut shelf = Shelf::new();
    let mut watch =
        |progress: Progress| match progress.file == "model.safetensors" && progress.bytes > 8 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
    let ended = fetch_model(&mut shelf, &Wanted::default(), &folder, &mut watch);
    assert!(matches!(ended, Err(FetchError::Cancelled)));
    assert!(is_whole(&old, &folder));
    fetch(&mut shelf, &folder).expect("a model");
    assert!(
        is_whole(&shelf, &folder),
        "it has taken the older one's place"
    );
}

#[test]
fn what_is_not_what_was_wanted_is_not_kept() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("minilm");
    let sha256 = |text: &str| Some(Sha256::digest(text.as_bytes()).into());
    let mut wanted = Wanted {
        base: "http://localhost/models/".to_owned(),
        sha256: [sha256("{the config}"), None, sha256("other numbers")],
    };
    let mut shelf = Shelf::new();
    let mut watch = |_| ControlFlow::Continue(());
    let error = fetch_model(&mut shelf, &wanted, &folder, &mut watch).expect_err("another file");
    assert!(
        error
            .to_string()
            .starts_with("http://localhost/models/model.safetensors is not the file"),
        "{error}"
    );
    assert!(!folder.exists());
    wanted.sha256[2] = sha256("the numbers of a model");
    fetch_model(&mut shelf, &wanted, &folder, &mut watch).expect("a model");
    assert!(is_whole(&shelf, &folder));
}

#[test]
fn what_is_too_large_or_not_there_is_refused() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("minilm");
    let mut shelf = Shelf::new();
    shelf.files[0].1 = vec![b'x'; (1 << 20) + 1];
    assert!(matches!(
        fetch(&mut shelf, &folder),
        Err(FetchError::TooLarge { .. })
    ));
    shelf.files.remove(0);
    let error = fetch(&mut shelf, &folder)
        .expect_err("no such file")
        .to_string();
    assert!(
        error.contains("/config.json could not be fetched (404 Not Found)"),
        "{error}"
    );
}
