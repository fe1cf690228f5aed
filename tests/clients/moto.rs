//! moto's CloudWatch and STS, asked by `import cloudwatch --from-aws` as AWS would be: a stand-in that is not ours.

use super::needs;
use super::support::{Moto, client, moto, printed, scripts};
use std::path::Path;
use std::process::{Command, Output};

/// `import cloudwatch --from-aws` against moto, by somebody with credentials.
fn import(server: &Moto, folder: &Path, more: &[&str]) -> Command {
    let mut command = client(Path::new(env!("CARGO_BIN_EXE_keystorm")), &server.url, None);
    command
        .args(["import", "cloudwatch", "--from-aws", "--region", "eu-west-1"])
        .args(more)
        .current_dir(folder);
    command
}

fn said(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn moto_s_minutes_become_a_load_and_its_account_is_asked_for_first() {
    let python = match moto() {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let server = Moto::start(&python, &[]);
    let folder = tempfile::tempdir().unwrap();
    let put = scripts().join("moto/cloudwatch.py");
    // Some of them are too old to be asked for.
    let minutes = (5..=150).map(|minute| format!("{minute}:{}", if minute == 40 { 6_000 } else { 600 }));
    printed(client(&python, &server.url, None).arg(put).arg(&server.url).args(minutes));
    let yes = ["--yes-real-aws", "--last", "2h", "-o", "in"];
    let text = printed(&mut import(&server, folder.path(), &[&yes[..], &["--json"]].concat()));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    // 116 minutes, unless one has ended meanwhile.
    let (calls, periods) = (document["calls"].as_f64().unwrap(), document["periods"].as_u64().unwrap());
    assert!((115..=117).contains(&periods), "{text}");
    assert_eq!(calls, (periods - 1) as f64 * 600.0 + 6_000.0);
    assert_eq!(document["busiest_period"]["mean_per_s"], 100.0);
    let trace = std::fs::read_to_string(folder.path().join("in/trace.csv")).unwrap();
    let sum: u64 =
        trace.lines().skip(1).map(|row| row.split_once(',').unwrap().1.parse::<u64>().unwrap()).sum();
    assert_eq!(sum as f64, calls);
    let lines = printed(&mut import(&server, folder.path(), &["--yes-real-aws", "--triage", "15m"]));
    assert_eq!(lines.lines().count(), 5, "{lines}");
    // Nothing was counted of this pool.
    let (code, text) =
        said(&mut import(&server, folder.path(), &["--yes-real-aws", "--pool", "rsa", "-o", "other"]));
    assert!(code == Some(1) && text.contains("ask for a time in which there were some"), "{text}");
    let denied = folder.path().join("denied");
    std::fs::write(&denied, "123456789012\n").unwrap();
    let mut refused = import(&server, folder.path(), &["--yes-real-aws", "-o", "other"]);
    let (code, text) = said(refused.env("KEYSTORM_DENIED_ACCOUNTS", &denied));
    assert!(code == Some(1) && text.contains("123456789012"), "moto's own account is denied: {text}");
    let mut nobody = import(&server, folder.path(), &["--yes-real-aws", "-o", "other"]);
    nobody.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let (code, text) = said(&mut nobody);
    assert!(code == Some(1) && text.contains("no AWS credentials were found"), "{text}");
    assert!(!folder.path().join("other").exists());
}

#[test]
fn credentials_that_moto_s_sts_does_not_know_end_it_before_cloudwatch_is_asked() {
    let python = match moto() {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let server = Moto::start(&python, &[("INITIAL_NO_AUTH_ACTION_COUNT", "0")]);
    let folder = tempfile::tempdir().unwrap();
    let (code, text) = said(&mut import(&server, folder.path(), &["--yes-real-aws", "-o", "in"]));
    // Its answer has the form of IAM's, which no client of STS reads: the status is what is left.
    assert!(code == Some(1) && text.contains("STS GetCallerIdentity: HTTP 403"), "{text}");
    assert!(!folder.path().join("in").exists());
}
