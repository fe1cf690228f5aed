//! Installing what tests run and the machine has not: once, into the target folder.
#![allow(dead_code, reason = "each test binary uses what it needs")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// Where clients are installed.
pub fn home() -> PathBuf {
    let target =
        Path::new(env!("CARGO_BIN_EXE_keystorm")).ancestors().nth(2).expect("target/<profile>/keystorm");
    target.join("clients")
}

/// Only one test at a time installs into a folder.
static INSTALLING: Mutex<BTreeMap<PathBuf, Arc<Mutex<()>>>> = Mutex::new(BTreeMap::new());

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
    let failed = "another installation failed";
    let lock = Arc::clone(INSTALLING.lock().map_err(|_| failed)?.entry(place.into()).or_default());
    let _guard = lock.lock().map_err(|_| failed)?;
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

/// Makes a folder of Python's programs.
fn empty_venv(place: &Path, more: &[&str]) -> Result<(), String> {
    let missing = |e| format!("Python 3 with venv is needed for its clients (Debian: python3-venv): {e}");
    let mut command = Command::new("python3");
    command.args(["-m", "venv", "--clear"]).args(more).arg(place);
    done(&mut command).map(drop).map_err(missing)
}

/// A folder of Python's programs, with what the list in the folder `name` of `lists` says.
///
/// One pip serves all of them: it takes longer to install than most of what it installs. Nothing is compiled before it is used.
pub fn venv(lists: &Path, name: &str) -> Result<PathBuf, String> {
    let (place, pip) = (home().join(name), home().join("pip"));
    let list = lists.join(name).join("requirements.txt");
    once(&place, std::slice::from_ref(&list), || {
        once(&pip, &[], || empty_venv(&pip, &[]))?;
        empty_venv(&place, &["--without-pip"])?;
        let mut command = Command::new(pip.join("bin/pip"));
        command.arg("--python").arg(place.join("bin/python"));
        command.args(["install", "-q", "--no-compile", "--disable-pip-version-check", "-r"]).arg(&list);
        done(&mut command).map(drop)
    })?;
    Ok(place.join("bin"))
}
