//! Pictures and documents that a request names by address, for providers that take bytes only.
//!
//! Promises: nothing is fetched before a target needs it, nothing twice in one exchange, and nothing
//! at all unless the config says so: the one who wrote the prompt would learn this machine's address.
//!
//! Bounds: 16 files and 64 MiB an exchange, 4 of them at once.
//! Leaves out: how a file is fetched and from where (`fetch`).

use std::collections::HashMap;
use std::sync::Arc;

use dialect::Task;
use dialect::hub::{Addressed, Fetched, Loss, MediaKind, Note, Refused, Request, Target};
use futures_util::{StreamExt as _, stream};
use routing::{Candidate, Door, Way};
use tokio::sync::Mutex;

use crate::attempt::Asking;
use crate::fetch::Allowance;
use crate::sending::{self, Unsent};

/// The most files of one request.
const MOST: usize = 16;
/// The most that they hold together, in bytes.
const MOST_BYTES: usize = 64 << 20;
/// Downloads for one request at once.
const AT_ONCE: usize = 4;

/// An address, and what is looked for there.
type Place = (String, MediaKind);

/// What was fetched for one exchange, or why not, by address.
pub(crate) struct Media {
    known: Mutex<HashMap<Place, Result<Arc<Fetched>, String>>>,
    allowance: Allowance,
}

impl Default for Media {
    fn default() -> Self {
        Media {
            known: Mutex::default(),
            allowance: Allowance::of(MOST_BYTES),
        }
    }
}

/// The files that one target needs.
#[derive(Default)]
pub(crate) struct Files(HashMap<Place, Arc<Fetched>>);

impl Media {
    /// Fetches what this target takes as bytes only, as far as it was not fetched before.
    pub(crate) async fn files(
        &self,
        asking: &Asking<'_>,
        candidate: &Candidate,
        door: &Door<'_>,
    ) -> Result<Files, Unsent> {
        if door.way != Way::Translated || door.endpoint.task() != Task::Generate {
            return Ok(Files::default());
        }
        let target = sending::target(candidate, door);
        let wanted = asking.hub.get(asking)?.addressed(&target);
        if wanted.is_empty() {
            return Ok(Files::default());
        }
        let on = asking.snapshot.translation.fetch.on;
        if !on || asking.local_only || wanted.len() > MOST {
            let why = match on {
                _ if asking.local_only => {
                    "It takes the bytes, not an address, and this request may not leave this machine \
                     and network."
                        .to_owned()
                }
                false => "It takes the bytes, not an address. Signalbox fetches them when the config says \
                          `fetch_images = true` under [translation]."
                    .to_owned(),
                true => format!("It takes bytes, and Signalbox fetches at most {MOST} files a request."),
            };
            return match wanted.iter().find(|one| one.must && !asking.lossy) {
                Some(one) => Err(unfit(one, why)),
                None => Ok(Files::default()),
            };
        }
        let mut known = self.known.lock().await;
        let missing: Vec<_> = wanted
            .iter()
            .filter(|one| !known.contains_key(&place_of(one)))
            .map(|one| fetch(asking, one, &self.allowance))
            .collect();
        let fetched: Vec<_> = stream::iter(missing)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        known.extend(fetched);
        let mut files = Files::default();
        for one in &wanted {
            let place = place_of(one);
            match known.get(&place) {
                Some(Ok(file)) => {
                    files.0.insert(place, Arc::clone(file));
                }
                Some(Err(why)) if one.must && !asking.lossy => {
                    let host = host_of(&one.url);
                    return Err(unfit(
                        one,
                        format!("The file at {host} can't be fetched: {why}."),
                    ));
                }
                Some(Err(_)) | None => {}
            }
        }
        Ok(files)
    }
}

async fn fetch(
    asking: &Asking<'_>,
    one: &Addressed,
    allowance: &Allowance,
) -> (Place, Result<Arc<Fetched>, String>) {
    let allow = &asking.snapshot.translation.fetch.allow;
    let file = asking
        .inner
        .fetch
        .file(&one.url, one.kind, allow, allowance);
    (place_of(one), file.await.map(Arc::new))
}

fn place_of(one: &Addressed) -> Place {
    (one.url.clone(), one.kind)
}

impl Files {
    /// Puts the files in the place of their addresses, and says so.
    pub(crate) fn put(&self, request: &mut Request, target: &Target<'_>) -> Vec<Note> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let put = request.put_bytes(target, |url, kind| {
            self.0.get(&(url.to_owned(), kind)).map(|file| &**file)
        });
        let said = |kind| self.note(kind, put.iter().filter(|one| **one == kind).count());
        [MediaKind::Image, MediaKind::Document]
            .into_iter()
            .filter_map(said)
            .collect()
    }

    fn note(&self, kind: MediaKind, put: usize) -> Option<Note> {
        let files = self.0.iter().filter(|((_, of), _)| *of == kind);
        let bytes: usize = files.map(|(_, file)| file.base64.len() / 4 * 3).sum();
        (put > 0).then(|| Note {
            loss: Loss::Equivalent,
            what: field(kind).to_owned(),
            why: format!(
                "The provider takes bytes: what {put} of its addresses name was fetched here ({} KiB).",
                bytes.div_ceil(1024)
            ),
        })
    }
}

fn unfit(one: &Addressed, why: String) -> Unsent {
    Unsent::Unfit(Refused {
        what: field(one.kind).to_owned(),
        why,
    })
}

/// The caller's field, as most dialects call it.
fn field(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Document => "file",
        _ => "image_url",
    }
}

/// The host alone: the rest of an address may be a secret.
fn host_of(url: &str) -> String {
    let parsed = reqwest::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(reqwest::Url::host_str);
    host.unwrap_or("its address").chars().take(256).collect()
}
