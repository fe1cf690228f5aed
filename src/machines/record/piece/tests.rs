use super::super::{SavedTrial, Trial};
use super::*;
use crate::api::{Failure, Job, JobKind, Operation, Outcome};
use crate::quota::PoolId;
use crate::rng::{Purpose, Stream};
use crate::scenario::{Options, Scenario};
use crate::time::Span;
use crate::units::Rate;

fn layout() -> Arc<Layout> {
    let text = "workloads: { w: { executor: constant-arrival-rate, rate: 10/s, duration: 10s, warmUp: 1s, jobs: { Decrypt: 1, Encrypt: 2 } } }
strategies: { s: {} }
";
    let scenario = Scenario::parse(text, &Options::default()).expect("valid").scenario;
    Arc::new(Layout::new(&scenario.workloads))
}

fn job(index: u64, client: u32) -> Job {
    let operation = if index.is_multiple_of(3) { Operation::Decrypt } else { Operation::Encrypt };
    Job {
        workload: 0,
        stage: 0,
        client,
        index,
        unit: client,
        kind: JobKind::Call(operation),
        intended: Time::from_nanos(index * 10_000_000),
        deadline: Time::NEVER,
        key: 0,
        context: 0,
        message: u32::MAX,
        bytes: 1,
        known_size: true,
    }
}

/// Jobs of the clients that `is_own`, by what happens to them: (moment in microseconds, whether it ends, job).
fn events(is_own: impl Fn(u32) -> bool) -> Vec<(u64, bool, Job)> {
    let stream = Stream::new(3, 0, Purpose::Arrival, 0);
    let mut events = Vec::new();
    for index in 0..1_000 {
        let job = job(index, stream.draw(2 * index).below(7) as u32);
        if is_own(job.client) {
            let came = index * 10_000;
            let took = 1 + stream.draw(2 * index + 1).below(10u64.pow(2 + index as u32 % 5));
            events.push((came, false, job));
            events.push((came + took, true, job));
        }
    }
    events.sort_by_key(|(at, is_end, job)| (*at, *is_end, job.index));
    events
}

fn pools(recorder: &Recorder) -> Vec<PoolReport> {
    let rows = recorder.timeline().rows();
    let series: Vec<u32> = rows.iter().map(|row| row.offered as u32).collect();
    vec![PoolReport {
        pool: PoolId::SYMMETRIC,
        limit: Rate::per_second(10),
        attempts: rows.iter().map(|row| row.offered).sum(),
        peak_1s: series.iter().copied().max().unwrap_or(0).into(),
        throttled: 0,
        background: 0,
        background_throttled: 0,
        interval_s: 1,
        series,
    }]
}

/// The trial of these events, of which somebody is told `heard` now and then: after so many events each time.
fn recorded(events: &[(u64, bool, Job)], every: usize, mut heard: impl FnMut(Piece)) -> Trial {
    let layout = layout();
    let (mut recorder, mut pieces) = (Recorder::new(&layout, Time::ZERO), Pieces::new(&layout));
    for (number, (at, is_end, job)) in events.iter().enumerate() {
        let now = Time::ZERO + Span::from_micros(*at);
        match (is_end, job.index % 7) {
            (false, _) => {
                recorder.offered(job, now);
                recorder.started(job, None);
                recorder.late(Span::from_micros(job.index % 9));
            }
            (true, 0) => recorder.ended(job, Outcome::Failed(Failure::Throttled), false, now),
            (true, _) => recorder.ended(job, Outcome::Completed, false, now),
        }
        if number % every == every - 1 {
            heard(pieces.take(&recorder, &pools(&recorder), DataKeyUse::default()));
        }
    }
    recorder.finish_share();
    heard(pieces.take(&recorder, &pools(&recorder), DataKeyUse::default()));
    let pools = pools(&recorder);
    Trial { recorder, pools, data_keys: DataKeyUse::default(), aborted_at: None, readings: Vec::new() }
}

/// A piece as it comes over a wire.
fn sent(piece: &Piece) -> Piece {
    serde_json::from_slice(&serde_json::to_vec(piece).expect("numbers")).expect("what was written")
}

/// What is saved of it as the only share of a trial.
fn text(trial: &Trial) -> String {
    let whole = Trial::of_shares([trial.clone()]).expect("one");
    serde_json::to_string(&SavedTrial::of(&whole)).expect("numbers")
}

#[test]
fn pieces_add_up_to_the_recording_they_were_cut_from() {
    for every in [1, 7, 250, 5_000] {
        let mut mirror = Mirror::new(&layout(), Time::ZERO);
        let whole = recorded(&events(|_| true), every, |piece| {
            assert_eq!(mirror.add(&sent(&piece)), Ok(false));
        });
        assert_eq!(text(&mirror.so_far()), text(&whole), "{every}");
        let mut left = mirror.into_trial();
        // What is asked of jobs that left is not asked of what was heard.
        left.recorder.occupancy = whole.recorder.occupancy;
        assert_eq!(text(&left), text(&whole), "{every}: no job is missing");
    }
}

#[test]
fn shares_by_client_add_up_to_the_trial_of_one_process_to_the_byte() {
    let whole = recorded(&events(|_| true), 5_000, |_| ());
    for many in [2, 3, 7] {
        let shares = (0..many).map(|own| recorded(&events(|client| client % many == own), 5_000, |_| ()));
        let mut joined = Trial::of_shares(shares).expect("some");
        let (found, wanted) = (joined.recorder.occupancy, whole.recorder.occupancy);
        assert!((found.measured_s() - wanted.measured_s()).abs() < 1e-9, "{many}: areas add up");
        joined.recorder.occupancy = whole.recorder.occupancy;
        // The 99th percentile of a second is the greatest of the shares', and the job whose end closes a second is in flight in
        // none of them.
        for (found, wanted) in joined.recorder.timeline.rows.iter_mut().zip(&whole.recorder.timeline.rows) {
            assert!(found.p99_micros >= wanted.p99_micros, "{many}");
            found.p99_micros = wanted.p99_micros;
            assert!(found.in_flight.abs_diff(wanted.in_flight) <= u64::from(many));
            found.in_flight = wanted.in_flight;
        }
        assert_eq!(text(&joined), text(&whole), "{many}");
    }
}

#[test]
fn a_piece_that_is_missing_is_noticed_and_everything_told_again_makes_it_whole() {
    let mut heard = Vec::new();
    let whole = recorded(&events(|_| true), 300, |piece| heard.push(piece));
    let mut mirror = Mirror::new(&layout(), Time::ZERO);
    assert_eq!((mirror.add(&heard[0]), mirror.add(&heard[2])), (Ok(false), Ok(true)));
    assert_eq!(mirror.heard(), 1);
    let again = Pieces::new(&layout()).take(&whole.recorder, &whole.pools, DataKeyUse::default());
    assert_eq!((mirror.add(&again), mirror.heard()), (Ok(false), 1));
    assert_eq!(mirror.recorder().job_totals(), whole.recorder.job_totals());
}

#[test]
fn of_a_share_that_is_lost_every_job_is_accounted_for() {
    let (mut mirror, mut last) = (Mirror::new(&layout(), Time::ZERO), JobCounts::default());
    recorded(&events(|_| true), 333, |piece| {
        if piece.number <= 3 {
            mirror.add(&piece).expect("in order");
            last = mirror.recorder().job_totals();
        }
    });
    assert!(last.offered > last.ended(), "some were under way: {last:?}");
    let lost = mirror.into_trial().recorder;
    let jobs = lost.job_totals();
    assert_eq!((jobs.offered, jobs.completed, jobs.failed), (last.offered, last.completed, last.failed));
    assert_eq!(jobs.offered, jobs.ended());
    assert_eq!(lost.in_flight(), 0);
}

#[test]
fn a_hostile_piece_is_refused_in_words() {
    let mut first = None;
    recorded(&events(|_| true), 5_000, |piece| first = Some(piece));
    let good = first.expect("one");
    let refused = |piece: Piece| Mirror::new(&layout(), Time::ZERO).add(&piece).expect_err("hostile");
    let place = Piece { jobs: vec![(9, JobCell::default())], ..good.clone() };
    assert_eq!(refused(place), "a piece of another scenario");
    let mut huge = JobCell::default();
    huge.counts[1].offered = u64::MAX;
    assert!(refused(Piece { jobs: vec![(0, huge)], ..good.clone() }).contains("no load"));
    let far = Piece { first_row: 3_000, ..good.clone() };
    assert!(refused(far).contains("do not follow"));
    assert!(refused(Piece { number: u32::MAX, ..good.clone() }).contains("no load"));
    assert!(refused(Piece { marks: Vec::new(), ..good.clone() }).contains("another scenario"));
    assert!(refused(Piece { first_row: usize::MAX, ..good }).contains("another scenario"));
}

/// Events until `moment`, in microseconds, and from then on.
type Halves = [Vec<(u64, bool, Job)>; 2];

/// Jobs that came until `moment` and those that came from then on, with what became of them.
fn halves(is_own: impl Fn(u32) -> bool, moment: u64) -> Halves {
    let is_early = |job: &Job| job.index * 10_000 < moment;
    let (early, late) = events(is_own).into_iter().partition(|(_, _, job)| is_early(job));
    [early, late]
}

#[test]
fn a_client_that_is_dealt_to_another_share_is_one_unit_whether_its_first_is_heard_of_or_has_a_log() {
    let whole = Trial::of_shares([recorded(&events(|_| true), 5_000, |_| ())]).expect("one");
    let counts = |trial: &Trial| (trial.recorder.units(Some(0)), trial.recorder.units(None));
    assert_eq!(counts(&whole).0.active, 7, "seven clients");
    let [before, after] = halves(|client| client % 2 == 0, 5_000_000);
    let others = recorded(&events(|client| client % 2 == 1), 5_000, |_| ());
    let dealt = recorded(&after, 5_000, |_| ());
    let mut mirror = Mirror::new(&layout(), Time::ZERO);
    let log = recorded(&before, 40, |piece| assert_eq!(mirror.add(&sent(&piece)), Ok(false)));
    assert_eq!(log.recorder.units(Some(0)).active, 4);
    for lost in [log, mirror.into_trial()] {
        let over_a_wire = |trial: &Trial| {
            let saved = serde_json::to_vec(&SavedTrial::of(trial)).expect("numbers");
            let saved: SavedTrial = serde_json::from_slice(&saved).expect("what was written");
            saved.into_trial(&layout()).expect("its own layout")
        };
        let shares = [&lost, &dealt, &others].map(over_a_wire);
        assert_eq!(counts(&Trial::of_shares(shares).expect("three")), counts(&whole));
    }
}
