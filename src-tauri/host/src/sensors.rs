//! What this machine can bear: its load, its power, its way out, and whether it has slept.
//!
//! Promises: one thread that looks every [`EVERY`] and tells what it saw; nothing is sent to find
//! out whether there is a network. What a system does not tell counts as good news: no battery, no
//! load. Leaves out what follows from it (`routing`).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use routing::Machine;
use starship_battery::{Manager, State};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// How often the machine is looked at.
const EVERY: Duration = Duration::from_secs(3);
/// The wall clock ahead of the running clock by this much: the machine slept (or its clock was set,
/// which costs one careful request a provider).
const SLEPT: Duration = Duration::from_secs(5);

/// Senses until it is dropped.
#[derive(Debug)]
pub struct Sensors {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Looks at the machine now and then; `tell` is called on a thread of its own, with what was seen and
/// whether the machine has slept since the last time.
///
/// # Errors
/// When the system gives no thread.
pub fn sense(tell: impl Fn(Machine, bool) + Send + 'static) -> std::io::Result<Sensors> {
    let (stop, stopped) = mpsc::channel::<()>();
    let thread = std::thread::Builder::new()
        .name("sensors".to_owned())
        .spawn(move || {
            let mut eye = Eye::open();
            loop {
                let woken = eye.woken();
                tell(eye.look(), woken);
                match stopped.recv_timeout(EVERY) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
    Ok(Sensors {
        stop: Some(stop),
        thread: Some(thread),
    })
}

impl Drop for Sensors {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends at once; a panic in it has been reported already.
            let _ = thread.join();
        }
    }
}

struct Eye {
    system: Option<System>,
    batteries: Option<Manager>,
    clocks: Clocks,
}

impl Eye {
    fn open() -> Eye {
        let kinds = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_usage())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        Eye {
            system: System::new_with_specifics(kinds).ok(),
            batteries: Manager::new().ok(),
            clocks: Clocks::now(),
        }
    }

    fn woken(&mut self) -> bool {
        let before = std::mem::replace(&mut self.clocks, Clocks::now());
        slept(&before, &self.clocks)
    }

    fn look(&mut self) -> Machine {
        let (cpu, memory) = self.load();
        let (on_battery, battery) = self.power();
        Machine {
            online: has_a_way_out(),
            cpu,
            memory,
            on_battery,
            battery,
        }
    }

    fn load(&mut self) -> (f64, f64) {
        let Some(system) = &mut self.system else {
            return (0.0, 0.0);
        };
        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let total = system.total_memory();
        let memory = match total {
            0 => 0.0,
            _ => 1.0 - system.available_memory() as f64 / total as f64,
        };
        let cpu = f64::from(system.global_cpu_usage()) / 100.0;
        (share(cpu), share(memory))
    }

    /// Whether a battery is being used up, and what is left in the emptiest.
    fn power(&self) -> (bool, f64) {
        let batteries = self.batteries.as_ref().and_then(|m| m.batteries().ok());
        let batteries = batteries.into_iter().flatten().flatten();
        batteries.fold((false, 1.0), |(used, left), battery| {
            let charge = f64::from(battery.state_of_charge().value);
            (
                used || battery.state() == State::Discharging,
                share(charge).min(left),
            )
        })
    }
}

/// A share between 0 and 1, whatever the system says.
fn share(value: f64) -> f64 {
    match value.is_finite() {
        true => value.clamp(0.0, 1.0),
        false => 0.0,
    }
}

/// Both clocks at one moment.
struct Clocks {
    running: Instant,
    wall: SystemTime,
}

impl Clocks {
    fn now() -> Clocks {
        Clocks {
            running: Instant::now(),
            wall: SystemTime::now(),
        }
    }
}

/// The running clock stands still while the machine sleeps, the wall clock does not.
fn slept(before: &Clocks, now: &Clocks) -> bool {
    let ran = now.running.saturating_duration_since(before.running);
    now.wall
        .duration_since(before.wall)
        .is_ok_and(|passed| passed > ran + SLEPT)
}

/// Whether the system would know where to send something for the rest of the world. Connecting a
/// datagram socket asks its routing table and sends nothing; the addresses are those that the RFCs
/// 5737 and 3849 keep for documents.
fn has_a_way_out() -> bool {
    let routed = |from: SocketAddr, to: SocketAddr| {
        UdpSocket::bind(from)
            .and_then(|socket| socket.connect(to))
            .is_ok()
    };
    let v4 = Ipv4Addr::new(192, 0, 2, 1);
    let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    routed(
        (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::from((v4, 443)),
    ) || routed(
        (Ipv6Addr::UNSPECIFIED, 0).into(),
        SocketAddr::from((v6, 443)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(before: &Clocks, ran_s: u64, passed_s: i64) -> Clocks {
        let passed = Duration::from_secs(passed_s.unsigned_abs());
        Clocks {
            running: before.running + Duration::from_secs(ran_s),
            wall: match passed_s < 0 {
                true => before.wall - passed,
                false => before.wall + passed,
            },
        }
    }

    #[test]
    fn a_closed_lid_is_seen_and_a_busy_machine_is_not_taken_for_one() {
        let before = Clocks::now();
        for (ran_s, passed_s, expected) in [
            (3, 3, false),
            (3, 4, false),
            // Starved of the processor: both clocks ran on.
            (40, 40, false),
            (3, 3_600, true),
            // The clock was set back.
            (3, -3_600, false),
        ] {
            let now = later(&before, ran_s, passed_s);
            assert_eq!(slept(&before, &now), expected, "{ran_s} s, {passed_s} s");
        }
    }

    #[test]
    fn what_is_sensed_is_a_share() {
        let (tell, told) = mpsc::channel();
        let sensors = sense(move |seen, woken| {
            let _ = tell.send((seen, woken));
        });
        let (seen, woken) = told.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!((0.0..=1.0).contains(&seen.cpu), "{seen:?}");
        assert!(seen.memory > 0.0 && seen.memory < 1.0, "{seen:?}");
        assert!(!woken);
        drop(sensors.unwrap());
        assert!(told.recv().is_err(), "the thread is gone");
    }

    #[test]
    fn nonsense_is_no_load() {
        assert_eq!(share(f64::NAN), 0.0);
        assert_eq!(share(-1.0), 0.0);
        assert_eq!(share(7.0), 1.0);
    }
}
