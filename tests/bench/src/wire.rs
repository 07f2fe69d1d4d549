//! As much HTTP/1.1 as a loop of well-formed messages needs. Written by hand so
//! that the load costs little beside what it measures.

use std::io;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection and what was read ahead on it.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// How a message's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

/// A reply, read to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) length: usize,
    /// When the first byte of its body was here.
    pub(crate) first_byte: Instant,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        Ok(Wire {
            stream,
            buffer: vec![0; 256 * 1024],
            start: 0,
            end: 0,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next head; `None` when the other end has closed instead.
    pub(crate) async fn head(&mut self) -> io::Result<Option<(Vec<u8>, Framing)>> {
        loop {
            let read = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memmem::find(read, b"\r\n\r\n") {
                let head = read[..at].to_vec();
                self.start += at + 4;
                let framing = framing(&head)?;
                return Ok(Some((head, framing)));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// Reads a body of this length; hands out its first bytes.
    pub(crate) async fn body(&mut self, length: usize, first: &mut [u8]) -> io::Result<()> {
        let mut left = length;
        let mut is_first = true;
        while left > 0 {
            if self.start == self.end && !self.more().await? {
                return Err(cut());
            }
            let here = (self.end - self.start).min(left);
            if is_first {
                let peek = here.min(first.len());
                first[..peek].copy_from_slice(&self.buffer[self.start..self.start + peek]);
                is_first = false;
            }
            self.start += here;
            left -= here;
        }
        Ok(())
    }

    /// Sends a request and reads its reply; `on_data` sees the length of the body
    /// so far whenever some of it has come.
    pub(crate) async fn ask(
        &mut self,
        request: &[u8],
        mut on_data: impl FnMut(usize),
    ) -> io::Result<Reply> {
        self.write(request).await?;
        let (head, framing) = self.head().await?.ok_or_else(cut)?;
        let status = std::str::from_utf8(head.get(9..12).unwrap_or_default())
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| bad("a reply without a status"))?;
        let mut first_byte = None;
        let length = match framing {
            Framing::Length(length) => {
                self.body(length, &mut []).await?;
                on_data(length);
                length
            }
            Framing::Chunked => {
                let mut chunks = Chunks::default();
                loop {
                    let before = chunks.length;
                    let used = chunks.feed(&self.buffer[self.start..self.end])?;
                    self.start += used;
                    if chunks.length > before {
                        first_byte.get_or_insert_with(Instant::now);
                        on_data(chunks.length);
                    }
                    if chunks.state == State::Ended {
                        break chunks.length;
                    }
                    if !self.more().await? {
                        return Err(cut());
                    }
                }
            }
        };
        Ok(Reply {
            status,
            length,
            first_byte: first_byte.unwrap_or_else(Instant::now),
        })
    }

    async fn more(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let read = self.stream.read(&mut self.buffer[self.end..]).await?;
        self.end += read;
        Ok(read > 0)
    }
}

fn framing(head: &[u8]) -> io::Result<Framing> {
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = std::str::from_utf8(value).unwrap_or_default();
            let length = digits.parse().map_err(|_| bad("a length that is none"))?;
            return Ok(Framing::Length(length));
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Ok(Framing::Chunked);
        }
    }
    Ok(Framing::Length(0))
}

/// A chunked body, however it is cut.
#[derive(Debug, Default)]
struct Chunks {
    state: State,
    length: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The digits of a size, read so far.
    #[default]
    Begin,
    Size(usize),
    /// The line end after a size.
    Open(usize),
    Data(usize),
    /// The line end after data, this many bytes of it.
    Close(usize),
    /// The last line end, this many bytes of it. No trailers are expected.
    Last(usize),
    Ended,
}

impl Chunks {
    /// Takes what belongs to this body; says how much that was.
    fn feed(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut at = 0;
        while at < bytes.len() && self.state != State::Ended {
            let byte = bytes[at];
            self.state = match self.state {
                State::Data(left) => {
                    let here = left.min(bytes.len() - at);
                    self.length += here;
                    at += here;
                    match left - here {
                        0 => State::Close(2),
                        left => State::Data(left),
                    }
                }
                other => {
                    at += 1;
                    other.step(byte)?
                }
            };
        }
        Ok(at)
    }
}

impl State {
    fn step(self, byte: u8) -> io::Result<State> {
        let digit = || (byte as char).to_digit(16).map(|digit| digit as usize);
        Ok(match (self, byte) {
            (State::Begin, _) => State::Size(digit().ok_or_else(|| bad("a chunk without a size"))?),
            (State::Size(size), b'\r') => State::Open(size),
            (State::Size(size), _) => {
                State::Size(size * 16 + digit().ok_or_else(|| bad("a size that is none"))?)
            }
            (State::Open(0), b'\n') => State::Last(2),
            (State::Open(size), b'\n') => State::Data(size),
            (State::Close(2), b'\r') => State::Close(1),
            (State::Close(1), b'\n') => State::Begin,
            (State::Last(2), b'\r') => State::Last(1),
            (State::Last(1), b'\n') => State::Ended,
            _ => return Err(bad("a chunk that is not framed")),
        })
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_body_is_the_same_wherever_it_is_cut() {
        let text = b"1a\r\nabcdefghijklmnopqrstuvwxyz\r\n3\r\nxyz\r\n0\r\n\r\nHTTP";
        for cut in 0..=text.len() {
            let mut chunks = Chunks::default();
            let mut used = chunks.feed(&text[..cut]).expect("the first part");
            used += chunks.feed(&text[used..]).expect("the second part");
            assert_eq!((used, chunks.length), (text.len() - 4, 29), "cut at {cut}");
            assert_eq!(chunks.state, State::Ended);
        }
    }

    #[test]
    fn a_length_is_found_in_any_case() {
        let head = b"HTTP/1.1 200 OK\r\nContent-LENGTH: 12\r\nx: y";
        assert_eq!(framing(head).expect("a head"), Framing::Length(12));
    }
}
