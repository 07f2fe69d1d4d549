//! One task, and the process is over: a statement or a search.

use std::process::exit;

use speech::Hello;
use speech::errand::{Errand, LONGEST_ERRAND, Question, Search};

use crate::lock::{self, Held};
use crate::{heard, say, search, sql};

/// Locks itself up, answers, and ends.
pub(crate) fn run(errand: Errand) -> ! {
    match errand {
        Errand::Lookup(lookup) => {
            let found = sql::opening::file(&lookup);
            lock_up(&sql::opening::held(&lookup, found.as_deref().ok()));
            let question = heard::<Question>(LONGEST_ERRAND);
            say(&sql::look_up(&lookup, found, &question));
        }
        Errand::Search => {
            lock_up(&search::held());
            let search = heard::<Search>(LONGEST_ERRAND);
            say(&search::seen(&search));
        }
    }
    exit(0)
}

fn lock_up(held: &Held) {
    let mut locks = lock::the_files_and_memory(held);
    locks.extend(lock::the_system(held));
    say(&Hello { locks });
}
