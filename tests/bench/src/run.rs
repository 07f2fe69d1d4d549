//! The run: every shape in interleaved rounds, then the process's own figures.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::failed::{Failed, median};
use crate::load;
use crate::open_loop;
use crate::payload::Answer;
use crate::peer::{Peer, SignalboxFolder};
use crate::process;
use crate::report::{self, Figure, Target};
use crate::say;
use crate::shape::{self, OTHERS_MOST, SHAPES, Shape, Source, Window};
use crate::syscalls;
use crate::{startup, tools};

const ROUNDS: usize = 5;
/// Rounds that may be measured again in a shape because the machine was busy.
const SECOND_TRIES: usize = 5;
/// Tries until an answer is kept, and the pause between two.
const KEPT_PATIENCE: u32 = 200;
const KEPT_PAUSE: Duration = Duration::from_millis(20);

/// Measures Signalbox and writes the report; `names` picks shapes, none means all.
pub(crate) fn run(signalbox: &Path, json: &Path, names: &[&str]) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mock = Peer::mock()?;
    let nginx = Peer::nginx(folder.path(), mock.address)?;
    let path = |name: &str| folder.path().join(name);
    let data = SignalboxFolder::new(signalbox, path("data"), mock.address, "")?;
    let on_disk = "[cache]\nmemory_mib = 0\n";
    let on_disk = SignalboxFolder::new(signalbox, path("disk"), mock.address, on_disk)?;
    let picked = |name: &str| names.is_empty() || names.contains(&name);
    let mut bench = Bench::default();

    if picked("start") {
        say("start: until the first answers, memory at rest");
        bench.start(&startup::measure(&data)?);
    }
    if picked("start-full") {
        say("start-full: killed with a full disk of kept answers, until it listens again");
        let full = SignalboxFolder::new(signalbox, path("full"), mock.address, "")?;
        bench.start_full(&startup::after_kill(&full)?);
    }
    let signalbox_peer = data.start()?;
    for shape in SHAPES.iter().filter(|shape| picked(shape.name)) {
        let another = match shape.source {
            Source::Disk => Some(on_disk.start()?),
            Source::Upstream | Source::Memory => None,
        };
        let ours = another.as_ref().unwrap_or(&signalbox_peer);
        if shape.source != Source::Upstream {
            kept(shape, ours)?;
        }
        let rounds = bench.rounds(shape, [&mock, &nginx, ours])?;
        bench.figures.extend(figures(shape, &rounds));
    }
    if picked("tools") {
        say("tools: tasks that tools do, and what others notice while they are abused");
        bench.tools(&signalbox_peer)?;
    }
    if picked("memory") {
        let left = 100_000_u64.saturating_sub(bench.asked);
        let request = signalbox_peer.request(Answer::Whole, 1024, false);
        load::exactly(signalbox_peer.address, &request, 16, left as usize)?;
        let mib = process::rss_mib(signalbox_peer.pid());
        let name = "memory after 100,000 requests or more";
        bench
            .figures
            .push(Figure::alone(name, "MiB", mib, Target::None));
    }
    if picked("calls") {
        bench.calls(&nginx, &signalbox_peer, folder.path())?;
    }
    if picked("size") {
        let mib = stripped_mib(signalbox, folder.path())?;
        bench.figures.push(Figure::alone(
            "size of the program, stripped",
            "MiB",
            mib,
            Target::None,
        ));
    }

    report::print(&bench.figures);
    for remark in &bench.remarks {
        say(remark);
    }
    let report = report::json(
        &bench.figures,
        &bench.remarks,
        &Value::from_iter(bench.call_names),
    );
    fs::write(json, serde_json::to_vec_pretty(&report)?)?;
    say(format_args!("\nWritten to {}", json.display()));
    Ok(())
}

/// One round: each peer's window, one right after the other.
struct Round {
    direct: Window,
    nginx: Window,
    signalbox: Window,
}

/// What has been measured so far.
#[derive(Default)]
struct Bench {
    figures: Vec<Figure>,
    remarks: Vec<String>,
    call_names: BTreeMap<String, Value>,
    /// Requests that Signalbox has answered while it was measured.
    asked: u64,
}

impl Bench {
    fn tools(&mut self, peer: &Peer) -> Result<(), Failed> {
        for task in tools::tasks(peer)? {
            let target = match task.name {
                "calculator" | "regex" | "Python" | "JavaScript" => Target::Most(1_000.0),
                "Python, cold" | "JavaScript, cold" => Target::Most(5_000.0),
                _ => Target::None,
            };
            let name = format!("tool, {}: median", task.name);
            self.figures
                .push(Figure::alone(&name, "us", task.median_us, target));
            let name = format!("tool, {}: 99 of 100", task.name);
            self.figures
                .push(Figure::alone(&name, "us", task.p99_us, Target::None));
        }
        for beside in tools::bombs(peer)? {
            let [median, most] = beside.alone_us;
            self.remarks.push(format!(
                "beside {} ({} answered): a passed-on request took {:.0} us (99 of 100: {:.0}), alone {median:.0} ({most:.0})",
                beside.name, beside.bombs, beside.beside_us[0], beside.beside_us[1],
            ));
        }
        Ok(())
    }

    fn start(&mut self, seen: &startup::Startup) {
        let mut told = |name, unit, figure, target| {
            self.figures.push(Figure::alone(name, unit, figure, target));
        };
        told(
            "start to its address",
            "ms",
            seen.listening_ms,
            Target::None,
        );
        told(
            "start to the first 200",
            "ms",
            seen.healthy_ms,
            Target::Most(300.0),
        );
        told(
            "start to the first answered chat",
            "ms",
            seen.chat_ms,
            Target::None,
        );
        told(
            "first start of all, to a chat",
            "ms",
            seen.first_chat_ms,
            Target::None,
        );
        told("memory at rest", "MiB", seen.idle_mib, Target::Most(40.0));
    }

    fn start_full(&mut self, seen: &startup::AfterKill) {
        let mut told = |name, unit, figure, target| {
            self.figures.push(Figure::alone(name, unit, figure, target));
        };
        told(
            "kept on disk when killed",
            "MiB",
            seen.kept_mib,
            Target::None,
        );
        told(
            "start after it, to its address",
            "ms",
            seen.listening_ms,
            Target::Most(1_000.0),
        );
        told(
            "start after it, to the first answered chat",
            "ms",
            seen.chat_ms,
            Target::None,
        );
    }

    fn rounds(&mut self, shape: &Shape, peers: [&Peer; 3]) -> Result<Vec<Round>, Failed> {
        say(format_args!("{}: {}", shape.name, shape.says));
        let mut all: Vec<u32> = peers.iter().flat_map(|peer| peer.family()).collect();
        all.push(std::process::id());
        let mut rounds = Vec::with_capacity(ROUNDS);
        let mut second_tries = 0;
        while rounds.len() < ROUNDS {
            let [direct, nginx, signalbox] = peers;
            let round = Round {
                direct: shape::window(shape, direct, &all)?,
                nginx: shape::window(shape, nginx, &all)?,
                signalbox: shape::window(shape, signalbox, &all)?,
            };
            self.asked += round.signalbox.seen.requests;
            let others = [&round.direct, &round.nginx, &round.signalbox]
                .map(|window| window.others)
                .into_iter()
                .fold(0.0, f64::max);
            let cost = round.signalbox.cost_us(shape);
            let ratio = cost / round.nginx.cost_us(shape);
            say(format_args!(
                "  {cost:7.1} us, {ratio:5.2}x nginx, others used {:.0}% of a core",
                others * 100.0
            ));
            if others > OTHERS_MOST && second_tries < SECOND_TRIES {
                second_tries += 1;
                continue;
            }
            if others > OTHERS_MOST {
                self.remarks.push(format!(
                    "{}: a round was taken although other programs used {:.0}% of a core",
                    shape.name,
                    others * 100.0
                ));
            }
            rounds.push(round);
        }
        if second_tries > 0 {
            self.remarks.push(format!(
                "{}: {second_tries} rounds were measured again because the machine was busy",
                shape.name
            ));
        }
        Ok(rounds)
    }

    fn calls(&mut self, nginx: &Peer, signalbox: &Peer, folder: &Path) -> Result<(), Failed> {
        say("calls: system calls a request, under strace");
        let beside = syscalls::count(nginx, folder)?;
        let Some((beside, ours)) = beside.zip(syscalls::count(signalbox, folder)?) else {
            self.remarks
                .push("System calls were not counted: there is no strace.".to_owned());
            return Ok(());
        };
        for (peer, calls) in [("nginx", &beside), ("signalbox", &ours)] {
            let names: Vec<Value> = calls
                .by_name
                .iter()
                .map(|(name, a_request)| json!([name, a_request]))
                .collect();
            self.call_names.insert(peer.to_owned(), Value::from(names));
        }
        self.figures.push(Figure {
            nginx: Some(beside.a_request),
            ..Figure::alone(
                "system calls a request",
                "calls",
                ours.a_request,
                Target::None,
            )
        });
        Ok(())
    }
}

/// Asks until the answer is told again: it is kept beside the first one's end, and the disk is opened
/// beside the start.
fn kept(shape: &Shape, peer: &Peer) -> Result<(), Failed> {
    let request = shape.request(peer);
    let mut stream = TcpStream::connect(peer.address)?;
    for _ in 0..KEPT_PATIENCE {
        let head = open_loop::ask(&mut stream, &request)?;
        if head.contains("x-signalbox-cache: hit") {
            return Ok(());
        }
        std::thread::sleep(KEPT_PAUSE);
    }
    Err(format!("{}: the answer was not kept", shape.name).into())
}

fn figures(shape: &Shape, rounds: &[Round]) -> Vec<Figure> {
    let compare = |name: String, unit, target, of: &dyn Fn(&Round) -> [f64; 3]| {
        let figures: Vec<[f64; 3]> = rounds.iter().map(of).collect();
        let peer = |index: usize| median(figures.iter().map(|round| round[index]).collect());
        let ratios: Vec<f64> = figures
            .iter()
            .map(|[_, nginx, ours]| ours / nginx)
            .collect();
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Figure {
            name,
            unit,
            direct: Some(peer(0)),
            nginx: Some(peer(1)),
            signalbox: peer(2),
            ratio: Some(median(ratios)),
            range: Some((low, high)),
            target,
        }
    };
    let cost = |target| {
        let each = match shape.answer.is_stream() {
            false => "CPU a request",
            true => "CPU an event",
        };
        compare(format!("{}: {each}", shape.name), "us", target, &|round| {
            [&round.direct, &round.nginx, &round.signalbox].map(|window| window.cost_us(shape))
        })
    };
    let rate = || {
        compare(
            format!("{}: rate", shape.name),
            "/s",
            Target::None,
            &|round| {
                [&round.direct, &round.nginx, &round.signalbox].map(|window| window.rate(shape))
            },
        )
    };
    // What a proxy adds to the mock's own latency, in the same round.
    let added = |what: &str, target| {
        compare(format!("{}: {what}", shape.name), "us", target, &|round| {
            let direct = round.direct.p50_us();
            [
                direct,
                round.nginx.p50_us() - direct,
                round.signalbox.p50_us() - direct,
            ]
        })
    };
    // To the end of an answer, the mock's own time included.
    let latency = |target| {
        compare(
            format!("{}: latency, p50", shape.name),
            "us",
            target,
            &|round| [&round.direct, &round.nginx, &round.signalbox].map(|window| window.p50_us()),
        )
    };
    match shape.name {
        "hit" | "hit-128k" => vec![cost(Target::Ratio(1.0)), rate()],
        "hit-disk" | "hit-disk-128k" => vec![cost(Target::Ratio(4.0)), rate()],
        "hit-5ms" => vec![latency(Target::Ratio(0.1))],
        "c16" => vec![cost(Target::Ratio(2.5)), rate()],
        "c16-128k" => vec![cost(Target::Ratio(3.5)), rate()],
        "paced" => vec![
            cost(Target::Ratio(1.5)),
            added("first byte, added, p50", Target::Ratio(2.0)),
        ],
        "burst" => vec![cost(Target::None), rate()],
        _ => vec![
            cost(Target::None),
            added("latency, added, p50", Target::None),
        ],
    }
}

/// The size of the program as it is shipped; symbols may have been left in for
/// profilers.
fn stripped_mib(program: &Path, folder: &Path) -> Result<f64, Failed> {
    let copy = folder.join("stripped");
    fs::copy(program, &copy)?;
    // Without strip, the program is as large as it is.
    let _ = Command::new("strip").arg(&copy).status();
    Ok(fs::metadata(&copy)?.len() as f64 / (1024.0 * 1024.0))
}
