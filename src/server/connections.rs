//! The connections that are open, and how each is told to end: when the server stops, or when nothing is asked on it.
//!
//! hyper has a timer of its own for heads of requests, which is set and taken back with every call, and none for the bytes
//! that tell the version or for an HTTP/2 client that only answers pings. Here one look at all connections each quarter
//! of the time does it, so that a call costs a connection two counts.

use crate::emulator::UNSPOILT;
use hyper_util::server::graceful::GracefulConnection;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// Looks in a row at which nothing has been asked on a connection that is ended at the last of them: the four quarters
/// of the time it may be idle.
const LOOKS: u8 = 4;

/// Goes on.
const OPEN: u8 = 0;
/// Finishes the call it is at.
const FINISH: u8 = 1;
/// Ends at once.
const END: u8 = 2;

/// What one connection is told.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    what: AtomicU8,
    /// Who drives the connection.
    driver: Mutex<Option<Waker>>,
    /// Calls that have begun and that have ended.
    begun: AtomicU64,
    ended: AtomicU64,
}

impl ConnectionState {
    /// Whoever drives the connection is woken by this when it is told something.
    pub(super) fn is_driven_by(&self, waker: &Waker) {
        *self.driver.lock().expect(UNSPOILT) = Some(waker.clone());
    }

    /// Whether it is to end, at once or after the call it is at.
    pub(super) fn is_told_to_end(&self) -> bool {
        self.what.load(Ordering::Acquire) != OPEN
    }

    fn tell(&self, what: u8) {
        self.what.fetch_max(what, Ordering::Release);
        if let Some(driver) = self.driver.lock().expect(UNSPOILT).take() {
            driver.wake();
        }
    }
}

/// Every connection of a listener.
#[derive(Debug, Default)]
pub(super) struct Connections {
    all: Mutex<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    came: u64,
    open: BTreeMap<u64, Watched>,
}

/// A connection, and what the last looks at it have found.
#[derive(Debug)]
struct Watched {
    state: Arc<ConnectionState>,
    /// Calls that had ended; `None` before the first look, which finds a connection of whatever age.
    ended: Option<u64>,
    still: u8,
}

/// A connection that is among those open until this is dropped.
pub(super) struct Listed {
    all: Arc<Connections>,
    number: u64,
    state: Arc<ConnectionState>,
}

impl Connections {
    /// One more.
    pub(super) fn begin(self: &Arc<Connections>) -> Listed {
        let state = Arc::new(ConnectionState::default());
        let mut all = self.all.lock().expect(UNSPOILT);
        all.came += 1;
        let number = all.came;
        all.open.insert(number, Watched { state: Arc::clone(&state), ended: None, still: 0 });
        Listed { all: Arc::clone(self), number, state }
    }

    /// Ends those on which nothing was asked at the last looks, this one included.
    pub(super) fn end_idle(&self) {
        for watched in self.all.lock().expect(UNSPOILT).open.values_mut() {
            let ended = watched.state.ended.load(Ordering::Relaxed);
            let is_still =
                watched.state.begun.load(Ordering::Relaxed) == ended && watched.ended == Some(ended);
            watched.ended = Some(ended);
            watched.still = if is_still { watched.still + 1 } else { 0 };
            if watched.still >= LOOKS {
                watched.state.tell(END);
            }
        }
    }

    /// Lets all of them finish the calls they are at.
    pub(super) fn end_all(&self) {
        self.all.lock().expect(UNSPOILT).open.values().for_each(|watched| watched.state.tell(FINISH));
    }
}

impl Listed {
    /// What it is told.
    pub(super) const fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.all.all.lock().expect(UNSPOILT).open.remove(&self.number);
    }
}

/// A call under way on a connection.
pub(super) struct Open(Arc<ConnectionState>);

impl Open {
    pub(super) fn begin(state: &Arc<ConnectionState>) -> Open {
        state.begun.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(state))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Serves a connection until it ends or is told to.
pub(super) struct Attended<'a, C> {
    connection: Pin<Box<C>>,
    state: &'a ConnectionState,
    is_driven: bool,
    is_finishing: bool,
}

impl<'a, C: GracefulConnection> Attended<'a, C> {
    pub(super) fn new(connection: C, state: &'a ConnectionState) -> Attended<'a, C> {
        Attended { connection: Box::pin(connection), state, is_driven: false, is_finishing: false }
    }
}

impl<C: GracefulConnection> Future for Attended<'_, C> {
    /// How it ends is the client's business.
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_driven {
            // Whoever drives it stays the same, as it is a task of its own.
            self.state.is_driven_by(context.waker());
            self.is_driven = true;
        }
        match self.state.what.load(Ordering::Acquire) {
            OPEN => {}
            END => return Poll::Ready(()),
            _ if self.is_finishing => {}
            _ => {
                self.is_finishing = true;
                self.connection.as_mut().graceful_shutdown();
            }
        }
        self.connection.as_mut().poll(context).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_asks_nothing_is_told_to_end_at_the_fifth_look_and_one_with_a_call_is_not() {
        let all = Arc::new(Connections::default());
        let (idle, busy, asks) = (all.begin(), all.begin(), all.begin());
        let call = Open::begin(busy.state());
        let what = |listed: &Listed| listed.state().what.load(Ordering::Relaxed);
        for look in 1..=5 {
            assert_eq!(what(&idle), OPEN, "before look {look}");
            drop(Open::begin(asks.state()));
            all.end_idle();
        }
        assert_eq!([&idle, &busy, &asks].map(what), [END, OPEN, OPEN]);
        drop(call);
        for _ in 0..5 {
            all.end_idle();
        }
        assert_eq!([&busy, &asks].map(what), [END, END]);
    }

    #[test]
    fn all_are_told_to_finish_and_who_has_gone_is_not_there() {
        let all = Arc::new(Connections::default());
        let (one, other) = (all.begin(), all.begin());
        let woken = Arc::new(Flag(AtomicU8::new(0)));
        *one.state().driver.lock().unwrap() = Some(Waker::from(Arc::clone(&woken)));
        drop(other);
        assert_eq!(all.all.lock().unwrap().open.len(), 1);
        all.end_all();
        assert_eq!((one.state().what.load(Ordering::Relaxed), woken.0.load(Ordering::Relaxed)), (FINISH, 1));
    }

    struct Flag(AtomicU8);

    impl std::task::Wake for Flag {
        fn wake(self: Arc<Flag>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
