//! What processes cost, as Linux counts it.

use std::fs;
use std::path::Path;

/// Linux tells processor time in hundredths of a second, whatever the kernel's own tick.
const TICKS_A_SECOND: f64 = 100.0;

/// Processor time of these processes, in seconds.
pub(crate) fn cpu_s(pids: &[u32]) -> f64 {
    let ticks: u64 = pids.iter().filter_map(|pid| ticks(*pid)).sum();
    ticks as f64 / TICKS_A_SECOND
}

/// Processor time that this machine spent on anything at all, in seconds.
pub(crate) fn machine_s() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let figures: Vec<u64> = stat
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|figure| figure.parse().ok())
        .collect();
    // user, nice, system; then idle and waiting; then interrupts, hard and soft.
    let busy: u64 = [0, 1, 2, 5, 6]
        .iter()
        .filter_map(|index| figures.get(*index))
        .sum();
    busy as f64 / TICKS_A_SECOND
}

/// Memory that a process and its children hold now, in MiB.
pub(crate) fn rss_mib(pid: u32) -> f64 {
    family(pid)
        .iter()
        .filter_map(|pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        })
        .sum::<f64>()
        / 1024.0
}

/// A process and its living children.
pub(crate) fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    // A process lists its children by the thread that made them.
    for task in fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
    {
        let Ok(task) = task else { continue };
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        family.extend(
            children
                .split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    family
}

fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; what follows it is plain.
    let (_, rest) = stat.rsplit_once(')')?;
    let field = |index: usize| rest.split_whitespace().nth(index)?.parse::<u64>().ok();
    Some(field(11)? + field(12)?)
}

/// What lies in a folder, in bytes.
pub(crate) fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_in(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
