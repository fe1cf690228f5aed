//! A run's page, the list of saved runs and the page of a run that lasts in a browser, touched as their readers do:
//! `page/look.mjs` says what must hold.

use super::needs;
use super::support::{browser, node, printed};
use keystorm::report::html;
use keystorm::results::Run;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const HOLDS: &str = "every promise holds";

/// The script and the browser, or what is missing.
fn eyes() -> Result<(PathBuf, PathBuf), String> {
    Ok((node("page", "look.mjs")?, browser()?))
}

fn saved() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/run.json")
}

/// A keystorm that lasts; it ends with the test, whatever becomes of that.
struct Lasting(Child);

impl Lasting {
    fn start(line: &[&str]) -> Lasting {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
        Lasting(command.args(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address behind `mark` in what is told; all that is told after it is thrown away, so that no pipe is full.
fn address(told: impl Read + Send + 'static, mark: &str) -> String {
    let mut lines = BufReader::new(told).lines();
    let found = lines.by_ref().map(Result::unwrap).find_map(|line| {
        let (_, address) = line.split_once(mark)?;
        Some(address.trim().to_owned())
    });
    std::thread::spawn(move || lines.for_each(drop));
    found.unwrap_or_else(|| panic!("nobody told `{mark}`"))
}

#[test]
fn the_page_keeps_its_promises_in_a_browser() {
    let (script, browser) = match eyes() {
        Ok(eyes) => eyes,
        Err(why) => return needs::missing(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    let run: Run = serde_json::from_str(&std::fs::read_to_string(saved()).unwrap()).unwrap();
    let page = folder.path().join("report.html");
    std::fs::write(&page, html::render(&run)).unwrap();
    let told = printed(Command::new("node").arg(script).arg("check").arg(browser).arg(page));
    assert_eq!(told.trim(), HOLDS);
}

#[test]
fn two_saved_runs_are_chosen_and_compared_in_a_browser() {
    let (script, browser) = match eyes() {
        Ok(eyes) => eyes,
        Err(why) => return needs::missing(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["first", "second", "third"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::copy(saved(), folder.path().join(name).join("run.json")).unwrap();
    }
    let shown = folder.path().display().to_string();
    let mut ui = Lasting::start(&["ui", &shown, "--listen", "127.0.0.1:0"]);
    let url = address(ui.0.stdout.take().unwrap(), " on ");
    let told = printed(Command::new("node").arg(script).arg("ui").arg(browser).arg(url));
    assert_eq!(told.trim(), HOLDS);
}

#[test]
fn a_run_that_lasts_is_looked_at_and_stopped_in_a_browser() {
    let (script, browser) = match eyes() {
        Ok(eyes) => eyes,
        Err(why) => return needs::missing(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run").display().to_string();
    let line =
        ["run", "--op", "Decrypt", "-r", "50/s", "-d", "10m", "--quota", "40/s", "--target", "emulator"];
    let line = [&line[..], &["--no-tui", "--web", "127.0.0.1:0", "-o", &out]].concat();
    let mut run = Lasting::start(&line);
    let url = address(run.0.stderr.take().unwrap(), "the run is shown on ");
    let command = format!("keystorm {}", line.join(" "));
    let told = printed(Command::new("node").arg(script).arg("live").arg(browser).arg(url).arg(&command));
    assert_eq!(told.trim(), HOLDS);
    run.0.wait().unwrap();
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains(&format!("<code>{command}</code>")), "its report tells the command too");
}
