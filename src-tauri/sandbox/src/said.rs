//! What code prints: the beginning of it is kept, and that there was more.

use std::cell::RefCell;
use std::rc::Rc;

/// Standard output and standard error, each with room for so many bytes.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    most: usize,
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    stdout: String,
    stderr: String,
    cut: bool,
}

/// To whom something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

impl Said {
    pub(crate) fn new(most: usize) -> Said {
        Said {
            most,
            inner: Rc::default(),
        }
    }

    /// Room for the output, and for the result.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn add(&self, stream: Stream, text: &str) {
        let mut inner = self.inner.borrow_mut();
        let into = match stream {
            Stream::Out => &mut inner.stdout,
            Stream::Err => &mut inner.stderr,
        };
        let fits = beginning(text, self.most - into.len());
        into.push_str(fits);
        inner.cut |= fits.len() < text.len();
    }

    /// Something was left out elsewhere.
    pub(crate) fn is_cut(&self) {
        self.inner.borrow_mut().cut = true;
    }

    pub(crate) fn clear(&self) {
        *self.inner.borrow_mut() = Inner::default();
    }

    pub(crate) fn take(&self) -> (String, String, bool) {
        let inner = std::mem::take(&mut *self.inner.borrow_mut());
        (inner.stdout, inner.stderr, inner.cut)
    }

    /// The text of a result or of an error, as far as there is room for it.
    pub(crate) fn cut(&self, text: &str) -> String {
        let fits = beginning(text, self.most);
        if fits.len() < text.len() {
            self.is_cut();
        }
        fits.to_owned()
    }
}

/// As many whole characters as fit into so many bytes.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_beyond_the_room_is_left_out_and_that_is_told() {
        let said = Said::new(5);
        said.add(Stream::Out, "ab");
        said.add(Stream::Out, "cdé");
        said.add(Stream::Err, "12345");
        assert_eq!(said.take(), ("abcd".to_owned(), "12345".to_owned(), true));
        said.add(Stream::Out, "new");
        assert_eq!(said.take(), ("new".to_owned(), String::new(), false));
    }
}
