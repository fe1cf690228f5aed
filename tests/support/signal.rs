//! Signals to the processes that tests start.

use std::process::{Child, Command};

/// Sends the signal called `name`, such as `-TERM`, by the shell's own `kill`: a bare machine has no other.
pub fn signal(process: &Child, name: &str) {
    let told = Command::new("sh").args(["-c", &format!("kill {name} {}", process.id())]).status();
    assert!(told.expect("there is a shell").success(), "{name} was not sent");
}
