//! Our own HTTP client against servers that behave, that do not, and that are gone.

use crate::socket::ample;
use keystorm::api::{Attempt, ErrorCode, KeySpec, KeyUsage, Operation, Order, Reply, Token};
use keystorm::backend::http::{Error, Http, HttpFactory, Signer, Trust};
use keystorm::backend::{AttemptObserver, Backend, Dispatch, KmsOutput, Refusal};
use keystorm::clock::{RunClock, within};
use keystorm::guard::nearby;
use keystorm::kms::{Fault, FaultKind, Latency, Strikes};
use keystorm::scenario::Transport;
use keystorm::server::{Running, Settings, Tls};
use keystorm::time::{Span, Time};
use std::cell::RefCell;
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::mpsc;

/// Longer than any answer on loopback takes.
const DEADLINE: Span = Span::from_secs(30);

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { within(DEADLINE, work).await.expect("nothing hangs") })
}

fn factory(url: &str, transport: &Transport) -> HttpFactory {
    HttpFactory::new(&nearby(url).unwrap(), "eu-west-1", transport, Trust::System, Signer::Nobody).unwrap()
}

fn plain(operation: Operation, key: &str) -> Dispatch<'_> {
    Dispatch {
        operation,
        key,
        spec: KeySpec::SymmetricDefault,
        pair_spec: KeySpec::Rsa2048,
        usage: KeyUsage::EncryptDecrypt,
        context: None,
        payload: b"some bytes",
        blob: &[],
        length: 16,
        tag: "a-run",
        policy: None,
        is_read: true,
        mark: None,
    }
}

async fn dispatch(http: &Http, client: u32, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Refusal> {
    http.dispatch(client, dispatch, &AttemptObserver::nobody()).await
}

/// The cheapest call there is.
async fn random(http: &Http, client: u32) -> Result<KmsOutput, Refusal> {
    dispatch(http, client, &Dispatch { is_read: false, ..plain(Operation::GenerateRandom, "") }).await
}

/// What was said instead of an answer.
fn no_answer(result: Result<KmsOutput, Refusal>) -> String {
    let refusal = result.err().expect("no answer");
    assert_eq!(
        (refusal.code.as_str(), refusal.reply),
        ("ConnectionError", Reply::Failed(ErrorCode::ConnectionReset)),
        "{}",
        refusal.message
    );
    refusal.message
}

/// Makes a key, encrypts under it, and has the ciphertext decrypted.
async fn round_trip(http: &Http) -> Result<(), Refusal> {
    let key = dispatch(http, 0, &plain(Operation::CreateKey, "")).await?.key;
    assert!(key.starts_with("arn:aws:kms:"), "{key}");
    let blob = dispatch(http, 0, &plain(Operation::Encrypt, &key)).await?.blob;
    assert!(!blob.is_empty());
    let opened = dispatch(http, 0, &Dispatch { blob: &blob, ..plain(Operation::Decrypt, &key) }).await?;
    assert_eq!(opened.key, key);
    Ok(())
}

#[test]
fn calls_are_answered_and_refusals_have_their_codes() {
    let server = Running::start(ample()).unwrap();
    let factory = factory(&server.url(), &Transport::default());
    run(async {
        let http = factory.make();
        round_trip(&http).await.unwrap();
        let refusal = dispatch(&http, 0, &plain(Operation::Encrypt, "alias/none")).await.err().unwrap();
        assert_eq!(
            (refusal.code.as_str(), refusal.reply),
            ("NotFoundException", Reply::Failed(ErrorCode::Rejected))
        );
        assert!(refusal.message.contains("alias/none"), "{}", refusal.message);
    });
    assert_eq!(factory.connections(), 1);
}

#[test]
fn over_tls_whoever_shows_a_certificate_of_another_ca_is_not_talked_to() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| {
        let ca = folder.path().join(name);
        let server =
            Running::start(Settings { tls: Some(Tls { ca: Some(ca.clone()), ..Tls::default() }), ..ample() })
                .unwrap();
        (server, std::fs::read(ca).unwrap())
    };
    let (server, ca) = start("one.pem");
    let (_other, other_ca) = start("two.pem");
    let made = |pem: &[u8]| {
        let transport = Transport::default();
        HttpFactory::new(
            &nearby(&server.url()).unwrap(),
            "eu-west-1",
            &transport,
            Trust::Pem(pem),
            Signer::Nobody,
        )
        .unwrap()
    };
    run(async {
        let factory = made(&ca);
        round_trip(&factory.make()).await.unwrap();
        assert_eq!(factory.connections(), 1);
        let message = no_answer(random(&made(&other_ca).make(), 0).await);
        assert!(message.contains("certificate"), "{message}");
    });
}

#[test]
fn a_connection_is_used_again_and_each_client_has_its_own() {
    let server = Running::start(ample()).unwrap();
    let factory = factory(&server.url(), &Transport::default());
    run(async {
        let http = factory.make();
        for n in 0..100 {
            random(&http, n % 4).await.unwrap();
        }
        assert_eq!(factory.connections(), 4);
        // Four at a time for one client, which has one connection already.
        let all = tokio::join!(random(&http, 0), random(&http, 0), random(&http, 0), random(&http, 0));
        assert!([all.0, all.1, all.2, all.3].iter().all(Result::is_ok));
        assert_eq!(factory.connections(), 7);
    });
}

/// An attempt that some workload makes.
fn order(now: Time) -> Order {
    let attempt = Attempt {
        token: Token(0),
        workload: 0,
        stage: 0,
        client: 0,
        job: 0,
        number: 1,
        operation: Operation::GenerateRandom,
        key: 0,
        context: 0,
        bytes: 16,
        intended: now,
    };
    Order { attempt, due: now, is_timed: false }
}

#[test]
fn whoever_waits_for_a_connection_gets_it_in_turn_and_has_not_left_before() {
    let mut settings = ample();
    let slow = Span::from_millis(20);
    settings.emulator.service_time.default = Latency { p50: slow, p99: slow }.into();
    let server = Running::start(settings).unwrap();
    let factory = factory(&server.url(), &Transport { connections: Some(1), ..Transport::default() });
    let ended = RefCell::new(Vec::new());
    run(async {
        let (http, clock) = (factory.make(), RunClock::start());
        let (words, _heard) = tokio::sync::mpsc::unbounded_channel();
        let (http, words, ended) = (&http, &words, &ended);
        let one = |number: usize| async move {
            let observer = AttemptObserver::new(order(clock.now()), words, clock);
            let dispatch = Dispatch { is_read: false, ..plain(Operation::GenerateRandom, "") };
            http.dispatch(0, &dispatch, &observer).await.unwrap();
            ended.borrow_mut().push((number, observer.last().0, clock.now()));
        };
        tokio::join!(one(0), one(1), one(2), one(3), one(4));
    });
    assert_eq!(factory.connections(), 1);
    let ended = ended.into_inner();
    assert!(ended.iter().map(|(number, ..)| *number).eq(0..5), "{ended:?}");
    for pair in ended.windows(2) {
        assert!(pair[1].2.since(pair[1].1) >= slow, "{ended:?}");
        assert!(pair[1].1.since(pair[0].1) >= slow, "{ended:?}");
    }
}

#[test]
fn an_attempt_that_is_given_up_takes_its_connection_with_it_and_not_its_turn() {
    let server = Server::start(|mut peer, number| {
        if number == 0 {
            // Reads and says nothing until the client has closed.
            while peer.read(&mut [0; 4_096]).is_ok_and(|n| n > 0) {}
            return;
        }
        answer_calls(&mut peer, usize::MAX);
    });
    let factory = factory(&server.url(), &Transport { connections: Some(1), ..Transport::default() });
    run(async {
        let http = factory.make();
        assert!(within(Span::from_millis(20), random(&http, 0)).await.is_none());
        random(&http, 0).await.unwrap();
    });
    assert_eq!(factory.connections(), 2);
}

#[test]
fn a_reset_is_no_answer_and_the_next_attempt_goes_on_a_new_connection() {
    let mut settings = ample();
    settings.emulator.faults.push(Fault { strikes: Strikes::Next(1), ..Fault::new(FaultKind::Reset) });
    let server = Running::start(settings).unwrap();
    let factory = factory(&server.url(), &Transport::default());
    run(async {
        let http = factory.make();
        no_answer(random(&http, 0).await);
        random(&http, 0).await.unwrap();
    });
    assert_eq!(factory.connections(), 2);
}

/// A server that talks as it is told: `talk` gets each connection and its number.
struct Server {
    address: SocketAddr,
}

impl Server {
    fn start(talk: impl Fn(TcpStream, usize) + Clone + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (talk, stream) = (talk.clone(), stream.unwrap());
                std::thread::spawn(move || talk(stream, number));
            }
        });
        Server { address }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Answers calls with an empty object each, `most` of them.
fn answer_calls(peer: &mut TcpStream, most: usize) {
    for _ in 0..most {
        let mut read = Vec::new();
        // A call of no payload: its body is as long as its head says, and ends with a brace.
        while !(read.ends_with(b"}") && read.windows(4).any(|window| window == b"\r\n\r\n")) {
            let mut part = [0; 4_096];
            match peer.read(&mut part) {
                Ok(n) if n > 0 => read.extend_from_slice(&part[..n]),
                _ => return,
            }
        }
        if peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").is_err() {
            return;
        }
    }
}

/// What the client makes of a server that says `bytes` and closes.
fn told_by(bytes: &'static [u8]) -> Result<KmsOutput, Refusal> {
    let server = Server::start(move |mut peer, _| {
        let _ = peer.read(&mut [0; 4_096]);
        let _ = peer.write_all(bytes);
    });
    run(async { random(&factory(&server.url(), &Transport::default()).make(), 0).await })
}

#[test]
fn connections_that_the_server_has_closed_meanwhile_are_replaced_without_a_word() {
    let (closed, is_closed) = mpsc::channel();
    let server = Server::start(move |mut peer, number| {
        if number == 0 {
            answer_calls(&mut peer, 1);
            drop(peer);
            closed.send(()).unwrap();
        } else {
            answer_calls(&mut peer, usize::MAX);
        }
    });
    let factory = factory(&server.url(), &Transport::default());
    run(async {
        let http = factory.make();
        random(&http, 0).await.unwrap();
        is_closed.recv().unwrap();
        // Another client's call, during which the news arrives.
        random(&http, 1).await.unwrap();
        random(&http, 0).await.unwrap();
    });
    assert_eq!(factory.connections(), 3);
}

#[test]
fn connections_that_nobody_uses_are_closed_after_the_idle_timeout() {
    let server = Running::start(ample()).unwrap();
    let factory = factory(&server.url(), &Transport { idle_timeout: Span::ZERO, ..Transport::default() });
    run(async {
        let http = factory.make();
        for _ in 0..3 {
            random(&http, 0).await.unwrap();
        }
    });
    assert_eq!(factory.connections(), 3);
}

#[test]
fn a_server_that_is_gone_is_no_answer_until_it_is_back() {
    let server = Running::start(ample()).unwrap();
    let address = server.address();
    let factory = factory(&server.url(), &Transport::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let http = factory.make();
    runtime.block_on(random(&http, 0)).unwrap();
    server.stop();
    no_answer(runtime.block_on(random(&http, 0)));
    no_answer(runtime.block_on(random(&http, 0)));
    let _back = Running::start(Settings { listen: address, ..ample() }).unwrap();
    runtime.block_on(random(&http, 0)).unwrap();
}

#[test]
fn what_is_no_answer_of_kms_is_said_to_be_none() {
    no_answer(told_by(b"garbage\r\n\r\n"));
    no_answer(told_by(b""));
    no_answer(told_by(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"));
    let refusal = told_by(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>").err().unwrap();
    assert_eq!((refusal.code.as_str(), refusal.reply), ("HTTP 502", Reply::Failed(ErrorCode::Internal)));
}

#[test]
fn an_answer_without_end_is_not_read_to_it() {
    let server = Server::start(|mut peer, _| {
        let _ = peer.read(&mut [0; 4_096]);
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n");
        while peer.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let message =
        no_answer(run(async { random(&factory(&server.url(), &Transport::default()).make(), 0).await }));
    assert!(message.contains("1 MiB"), "{message}");
}

#[test]
fn a_connection_that_does_not_come_up_in_time_is_no_answer() {
    // TLS begins and nobody answers.
    let server = Server::start(|mut peer, _| while peer.read(&mut [0; 64]).is_ok_and(|n| n > 0) {});
    let transport = Transport { connect_timeout: Span::from_millis(20), ..Transport::default() };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let other =
        Running::start(Settings { tls: Some(Tls { ca: Some(ca.clone()), ..Tls::default() }), ..ample() })
            .unwrap();
    let pem = std::fs::read(ca).unwrap();
    let url = server.url().replace("http:", "https:");
    let reached = nearby(&url).unwrap();
    let made = HttpFactory::new(&reached, "eu-west-1", &transport, Trust::Pem(&pem), Signer::Nobody).unwrap();
    let message = no_answer(run(async { random(&made.make(), 0).await }));
    assert_eq!(message, "no connection within 20ms");
    other.stop();
}

#[test]
fn an_endpoint_says_what_is_wrong_with_it() {
    let said = |url: &str, region: &str, trust: Trust<'_>| {
        let reached = nearby(url).expect("loopback");
        HttpFactory::new(&reached, region, &Transport::default(), trust, Signer::Nobody).map(|_| ())
    };
    let error = said("http://127.0.0.1/path", "eu-west-1", Trust::System).unwrap_err();
    assert!(matches!(error, Error::Url { .. }) && error.to_string().contains("it has a path"), "{error}");
    assert!(matches!(said("http://localhost", "no region", Trust::System), Err(Error::Region(_))));
    assert!(matches!(said("https://localhost", "eu-west-1", Trust::Pem(b"nothing")), Err(Error::Pem(_))));
    assert!(said("http://[::1]:8080/", "eu-west-1", Trust::System).is_ok());
}

/// The poll at which work is given up must not take a connection that nobody gets back.
#[test]
fn whoever_stops_waiting_leaves_the_queue() {
    let server = Server::start(|mut peer, _| answer_calls(&mut peer, usize::MAX));
    let factory = factory(&server.url(), &Transport { connections: Some(1), ..Transport::default() });
    run(async {
        let http = factory.make();
        {
            let mut first = pin!(random(&http, 0));
            let mut second = pin!(random(&http, 0));
            // Both have been polled once: one connects, the other waits for it.
            tokio::select! {
                biased;
                _ = first.as_mut() => panic!("an answer before a connection"),
                _ = second.as_mut() => panic!("an answer before a turn"),
                () = std::future::ready(()) => {}
            }
        }
        random(&http, 0).await.unwrap();
    });
}

#[test]
fn an_attempt_that_waits_takes_little_memory() {
    let http = factory("http://127.0.0.1:1", &Transport::default()).make();
    let (dispatch, observer) = (plain(Operation::Encrypt, "key"), AttemptObserver::nobody());
    let size = size_of_val(&http.dispatch(0, &dispatch, &observer));
    assert!(size <= 2_048, "{size} bytes");
}

#[cfg(feature = "aws")]
mod signed {
    use super::*;
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use keystorm::kms::access::Directory;
    use keystorm::server::Auth;

    async fn signed_by(url: &str, secret: &str) -> HttpFactory {
        let credentials = Credentials::new("AKIAANNEXAMPLE000000", secret, None, None, "test");
        let provider = SharedCredentialsProvider::new(credentials);
        let signer = keystorm::aws::Signer::new(provider, "eu-west-1").await.unwrap();
        let signer = Signer::By(signer.sign());
        let reached = nearby(url).unwrap();
        HttpFactory::new(&reached, "eu-west-1", &Transport::default(), Trust::System, signer).unwrap()
    }

    #[test]
    fn a_server_that_checks_signatures_takes_ours_and_refuses_others() {
        let yaml = "principals: [ { arn: 'arn:aws:iam::123456789012:user/ann', accessKeys: [ { id: AKIAANNEXAMPLE000000, \
                    secret: hush } ], policies: [ { Version: '2012-10-17', Statement: [ { Effect: Allow, Action: '*', \
                    Resource: '*' } ] } ] } ]";
        let directory = Directory::parse(yaml).unwrap();
        let server = Running::start(
            Settings { auth: Auth::Verify, ..ample() }.emulating(|emulator| emulator.directory = directory),
        )
        .unwrap();
        run(async {
            round_trip(&signed_by(&server.url(), "hush").await.make()).await.unwrap();
            let wrong = random(&signed_by(&server.url(), "guess").await.make(), 0).await.err().unwrap();
            assert_eq!(
                (wrong.code.as_str(), wrong.reply),
                ("InvalidSignatureException", Reply::Failed(ErrorCode::AccessDenied))
            );
            assert!(!wrong.message.contains("guess"));
            let nobody = factory(&server.url(), &Transport::default());
            let refusal = random(&nobody.make(), 0).await.err().unwrap();
            assert_eq!(refusal.reply, Reply::Failed(ErrorCode::AccessDenied), "{refusal:?}");
        });
    }
}
