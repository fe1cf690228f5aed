//! The two servers, what they are asked, and the client that asks them.
#![allow(dead_code, reason = "each bench uses what it needs")]

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use keystorm::clock::Stopwatch;
use keystorm::server::{Running, Settings};
use keystorm::time::Span;
use keystorm::units::Rate;
use std::cell::{Cell, RefCell};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub const CONNECTIONS: usize = 32;

/// The emulated KMS on one thread, with a quota that nothing here uses up.
pub fn our_server() -> Running {
    let mut settings = Settings { threads: 1, ..Settings::default() };
    settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(10_000_000));
    Running::start(settings).expect("a free port")
}

/// What is asked of the servers: operations and their bodies, about a key that is made for it.
pub fn calls(ours: SocketAddr) -> [(&'static str, String); 3] {
    let (_, made) = ask(ours, "CreateKey", "{}");
    let id = field(&made, "KeyId");
    let (_, sealed) = ask(ours, "Encrypt", &encrypt(&id));
    let decrypt = format!(r#"{{"CiphertextBlob":"{}"}}"#, field(&sealed, "CiphertextBlob"));
    let data_key = format!(r#"{{"KeyId":"{id}","KeySpec":"AES_256"}}"#);
    [("Encrypt", encrypt(&id)), ("Decrypt", decrypt), ("GenerateDataKey", data_key)]
}

fn encrypt(id: &str) -> String {
    // 256 bytes in Base64.
    format!(r#"{{"KeyId":"{id}","Plaintext":"{}"}}"#, "QUJD".repeat(85) + "QQ==")
}

/// What a load met.
pub struct Load {
    pub rate: f64,
    /// Microseconds.
    pub p99: f64,
}

/// How long a load lasts.
#[derive(Clone, Copy)]
pub enum Until {
    Elapsed(Span),
    /// So many calls on each connection.
    Calls(usize),
}

/// Asks over and over on every connection, from one thread.
pub fn load(address: SocketAddr, request: &str, until: Until) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let watch = Stopwatch::start();
    let times = Rc::new(RefCell::new(Vec::with_capacity(200_000)));
    let local = tokio::task::LocalSet::new();
    for _ in 0..CONNECTIONS {
        let (times, request) = (Rc::clone(&times), request.as_bytes().to_vec());
        local.spawn_local(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await.expect("a server");
            stream.set_nodelay(true).expect("a socket");
            let mut room = vec![0; 16 * 1024];
            let mut made = 0;
            while match until {
                Until::Elapsed(slice) => watch.elapsed() < slice,
                Until::Calls(count) => made < count,
            } {
                made += 1;
                let begun = Stopwatch::start();
                stream.write_all(&request).await.expect("a server that reads");
                answer(&mut stream, &mut room).await;
                times.borrow_mut().push(begun.elapsed().as_nanos());
            }
        });
    }
    runtime.block_on(local);
    let seconds = watch.elapsed().as_secs_f64();
    let mut times = times.take();
    times.sort_unstable();
    Load { rate: times.len() as f64 / seconds, p99: times[times.len() * 99 / 100] as f64 / 1e3 }
}

/// Reads one answer, which must be a good one.
async fn answer(stream: &mut tokio::net::TcpStream, room: &mut [u8]) {
    let filled = Cell::new(0);
    loop {
        let n = stream.read(&mut room[filled.get()..]).await.expect("a server that answers");
        assert!(n > 0, "the server has closed the connection");
        filled.set(filled.get() + n);
        let read = &room[..filled.get()];
        if let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            assert!(read.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(read));
            if read.len() >= head + 4 + length(&read[..head]) {
                return;
            }
        }
    }
}

/// The length that a head tells.
fn length(head: &[u8]) -> usize {
    let text = std::str::from_utf8(head).expect("a head is text").to_ascii_lowercase();
    let value = text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
    value.and_then(|value| value.parse().ok()).expect("answers tell their length")
}

/// A request as an SDK sends it.
pub fn request(operation: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: \
         TrentService.{operation}\r\nX-Amz-Date: 20261124T013000Z\r\nUser-Agent: aws-sdk-rust/1.3.7 os/linux \
         lang/rust/1.95.0\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIATEST/20261124/eu-west-1/kms/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={}\r\nContent-Length: {}\r\n\r\n{body}",
        "0".repeat(64),
        body.len()
    )
}

/// A server that reads each request and answers the same 400 bytes.
pub fn bare_server() -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    std::thread::spawn(move || {
        runtime.block_on(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a listening socket");
                stream.set_nodelay(true).expect("a socket");
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(constant)),
                );
            }
        })
    });
    address
}

async fn constant(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    static BODY: [u8; 400] = [b'x'; 400];
    request.into_body().collect().await?;
    let mut response = Response::new(Full::new(Bytes::from_static(&BODY)));
    response
        .headers_mut()
        .insert("content-type", hyper::header::HeaderValue::from_static("application/x-amz-json-1.1"));
    Ok(response)
}

/// One call on a connection of its own.
pub fn ask(address: SocketAddr, operation: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a server");
    let request = request(operation, body).replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).expect("a server that reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("a server that answers");
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
    (head.into(), body.into())
}

pub fn field(json: &str, name: &str) -> String {
    let rest = json.split(&format!("\"{name}\":\"")).nth(1).expect("the member is there");
    rest.split('"').next().expect("a text ends").into()
}
