//! The panel's session in a browser: a one-time ticket becomes a cookie.
//!
//! Promises: tickets and sessions are random, live in memory only, and are
//! bounded in number; a used ticket is worth nothing. The cookie is `HttpOnly`,
//! `SameSite=Strict`, and sent to `/control` alone, because browsers share
//! cookies between the ports of one host.
//!
//! The command line proves itself with the run's own token, which lies in a file
//! only the user can read.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};

/// The most tickets not yet used; the oldest is forgotten first.
const MOST_TICKETS: usize = 16;
/// The most browsers at once; the oldest is forgotten first.
const MOST_SESSIONS: usize = 64;

/// Tickets, sessions and the run's token, all kept as hashes so that comparing
/// them tells nothing by its time.
pub(crate) struct Sessions {
    cookie: String,
    run_token: [u8; 32],
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    tickets: VecDeque<[u8; 32]>,
    sessions: VecDeque<[u8; 32]>,
}

/// No randomness could be had.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoRandomness(String);

impl Sessions {
    /// Sessions of a listener on this port, and the run's token.
    pub(crate) fn new(port: u16) -> Result<(Sessions, String), NoRandomness> {
        let run_token = random()?;
        let sessions = Sessions {
            cookie: format!("signalbox-{port}"),
            run_token: hash(&run_token),
            books: Mutex::default(),
        };
        Ok((sessions, run_token))
    }

    /// A ticket that opens the panel once.
    pub(crate) fn ticket(&self) -> Result<String, NoRandomness> {
        let ticket = random()?;
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        push(&mut books.tickets, hash(&ticket), MOST_TICKETS);
        Ok(ticket)
    }

    /// Takes a ticket and gives the cookie to set; `None` when it is no good.
    pub(crate) fn open(&self, ticket: &str) -> Option<String> {
        let session = random().ok()?;
        let wanted = hash(ticket);
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let at = books.tickets.iter().position(|known| *known == wanted)?;
        books.tickets.remove(at);
        push(&mut books.sessions, hash(&session), MOST_SESSIONS);
        Some(format!(
            "{}={session}; HttpOnly; SameSite=Strict; Path=/control; Max-Age=31536000",
            self.cookie
        ))
    }

    /// Whether a request belongs to a session or to this run's command line.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if bearer.is_some_and(|token| hash(token) == self.run_token) {
            return true;
        }
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(&self.cookie)?.strip_prefix('='))
            .any(|session| books.sessions.contains(&hash(session)))
    }
}

fn push(queue: &mut VecDeque<[u8; 32]>, item: [u8; 32], most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn random() -> Result<String, NoRandomness> {
    let mut bytes = [0u8; 24];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(text: &str) -> HeaderMap {
        let pair = text.split(';').next().expect("a pair").to_owned();
        HeaderMap::from_iter([(header::COOKIE, pair.try_into().expect("a value"))])
    }

    #[test]
    fn a_ticket_opens_once() {
        let (sessions, _) = Sessions::new(1).expect("randomness");
        let ticket = sessions.ticket().expect("randomness");
        let set = sessions.open(&ticket).expect("a fresh ticket");
        assert!(sessions.admits(&cookie(&set)));
        assert_eq!(sessions.open(&ticket), None);
        assert_eq!(sessions.open(""), None);
    }

    #[test]
    fn the_runs_token_is_a_session_and_nothing_else_is() {
        let (sessions, token) = Sessions::new(1).expect("randomness");
        let bearer = |token: &str| {
            let value = format!("Bearer {token}").try_into().expect("a value");
            HeaderMap::from_iter([(header::AUTHORIZATION, value)])
        };
        assert!(sessions.admits(&bearer(&token)));
        assert!(!sessions.admits(&bearer("x")));
        assert!(!sessions.admits(&HeaderMap::new()));
        assert!(!sessions.admits(&cookie("signalbox-1=guess")));
    }

    #[test]
    fn old_tickets_are_forgotten_first() {
        let (sessions, _) = Sessions::new(1).expect("randomness");
        let first = sessions.ticket().expect("randomness");
        for _ in 0..MOST_TICKETS {
            sessions.ticket().expect("randomness");
        }
        assert_eq!(sessions.open(&first), None);
    }
}
