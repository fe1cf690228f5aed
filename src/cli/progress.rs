//! Progress on stderr: a bar on a terminal, otherwise a line every so often.

use crate::engine::Control;
use crate::report::format::counted;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Shows how far a run is, until told to finish.
pub struct Progress {
    stop: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts showing; nothing when `quiet`.
    pub fn start(scenario: &Scenario, control: &Arc<Control>, every: Span, quiet: bool) -> Progress {
        if quiet {
            return Progress { stop: None };
        }
        let tasks = scenario.strategies.len() as u64 * u64::from(scenario.trials);
        let length = scenario.workloads.iter().map(|w| w.end()).max().unwrap_or(Time::ZERO);
        let total = Span::from_nanos(length.as_nanos()).times(tasks);
        let strategies = match scenario.strategies.len() {
            1 => "1 strategy".to_owned(),
            n => format!("{n} strategies"),
        };
        let trials = counted(u64::from(scenario.trials), "trial");
        let label = format!("{strategies} x {trials} of {}", length.since(Time::ZERO));
        let (stop, stopped) = channel();
        let control = Arc::clone(control);
        let watcher = std::thread::spawn(move || {
            let terminal = std::io::stderr().is_terminal();
            let (bar, every) = if terminal {
                (bar(&label), Duration::from_millis(100))
            } else {
                (ProgressBar::hidden(), Duration::from_nanos(every.as_nanos().max(1)))
            };
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let done = control.done.load(Ordering::Relaxed);
                let share = (done as f64 / total.as_nanos().max(1) as f64).min(1.0);
                bar.set_position((share * 1000.0) as u64);
                if !terminal {
                    eprintln!("{label}: {:.0} %", share * 100.0);
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

fn bar(label: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(label.to_owned());
    bar
}
