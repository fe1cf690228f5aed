//! The backoffs in a contention model whose results are published: optimistic writers of one row.
//!
//! ```text
//! client ──read──▶ row ──version──▶ client ──write──▶ row ──▶ committed, or conflict: wait a hop + backoff, read again
//! ```
//!
//! Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Every arrow costs |Normal(10, 2)| ms.

use super::rows;
use keystorm_machines::client::{Backoff, Jitter};
use keystorm_machines::rng::{Purpose, Stream};
use keystorm_machines::time::{Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const TRIALS: u32 = 100;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Read,
    HasRead(u32),
    Write(u32),
    Written(bool),
}

/// Hops of one trial, two normals for two draws.
struct Hops {
    stream: Stream,
    drawn: u64,
    spare: Option<f64>,
}

impl Hops {
    fn next(&mut self) -> Span {
        let normal = self.spare.take().unwrap_or_else(|| {
            let radius = (2.0 * self.stream.draw(self.drawn).exponential()).sqrt();
            let angle = std::f64::consts::TAU * self.stream.draw(self.drawn + 1).unit();
            self.drawn += 2;
            self.spare = Some(radius * libm::sin(angle));
            radius * libm::cos(angle)
        });
        Span::from_secs_f64((10.0 + 2.0 * normal).abs() / 1e3)
    }
}

/// Milliseconds until the last client has committed, and writes tried.
fn contend(clients: u32, backoff: Option<Backoff>, trial: u32) -> (f64, f64) {
    let jitter = Stream::new(1, trial, Purpose::Backoff, u64::from(clients));
    let stream = Stream::new(1, trial, Purpose::ServiceTime, u64::from(clients));
    let mut hops = Hops { stream, drawn: 0, spare: None };
    let mut queue: BinaryHeap<_> =
        (0..clients).map(|client| Reverse((Time::ZERO + hops.next(), client, Step::Read))).collect();
    let mut state = vec![(1u32, Span::ZERO); clients as usize];
    let (mut version, mut writes, mut last) = (0u32, 0u32, Time::ZERO);
    while let Some(Reverse((now, client, step))) = queue.pop() {
        let mut wait = Span::ZERO;
        let next = match step {
            Step::Read => Step::HasRead(version),
            Step::HasRead(seen) => Step::Write(seen),
            Step::Write(seen) => {
                writes += 1;
                let commits = seen == version;
                version += u32::from(commits);
                Step::Written(commits)
            }
            Step::Written(true) => {
                last = now;
                continue;
            }
            Step::Written(false) => {
                let (n, previous) = &mut state[client as usize];
                let draw = jitter.draw_attempt(u64::from(client), u64::from(*n));
                // Their counter starts at 1 and the first wait is base × 2^1: one doubling ahead of ours.
                wait = backoff.map_or(Span::ZERO, |backoff| backoff.delay(*n + 1, previous, draw));
                *n += 1;
                Step::Read
            }
        };
        queue.push(Reverse((now + hops.next() + wait, client, next)));
    }
    (last.as_secs_f64() * 1e3, f64::from(writes))
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (square / (values.len() - 1) as f64).sqrt())
}

#[test]
fn backoffs_contend_as_published_within_four_standard_errors() {
    let mut wrong = Vec::new();
    for row in rows("backoff-contention.csv") {
        let number = |name: &str| row[name].parse::<f64>().expect("a number");
        let jitter = match row["algorithm"].as_str() {
            "None" => None,
            "Exponential" => Some(Jitter::None),
            "FullJitter" => Some(Jitter::Full),
            "EqualJitter" => Some(Jitter::Equal),
            "Decorr" => Some(Jitter::Decorrelated),
            other => panic!("an unknown algorithm: {other}"),
        };
        let (base, cap) = (Span::from_millis(5), Span::from_secs(2));
        let backoff = jitter.map(|jitter| Backoff { base, cap, factor: 2.0, jitter });
        let clients = number("clients") as u32;
        let (times, writes): (Vec<f64>, Vec<f64>) =
            (0..TRIALS).map(|trial| contend(clients, backoff, trial)).unzip();
        for (what, ours) in [("time", times), ("calls", writes)] {
            let (mean, sd) = moments(&ours);
            let theirs = number(&format!("{what}_mean"));
            let their_error = number(&format!("{what}_sd")).powi(2) / number("trials");
            let error = (sd.powi(2) / f64::from(TRIALS) + their_error).sqrt();
            let off = (mean - theirs) / error;
            println!("{clients} {} {what}: {off:.1} s.e.", row["algorithm"]);
            if off.abs() > 4.0 {
                wrong.push(format!(
                    "{clients} {} {what}: {mean:.1}, not {theirs} ({off:.1} s.e.)",
                    row["algorithm"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
