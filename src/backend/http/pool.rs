//! The connections of one simulated client.

use super::link::Link;
use crate::time::{Span, Time};
use std::cell::RefCell;
use std::collections::VecDeque;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Connections that wait to be used, and how many may be used at a time.
pub(super) struct Pool {
    /// The longest unused first.
    idle: RefCell<VecDeque<Link>>,
    turns: Option<Semaphore>,
}

/// The right to use one connection; given back when dropped.
pub(super) type Turn<'p> = Option<SemaphorePermit<'p>>;

impl Pool {
    /// Of at most `connections`; `None` for as many as are wanted.
    pub(super) fn new(connections: Option<u32>) -> Pool {
        Pool { idle: RefCell::default(), turns: connections.map(|most| Semaphore::new(most as usize)) }
    }

    /// Waits for a turn, first come first served; `waited` is called if it had to.
    pub(super) async fn turn(&self, waited: impl FnOnce()) -> Turn<'_> {
        let turns = self.turns.as_ref()?;
        if let Ok(turn) = turns.try_acquire() {
            return Some(turn);
        }
        let turn = turns.acquire().await.ok()?;
        waited();
        Some(turn)
    }

    /// The connection that was used last, if one waits that works.
    pub(super) async fn take(&self) -> Option<Link> {
        loop {
            let mut link = self.idle.borrow_mut().pop_back()?;
            if link.is_free().await {
                return Some(link);
            }
        }
    }

    /// Puts a connection back that was last used now.
    pub(super) fn give(&self, mut link: Link, now: Time) {
        link.since = now;
        link.is_reused = true;
        self.idle.borrow_mut().push_back(link);
    }

    /// Closes connections that nobody has used for `most`.
    pub(super) fn sweep(&self, most: Span, now: Time) {
        let mut idle = self.idle.borrow_mut();
        while idle.front().is_some_and(|link| now.since(link.since) >= most) {
            idle.pop_front();
        }
    }
}
