//! Progress on stderr: a bar on a terminal, otherwise a line every so often; and a word before a run that takes long.

use crate::clock::Stopwatch;
use crate::engine::Control;
use crate::notice;
use crate::report::format::{count, counted};
use crate::scenario::{Plan, Scenario};
use crate::time::{Span, Time};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Jobs a second that one thread simulates at least, on the machines we know: a fifth of what `cargo bench --bench
/// simulator` shows.
const JOBS_A_SECOND: f64 = 1e6;
/// A run that is expected to take longer is told of before it starts.
const LONG: Span = Span::from_secs(60);

/// Shows how far a run is, until told to finish.
pub struct Progress {
    stop: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts showing; nothing when `quiet`.
    pub fn start(
        scenario: &Scenario,
        threads: usize,
        control: &Arc<Control>,
        every: Span,
        quiet: bool,
    ) -> Progress {
        if let Some(word) = word(scenario, Plan::of(scenario).jobs, threads).filter(|_| !quiet) {
            notice::tell(word);
        }
        let total = Arc::new(AtomicU64::new(timeline(scenario).times(tasks(scenario)).as_nanos()));
        Progress::over(label(scenario), &total, scenario.until.is_some(), control, every, quiet)
    }

    /// Shows how much of `total` virtual nanoseconds, which may change meanwhile, is done of what `label` names, and how
    /// much is left, at most if it `may_end_sooner`; nothing when `quiet`.
    pub fn over(
        label: String,
        total: &Arc<AtomicU64>,
        may_end_sooner: bool,
        control: &Arc<Control>,
        every: Span,
        quiet: bool,
    ) -> Progress {
        if quiet {
            return Progress { stop: None };
        }
        let (stop, stopped) = channel();
        let (control, total) = (Arc::clone(control), Arc::clone(total));
        let watch = Stopwatch::start();
        let watcher = std::thread::spawn(move || {
            let terminal = std::io::stderr().is_terminal();
            let (bar, every) = if terminal {
                (bar(), Duration::from_millis(100))
            } else {
                (ProgressBar::hidden(), Duration::from_nanos(every.as_nanos().max(1)))
            };
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let done = control.done.load(Ordering::Relaxed);
                let total = total.load(Ordering::Relaxed).max(1);
                let share = done as f64 / total as f64;
                let left = left(watch.elapsed(), share, may_end_sooner);
                bar.set_position((share.min(1.0) * 1000.0) as u64);
                bar.set_message(format!("{label}{left}"));
                if !terminal {
                    notice::tell(format_args!("{label}: {} %{left}", percent(share)));
                }
            }
            bar.finish_and_clear();
        });
        Progress { stop: Some((stop, watcher)) }
    }

    /// Stops showing and clears the line.
    pub fn finish(self) {
        if let Some((stop, watcher)) = self.stop {
            drop(stop);
            // The watcher only draws; had it panicked, the results would still be good.
            let _ = watcher.join();
        }
    }
}

/// How often the scenario's timeline is gone through.
fn tasks(scenario: &Scenario) -> u64 {
    scenario.strategies.len() as u64 * u64::from(scenario.trials)
}

/// How long the timeline is.
pub fn timeline(scenario: &Scenario) -> Span {
    length(scenario).since(Time::ZERO)
}

fn length(scenario: &Scenario) -> Time {
    scenario.workloads.iter().map(|workload| workload.end()).max().unwrap_or(Time::ZERO)
}

/// What is simulated: `2 strategies x 5 trials of 1m`.
fn label(scenario: &Scenario) -> String {
    let strategies = counted(scenario.strategies.len() as u64, "strategy");
    let trials = counted(u64::from(scenario.trials), "trial");
    let at_most = if scenario.until.is_some() { "up to " } else { "" };
    format!("{strategies} x {at_most}{trials} of {}", length(scenario).since(Time::ZERO))
}

/// What is said before a run that takes long, with the way out; `jobs` are those of one trial of one strategy.
fn word(scenario: &Scenario, jobs: f64, threads: usize) -> Option<String> {
    let tasks = tasks(scenario);
    let at_once = (threads.max(1) as f64).min(tasks as f64);
    let all = jobs * tasks as f64;
    let takes = Span::from_secs((all / JOBS_A_SECOND / at_once) as u64);
    (takes > LONG).then(|| {
        format!(
            "a long run: {}, about {} jobs in all. At {} jobs a second and thread it takes {}, more where jobs are \
             retried; --trials and --strategy make it shorter, Ctrl-C ends it with the results so far.",
            label(scenario),
            count(all as u64),
            count(JOBS_A_SECOND as u64),
            about(takes),
        )
    })
}

/// Whole percents of what is done: what lasts longer than was foreseen is not done yet.
fn percent(share: f64) -> u64 {
    let most = if share > 1.0 { 99.0 } else { 100.0 };
    (share * 100.0).round().min(most) as u64
}

/// `, about 3 min left`; nothing while too little is done to tell.
pub(super) fn left(elapsed: Span, share: f64, may_end_sooner: bool) -> String {
    if share > 1.0 {
        return ", longer than foreseen".into();
    }
    if !(0.01..1.0).contains(&share) {
        return String::new();
    }
    let left = elapsed.as_secs_f64() * (1.0 - share) / share;
    let at_most = if may_end_sooner { "at most " } else { "" };
    format!(", {at_most}{} left", about(Span::from_secs(left.ceil() as u64)))
}

/// A span as people say it who do not know it exactly: two figures of it are enough.
fn about(span: Span) -> String {
    match span.as_secs_f64() {
        secs if secs < 90.0 => format!("about {secs:.0} s"),
        secs if secs < 90.0 * 60.0 => format!("about {:.0} min", secs / 60.0),
        secs if secs < 48.0 * 3600.0 => format!("about {:.0} h", secs / 3600.0),
        secs => format!("about {:.0} days", secs / 86_400.0),
    }
}

pub(super) fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    fn scenario(trials: u32) -> Scenario {
        let text = format!(
            "workloads: {{ w: {{ executor: constant-arrival-rate, rate: 100/s, duration: 1m, jobs: {{ Decrypt: 1 }} }} }}
strategies: {{ a: {{}}, b: {{}} }}
trials: {trials}
"
        );
        Scenario::parse(&text, &Options::default()).expect("valid").scenario
    }

    #[test]
    fn a_long_run_is_told_of_with_its_figures_and_a_short_one_is_not() {
        let jobs = Plan::of(&scenario(5)).jobs;
        assert_eq!(jobs, 6_000.0);
        assert_eq!(word(&scenario(5), jobs, 2), None);
        // 24 tasks of 100,000,000 jobs by two threads: 2,400 s / 2.
        let word = word(&scenario(12), 1e8, 2).expect("it is long");
        for part in
            ["2 strategies x 12 trials of ", "about 2,400,000,000 jobs", "it takes about 20 min", "--trials"]
        {
            assert!(word.contains(part), "{part} is not in: {word}");
        }
    }

    #[test]
    fn no_more_threads_work_than_there_is_work_for() {
        let two = word(&scenario(1), 1e8, 64).expect("two tasks of 100 s each");
        assert!(two.contains("it takes about 2 min"), "{two}");
    }

    #[test]
    fn what_is_left_follows_from_what_is_done() {
        let secs = Span::from_secs;
        assert_eq!(left(secs(10), 0.0, false), "");
        assert_eq!(left(secs(30), 0.25, false), ", about 2 min left");
        assert_eq!(left(secs(10), 0.5, false), ", about 10 s left");
        assert_eq!(left(secs(3_600), 0.1, false), ", about 9 h left");
        assert_eq!(left(secs(86_400), 0.2, false), ", about 4 days left");
        assert_eq!(left(secs(10), 1.0, false), "");
        assert_eq!(left(secs(10), 1.2, true), ", longer than foreseen");
        assert_eq!([0.0, 0.004, 0.994, 1.0, 1.2].map(percent), [0, 0, 99, 100, 99]);
        assert_eq!(left(secs(10), 0.5, true), ", at most about 10 s left");
    }
}
