//! What the client room costs per attempt: aws-standard, Decrypt, a thousand calls in flight.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use keystorm::api::{Job, JobKind, Operation, Reply, Token};
use keystorm::client::{
    Accounting, Action, AwsRetry, Cache, Eviction, Fleet, Generation, Input, LimiterConfig, Policy, Retry,
    RetryMode,
};
use keystorm::time::{Span, Time};
use keystorm::units::Rate;
use std::collections::VecDeque;
use std::hint::black_box;

const IN_FLIGHT: u64 = 1000;
const CLIENTS: u32 = 40;

fn standard() -> Policy {
    let aws = AwsRetry { generation: Generation::V2_1, accounting: Accounting::PerCall, sdk: None };
    let retry = Retry { mode: RetryMode::AwsStandard(aws), max_attempts: Some(3) };
    Policy { retry, limiter: None, timeout: None, cache: None, salt: 0 }
}

fn job(index: u64, kind: JobKind, now: Time) -> Job {
    Job {
        workload: 0,
        stage: 0,
        client: (index % u64::from(CLIENTS)) as u32,
        unit: 0,
        index,
        kind,
        intended: now,
        deadline: Time::NEVER,
        key: 0,
        context: (index % 7) as u32,
        message: u32::MAX,
        bytes: 256,
        known_size: true,
    }
}

/// A fleet that is told one thing after another.
struct Load {
    fleet: Fleet,
    actions: Vec<Action>,
    open: VecDeque<Token>,
    next: u64,
    now: Time,
}

impl Load {
    fn new(policy: &Policy) -> Load {
        let fleet = Fleet::new(&[policy], CLIENTS, 42, 0);
        Load { fleet, actions: Vec::new(), open: VecDeque::new(), next: 0, now: Time::ZERO }
    }

    fn tell(&mut self, input: Input) {
        self.now += Span::from_micros(100);
        self.fleet.handle(input, self.now, &mut self.actions);
        for action in self.actions.drain(..) {
            match action {
                Action::Send(attempt) => self.open.push_back(attempt.token),
                Action::WakeAt(token, _) => self.open.push_back(token),
                Action::TimedOut(_) | Action::Done(_) => {
                    black_box(&action);
                }
            }
        }
    }

    fn begin(&mut self, kind: JobKind) {
        let job = job(self.next, kind, self.now);
        self.next += 1;
        self.tell(Input::Job(job));
    }

    fn answer(&mut self, reply: Reply) {
        if let Some(token) = self.open.pop_front() {
            self.tell(Input::Reply(token, reply));
        }
    }

    fn wake(&mut self) {
        if let Some(token) = self.open.pop_front() {
            self.tell(Input::Wake(token));
        }
    }
}

fn fleet(c: &mut Criterion) {
    let decrypt = JobKind::Call(Operation::Decrypt);
    let mut group = c.benchmark_group("client");
    group.throughput(Throughput::Elements(1));

    let mut load = Load::new(&standard());
    (0..IN_FLIGHT).for_each(|_| load.begin(decrypt));
    group.bench_function("attempt that succeeds", |b| {
        b.iter(|| {
            load.begin(decrypt);
            load.answer(Reply::Ok);
        });
    });

    let limiter = Some(LimiterConfig { rate: Rate::per_second(1_000_000), burst: 1000 });
    let mut load = Load::new(&Policy { limiter, ..standard() });
    (0..IN_FLIGHT).for_each(|_| load.begin(decrypt));
    group.bench_function("attempt that passes a limiter", |b| {
        b.iter(|| {
            load.begin(decrypt);
            load.answer(Reply::Ok);
        });
    });

    let mut load = Load::new(&standard());
    group.throughput(Throughput::Elements(2));
    group.bench_function("attempt that is throttled, and its retry", |b| {
        b.iter(|| {
            load.begin(decrypt);
            load.answer(Reply::Throttled);
            load.wake();
            load.answer(Reply::Ok);
        });
    });

    let max_age = Span::from_secs(300);
    let cache =
        Cache { max_age, max_messages: 1000, max_bytes: u64::MAX, capacity: 100, eviction: Eviction::Lru };
    let mut load = Load::new(&Policy { cache: Some(cache), ..standard() });
    group.throughput(Throughput::Elements(1));
    group.bench_function("job with a data-key cache", |b| {
        b.iter(|| {
            load.begin(JobKind::EncryptMessage);
            load.answer(Reply::Ok);
        });
    });
    group.finish();
}

criterion_group!(benches, fleet);
criterion_main!(benches);
