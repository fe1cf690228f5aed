//! `import cloudtrail` beside DuckDB, on the same files in one run: MB of JSON a second, on one core and on two.
//!
//! Large delivery files (74 MB of JSON in 55 files), small ones (20,000 of 8 records each, 1.2 kB gzipped), and one large file
//! of each form. DuckDB runs where its client test has installed it: `cargo test --test clients duckdb`.

use flate2::Compression;
use flate2::write::GzEncoder;
use keystorm::clock::Stopwatch;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Each figure is the best of so many.
const ROUNDS: usize = 3;

/// One record, of KMS or of another service, as large as real ones are.
fn record(number: u64) -> String {
    let (service, name) = if number.is_multiple_of(3) { ("kms", "Decrypt") } else { ("s3", "GetObject") };
    let (second, minute) = (number / 60 % 60, number / 3600 % 60);
    let mut text = String::new();
    write!(
        text,
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:session","arn":"arn:aws:sts::111122223333:assumed-role/app{role}/session","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/app{role}","accountId":"111122223333","userName":"app{role}"}},"attributes":{{"creationDate":"2026-01-01T00:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-01-01T10:{minute:02}:{second:02}Z","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"eu-west-1","sourceIPAddress":"10.0.0.1","userAgent":"aws-sdk-java/2.20 Linux/5.10","requestParameters":{{"encryptionContext":{{"aws:s3:arn":"arn:aws:s3:::bucket/{context}"}},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}},"responseElements":null,"requestID":"{number:032x}","eventID":"{number:08x}-0000-4000-8000-{number:012x}","readOnly":true,"resources":[{{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-west-1:111122223333:key/{key:08x}-0000-4000-8000-000000000000"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}}"#,
        role = number % 9,
        context = number % 50,
        key = number % 20,
    )
    .expect("a String takes every text");
    text
}

/// Writes gzipped delivery files; gives the bytes of their JSON.
fn write(folder: &Path, files: u64, records: u64) -> u64 {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut size = 0;
    for file in 0..files {
        let all: Vec<String> = (0..records).map(|n| record(file * records + n)).collect();
        let text = format!(r#"{{"Records":[{}]}}"#, all.join(","));
        size += text.len() as u64;
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(text.as_bytes()).expect("memory takes every byte");
        std::fs::write(folder.join(format!("{file:06}.json.gz")), out.finish().expect("as before"))
            .expect("written");
    }
    size
}

/// Writes one log of so many records into `path`, in the form that its name ends in; gives the bytes of it, inflated.
fn write_one(path: &Path, records: u64) -> u64 {
    let name = path.to_string_lossy().into_owned();
    let all: Vec<String> = (0..records).map(record).collect();
    let text = match name.trim_end_matches(".gz").rsplit('.').next() {
        Some("ndjson") => all.join("\n"),
        Some("csv") => {
            let mut out = String::from("eventjson\n");
            for record in &all {
                writeln!(out, "\"{}\"", record.replace('"', "\"\"")).expect("a String takes every text");
            }
            out
        }
        _ => format!(r#"{{"Records":[{}]}}"#, all.join(",")),
    };
    if name.ends_with(".gz") {
        let file = std::fs::File::create(path).expect("made");
        let mut out = GzEncoder::new(file, Compression::fast());
        out.write_all(text.as_bytes()).expect("written");
        out.finish().expect("written");
    } else {
        std::fs::write(path, &text).expect("written");
    }
    text.len() as u64
}

/// The shortest of some runs, in seconds.
fn timed(mut command: impl FnMut() -> Command) -> f64 {
    let once = |mut command: Command| {
        let watch = Stopwatch::start();
        let status = command.stdout(Stdio::null()).status().expect("it starts");
        assert!(status.success(), "{command:?}");
        watch.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| once(command())).fold(f64::INFINITY, f64::min)
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Path::new(env!("CARGO_BIN_EXE_keystorm"));
    let target = program.ancestors().nth(2).expect("target/<profile>/keystorm");
    let python = Some(target.join("clients/duckdb/bin/python")).filter(|python: &PathBuf| python.exists());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python/counts.py");
    let logs = |name: &str| folder.path().join(name);
    for (name, files, records) in [("large files", 55, 900), ("small files", 20_000, 8)] {
        let path = logs(&name.replace(' ', "-"));
        let megabytes = write(&path, files, records) as f64 / 1e6;
        println!("{name}: {megabytes:.0} MB of JSON in {files} files");
        compare(&path, folder.path(), megabytes, python.as_deref().map(|python| (python, &*script)));
    }
    for form in ["json", "json.gz", "ndjson", "csv"] {
        let path = logs(&format!("one.{form}"));
        let megabytes = write_one(&path, 200_000) as f64 / 1e6;
        println!("one file, .{form}: {megabytes:.0} MB");
        let is_read = form != "csv";
        compare(
            &path,
            folder.path(),
            megabytes,
            python.as_deref().filter(|_| is_read).map(|python| (python, &*script)),
        );
    }
}

/// Says how long keystorm takes for `logs`, with one thread and with two, and how long DuckDB does.
fn compare(logs: &Path, folder: &Path, megabytes: f64, duckdb: Option<(&Path, &Path)>) {
    let ours = |threads: &str| {
        timed(|| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
            command.args(["import", "cloudtrail", "-q", "--force", "--threads", threads]).arg(logs);
            command.arg("-o").arg(folder.join("out"));
            command
        })
    };
    let (one, two) = (ours("1"), ours("2"));
    println!("  keystorm, one thread   {one:7.2} s  {:6.0} MB/s", megabytes / one);
    println!(
        "  keystorm, two threads  {two:7.2} s  {:6.0} MB/s, {:.2} times one",
        megabytes / two,
        one / two
    );
    match duckdb {
        None => println!("  DuckDB is not asked, or not installed: cargo test --test clients duckdb"),
        Some((python, script)) => {
            let theirs = timed(|| {
                let mut command = Command::new(python);
                command.arg(script).arg(logs).args(["eu-west-1", "1"]);
                command
            });
            println!(
                "  DuckDB, one thread     {theirs:7.2} s  {:6.0} MB/s; keystorm takes {:.1} times less",
                megabytes / theirs,
                theirs / one
            );
        }
    }
}
