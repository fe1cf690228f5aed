//! What this binary was built without: a sentence that says how to get it, never "unknown command".

use super::Error;
use std::ffi::OsString;

/// Whatever stands behind a command that this binary does not have.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Taken as it comes, so that the answer is about the command and not about its options.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<OsString>,
}

/// Why the command `name` cannot run here: it needs `feature`.
pub fn command(name: &str, feature: &str) -> Error {
    missing(&format!("`{name}`"), feature)
}

/// Why `what` is not to be had: this binary was built without `feature`.
pub fn missing(what: &str, feature: &str) -> Error {
    let built = match feature {
        "bus" => "cargo build --release --features bus` builds it too",
        "s3" => "cargo build --release --features s3` builds it too",
        _ => "cargo build --release` builds everything",
    };
    Error::Usage(format!("{what} is not in this build, which leaves out the feature `{feature}`; `{built}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_named_with_the_way_to_get_it() {
        let text = command("serve", "emulator").to_string();
        assert_eq!(
            text,
            "`serve` is not in this build, which leaves out the feature `emulator`; `cargo build --release` builds everything"
        );
    }
}
