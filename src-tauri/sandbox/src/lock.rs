//! What the system is asked to hold against this process, whatever its code finds a way to do.
//!
//! Limits of resources wherever there are some; on Linux also Landlock (files) and seccomp (system calls). What a
//! kernel does not know is left out and not named among the locks: the interpreters hold without them.

use std::path::PathBuf;

use speech::Lock;

/// What a process may have. Whatever is left out it may not.
pub(crate) struct Held {
    /// Address space, in bytes.
    pub(crate) space: u64,
    /// Processor time of its whole life, in seconds.
    pub(crate) processor: u64,
    /// How large a file may grow, in bytes.
    pub(crate) grows: u64,
    /// Files and folders that are read.
    pub(crate) reads: Vec<PathBuf>,
    /// Folders in which files are read, made and written.
    pub(crate) writes: Vec<PathBuf>,
}

/// Open files: the three of its speech, the granted folders, and a few that are read.
#[cfg(unix)]
const OPEN: u64 = 48;

/// How far behind others it stands where the processor is wanted by many.
#[cfg(unix)]
const BEHIND: i32 = 5;

/// Before any other thread is begun: some of it holds only for those that come of this one.
pub(crate) fn the_files_and_memory(held_to: &Held) -> Vec<Lock> {
    let mut held = Vec::new();
    #[cfg(unix)]
    {
        use rustix::process::Resource;
        // Whoever passes requests on comes first; where the system refuses, all are equal.
        let _ = rustix::process::nice(BEHIND);
        let files = limit(Resource::Fsize, held_to.grows)
            & limit(Resource::Core, 0)
            & limit(Resource::Nofile, OPEN);
        held.extend(limit(Resource::As, held_to.space).then_some(Lock::Memory));
        held.extend(limit(Resource::Cpu, held_to.processor).then_some(Lock::Processor));
        held.extend(files.then_some(Lock::Files));
    }
    #[cfg(target_os = "linux")]
    held.extend(linux::only_these(held_to).then_some(Lock::Folders));
    let _ = held_to;
    held
}

/// Once all threads have begun: no more can.
pub(crate) fn the_system(held_to: &Held) -> Vec<Lock> {
    let mut held = Vec::new();
    #[cfg(unix)]
    held.extend(limit(rustix::process::Resource::Nproc, 0).then_some(Lock::Processes));
    #[cfg(target_os = "linux")]
    held.extend(linux::only_computing(held_to).then_some(Lock::Calls));
    let _ = held_to;
    held
}

#[cfg(unix)]
fn limit(resource: rustix::process::Resource, most: u64) -> bool {
    let most = rustix::process::Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    rustix::process::setrlimit(resource, most).is_ok()
}

#[cfg(target_os = "linux")]
mod linux {
    use super::Held;
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
        Scope, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    /// No file but those that may be read or written; no TCP; no signal to, and no socket of, anybody outside.
    /// A kernel that knows less of it holds what it knows.
    pub(super) fn only_these(held_to: &Held) -> bool {
        let abi = ABI::V6;
        let ruled = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))
            .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
            .and_then(|rules| rules.scope(Scope::from_all(abi)))
            .and_then(Ruleset::create)
            .and_then(|rules| {
                let read = AccessFs::ReadFile | AccessFs::ReadDir;
                rules.add_rules(path_beneath_rules(&held_to.reads, read))
            })
            .and_then(|rules| {
                let write = AccessFs::ReadFile
                    | AccessFs::ReadDir
                    | AccessFs::WriteFile
                    | AccessFs::Truncate
                    | AccessFs::MakeReg;
                rules.add_rules(path_beneath_rules(&held_to.writes, write))
            })
            .and_then(|rules| rules.restrict_self());
        ruled.is_ok_and(|ruled| ruled.ruleset != RulesetStatus::NotEnforced)
    }

    /// What computing asks of the system: memory, its own streams, the time, waiting for its own threads.
    const COMPUTING: &[i64] = &[
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_lseek,
        libc::SYS_fstat,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    /// And reading files beside it. Which ones is Landlock's to say, and the mounts'.
    const READING: &[i64] = &[
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_readlinkat,
        libc::SYS_getdents64,
        libc::SYS_pread64,
        libc::SYS_fcntl,
    ];

    /// And what SQLite asks of a file that others may be writing.
    const SHARING: &[i64] = &[
        libc::SYS_pwrite64,
        libc::SYS_ftruncate,
        libc::SYS_fchmod,
        libc::SYS_fchown,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_getcwd,
        libc::SYS_geteuid,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_access,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_stat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_readlink,
    ];

    /// Anything else is refused: sockets, processes, threads, tracing, mounts, other limits. Memory that can be
    /// run can't be had; the only one that may be ended from here is this process.
    pub(super) fn only_computing(held_to: &Held) -> bool {
        let none: &[i64] = &[];
        let reads = !held_to.reads.is_empty() || !held_to.writes.is_empty();
        let reading = if reads { READING } else { none };
        let sharing = if held_to.grows > 0 { SHARING } else { none };
        let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> = COMPUTING
            .iter()
            .chain(reading)
            .chain(sharing)
            .map(|call| (*call, Vec::new()))
            .collect();
        let where_argument = |at, length, is, value| {
            SeccompCondition::new(at, length, is, value)
                .and_then(|condition| SeccompRule::new(vec![condition]))
                .map(|rule| vec![rule])
        };
        let run = libc::PROT_EXEC as u64;
        let (Ok(not_run), Ok(own)) = (
            where_argument(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(run), 0),
            where_argument(
                0,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::Eq,
                u64::from(std::process::id()),
            ),
        ) else {
            return false;
        };
        rules.insert(libc::SYS_mmap, not_run.clone());
        rules.insert(libc::SYS_mprotect, not_run);
        rules.insert(libc::SYS_tgkill, own);
        let Ok(here) = std::env::consts::ARCH.try_into() else {
            return false;
        };
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        let program = SeccompFilter::new(rules, refuse, SeccompAction::Allow, here)
            .and_then(BpfProgram::try_from);
        program.is_ok_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok())
    }
}
