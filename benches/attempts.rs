//! How many instructions one simulated attempt takes, counted by valgrind: the same on a busy machine as on a quiet one.
//!
//! What a run takes once (reading the scenario, tables, the report's figures) is left out by taking the difference of two lengths.
//! It fails when an attempt takes more than [`MAX_INSTRUCTIONS`], and where valgrind is missing.

#[path = "support/load.rs"]
mod load;

use load::{attempts_in, scenario};
use std::process::{Command, ExitCode};

/// More instructions than an attempt may take, whatever the length of the run.
const MAX_INSTRUCTIONS: f64 = 1_200.0;
/// Lengths in seconds: about 10^5 attempts, 10^6, and 4 × 10^6.
const LENGTHS: [u64; 3] = [9, 90, 360];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    match args.next().map(|secs| secs.parse::<u64>()) {
        Some(Ok(secs)) => {
            println!("{}", attempts_in(&scenario(secs)));
            ExitCode::SUCCESS
        }
        Some(Err(_)) => {
            eprintln!("say how many seconds to simulate, or nothing to count instructions");
            ExitCode::FAILURE
        }
        None if Command::new("valgrind").arg("--version").output().is_err() => {
            eprintln!("valgrind is not installed, and it is what counts");
            ExitCode::FAILURE
        }
        None => compare(),
    }
}

/// Counts every length and compares each with the one before.
fn compare() -> ExitCode {
    let counted = LENGTHS.map(count);
    let mut is_well = true;
    for pair in counted.windows(2) {
        let (attempts, instructions) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let each = instructions as f64 / attempts as f64;
        println!("{each:.0} instructions an attempt, from {} to {} attempts", pair[0].0, pair[1].0);
        is_well &= each <= MAX_INSTRUCTIONS;
    }
    if !is_well {
        println!(
            "more than {MAX_INSTRUCTIONS} an attempt: docs/PERFORMANCE.md tells where they go and how to find out"
        );
    }
    ExitCode::from(u8::from(!is_well))
}

/// Attempts and instructions of so many simulated seconds.
fn count(secs: u64) -> (u64, u64) {
    let own = std::env::current_exe().expect("a program knows where it is");
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .arg(secs.to_string())
        .output()
        .expect("valgrind, which has told its version, starts");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let attempts = out.trim().parse().unwrap_or_else(|_| panic!("no count of attempts: {out}{err}"));
    let refs = err.lines().find_map(|line| line.split_once("refs:")).map(|(_, count)| count.replace(',', ""));
    let instructions = refs.and_then(|count| count.trim().parse().ok());
    (attempts, instructions.unwrap_or_else(|| panic!("no count of instructions: {err}")))
}
