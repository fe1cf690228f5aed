//! What a test needs and a machine may lack: Python, Node, a browser, a kernel's feature.

/// Says in one sentence why something is not tried here; with CI=true, where everything is to be there, it fails.
#[allow(clippy::disallowed_methods, reason = "CI says so in its environment")]
pub fn missing(why: &str) {
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "{why}");
    println!("skipped: {why}");
}
