//! Server-sent events: where one ends, and what is in it.
//!
//! Promises: the ends found depend on the bytes only, never on how they were
//! cut. LF, CRLF and CR end lines, a blank line ends an event; comments are
//! events of their own. Leaves out: what the data means (`stream`), and how
//! much of an unfinished event may be kept (also `stream`).

use std::borrow::Cow;

/// Finds the ends of events in bytes that come in pieces.
#[derive(Debug)]
pub(crate) struct Framer {
    /// Nothing has been seen in the current line.
    line_is_empty: bool,
    /// The line before ended with a CR that no LF followed.
    bare_cr: bool,
    /// The last byte was a CR, and an LF may still belong to it.
    pending: Pending,
}

#[derive(Debug, Clone, Copy)]
enum Pending {
    Nothing,
    /// It ended a line with something in it.
    LineEnd,
    /// It ended a blank line, so the event ends here or one byte further.
    EventEnd,
}

impl Framer {
    pub(crate) fn new() -> Self {
        Framer {
            line_is_empty: true,
            bare_cr: false,
            pending: Pending::Nothing,
        }
    }

    /// Looks on through `bytes`, which follow those of the last call, and stops
    /// behind the first end of an event. `Some(0)` is an end that the last call
    /// could not know yet. The bytes behind the end belong to the next call.
    ///
    /// After `\r\n\r` we wait for one more byte, else an event's last LF would
    /// be counted to the next event. After `\r\r` we do not: such a stream ends
    /// its lines with CR, and waiting would hold every event back by one.
    pub(crate) fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match std::mem::replace(&mut self.pending, Pending::Nothing) {
                Pending::EventEnd => {
                    self.bare_cr = false;
                    return Some(at + usize::from(byte == b'\n'));
                }
                Pending::LineEnd if byte == b'\n' => {
                    self.bare_cr = false;
                    at += 1;
                    continue;
                }
                Pending::LineEnd => self.bare_cr = true,
                Pending::Nothing => {}
            }
            match byte {
                b'\n' => {
                    at += 1;
                    self.bare_cr = false;
                    if std::mem::replace(&mut self.line_is_empty, true) {
                        return Some(at);
                    }
                }
                b'\r' => {
                    at += 1;
                    if !std::mem::replace(&mut self.line_is_empty, true) {
                        self.pending = Pending::LineEnd;
                    } else if std::mem::replace(&mut self.bare_cr, false) {
                        return Some(at);
                    } else {
                        self.pending = Pending::EventEnd;
                    }
                }
                _ => {
                    self.line_is_empty = false;
                    let rest = &bytes[at..];
                    at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                }
            }
        }
        None
    }
}

/// The fields of one event that matter here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// The `event:` field, empty when there was none.
    pub(crate) name: &'a [u8],
    /// The `data:` fields, joined by newlines; empty when there were none.
    pub(crate) data: Cow<'a, [u8]>,
}

/// Takes one event apart. A byte order mark in front is passed over.
pub(crate) fn event(bytes: &[u8]) -> Event<'_> {
    let mut rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut event = Event {
        name: b"",
        data: Cow::Borrowed(b""),
    };
    let mut has_data = false;
    while !rest.is_empty() {
        // Splitting at CR and LF alike sees CRLF as a line end and a blank line,
        // and blank lines inside one event's bytes mean nothing.
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if let Some(value) = field(line, b"data") {
            if has_data {
                let joined = event.data.to_mut();
                joined.push(b'\n');
                joined.extend_from_slice(value);
            } else {
                event.data = Cow::Borrowed(value);
            }
            has_data = true;
        } else if let Some(value) = field(line, b"event") {
            event.name = value;
        }
    }
    event
}

/// The value of `line` if it is the field `name`: one space after the colon is not part of it.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(stream: &str) -> Vec<&str> {
        let mut framer = Framer::new();
        let (mut from, mut at, mut found) = (0, 0, Vec::new());
        while let Some(end) = framer.next_end(&stream.as_bytes()[at..]) {
            at += end;
            found.push(&stream[from..at]);
            from = at;
        }
        found.push(&stream[from..]);
        found
    }

    #[test]
    fn a_blank_line_ends_an_event_whatever_ends_its_lines() {
        assert_eq!(
            pieces("data: a\n\ndata: b\n\n"),
            ["data: a\n\n", "data: b\n\n", ""]
        );
        assert_eq!(
            pieces("data: a\r\n\r\ndata: b\r\n\r\n"),
            ["data: a\r\n\r\n", "data: b\r\n\r\n", ""]
        );
        assert_eq!(
            pieces("data: a\r\rdata: b\r\r"),
            ["data: a\r\r", "data: b\r\r", ""]
        );
        assert_eq!(
            pieces("data: a\n\r\ndata: b\r\n\n"),
            ["data: a\n\r\n", "data: b\r\n\n", ""]
        );
    }

    #[test]
    fn one_line_end_is_not_two() {
        assert_eq!(
            pieces("event: x\r\ndata: a\r\n"),
            ["event: x\r\ndata: a\r\n"]
        );
        assert_eq!(pieces("event: x\rdata: a\r"), ["event: x\rdata: a\r"]);
    }

    #[test]
    fn a_lone_crlf_end_waits_for_its_last_byte() {
        assert_eq!(pieces("data: a\r\n\r"), ["data: a\r\n\r"]);
        assert_eq!(pieces("data: a\r\n\rdata: b"), ["data: a\r\n\r", "data: b"]);
    }

    #[test]
    fn comments_and_stray_blank_lines_are_whole() {
        assert_eq!(
            pieces(": ping\n\n\n\ndata: a"),
            [": ping\n\n", "\n", "\n", "data: a"]
        );
    }

    #[test]
    fn fields_are_read_with_and_without_the_space() {
        let read = event(b"\xEF\xBB\xBFevent: ping\r\nid: 3\r\ndata:{}\r\n\r\n");
        assert_eq!((read.name, &*read.data), (&b"ping"[..], &b"{}"[..]));
    }

    #[test]
    fn many_data_lines_make_one_value() {
        assert_eq!(&*event(b"data: {\ndata: }\n\n").data, b"{\n}");
        assert_eq!(&*event(b"data: \ndata: a\n\n").data, b"\na");
    }

    #[test]
    fn other_fields_and_comments_carry_nothing() {
        let read = event(b": data: no\ndatas: no\nretry: 3\n\n");
        assert_eq!((read.name, &*read.data), (&b""[..], &b""[..]));
    }
}
