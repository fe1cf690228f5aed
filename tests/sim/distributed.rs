//! The files of `examples/distributed`: each one's commands are run with the variables that its launcher sets, and what is
//! merged is what one process writes.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/distributed").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(text: &str) -> Vec<Value> {
    text.split("\n---\n").map(|part| serde_yaml::from_str(part).expect("YAML")).collect()
}

/// A folder with a small scenario and its run in one process.
fn place() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let text = example("kubernetes.yaml");
    let scenario = yaml(&text)[0]["data"]["scenario.yaml"].as_str().expect("a scenario").to_owned();
    // The same load, shorter.
    let small = scenario.replace("1200/s", "60/s").replace("1000/s", "50/s").replace("1m", "4s");
    assert_ne!(small, scenario);
    fs::write(folder.path().join("scenario.yaml"), small).expect("written");
    run(folder.path(), &["run", "scenario.yaml", "-q", "-o", "whole"], &[]);
    folder
}

fn clean(command: &mut Command) {
    #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
    for (name, _) in std::env::vars() {
        if ["SLURM_", "JOB_COMPLETION_", "AWS_BATCH_", "KEYSTORM_"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            command.env_remove(name);
        }
    }
}

fn run(folder: &Path, line: &[&str], set: &[(&str, String)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    clean(&mut command);
    let vars = set.iter().map(|(name, value)| (*name, value.as_str()));
    let output = command.args(line).envs(vars).current_dir(folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line:?} {set:?}: {said}");
    said
}

fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let bytes = fs::read(&path).expect("readable");
                    found.insert(path.strip_prefix(root).expect("below").to_path_buf(), bytes);
                }
            }
        }
    }
    found
}

fn merged_is_whole(folder: &Path, shards: &str) {
    run(folder, &["merge", "-q", shards, "-o", "merged"], &[]);
    assert!(files(&folder.join("merged")) == files(&folder.join("whole")), "the bytes of one process");
    fs::remove_dir_all(folder.join("merged")).expect("there");
}

/// The words of a command with the folders of the example put below the test's.
fn words(list: &Value, folders: &[(&str, &str)]) -> Vec<String> {
    let word = |word: &Value| {
        let text = word.as_str().expect("a word").to_owned();
        folders.iter().fold(text, |text, (from, to)| text.replace(from, to))
    };
    list.as_array().expect("words").iter().map(word).collect()
}

#[test]
fn the_slurm_script_runs_a_share_for_each_task() {
    let place = place();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/distributed/slurm.sh");
    let array = example("slurm.sh");
    assert!(array.contains("#SBATCH --array=0-7\n"), "{array}");
    let binary = Path::new(env!("CARGO_BIN_EXE_keystorm")).parent().expect("a folder");
    for task in 0..8 {
        let mut command = Command::new("bash");
        clean(&mut command);
        #[allow(clippy::disallowed_methods, reason = "the script finds keystorm where a shell would")]
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
        let output = command
            .arg(&script)
            .args(["scenario.yaml", "shared"])
            .env("PATH", path)
            .env("SLURM_ARRAY_TASK_ID", task.to_string())
            .envs([
                ("SLURM_ARRAY_TASK_MIN", "0"),
                ("SLURM_ARRAY_TASK_MAX", "7"),
                ("SLURM_ARRAY_TASK_STEP", "1"),
            ])
            .envs([("SLURM_ARRAY_TASK_COUNT", "8"), ("SLURM_PROCID", "0"), ("SLURM_NTASKS", "1")])
            .env("SLURM_CPUS_PER_TASK", "1")
            .current_dir(place.path())
            .output()
            .expect("bash");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success()
                && said.contains(&format!("shard {}/8, by SLURM_ARRAY_TASK_ID={task}", task + 1)),
            "{said}"
        );
    }
    merged_is_whole(place.path(), "shared");
}

#[test]
fn the_kubernetes_job_runs_a_share_for_each_index() {
    let place = place();
    let documents = yaml(&example("kubernetes.yaml"));
    let kinds: Vec<&str> = documents.iter().map(|each| each["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["ConfigMap", "PersistentVolumeClaim", "Job", "Job"]);
    let [shards, merge] = [&documents[2]["spec"], &documents[3]["spec"]];
    assert_eq!(
        (shards["completionMode"].as_str(), shards["parallelism"].as_u64()),
        (Some("Indexed"), Some(8))
    );
    let completions = shards["completions"].as_u64().expect("a number");
    let container = |spec: &Value| spec["template"]["spec"]["containers"][0].clone();
    let folders = [("/scenario/", ""), ("/shared/", "shared/")];
    let line = words(&container(shards)["args"], &folders);
    assert!(line.contains(&format!("auto/{completions}")), "{line:?}");
    for mount in container(shards)["volumeMounts"].as_array().expect("mounts") {
        let volumes = shards["template"]["spec"]["volumes"].as_array().expect("volumes");
        assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{mount}");
    }
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    for index in (0..completions).rev() {
        run(place.path(), &line, &[("JOB_COMPLETION_INDEX", index.to_string())]);
    }
    let line = words(&container(merge)["args"], &folders);
    assert_eq!(line[0], "merge");
    merged_is_whole(place.path(), &line[1]);
}

#[test]
fn the_batch_definition_runs_a_share_for_each_child() {
    let place = place();
    let definition: Value = serde_json::from_str(&example("batch-job-definition.json")).expect("JSON");
    let submit: Value = serde_json::from_str(&example("batch-submit.json")).expect("JSON");
    assert_eq!(submit["jobDefinition"], definition["jobDefinitionName"]);
    let size = submit["arrayProperties"]["size"].as_u64().expect("a size");
    let parameters = definition["parameters"].as_object().expect("parameters");
    let values: Vec<(String, String)> = parameters
        .iter()
        .map(|(name, value)| (format!("Ref::{name}"), value.as_str().expect("text").to_owned()))
        .collect();
    let mut folders: Vec<(&str, &str)> =
        values.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    folders.extend([("/shared/scenario.yaml", "scenario.yaml"), ("/shared/", "shared/")]);
    let line = words(&definition["containerProperties"]["command"], &folders);
    assert!(!line.iter().any(|word| word.contains("Ref::")), "{line:?}");
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    for index in 0..size {
        let set = [
            ("AWS_BATCH_JOB_ARRAY_INDEX", index.to_string()),
            ("AWS_BATCH_JOB_ARRAY_SIZE", size.to_string()),
        ];
        run(place.path(), &line, &set);
    }
    merged_is_whole(place.path(), "shared/shards");
}
