//! DuckDB counts the same calls in the same files as `import cloudtrail`: per second, operation and caller, row for row.

use super::needs;
use super::support::{printed, scripts, venv};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// The counts of both programs for a file, or the files below a folder.
fn counted(python: &Path, folder: &Path, region: &str) -> [String; 2] {
    let out = tempfile::tempdir().unwrap();
    let counts = out.path().join("counts.csv");
    let mut ours = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    ours.args(["import", "cloudtrail", "-q", "--threads", "3", "--region", region]).arg(folder);
    ours.arg("-o").arg(out.path().join("made")).arg("--counts").arg(&counts);
    printed(&mut ours);
    let theirs =
        printed(Command::new(python).arg(scripts().join("python/counts.py")).arg(folder).arg(region));
    [std::fs::read_to_string(&counts).unwrap(), theirs]
}

/// One large log: 12,000 records, of which several threads read their parts at once.
fn records() -> Vec<serde_json::Value> {
    let record = |n: u64| {
        // Every hundredth is a copy of the one before.
        let n = if n % 100 == 99 { n - 1 } else { n };
        let at = jiff::Timestamp::from_second(1_767_225_600 + (n * 7_919 % 3_600) as i64).unwrap();
        let operation = ["Decrypt", "GenerateDataKey", "Encrypt"][(n % 3) as usize];
        serde_json::json!({
            "eventTime": at.to_string(),
            "eventName": operation,
            "eventSource": if n % 5 == 1 { "s3.amazonaws.com" } else { "kms.amazonaws.com" },
            "awsRegion": "eu-west-1",
            "eventType": "AwsApiCall",
            "eventID": format!("e{n}"),
            "userIdentity": { "type": "IAMUser", "userName": format!("user-{}, \"quoted\"", n % 11), "accountId": "111122223333",
                "arn": "x".repeat(200) },
        })
    };
    (0..12_000).map(record).collect()
}

/// The same records as one file of each form.
fn write_forms(folder: &Path) -> Vec<std::path::PathBuf> {
    let records = records();
    let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
    let mut table = csv::Writer::from_writer(Vec::new());
    let names = ["eventTime", "eventName", "eventSource", "awsRegion", "eventType", "eventID"];
    table.write_record(names.iter().chain(&["userIdentity"])).unwrap();
    for record in &records {
        let fields = names.iter().map(|name| record[name].as_str().unwrap().to_owned());
        table.write_record(fields.chain([record["userIdentity"].to_string()])).unwrap();
    }
    let forms = [
        ("one.json", format!(r#"{{"Records":[{}]}}"#, lines.join(",")).into_bytes()),
        ("one.ndjson", (lines.join("\n") + "\n").into_bytes()),
        ("one.csv", table.into_inner().unwrap()),
    ];
    let mut written = Vec::new();
    for (name, bytes) in forms {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, &bytes).unwrap();
        for (name, bytes) in [(name.to_owned(), bytes), (format!("{name}.gz"), packed.finish().unwrap())] {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            written.push(path);
        }
    }
    written
}

/// Delivery files that overlap: records in no order, some in two files, some calls shared by two accounts' logs.
fn write_log(folder: &Path) {
    for file in 0..20_u64 {
        let mut records = Vec::new();
        for n in 0..200_u64 {
            // Every tenth record stands in the next file too.
            let number = if n % 10 == 0 { (file + 1) * 1_000 } else { file * 1_000 + n };
            let second = number * 7_919 % 5_400;
            let at = jiff::Timestamp::from_second(1_767_225_600 + second as i64).unwrap();
            let operation = ["Decrypt", "GenerateDataKey", "Encrypt", "Sign"][(number % 4) as usize];
            let caller = match number % 5 {
                0 => r#""type":"AWSService","invokedBy":"s3.amazonaws.com""#.into(),
                1 => r#""type":"IAMUser","userName":"ann""#.into(),
                2 => r#""type":"Root""#.into(),
                _ => format!(
                    r#""type":"AssumedRole","sessionContext":{{"sessionIssuer":{{"userName":"role{}"}}}}"#,
                    number % 7
                ),
            };
            let shared = if number % 3 == 0 {
                format!(r#","sharedEventID":"s{}""#, number / 2)
            } else {
                String::new()
            };
            let source = if n % 7 == 3 { "s3" } else { "kms" };
            let region = if n % 11 == 5 { "us-east-1" } else { "eu-west-1" };
            records.push(format!(
                r#"{{"eventSource":"{source}.amazonaws.com","eventName":"{operation}","eventType":"AwsApiCall","awsRegion":"{region}","eventID":"e{number}","eventTime":"{at}","userIdentity":{{{caller},"accountId":"111122223333"}}{shared}}}"#
            ));
        }
        let mut text = String::new();
        write!(text, r#"{{"Records":[{}]}}"#, records.join(",")).unwrap();
        std::fs::write(folder.join(format!("{file}.json")), text).unwrap();
    }
}

#[test]
fn duckdb_counts_the_same_calls_per_second_operation_and_caller() {
    let python = match venv("duckdb") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts/cloudtrail/invictus-2023-07-10");
    let [ours, theirs] = counted(&python, &real, "us-east-1");
    assert_eq!(
        ours.lines()
            .skip(1)
            .map(|line| line.rsplit(',').next().unwrap().parse::<u64>().unwrap())
            .sum::<u64>(),
        240
    );
    assert!(ours.lines().eq(theirs.lines()), "ours:\n{ours}\ntheirs:\n{theirs}");
    let made = tempfile::tempdir().unwrap();
    write_log(made.path());
    let [ours, theirs] = counted(&python, made.path(), "eu-west-1");
    assert!(ours.lines().count() > 1_000);
    for (row, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "row {row}");
    }
    assert_eq!(ours.lines().count(), theirs.lines().count());
}

#[test]
fn duckdb_counts_the_same_calls_in_one_large_file_of_each_form() {
    let python = match venv("duckdb") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    for file in write_forms(folder.path()) {
        let [ours, theirs] = counted(&python, &file, "eu-west-1");
        // Callers' names have commas, which the script writes as they are.
        let ours = ours.replace("\"\"", "'").replace('"', "").replace('\'', "\"");
        assert!(ours.lines().count() > 5_000, "{}", file.display());
        for (row, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(ours, theirs, "{}, row {row}", file.display());
        }
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{}", file.display());
    }
}
