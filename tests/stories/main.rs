//! Stories end to end: the real binary over real sockets, against an upstream
//! that can stall, cut, refuse and lie. Each test states what a user sees.

#![allow(
    clippy::unwrap_used,
    reason = "a story that can't go on should say where it stopped"
)]

mod bad_input;
mod beside_chat;
mod config;
mod control;
mod doctor;
mod drain;
mod failover;
mod guard;
mod health;
mod hedging;
mod hosts;
mod kept;
mod kept_disk;
mod kept_together;
mod keys;
mod ledger;
mod mending;
mod passing_through;
mod pins;
mod practice;
mod prompt_cache;
mod quiet_streams;
mod running;
mod seams;
mod signals;
mod similar;
mod similar_model;
mod streams;
mod tools;
mod tools_control;
mod tools_granted;
mod tools_offered;
mod translation;
