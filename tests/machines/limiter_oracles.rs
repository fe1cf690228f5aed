//! Limiters under constant overload against closed forms.

use keystorm_machines::quota::{Enforcement, Limiter, Take};
use keystorm_machines::time::{Span, Time};
use keystorm_machines::units::Rate;

const SECOND: u64 = 1_000_000_000;
const LIMIT: u64 = 1_000;

/// How many of `load` evenly spaced arrivals a second are granted in `seconds`.
fn granted(enforcement: Enforcement, load: u64, seconds: u64) -> u64 {
    let mut limiter = Limiter::new(enforcement, Rate::per_second(LIMIT), Span::ZERO);
    let at = |i: u64| Time::from_nanos(i * SECOND / load);
    (0..load * seconds).filter(|i| limiter.take(1, at(*i)) == Take::Granted).count() as u64
}

#[test]
fn a_window_under_overload_grants_its_limit_each_second() {
    assert_eq!(granted(Enforcement::Window { phase: None }, 2 * LIMIT, 60), LIMIT * 60);
    assert_eq!(granted(Enforcement::Window { phase: None }, LIMIT, 60), LIMIT * 60, "at the limit all pass");
}

#[test]
fn a_bucket_under_overload_grants_its_rate_and_once_its_burst() {
    for burst in [0, 1, 5] {
        let enforcement = Enforcement::Bucket { burst: Span::from_secs(burst) };
        let expected = LIMIT * 60 + LIMIT * burst;
        let got = granted(enforcement, 2 * LIMIT, 60);
        assert!(got.abs_diff(expected) <= 1, "{got} is not {expected}");
    }
}

#[test]
fn a_sliding_window_under_overload_grants_its_limit_each_second() {
    assert_eq!(granted(Enforcement::Sliding, 2 * LIMIT, 60), LIMIT * 60);
    assert_eq!(granted(Enforcement::Sliding, 10 * LIMIT, 60), LIMIT * 60);
}

#[test]
fn a_lagging_counter_cycles_as_its_closed_form_says() {
    // Admits for L + q/a, refuses for L + 1 − q/a: (a·L + q) in each 2L + 1 seconds.
    for (factor, lag_ms) in [(2, 0), (2, 500), (2, 1_000), (2, 3_000), (3, 1_000), (5, 250), (5, 2_000)] {
        let (load, lag) = (factor * LIMIT, Span::from_millis(lag_ms));
        let cycles = 20;
        let seconds = cycles * (2 * lag_ms + 1_000) / 1_000;
        let got = granted(Enforcement::Lagging { lag }, load, seconds) as f64;
        let expected = (cycles * (load * lag_ms / 1_000 + LIMIT)) as f64;
        let off = got / expected - 1.0;
        println!("{factor}× with lag {lag_ms} ms: {:.3} %", off * 100.0);
        assert!(off.abs() < 0.005, "{factor}× with lag {lag_ms} ms: {got} is not {expected}");
    }
}

#[test]
fn a_late_bucket_cycles_as_its_closed_form_says() {
    // Grants all for L + q·m/(a − q), refuses all for a·L/q; m is the smaller of burst and lag. A burst above the lag
    // makes only the first opening longer.
    for (factor, burst_ms, lag_ms) in [
        (2, 1_000, 1_000),
        (2, 500, 1_000),
        (3, 1_000, 2_000),
        (2, 3_000, 1_000),
        (5, 1_000, 250),
        (5, 100, 2_000),
    ] {
        let (load, q) = ((factor * LIMIT) as f64, LIMIT as f64);
        let (burst, lag) = (burst_ms as f64 / 1e3, lag_ms as f64 / 1e3);
        let open = |held: f64| lag + q * held / (load - q);
        let closed = load * lag / q;
        let (first, cycle) = (open(burst) + closed, open(burst.min(lag)) + closed);
        let cycles = 20.0;
        let until = first + cycles * cycle;
        let enforcement =
            Enforcement::LateBucket { burst: Span::from_millis(burst_ms), lag: Span::from_millis(lag_ms) };
        let mut limiter = Limiter::new(enforcement, Rate::per_second(LIMIT), Span::ZERO);
        let at = |i: u64| Time::from_nanos(i * SECOND / (factor * LIMIT));
        let all = (0..(until * load) as u64).filter(|i| limiter.take(1, at(*i)) == Take::Granted);
        let got = all.filter(|i| at(*i).since(Time::ZERO).as_secs_f64() >= first).count() as f64;
        let expected = cycles * load * open(burst.min(lag));
        let off = got / expected - 1.0;
        println!("{factor}× with burst {burst} s and lag {lag} s: {got} of {expected}, {:.3} %", off * 100.0);
        assert!(off.abs() < 0.005, "{factor}× burst {burst} lag {lag}: {got} is not {expected}");
        if lag <= burst {
            let rate = got / (cycles * cycle);
            assert!((rate / q - 1.0).abs() < 0.005, "nothing overflows, so it grants its rate: {rate}");
        }
    }
}
