//! `keystorm import cloudtrail --shard` and `keystorm merge`: shares add up to the bytes of one import, or are refused by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Exit code, stdout, stderr.
type Outcome = (i32, String, String);

fn keystorm(folder: &Path, line: &[&str], set: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
    for (name, _) in std::env::vars() {
        let is_read = ["SLURM_", "JOB_COMPLETION_", "AWS_BATCH_", "KEYSTORM_"];
        if is_read.iter().any(|start| name.starts_with(start)) {
            command.env_remove(name);
        }
    }
    let output =
        command.args(line).envs(set.iter().copied()).current_dir(folder).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it ends by itself"), text(&output.stdout), text(&output.stderr))
}

fn done(folder: &Path, line: &[&str]) -> String {
    let (code, out, said) = keystorm(folder, line, &[]);
    assert_eq!(code, 0, "{line:?}: {said}");
    out
}

/// A trail of three accounts, two Regions and four days whose files overlap: copies of events stand in files of several days
/// and accounts.
fn place() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let mut number = 0_u64;
    for account in ["111122223333", "222233334444", "333344445555"] {
        for region in ["eu-west-1", "us-east-1"] {
            for day in 1..=4 {
                let records: Vec<String> = (0..30)
                    .map(|n| {
                        number += 1;
                        // Every fifth event is logged by a second account too.
                        let id = if n % 5 == 0 { number % 40 } else { 1_000 + number };
                        let (second, user) = (id * 7 % 60, id % 4);
                        format!(
                            r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-west-1","eventID":"e{id}","eventTime":"2026-01-01T00:00:{second:02}Z","userIdentity":{{"type":"IAMUser","userName":"u{user}","accountId":"111122223333"}},"resources":[{{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/{}"}}]}}"#,
                            id % 9
                        )
                    })
                    .collect();
                let below =
                    folder.path().join(format!("log/AWSLogs/{account}/CloudTrail/{region}/2026/01/{day:02}"));
                fs::create_dir_all(&below).expect("made");
                let text = format!(r#"{{"Records":[{}]}}"#, records.join(","));
                fs::write(below.join(format!("{account}-{day}.json")), text).expect("written");
            }
        }
    }
    fs::write(folder.path().join("log/readme.txt"), "no log").expect("written");
    folder
}

fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(root).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.file_name().expect("a name").into(), fs::read(&path).expect("a file"))).collect()
}

fn partial(folder: &Path) -> PathBuf {
    let mut found = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let path = found.next().expect("a partial");
    assert!(found.next().is_none(), "nothing is left beside the partial");
    path
}

#[test]
fn shares_of_any_number_and_order_add_up_to_the_bytes_of_one_import() {
    let folder = place();
    let at = folder.path();
    let more = ["--caller", "u1", "--caller", "u2", "--account", "111122223333"];
    let whole = |line: &[&str]| done(at, &[line, &more].concat());
    let said = whole(&["import", "cloudtrail", "log", "-o", "whole", "--counts", "whole.csv"]);
    assert!(said.contains("copies "), "copies stand in several files:\n{said}");
    assert_eq!(
        done(at, &["import", "cloudtrail", "log", "--list", "files.csv"]),
        "24 files with 0 bytes"
            .replace("0 bytes", &format!("{} bytes are listed in files.csv\n", bytes(&at.join("log"))))
    );
    for of in [1, 2, 5] {
        let mut dirs = Vec::new();
        for index in (1..=of).rev() {
            let (shard, dir) = (format!("{index}/{of}"), format!("share-{of}/{index}"));
            let from: &[&str] = if index % 2 == 0 { &["--manifest", "files.csv"] } else { &["log"] };
            let line = [&["import", "cloudtrail", "--shard", &shard, "-o", &dir], from, &more].concat();
            let said = done(at, &line);
            assert!(said.contains(&format!("shard {shard} of 24 files")), "{said}");
            let made = partial(&at.join(&dir));
            // A launcher may begin it again.
            assert!(done(at, &line).contains("was read already"));
            assert_eq!(partial(&at.join(&dir)), made);
            dirs.push(dir);
        }
        let (out, counts) = (format!("merged-{of}"), format!("merged-{of}.csv"));
        // By the folder of folders, or one by one.
        let parent = [format!("share-{of}")];
        let dirs = if of == 2 { &parent[..] } else { &dirs[..] };
        let mut line = vec!["merge", "-o", &out, "--counts", &counts];
        line.extend(dirs.iter().map(String::as_str));
        let merged = done(at, &line);
        assert_eq!(merged.split("wrote").next(), said.split("wrote").next(), "what is said of it");
        assert_eq!(files(&at.join(&out)), files(&at.join("whole")), "{of} shares");
        assert_eq!(fs::read(at.join(&counts)).unwrap(), fs::read(at.join("whole.csv")).unwrap());
    }
}

/// Bytes of the logs below a folder.
fn bytes(folder: &Path) -> u64 {
    let mut sum = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sum += bytes(&path);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            sum += fs::metadata(&path).expect("a file").len();
        }
    }
    sum
}

#[test]
fn a_launcher_says_which_share_and_the_folder_is_named_by_it() {
    let folder = place();
    let line = ["import", "cloudtrail", "log", "--shard", "auto", "-o", "s-{shard}"];
    let set = [("AWS_BATCH_JOB_ARRAY_INDEX", "1"), ("AWS_BATCH_JOB_ARRAY_SIZE", "3")];
    let (code, _, said) = keystorm(folder.path(), &line, &set);
    assert!(code == 0 && said.contains("shard 2/3, by AWS_BATCH_JOB_ARRAY_INDEX=1"), "{said}");
    partial(&folder.path().join("s-2-of-3"));
    let (code, _, said) = keystorm(folder.path(), &line, &[]);
    assert!(code == 2 && said.contains("no launcher has set"), "{said}");
}

#[test]
fn partials_that_are_missing_foreign_doubled_damaged_or_of_another_version_are_refused_by_name() {
    let folder = place();
    let at = folder.path();
    for index in ["1", "2", "3"] {
        done(
            at,
            &["import", "cloudtrail", "log", "--shard", &format!("{index}/3"), "-o", &format!("s{index}")],
        );
    }
    let refused = |dirs: &[&str], parts: &[&str]| {
        let (code, _, said) = keystorm(at, &[&["merge", "-o", "out"], dirs].concat(), &[]);
        assert_eq!(code, 1, "{said}");
        parts.iter().for_each(|part| assert!(said.contains(part), "{part} is not in:\n{said}"));
        assert!(!at.join("out/scenario.yaml").exists(), "nothing is made of {dirs:?}");
    };
    refused(&["s1"], &["missing: the shards 2/3, 3/3"]);
    fs::create_dir(at.join("copy")).unwrap();
    let two = partial(&at.join("s2"));
    fs::copy(&two, at.join("copy").join(two.file_name().unwrap())).unwrap();
    refused(&["s1", "s2", "s3", "copy"], &["doubled: shard 2: s2/shard-2-of-3.", " and copy/shard-2-of-3."]);
    done(at, &["import", "cloudtrail", "log", "--shard", "3/3", "-o", "other", "--caller", "u1"]);
    refused(
        &["s1", "s2", "other"],
        &["foreign: other/shard-3-of-3.", "other filters", "missing: the shards 3/3"],
    );
    done(at, &["import", "cloudtrail", "log", "--shard", "1/2", "-o", "half"]);
    refused(&["s1", "s2", "s3", "half"], &["foreign: half/shard-1-of-2.", "another number of shards"]);
    fs::write(at.join("log/more.json"), r#"{"Records":[]}"#).unwrap();
    done(at, &["import", "cloudtrail", "log", "--shard", "3/3", "-o", "later"]);
    refused(&["s1", "s2", "later"], &["foreign: later/", "its log had other files"]);
    refused(&["s1", "nowhere"], &["nowhere"]);
    // One bit is another.
    let mut changed = fs::read(&two).unwrap();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(&two, changed).unwrap();
    refused(&["s1", "s2", "s3"], &["s2/shard-2-of-3.", "damaged", "missing: the shards 2/3"]);
    fs::remove_file(&two).unwrap();
    // Of another keystorm, whole by itself.
    let one = partial(&at.join("s1"));
    let text = fs::read(&one).unwrap();
    let end = text.iter().position(|byte| *byte == b'\n').unwrap();
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let head = String::from_utf8(text[..end].to_vec()).unwrap().replace(&version, "\"version\":\"9.9.9\"");
    let bytes = [head.as_bytes(), &text[end..]].concat();
    let sum: String = {
        use sha2::{Digest as _, Sha256};
        Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    };
    fs::write(at.join("s2").join(format!("shard-2-of-3.{sum}.partial")), bytes).unwrap();
    refused(&["s1", "s2", "s3"], &["s2/shard-2-of-3.", "of keystorm 9.9.9"]);
}

#[test]
fn a_share_goes_on_by_file_and_a_list_that_is_not_true_any_more_is_refused() {
    use keystorm::intake::cloudtrail::{Collector, Filter};
    let folder = place();
    let at = folder.path();
    done(at, &["import", "cloudtrail", "log", "--list", "files.csv"]);
    let listed = fs::read_to_string(at.join("files.csv")).unwrap();
    let (files, bytes) = (listed.lines().count() - 1, bytes(&at.join("log")));
    let mut sum = 0_u64;
    for line in listed.lines().skip(1) {
        let (path, size) = line.rsplit_once(',').unwrap();
        sum = sum.wrapping_add(Collector::mark(path, size.parse().unwrap()));
    }
    // What a share has done before it was ended: one file.
    let first = listed.lines().nth(1).unwrap().rsplit_once(',').unwrap();
    let aside = at.join("share/.import-1-of-1");
    let scope = format!("1/1 of {files} files, {bytes} bytes, {sum:016x}");
    let mut collector = Collector::in_folder(Filter::default(), &aside, 0).within(&scope);
    let input = fs::File::open(at.join(first.0)).unwrap();
    collector.read(first.0, first.1.parse().unwrap(), input).unwrap();
    collector.put_aside().unwrap();
    drop(collector);
    // It is not read again: what is in it now would be no log.
    fs::write(at.join(first.0), "x".repeat(first.1.parse().unwrap())).unwrap();
    done(at, &["import", "cloudtrail", "--manifest", "files.csv", "--shard", "1/1", "-o", "share"]);
    assert!(!aside.exists());
    fs::write(at.join(first.0), "shorter").unwrap();
    let (code, _, said) =
        keystorm(at, &["import", "cloudtrail", "--manifest", "files.csv", "--shard", "1/2", "-o", "b"], &[]);
    assert!(code == 1 && said.contains("it has 7 bytes, and had"), "{said}");
    let (code, _, said) = keystorm(at, &["import", "cloudtrail", "-", "--shard", "1/2", "-o", "c"], &[]);
    assert!(code == 2 && said.contains("--shard: stdin"), "{said}");
    let (code, _, said) =
        keystorm(at, &["import", "cloudtrail", "--manifest", "log/readme.txt", "-o", "d"], &[]);
    assert!(code == 1 && said.contains("no list of files"), "{said}");
}
