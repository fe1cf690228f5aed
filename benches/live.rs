//! What generating load costs the client: our paths beside bare loops on the libraries they are made of, 32 connections,
//! one core for the client and one for a server that answers a constant 400 bytes, in turns, in one run.
//!
//!     cargo bench --bench live [-- cost|idle|memory]
//!
//! "Ours" is the whole live engine: an open model that paces its arrivals, the client machines, signatures, service and
//! response time of every attempt recorded. (b) runs near its capacity and below it. The bare loops send the next
//! attempt as soon as an answer is there and record nothing; (d) is a closed model of 32 VUs that does as they do. What
//! is compared is attempts per second of client CPU. A paced client whose core others use as well pays for what they
//! leave in its caches; where lateness shows that it was overloaded, its figure says little.
//! Also: what 1,000 clients cost that have nothing to do, and how memory grows at that rate.

mod support;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use keystorm::aws::{Access, SdkFactory};
use keystorm::backend::http::{HttpFactory, Signer, Trust};
use keystorm::backend::{Backend, Fixtures};
use keystorm::clock::{Alarm, RunClock, Stopwatch, epoch_millis, thread_cpu};
use keystorm::engine::live::{self, Control, LiveTrial, Setup};
use keystorm::scenario::{Options, Scenario};
use keystorm::time::{Span, Time};
use std::cell::Cell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use support::on_core;
use tokio::sync::Semaphore;

const CONNECTIONS: u32 = 32;
const TURNS: usize = 5;
const SLICE: Span = Span::from_secs(2);
/// How much of what it could do the paced engine is asked for.
const SHARE: f64 = 0.7;
const REGION: &str = "eu-west-1";
const TARGET: &str = "TrentService.Encrypt";
const KIND: &str = "application/x-amz-json-1.1";
/// A ciphertext of 250 bytes and a key's ARN: 400 bytes with what is around them.
const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000";

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let is_wanted = |part: &str| wanted.as_deref().is_none_or(|word| word == part);
    let server = bare_server();
    on_core(1);
    // First, while this process has not grown for other reasons.
    if is_wanted("memory") {
        memory(server);
    }
    if is_wanted("idle") {
        idle(server);
    }
    if is_wanted("cost") {
        cost(server);
    }
}

/// Every contestant in turns.
fn cost(server: SocketAddr) {
    let [raw, sdk] = [Path::Raw, Path::Sdk].map(|path| SHARE * closed(server, path).per_s());
    println!(
        "{CONNECTIONS} connections, {TURNS} turns of {SLICE} each; ours paced at {raw:.0}/s (raw) and {sdk:.0}/s (SDK), \
         {SHARE} of what they can do"
    );
    let turns: Vec<Turn> = (0..TURNS).map(|_| Turn::take(server, raw, sdk)).collect();
    let median = |of: &dyn Fn(&Turn) -> f64| {
        let mut all: Vec<f64> = turns.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!("attempts per second of client CPU, medians:");
    println!("  (a) hyper-util and aws-sigv4, bare {:>9.0}", median(&|turn| turn.bare));
    let show = |name: &str, of: &dyn Fn(&Turn) -> &Ours| {
        println!(
            "  {name:<34} {:>9.0}   lateness p99 {:.2} ms",
            median(&|turn| of(turn).per_cpu_s()),
            median(&|turn| of(turn).lateness_ms())
        );
    };
    show("(b) ours, raw", &|turn| &turn.raw);
    show("    the same, unpaced", &|turn| &turn.raw_closed);
    println!("  (c) aws-sdk-kms, bare              {:>9.0}", median(&|turn| turn.bare_sdk));
    println!("    the same, paced                  {:>9.0}", median(&|turn| turn.bare_sdk_evenly));
    show("(d) ours, SDK", &|turn| &turn.sdk_closed);
    show("    the same, paced", &|turn| &turn.sdk);
    println!("(b)/(a) {:.2}, at least 0.6 is wanted", median(&|turn| turn.raw.per_cpu_s() / turn.bare));
    println!(
        "(d)/(c) {:.2}, at least 0.9 is wanted",
        median(&|turn| turn.sdk_closed.per_cpu_s() / turn.bare_sdk)
    );
    println!("    both paced {:.2}", median(&|turn| turn.sdk.per_cpu_s() / turn.bare_sdk_evenly));
}

/// Every contestant once.
struct Turn {
    bare: f64,
    raw: Ours,
    raw_closed: Ours,
    bare_sdk: f64,
    bare_sdk_evenly: f64,
    sdk: Ours,
    sdk_closed: Ours,
}

impl Turn {
    fn take(server: SocketAddr, raw: f64, sdk: f64) -> Turn {
        Turn {
            bare: bare(server),
            raw: paced(server, Path::Raw, raw, SLICE),
            raw_closed: closed(server, Path::Raw),
            bare_sdk: over_and_over(bare_sdk(server)),
            bare_sdk_evenly: evenly(bare_sdk(server), sdk),
            sdk: paced(server, Path::Sdk, sdk, SLICE),
            sdk_closed: closed(server, Path::Sdk),
        }
    }
}

fn cpu() -> Span {
    thread_cpu().expect("Linux tells")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Asks over and over on 32 connections; `attempt` makes one. Attempts per second of CPU.
fn over_and_over<F: Future<Output = ()>>(attempt: impl Fn() -> F + Clone + 'static) -> f64 {
    let (watch, count) = (Stopwatch::start(), Rc::new(Cell::new(0_u64)));
    let local = tokio::task::LocalSet::new();
    for _ in 0..CONNECTIONS {
        let (attempt, count) = (attempt.clone(), Rc::clone(&count));
        local.spawn_local(async move {
            while watch.elapsed() < SLICE {
                attempt().await;
                count.set(count.get() + 1);
            }
        });
    }
    let runtime = runtime();
    let before = cpu();
    runtime.block_on(local);
    count.get() as f64 / (cpu().as_secs_f64() - before.as_secs_f64())
}

fn credentials() -> Credentials {
    Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "bench")
}

/// Asks `rate` times a second on 32 connections, evenly, by the timer that the engine has: what pacing costs whoever does
/// nothing else. Attempts per second of CPU.
fn evenly<F: Future<Output = ()>>(attempt: impl Fn() -> F + Clone + 'static, rate: f64) -> f64 {
    let (due, count) = (Rc::new(Semaphore::new(0)), Rc::new(Cell::new(0_u64)));
    let local = tokio::task::LocalSet::new();
    for _ in 0..CONNECTIONS {
        let (attempt, due, count) = (attempt.clone(), Rc::clone(&due), Rc::clone(&count));
        local.spawn_local(async move {
            while let Ok(permit) = due.acquire().await {
                permit.forget();
                attempt().await;
                count.set(count.get() + 1);
            }
        });
    }
    local.spawn_local(async move {
        let clock = RunClock::start();
        let mut alarm = Alarm::fine(clock).expect("a timer");
        for number in 0..(rate * SLICE.as_secs_f64()) as u64 {
            let at = (number as f64 / rate * 1e9) as u64;
            alarm.sleep_until(Time::from_nanos(at)).await.expect("a timer");
            due.add_permits(1);
        }
        due.close();
    });
    let runtime = runtime();
    let before = cpu();
    runtime.block_on(local);
    count.get() as f64 / (cpu().as_secs_f64() - before.as_secs_f64())
}

/// (a) hyper-util's client, every request signed by aws-sigv4.
fn bare(server: SocketAddr) -> f64 {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let identity = Rc::new(credentials().into());
    // 256 bytes in Base64.
    let body = format!(r#"{{"KeyId":"{ARN}","Plaintext":"{}"}}"#, "QUJD".repeat(85) + "QQ==");
    let (body, host) = (Bytes::from(body), server.to_string());
    let url = format!("http://{host}/");
    over_and_over(move || {
        let (client, identity, body) = (client.clone(), Rc::clone(&identity), body.clone());
        let (host, url) = (host.clone(), url.clone());
        async move {
            let now = Duration::from_millis(u64::try_from(epoch_millis()).expect("after 1970"));
            let params = SigningParams::builder()
                .identity(&identity)
                .region(REGION)
                .name("kms")
                .time(SystemTime::UNIX_EPOCH + now)
                .settings(SigningSettings::default())
                .build()
                .expect("nothing is missing")
                .into();
            let headers = [("content-type", KIND), ("host", host.as_str()), ("x-amz-target", TARGET)];
            let signable = SignableBody::Bytes(&body);
            let signable = SignableRequest::new("POST", url.as_str(), headers.into_iter(), signable);
            let (instructions, _) =
                sign(signable.expect("an address"), &params).expect("a signature").into_parts();
            let mut request = Request::post(&url).body(Full::new(body.clone())).expect("a request");
            for (name, value) in headers {
                request.headers_mut().insert(name, value.parse().expect("a header"));
            }
            instructions.apply_to_request_http1x(&mut request);
            let response = client.request(request).await.expect("a server that answers");
            assert!(response.status().is_success());
            response.into_body().collect().await.expect("a whole answer");
        }
    })
}

/// (c) The AWS SDK, its own retries off.
fn bare_sdk(server: SocketAddr) -> impl Fn() -> Pin<Box<dyn Future<Output = ()>>> + Clone + 'static {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(aws_sdk_kms::config::BehaviorVersion::latest())
        .region(aws_sdk_kms::config::Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(format!("http://{server}"))
        .retry_config(aws_sdk_kms::config::retry::RetryConfig::disabled())
        .build();
    let client = aws_sdk_kms::Client::from_conf(config);
    move || {
        let call = client.encrypt().key_id(ARN).plaintext(aws_sdk_kms::primitives::Blob::new([b'k'; 256]));
        Box::pin(async move {
            call.send().await.expect("a server that answers");
        })
    }
}

/// Which of our clients sends.
#[derive(Clone, Copy)]
enum Path {
    Raw,
    Sdk,
}

/// What the live engine did.
struct Ours {
    /// Seconds of CPU.
    cpu: f64,
    trial: LiveTrial,
}

impl Ours {
    /// Those that were answered.
    fn attempts(&self) -> f64 {
        let totals = self.trial.trial.recorder.attempt_totals();
        (totals.attempts - totals.faults) as f64
    }

    fn per_s(&self) -> f64 {
        self.attempts() / self.trial.elapsed.as_secs_f64()
    }

    fn per_cpu_s(&self) -> f64 {
        self.attempts() / self.cpu
    }

    fn lateness_ms(&self) -> f64 {
        self.trial.trial.recorder.lateness().value_at_percentile(99.0) as f64 / 1e3
    }
}

/// An open model that calls `rate` times a second, evenly.
fn paced(server: SocketAddr, path: Path, rate: f64, lasts: Span) -> Ours {
    let load =
        format!("executor: constant-arrival-rate, arrivals: uniform, rate: {rate:.0}/s, duration: {lasts}");
    engine(server, path, &load, &format!("transport: {{ connections: {CONNECTIONS} }}"))
}

/// As many attempts as the engine manages on its core: a closed model without pauses.
fn closed(server: SocketAddr, path: Path) -> Ours {
    engine(server, path, &format!("executor: constant-vus, vus: {CONNECTIONS}, duration: {SLICE}"), "")
}

/// Runs a scenario of one workload on the calling thread; `more` is what else it says.
fn engine(server: SocketAddr, path: Path, load: &str, more: &str) -> Ours {
    let url = format!("http://{server}");
    let text = format!(
        "version: 1\nname: bench\ntrials: 1\ntarget: {url}\nregion: {REGION}\n{more}\nstrategies: {{ no-retry: {{ retry: {{ \
         mode: none }} }} }}\nworkloads: {{ load: {{ {load}, jobs: {{ Encrypt: 1 }}, payload: 256B, keys: {{ ids: ['{ARN}'] }} }} }}\n"
    );
    let scenario = Scenario::parse(&text, &Options::default()).expect("a valid scenario").scenario;
    let runtime = runtime();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        match path {
            Path::Raw => {
                let provider = SharedCredentialsProvider::new(credentials());
                let signer = keystorm::aws::Signer::new(provider, REGION).await.expect("credentials");
                let signer = Signer::By(signer.sign());
                let transport = &scenario.live.transport;
                let reached = keystorm::guard::nearby(&url).expect("loopback");
                let factory = HttpFactory::new(&reached, REGION, transport, Trust::System, signer);
                let factory = factory.expect("an address");
                measured(&scenario, move |_, _| {
                    let factory = factory.clone();
                    move || factory.make()
                })
                .await
            }
            Path::Sdk => {
                let reached = keystorm::guard::nearby(&url).expect("loopback");
                let access = Access::unchecked(REGION, &reached, &scenario.live.transport);
                let factory = SdkFactory::new(access.expect("no CA file"), &scenario);
                measured(&scenario, move |strategy, trial| factory.maker(strategy, trial)).await
            }
        }
    })
}

async fn measured<B: Backend, M: Fn() -> B + Clone + Send + 'static>(
    scenario: &Scenario,
    make: impl Fn(usize, u32) -> M,
) -> Ours {
    let ids = scenario.workloads.iter().map(|workload| workload.keys.ids.clone()).collect();
    let fixtures = Arc::new(Fixtures::new(&scenario.workloads, ids));
    let options = live::Options {
        threads: 1,
        emulator: None,
        stop_on_throttle: false,
        shares: Vec::new(),
        pause: Span::ZERO,
        is_paused: false,
        share: None,
    };
    let (control, setup, before) = (Control::default(), Setup::default(), cpu());
    let trials = live::run(scenario, &fixtures, make, &setup, &options, &control).await;
    let trial = trials.expect("threads").remove(0).remove(0);
    let cpu = cpu().as_secs_f64() - before.as_secs_f64();
    let faults = trial.trial.recorder.attempt_totals().faults;
    if faults > 0 {
        println!("{faults} attempts were not answered: {:?}", trial.ended.refusals);
    }
    Ours { cpu, trial }
}

/// A thousand clients that have next to nothing to do.
fn idle(server: SocketAddr) {
    for rate in ["2/s", "0.1/s"] {
        let load = format!("executor: constant-arrival-rate, arrivals: uniform, rate: {rate}, duration: 20s");
        let ours = engine(server, Path::Raw, &load, "fleet: { clients: 1000 }");
        let share = 100.0 * ours.cpu / ours.trial.elapsed.as_secs_f64();
        println!("1,000 clients, {rate}: {share:.3} % of a core; idle, less than 0.1 % is wanted");
    }
}

/// Memory before and after ten seconds near the engine's capacity.
fn memory(server: SocketAddr) {
    let rate = SHARE * closed(server, Path::Raw).per_s();
    let before = resident();
    let ours = paced(server, Path::Raw, rate, Span::from_secs(10));
    println!(
        "{:.0} attempts at {rate:.0}/s: resident {before:.1} MB before, {:.1} MB after; lateness p99 {:.2} ms",
        ours.attempts(),
        resident(),
        ours.lateness_ms()
    );
}

/// Megabytes of memory that this process has.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a process has memory");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).expect("a number") / 1024.0
}

/// A server on a core of its own that reads each request and answers the same 400 bytes.
fn bare_server() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        on_core(0);
        runtime().block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            tell.send(listener.local_addr().expect("a bound socket")).expect("somebody waits");
            loop {
                let (stream, _) = listener.accept().await.expect("a listening socket");
                stream.set_nodelay(true).expect("a socket");
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(constant)),
                );
            }
        });
    });
    told.recv().expect("the server has an address")
}

async fn constant(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    static BODY: std::sync::LazyLock<Bytes> = std::sync::LazyLock::new(|| {
        let around = format!(r#"{{"CiphertextBlob":"","KeyId":"{ARN}"}}"#);
        let blob = "QUJD".repeat((400 - around.len()) / 4);
        Bytes::from(format!(r#"{{"CiphertextBlob":"{blob}","KeyId":"{ARN}"}}"#))
    });
    request.into_body().collect().await?;
    let mut response = Response::new(Full::new(BODY.clone()));
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static(KIND));
    Ok(response)
}
