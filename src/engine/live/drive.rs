//! The driver: does what is due when it is due, hands attempts to the crew, and takes in what they report.

use super::crew::Crew;
use super::{Control, Glance};
use crate::api::{Reply, Word};
use crate::clock::{Alarm, RunClock};
use crate::engine::Core;
use crate::results::{Gauge, Watch};
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// How often the driver looks up when nothing is due: for Ctrl-C, and for who watches. Each look wakes the thread twice
/// or so, which is nearly all that clients cost that have nothing to do.
const TICK: Span = Span::from_millis(250);
/// How often who watches is shown something new.
const SHOW: Span = Span::from_millis(250);

/// How a trial ended, beside what was recorded.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// When a threshold with `abortOnFail` ended it.
    pub aborted_at: Option<Time>,
    /// The cap that ended it.
    pub cap: Option<&'static str>,
    /// Whether it was ended from outside.
    pub interrupted: bool,
    /// Whether a throttled answer ended it.
    pub throttled: bool,
    /// What the service said no with: the first message of each code.
    pub refusals: BTreeMap<String, String>,
}

/// What ends a trial early.
pub(super) struct Stops<'s> {
    pub(super) watch: Watch<'s>,
    pub(super) control: &'s Control,
    /// Whether one throttled answer ends the run.
    pub(super) on_throttle: bool,
    /// The trial may not last longer.
    pub(super) until: Time,
}

/// Runs `core` on the real clock until nothing is left to do.
pub(super) async fn drive(
    core: &mut Core<'_>,
    crew: &mut Crew,
    (clock, alarm): (RunClock, &mut Alarm),
    (stops, gauge): (&Stops<'_>, &mut Gauge<'_>),
    show: impl Fn(&Core<'_>, Time) -> Glance,
) -> std::io::Result<Ended> {
    let mut ended = Ended::default();
    let (mut look, mut shown, mut closed) = (stops.watch.first_look(), Time::ZERO, false);
    let mut tick = Time::ZERO + TICK;
    loop {
        let now = clock.now();
        // All that is due by now, whatever its number: a late wake must not let jobs wait for the next.
        while let due = core.next_at()
            && due <= now
        {
            core.step(due, now);
        }
        send(core, crew);
        while let Ok(word) = crew.words().try_recv() {
            hear(core, &word, clock.now(), stops.on_throttle, &mut ended);
        }
        send(core, crew);
        if now >= gauge.next() {
            gauge.read(core.recorder(), now);
        }
        if !closed && ends(core, stops, now, &mut look, &mut ended) {
            core.close(now);
            closed = true;
        }
        if stops.control.is_watched() && now.since(shown) >= SHOW {
            shown = now;
            stops.control.show(show(core, now));
        }
        // Calls whose attempts are kept back end by nobody's answer: they are not waited for.
        let is_heard = crew.is_idle() && crew.words().is_empty();
        let is_stuck = closed && is_heard && core.outbox().is_some_and(|outbox| outbox.is_shut());
        if is_stuck || core.is_over(clock.now()) {
            if stops.control.is_watched() {
                stops.control.show(show(core, clock.now()));
            }
            return Ok(ended);
        }
        let until = if closed { Time::NEVER } else { stops.until };
        if now >= tick {
            tick = now + TICK;
        }
        let next = core.next_at().min(core.end() + Span::from_nanos(1)).min(until).min(tick);
        tokio::select! {
            biased;
            Some(word) = crew.words().recv() => hear(core, &word, clock.now(), stops.on_throttle, &mut ended),
            slept = alarm.sleep_until(next) => slept?,
        }
    }
}

fn send(core: &mut Core<'_>, crew: &Crew) {
    if let Some(outbox) = core.outbox() {
        outbox.take().for_each(|order| crew.send(order));
    }
}

fn hear(core: &mut Core<'_>, word: &Word, now: Time, on_throttle: bool, ended: &mut Ended) {
    match word {
        Word::Refused { code, message } => {
            ended.refusals.entry(code.clone()).or_insert_with(|| message.clone());
        }
        Word::Answered { reply: Reply::Throttled, .. } | Word::Retried { met: Reply::Throttled, .. }
            if on_throttle =>
        {
            ended.throttled = true;
            // Nothing more leaves, its own retry included: whoever shares the quota needs it now.
            if let Some(outbox) = core.outbox() {
                outbox.cap(0);
            }
        }
        _ => {}
    }
    core.hear(word, now);
}

/// Whether the trial is to be closed now; why stands in `ended`.
fn ends(core: &mut Core<'_>, stops: &Stops<'_>, now: Time, look: &mut Time, ended: &mut Ended) -> bool {
    if stops.control.stop.load(Ordering::Relaxed) {
        ended.interrupted = true;
        return true;
    }
    if ended.throttled {
        return true;
    }
    ended.cap = core.outbox().and_then(|outbox| outbox.cap_hit());
    if now >= stops.until {
        ended.cap = ended.cap.or(Some("duration"));
    }
    if ended.cap.is_some() {
        return true;
    }
    if now >= *look {
        *look = now + Span::from_secs(1);
        if stops.watch.is_missed(core.recorder()) {
            ended.aborted_at = Some(now);
            return true;
        }
    }
    false
}
