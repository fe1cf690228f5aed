//! Whether a simulation fits into this machine's memory.

use super::Error;
use crate::planner::Room;
use crate::report::format::{count, fixed};
use crate::scenario::{Scenario, Target};

/// Of this machine's memory so much may be taken: the rest is for whoever else is there.
const SHARE: f64 = 0.9;

/// Refuses a simulation that cannot fit into this machine.
///
/// # Errors
/// [`Error::Scenario`] with what it would take, what there is, and what makes it smaller.
pub fn fits(scenario: &Scenario, threads: usize, file: &str) -> Result<(), Error> {
    if scenario.target != Target::Sim {
        return Ok(());
    }
    judge(scenario, threads, there_is()).map_err(|reason| Error::Scenario(format!("{file}: {reason}")))
}

/// How much memory a simulation takes, for people.
pub fn told(scenario: &Scenario, threads: usize) -> String {
    bytes(Room::of(scenario).bytes(scenario, threads))
}

fn judge(scenario: &Scenario, threads: usize, there: Option<f64>) -> Result<(), String> {
    let (room, Some(there)) = (Room::of(scenario), there) else { return Ok(()) };
    let all = room.bytes(scenario, threads);
    if all <= there * SHARE {
        return Ok(());
    }
    let what = if room.kept > all / 2.0 {
        format!(
            "the recordings of {} trials are kept until the end: fewer trials",
            count(scenario.trials.into())
        )
    } else {
        format!(
            "about {} jobs would be in flight at once: a lower rate, a deadline, maxInFlight, or shorter and fewer retries",
            count(room.in_flight as u64)
        )
    };
    Err(format!(
        "simulating it takes about {} of memory on {threads} threads, and this machine has {}; {what} would make it fit",
        bytes(all),
        bytes(there)
    ))
}

fn bytes(of: f64) -> String {
    let steps = [("TiB", 40), ("GiB", 30), ("MiB", 20)];
    let fits = steps.iter().find(|(_, bits)| of >= 2f64.powi(*bits));
    let (unit, bits) = fits.copied().unwrap_or(("KiB", 10));
    format!("{} {unit}", fixed(of / 2f64.powi(bits), 1))
}

/// This machine's memory, or what the control group leaves of it; `None` where the system does not tell.
fn there_is() -> Option<f64> {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()
    })?;
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or(f64::INFINITY);
    Some((total * 1024.0).min(group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    fn scenario(load: &str, retry: &str) -> Scenario {
        let text = format!(
            "workloads: {{ w: {{ {load}, jobs: {{ Decrypt: 1 }} }} }}\nstrategies: {{ s: {{ retry: {retry} }} }}\ntrials: 2\n"
        );
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    const GIB: f64 = 1_073_741_824.0;

    #[test]
    fn three_hundred_million_jobs_a_second_that_wait_ten_minutes_do_not_fit() {
        let load = "executor: constant-arrival-rate, rate: 300000000/s, duration: 30s";
        let patient = scenario(load, "{ mode: fixed, delay: 10m, maxAttempts: 2 }");
        let told = judge(&patient, 2, Some(16.0 * GIB)).expect_err("it aborts");
        for part in [
            "TiB of memory on 2 threads",
            "this machine has 16.0 GiB",
            "jobs would be in flight at once",
            "maxInFlight",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        // Nothing is said where the system does not tell.
        assert_eq!(judge(&patient, 2, None), Ok(()));
    }

    #[test]
    fn what_fits_is_not_refused() {
        for (load, retry) in [
            (
                "executor: constant-arrival-rate, rate: 2000/s, duration: 1h",
                "{ mode: exponential, maxAttempts: unlimited }",
            ),
            ("executor: constant-arrival-rate, rate: 1000000/s, duration: 10s", "{ mode: aws-standard }"),
            ("executor: constant-vus, vus: 1000000, duration: 10s", "{ mode: aws-adaptive }"),
            (
                "executor: constant-arrival-rate, rate: 5000/s, duration: 2h",
                "{ mode: aws-standard, maxAttempts: 10 }",
            ),
        ] {
            assert_eq!(judge(&scenario(load, retry), 2, Some(16.0 * GIB)), Ok(()), "{load} {retry}");
        }
    }

    #[test]
    fn trials_that_are_kept_take_room_too() {
        let mut many =
            scenario("executor: constant-arrival-rate, rate: 10/s, duration: 10s", "{ mode: none }");
        many.trials = 10_000;
        let told = judge(&many, 2, Some(4.0 * GIB)).expect_err("ten thousand recordings");
        assert!(told.contains("10,000 trials") && told.contains("fewer trials would make it fit"), "{told}");
    }
}
