//! Quotas over a socket are exact: on a stepped clock they are the limiters' closed forms, on the wall clock an
//! independent limiter agrees with every decision.

use keystorm::quota::Enforcement;
use keystorm::server::{Running, Settings};
use keystorm::time::Span;
use keystorm::units::Rate;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

/// One kept connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn to(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Client(BufReader::new(stream))
    }

    fn send(&mut self, head: &str, body: &str) -> Value {
        let text = format!("{head}Host: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    }

    /// A call by an account in a Region.
    fn call_as(&mut self, who: (&str, &str), operation: &str, body: &Value) -> Value {
        let (account, region) = who;
        let head = format!(
            "POST / HTTP/1.1\r\nX-Amz-Target: TrentService.{operation}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential={account}/20261124/{region}/kms/aws4_request, SignedHeaders=host, Signature=0\r\n"
        );
        self.send(&head, &body.to_string())
    }

    fn call(&mut self, operation: &str, body: &Value) -> Value {
        self.call_as(("123456789012", "us-east-1"), operation, body)
    }

    /// Whether a call passes the quota, whatever comes of it then.
    fn passes(&mut self, operation: &str, body: &Value) -> bool {
        self.call(operation, body)["__type"] != "ThrottlingException"
    }

    fn admin(&mut self, method: &str, path: &str, body: &Value) -> Value {
        self.send(
            &format!("{method} /_keystorm/{path} HTTP/1.1\r\nContent-Type: application/json\r\n"),
            &body.to_string(),
        )
    }

    fn step(&mut self, by: &str) {
        self.admin("POST", "clock", &json!({ "advance": by }));
    }
}

fn settings(enforcement: Enforcement, limits: &[(&str, u64)]) -> Settings {
    let mut settings = Settings::default();
    settings.emulator.quotas.enforcement = enforcement;
    for (pool, limit) in limits {
        settings.emulator.quotas.overrides.insert((*pool).into(), Rate::per_second(*limit));
    }
    settings
}

/// A server whose clock stands still, and a connection to it.
fn frozen(enforcement: Enforcement, limits: &[(&str, u64)]) -> (Running, Client) {
    let running = Running::start(settings(enforcement, limits)).unwrap();
    let mut client = Client::to(running.address());
    client.admin("POST", "clock", &json!({ "freeze": true }));
    (running, client)
}

/// How many of `n` calls at one moment pass.
fn passed(client: &mut Client, n: usize) -> usize {
    let body = json!({ "NumberOfBytes": 8 });
    (0..n).filter(|_| client.passes("GenerateRandom", &body)).count()
}

const WINDOW: Enforcement = Enforcement::Window { phase: None };

#[test]
fn a_window_gives_its_limit_once_a_second() {
    let (_running, mut client) = frozen(WINDOW, &[("symmetric", 7)]);
    client.step("10s");
    for _ in 0..20 {
        client.step("1s");
        assert_eq!(passed(&mut client, 12), 7);
        assert_eq!(passed(&mut client, 3), 0);
    }
    let pinned = Enforcement::Window { phase: Some(Span::from_millis(250)) };
    let (_running, mut client) = frozen(pinned, &[("symmetric", 4)]);
    client.admin("POST", "clock", &json!({ "advance": "5s" }));
    let at = client.admin("GET", "clock", &json!({}))["since_start_ns"].as_u64().unwrap();
    // To 100 ms before the next edge: the limit before it, the limit again behind it.
    let edge = (at / 1_000_000_000 + 2) * 1_000_000_000 + 250_000_000;
    client.step(&format!("{}ns", edge - 100_000_000 - at));
    assert_eq!(passed(&mut client, 9), 4);
    client.step("99ms");
    assert_eq!(passed(&mut client, 9), 0);
    client.step("1ms");
    assert_eq!(passed(&mut client, 9), 4, "twice the limit within 100 ms, across an edge");
}

#[test]
fn a_bucket_refills_continuously_and_holds_its_burst() {
    let (_running, mut client) =
        frozen(Enforcement::Bucket { burst: Span::from_secs(2) }, &[("symmetric", 10)]);
    client.step("60s");
    assert_eq!(passed(&mut client, 30), 20, "a full bucket");
    for (step, refilled) in
        [("100ms", 1), ("250ms", 2), ("50ms", 1), ("1s", 10), ("3s", 20), ("99ms", 0), ("1ms", 1)]
    {
        client.step(step);
        assert_eq!(passed(&mut client, 30), refilled, "after {step}");
    }
}

#[test]
fn a_sliding_second_never_holds_more_than_the_limit() {
    let (_running, mut client) = frozen(Enforcement::Sliding, &[("symmetric", 6)]);
    client.step("5s");
    assert_eq!(passed(&mut client, 4), 4);
    client.step("600ms");
    assert_eq!(passed(&mut client, 9), 2);
    client.step("400ms");
    assert_eq!(passed(&mut client, 9), 4, "the first four are a second old");
    client.step("600ms");
    assert_eq!(passed(&mut client, 9), 2);
}

#[test]
fn a_lagging_counter_refuses_late_and_lets_go_late() {
    let (_running, mut client) =
        frozen(Enforcement::Lagging { lag: Span::from_secs(1) }, &[("symmetric", 5)]);
    client.step("10s");
    assert_eq!(passed(&mut client, 50), 50, "nothing of this second is seen yet");
    client.step("1s");
    assert_eq!(passed(&mut client, 10), 0, "fifty are seen");
    client.step("1s");
    assert_eq!(passed(&mut client, 10), 10, "and gone");
}

#[test]
fn each_pool_account_and_region_counts_by_itself() {
    let limits = [("symmetric", 3), ("rsa", 2), ("ecc", 2), ("CreateKey", 40), ("DescribeKey", 1)];
    let (_running, mut client) = frozen(WINDOW, &limits);
    client.step("10s");
    let make = |client: &mut Client, body: Value| {
        client.call("CreateKey", &body)["KeyMetadata"]["KeyId"].as_str().unwrap().to_string()
    };
    let aes = make(&mut client, json!({}));
    let ecc = make(&mut client, json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" }));
    let rsa = make(&mut client, json!({ "KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT" }));
    let encrypt = json!({ "KeyId": aes, "Plaintext": "aGk=" });
    let count = |client: &mut Client, operation: &str, body: &Value| {
        (0..6).filter(|_| client.passes(operation, body)).count()
    };
    client.step("1s");
    assert_eq!(count(&mut client, "Encrypt", &encrypt), 3);
    assert_eq!(
        count(
            &mut client,
            "Sign",
            &json!({ "KeyId": ecc, "Message": "aGk=", "SigningAlgorithm": "ECDSA_SHA_256" })
        ),
        2
    );
    let oaep = json!({ "KeyId": rsa, "Plaintext": "aGk=", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
    assert_eq!(count(&mut client, "Encrypt", &oaep), 2);
    assert_eq!(count(&mut client, "DescribeKey", &json!({ "KeyId": aes })), 1);
    let random = json!({ "NumberOfBytes": 1 });
    for who in [("210987654321", "us-east-1"), ("123456789012", "eu-west-1")] {
        let ok = (0..6)
            .filter(|_| client.call_as(who, "GenerateRandom", &random)["__type"] != "ThrottlingException")
            .count();
        assert_eq!(ok, 3, "{who:?}");
    }
    // What is denied, malformed or a dry run takes quota too, and throttling is said before anything else.
    client.step("1s");
    assert!(client.passes("Encrypt", &json!({ "KeyId": aes })), "invalid");
    assert!(client.passes("Encrypt", &json!({ "KeyId": "nothing", "Plaintext": "aGk=" })), "unknown");
    assert!(
        client.passes("Encrypt", &json!({ "KeyId": aes, "Plaintext": "aGk=", "DryRun": true })),
        "dry run"
    );
    assert_eq!(client.call("Encrypt", &json!({ "KeyId": aes }))["__type"], "ThrottlingException");
    // ReEncrypt between two types takes from both or from none.
    client.step("1s");
    let sealed = client.call("Encrypt", &encrypt)["CiphertextBlob"].clone();
    let move_over = json!({ "CiphertextBlob": sealed, "DestinationKeyId": rsa, "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_256" });
    assert_eq!(count(&mut client, "ReEncrypt", &move_over), 2, "the pool of RSA has two");
    assert_eq!(passed(&mut client, 5), 0, "the symmetric pool gave one to Encrypt and two to ReEncrypt");
}

#[test]
fn limits_change_while_it_runs() {
    let (_running, mut client) = frozen(WINDOW, &[("symmetric", 2)]);
    client.step("10s");
    assert_eq!(passed(&mut client, 5), 2);
    client.admin("PUT", "quotas", &json!({ "symmetric": "4/s" }));
    assert_eq!(passed(&mut client, 5), 2, "two of four are taken");
    client.step("1s");
    assert_eq!(passed(&mut client, 9), 4);
    let restored = client.admin("PUT", "quotas", &json!({ "symmetric": null }));
    assert_eq!(restored["limits"]["symmetric"], "100000/s");
}

#[test]
fn a_jump_of_a_century_is_no_work() {
    let (_running, mut client) = frozen(WINDOW, &[("symmetric", 2)]);
    assert_eq!(passed(&mut client, 3), 2);
    client.call("CreateKey", &json!({}));
    client.step("36500d");
    let watch = keystorm::clock::Stopwatch::start();
    assert_eq!(passed(&mut client, 3), 2);
    // Three thousand million windows, one by one, would take longer.
    assert!(watch.elapsed() < Span::from_secs(10), "{}", watch.elapsed());
}

/// A limiter of its own, on the times and decisions of the access log.
enum Judge {
    /// Window number and what it has given.
    Window {
        phase: u64,
        window: u64,
        given: u64,
    },
    /// Tokens in billionths.
    Bucket {
        tokens: u128,
        at: u64,
    },
    /// The same, and what is to be booked when; half a second late.
    LateBucket {
        tokens: i128,
        at: u64,
        due: VecDeque<u64>,
    },
    Sliding(VecDeque<u64>),
    Lagging(VecDeque<u64>),
}

impl Judge {
    fn grants(&mut self, at: u64, limit: u64) -> bool {
        const SECOND: u64 = 1_000_000_000;
        match self {
            Judge::Window { phase, window, given } => {
                let now = (at + SECOND - *phase) / SECOND;
                if now != *window {
                    (*window, *given) = (now, 0);
                }
                let grants = *given < limit;
                *given += u64::from(grants);
                grants
            }
            Judge::Bucket { tokens, at: last } => {
                let full = u128::from(limit) * u128::from(SECOND);
                *tokens = (*tokens + u128::from(at - *last) * u128::from(limit)).min(full);
                *last = at;
                let grants = *tokens >= u128::from(SECOND);
                *tokens -= if grants { u128::from(SECOND) } else { 0 };
                grants
            }
            Judge::LateBucket { tokens, at: last, due } => {
                let (full, token) = (i128::from(limit) * i128::from(SECOND), i128::from(SECOND));
                let fill = |level: i128, span: u64| (level + i128::from(span) * i128::from(limit)).min(full);
                while due.front().is_some_and(|booked| *booked <= at) {
                    let booked = due.pop_front().unwrap();
                    *tokens = fill(*tokens, booked - *last) - token;
                    *last = booked;
                }
                *tokens = fill(*tokens, at - *last);
                *last = at;
                let grants = *tokens >= token;
                due.extend(grants.then_some(at + SECOND / 2));
                grants
            }
            Judge::Sliding(given) => {
                while given.front().is_some_and(|first| at - first >= SECOND) {
                    given.pop_front();
                }
                let grants = (given.len() as u64) < limit;
                given.extend(grants.then_some(at));
                grants
            }
            Judge::Lagging(given) => {
                // Admissions in (now − 2 s, now − 1 s].
                while given
                    .front()
                    .is_some_and(|first| at.saturating_sub(2 * SECOND) >= *first && at >= 2 * SECOND)
                {
                    given.pop_front();
                }
                let seen = given.iter().take_while(|time| **time + SECOND <= at).count() as u64;
                let grants = seen < limit;
                given.extend(grants.then_some(at));
                grants
            }
        }
    }
}

/// Calls that each kind gets from eight connections, at least.
const CALLS: usize = 25_000;
/// Refusals among them, at least: a lagging quota refuses nothing in its first second, however many calls that holds.
const REFUSED: usize = CALLS / 20;
/// Limit per second: low enough that eight connections exceed it on a machine that is busy with other things.
const LIMIT: u64 = 500;
/// Grants among the calls, at least: more than two seconds give, so that the limit is reached more than once.
const GRANTED: usize = 2 * LIMIT as usize + 1;
/// The longest that takes: only a quota that never refuses, or never grants, needs it.
const DEADLINE: Span = Span::from_secs(120);

/// The receipts of a run on the wall clock: when, and whether it passed.
fn receipts(enforcement: Enforcement) -> Vec<(u64, bool)> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let settings =
        settings(enforcement, &[("symmetric", LIMIT)]).emulating(|emulator| emulator.log = Some(log.clone()));
    let running = Running::start(settings).unwrap();
    let address = running.address();
    let (granted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let watch = keystorm::clock::Stopwatch::start();
    let is_enough = || {
        let (granted, refused) = (granted.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
        granted >= GRANTED && refused >= REFUSED && granted + refused >= CALLS || watch.elapsed() > DEADLINE
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (mut client, body) = (Client::to(address), json!({ "NumberOfBytes": 8 }));
                while !is_enough() {
                    let passes = client.passes("GenerateRandom", &body);
                    (if passes { &granted } else { &refused }).fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    running.stop();
    let text = std::fs::read_to_string(log).unwrap();
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["at_ns"].as_u64().unwrap(), line["decision"] == "granted")
    };
    let all: Vec<(u64, bool)> = text.lines().map(read).collect();
    let (granted, refused) = (granted.into_inner(), refused.into_inner());
    assert!(granted + refused >= CALLS, "{granted} granted and {refused} refused in {DEADLINE}");
    assert!(
        granted >= GRANTED && refused >= REFUSED,
        "{granted} granted and {refused} refused in {DEADLINE}"
    );
    assert_eq!(all.len(), granted + refused, "a line for each call");
    assert_eq!(all.iter().filter(|(_, passed)| *passed).count(), granted, "as the clients were told");
    assert!(all.is_sorted_by_key(|(at, _)| *at), "in the order in which quota was taken");
    all
}

/// Decisions of the server on which `judge` disagrees.
fn mismatches(enforcement: Enforcement, mut judge: Judge) -> usize {
    receipts(enforcement).iter().filter(|(at, granted)| judge.grants(*at, LIMIT) != *granted).count()
}

#[test]
fn an_independent_limiter_agrees_with_every_decision() {
    let phase = Span::from_millis(123);
    let second = Span::from_secs(1);
    let window = Judge::Window { phase: phase.as_nanos(), window: u64::MAX, given: 0 };
    let bucket = Judge::Bucket { tokens: u128::from(LIMIT) * 1_000_000_000, at: 0 };
    let late = Judge::LateBucket { tokens: i128::from(LIMIT) * 1_000_000_000, at: 0, due: VecDeque::new() };
    for (enforcement, judge) in [
        (Enforcement::Window { phase: Some(phase) }, window),
        (Enforcement::Bucket { burst: second }, bucket),
        (Enforcement::LateBucket { burst: second, lag: Span::from_millis(500) }, late),
        (Enforcement::Sliding, Judge::Sliding(VecDeque::new())),
        (Enforcement::Lagging { lag: second }, Judge::Lagging(VecDeque::new())),
    ] {
        let kind = format!("{enforcement:?}");
        assert_eq!(mismatches(enforcement, judge), 0, "{kind}");
    }
}
