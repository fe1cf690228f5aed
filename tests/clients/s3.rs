//! `import cloudtrail s3://…` against moto's S3: the import is that of the same files in a folder, and nobody is asked whom
//! no flag allows.

use super::needs;
use super::support::{Moto, moto, printed, scripts};
use flate2::Compression;
use flate2::write::GzEncoder;
use keystorm::intake::cloudtrail::{Collector, Filter};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The command, with nothing of AWS in its environment.
fn keystorm(folder: &Path, line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
    for (name, _) in std::env::vars() {
        if ["AWS_", "KEYSTORM_"].iter().any(|start| name.starts_with(start)) {
            command.env_remove(name);
        }
    }
    command.args(line).current_dir(folder);
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder);
    command
}

/// A trail of 300 small files and a large one.
fn write_trail(folder: &Path) {
    let event = |n: u64| {
        let second = n * 7 % 3_600;
        format!(
            r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-west-1","eventID":"e{n}","eventTime":"2026-01-01T00:{:02}:{:02}Z","userIdentity":{{"type":"IAMUser","userName":"u{}","accountId":"111122223333"}},"padding":"{}"}}"#,
            second / 60,
            second % 60,
            n % 5,
            format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).repeat(8),
        )
    };
    let mut next = 0;
    for file in 0..301_u64 {
        let below =
            folder.join(format!("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/{:02}", file % 9 + 1));
        fs::create_dir_all(&below).unwrap();
        let many = if file == 300 { 20_000 } else { 6 };
        let records: Vec<String> = (next..next + many).map(event).collect();
        next += many;
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        write!(out, r#"{{"Records":[{}]}}"#, records.join(",")).unwrap();
        fs::write(below.join(format!("{file:03}.json.gz")), out.finish().unwrap()).unwrap();
    }
    fs::write(folder.join("readme.txt"), "no log").unwrap();
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect()
}

#[test]
fn objects_are_imported_as_files_are_whole_and_in_shares() {
    let python = match moto() {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let server = Moto::start(&python, &[]);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_trail(&at.join("log"));
    let put = scripts().join("moto/bucket.py");
    let keys = [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")];
    printed(
        Command::new(&python).arg(put).args([&*server.url, "trail", "a/b"]).arg(at.join("log")).envs(keys),
    );
    let import = |more: &[&str]| printed(&mut keystorm(at, &[&["import", "cloudtrail"], more].concat()));
    let said = |text: &str| text.split("wrote").next().unwrap().to_owned();
    let whole = import(&["log", "-o", "whole"]);
    assert!(whole.contains("files     301 with 21800 records") && whole.contains("ignored   1"), "{whole}");
    let there = ["--endpoint-url", &server.url, "--credentials", "test"];
    let objects = import(&[&["s3://trail/a/b", "-o", "objects"], &there[..]].concat());
    assert_eq!(said(&objects), said(&whole));
    assert_eq!(files(&at.join("objects")), files(&at.join("whole")));
    // By the environment's endpoint, with a prefix that ends in a slash.
    let mut by_environment =
        keystorm(at, &["import", "cloudtrail", "s3://trail/a/", "-o", "c", "--credentials", "test"]);
    printed(by_environment.env("AWS_ENDPOINT_URL_S3", &server.url));
    assert_eq!(files(&at.join("c")), files(&at.join("whole")));
    import(&[&["s3://trail/a/b", "--list", "files.csv"], &there[..]].concat());
    assert!(fs::read_to_string(at.join("files.csv")).unwrap().contains("s3://trail/a/b/AWSLogs/"));
    for shard in ["1/2", "2/2"] {
        import(
            &[&["--manifest", "files.csv", "--shard", shard, "-o", "shares/{shard}"], &there[..]].concat(),
        );
    }
    printed(&mut keystorm(at, &["merge", "shares", "-o", "merged"]));
    assert_eq!(files(&at.join("merged")), files(&at.join("whole")));
    // What an import has done before it was ended: one object, which is not fetched again.
    let listed = fs::read_to_string(at.join("files.csv")).unwrap();
    let (name, size) = listed.lines().nth(1).and_then(|line| line.rsplit_once(',')).unwrap();
    let mut collector = Collector::in_folder(Filter::default(), &at.join("resumed/.import"), 0);
    let object = fs::File::open(at.join("log").join(name.trim_start_matches("s3://trail/a/b/"))).unwrap();
    collector.read(name, size.parse().unwrap(), object).unwrap();
    collector.put_aside().unwrap();
    drop(collector);
    let resumed = import(&[&["s3://trail/a/b", "-o", "resumed"], &there[..]].concat());
    assert!(resumed.contains("resumed   1 files that were read before"), "{resumed}");
    assert_eq!(files(&at.join("resumed")), files(&at.join("whole")));
    let fails = |line: &[&str], part: &str| {
        let output = keystorm(at, &[&["import", "cloudtrail", "-o", "no"], line, &there[..]].concat())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && text.contains(part), "{line:?}: {text}");
        assert!(!at.join("no/scenario.yaml").exists());
    };
    fails(&["s3://nobody/a"], "s3://nobody");
    fails(&["s3://trail/nothing"], "no .json, .ndjson, .jsonl or .csv file");
}

#[test]
fn nobody_is_asked_whom_no_flag_allows_and_nobody_s_credentials_are_sent_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let import = |more: &[&str], part: &str| {
        let mut command =
            keystorm(at, &[&["import", "cloudtrail", "s3://trail/a", "-o", "no"], more].concat());
        // Somebody's, which nobody has asked for.
        command.env("AWS_ACCESS_KEY_ID", "AKIASOMEBODY").env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("KEYSTORM_YES_REAL_AWS", "true").env("KEYSTORM_YES_REMOTE", "true");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.contains(part), "{more:?}: {text}");
    };
    import(&[], "--bucket-region REGION for AWS, or --endpoint-url URL");
    import(&["--bucket-region", "mars-1"], "`mars-1` is no Region");
    import(&["--bucket-region", "eu-west-1"], "is AWS (a host in amazonaws.com)");
    import(&["--endpoint-url", "https://S3.eu-west-1.AMAZONAWS.com."], "--yes-real-aws");
    import(&["--endpoint-url", "https://bucket.vpce-1a.s3.eu-west-1.vpce.amazonaws.com"], "--yes-real-aws");
    import(&["--endpoint-url", "http://192.0.2.1:9000"], "--yes-remote");
    import(&["--endpoint-url", "http://169.254.169.254"], "nothing is sent there");
    import(&["--endpoint-url", "http://127.0.0.1:9", "--credentials", "chain"], "--yes-real-aws");
    import(
        &["--endpoint-url", "http://127.0.0.1:9", "--credentials", "env:NOBODY"],
        "NOBODY_ACCESS_KEY_ID is not set",
    );
    let line = ["import", "cloudtrail", ".", "-o", "no", "--bucket-region", "eu-west-1"];
    let output = keystorm(at, &line).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(2) && text.contains("--bucket-region means something with s3://"),
        "{text}"
    );

    // What is sent without --credentials: no signature, and who calls.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && peer.read(&mut byte).unwrap() == 1 {
            head.push(byte[0]);
        }
        peer.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    });
    let mut command =
        keystorm(at, &["import", "cloudtrail", "s3://trail/a", "-o", "no", "--endpoint-url", &url]);
    command.env("AWS_ACCESS_KEY_ID", "AKIASOMEBODY").env("AWS_SECRET_ACCESS_KEY", "secret");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let heard = heard.join().unwrap();
    assert!(heard.starts_with("get /trail?list-type=2") && heard.contains("user-agent: "), "{heard}");
    assert!(
        heard.contains("keystorm/") && !heard.contains("authorization") && !heard.contains("akia"),
        "{heard}"
    );

    // Nobody listens there any more: that is told soon.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let line = ["import", "cloudtrail", "s3://trail/a", "-o", "no", "--endpoint-url", &url];
    let output = keystorm(at, &line).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("s3://trail: "), "{text}");
}
