//! No option is silently dropped: with and without what a command takes by its place, each changes something or is
//! refused by name.

use clap::{Arg, ArgAction, Command as Clap, CommandFactory as _};
use keystorm::cli::Cli;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use tempfile::TempDir;

const SMALL: &str = "version: 1
name: small
quotas: { symmetric: 30/s }
workloads:
  load: { executor: constant-arrival-rate, rate: 50/s, duration: 5s, jobs: { Decrypt: 1 } }
strategies: { no-retry: { retry: { mode: none } }, sdk: { retry: { mode: aws-standard } } }
trials: 1
";

/// What a command line came to: exit code, both streams, and every file that it left.
type Outcome = (i32, String, String, BTreeMap<String, Vec<u8>>);

fn keystorm(folder: &Path, line: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYSTORM_")) {
        command.env_remove(name);
    }
    let output = command.args(line).current_dir(folder).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut files = BTreeMap::new();
    gather(folder, folder, &mut files);
    // The name of a folder has the time in it.
    let (out, err) = (wordless(&timeless(&text(&output.stdout))), timeless(&text(&output.stderr)));
    (output.status.code().expect("it ends by itself"), out, err, files)
}

/// `reports/local/small-20261129T221500Z-2/run.json` without its time.
fn timeless(text: &str) -> String {
    let is_time = |c: char| c.is_ascii_digit() || "TZ-".contains(c);
    let mut parts = text.split("reports/local/");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', '\n']).unwrap_or(part.len());
        kept += &format!("reports/local/{}{}", part[..end].trim_end_matches(is_time), &part[end..]);
    }
    kept
}

/// What is printed without the words that made the run: that they are repeated is no effect of them.
fn wordless(text: &str) -> String {
    if let Ok(serde_json::Value::Object(mut run)) = serde_json::from_str(text) {
        run.remove("command");
        run.remove("answer");
        return serde_json::Value::Object(run).to_string();
    }
    text.split("\nNEXT   ").next().unwrap_or_default().to_owned()
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below").display().to_string();
            let bytes = fs::read(&path).expect("readable");
            match path.file_name().and_then(|name| name.to_str()) {
                // Drawn from run.json, with the words that made it.
                Some("report.html" | "report.md") if path.with_file_name("run.json").exists() => {}
                Some("run.json") => {
                    let text = wordless(&String::from_utf8(bytes).expect("JSON"));
                    files.insert(timeless(&name), text.into_bytes());
                }
                _ => {
                    files.insert(timeless(&name), bytes);
                }
            }
        }
    }
}

/// A share of a run and a run, made once from `small.yaml` in `folder`.
fn made(folder: &Path) -> &'static BTreeMap<String, Vec<u8>> {
    static MADE: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    MADE.get_or_init(|| {
        for line in [
            &["run", "small.yaml", "-q", "--shard", "1/1", "-o", "share"][..],
            &["run", "small.yaml", "-q", "-o", "simulated"],
        ] {
            assert_eq!(keystorm(folder, line).0, 0);
        }
        let mut files = BTreeMap::new();
        for name in ["share", "simulated"] {
            gather(folder, &folder.join(name), &mut files);
            fs::remove_dir_all(folder.join(name)).expect("there");
        }
        files
    })
}

/// A folder with what commands are tried on; of what is large, what `line` names.
fn place(line: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let facts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    fs::write(folder.path().join("small.yaml"), SMALL).expect("written");
    fs::create_dir(folder.path().join("saved")).expect("made");
    fs::copy(facts.join("saved-run/run.json"), folder.path().join("saved/run.json")).expect("a copy");
    let is_named = |name: &str| line.iter().any(|word| name.starts_with(&format!("{word}/")));
    for (name, bytes) in made(folder.path()).iter().filter(|(name, _)| is_named(name)) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    fs::create_dir(folder.path().join("asking")).expect("made");
    fs::write(folder.path().join("asking/run.json"), ASKING.as_str()).expect("written");
    // Two calls, the second by keystorm itself.
    let event = |id: &str, agent: &str| {
        format!(
            r#"{{"eventVersion":"1.08","eventSource":"kms.amazonaws.com","eventName":"Decrypt","userAgent":"{agent}",
"eventTime":"2026-01-01T00:00:00Z","awsRegion":"eu-west-1","eventID":"{id}","requestID":"{id}",
"recipientAccountId":"111122223333","userIdentity":{{"type":"AssumedRole","accountId":"111122223333"}}}}"#
        )
    };
    let log = format!(
        r#"{{"Records":[{},{}]}}"#,
        event("e1", "app/1.0"),
        event("e2", "keystorm/0.1.0 run/1f0c2d3e4b5a6978")
    );
    fs::write(folder.path().join("log.json"), log).expect("written");
    let counts = "timestamp,value\n2026-01-01 00:00:00,60\n2026-01-01 00:05:00,6000\n";
    fs::write(folder.path().join("counts.csv"), counts).expect("written");
    folder
}

/// A run that asks for more than it has.
static ASKING: LazyLock<String> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/run.json");
    let mut run: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).expect("a run")).expect("JSON");
    for strategy in run["strategies"].as_array_mut().expect("strategies") {
        for (_, pool) in strategy["pools"].as_object_mut().expect("pools") {
            pool["peak_1s"] = 1_000_000.into();
        }
    }
    run.to_string()
});

/// The line that a command is tried with, by its path, once with and once without what it takes by its place.
fn lines(path: &str) -> &'static [&'static [&'static str]] {
    match path {
        "run" => &[&["run", "small.yaml"], &["run", "--op", "Decrypt", "--set", "trials=1"]],
        "check" => &[&["check", "small.yaml"]],
        "report" => &[&["report", "saved"]],
        // It would last until it is interrupted.
        "ui" if cfg!(feature = "emulator") => &[&["ui", "nowhere"]],
        "merge" => &[&["merge", "share"]],
        "compare" => &[&["compare", "saved", "saved"]],
        "explain" => &[&["explain", "saved"], &["explain", "simulated", "--job", "7"]],
        "onset" => &[&["onset", "small.yaml"]],
        "plan" => &[&["plan", "small.yaml"]],
        "dossier" => &[&["dossier", "asking", "--account", "111122223333"]],
        "import cloudtrail" => &[&["import", "cloudtrail", "log.json"]],
        "import cloudwatch" => &[&["import", "cloudwatch", "counts.csv"]],
        "schema" => &[&["schema"], &["schema", "run"]],
        "completions" => &[&["completions", "bash"]],
        "help" => &[&["help"], &["help", "run"]],
        "new" => &[&["new"]],
        "quotas" => &[&["quotas"]],
        _ => &[],
    }
}

/// What goes with an option, before it is added, so that it can mean something.
fn beside(path: &str, option: &str, line: &[&str]) -> &'static [&'static str] {
    match (path, option) {
        ("run" | "merge" | "onset" | "plan" | "dossier", "force") => &["-o", "saved"],
        // A minute for each load would be long.
        ("onset", "live") => &["--budget", "1", "--length", "1s"],
        // The page shows it.
        ("report", "stamp") => &["--format", "html"],
        ("run", "iterations") if line.contains(&"--op") => &["--vus", "2"],
        ("import cloudtrail" | "import cloudwatch", "force") => &["-o", "there"],
        ("import cloudtrail" | "import cloudwatch", other) if other != "output" => &["-o", "new"],
        _ => &[],
    }
}

/// A value that is not the option's default.
fn value(path: &str, option: &str) -> &'static str {
    match option {
        "target" => "nowhere",
        "region" => "eu-west-3",
        "out" => "elsewhere",
        "seed" | "trials" | "threads" => "2",
        "strategies" => "sdk",
        "sets" => "serviceTime.p50=9ms",
        "over" => "fleet.clients=1,2",
        "shard" => "1/2",
        "baseline" | "workload" => "nobody",
        "job" | "trial" => "3",
        "traces" => "nowhere",
        "save_baseline" => "kept",
        "fail_on" => "p98 worse than 5%",
        "format" if path == "compare" => "junit",
        // How often something is told shows in a long run only: `tests/sim/never_lost.rs`.
        "progress_every" => "soon",
        "op" => "Encrypt",
        "rate" | "quota" => "20/s",
        "burst_factor" => "2",
        "period" => "60",
        "duration" => "2s",
        "stage" => "2s:20/s",
        "vus" | "iterations" => "3",
        "key_spec" => "RSA_2048",
        "threshold" => "failed: rate<1%",
        "format" => "csv",
        "template" => "cache",
        "within" => "5%",
        "length" => "2s",
        "reach" => "2",
        "budget" => "10",
        "enforcement" => "sliding",
        "history" => "history.ndjson",
        "season" | "log" | "manifest" => "nowhere.csv",
        "list" => "files.csv",
        "growth" => "10%",
        "by" | "today" | "until" => "2030-01-05",
        "utilisation" => "50%",
        "failover" => "us-west-2",
        "account" => "444455556666",
        "start" => "2026-11-23T22:00:00Z",
        "client" => "raw",
        // Nobody listens there, which is told.
        "otlp" => "http://127.0.0.1:1",
        "metrics" | "web" => "127.0.0.1:0",
        _ => "1",
    }
}

/// Options that leave no trace where they stand, with the reason.
fn is_traceless(path: &str, option: &str) -> bool {
    match option {
        // Results do not depend on it, which `tests/sim/run_command.rs` holds.
        "threads" => ["run", "onset", "plan", "import cloudtrail"].contains(&path),
        // There is nothing but results to be quiet about.
        "quiet" => {
            ["schema", "completions", "help", "new", "quotas", "compare", "explain", "ui"].contains(&path)
        }
        // It is a JSON document anyway.
        "json" => path == "schema",
        _ => false,
    }
}

/// An option of a command on one of its lines.
struct Try {
    path: String,
    line: &'static [&'static str],
    option: Arg,
}

/// What each line comes to without the option that is tried; many options share one.
#[derive(Default)]
struct Bases(Mutex<BTreeMap<Vec<&'static str>, Arc<OnceLock<Outcome>>>>);

impl Bases {
    fn of(&self, path: &str, line: Vec<&'static str>) -> Arc<OnceLock<Outcome>> {
        let known = Arc::clone(self.0.lock().expect("no panic").entry(line.clone()).or_default());
        known.get_or_init(|| outcome(path, &line));
        known
    }
}

fn outcome(path: &str, line: &[&str]) -> Outcome {
    let folder = place(line);
    if path.starts_with("import") {
        fs::create_dir(folder.path().join("there")).expect("made");
        fs::write(folder.path().join("there/scenario.yaml"), "old").expect("written");
    }
    keystorm(folder.path(), line)
}

impl Try {
    /// What is wrong with how the option is taken.
    fn complaint(&self, bases: &Bases) -> Option<String> {
        let Try { path, line, option } = self;
        let id = option.get_id().as_str();
        let long = format!("--{}", option.get_long().expect("every option has a long name"));
        let mut base = line.to_vec();
        base.extend(beside(path, id, line));
        let mut with: Vec<&str> = base.clone();
        with.push(&long);
        if matches!(option.get_action(), ArgAction::Set | ArgAction::Append) {
            with.push(value(path, id));
        }
        let (before, after) = (bases.of(path, base.clone()), outcome(path, &with));
        let before = before.get().expect("it was tried");
        if is_traceless(path, id) {
            return (*before != after).then(|| format!("{with:?} is said to leave no trace"));
        }
        let is_refused = after.0 == 2 && after.2.contains(&long);
        if !is_refused && *before == after {
            return Some(format!("{with:?}: {long} is silently dropped"));
        }
        // Not because the line was wrong without it.
        (is_refused && before.0 == 2).then(|| format!("{base:?}: {}", before.2))
    }
}

fn walk(path: &str, command: &Clap, tries: &mut Vec<Try>) {
    for below in command.get_subcommands() {
        let path = if path.is_empty() {
            below.get_name().to_owned()
        } else {
            format!("{path} {}", below.get_name())
        };
        walk(&path, below, tries);
    }
    let lines = lines(path);
    if lines.is_empty() {
        let takes_places = command.get_positionals().any(|place| !place.is_hide_set()) && !path.is_empty();
        return assert!(!takes_places, "say in `lines` how `{path}` is tried");
    }
    let tried =
        |option: &&Arg| !option.is_positional() && !["help", "version"].contains(&option.get_id().as_str());
    for option in command.get_arguments().filter(tried) {
        tries.extend(lines.iter().map(|line| Try { path: path.into(), line, option: option.clone() }));
    }
}

#[test]
fn no_option_of_any_command_is_silently_dropped() {
    let mut command = Cli::command();
    command.build();
    let mut tries = Vec::new();
    walk("", &command, &mut tries);
    let tried: BTreeSet<String> =
        tries.iter().map(|each| format!("{} --{}", each.path, each.option.get_id())).collect();
    for one in
        ["run --threshold", "run --rate", "check --sets", "report --format", "import cloudtrail --region"]
    {
        assert!(tried.contains(one), "{one} is not among {tried:?}");
    }
    assert!(tried.len() > 30, "{tried:?}");
    // Each try is a process that mostly starts up: they share the cores.
    let (next, bases, wrong) = (AtomicUsize::new(0), Bases::default(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(one) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.lock().expect("no panic").extend(one.complaint(&bases));
                }
            });
        }
    });
    assert_eq!(wrong.into_inner().expect("no panic"), Vec::<String>::new());
}

fn run(folder: &TempDir, more: &[&str]) -> Outcome {
    let mut line = vec!["run", "small.yaml", "-q"];
    line.extend(more);
    keystorm(folder.path(), &line)
}

#[test]
fn a_threshold_beside_a_file_decides_the_exit_code_and_joins_the_file_s_own() {
    let folder = place(&[]);
    // 50 jobs a second against 30: two fifths fail without retries.
    assert_eq!(run(&folder, &[]).0, 0);
    assert_eq!(run(&folder, &["--threshold", "failed: rate<1%"]).0, 99);
    assert_eq!(run(&folder, &["--threshold", "failed: rate<60%"]).0, 0);
    let both = ["--set", "thresholds={failed: rate<1%}", "--threshold", "failed: rate<60%"];
    assert_eq!(run(&folder, &both).0, 99, "the file's own still counts");
    let tagged = [
        "--threshold",
        "failed{strategy:sdk}: rate<60%",
        "--threshold",
        "response_time{strategy:no-retry}:med<1us",
    ];
    assert_eq!(run(&folder, &tagged).0, 99);
}

#[test]
fn a_quota_beside_a_file_is_the_quota() {
    let folder = place(&[]);
    let strict = ["--threshold", "failed: rate<2%"];
    assert_eq!(run(&folder, &[&strict[..], &["--quota", "200/s"]].concat()).0, 0);
    assert_eq!(run(&folder, &[&strict[..], &["--quota", "symmetric=200/s"]].concat()).0, 0);
    assert_eq!(run(&folder, &[&strict[..], &["--quota", "rsa=200/s"]].concat()).0, 99);
    // None of 250 jobs fails, which cannot tell 1 %: it counts as missed.
    let strictest = ["--threshold", "failed: rate<1%", "--quota", "200/s"];
    assert_eq!(run(&folder, &strictest).0, 99);
}

#[test]
fn what_describes_a_load_is_refused_by_name_beside_a_file_that_has_its_own() {
    let folder = place(&[]);
    for (option, value, key) in [
        ("--rate", "5/s", "rate"),
        ("--duration", "5s", "duration"),
        ("--stage", "5s:5/s", "stages"),
        ("--vus", "5", "vus"),
        ("--iterations", "5", "iterations"),
        ("--key-spec", "RSA_2048", "keys.spec"),
    ] {
        let (code, _, said, _) = run(&folder, &[option, value]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(option) && said.contains(&format!("workloads.NAME.{key}=")), "{said}");
    }
    // All of them at once.
    let (code, _, said, _) = run(&folder, &["--rate", "5/s", "--key-spec", "RSA_2048"]);
    assert!(code == 2 && said.contains("--rate") && said.contains("--key-spec"), "{said}");
    let (code, _, said, _) = run(&folder, &["--op", "Decrypt"]);
    assert!(code == 2 && said.contains("--op"), "{said}");
}

#[test]
#[cfg(feature = "live")]
fn what_only_live_runs_look_at_is_refused_where_nothing_is_sent() {
    let folder = place(&[]);
    for option in [&["--dry-run"][..], &["--provision"], &["--metrics", "127.0.0.1:0"], &["--profile", "x"]] {
        let (code, _, said, _) = run(&folder, option);
        assert!(
            code == 2 && said.contains(option[0]) && said.contains("the simulator sends nothing"),
            "{said}"
        );
    }
    let (code, _, said, _) = run(&folder, &["--target", "emulator", "--dry-run"]);
    assert!(code == 2 && said.contains("--dry-run") && said.contains("no account"), "{said}");
}
