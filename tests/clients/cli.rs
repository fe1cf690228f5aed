//! AWS CLI v2, as people type it.

use super::needs;
use super::support::{SECRET, client, printed, start, strict, unthrottled};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The AWS CLI v2, wherever it is.
pub fn aws() -> Option<PathBuf> {
    let places = ["/usr/bin/aws", "/usr/local/bin/aws", "aws"];
    let is_v2 = |place: &str| {
        let output = Command::new(place).arg("--version").output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with("aws-cli/2"))
    };
    let found = places.into_iter().find(|place| is_v2(place)).map(PathBuf::from);
    if found.is_none() {
        needs::missing("the AWS CLI v2 is needed for its tests (Debian: awscli)");
    }
    found
}

#[test]
fn the_cli_encrypts_lists_and_fails_as_against_aws() {
    let Some(aws) = aws() else { return };
    let running = start(unthrottled());
    let folder = tempfile::tempdir().unwrap();
    let url = running.url();
    let kms = |arguments: &[&str]| {
        let mut command = client(&aws, &url, None);
        command
            .args(["--endpoint-url", &url, "--output", "json", "kms"])
            .args(arguments)
            .current_dir(folder.path());
        command
    };
    let json = |arguments: &[&str]| -> Value { serde_json::from_str(&printed(&mut kms(arguments))).unwrap() };
    let key = json(&["create-key", "--description", "made by the CLI", "--tags", "TagKey=a,TagValue=b"]);
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    printed(&mut kms(&["create-alias", "--alias-name", "alias/cli", "--target-key-id", id]));
    std::fs::write(folder.path().join("plain"), b"from a file").unwrap();
    let sealed = json(&[
        "encrypt",
        "--key-id",
        "alias/cli",
        "--plaintext",
        "fileb://plain",
        "--encryption-context",
        "team=a",
    ]);
    let blob = sealed["CiphertextBlob"].as_str().unwrap();
    std::fs::write(folder.path().join("sealed.b64"), blob).unwrap();
    let opened = json(&["decrypt", "--ciphertext-blob", blob, "--encryption-context", "team=a"]);
    use base64::Engine as _;
    let plain =
        base64::engine::general_purpose::STANDARD.decode(opened["Plaintext"].as_str().unwrap()).unwrap();
    assert_eq!(plain, b"from a file");
    for n in 0..5 {
        printed(&mut kms(&["create-alias", "--alias-name", &format!("alias/n{n}"), "--target-key-id", id]));
    }
    let listed = json(&["list-aliases", "--key-id", id, "--page-size", "2"]);
    assert_eq!(listed["Aliases"].as_array().unwrap().len(), 6, "the CLI follows every page");
    let refused = kms(&["decrypt", "--ciphertext-blob", blob]).output().unwrap();
    assert_eq!(refused.status.code(), Some(254));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("(InvalidCiphertextException) when calling the Decrypt operation"), "{said}");
}

#[test]
fn the_cli_signs_over_tls_and_a_wrong_secret_is_refused() {
    let Some(aws) = aws() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let running = start(strict(&ca));
    let url = running.url();
    let run = |secret: &str, arguments: &[&str]| {
        let mut command = client(Path::new(&aws), &url, Some(&ca));
        command
            .env("AWS_SECRET_ACCESS_KEY", secret)
            .args(["--endpoint-url", &url, "--output", "json"])
            .args(arguments);
        command
    };
    let who: Value =
        serde_json::from_str(&printed(&mut run(SECRET, &["sts", "get-caller-identity"]))).unwrap();
    assert_eq!(who["Arn"], "arn:aws:iam::123456789012:user/clients");
    printed(&mut run(SECRET, &["kms", "generate-random", "--number-of-bytes", "8"]));
    let refused = run("another", &["kms", "list-keys"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("InvalidSignatureException"), "{said}");
}
