//! Parse, run, one error line, exit code.

use keystorm::cli::Cli;
use std::process::ExitCode;

/// A call to the emulator takes three dozen small pieces of memory for microseconds; the system's allocator spends more
/// on them than on cryptography.
#[cfg(feature = "emulator")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::read().and_then(Cli::execute) {
        Ok(code) => code,
        Err(error) => {
            keystorm::notice::tell(format_args!("keystorm: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
