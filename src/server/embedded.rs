//! An emulated KMS for one test, in the test's own process, with a clock that the test moves.
//!
//! ```
//! use keystorm::api::Operation;
//! use keystorm::server::Emulator;
//! use std::time::Duration;
//!
//! let emulator = Emulator::builder().quota("symmetric", "50/s").start()?;
//! let call = || emulator.call(Operation::GenerateRandom, r#"{"NumberOfBytes":16}"#);
//! for _ in 0..50 {
//!     assert!(call()?.is_ok());
//! }
//!
//! // The loop under test waits 100 ms, 200 ms, 400 ms …; here its waiting takes no time.
//! let (mut attempts, mut wait) = (1, Duration::from_millis(100));
//! while call()?.is_throttled() {
//!     emulator.advance(wait);
//!     attempts += 1;
//!     wait *= 2;
//! }
//! assert_eq!(attempts, 5, "100 + 200 + 400 ms are not a second, with 800 ms more the quota is there again");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An SDK is pointed at [`Emulator::endpoint`]; its calls and those of [`Emulator::call`] are answered alike.

use super::{Error, Running, Settings};
use crate::api::partition::is_region_name;
use crate::api::{Operation, Reply, nearest, reply_of};
use crate::emulator::calls::{Said, Served};
use crate::emulator::{self, Direct};
use crate::kms::wire::decode;
use crate::kms::{Fault, FaultKind, Strikes};
use crate::quota::{Enforcement, PoolId, catalogue};
use crate::time::{Span, Time};
use crate::units::Rate;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{Thread, current, park};
use std::time::Duration;

/// What an [`Emulator`] is to be like.
#[derive(Clone, Debug)]
pub struct EmulatorBuilder {
    settings: Settings,
    problems: Vec<String>,
}

/// An emulated KMS of this process; it ends when it is dropped.
///
/// Its clock stands still but for [`Emulator::advance`]. Windows of quotas begin at its whole seconds.
pub struct Emulator {
    running: Running,
    direct: Direct,
}

/// What a call was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// A fault has broken the connection instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault breaks the connection")]
pub struct Broken;

impl EmulatorBuilder {
    /// Sets a request quota: a pool as `keystorm quotas` names it, and a rate such as `50/s` or `30000/min`.
    pub fn quota(mut self, pool: &str, rate: &str) -> EmulatorBuilder {
        match (PoolId::from_name(pool), Rate::parse(rate)) {
            (Some(pool), Ok(rate)) => {
                self.settings.emulator.quotas.overrides.insert(pool.name().into(), rate);
            }
            (None, _) => {
                let near = nearest(pool, catalogue::all().map(PoolId::name));
                let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                self.problems.push(format!("`{pool}` is not a quota{hint}"));
            }
            (_, Err(problem)) => self.problems.push(format!("quota {pool}: {problem}")),
        }
        self
    }

    /// Sets the Region of calls that name none: `us-east-1` otherwise.
    pub fn region(mut self, region: &str) -> EmulatorBuilder {
        if is_region_name(region) {
            self.settings.emulator.region = region.into();
        } else {
            self.problems.push(format!("`{region}` is not a Region"));
        }
        self
    }

    /// Sets the account of callers that name none: `123456789012` otherwise.
    pub fn account(mut self, account: &str) -> EmulatorBuilder {
        if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) {
            self.settings.emulator.account = account.into();
        } else {
            self.problems.push(format!("`{account}` is not an account id of twelve digits"));
        }
        self
    }

    /// Starts it, on a free port of loopback.
    ///
    /// # Errors
    /// [`emulator::Error::Settings`] with every problem of what was set; [`Error`] if the machine has no port, thread or
    /// randomness left.
    pub fn start(self) -> Result<Emulator, Error> {
        if !self.problems.is_empty() {
            return Err(Error::Emulator(emulator::Error::Settings(self.problems.join("\n"))));
        }
        let running = Running::start(self.settings)?;
        let direct = running.direct();
        direct.0.locked().clock.freeze(true);
        Ok(Emulator { running, direct })
    }
}

impl Emulator {
    /// An empty one with AWS's default quotas.
    pub fn builder() -> EmulatorBuilder {
        let mut settings = Settings { threads: 1, ..Settings::default() };
        settings.emulator.quotas.enforcement = Enforcement::Window { phase: Some(Span::ZERO) };
        EmulatorBuilder { settings, problems: Vec::new() }
    }

    /// Where an SDK finds it: `http://127.0.0.1:` and its port.
    pub fn endpoint(&self) -> String {
        self.running.url()
    }

    /// The same server for callers that await: a call a future.
    pub const fn direct(&self) -> &Direct {
        &self.direct
    }

    /// Makes a call without the socket and waits for its answer.
    ///
    /// # Errors
    /// [`Broken`], if a fault breaks the connection.
    pub fn call(&self, operation: Operation, body: &str) -> Result<Answered, Broken> {
        // Long arithmetic goes to the server's threads; the caller may stand in a runtime of its own.
        let _context = self.running.runtime().enter();
        let said = finished(self.direct.call(decode(operation, body.as_bytes()))).ok_or(Broken)?;
        let (status, body) = Served::on_wire(said.map(Said::Ours));
        Ok(Answered { status, body: String::from_utf8(body).expect("answers are JSON") })
    }

    /// Lets time pass: quotas come back, deletions and expiries happen.
    pub fn advance(&self, by: Duration) {
        let by = Span::from_nanos(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX));
        self.direct.0.locked().clock.advance(by);
    }

    /// How much time has passed by its clock since it was started.
    pub fn elapsed(&self) -> Duration {
        let now = self.direct.0.locked().now();
        Duration::from_nanos(now.as_nanos())
    }

    /// Throttles the next `calls`, whatever quota is left.
    pub fn throttle_next(&self, calls: u64) {
        self.strike(FaultKind::Throttle, calls);
    }

    /// Answers the next `calls` KMSInternalException, which clients try again.
    pub fn fail_next(&self, calls: u64) {
        self.strike(FaultKind::Error, calls);
    }

    /// Puts a fault in the place of those before it.
    fn strike(&self, kind: FaultKind, calls: u64) {
        let mut locked = self.direct.0.locked();
        let now = locked.now();
        let fault = Fault { at: now.since(Time::ZERO), strikes: Strikes::Next(calls), ..Fault::new(kind) };
        locked.kms.admission_mut().set_faults(vec![fault], now);
        drop(locked);
        self.direct.0.faults_changed.send_modify(|count| *count += 1);
    }
}

impl Answered {
    /// Whether it was done.
    pub fn is_ok(&self) -> bool {
        self.reply() == Reply::Ok
    }

    /// Whether it was refused because a quota is exhausted.
    pub fn is_throttled(&self) -> bool {
        self.reply() == Reply::Throttled
    }

    /// AWS's code of a refusal: `ThrottlingException`.
    pub fn code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).ok()?;
        body.get("__type")?.as_str().map(Into::into)
    }

    fn reply(&self) -> Reply {
        match self.status {
            200 => Reply::Ok,
            status => reply_of(status, &self.code().unwrap_or_default()),
        }
    }
}

/// Runs a future on this thread, which waits meanwhile.
fn finished<F: Future>(work: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Unpark>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
        park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: &str = r#"{"NumberOfBytes":16}"#;

    fn started() -> Emulator {
        Emulator::builder().quota("symmetric", "2/s").start().unwrap()
    }

    fn random(emulator: &Emulator) -> Answered {
        emulator.call(Operation::GenerateRandom, RANDOM).unwrap()
    }

    #[test]
    fn quota_comes_back_with_the_test_s_clock_and_not_before() {
        let emulator = started();
        assert_eq!([0; 4].map(|_| random(&emulator).is_ok()), [true, true, false, false]);
        emulator.advance(Duration::from_millis(999));
        assert!(random(&emulator).is_throttled(), "windows begin at whole seconds");
        emulator.advance(Duration::from_millis(1));
        assert!(random(&emulator).is_ok());
        assert_eq!(emulator.elapsed().as_secs(), 1);
    }

    #[test]
    fn faults_strike_the_next_calls_and_no_others() {
        let emulator = Emulator::builder().start().unwrap();
        emulator.advance(Duration::from_secs(7));
        emulator.fail_next(2);
        let codes = [0; 3].map(|_| random(&emulator).code());
        assert_eq!(
            codes.map(|code| code.unwrap_or_default()),
            ["KMSInternalException", "KMSInternalException", ""]
        );
        emulator.throttle_next(1);
        assert_eq!([0; 2].map(|_| random(&emulator).is_throttled()), [true, false]);
    }

    #[test]
    fn keys_are_made_and_used_from_any_thread_and_inside_a_runtime() {
        let emulator = Emulator::builder().region("eu-west-1").account("111122223333").start().unwrap();
        let make = || {
            let made = emulator
                .call(Operation::CreateKey, r#"{"KeySpec":"ECC_NIST_P256","KeyUsage":"SIGN_VERIFY"}"#);
            let made = made.unwrap();
            assert!(
                made.is_ok() && made.body.contains("arn:aws:kms:eu-west-1:111122223333:key/"),
                "{made:?}"
            );
        };
        make();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { make() });
        std::thread::scope(|scope| scope.spawn(make).join().unwrap());
    }

    #[test]
    fn every_problem_of_what_was_set_is_told_at_once() {
        let problems =
            Emulator::builder().quota("symetric", "1/s").quota("rsa", "fast").region("").account("1");
        let Err(Error::Emulator(emulator::Error::Settings(told))) = problems.start() else {
            panic!("it starts")
        };
        for word in [
            "did you mean `symmetric`",
            "`fast` is not a rate",
            "`` is not a Region",
            "`1` is not an account",
        ] {
            assert!(told.contains(word), "{told}");
        }
    }
}
