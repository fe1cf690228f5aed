//! Installing what tests run and the machine has not: once, into the target folder.
#![allow(dead_code, reason = "each test binary uses what it needs")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// Where clients are installed.
pub fn home() -> PathBuf {
    let target =
        Path::new(env!("CARGO_BIN_EXE_keystorm")).ancestors().nth(2).expect("target/<profile>/keystorm");
    target.join("clients")
}

/// Only one test installs at a time.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Runs a command that must succeed; what it said if it did not.
pub fn done(command: &mut Command) -> Result<Output, String> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|e| format!("{shown}: {e}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let tail: String =
        said.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(format!("{shown} failed:\n{tail}"))
}

/// Installs with `install` unless the files in `of` are those of the last time.
pub fn once(place: &Path, of: &[PathBuf], install: impl Fn() -> Result<(), String>) -> Result<(), String> {
    let _guard = INSTALLING.lock().map_err(|_| "another installation failed".to_string())?;
    let mut wanted = Vec::new();
    for path in of {
        wanted.extend(std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?);
    }
    let stamp = place.join("installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(place).map_err(|e| e.to_string())?;
    install()?;
    std::fs::write(stamp, wanted).map_err(|e| e.to_string())
}

/// A folder of Python's programs, with what the list in the folder `name` of `lists` says.
pub fn venv(lists: &Path, name: &str) -> Result<PathBuf, String> {
    let place = home().join(name);
    let list = lists.join(name).join("requirements.txt");
    once(&place, std::slice::from_ref(&list), || {
        let missing = |e| format!("Python 3 with venv is needed for its clients (Debian: python3-venv): {e}");
        done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place)).map_err(missing)?;
        let pip = place.join("bin/pip");
        done(Command::new(pip).args(["install", "-q", "--disable-pip-version-check", "-r"]).arg(&list))
            .map(drop)
    })?;
    Ok(place.join("bin"))
}
