//! Cuts a stream of JSON into the values that a log is made of, in memory of the largest of them.
//!
//! ```text
//! {"Records":[ A , B ]}      lists by known names are gone into: A, B
//! [ A , B ]                  so is an array: A, B
//! A B C                      values one after another, on lines of their own or not: A, B, C
//! ```
//! Only texts, brackets and the names of the outermost object are looked at; what stands inside is for whoever is given it.

use memchr::{memchr, memchr2};
use std::io::{self, Read};

/// The largest value that is taken for one record. CloudTrail's own limit for an event is 1 MB; envelopes add to it.
const MAX_ITEM: usize = 8 << 20;
/// How much is asked for at a time.
const CHUNK: usize = 32 << 10;

/// The lists whose elements are records, or hold them:
/// of delivery files and Kinesis, lookup-events, filter-log-events, subscriptions of CloudWatch Logs, SQS, Logs Insights.
const LISTS: [&[u8]; 6] = [b"Records", b"Events", b"events", b"logEvents", b"Messages", b"results"];

/// Why a stream ends where it should not.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be read on.
    Io(io::Error),
    /// It ends inside a value.
    Cut,
    /// A value is larger than allowed.
    Large,
    /// Something stands where it cannot.
    Broken(u8),
}

/// What is found.
pub(super) enum Piece<'a> {
    /// A value by itself; `is_alone` if it stands in no list.
    Item {
        /// Its text.
        text: &'a [u8],
        /// Whether it stands in no list.
        is_alone: bool,
    },
    /// A line among events on lines of their own is no JSON.
    BadLine,
}

/// A stream with a window that holds at least the value at hand.
pub(super) struct Scanner<R> {
    input: R,
    buffer: Vec<u8>,
    /// Where the value at hand begins; all places below are counted from here.
    at: usize,
    end: usize,
    is_over: bool,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(input: R) -> Scanner<R> {
        Scanner { input, buffer: vec![0; CHUNK], at: 0, end: 0, is_over: false }
    }

    /// The first bytes, as many as are wanted and there.
    pub(super) fn head(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.end - self.at < wanted && self.more()? {}
        Ok(&self.buffer[self.at..self.end])
    }

    /// Leaves out the next bytes, which [`Scanner::head`] has shown.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.end);
    }

    /// Hands each record to `found`.
    pub(super) fn run(&mut self, found: &mut dyn FnMut(Piece<'_>)) -> Result<(), Stop> {
        // Known once the first event has stood by itself: whether each has a line of its own.
        let mut by_line: Option<bool> = None;
        while let Some(byte) = self.first()? {
            let whole = match self.value(byte, found) {
                Ok(None) => continue,
                Ok(Some(length)) => self.on_lines(length, &mut by_line),
                Err(stop @ Stop::Io(_)) => return Err(stop),
                Err(stop) => Err(stop),
            };
            match whole {
                Ok(length) => {
                    let text = &self.buffer[self.at..self.at + length];
                    found(Piece::Item { text, is_alone: true });
                    self.at += length;
                }
                Err(_) if by_line == Some(true) => {
                    found(Piece::BadLine);
                    self.next_line()?;
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// The value that begins here with `byte`: its length, so that it can be taken whole; `None` if its elements were told.
    fn value(&mut self, byte: u8, found: &mut dyn FnMut(Piece<'_>)) -> Result<Option<usize>, Stop> {
        match byte {
            b'{' => self.object(found),
            b'[' => {
                self.at += 1;
                self.elements(found).map(|()| None)
            }
            b'"' => self.end_of(0).map(Some),
            other => Err(Stop::Broken(other)),
        }
    }

    /// Whether a value of this length stands on lines as those before it do.
    fn on_lines(&self, length: usize, by_line: &mut Option<bool>) -> Result<usize, Stop> {
        let is_line = memchr(b'\n', &self.buffer[self.at..self.at + length]).is_none();
        if *by_line == Some(true) && !is_line {
            return Err(Stop::Broken(b'\n'));
        }
        by_line.get_or_insert(is_line);
        Ok(length)
    }

    /// An object: its length, so that it can be taken whole; `None` if it had a list, whose elements were told.
    fn object(&mut self, found: &mut dyn FnMut(Piece<'_>)) -> Result<Option<usize>, Stop> {
        let (mut place, mut had_list) = (1, false);
        loop {
            place = self.skip_space(place)?;
            match self.byte(place)?.ok_or(Stop::Cut)? {
                b'}' if had_list => {
                    self.at += place + 1;
                    return Ok(None);
                }
                b'}' => return Ok(Some(place + 1)),
                b',' => place += 1,
                b'"' => {
                    let name = place + 1;
                    place = self.end_of(place)?;
                    let is_list = LISTS.contains(&&self.buffer[self.at + name..self.at + place - 1]);
                    place = self.skip_space(place)?;
                    match self.byte(place)?.ok_or(Stop::Cut)? {
                        b':' => place = self.skip_space(place + 1)?,
                        other => return Err(Stop::Broken(other)),
                    }
                    if is_list && self.byte(place)? == Some(b'[') {
                        self.at += place + 1;
                        (place, had_list) = (0, true);
                        self.elements(found)?;
                    } else {
                        place = self.end_of(place)?;
                    }
                }
                other => return Err(Stop::Broken(other)),
            }
            if had_list {
                self.at += place;
                place = 0;
            }
        }
    }

    /// The elements of the list that begins here, up to its bracket.
    fn elements(&mut self, found: &mut dyn FnMut(Piece<'_>)) -> Result<(), Stop> {
        loop {
            match self.first()?.ok_or(Stop::Cut)? {
                b']' => {
                    self.at += 1;
                    return Ok(());
                }
                b',' => self.at += 1,
                b'}' => return Err(Stop::Broken(b'}')),
                _ => {
                    let length = self.end_of(0)?;
                    let text = &self.buffer[self.at..self.at + length];
                    found(Piece::Item { text, is_alone: false });
                    self.at += length;
                }
            }
        }
    }

    /// Where the value that begins at `place` has ended.
    fn end_of(&mut self, place: usize) -> Result<usize, Stop> {
        match self.byte(place)?.ok_or(Stop::Cut)? {
            b'"' => self.end_of_text(place),
            b'{' | b'[' => self.end_of_nest(place),
            first if first.is_ascii_alphanumeric() || first == b'-' => self.end_of_word(place),
            other => Err(Stop::Broken(other)),
        }
    }

    fn end_of_text(&mut self, mut place: usize) -> Result<usize, Stop> {
        place += 1;
        loop {
            let window = self.window(place)?;
            match memchr2(b'"', b'\\', window) {
                None => place += window.len(),
                Some(found) if window[found] == b'"' => return Ok(place + found + 1),
                Some(found) => {
                    place += found + 1;
                    self.byte(place)?.ok_or(Stop::Cut)?;
                    place += 1;
                }
            }
        }
    }

    fn end_of_nest(&mut self, mut place: usize) -> Result<usize, Stop> {
        let mut depth = 0_u32;
        'windows: loop {
            let window = self.window(place)?;
            for (passed, byte) in window.iter().enumerate() {
                match byte {
                    b'"' => {
                        place = self.end_of_text(place + passed)?;
                        continue 'windows;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(place + passed + 1);
                        }
                    }
                    _ => {}
                }
            }
            place += window.len();
        }
    }

    /// A number, true, false or null.
    fn end_of_word(&mut self, mut place: usize) -> Result<usize, Stop> {
        while let Some(byte) = self.byte(place)? {
            if byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']') {
                break;
            }
            place += 1;
        }
        Ok(place)
    }

    fn skip_space(&mut self, mut place: usize) -> Result<usize, Stop> {
        while self.byte(place)?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            place += 1;
        }
        Ok(place)
    }

    /// Goes on to the next byte that is no space.
    fn first(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            match self.byte(0)? {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                byte => return Ok(byte),
            }
        }
    }

    /// Goes on behind the next end of a line.
    fn next_line(&mut self) -> Result<(), Stop> {
        loop {
            let window = &self.buffer[self.at..self.end];
            if let Some(found) = memchr(b'\n', window) {
                self.at += found + 1;
                return Ok(());
            }
            self.at = self.end;
            if !self.more().map_err(Stop::Io)? {
                return Ok(());
            }
        }
    }

    fn byte(&mut self, place: usize) -> Result<Option<u8>, Stop> {
        while self.at + place >= self.end {
            if place > MAX_ITEM {
                return Err(Stop::Large);
            }
            if !self.more().map_err(Stop::Io)? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.at + place]))
    }

    /// What is there from `place` on, at least one byte.
    fn window(&mut self, place: usize) -> Result<&[u8], Stop> {
        self.byte(place)?.ok_or(Stop::Cut)?;
        Ok(&self.buffer[self.at + place..self.end])
    }

    /// Reads on; false at the end.
    fn more(&mut self) -> io::Result<bool> {
        if self.is_over {
            return Ok(false);
        }
        if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += read;
        self.is_over = read == 0;
        Ok(read > 0)
    }
}

/// What is left, for readers of other formats.
impl<R: Read> Read for Scanner<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end && !self.more()? {
            return Ok(0);
        }
        let count = out.len().min(self.end - self.at);
        out[..count].copy_from_slice(&self.buffer[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}
