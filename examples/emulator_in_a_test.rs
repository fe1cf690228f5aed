//! A retry loop tested against the emulated KMS, on a clock that the test moves: minutes of waiting take microseconds.
//!
//!     cargo run --example emulator_in_a_test
//!
//! In a project of your own the loop is yours, and `main` is a `#[test]`.

use keystorm::api::Operation;
use keystorm::clock::Stopwatch;
use keystorm::server::{Answered, Broken, Emulator};
use std::time::Duration;

/// The loop under test: up to `most` attempts, waiting twice as long after each. `sleep` is the only thing of the world
/// that it needs; in production it is a real one.
fn with_retries(
    most: u32,
    call: impl Fn() -> Result<Answered, Broken>,
    sleep: impl Fn(Duration),
) -> Result<(Answered, u32), Broken> {
    let mut wait = Duration::from_millis(100);
    for attempt in 1.. {
        let answered = call()?;
        if answered.is_ok() || attempt == most {
            return Ok((answered, attempt));
        }
        sleep(wait);
        wait = (wait * 2).min(Duration::from_secs(20));
    }
    unreachable!("the loop ends at its last attempt")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder().quota("symmetric", "50/s").start()?;
    let call = || emulator.call(Operation::GenerateRandom, r#"{"NumberOfBytes":16}"#);
    let sleep = |wait| emulator.advance(wait);
    let tell = |what: &str, most: u32| -> Result<(Answered, u32), Broken> {
        let (before, watch) = (emulator.elapsed(), Stopwatch::start());
        let (answered, attempts) = with_retries(most, call, sleep)?;
        let waited = emulator.elapsed() - before;
        println!(
            "{what:<24} {:<22} after {attempts} attempts and {waited:?} of waiting, which took {}",
            answered.code().unwrap_or_else(|| "answered".into()),
            watch.elapsed()
        );
        Ok((answered, attempts))
    };

    for _ in 0..50 {
        assert!(call()?.is_ok());
    }
    let (answered, attempts) = tell("the quota is used up:", 8)?;
    assert!(answered.is_ok());
    assert_eq!(attempts, 5, "the quota is there again after a second, which the fourth wait brings");

    emulator.fail_next(3);
    let (answered, attempts) = tell("KMS fails three times:", 8)?;
    assert!(answered.is_ok());
    assert_eq!(attempts, 4);

    emulator.throttle_next(1_000);
    let (answered, attempts) = tell("KMS throttles for long:", 8)?;
    assert!(answered.is_throttled(), "the loop gives up");
    assert_eq!(attempts, 8);
    Ok(())
}
