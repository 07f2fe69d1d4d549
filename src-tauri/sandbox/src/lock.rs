//! What the system is asked to hold against this process, whatever its code finds a way to do.
//!
//! Limits of resources wherever there are some; on Linux also Landlock (files) and seccomp (system calls). What a
//! kernel does not know is left out and not named among the locks: the interpreters hold without them.

use speech::{Lock, Setup};

/// Address space beyond what the values may take up: the program, stacks, and what is copied while it grows.
#[cfg(unix)]
const BEYOND: u64 = 384 * 1024 * 1024;

/// Processor time of a whole life, in seconds: whoever started it ends it long before.
#[cfg(unix)]
const PROCESSOR: u64 = 1_800;

/// Open files: the three of its speech, the granted folders, and a few that are read.
#[cfg(unix)]
const OPEN: u64 = 48;

/// How far behind others it stands where the processor is wanted by many.
#[cfg(unix)]
const BEHIND: i32 = 5;

/// Before any other thread is begun: some of it holds only for those that come of this one.
pub(crate) fn the_files_and_memory(setup: &Setup) -> Vec<Lock> {
    let mut held = Vec::new();
    #[cfg(unix)]
    {
        use rustix::process::Resource;
        // Whoever passes requests on comes first; where the system refuses, all are equal.
        let _ = rustix::process::nice(BEHIND);
        let files =
            limit(Resource::Fsize, 0) & limit(Resource::Core, 0) & limit(Resource::Nofile, OPEN);
        let space = BEYOND + 2 * setup.limits.memory as u64;
        held.extend(limit(Resource::As, space).then_some(Lock::Memory));
        held.extend(limit(Resource::Cpu, PROCESSOR).then_some(Lock::Processor));
        held.extend(files.then_some(Lock::Files));
    }
    #[cfg(target_os = "linux")]
    held.extend(linux::only_these(&setup.folders).then_some(Lock::Folders));
    let _ = setup;
    held
}

/// Once all threads have begun: no more can.
pub(crate) fn the_system(reads_files: bool) -> Vec<Lock> {
    let mut held = Vec::new();
    #[cfg(unix)]
    held.extend(limit(rustix::process::Resource::Nproc, 0).then_some(Lock::Processes));
    #[cfg(target_os = "linux")]
    held.extend(linux::only_computing(reads_files).then_some(Lock::Calls));
    let _ = reads_files;
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
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
        Scope, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };
    use speech::Folder;

    /// No file but those in these folders, to read; no TCP; no signal to, and no socket of, anybody outside.
    /// A kernel that knows less of it holds what it knows.
    pub(super) fn only_these(folders: &[Folder]) -> bool {
        let abi = ABI::V6;
        let ruled = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))
            .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
            .and_then(|rules| rules.scope(Scope::from_all(abi)))
            .and_then(Ruleset::create)
            .and_then(|rules| {
                let read = AccessFs::ReadFile | AccessFs::ReadDir;
                rules.add_rules(path_beneath_rules(
                    folders.iter().map(|folder| &folder.place),
                    read,
                ))
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

    /// Anything else is refused: sockets, processes, threads, tracing, mounts, other limits. Memory that can be
    /// run can't be had; the only one that may be ended from here is this process.
    pub(super) fn only_computing(reads_files: bool) -> bool {
        let more: &[i64] = if reads_files { READING } else { &[] };
        let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> = COMPUTING
            .iter()
            .chain(more)
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
