//! What one take costs, for each kind of limiter, below and above its limit.

use criterion::{Criterion, criterion_group, criterion_main};
use keystorm::quota::{Enforcement, Limiter};
use keystorm::time::{Span, Time};
use keystorm::units::Rate;
use std::hint::black_box;

/// One take every 10 µs (100,000/s) against limits of 200,000/s and 50,000/s.
fn takes(criterion: &mut Criterion) {
    let kinds = [
        ("window", Enforcement::Window { phase: None }),
        ("bucket", Enforcement::Bucket { burst: Span::from_secs(1) }),
        ("sliding", Enforcement::Sliding),
        ("lagging", Enforcement::Lagging { lag: Span::from_secs(1) }),
    ];
    for (load, limit) in [("granted", 200_000), ("overload", 50_000)] {
        let mut group = criterion.benchmark_group(format!("take/{load}"));
        for (name, enforcement) in kinds {
            let mut limiter = Limiter::new(enforcement, Rate::per_second(limit), Span::from_millis(300));
            let mut now = Time::ZERO;
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    now += Span::from_micros(10);
                    black_box(limiter.take(black_box(1), now))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, takes);
criterion_main!(benches);
