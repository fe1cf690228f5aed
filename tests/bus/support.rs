//! keystorm's processes, their words, and what they write.

use keystorm::clock::Stopwatch;
use keystorm::time::Span;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use tempfile::TempDir;

/// The longest a test waits: only what hangs takes it.
const DEADLINE: Duration = Duration::from_secs(120);

/// Asks again until it is so; what never comes to it fails the test.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !is_so() {
        assert!(watch.elapsed() < Span::from_secs(DEADLINE.as_secs()), "not within {DEADLINE:?}: {what}");
        std::thread::yield_now();
    }
}

/// Long enough that something is killed in the middle; with a trace and a variable, which workers must be handed.
const SCENARIO: &str = "# Does it hold?
version: 1
name: bussed
seed: ${SEED:-7}
quotas: { symmetric: 900/s, background: { symmetric: 3/s } }
fleet: { clients: 5 }
workloads:
  w: { executor: constant-arrival-rate, rate: 1000/s, duration: 40s, warmUp: 1s, jobs: { EncryptMessage: 2, DecryptMessage: 1 }, contexts: { count: 2 }, messages: { count: 20 } }
  v: { executor: trace, file: jobs.csv, jobs: { Decrypt: 1 } }
strategies:
  plain: { retry: { mode: aws-standard } }
  naive: { retry: { mode: immediate, maxAttempts: 4 } }
  cached: { retry: { mode: aws-adaptive }, cache: { maxAge: 2s } }
trials: 5
thresholds: { failed: [ \"rate<90%\" ] }
";

/// What a grid is varied by.
pub const OVER: &str = "strategies.cached.cache.maxAge=0s,1s,4s";

/// A folder with the scenario, and keystorm's processes in it.
pub struct Workspace {
    folder: TempDir,
}

impl Workspace {
    pub fn new() -> Workspace {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("s.yaml"), SCENARIO).expect("written");
        fs::write(folder.path().join("jobs.csv"), "time_s,count\n0,5\n1,60\n3,20\n").expect("written");
        Workspace { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
        #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
        for (name, _) in std::env::vars() {
            if ["SLURM_", "JOB_COMPLETION_", "AWS_BATCH_", "KEYSTORM_"]
                .iter()
                .any(|start| name.starts_with(start))
            {
                command.env_remove(name);
            }
        }
        command.args(line.split(' ')).current_dir(self.folder.path());
        command
    }

    /// Runs a line to its end; gives its exit code and what it said.
    pub fn ended(&self, line: &str) -> (i32, String) {
        let output = self.command(line).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().expect("it ends by itself"), said)
    }

    pub fn start(&self, line: &str) -> Process {
        Process::start(&mut self.command(line))
    }

    /// A worker of one thread.
    pub fn worker(&self, url: &str, name: &str) -> Process {
        self.start(&format!("worker --bus {url} --threads 1 --name {name}"))
    }

    /// The run's hash, as its folder has it while it is under way.
    pub fn run_of(&self, out: &str) -> String {
        let text = fs::read_to_string(self.path(out).join("shard.json")).expect("under way");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        json["run"].as_str().expect("a hash").to_owned()
    }

    /// Every file below a folder, but for the cells of a sweep: they are the same, and are compared by their names.
    pub fn files(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.path(name);
        let (mut found, mut folders) = (BTreeMap::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        let bytes = fs::read(&path).expect("readable");
                        found.insert(path.strip_prefix(&root).expect("below").to_path_buf(), bytes);
                    }
                }
            }
        }
        found
    }
}

/// What one process writes: the run, and the sweep.
pub fn whole() -> &'static [BTreeMap<PathBuf, Vec<u8>>; 2] {
    static WHOLE: OnceLock<[BTreeMap<PathBuf, Vec<u8>>; 2]> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let place = Workspace::new();
        assert_eq!(place.ended("run s.yaml -q -o run").0, 0);
        assert_eq!(place.ended(&format!("run s.yaml -q -o sweep --over {OVER}")).0, 0);
        [place.files("run"), place.files("sweep")]
    })
}

/// That a folder holds, to the byte, what one process writes.
#[track_caller]
pub fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, whole: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    for (name, bytes) in found {
        assert!(*bytes == whole[name], "{} differs", name.display());
    }
}

/// A process whose words are heard; it ends with the test.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Process {
    pub fn start(command: &mut Command) -> Process {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            // Who has gone hears nothing more.
            stderr.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok())
        });
        Process { child, lines, said: Vec::new() }
    }

    /// Waits until it says something of which `part` is a part.
    #[track_caller]
    pub fn says(&mut self, part: &str) {
        let watch = Stopwatch::start();
        while !self.said.iter().any(|line| line.contains(part)) {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended without `{part}`: {:#?}", self.said),
                Err(RecvTimeoutError::Timeout) => panic!("`{part}` was never said: {:#?}", self.said),
            }
            assert!(watch.elapsed() < Span::from_secs(DEADLINE.as_secs()), "no `{part}`: {:#?}", self.said);
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Sends what Ctrl-C sends.
    pub fn interrupt(&self) {
        crate::signal::signal(&self.child, "-INT");
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a process").is_none()
    }

    /// Waits for its end; gives its exit code and all that it said.
    #[track_caller]
    pub fn end(&mut self) -> (Option<i32>, String) {
        let watch = Stopwatch::start();
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it never ends: {:#?}", self.said),
            }
            assert!(watch.elapsed() < Span::from_secs(DEADLINE.as_secs()), "it never ends: {:#?}", self.said);
        }
        (self.child.wait().expect("it ends").code(), self.said.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many cells are in a folder.
pub fn cells(out: &Path) -> usize {
    let Ok(entries) = fs::read_dir(out.join("cells")) else { return 0 };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.ends_with(".cell") && !name.starts_with('.')).count()
}
