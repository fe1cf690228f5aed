//! The driver: does what is due when it is due, hands attempts to the senders, and takes in what they report.

use super::dispatcher::Dispatcher;
use super::senders::Senders;
use super::share::ShareRun;
use super::snapshot::{Control, Snapshot};
use super::trial::Ended;
use crate::clock::{Alarm, RunClock};
use crate::engine::Core;
use crate::results::{Gauge, Watch};
use crate::time::{Span, Time};
use std::sync::atomic::Ordering;

/// How often the driver looks up when nothing is due: for Ctrl-C, and for who watches. Each look wakes the thread twice
/// or so, which is nearly all that clients cost that have nothing to do.
const TICK: Span = Span::from_millis(250);
/// How often who watches is shown something new.
const SHOW: Span = Span::from_millis(250);

/// What ends a trial early.
pub(super) struct Stops<'s> {
    pub(super) watch: Watch<'s>,
    pub(super) control: &'s Control,
    /// The trial may not last longer.
    pub(super) until: Time,
}

/// What is driven: the machines, and who stands between them and the senders.
pub(super) struct Driven<'s> {
    pub(super) core: Core<'s>,
    pub(super) dispatcher: Dispatcher,
}

impl Driven<'_> {
    /// Does all that is due by `now`, whatever its number: a late wake must not let jobs wait for the next.
    pub(super) fn catch_up(&mut self, now: Time) {
        while let due = self.core.poll_timeout()
            && due <= now
        {
            self.core.handle_timeout(due, now);
            self.dispatcher.collect(&mut self.core, now);
        }
    }

    /// Hands over what is to be sent, and what is to be given up before it.
    fn send(&mut self, senders: &Senders) {
        self.core.take_given_up().for_each(|attempt| senders.give_up(&attempt));
        self.dispatcher.take().for_each(|order| senders.send(order));
    }
}

/// Runs the machines on the real clock until nothing is left to do.
pub(super) async fn drive(
    driven: &mut Driven<'_>,
    senders: &mut Senders,
    (clock, alarm): (RunClock, &mut Alarm),
    (stops, gauge): (&Stops<'_>, &mut Gauge<'_>),
    mut share: Option<ShareRun<'_>>,
    show: impl Fn(&Driven<'_>, Time) -> Snapshot,
) -> std::io::Result<Ended> {
    let mut ended = Ended::default();
    // Of a share the thresholds are judged by whoever sees the whole.
    let first_look = if share.is_some() { Time::NEVER } else { stops.watch.first_look() };
    let (mut look, mut shown, mut closed) = (first_look, Time::ZERO, false);
    let mut tick = Time::ZERO + TICK;
    loop {
        let now = clock.now();
        driven.catch_up(now);
        driven.send(senders);
        while let Ok(event) = senders.events().try_recv() {
            driven.dispatcher.hear(&mut driven.core, event, clock.now());
        }
        driven.send(senders);
        if now >= gauge.next() {
            gauge.read(driven.core.recorder(), now);
        }
        let is_told = share.as_mut().is_some_and(|share| {
            share.follow(&mut driven.core, &mut driven.dispatcher, (now, closed), &mut ended)
        });
        if !closed && (is_told || ends(driven, stops, now, &mut look, &mut ended)) {
            driven.core.close(now);
            closed = true;
        }
        if stops.control.is_watched() && now.since(shown) >= SHOW {
            shown = now;
            stops.control.show(show(driven, now));
        }
        // Calls whose attempts are kept back end by nobody's answer: they are not waited for.
        let is_heard = senders.is_idle() && senders.events().is_empty();
        let is_stuck = closed && is_heard && driven.dispatcher.is_shut();
        let core = &driven.core;
        if is_stuck || core.is_over(clock.now()) {
            if stops.control.is_watched() {
                stops.control.show(show(driven, clock.now()));
            }
            return Ok(Ended { refusals: driven.dispatcher.take_refusals(), ..ended });
        }
        let until = if closed { Time::NEVER } else { stops.until };
        if now >= tick {
            tick = now + TICK;
        }
        let next = core.poll_timeout().min(core.end() + Span::from_nanos(1)).min(until).min(tick);
        tokio::select! {
            biased;
            Some(event) = senders.events().recv() => driven.dispatcher.hear(&mut driven.core, event, clock.now()),
            () = changed(&mut share) => {}
            slept = alarm.sleep_until(next) => slept?,
        }
    }
}

/// Comes back when somebody else gives other orders; never if nobody does.
async fn changed(share: &mut Option<ShareRun<'_>>) {
    match share {
        Some(share) => share.changed().await,
        None => std::future::pending().await,
    }
}

/// Whether the trial is to be closed now; why stands in `ended`.
fn ends(driven: &Driven<'_>, stops: &Stops<'_>, now: Time, look: &mut Time, ended: &mut Ended) -> bool {
    if stops.control.stop.load(Ordering::Relaxed) {
        ended.interrupted = true;
        return true;
    }
    ended.throttled = driven.dispatcher.is_throttled();
    if ended.throttled {
        return true;
    }
    ended.cap = driven.dispatcher.cap_hit();
    if now >= stops.until {
        ended.cap = ended.cap.or(Some("duration"));
    }
    if ended.cap.is_some() {
        return true;
    }
    if now >= *look {
        *look = now + Span::from_secs(1);
        if stops.watch.is_missed(driven.core.recorder()) {
            ended.aborted_at = Some(now);
            return true;
        }
    }
    false
}
