//! One trial alone: how sure a threshold is follows from batches within it; of a live one too few of them cannot tell.

use crate::support::{self, scenario};
use keystorm::results::{ThresholdRun, Verdict};

fn verdicts(seconds: u32, seed: u64, thresholds: &str, rest: &str) -> Vec<ThresholdRun> {
    // What comes of a live run is judged here on figures that the simulator makes.
    let live = if cfg!(feature = "live") { "target: emulator\nclient: raw\n" } else { "" };
    let rest = format!("{live}{rest}");
    let text = format!(
        "version: 1\nseed: {seed}\nserviceTime: {{ p50: 20ms, p99: 40ms, throttled: 5ms }}\n\
         workloads: {{ w: {{ executor: constant-arrival-rate, rate: 40/s, duration: {seconds}s, jobs: {{ Decrypt: 1 }} }} }}\n\
         strategies: {{ s: {{ retry: {{ mode: none }} }} }}\ntrials: 1\nthresholds: {{ {thresholds} }}\n{rest}"
    );
    support::run(&scenario(&text), 1).thresholds
}

/// Half of all attempts are refused, each by itself.
const HALF: &str = "faults: [ { at: 0s, for: 10m, kind: throttle, probability: 50% } ]";

#[test]
fn a_bound_far_off_is_told_and_one_within_the_batches_interval_is_not() {
    use Verdict::{CannotTell, Met, Missed};
    let thresholds = "failed: [ \"rate<50%\", \"rate<70%\", \"rate<30%\" ], goodput: [ \"value>20/s\", \"value>10/s\" ], \
                      amplification: [ \"value<1.5\" ], service_time: [ \"avg<30ms\", \"avg<15ms\" ]";
    let found = verdicts(60, 1, thresholds, HALF);
    let words: Vec<Verdict> = found.iter().map(|t| t.verdict).collect();
    assert_eq!(words, [CannotTell, Met, Missed, CannotTell, Met, Met, Met, Missed], "{found:?}");
    let remedy = found[0].remedy.as_deref().expect("what would settle it");
    // Sixty seconds: twenty batches of two seconds and what is left, or a few more.
    assert!(remedy.starts_with("The 95 % interval over ") && remedy.contains(" batches of "), "{remedy}");
    assert!(remedy.contains(" of the one trial holds the bound: "), "{remedy}");
    assert!(
        remedy.contains("as long, or as many trials, would settle it") || remedy.contains("more than"),
        "{remedy}"
    );
}

#[cfg(feature = "live")]
#[test]
fn too_few_batches_of_a_live_trial_cannot_tell_unless_it_is_a_sure_miss_or_goes_by_counts() {
    use Verdict::{CannotTell, Met, Missed};
    let thresholds =
        "failed: [ \"rate<70%\", \"rate<1%\", \"rate<=99%\", \"rate<=0\" ], goodput: [ \"value>10/s\" ]";
    let found = verdicts(9, 1, thresholds, HALF);
    let words: Vec<Verdict> = found.iter().map(|t| t.verdict).collect();
    assert_eq!(words, [CannotTell, Missed, CannotTell, Missed, CannotTell], "{found:?}");
    let remedy = found[0].remedy.as_deref().expect("what would settle it");
    assert!(remedy.contains("one trial of 9 seconds, and 10 seconds"), "{remedy}");
    assert!(remedy.contains("a longer run or more trials would"), "{remedy}");
    let longer = verdicts(12, 1, "failed: [ \"rate<95%\" ]", HALF);
    assert_eq!(longer[0].verdict, Met, "{longer:?}");
}

#[cfg(feature = "live")]
#[test]
fn what_happens_before_and_after_the_window_makes_no_batch() {
    let text = "version: 1\ntarget: emulator\nclient: raw\nserviceTime: { p50: 2s, p99: 2s }\n\
         workloads: { w: { executor: constant-arrival-rate, rate: 200/s, duration: 14s, warmUp: 8s, jobs: { Decrypt: 1 } } }\n\
         strategies: { s: { retry: { mode: none } } }\ntrials: 1\nthresholds: { failed: [ \"rate<10%\" ] }";
    let only = support::run(&scenario(text), 1).thresholds.remove(0);
    // Of six seconds measured the answers come in as many.
    assert_eq!(only.verdict, Verdict::CannotTell, "{only:?}");
}

#[cfg(feature = "live")]
#[test]
fn units_count_once_a_trial_so_that_one_trial_cannot_tell() {
    let found = verdicts(60, 1, "units_failed: [ \"rate<90%\" ]", "fleet: { clients: 100 }");
    assert_eq!(found[0].verdict, Verdict::CannotTell);
    assert!(found[0].remedy.as_deref().is_some_and(|told| told.contains("only more trials")), "{found:?}");
}

/// Windows of load that a bucket refuses by turns: seconds that follow one another are not independent.
#[test]
fn a_share_at_its_bound_is_seldom_told() {
    let seeds = crate::times::times(100);
    let mut told = 0;
    for seed in 0..seeds {
        let found = verdicts(40, seed, "failed: [ \"rate<50%\" ]", HALF);
        told += u64::from(found[0].verdict != Verdict::CannotTell);
    }
    assert!(told * 100 <= 8 * seeds, "{told} of {seeds}");
}

#[test]
fn a_short_simulated_trial_is_judged_by_its_number() {
    let text = |target: &str| {
        format!(
            "version: 1\n{target}workloads: {{ w: {{ executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 5s, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ s: {{ retry: {{ mode: none }} }} }}\ntrials: 1\nthresholds: {{ failed: [ \"rate<2%\" ] }}"
        )
    };
    assert_eq!(support::run(&scenario(&text("")), 1).thresholds[0].verdict, Verdict::Met);
    if cfg!(feature = "live") {
        let live = support::run(&scenario(&text("target: emulator\nclient: raw\n")), 1);
        assert_eq!(live.thresholds[0].verdict, Verdict::CannotTell);
    }
}
