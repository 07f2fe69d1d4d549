//! The fake upstream as a program, for clients in other languages.
//! `fake-upstream [--port N]` prints its address; `GET /__seen` shows what it was asked,
//! `GET /__seen?last=N` the end of it.

#![allow(clippy::print_stdout, reason = "its address is its answer")]

use stories::FakeUpstream;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = std::env::args()
        .skip_while(|arg| arg != "--port")
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let upstream = FakeUpstream::start_on(port).await;
    println!("Listening on {}", upstream.base_url());
    std::future::pending::<()>().await;
}
