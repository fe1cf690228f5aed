//! What each limiter promises, whatever arrives: bounds on what it grants, and refusals that say exactly when.

use keystorm_machines::quota::{Enforcement, Limiter, Take};
use keystorm_machines::time::{Span, Time};
use keystorm_machines::units::Rate;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

/// Rates above and below one a second, whole and broken.
fn rates() -> impl Strategy<Value = Rate> {
    (1u64..40, prop_oneof![4 => Just(1u64), 1 => 1u64..12])
        .prop_map(|(count, seconds)| Rate::new(count, seconds))
}

/// Arrivals: gaps that are often nothing, often short and sometimes long, with small costs.
fn arrivals() -> impl Strategy<Value = Vec<(u64, u32)>> {
    let gap = prop_oneof![
        2 => Just(0u64),
        6 => 0..SECOND / 8,
        2 => 0..SECOND,
        1 => 0..20 * SECOND,
        1 => Just(SECOND),
    ];
    prop::collection::vec((gap, 1u32..4), 1..200).prop_map(|gaps| {
        let mut now = 0;
        gaps.into_iter()
            .map(|(gap, cost)| {
                now += gap;
                (now, cost)
            })
            .collect()
    })
}

/// What a limiter grants of the arrivals: (when, cost).
fn granted(limiter: &mut Limiter, arrivals: &[(u64, u32)]) -> Vec<(u64, u32)> {
    let mut granted = arrivals.to_vec();
    granted.retain(|(now, cost)| limiter.take(*cost, Time::from_nanos(*now)) == Take::Granted);
    granted
}

/// The costs granted in (after, until].
fn within(granted: &[(u64, u32)], after: Option<u64>, until: u64) -> u64 {
    let inside = granted.iter().filter(|(at, _)| after.is_none_or(|after| *at > after) && *at <= until);
    inside.map(|(_, cost)| u64::from(*cost)).sum()
}

/// Every kind of enforcement.
fn enforcements() -> impl Strategy<Value = Enforcement> {
    prop_oneof![
        Just(Enforcement::Window { phase: None }),
        Just(Enforcement::Sliding),
        (0..3 * SECOND).prop_map(|burst| Enforcement::Bucket { burst: Span::from_nanos(burst) }),
        (0..3 * SECOND).prop_map(|lag| Enforcement::Lagging { lag: Span::from_nanos(lag) }),
        (0..3 * SECOND, 0..3 * SECOND).prop_map(|(burst, lag)| late(burst, lag)),
    ]
}

/// A token bucket with late bookings.
fn late(burst: u64, lag: u64) -> Enforcement {
    Enforcement::LateBucket { burst: Span::from_nanos(burst), lag: Span::from_nanos(lag) }
}

proptest! {
    #[test]
    fn a_window_never_grants_more_than_its_limit(rate in rates(), phase in 0..SECOND, arrivals in arrivals()) {
        let phase_span = Span::from_nanos(phase);
        let mut limiter = Limiter::new(Enforcement::Window { phase: None }, rate, phase_span);
        let granted = granted(&mut limiter, &arrivals);
        let period = rate.period().as_nanos();
        let window = |at: u64| (at + period - phase) / period;
        for (at, _) in &granted {
            let same = granted.iter().filter(|(other, _)| window(*other) == window(*at));
            let sum: u64 = same.map(|(_, cost)| u64::from(*cost)).sum();
            prop_assert!(sum <= rate.count());
        }
    }

    #[test]
    fn a_bucket_never_grants_more_than_rate_and_burst_in_any_span(
        rate in rates(), burst in 0..3 * SECOND, arrivals in arrivals()
    ) {
        let burst = Span::from_nanos(burst);
        let mut limiter = Limiter::new(Enforcement::Bucket { burst }, rate, Span::ZERO);
        let granted = granted(&mut limiter, &arrivals);
        // In units of one token per (seconds × 10⁹): exact, as the limiter is.
        let token = u128::from(rate.period().as_nanos());
        let held = (u128::from(rate.count()) * u128::from(burst.as_nanos())).max(token);
        for (i, (from, _)) in granted.iter().enumerate() {
            let mut sum = 0u128;
            for (at, cost) in &granted[i..] {
                sum += u128::from(*cost) * token;
                prop_assert!(sum <= held + u128::from(rate.count()) * u128::from(at - from));
            }
        }
    }

    #[test]
    fn a_sliding_window_holds_in_any_trailing_second(rate in rates(), arrivals in arrivals()) {
        let mut limiter = Limiter::new(Enforcement::Sliding, rate, Span::ZERO);
        let granted = granted(&mut limiter, &arrivals);
        for (at, _) in &granted {
            let after = at.checked_sub(rate.period().as_nanos());
            prop_assert!(within(&granted, after, *at) <= rate.count());
        }
    }

    #[test]
    fn a_lagging_counter_decides_on_what_it_saw(rate in rates(), lag in 0..3 * SECOND, arrivals in arrivals()) {
        let enforcement = Enforcement::Lagging { lag: Span::from_nanos(lag) };
        let mut limiter = Limiter::new(enforcement, rate, Span::ZERO);
        let mut granted: Vec<(u64, u32)> = Vec::new();
        for (now, cost) in arrivals {
            let seen = now.checked_sub(lag).map_or(0, |until| {
                within(&granted, until.checked_sub(rate.period().as_nanos()), until)
            });
            let take = limiter.take(cost, Time::from_nanos(now));
            prop_assert_eq!(take == Take::Granted, seen < rate.count(), "at {} it sees {}", now, seen);
            if take == Take::Granted {
                granted.push((now, cost));
            }
        }
    }

    #[test]
    fn a_late_bucket_decides_on_what_is_booked(
        rate in rates(), burst in 0..3 * SECOND, lag in 0..3 * SECOND, arrivals in arrivals()
    ) {
        let mut limiter = Limiter::new(late(burst, lag), rate, Span::ZERO);
        // In units of one token per (seconds × 10⁹), all bookings from the start, one after another.
        let (token, refill) = (i128::from(rate.period().as_nanos()), i128::from(rate.count()));
        let held = (refill * i128::from(burst)).max(token);
        let mut granted: Vec<(u64, u32)> = Vec::new();
        for (now, cost) in arrivals {
            let (mut level, mut at) = (held, 0u64);
            for (taken, cost) in granted.iter().filter(|(taken, _)| taken + lag <= now) {
                level = (level + i128::from(taken + lag - at) * refill).min(held) - i128::from(*cost) * token;
                at = taken + lag;
            }
            level = (level + i128::from(now - at) * refill).min(held);
            let take = limiter.take(cost, Time::from_nanos(now));
            let holds = i128::from(cost) * token <= level;
            prop_assert_eq!(take == Take::Granted, holds, "at {} it holds {} of {}", now, level, token);
            if holds {
                granted.push((now, cost));
            }
        }
    }

    #[test]
    fn a_late_bucket_without_a_lag_is_the_bucket(
        rate in rates(), after in rates(), burst in 0..3 * SECOND, arrivals in arrivals()
    ) {
        let burst_span = Span::from_nanos(burst);
        let mut late = Limiter::new(late(burst, 0), rate, Span::ZERO);
        let mut plain = Limiter::new(Enforcement::Bucket { burst: burst_span }, rate, Span::ZERO);
        for (number, (now, cost)) in arrivals.iter().enumerate() {
            let now = Time::from_nanos(*now);
            if number == arrivals.len() / 2 {
                late.set_limit(after, now);
                plain.set_limit(after, now);
            }
            prop_assert_eq!(late.take(*cost, now), plain.take(*cost, now));
        }
    }

    #[test]
    fn a_refusal_is_exact(enforcement in enforcements(), rate in rates(), phase in 0..SECOND, arrivals in arrivals()) {
        let mut limiter = Limiter::new(enforcement, rate, Span::from_nanos(phase));
        for (now, cost) in arrivals {
            match limiter.take(cost, Time::from_nanos(now)) {
                Take::Granted => {}
                Take::Refused { ready_at } => {
                    prop_assert!(ready_at.as_nanos() > now);
                    let just_before = Time::from_nanos(ready_at.as_nanos() - 1);
                    prop_assert_eq!(limiter.clone().take(cost, just_before), Take::Refused { ready_at });
                    prop_assert_eq!(limiter.clone().take(cost, ready_at), Take::Granted);
                }
                Take::Impossible => {
                    let much_later = Time::from_nanos(now + 1_000 * SECOND);
                    prop_assert_eq!(limiter.clone().take(cost, much_later), Take::Impossible);
                }
            }
        }
    }

    #[test]
    fn a_refusal_is_exact_after_the_limit_has_changed(
        enforcement in enforcements(), before in rates(), after in rates(), arrivals in arrivals()
    ) {
        let mut limiter = Limiter::new(enforcement, before, Span::ZERO);
        let half = arrivals.len() / 2;
        granted(&mut limiter, &arrivals[..half]);
        limiter.set_limit(after, Time::from_nanos(arrivals[half].0));
        for (now, cost) in &arrivals[half..] {
            if let Take::Refused { ready_at } = limiter.take(*cost, Time::from_nanos(*now)) {
                let just_before = Time::from_nanos(ready_at.as_nanos() - 1);
                prop_assert_eq!(limiter.clone().take(*cost, just_before), Take::Refused { ready_at });
                prop_assert_eq!(limiter.clone().take(*cost, ready_at), Take::Granted);
            }
        }
    }

    #[test]
    fn asking_takes_nothing(enforcement in enforcements(), rate in rates(), arrivals in arrivals()) {
        let mut asked = Limiter::new(enforcement, rate, Span::ZERO);
        let mut plain = asked.clone();
        for (now, cost) in arrivals {
            let now = Time::from_nanos(now);
            let said = asked.check(cost, now);
            prop_assert_eq!(asked.take(cost, now), said);
            prop_assert_eq!(plain.take(cost, now), said);
        }
    }
}

#[test]
fn a_rate_of_zero_grants_nothing_ever() {
    for enforcement in [
        Enforcement::Window { phase: None },
        Enforcement::Sliding,
        Enforcement::Bucket { burst: Span::from_secs(1) },
        Enforcement::Lagging { lag: Span::from_secs(1) },
        late(SECOND, SECOND),
    ] {
        let mut limiter = Limiter::new(enforcement, Rate::ZERO, Span::ZERO);
        assert_eq!(limiter.take(1, Time::from_secs(5)), Take::Impossible, "{enforcement:?}");
        limiter.set_limit(Rate::per_second(1), Time::from_secs(6));
        assert_eq!(limiter.ready_at(1, Time::from_secs(8)), Time::from_secs(8), "{enforcement:?}");
    }
}

#[test]
fn a_rate_below_one_a_second_grants_one_in_its_period() {
    let mut window =
        Limiter::new(Enforcement::Window { phase: None }, Rate::new(1, 10), Span::from_millis(500));
    assert_eq!(window.take(1, Time::ZERO), Take::Granted);
    let next = Time::ZERO + Span::from_millis(500);
    assert_eq!(window.take(1, Time::ZERO), Take::Refused { ready_at: next });
    assert_eq!(window.take(1, next), Take::Granted);
    assert_eq!(window.ready_at(1, next), next + Span::from_secs(10));
}
