use super::*;
use crate::api::{Failure, Job, JobKind, Operation, Outcome};
use crate::rng::{Purpose, Stream};
use crate::scenario::{Options, Scenario};
use crate::time::NANOS_PER_SECOND;

fn layout() -> Arc<Layout> {
    let text = "workloads: { w: { executor: constant-arrival-rate, rate: 10/s, duration: 1m, jobs: { Decrypt: 1 } } }
strategies: { s: {} }
";
    let scenario = Scenario::parse(text, &Options::default()).expect("valid").scenario;
    Arc::new(Layout::new(&scenario.workloads))
}

fn job(index: u64) -> Job {
    Job {
        workload: 0,
        stage: 0,
        client: 0,
        index,
        unit: index as u32 % 3,
        kind: JobKind::Call(Operation::Decrypt),
        intended: Time::from_nanos(index * NANOS_PER_SECOND / 10),
        deadline: Time::NEVER,
        key: 0,
        context: 0,
        message: u32::MAX,
        bytes: 1,
        known_size: true,
    }
}

/// A recording of these jobs, each of which takes so many microseconds.
fn recorded(layout: &Arc<Layout>, jobs: &[(u64, u64)]) -> Trial {
    let mut recorder = Recorder::new(layout, Time::ZERO);
    for (index, micros) in jobs {
        let job = job(*index);
        recorder.offered(&job, job.intended);
        recorder.started(&job, None);
        let outcome = match micros % 7 {
            0 => Outcome::Failed(Failure::Throttled),
            _ => Outcome::Completed,
        };
        recorder.ended(&job, outcome, false, job.intended + Span::from_micros(*micros));
        recorder.late(Span::from_micros(micros / 3));
    }
    recorder.finish();
    let readings = vec![Reading { at: Time::from_nanos(NANOS_PER_SECOND), sums: vec![(1.0 / 3.0, 7.0)] }];
    Trial { recorder, pools: Vec::new(), data_keys: DataKeyUse::default(), aborted_at: None, readings }
}

/// The trial as another process would have it.
fn over_a_file(trial: &Trial, layout: &Arc<Layout>) -> Trial {
    let json = serde_json::to_string(&SavedTrial::of(trial)).expect("plain numbers");
    let read: SavedTrial = serde_json::from_str(&json).expect("what was written");
    read.into_trial(layout).expect("the same layout")
}

#[test]
fn merged_percentiles_are_those_of_one_recorder_in_a_thousand_splits() {
    let layout = layout();
    for split in 0..1_000u64 {
        let stream = Stream::new(11, 0, Purpose::Arrival, split);
        let jobs: Vec<(u64, u64)> = (0..40 + split % 60)
            .map(|index| (index, 1 + stream.draw(2 * index).below(10u64.pow(1 + (index + split) as u32 % 7))))
            .collect();
        let parts = 2 + split as usize % 5;
        let of = |index: u64| stream.draw(2 * index + 1).below(parts as u64) as usize;
        let mut shares: Vec<Trial> = (0..parts)
            .map(|part| {
                let own: Vec<_> = jobs.iter().copied().filter(|(index, _)| of(*index) == part).collect();
                over_a_file(&recorded(&layout, &own), &layout)
            })
            .collect();
        shares.rotate_left(split as usize % parts);
        let mut merged = shares[0].recorder.clone();
        shares[1..].iter().for_each(|share| merged.merge(&share.recorder));
        let whole = recorded(&layout, &jobs).recorder;
        for (one, other) in merged.job_cells().iter().zip(whole.job_cells()) {
            assert_eq!(one.counts, other.counts, "{split}");
            for (one, other) in [(&one.completed, &other.completed), (&one.failed, &other.failed)] {
                assert_eq!(one, other, "{split}: every bucket");
                let (one, other) = (one.to_histogram(), other.to_histogram());
                for percentile in [0.0, 25.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0] {
                    let at = |histogram: &Micros| histogram.value_at_percentile(percentile);
                    assert_eq!(at(&one), at(&other), "{split}: p{percentile}");
                }
                assert_eq!(
                    (one.mean(), one.len(), one.max()),
                    (other.mean(), other.len(), other.max()),
                    "{split}"
                );
            }
        }
        assert_eq!(merged.lateness(), whole.lateness(), "{split}");
    }
}

#[test]
fn a_trial_reads_back_as_it_was() {
    let layout = layout();
    let mut trial = recorded(&layout, &[(0, 5), (1, 7), (30, 4_000_000)]);
    trial.pools.push(PoolReport {
        pool: PoolId::SYMMETRIC,
        limit: Rate::new(7, 3),
        attempts: 3,
        peak_1s: 2,
        throttled: 1,
        background: 4,
        background_throttled: 1,
        interval_s: 1,
        series: vec![1, 0, 2],
    });
    trial.data_keys.record(5, 6, Span::from_nanos(1_234_567_891));
    trial.aborted_at = Some(Time::from_nanos(12));
    let read = over_a_file(&trial, &layout);
    assert_eq!(
        (&read.pools, read.data_keys, read.aborted_at),
        (&trial.pools, trial.data_keys, trial.aborted_at)
    );
    assert_eq!(read.recorder.timeline().rows(), trial.recorder.timeline().rows());
    assert_eq!(read.recorder.timeline().begins_s(3), trial.recorder.timeline().begins_s(3));
    assert_eq!(read.recorder.occupancy(), trial.recorder.occupancy());
    assert_eq!(read.recorder.units.counts(), trial.recorder.units.counts());
    assert_eq!(read.readings, trial.readings);
    let windows = |trial: &Trial| trial.recorder.measured().windows().to_vec();
    assert_eq!(windows(&read), windows(&trial));
    assert_eq!((read.recorder.last(), read.recorder.trials()), (trial.recorder.last(), 1));
}

#[test]
fn what_was_recorded_with_another_layout_is_refused() {
    let layout = layout();
    let mut saved = SavedTrial::of(&recorded(&layout, &[(0, 5)]));
    saved.recorder.jobs.push(JobCell::default());
    let error = saved.into_trial(&layout).expect_err("a cell too many");
    assert!(error.contains("2 cells of jobs"), "{error}");
}
