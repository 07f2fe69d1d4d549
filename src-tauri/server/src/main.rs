//! `signalbox`: the headless binary and its commands.

use std::process::ExitCode;

// The proxy allocates many short-lived buffers of all sizes; mimalloc gives their
// pages back and costs less per call than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::command::main()
}
