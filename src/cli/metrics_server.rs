//! The Prometheus endpoint of a live run: a thread of its own, which ends with the run.

use super::live_metrics;
use crate::clock::within;
use crate::engine::live::Control;
use crate::server::Exposition;
use crate::time::Span;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Connections at one time; a scraper needs one.
const CONNECTIONS: usize = 16;
/// The longest a connection may take for all of its requests: who keeps one open connects again.
const PATIENCE: Span = Span::from_secs(60);
/// How long a pause is after accepting has failed, as it does while no file descriptor is free.
const PAUSE: Span = Span::from_millis(100);

/// Gives the page as it is now.
pub type Show = Arc<dyn Fn() -> String + Send + Sync>;

/// An endpoint that is there while a run is.
pub struct MetricsServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MetricsServer {
    /// Listens on `address`, port 0 being any that is free, and shows what `control` shows.
    ///
    /// # Errors
    /// The address cannot be listened on, or no thread can be started.
    pub fn start(control: &Arc<Control>, address: SocketAddr) -> io::Result<MetricsServer> {
        let shown = Arc::clone(control);
        let server = MetricsServer::showing(Arc::new(move || live_metrics::text(&shown)), address)?;
        control.watch();
        Ok(server)
    }

    /// The same, which shows what `show` gives.
    ///
    /// # Errors
    /// The address cannot be listened on, or no thread can be started.
    pub fn showing(show: Show, address: SocketAddr) -> io::Result<MetricsServer> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let body = move || {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async {
                tokio::select! {
                    _ = stopped => {}
                    () = serve(&listener, &show) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("metrics".into()).spawn(body)?;
        Ok(MetricsServer { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to warn of, if others than this machine can ask.
    pub fn warning(&self) -> Option<String> {
        (!self.address.ip().is_loopback()).then(|| {
            format!(
                "keystorm: metrics are on {}, where other machines can read them without a password; \
                 127.0.0.1 keeps them here",
                self.address
            )
        })
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        // Dropping the sender is what stops it.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only shows; had it panicked, the results would still be good.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: &TcpListener, show: &Show) {
    let places = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Who finds no place is closed at once.
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let show = Arc::clone(show);
                    tokio::task::spawn_local(async move {
                        within(PATIENCE, answer(stream, show)).await;
                        drop(place);
                    });
                }
            }
            Err(_) => crate::clock::sleep(PAUSE).await,
        }
    }
}

/// Answers one connection.
async fn answer(stream: TcpStream, show: Show) {
    let service = service_fn(move |request: Request<Incoming>| {
        let reply = reply(request.method(), request.uri().path(), &show);
        async move { Ok::<_, Infallible>(reply) }
    });
    // A connection that breaks is the scraper's affair: it asks again.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(std::time::Duration::from_secs(10))
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn reply(method: &Method, path: &str, show: &Show) -> Response<Full<Bytes>> {
    let (status, kind, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, Exposition::CONTENT_TYPE, show()),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET /metrics\n".into()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "metrics are at /metrics\n".into()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::live::Glance;
    use std::io::{Read, Write};
    use std::time::Duration;

    /// Says `request` on a connection of its own, and gives all that comes back.
    fn said(to: SocketAddr, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(to).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer, and the end");
        answer
    }

    fn ask(to: SocketAddr, line: &str) -> String {
        said(to, &format!("{line} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"))
    }

    #[test]
    fn a_scraper_gets_the_latest_glance_over_a_socket_until_the_run_ends() {
        let control = Arc::new(Control::default());
        let server = MetricsServer::start(&control, SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        assert!(control.is_watched() && server.warning().is_none());
        let to = server.address();
        assert!(ask(to, "GET /metrics").starts_with("HTTP/1.1 200 OK\r\n"), "before the first glance too");
        control.show(Glance { strategy: ("naive".into(), 0), in_flight: 35, ..Glance::default() });
        let answer = ask(to, "GET /metrics");
        assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
        assert!(answer.contains("\nkeystorm_in_flight{strategy=\"naive\"} 35\n"), "{answer}");
        assert!(ask(to, "GET /").starts_with("HTTP/1.1 404 "));
        assert!(ask(to, "POST /metrics").starts_with("HTTP/1.1 405 "));
        drop(server);
        assert!(std::net::TcpStream::connect(to).is_err(), "it ends with the run");
    }

    #[test]
    fn an_address_that_is_taken_is_an_error_and_one_that_others_reach_a_warning() {
        let control = Arc::new(Control::default());
        let all = MetricsServer::start(&control, SocketAddr::from(([0, 0, 0, 0], 0))).expect("a port");
        assert!(all.warning().is_some_and(|warning| warning.contains("127.0.0.1 keeps them here")));
        assert!(MetricsServer::start(&control, all.address()).is_err());
    }
}
