//! Shards and sweeps as people meet them: whoever runs which cells in whichever order, what is merged is what one process
//! writes, byte for byte, and nothing is merged that is not the run.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const SCENARIO: &str = "# Does it hold?
version: 1
name: small
seed: ${SEED:-7}
quotas: { symmetric: 40/s, background: { symmetric: 3/s } }
fleet: { clients: 3 }
workloads:
  w: { executor: constant-arrival-rate, rate: 30/s, duration: 6s, warmUp: 1s, jobs: { EncryptMessage: 2, DecryptMessage: 1 }, contexts: { count: 2 }, messages: { count: 20 } }
  v: { executor: trace, file: jobs.csv, jobs: { Decrypt: 1 } }
  u: { executor: shared-iterations, vus: 2, iterations: 40, jobs: { Sign: 1 }, keys: { spec: ECC_NIST_P256 } }
strategies:
  plain: { retry: { mode: aws-standard } }
  naive: { retry: { mode: immediate, maxAttempts: 4 } }
  cached: { retry: { mode: aws-adaptive }, cache: { maxAge: 2s } }
trials: 3
thresholds: { failed: [ \"rate<90%\" ], throttled: [ { threshold: \"rate<99.9%\", abortOnFail: true } ] }
";

const SWEEP: &str = "
sweep: { over: { workloads.w.contexts.count: [1, 50], strategies.cached.cache.maxAge: [0s, 1s, 4s] } }
";

struct Workspace {
    folder: TempDir,
}

impl Workspace {
    fn new(scenario: &str) -> Workspace {
        let folder = TempDir::new().expect("a temporary folder");
        fs::write(folder.path().join("s.yaml"), scenario).expect("written");
        fs::write(folder.path().join("jobs.csv"), "time_s,count\n0,5\n1,60\n3,20\n").expect("written");
        Workspace { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
        #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
        for (name, _) in std::env::vars() {
            let launcher = ["SLURM_", "JOB_COMPLETION_", "AWS_BATCH_", "KEYSTORM_"];
            if launcher.iter().any(|start| name.starts_with(start)) {
                command.env_remove(name);
            }
        }
        command.args(line.split(' ')).current_dir(self.folder.path());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("it starts")
    }

    fn done(&self, line: &str) -> String {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {said}");
        said
    }

    /// What a line is refused with.
    fn refused(&self, line: &str) -> String {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{line}: {said}");
        said
    }

    /// Runs every share of `of`; gives their folders.
    fn shares(&self, of: usize, more: &str) -> Vec<String> {
        let name = |index: usize| format!("share-{index}-of-{of}");
        for index in 1..=of {
            self.done(&format!("run s.yaml -q --shard {index}/{of} -o {}{more}", name(index)));
        }
        (1..=of).map(name).collect()
    }

    /// Every file below a folder.
    fn files(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        let (root, mut files) = (self.path(name), BTreeMap::new());
        gather(&root, &root, &mut files);
        files
    }

    fn cells(&self, share: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(share).join("cells")).expect("a folder of cells");
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
    }
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below").display().to_string();
            files.insert(name, fs::read(&path).expect("readable"));
        }
    }
}

fn assert_same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, what: &str) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in one {
        assert!(bytes == &other[name], "{what}: {name} differs");
    }
}

#[test]
fn a_merged_run_is_that_of_one_process_byte_for_byte_whatever_the_shares_and_their_order() {
    let place = Workspace::new(SCENARIO);
    let more = " --set fleet.clients=4";
    place.done(&format!("run s.yaml -q -o whole{more}"));
    let whole = place.files("whole");
    assert!(whole.contains_key("run.json") && whole.contains_key("report.html"), "{:?}", whole.keys());
    assert!(whole.keys().any(|name| name.ends_with(".hlog")));
    for of in [1, 2, 4, 13] {
        let mut shares = place.shares(of, more);
        for order in 0..of.min(3) {
            if order == 2 {
                shares.reverse();
            }
            shares.rotate_left(order);
            let out = format!("merged-{of}-{order}");
            place.done(&format!("merge -q {} -o {out}", shares.join(" ")));
            assert_same(&whole, &place.files(&out), &format!("{of} shares, order {order}"));
        }
    }
    // The scenario, its trace and its environment are in the shares: what becomes of them here does not matter.
    fs::remove_file(place.path("s.yaml")).expect("there");
    fs::remove_file(place.path("jobs.csv")).expect("there");
    let mut command = place.command("merge -q share-1-of-2 share-2-of-2 -o alone");
    assert!(command.env("SEED", "8").output().expect("it starts").status.success());
    assert_same(&whole, &place.files("alone"), "without the scenario");
}

#[test]
fn what_is_not_the_run_is_refused_by_name() {
    let place = Workspace::new(SCENARIO);
    let shares = place.shares(2, "");
    let both = shares.join(" ");
    let said = place.refused(&format!("merge {} -o out", shares[0]));
    assert!(said.contains("missing: strategy ") && said.contains(", trial "), "{said}");
    assert!(said.contains("there are the shards 1/2"), "{said}");
    assert!(!place.path("out").exists(), "nothing is written");

    let twice = place.refused(&format!("merge {both} {} -o out", shares[1]));
    assert!(twice.contains("doubled: strategy ") && twice.contains("share-2-of-2/cells/"), "{twice}");

    place.done("run s.yaml -q --shard 1/1 -o other --seed 8");
    let other = place.refused(&format!("merge {both} other -o out"));
    assert!(other.contains("other is a share of another run"), "{other}");
    let foreign = place.cells("other")[0].clone();
    let guest = place.path(&shares[0]).join("cells").join(foreign.file_name().expect("a name"));
    fs::copy(&foreign, &guest).expect("copied");
    let said = place.refused(&format!("merge {both} -o out"));
    assert!(said.contains("foreign, no cell of this run: ") && said.contains(&shares[0]), "{said}");
    fs::remove_file(guest).expect("there");

    let cell = place.cells(&shares[1])[0].clone();
    let bytes = fs::read(&cell).expect("readable");
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&cell, &damaged).expect("written");
    let said = place.refused(&format!("merge {both} -o out"));
    assert!(
        said.contains("this cell is damaged")
            && said.contains(&*cell.file_name().expect("a name").to_string_lossy()),
        "{said}"
    );
    fs::write(&cell, &bytes).expect("written");

    assert!(place.refused("merge nowhere -o out").contains("nowhere is no share of a run"));
    let json = place.path(&shares[1]).join("shard.json");
    let text = fs::read_to_string(&json).expect("readable");
    fs::write(&json, text.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1)).expect("written");
    let said = place.refused(&format!("merge {both} -o out"));
    assert!(said.contains("is of keystorm 0.0.1"), "{said}");
    fs::write(&json, text).expect("written");
    place.done(&format!("merge -q {both} -o out"));
}

#[test]
fn a_cell_of_another_version_is_refused_by_name() {
    use flate2::{Compression, read::GzDecoder, write::GzEncoder};
    use std::io::{Read as _, Write as _};
    let place = Workspace::new(SCENARIO);
    place.done("run s.yaml -q --shard 1/1 -o all");
    let cell = place.cells("all")[0].clone();
    let mut text = String::new();
    GzDecoder::new(fs::File::open(&cell).expect("there")).read_to_string(&mut text).expect("gzip");
    let own = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&own), "{}", text.lines().next().unwrap_or_default());
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(text.replacen(&own, "\"version\":\"0.0.9\"", 1).as_bytes()).expect("memory");
    let bytes = out.finish().expect("memory");
    let sum: String = {
        use sha2::Digest as _;
        sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let name = cell.file_name().expect("a name").to_string_lossy().into_owned();
    let key = name.split('.').next().expect("a key");
    fs::remove_file(&cell).expect("there");
    fs::write(cell.with_file_name(format!("{key}.{}.cell", &sum[..16])), bytes).expect("written");
    let said = place.refused("merge all -o out");
    assert!(said.contains("of keystorm 0.0.9") && said.contains("(strategy "), "{said}");
}

#[test]
fn a_sweep_of_shares_is_that_of_one_process_and_a_stopped_one_goes_on_where_it_was() {
    let place = Workspace::new(&format!("{SCENARIO}{SWEEP}"));
    let said = place.done("run s.yaml -o whole");
    assert!(said.contains("report: whole/sweep.html"), "{said}");
    let drawn = place.files("whole");
    fs::remove_file(place.path("whole/sweep.md")).expect("there");
    place.done("report -q whole");
    assert_same(&drawn, &place.files("whole"), "redrawn from sweep.json alone");
    // 2 x 3 points and 3 trials of `cached`; what no axis touches is run once for each value of the axis that does.
    assert_eq!(place.cells("whole").len(), 2 * 3 * 3 + 2 * 3 + 2 * 3);
    let mut whole = place.files("whole");
    whole.retain(|name, _| !["cells/", "traces/", "shard.json"].iter().any(|own| name.starts_with(own)));
    let shares = place.shares(3, "");
    place.done(&format!("merge -q {} {} {} -o merged", shares[2], shares[0], shares[1]));
    assert_same(&whole, &place.files("merged"), "three shares");

    let cells = place.cells("whole");
    for cell in cells.iter().step_by(3) {
        fs::remove_file(cell).expect("there");
    }
    // What a process that was killed has left is no cell, and goes.
    fs::write(place.path("whole/cells/.x.cell.part-1"), "half").expect("written");
    let left = cells.len() - cells.len().div_ceil(3);
    fs::remove_file(place.path("whole/sweep.json")).expect("there");
    let said = place.done("run s.yaml -o whole");
    assert!(said.contains(&format!("{left} of {} cells were there already", cells.len())), "{said}");
    assert_eq!(place.cells("whole").len(), cells.len());
    let mut again = place.files("whole");
    again.retain(|name, _| whole.contains_key(name));
    assert_same(&whole, &again, "gone on");

    let said = place.refused("run s.yaml -o whole --seed 9");
    assert!(said.contains("cells of another run") && said.contains("--force"), "{said}");
    assert!(place.refused("run s.yaml --shard 1/2 -o whole").contains("shard 1/1 of this run"));
    place.done("run s.yaml -q -o whole --seed 9 --force");
    assert_eq!(place.cells("whole").len(), cells.len());
}

#[test]
fn every_cell_of_a_sweep_meets_the_same_jobs_and_a_cache_of_no_age_serves_nothing() {
    let place = Workspace::new(SCENARIO);
    place.done(
        "run s.yaml -q -o out --over strategies.cached.cache.maxAge=0s,1s,5s --over workloads.w.contexts.count=1..100:log:2",
    );
    let json = fs::read_to_string(place.path("out/sweep.json")).expect("sweep.json");
    let sweep: Value = serde_json::from_str(&json).expect("JSON");
    let cells = sweep["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 3 * 2 * 3);
    let offered: Vec<u64> = cells.iter().filter_map(|cell| cell["offered"].as_u64()).collect();
    assert!(offered.iter().all(|each| *each == offered[0]), "{offered:?}");
    let of = |age: &str, contexts: &str, figure: &str| {
        let is_there = |cell: &&Value| {
            cell["strategy"] == "cached" && cell["point"][0] == age && cell["point"][1] == contexts
        };
        cells.iter().find(is_there).expect("the cell")[figure].as_f64().expect("a figure")
    };
    assert!(of("0s", "1", "cacheHit") < 0.05, "{}", of("0s", "1", "cacheHit"));
    assert!(of("5s", "1", "cacheHit") > 0.5 && of("5s", "1", "revocation_lag_s") <= 5.0);
    assert!(of("5s", "1", "cost_per_million_usd") < of("0s", "1", "cost_per_million_usd"));
    assert_eq!(sweep["against"], "plain");
    assert!(!sweep["fronts"].as_array().expect("fronts").is_empty());
    assert!(json.contains("\"breakEven\""));
    // A point is what `--set` makes of it.
    place.done(
        "run s.yaml -q -o set --set strategies.cached.cache.maxAge=5s --set workloads.w.contexts.count=1",
    );
    let run: Value = serde_json::from_str(&fs::read_to_string(place.path("set/run.json")).expect("run.json"))
        .expect("JSON");
    let cached = &run["strategies"][2];
    assert_eq!(cached["name"], "cached");
    assert_eq!(cached["ratios"]["cacheHit"].as_f64(), Some(of("5s", "1", "cacheHit")));
    assert_eq!(cached["responseTime_ms"]["p99"].as_f64(), Some(of("5s", "1", "p99_ms")));
}

#[test]
fn a_sweep_needs_a_field_that_can_be_varied() {
    let place = Workspace::new(SCENARIO);
    for (over, part) in [
        ("seed=1,2", "`seed` cannot be varied"),
        ("fleet.clients=1..9", "FROM..TO:log"),
        ("fleet.clints=1,2", "did you mean `clients`?"),
        ("fleet.clients=1,0", "--over fleet.clients=0: "),
    ] {
        let said = place.refused(&format!("run s.yaml --over {over} -o out"));
        assert!(said.contains(part), "{over}: {said}");
        assert!(!place.path("out").exists(), "{over}");
    }
    let live = place.refused("run s.yaml --target emulator --shard 1/2 -o out");
    assert!(live.contains("target sim"), "{live}");
}

#[test]
fn a_launcher_says_which_share_it_is_and_that_is_told() {
    let place = Workspace::new(SCENARIO);
    type Set = &'static [(&'static str, &'static str)];
    let shares: [(&str, Set, &str); 4] = [
        (
            "auto",
            &[("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "4")],
            "a",
        ),
        ("auto", &[("SLURM_PROCID", "1"), ("SLURM_STEP_NUM_TASKS", "4"), ("SLURM_NTASKS", "9")], "b"),
        ("auto/4", &[("JOB_COMPLETION_INDEX", "2")], "c"),
        ("auto", &[("AWS_BATCH_JOB_ARRAY_INDEX", "3"), ("AWS_BATCH_JOB_ARRAY_SIZE", "4")], "d"),
    ];
    for (index, (shard, set, out)) in shares.iter().enumerate() {
        let mut command = place.command(&format!("run s.yaml --shard {shard} -o {out}"));
        let output = command.envs(set.iter().copied()).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(said.contains(&format!("shard {}/4, by {}={}", index + 1, set[0].0, set[0].1)), "{said}");
    }
    place.done("run s.yaml -q -o whole");
    place.done("merge -q d b a c -o merged");
    assert_same(&place.files("whole"), &place.files("merged"), "four launchers");
}
