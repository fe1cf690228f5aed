//! `keystorm quotas` as its users meet it.

use assert_cmd::Command;

fn keystorm(args: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.args(args).env_remove("KEYSTORM_REGION").env_remove("KEYSTORM_JSON").output().unwrap()
}

#[test]
fn quotas_prints_the_defaults_of_us_east_1() {
    let output = keystorm(&["quotas"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.starts_with("AWS KMS request quotas in us-east-1"), "{text}");
    assert!(text.contains("L-6E3AF000"));
}

#[test]
fn quotas_as_json_is_one_document() {
    let output = keystorm(&["quotas", "--region", "eu-west-1", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["region"], "eu-west-1");
}

#[test]
fn quotas_of_an_unknown_region_is_a_usage_error_with_the_nearest_name() {
    let output = keystorm(&["quotas", "--region", "us-eats-1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean `us-east-1`?"));
    assert!(output.stdout.is_empty());
}
