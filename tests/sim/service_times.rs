//! Endpoints of finite capacity against queueing theory.
//!
//! Brooker, "Open and closed, omission and collapse" (2023): one server, exponential times of 0.1 s, load 0.8. In open
//! load an M/M/1 queue answers after Exp(10/s - 8/s); one worker in a closed loop sees the service time alone.

use crate::support::{run, scenario, strategy};
use keystorm::results::Trend;

const OPEN: &str = "executor: constant-arrival-rate, rate: 8/s, duration: 100000s";
const CLOSED: &str = "executor: constant-vus, vus: 1, duration: 20000s";

/// Response times of `workload` at one server that takes `times`.
fn response_ms(times: &str, workload: &str) -> Trend {
    let scenario = scenario(&format!(
        "quotas: {{ symmetric: 100000/s }}
serviceTime: {{ {times}, servers: 1 }}
strategies: {{ plain: {{ retry: {{ mode: none }} }} }}
trials: 4
workloads: {{ w: {{ {workload}, jobs: {{ Decrypt: 1 }} }} }}
"
    ));
    let run = run(&scenario, 2);
    strategy(&run, "plain").response_time_ms
}

#[test]
fn open_load_waits_in_line_and_a_closed_loop_does_not_see_it() {
    let open = response_ms("exponential: 100ms", OPEN).p99;
    let expected = 1000.0 * 100f64.ln() / 2.0;
    println!("open: p99 {open:.1} ms, {expected:.1} expected");
    assert!((open / expected - 1.0).abs() < 0.02, "{open} ms, not {expected}");
    let closed = response_ms("exponential: 100ms", CLOSED).p99;
    let expected = 100.0 * 100f64.ln();
    println!("closed: p99 {closed:.1} ms, {expected:.1} expected");
    assert!((closed / expected - 1.0).abs() < 0.02, "{closed} ms, not {expected}");
}

#[test]
fn one_slow_answer_in_a_thousand_is_hidden_from_a_closed_loop_alone() {
    let rarely = "mixture: [ { share: 99.9%, fixed: 100ms }, { share: 0.1%, fixed: 10s } ]";
    let (open, closed) = (response_ms(rarely, OPEN), response_ms(rarely, CLOSED));
    // Pollaczek and Khinchine: λ E[S²] / 2 (1 - ρ) in line, and the service time itself.
    let (mean, square) = (0.999 * 0.1 + 0.001 * 10.0, 0.999 * 0.01 + 0.001 * 100.0);
    let expected = 1000.0 * (8.0 * square / (2.0 * (1.0 - 8.0 * mean)) + mean);
    println!("open: mean {:.0} ms, {expected:.0} expected, p99 {:.0} ms", open.mean, open.p99);
    assert!((open.mean / expected - 1.0).abs() < 0.05, "{} ms, not {expected}", open.mean);
    assert!(open.p99 > 20_000.0, "{} ms", open.p99);
    assert!(closed.p99 < 1_000.0, "{} ms", closed.p99);
}

#[test]
fn a_clients_timeout_frees_nothing() {
    // Twice what the server can do: with a timeout of 1 s and no end to the queue nothing is answered in time once the
    // backlog is a second long, though the server never rests.
    let text = "quotas: { symmetric: 100000/s }
serviceTime: { fixed: 100ms, servers: 1 }
workloads: { w: { executor: constant-arrival-rate, rate: 20/s, arrivals: uniform, duration: 60s, jobs: { Decrypt: 1 } } }
strategies: { waits: { retry: { mode: none } }, hurries: { retry: { mode: none }, timeout: 1s } }
trials: 1
";
    let run = run(&scenario(text), 1);
    let hurries = strategy(&run, "hurries");
    assert!(hurries.jobs.completed < 25, "{} completed", hurries.jobs.completed);
    assert_eq!(hurries.timeouts, 1200 - hurries.jobs.completed);
    let waits = strategy(&run, "waits").jobs.completed;
    assert!(waits > 590, "{waits} completed by a client that waits");
    let short = text.replace("servers: 1", "servers: 1, queue: 5");
    let run = crate::support::run(&scenario(&short), 1);
    let hurries = strategy(&run, "hurries");
    assert!(
        hurries.jobs.completed.abs_diff(600) <= 10,
        "a short queue: {} completed",
        hurries.jobs.completed
    );
    assert_eq!(hurries.timeouts, 0);
    assert_eq!(hurries.faults, 1200 - hurries.jobs.completed);
}

#[test]
fn answers_that_take_no_time_leave_only_the_waits_of_the_client() {
    let text = "serviceTime: 0
workloads: { w: { executor: constant-arrival-rate, rate: 50/s, duration: 20s, jobs: { Decrypt: 1 } } }
strategies: { plain: { retry: { mode: none } } }
trials: 1
";
    let run = run(&scenario(text), 1);
    assert_eq!(strategy(&run, "plain").response_time_ms.max, 0.0);
    assert!(strategy(&run, "plain").jobs.completed > 800);
}
