//! Who may come to a bus, and where one may be.

use crate::install::done;
use crate::needs::missing;
use crate::server::{Server, Which};
use crate::support::Workspace;
use std::fs;
use std::process::Command;

#[test]
fn a_bus_with_a_token_lets_in_who_has_it_and_tells_who_has_not() {
    let server = match Server::start(Which::Current, &["--auth", "s3cret"]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let (place, url) = (Workspace::new(), server.url());
    fs::write(place.path("token"), "s3cret\n").expect("written");
    fs::write(place.path("other"), "other\n").expect("written");
    let (code, said) = place.ended(&format!("run s.yaml -o out --bus {url}"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("give --bus-token, --bus-nkey or --bus-creds FILE"), "{said}");
    let (code, said) = place.ended(&format!("worker --idle 1s --bus {url} --bus-token other"));
    assert_eq!(code, 1, "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    let (code, said) = place.ended(&format!("worker --idle 1s --bus {url} --bus-token token"));
    assert_eq!(code, 0, "{said}");
}

/// A pair of keys of the kind that NATS has, the seed is the SHA-256 of `keystorm test of a bus`; it opens nothing.
const SEED: &str = "SUAKFIYFICMHYPQHGFIEARQZ3IY5PI64MYU6OHI3LOD7PGMXN32UEH6XU4";
const PUBLIC: &str = "UDNKBKXIING726M636I4DUQMRT2H5WAGBRCKDC6PAXKULKJFMPCOOIEZ";

#[test]
fn a_bus_with_nkeys_lets_in_who_can_sign() {
    let place = Workspace::new();
    let config = format!("authorization {{ users: [ {{ nkey: {PUBLIC} }} ] }}\n");
    fs::write(place.path("nats.conf"), config).expect("written");
    let file = place.path("nats.conf").display().to_string();
    let server = match Server::start(Which::Current, &["-c", &file]) {
        Ok(server) => server,
        Err(why) => return missing(&why),
    };
    let url = server.url();
    fs::write(place.path("seed"), SEED).expect("written");
    let (code, said) = place.ended(&format!("worker --idle 1s --bus {url} --bus-nkey seed"));
    assert_eq!(code, 0, "{said}");
    fs::write(place.path("none"), "SUnonsense").expect("written");
    let (code, said) = place.ended(&format!("worker --idle 1s --bus {url} --bus-nkey none"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the seed in the file is none of a user") && !said.contains("nonsense"), "{said}");
}

#[test]
fn a_bus_under_tls_is_who_its_certificate_names() {
    let place = Workspace::new();
    let make = |name: &str| {
        let subject = format!("subjectAltName=DNS:{name}");
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        command.args([
            "-days",
            "2",
            "-subj",
            "/CN=test",
            "-addext",
            &subject,
            "-addext",
            "basicConstraints=CA:FALSE",
            "-keyout",
        ]);
        done(
            command
                .arg(place.path(&format!("{name}.key")))
                .arg("-out")
                .arg(place.path(&format!("{name}.pem"))),
        )
    };
    for name in ["localhost", "elsewhere.example"] {
        if let Err(why) = make(name) {
            return missing(&format!("openssl is needed to make a certificate: {why}"));
        }
    }
    let start = |name: &str| {
        let path = |end: &str| place.path(&format!("{name}.{end}")).display().to_string();
        Server::start(Which::Current, &["--tls", "--tlscert", &path("pem"), "--tlskey", &path("key")])
    };
    let (right, wrong) = match (start("localhost"), start("elsewhere.example")) {
        (Ok(right), Ok(wrong)) => (right, wrong),
        (Err(why), _) | (_, Err(why)) => return missing(&why),
    };
    let at = |server: &Server| format!("tls://localhost:{}", server.address().port());
    let (code, said) = place.ended(&format!("worker --idle 1s --bus {} --bus-ca localhost.pem", at(&right)));
    assert_eq!(code, 0, "{said}");
    // Another name, and nobody whom this system trusts.
    let (code, said) =
        place.ended(&format!("worker --idle 1s --bus {} --bus-ca elsewhere.example.pem", at(&wrong)));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("certificate"), "{said}");
    let (code, said) =
        place.ended(&format!("worker --idle 1s --bus {} --bus-ca elsewhere.example.pem", at(&right)));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("--bus-ca FILE"), "{said}");
}

#[test]
fn what_cannot_be_on_a_bus_is_refused_before_anything_is_connected_to() {
    let place = Workspace::new();
    for (line, code, part) in [
        ("run s.yaml --bus nats://8.8.8.8:4222", 2, "--yes-remote-bus"),
        ("run s.yaml --bus http://127.0.0.1", 2, "write nats://HOST:4222"),
        ("worker --bus nats://s3cret@127.0.0.1", 2, "--bus-token FILE"),
        ("worker --bus nats://127.0.0.1 --bus-token nowhere", 2, "--bus-token nowhere"),
        ("worker", 2, "--bus"),
        ("run s.yaml --bus-token x", 2, "--bus-token does nothing here: it goes with --bus URL"),
        ("run s.yaml --bus nats://127.0.0.1 --shard 1/2", 2, "cannot be used with"),
        ("run s.yaml --bus nats://127.0.0.1:4222 --bus-ca jobs.csv", 2, "--bus-ca goes with tls://"),
        ("run s.yaml --bus tls://127.0.0.1:4222 --bus-ca jobs.csv", 2, "holds no certificate"),
    ] {
        let (ended, said) = place.ended(line);
        assert!(ended == code && said.contains(part) && !said.contains("s3cret"), "{line}: {ended}: {said}");
    }
    let variable =
        place.command("worker --bus nats://8.8.8.8:4222").env("KEYSTORM_YES_REMOTE_BUS", "true").output();
    assert_eq!(variable.expect("it starts").status.code(), Some(2), "no consent from the environment");
}
