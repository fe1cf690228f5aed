//! What one take costs, for each kind of limiter, below and above its limit.

use criterion::{Criterion, criterion_group, criterion_main};
use keystorm::api::{Attempt, KeySpec, Operation, Token};
use keystorm::kms::{Admission, Latency, ServiceTime};
use keystorm::quota::{Enforcement, KeyUse, Limiter, Quotas};
use keystorm::time::{Span, Time};
use keystorm::units::Rate;
use std::collections::BTreeMap;
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

/// One attempt through faults (none active), quota and service time.
fn admission(criterion: &mut Criterion) {
    let quotas = Quotas {
        overrides: BTreeMap::new(),
        enforcement: Enforcement::Window { phase: None },
        background: BTreeMap::new(),
        re_encrypt_cost: 1,
    };
    let latency = Latency { p50: Span::from_millis(6), p99: Span::from_millis(30) };
    let time = ServiceTime {
        default: latency.into(),
        throttled: Span::from_millis(3),
        operations: BTreeMap::new(),
        measured: None,
        capacity: None,
    };
    let keys = KeyUse { spec: KeySpec::SymmetricDefault, pair_spec: KeySpec::Rsa2048, store: None };
    let mut kms = Admission::new(&quotas, "us-east-1", &time, &[], &[keys], 42, 0);
    let mut attempt = Attempt {
        token: Token(0),
        workload: 0,
        stage: 0,
        client: 0,
        job: 0,
        number: 1,
        operation: Operation::Decrypt,
        key: 0,
        context: 0,
        bytes: 256,
        intended: Time::ZERO,
    };
    let mut now = Time::ZERO;
    criterion.bench_function("admission/granted", |bencher| {
        bencher.iter(|| {
            now += Span::from_micros(20);
            attempt.job += 1;
            black_box(kms.handle(black_box(&attempt), now))
        });
    });
    criterion.bench_function("admission/new", |bencher| {
        bencher.iter(|| Admission::new(&quotas, "us-east-1", &time, &[], &[keys], 42, 0));
    });
}

criterion_group!(benches, takes, admission);
criterion_main!(benches);
