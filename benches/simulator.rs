//! How fast the simulator is, beside a push and pop of a radix heap holding 100,000 entries in the same run.
//!
//! A busy machine tells other figures than a quiet one; `benches/attempts.rs` counts instructions, which do not change.

#[path = "support/load.rs"]
mod load;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use load::{attempts_in, scenario};
use radix_heap::RadixHeapMap;
use std::cmp::Reverse;
use std::hint::black_box;

/// A radix heap that holds 100,000 entries, whose keys move on as simulated time does.
struct Held {
    heap: RadixHeapMap<Reverse<u64>, u64>,
    state: u64,
}

impl Held {
    fn new() -> Held {
        let mut held = Held { heap: RadixHeapMap::new(), state: 1 };
        (0..100_000).for_each(|_| held.push(0));
        held
    }

    fn push(&mut self, now: u64) {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.heap.push(Reverse(now + (self.state >> 44)), self.state);
    }

    fn turn(&mut self) {
        let (Reverse(now), value) = self.heap.pop().expect("it holds 100,000");
        black_box(value);
        self.push(now);
    }
}

fn simulator(c: &mut Criterion) {
    let scenario = scenario(30);
    let mut group = c.benchmark_group("simulator");
    group.sample_size(20);
    group.throughput(Throughput::Elements(attempts_in(&scenario)));
    group.bench_function("attempts", |b| b.iter(|| attempts_in(black_box(&scenario))));
    let mut held = Held::new();
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("radix heap push+pop, 100,000 held", |b| {
        b.iter(|| (0..1_000).for_each(|_| held.turn()));
    });
    group.finish();
}

criterion_group!(benches, simulator);
criterion_main!(benches);
