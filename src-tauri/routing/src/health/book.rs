//! A bounded book of what is known, by two names.
//!
//! Promises: never more entries than it was made for. A hundred thousand model
//! names only push out each other: what has never been of use goes first, then
//! what was not looked at for longest; what is in use stays, and when all of it is,
//! the newcomer is not written down.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use rustc_hash::FxHasher;

use crate::moment::Moment;

/// What a book needs to know of its entries.
pub(super) trait Entry {
    /// It may not be forgotten now.
    fn busy(&self) -> bool;
    /// It has been of use.
    fn proved(&self) -> bool;
}

#[derive(Debug)]
struct Page<T> {
    names: (String, String),
    used: Moment,
    entry: T,
}

/// The book.
#[derive(Debug)]
pub(super) struct Book<T> {
    /// By the hash of both names, which is taken once. Two pairs of one hash contend
    /// for one page, so that the hash may be a fast one: names that are made to
    /// collide push out each other and nobody else.
    places: HashMap<u64, u32, BuildHasherDefault<Taken>>,
    pages: Vec<Page<T>>,
    most: usize,
}

impl<T: Entry> Book<T> {
    pub(super) fn new(most: usize) -> Book<T> {
        Book {
            places: HashMap::default(),
            pages: Vec::new(),
            most,
        }
    }

    /// Where an entry stands.
    pub(super) fn place(&self, first: &str, second: &str) -> Option<u32> {
        let place = *self.places.get(&hash(first, second))?;
        let names = &self.pages.get(place as usize)?.names;
        (names.0 == first && names.1 == second).then_some(place)
    }

    pub(super) fn find(&self, first: &str, second: &str) -> Option<&T> {
        self.at(self.place(first, second)?)
    }

    pub(super) fn at(&self, place: u32) -> Option<&T> {
        Some(&self.pages.get(place as usize)?.entry)
    }

    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut T> {
        Some(&mut self.pages.get_mut(place as usize)?.entry)
    }

    /// Both names of the entry at a place.
    pub(super) fn names(&self, place: u32) -> Option<(&str, &str)> {
        let names = &self.pages.get(place as usize)?.names;
        Some((&names.0, &names.1))
    }

    /// The place of an entry, made if need be, and the place that it took from
    /// another. `None` when there is no room.
    pub(super) fn open(
        &mut self,
        first: &str,
        second: &str,
        now: Moment,
        make: impl FnOnce() -> T,
    ) -> Option<(u32, bool)> {
        if let Some(place) = self.place(first, second) {
            let page = &mut self.pages[place as usize];
            page.used = page.used.max(now);
            return Some((place, false));
        }
        let page = Page {
            names: (first.to_owned(), second.to_owned()),
            used: now,
            entry: make(),
        };
        let (place, evicted) = match self.pages.len() < self.most {
            true => {
                self.pages.push(page);
                (self.pages.len() as u32 - 1, false)
            }
            false => {
                let place = self.worst()?;
                let gone = std::mem::replace(&mut self.pages[place as usize], page);
                self.places.remove(&hash(&gone.names.0, &gone.names.1));
                (place, true)
            }
        };
        self.places.insert(hash(first, second), place);
        Some((place, evicted))
    }

    /// Every entry with its names and when it was last used.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str, Moment, &T)> {
        self.pages.iter().map(|page| {
            (
                page.names.0.as_str(),
                page.names.1.as_str(),
                page.used,
                &page.entry,
            )
        })
    }

    /// Every entry with when it was last used, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Moment, &mut T)> {
        self.pages
            .iter_mut()
            .map(|page| (page.used, &mut page.entry))
    }

    /// Every entry of this first name, to be changed.
    pub(super) fn of_mut<'b>(&'b mut self, first: &'b str) -> impl Iterator<Item = &'b mut T> {
        let pages = self.pages.iter_mut();
        pages
            .filter(move |page| page.names.0 == first)
            .map(|page| &mut page.entry)
    }

    /// Who goes first when there is no room.
    fn worst(&self) -> Option<u32> {
        let idle = self
            .pages
            .iter()
            .enumerate()
            .filter(|(_, page)| !page.entry.busy());
        let worst = idle.min_by_key(|(_, page)| (page.entry.proved(), page.used));
        worst.map(|(place, _)| place as u32)
    }
}

fn hash(first: &str, second: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (first, second).hash(&mut hasher);
    hasher.finish()
}

/// A hash that needs no further hashing.
#[derive(Debug, Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
    fn write(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Note {
        busy: bool,
        proved: bool,
    }

    impl Entry for Note {
        fn busy(&self) -> bool {
            self.busy
        }
        fn proved(&self) -> bool {
            self.proved
        }
    }

    #[test]
    fn a_hundred_thousand_names_push_out_only_each_other() {
        let mut book = Book::new(64);
        for n in 0..8 {
            let good = || Note {
                proved: true,
                busy: false,
            };
            book.open("acme", &format!("good-{n}"), Moment(n), good);
        }
        for n in 0..100_000 {
            book.open(
                "acme",
                &format!("made-up-{n}"),
                Moment(100 + n),
                Note::default,
            );
        }
        assert_eq!(book.pages.len(), 64);
        assert_eq!(book.places.len(), 64);
        assert!((0..8).all(|n| book.find("acme", &format!("good-{n}")).is_some()));
        assert!(book.find("acme", "made-up-99999").is_some());
        assert!(book.find("acme", "made-up-5").is_none());
    }

    #[test]
    fn what_is_in_use_is_never_forgotten() {
        let mut book = Book::new(2);
        let busy = || Note {
            busy: true,
            proved: false,
        };
        let (first, _) = book.open("a", "1", Moment(1), busy).expect("room");
        book.open("b", "1", Moment(2), busy);
        assert_eq!(book.open("c", "1", Moment(3), busy), None);
        book.at_mut(first).expect("an entry").busy = false;
        assert_eq!(book.open("c", "1", Moment(3), busy), Some((first, true)));
        assert!(book.find("a", "1").is_none() && book.places.len() == 2);
    }
}
