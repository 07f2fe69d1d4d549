//! Boot: the only place where the parts meet.
//!
//! Promises: the window and the headless binary start the same Signalbox. When
//! something is missing that can be lived without (a keychain, a good config
//! edit), it starts all the same and says so; when something is missing that
//! can't (the port, the data folder, the ledger), it ends with what to do.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use control::{Configuration, Control, FreshClientKey, Parts, Tag};
use engine::{Credentials, Engine, Ledger, ReceiptId};
use host::{
    AnswersOnDisk, Changed, ClientKeys, ClientsError, ConfigError, ConfigFile, DataFolder,
    Examinations, FolderError, LedgerError, ListenConfig, SqliteLedger, Vault, VersionsFile,
    WatchError,
};
use routing::{Catalogue, CatalogueError};
use secrecy::ExposeSecret as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::guard::Doors;
use crate::listen::{self, ListenError};
use crate::runtime::RuntimeFile;
use crate::session::{NoRandomness, Sessions};
use crate::state::Shared;

/// How a Signalbox is started.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// Folder for the ledger, the client keys and the config [default: the system's place for application data]
    #[arg(long, env = "SIGNALBOX_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Config file [default: signalbox.toml in the data folder]
    #[arg(long, env = "SIGNALBOX_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Port to listen on, instead of the config's; 0 picks a free one [default: 7411]
    #[arg(long, env = "SIGNALBOX_PORT")]
    pub port: Option<u16>,
}

/// Between two looks at how everybody is doing: states roll on and peers are compared.
const HEALTH_EVERY: Duration = Duration::from_secs(1);
/// What changes within this time is written down at once.
const VERSIONS_GATHER: Duration = Duration::from_secs(2);
/// How long exchanges that were cut may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running Signalbox.
pub struct Running {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    first_key: Option<String>,
    listeners: JoinSet<()>,
    ledger: Arc<SqliteLedger>,
    versions: VersionsFile,
    /// Writes down who answers to which name; ends with us.
    _versions: EndsWithUs,
    /// Lets time tell on health; ends with us.
    _clock: EndsWithUs,
    _sensors: Option<host::Sensors>,
    // Dropped last, in this order: the watcher stops, the run's file goes, the
    // folder's lock is let go.
    _watch: Option<host::Watch>,
    _runtime: RuntimeFile,
    _folder: DataFolder,
}

/// Why Signalbox did not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each says itself what it is")]
pub enum BootError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("the catalogue in this build is damaged: {0}")]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Clients(#[from] ClientsError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Client(#[from] engine::NoClient),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("can't write to the data folder: {0}")]
    Runtime(#[from] std::io::Error),
    #[error("a start-up task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// What was read from this machine before the first socket was opened.
struct Found {
    folder: DataFolder,
    catalogue: Arc<Catalogue>,
    file: ConfigFile,
    compiled: host::Compiled,
    refused: Option<ConfigError>,
    vault: Arc<Vault>,
    clients: Arc<ClientKeys>,
    examinations: Arc<Examinations>,
}

/// Starts Signalbox.
///
/// # Errors
/// When it can't serve at all; the message says what to do.
pub async fn boot(options: Options) -> Result<Running, BootError> {
    let port = options.port;
    let found = tokio::task::spawn_blocking(move || look_around(options)).await??;
    let Found {
        folder,
        catalogue,
        file,
        compiled,
        refused,
        vault,
        clients,
        examinations,
    } = found;

    let mut opened = compiled.listen.clone();
    opened.port = port.unwrap_or(opened.port);
    let sockets = listen::open(&ips(&opened), opened.port).await?;
    let bound: Vec<SocketAddr> = sockets
        .iter()
        .filter_map(|socket| socket.local_addr().ok())
        .collect();
    let addresses: Vec<SocketAddr> = bound.iter().copied().map(callable).collect();
    let address = addresses
        .first()
        .copied()
        .unwrap_or(SocketAddr::from(([127, 0, 0, 1], opened.port)));
    file.set_own_addresses(bound.clone());

    let ledger = Arc::new(SqliteLedger::open(
        &folder.ledger_path(),
        compiled.ledger.retention(),
    )?);
    let engine = Engine::new(
        compiled.snapshot,
        Arc::clone(&ledger) as Arc<dyn Ledger>,
        Arc::clone(&vault) as Arc<dyn Credentials>,
        newest(&ledger).await?,
        cache::Cache::new(cache::Limits {
            memory_bytes: compiled.cache.memory_bytes,
            memory_ms: compiled.cache.memory.as_millis() as u64,
        }),
        folder.model_path(),
        offload::Workshop::new(sandbox()),
    )?;
    let answers = Arc::new(AnswersOnDisk::new(&compiled.cache));
    control::heed(&engine, &examinations);
    let versions = take_up_versions(&folder, &engine).await?;
    let configuration = Arc::new(Configuration::new(
        file,
        engine.clone(),
        Arc::clone(&ledger),
        Arc::clone(&examinations),
        compiled.listen.clone(),
        refused,
    ));
    // Now that our own addresses are known, a provider that points at them is refused.
    let checked = Arc::clone(&configuration);
    tokio::task::spawn_blocking(move || checked.reload()).await?;

    // Only now that nothing else can fail: a key made for a start that did not come
    // off would never be shown.
    let first_key = first_start(&clients).await?;
    let shown_key = first_key.as_ref().map(|fresh| fresh.key.clone());
    let control = Control::new(Parts {
        engine: engine.clone(),
        ledger: Arc::clone(&ledger),
        vault: Arc::clone(&vault),
        answers: Arc::clone(&answers),
        clients: Arc::clone(&clients),
        configuration: Arc::clone(&configuration),
        examinations,
        catalogue,
        addresses: addresses.clone(),
        first_key,
    });
    let (sessions, run_token) = Sessions::new(address.port())?;
    let runtime = RuntimeFile::write(&folder, address, &run_token)?;
    let shared = Arc::new(Shared {
        doors: ArcSwap::from_pointee(doors(&bound, &compiled.listen)),
        engine,
        control,
        clients: Arc::clone(&clients),
        sessions,
        address,
        bound,
        ending: watch::channel(false).0,
    });
    let watcher = match watch_files(&folder, &configuration, &vault, &clients, &shared) {
        Ok(watcher) => Some(watcher),
        // It can be lived without: files are read again at the next start.
        Err(error) => {
            tracing::error!(%error, "changed files are not noticed");
            configuration.unwatched(error.to_string());
            None
        }
    };
    let listeners = listen::serve(sockets, &shared);
    open_disk(
        &shared.engine,
        answers,
        &folder,
        vault,
        compiled.cache.longest,
    );
    let writer = keep_versions(shared.engine.clone(), versions.clone());
    let clock = EndsWithUs(tokio::spawn(keep_health(shared.engine.clone())));
    let sensed = shared.engine.clone();
    let sensors = host::sense(move |machine, woken| sensed.sensed(machine, woken));
    // It can be lived without: a machine of which nothing is known counts as one at rest.
    let sensors = sensors.inspect_err(|error| tracing::error!(%error, "the machine is not sensed"));
    Ok(Running {
        shared,
        addresses,
        first_key: shown_key,
        listeners,
        ledger,
        versions,
        _versions: EndsWithUs(tokio::spawn(writer)),
        _clock: clock,
        _sensors: sensors.ok(),
        _watch: watcher,
        _runtime: runtime,
        _folder: folder,
    })
}

/// What answered to each name in the run before.
async fn take_up_versions(folder: &DataFolder, engine: &Engine) -> Result<VersionsFile, BootError> {
    let file = VersionsFile::of(folder);
    let read = file.clone();
    let (models, told) = tokio::task::spawn_blocking(move || read.read()).await?;
    if let Some(told) = told {
        tracing::error!("{told}");
    }
    engine.versions().restore(models);
    Ok(file)
}

/// Writes down who answers to which name, soon after that has changed: once for what changes together.
async fn keep_versions(engine: Engine, file: VersionsFile) {
    loop {
        engine.versions().news().await;
        tokio::time::sleep(VERSIONS_GATHER).await;
        write_versions(&engine, &file).await;
    }
}

async fn write_versions(engine: &Engine, file: &VersionsFile) {
    let (models, file) = (engine.versions().all(), file.clone());
    let written = tokio::task::spawn_blocking(move || file.write(&models)).await;
    if let Ok(Err(error)) = written {
        tracing::error!(%error, "which versions of models answer could not be written down");
    }
}

/// Puts the disk below the kept answers, beside the first requests: the keychain may ask a person first.
fn open_disk(
    engine: &Engine,
    answers: Arc<AnswersOnDisk>,
    folder: &DataFolder,
    vault: Arc<Vault>,
    longest: Duration,
) {
    let (engine, path) = (engine.clone(), folder.cache_path());
    // Ends with the keychain's own time limit; what it opens is the engine's.
    tokio::task::spawn_blocking(move || {
        answers.open(engine.answers(), &path, &vault, longest);
    });
}

/// Ends a task with whoever holds it.
struct EndsWithUs(tokio::task::JoinHandle<()>);

impl Drop for EndsWithUs {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lets time tell on health and asks local servers how they are, off the path of requests. Beside each
/// other: a server that is slow to answer stops no clock.
async fn keep_health(engine: Engine) {
    let refresh = async {
        let mut ticks = each_second();
        loop {
            ticks.tick().await;
            engine.refresh();
        }
    };
    let ask = async {
        let mut ticks = each_second();
        loop {
            ticks.tick().await;
            engine.ask_local_servers().await;
        }
    };
    tokio::join!(refresh, ask);
}

/// After a sleep one look is enough.
fn each_second() -> tokio::time::Interval {
    let mut ticks = tokio::time::interval(HEALTH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

/// Everything that reads the disk or the keychain.
fn look_around(options: Options) -> Result<Found, BootError> {
    let folder = DataFolder::open(options.data_dir)?;
    let catalogue = Arc::new(Catalogue::builtin()?);
    let path = options.config.unwrap_or_else(|| folder.config_path());
    let file = ConfigFile::open(&path, Arc::clone(&catalogue), engine::PRACTICE_MODELS);
    let (compiled, refused) = match file.load() {
        Ok(compiled) => (compiled, None),
        Err(error) => {
            tracing::error!(%error, "the config is refused; starting with the built-in one");
            (file.defaults()?, Some(error))
        }
    };
    let vault = Arc::new(Vault::open(&folder));
    let clients = Arc::new(ClientKeys::open(&folder)?);
    let examinations = Arc::new(Examinations::open(&folder));
    if let Some(told) = examinations.set_aside() {
        tracing::error!("{told}");
    }
    Ok(Found {
        folder,
        catalogue,
        file,
        compiled,
        refused,
        vault,
        clients,
        examinations,
    })
}

/// The program that runs code, which lies beside this one.
fn sandbox() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    let name = format!("signalbox-sandbox{}", std::env::consts::EXE_SUFFIX);
    let program = here.parent()?.join(name);
    program.is_file().then_some(program)
}

/// The newest receipt of the run before.
async fn newest(ledger: &Arc<SqliteLedger>) -> Result<Option<ReceiptId>, BootError> {
    let ledger = Arc::clone(ledger);
    let found = tokio::task::spawn_blocking(move || {
        ledger.recent(1, None, &host::ReceiptFilter::default())
    });
    Ok(found.await??.first().map(|receipt| receipt.id))
}

/// The client key of the very first start, shown this once.
async fn first_start(clients: &Arc<ClientKeys>) -> Result<Option<FreshClientKey>, BootError> {
    let clients = Arc::clone(clients);
    let made = tokio::task::spawn_blocking(move || clients.first_start()).await??;
    Ok(made.map(|key| FreshClientKey {
        name: "default".to_owned(),
        key: key.expose_secret().to_owned(),
    }))
}

fn ips(listen: &ListenConfig) -> Vec<IpAddr> {
    listen.addresses.clone()
}

fn doors(addresses: &[SocketAddr], listen: &ListenConfig) -> Doors {
    Doors::new(addresses, &listen.allow_hosts, &listen.allow_origins)
}

/// The address as one can call it from this machine: every address is none to call.
fn callable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Follows changes on disk: the config, and what the command line did beside us.
fn watch_files(
    folder: &DataFolder,
    configuration: &Arc<Configuration>,
    vault: &Arc<Vault>,
    clients: &Arc<ClientKeys>,
    shared: &Arc<Shared>,
) -> Result<host::Watch, WatchError> {
    let (configuration, vault, clients, shared) = (
        Arc::clone(configuration),
        Arc::clone(vault),
        Arc::clone(clients),
        Arc::clone(shared),
    );
    let config_path = configuration.path();
    host::watch(folder, &config_path, move |changed| match changed {
        Changed::Config => {
            configuration.reload_changed();
            let listen = configuration.listen().borrow().clone();
            shared.doors.store(Arc::new(doors(&shared.bound, &listen)));
            shared.control.changed(&[Tag::Providers, Tag::Status]);
        }
        Changed::Keys => {
            if let Err(error) = vault.reload() {
                tracing::error!(%error, "the provider keys could not be read again");
            }
            for provider in &shared.engine.snapshot().routes.providers {
                shared.engine.key_changed(provider);
            }
            shared.control.changed(&[Tag::Keys, Tag::Providers]);
        }
        Changed::Clients => {
            if let Err(error) = clients.reload() {
                tracing::error!(%error, "the client keys could not be read again");
            }
            shared.control.changed(&[Tag::Clients]);
        }
    })
}

impl Running {
    /// The control API of this Signalbox.
    pub fn control(&self) -> Control {
        self.shared.control.clone()
    }

    /// Where it listens; the first one is the one to tell people.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The client key of the very first start, to be shown once.
    pub fn first_key(&self) -> Option<&str> {
        self.first_key.as_deref()
    }

    /// A link that opens the panel in a browser, once.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn panel_link(&self) -> Result<String, NoRandomness> {
        self.shared.panel_link()
    }

    /// How long the config lets running exchanges finish.
    pub fn drain_time(&self) -> Duration {
        self.shared.engine.snapshot().limits.drain
    }

    /// Exchanges being served.
    pub fn in_flight(&self) -> usize {
        self.shared.engine.in_flight()
    }

    /// Drains the app: takes no new connections, lets running exchanges finish for at most
    /// `within`, cuts the others, and writes the ledger out.
    pub async fn shutdown(mut self, within: Duration) {
        self.shared.ending.send_replace(true);
        let listeners = &mut self.listeners;
        let drained = async { while listeners.join_next().await.is_some() {} };
        tokio::pin!(drained);
        if tokio::time::timeout(within, &mut drained).await.is_err() {
            tracing::warn!("some exchanges did not finish in time and are told so");
            self.shared.engine.cut();
            let _ = tokio::time::timeout(LAST_WORDS, &mut drained).await;
        }
        write_versions(&self.shared.engine, &self.versions).await;
        // Also when a cut exchange still holds a handle: what was taken is written.
        let ledger = (*self.ledger).clone();
        let _ = tokio::task::spawn_blocking(move || ledger.close()).await;
    }
}
