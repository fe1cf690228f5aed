//! Calls as nearly every client sends them: read and answered here, without what HTTP has beside them. Whatever else comes on a
//! connection is left, with all that comes after it, to hyper.
//!
//! ```text
//! bytes ─▶ a whole head? ─▶ POST / of HTTP/1.1 with one Host, target and length, ─▶ the body ─▶ calls ─▶ answer
//!                            and nothing that changes the connection?
//!                                  │ no
//!                                  └─▶ hyper, beginning with the bytes that were read
//! ```
//!
//! For each call hyper makes two maps of headers and a channel for the body, which costs more instructions than all that the
//! emulated KMS does for it. Heads are taken apart by the library that hyper has for it, and nothing is refused here: what is
//! wrong with a call's HTTP is hyper's to say. Signatures are checked by way of hyper only, which keeps every header.

use super::answer::Answer;
use super::calls::{self, Sent};
use super::connections::{ConnectionState, Open};
use super::heads::Heads;
use super::hosts;
use super::http::{BODY, Paths, late_body};
use super::rewound::Rewound;
use super::service::Service;
use super::{Auth, Settings};
use crate::clock::{epoch_millis, http_date_at, within};
use http_body_util::BodyExt as _;
use httparse::{Request, Status};
use std::future::poll_fn;
use std::mem::{MaybeUninit, take};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most headers of a call that is read here: those of SDKs have about ten.
const HEADERS: usize = 32;
/// How much is read at a time, and how much memory a connection keeps for its next call.
const READ: usize = 8 * 1024;
/// How often a head may come in pieces before it is left to hyper, which does not begin anew with each.
const PIECES: u32 = 8;

/// A connection on which only such calls have come so far.
pub(super) struct Plain<'a, S> {
    stream: S,
    /// What has come and is no call's yet.
    ahead: Vec<u8>,
    /// Memory for what comes during a call, and for its answer.
    spare: Vec<u8>,
    answer: Vec<u8>,
    pieces: u32,
    /// The last Host by which it was called, which is one of the server's names.
    host: String,
    date: Date,
    is_driven: bool,
    state: &'a Arc<ConnectionState>,
    service: &'a Arc<Service>,
    peer: SocketAddr,
}

/// What the bytes that have come are.
enum Next<'a> {
    /// Not a whole head.
    Piece,
    /// A call, and how long its head and its body are.
    Call(Heads<'a>, usize, usize),
    /// Anything else.
    Other,
}

/// What is to be done with a connection.
enum Then {
    GoOn,
    /// It has come to its end.
    End,
    /// hyper goes on with it.
    Leave,
}

/// Whether calls can be served here: hyper alone keeps all that a signature covers, and none comes where only admin paths are.
pub(super) fn is_for(settings: &Settings, paths: Paths) -> bool {
    settings.auth == Auth::Off && paths != Paths::Admin
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Plain<'a, S> {
    pub(super) fn new(
        stream: S,
        peer: SocketAddr,
        service: &'a Arc<Service>,
        state: &'a Arc<ConnectionState>,
    ) -> Plain<'a, S> {
        let (ahead, spare, answer) = (Vec::new(), Vec::new(), Vec::new());
        let (host, date) = Default::default();
        Plain { stream, ahead, spare, answer, pieces: 0, host, date, is_driven: false, state, service, peer }
    }

    /// Serves calls until the connection ends, or until something else comes: then what has been read comes first.
    pub(super) async fn serve(mut self) -> Option<Rewound<S>> {
        loop {
            match self.next().await {
                Then::GoOn => {}
                Then::End => return None,
                Then::Leave => return Some(Rewound::new(self.ahead, self.stream)),
            }
        }
    }

    /// Does what the bytes say that have come.
    async fn next(&mut self) -> Then {
        let bytes = take(&mut self.ahead);
        match read(&bytes, &self.service.settings, &mut self.host) {
            Next::Piece => {
                self.ahead = bytes;
                self.pieces += u32::from(!self.ahead.is_empty());
                if self.pieces > PIECES {
                    return Then::Leave;
                }
                if self.more().await { Then::GoOn } else { Then::End }
            }
            Next::Other => {
                self.ahead = bytes;
                Then::Leave
            }
            Next::Call(_, head, length) if bytes.len() < head + length => {
                self.ahead = bytes;
                self.fill(head + length).await
            }
            Next::Call(heads, head, length) => {
                let (body, rest) = bytes[head..].split_at(length);
                self.pieces = 0;
                self.ahead = take(&mut self.spare);
                self.ahead.extend_from_slice(rest);
                let sent = Sent { heads: &heads, body, signed: None };
                let then = self.call(sent).await;
                self.spare = bytes;
                self.spare.clear();
                self.spare.shrink_to(READ);
                then
            }
        }
    }

    /// Waits for more bytes; `false` if none come any more, or if the connection is to end.
    async fn more(&mut self) -> bool {
        make_room(&mut self.ahead);
        let (state, is_driven) = (self.state, &mut self.is_driven);
        let mut reading = pin!(self.stream.read_buf(&mut self.ahead));
        let read = poll_fn(|context| {
            if !*is_driven {
                // Whoever drives it stays the same, as it is a task of its own.
                state.is_driven_by(context.waker());
                *is_driven = true;
            }
            if state.is_told_to_end() { Poll::Ready(Ok(0)) } else { reading.as_mut().poll(context) }
        });
        read.await.is_ok_and(|read| read > 0)
    }

    /// Waits until a call is there as a whole, which is `length` bytes long.
    async fn fill(&mut self, length: usize) -> Then {
        let _open = Open::begin(self.state);
        self.ahead.reserve(length - self.ahead.len());
        let filling = async {
            while self.ahead.len() < length {
                if self.stream.read_buf(&mut self.ahead).await.is_ok_and(|read| read > 0) {
                    continue;
                }
                return Then::End;
            }
            Then::GoOn
        };
        match within(self.service.settings.idle_timeout, filling).await {
            Some(then) => then,
            None => {
                let late = late_body(self.service);
                late.write(&mut self.answer, true, self.date.now());
                if self.send().await { self.close().await } else { Then::End }
            }
        }
    }

    /// Serves a call and sends its answer.
    async fn call(&mut self, sent: Sent<'_>) -> Then {
        let open = Open::begin(self.state);
        let answer = {
            let mut serving = pin!(calls::serve(self.service, sent, self.peer));
            let (stream, ahead) = (&mut self.stream, &mut self.ahead);
            poll_fn(|context| {
                if let Poll::Ready(answer) = serving.as_mut().poll(context) {
                    return Poll::Ready(answer);
                }
                // Whoever hangs up meanwhile is not answered any more.
                while ahead.len() < READ {
                    make_room(ahead);
                    match pin!(stream.read_buf(ahead)).poll(context) {
                        Poll::Ready(Ok(read)) if read > 0 => {}
                        Poll::Ready(_) => return Poll::Ready(None),
                        Poll::Pending => break,
                    }
                }
                Poll::Pending
            })
            .await
        };
        drop(open);
        match answer {
            Some(answer) => self.answer(answer).await,
            None => Then::End,
        }
    }

    async fn answer(&mut self, answer: Answer) -> Then {
        let is_last = self.state.is_told_to_end();
        let rest = answer.write(&mut self.answer, is_last, self.date.now());
        if !self.send().await {
            return Then::End;
        }
        // In memory of its own: hardly any answer comes in pieces.
        if let Some(rest) = rest {
            let mut rest = Box::pin(rest);
            while let Some(piece) = rest.frame().await {
                let Ok(Ok(piece)) = piece.map(hyper::body::Frame::into_data) else { return Then::End };
                self.answer.extend_from_slice(&piece);
                if !self.send().await {
                    return Then::End;
                }
            }
        }
        if is_last { self.close().await } else { Then::GoOn }
    }

    /// Closes the connection in order, after its last answer.
    async fn close(&mut self) -> Then {
        // A client that has gone already is no trouble.
        let _ = self.stream.shutdown().await;
        Then::End
    }

    /// Sends what is written; whether the client takes it.
    async fn send(&mut self) -> bool {
        let sent = async {
            self.stream.write_all(&self.answer).await?;
            self.stream.flush().await
        };
        let is_sent = sent.await.is_ok();
        self.answer.clear();
        self.answer.shrink_to(READ);
        is_sent
    }
}

fn make_room(bytes: &mut Vec<u8>) {
    if bytes.capacity() - bytes.len() < READ / 4 {
        bytes.reserve(READ);
    }
}

/// What these bytes are; `known` is a name of the server, and the one by which it is called from now on.
fn read<'a>(bytes: &'a [u8], settings: &Settings, known: &mut String) -> Next<'a> {
    let mut room = [const { MaybeUninit::uninit() }; HEADERS];
    let mut request = Request::new(&mut []);
    let head = match request.parse_with_uninit_headers(bytes, &mut room) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Next::Piece,
        Err(_) => return Next::Other,
    };
    let mut heads = Heads::default();
    let is_plain = (request.method, request.path, request.version) == (Some("POST"), Some("/"), Some(1))
        && request.headers.iter().all(|header| heads.put(header.name, header.value))
        && heads.has_target()
        && heads.only_host().is_some_and(|host| is_own(host, settings, known));
    match heads.content_length() {
        Some(length) if is_plain && length <= BODY as u64 => Next::Call(heads, head, length as usize),
        _ => Next::Other,
    }
}

/// Whether a name is one of the server's, as nearly always that of the call before.
fn is_own(host: &str, settings: &Settings, known: &mut String) -> bool {
    if host == known && !known.is_empty() {
        return true;
    }
    let is_own = hosts::is_own(settings, host);
    if is_own {
        host.clone_into(known);
    }
    is_own
}

/// The present second as the header `date` says it, written once for all answers of that second.
#[derive(Default)]
struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn now(&mut self) -> &str {
        let second = u64::try_from(epoch_millis() / 1_000).unwrap_or(0);
        if second != self.second || self.text.is_empty() {
            *self = Date { second, text: http_date_at(second) };
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Amz-Target: TrentService.Encrypt\r\n";

    fn is(text: &str) -> &'static str {
        match read(text.as_bytes(), &Settings::default(), &mut String::new()) {
            Next::Piece => "piece",
            Next::Call(..) => "call",
            Next::Other => "other",
        }
    }

    #[test]
    fn calls_as_clients_send_them_are_read_here_and_whatever_else_there_is_by_hyper() {
        for (rest, wanted) in [
            ("Content-Length: 2\r\n\r\n{}", "call"),
            ("content-length: 2\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n{}", "call"),
            ("Content-Length: 2\r\nX-Amz-Date: 20261124T013000Z\r\nOrigin: x\r\n\r\n", "call"),
            ("Content-Length: 1048576\r\n\r\n", "call"),
            ("Content-Length: 2\r\n", "piece"),
            ("Content-Length: 1048577\r\n\r\n", "other"),
            ("Content-Length: +2\r\n\r\n{}", "other"),
            ("Content-Length: 2, 2\r\n\r\n{}", "other"),
            ("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "other"),
            ("Content-Length: 99999999999999999999\r\n\r\n{}", "other"),
            ("\r\n{}", "other"),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "other"),
            ("Content-Length: 2\r\nTransfer-Encoding: identity\r\n\r\n{}", "other"),
            ("Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", "other"),
            ("Content-Length: 2\r\nConnection: close\r\n\r\n{}", "other"),
            ("Content-Length: 2\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n{}", "other"),
            ("Content-Length: 2\r\nHost: localhost\r\n\r\n{}", "other"),
            ("Content-Length : 2\r\n\r\n{}", "other"),
            ("Content-Length: 2\r\n folded\r\n\r\n{}", "other"),
        ] {
            assert_eq!(is(&format!("{HEAD}{rest}")), wanted, "{rest:?}");
        }
        let whole = format!("{HEAD}Content-Length: 2\r\n\r\n{{}}");
        for (from, to) in [
            ("POST", "GET"),
            ("POST", "PUT"),
            ("/ HTTP", "/_keystorm/health HTTP"),
            ("/ HTTP", "/?x HTTP"),
            ("/ HTTP", "http://127.0.0.1:8080/ HTTP"),
            ("1.1", "1.0"),
            ("127.0.0.1:8080", "evil.example"),
            ("X-Amz-Target", "X-Other"),
        ] {
            assert_eq!(is(&whole.replacen(from, to, 1)), "other", "{to}");
        }
        let many: String = (0..HEADERS).map(|n| format!("X-{n}: 1\r\n")).collect();
        assert_eq!(is(&format!("{HEAD}{many}Content-Length: 2\r\n\r\n{{}}")), "other");
        for strange in ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}", "nonsense\r\n\r\n"] {
            assert_eq!(is(strange), "other", "{strange:?}");
        }
        assert_eq!(is(""), "piece");
    }

    #[test]
    fn a_name_is_asked_for_once_and_another_one_anew() {
        let (settings, mut known) = (Settings::default(), String::new());
        for (host, is) in [("", false), ("localhost", true), ("evil.example", false), ("localhost", true)] {
            assert_eq!(is_own(host, &settings, &mut known), is, "{host}");
        }
        assert_eq!(known, "localhost");
    }
}
