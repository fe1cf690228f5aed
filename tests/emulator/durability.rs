//! kill -9 under write load: what was acknowledged is there after a restart, and every key that is there is whole.

use crate::times::times;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// How often the server is killed.
const ROUNDS: u64 = 25;
/// Servers that are killed side by side.
const SERVERS: usize = 3;
/// The longest a round takes: only a server that has stopped writing needs it.
const DEADLINE: Duration = Duration::from_secs(60);
/// Connections that write at a time.
const WRITERS: usize = 4;

/// A server on a folder, in a process of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_keystorm"))
            .args(["serve", "--listen", "127.0.0.1:0", "--no-quotas", "--data-dir"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("listening on http://").expect("the first line is the URL").to_string();
        Server { child, address }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One call on a kept connection; `None` if the server is gone.
fn call(stream: &mut TcpStream, operation: &str, body: &str) -> Option<(u16, serde_json::Value)> {
    let length = body.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: TrentService.{operation}\r\nContent-Type: \
         application/x-amz-json-1.1\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((status, serde_json::from_slice(&body).ok()?))
}

/// Creates keys until the server dies; the ids of those that were acknowledged.
fn write_keys(
    address: &str,
    round: usize,
    writer: usize,
    enough: &Sender<()>,
    acknowledged: &Mutex<BTreeSet<String>>,
) {
    // The others may have had the server killed before this one begins.
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    for n in 0.. {
        let id = format!("r{round}-w{writer}-{n}");
        let tags = format!(r#"{{"Tags":[{{"TagKey":"_custom_id_","TagValue":"{id}"}}]}}"#);
        let Some((status, _)) = call(&mut stream, "CreateKey", &tags) else { return };
        assert_eq!(status, 200);
        acknowledged.lock().unwrap().insert(id.clone());
        let alias = format!(r#"{{"AliasName":"alias/{id}","TargetKeyId":"{id}"}}"#);
        let Some((status, _)) = call(&mut stream, "CreateAlias", &alias) else { return };
        assert_eq!(status, 200);
        acknowledged.lock().unwrap().insert(format!("alias/{id}"));
        if n >= round % 7 {
            // Nobody listens any more where another has said so.
            let _ = enough.send(());
        }
    }
}

/// Every item of a list, page by page.
fn list(stream: &mut TcpStream, operation: &str, items: &str, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut marker = String::new();
    loop {
        let limit = if operation == "ListKeys" { 1000 } else { 100 };
        let (status, page) = call(stream, operation, &format!(r#"{{"Limit":{limit}{marker}}}"#)).unwrap();
        assert_eq!(status, 200, "{page}");
        found.extend(
            page[items].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_string()),
        );
        match page["NextMarker"].as_str() {
            Some(next) => marker = format!(r#","Marker":"{next}""#),
            None => return found,
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    // A round mostly waits for the disk: several servers, each with its folder, wait side by side.
    let rounds = usize::try_from(times(ROUNDS)).unwrap();
    std::thread::scope(|scope| {
        for first in 0..SERVERS {
            scope.spawn(move || killed_over_and_over((first..rounds).step_by(SERVERS)));
        }
    });
}

/// Kills the server of one folder in each of these rounds, and looks at what is left.
fn killed_over_and_over(rounds: impl ExactSizeIterator<Item = usize>) {
    let killed = rounds.len();
    let folder = tempfile::tempdir().unwrap();
    let acknowledged = Mutex::new(BTreeSet::new());
    for round in rounds {
        let server = Server::start(folder.path());
        let (enough, told) = channel();
        let address = server.address.clone();
        let is_enough = std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (address, enough, acknowledged) = (&address, enough.clone(), &acknowledged);
                scope.spawn(move || write_keys(address, round, writer, &enough, acknowledged));
            }
            drop(enough);
            let is_enough = told.recv_timeout(DEADLINE).is_ok();
            server.kill();
            is_enough
        });
        assert!(is_enough, "round {round}: not enough was written in {DEADLINE:?}");
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= killed, "{} records in {killed} rounds", acknowledged.len());
    let server = Server::start(folder.path());
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let keys = list(&mut stream, "ListKeys", "Keys", "KeyId");
    let aliases = list(&mut stream, "ListAliases", "Aliases", "AliasName");
    let missing: Vec<&String> =
        acknowledged.iter().filter(|name| !keys.contains(*name) && !aliases.contains(*name)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    for id in &keys {
        let (status, answer) =
            call(&mut stream, "GenerateDataKey", &format!(r#"{{"KeyId":"{id}","KeySpec":"AES_256"}}"#))
                .unwrap();
        assert_eq!(status, 200, "{id}: {answer}");
    }
}

#[test]
fn a_ciphertext_and_the_clock_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let (_, made) = call(&mut stream, "CreateKey", "{}").unwrap();
    let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_string();
    let (_, sealed) =
        call(&mut stream, "Encrypt", &format!(r#"{{"KeyId":"{id}","Plaintext":"aGVsbG8="}}"#)).unwrap();
    let blob = sealed["CiphertextBlob"].as_str().unwrap().to_string();
    let (_, grant) = call(
        &mut stream,
        "CreateGrant",
        &format!(r#"{{"KeyId":"{id}","GranteePrincipal":"arn:aws:iam::123456789012:role/a","Operations":["Decrypt"]}}"#),
    )
    .unwrap();
    let (_, _) =
        call(&mut stream, "ScheduleKeyDeletion", &format!(r#"{{"KeyId":"{id}","PendingWindowInDays":7}}"#))
            .unwrap();
    let (_, _) = call(&mut stream, "CancelKeyDeletion", &format!(r#"{{"KeyId":"{id}"}}"#)).unwrap();
    let (_, _) = call(&mut stream, "EnableKey", &format!(r#"{{"KeyId":"{id}"}}"#)).unwrap();
    server.kill();
    let server = Server::start(folder.path());
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let (status, opened) =
        call(&mut stream, "Decrypt", &format!(r#"{{"CiphertextBlob":"{blob}"}}"#)).unwrap();
    assert_eq!((status, opened["Plaintext"].as_str()), (200, Some("aGVsbG8=")), "{opened}");
    let (_, grants) = call(&mut stream, "ListGrants", &format!(r#"{{"KeyId":"{id}"}}"#)).unwrap();
    assert_eq!(grants["Grants"][0]["GrantId"], grant["GrantId"]);
    let token = grant["GrantToken"].as_str().unwrap();
    let (status, retired) =
        call(&mut stream, "RetireGrant", &format!(r#"{{"GrantToken":"{token}"}}"#)).unwrap();
    assert_ne!(
        retired["__type"], "InvalidGrantTokenException",
        "the token is still known: {status} {retired}"
    );
}
