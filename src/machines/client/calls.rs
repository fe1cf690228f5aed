//! The calls in flight: a slab with a free list, and tokens that go stale by themselves.
//!
//! A token is the slot's number and its generation. The generation moves whenever the call begins to fly or to wait,
//! and when the slot is freed, so a reply, timeout or wake that comes too late names a generation that is gone.

use crate::api::{Attempt, Job, Token};
use crate::time::Span;

const NONE: u32 = u32::MAX;
/// Marks the token of a limiter's timer; the bit below says which limiter.
const TIMER: u32 = 1 << 31;
const SECOND_LIMITER: u32 = 1 << 30;

/// What a call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The slot is empty; the next empty one follows.
    Free(u32),
    /// It waits for a limiter.
    Queued,
    /// An attempt is on the wire.
    Flying,
    /// It backs off.
    Waiting,
}

/// One call, or an empty slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Whose work it is.
    pub job: Job,
    /// Where its client stands in the fleet's list.
    pub client: u32,
    /// Attempts sent so far.
    pub number: u32,
    /// What its last retry took from the retry quota.
    pub held: u32,
    /// Its last backoff.
    pub previous: Span,
    /// What it is doing.
    pub phase: Phase,
    generation: u32,
}

/// Which of a client's limiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimiterRole {
    /// The SDK's adaptive rate.
    Rate,
    /// The client's own limiter.
    Limiter,
}

/// Whom a wake is for.
pub(super) enum Waker {
    /// This slot, if its generation is still this.
    Call(Token),
    /// A limiter of the client at this place of the fleet's list, of this generation.
    Limiter(LimiterRole, u32, u32),
}

const fn token(slot: u32, generation: u32) -> Token {
    Token((slot as u64) << 32 | generation as u64)
}

impl LimiterRole {
    /// The token of this limiter's timer.
    pub const fn token(self, client: u32, generation: u32) -> Token {
        let limiter = match self {
            LimiterRole::Rate => 0,
            LimiterRole::Limiter => SECOND_LIMITER,
        };
        token(client | TIMER | limiter, generation)
    }
}

impl Waker {
    /// Whom `token` names.
    pub const fn of(token: Token) -> Waker {
        let (slot, generation) = ((token.0 >> 32) as u32, token.0 as u32);
        if slot & TIMER == 0 {
            return Waker::Call(token);
        }
        let role = if slot & SECOND_LIMITER == 0 { LimiterRole::Rate } else { LimiterRole::Limiter };
        Waker::Limiter(role, slot & !(TIMER | SECOND_LIMITER), generation)
    }
}

impl Call {
    /// The next attempt of the call, which is in `slot`, leaves: gives the token that its answer will name.
    #[inline]
    pub const fn fly(&mut self, slot: u32) -> Token {
        self.phase = Phase::Flying;
        self.generation = self.generation.wrapping_add(1);
        self.number += 1;
        token(slot, self.generation)
    }

    /// The attempt that is being sent, or was sent last.
    pub const fn attempt(&self, token: Token) -> Attempt {
        let job = &self.job;
        Attempt {
            token,
            workload: job.workload,
            stage: job.stage,
            client: job.client,
            job: job.index,
            number: self.number,
            operation: job.kind.operation(),
            key: job.key,
            context: job.context,
            bytes: job.bytes,
            intended: job.intended,
        }
    }
}

/// Every call in flight.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    slots: Vec<Call>,
    free: u32,
    live: usize,
}

impl Calls {
    /// None.
    pub const fn new() -> Calls {
        Calls { slots: Vec::new(), free: NONE, live: 0 }
    }

    /// How many.
    pub const fn len(&self) -> usize {
        self.live
    }

    /// Gives a call a slot.
    #[inline]
    pub fn begin(&mut self, job: &Job, client: u32) -> (u32, &mut Call) {
        self.live += 1;
        if self.free == NONE {
            self.lengthen(job);
        }
        let slot = self.free;
        let empty = &mut self.slots[slot as usize];
        if let Phase::Free(next) = empty.phase {
            self.free = next;
        }
        // Field by field: made whole and moved, it would be copied twice.
        empty.job = *job;
        empty.client = client;
        empty.number = 0;
        empty.held = 0;
        empty.previous = Span::ZERO;
        empty.phase = Phase::Queued;
        (slot, empty)
    }

    /// Makes an empty slot, for want of one that was used before; what is in it means nothing.
    #[cold]
    fn lengthen(&mut self, job: &Job) {
        self.free = self.slots.len() as u32;
        self.slots.push(Call {
            job: *job,
            client: 0,
            number: 0,
            held: 0,
            previous: Span::ZERO,
            phase: Phase::Free(NONE),
            generation: 0,
        });
    }

    /// The call in this slot.
    #[inline]
    pub fn at(&mut self, slot: u32) -> &mut Call {
        &mut self.slots[slot as usize]
    }

    /// Moves the call to a new phase and gives it the token that is valid in it.
    #[inline]
    pub fn enter(&mut self, slot: u32, phase: Phase) -> Token {
        let call = &mut self.slots[slot as usize];
        call.phase = phase;
        call.generation = call.generation.wrapping_add(1);
        token(slot, call.generation)
    }

    /// The slot and phase of the call this token names, unless the token is stale.
    #[inline]
    pub fn find(&self, token: Token) -> Option<(u32, Phase)> {
        let slot = (token.0 >> 32) as u32;
        let call = self.slots.get(slot as usize)?;
        (call.generation == token.0 as u32).then_some((slot, call.phase))
    }

    /// Frees the slot and gives back the job.
    #[inline]
    pub fn end(&mut self, slot: u32) -> &Job {
        self.live -= 1;
        let next = std::mem::replace(&mut self.free, slot);
        let call = &mut self.slots[slot as usize];
        call.phase = Phase::Free(next);
        call.generation = call.generation.wrapping_add(1);
        &call.job
    }

    /// The calls in flight and their slots, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Call)> {
        let numbered = (0u32..).zip(&self.slots);
        numbered.filter(|(_, call)| !matches!(call.phase, Phase::Free(_)))
    }
}
