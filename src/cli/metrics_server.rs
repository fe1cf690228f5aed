//! The Prometheus endpoint of a live run: a thread of its own, which ends with the run.

use super::live::metrics;
use super::small_server::{self, Asked, Background, Bounds};
use crate::emulator::exposition;
use crate::engine::live::Control;
use crate::time::Span;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

/// What it takes on; a scraper needs one connection.
const BOUNDS: Bounds = Bounds { connections: 16, patience: Span::from_secs(60) };

/// Gives the page as it is now.
pub type Show = Arc<dyn Fn() -> String + Send + Sync>;

/// An endpoint that is there while a run is.
pub struct MetricsServer(Background);

impl MetricsServer {
    /// Listens on `address`, port 0 being any that is free, and shows what `control` shows.
    ///
    /// # Errors
    /// The address cannot be listened on, or no thread can be started.
    pub fn start(control: &Arc<Control>, address: SocketAddr) -> io::Result<MetricsServer> {
        let shown = Arc::clone(control);
        let server = MetricsServer::showing(Arc::new(move || metrics::text(&shown)), address)?;
        control.watch();
        Ok(server)
    }

    /// The same, which shows what `show` gives.
    ///
    /// # Errors
    /// The address cannot be listened on, or no thread can be started.
    pub fn showing(show: Show, address: SocketAddr) -> io::Result<MetricsServer> {
        let server = Background::start("metrics", address, |listener, stopped| async move {
            let reply = Rc::new(move |asked: Asked<'_>| reply(asked.method, asked.path, &show));
            tokio::select! {
                _ = stopped => {}
                () = small_server::serve(&listener, BOUNDS, reply) => {}
            }
        })?;
        Ok(MetricsServer(server))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// What to warn of, if others than this machine can ask.
    pub fn warning(&self) -> Option<String> {
        (!self.address().ip().is_loopback()).then(|| {
            format!(
                "keystorm: metrics are on {}, where other machines can read them without a password; \
                 127.0.0.1 keeps them here",
                self.address()
            )
        })
    }
}

fn reply(method: &Method, path: &str, show: &Show) -> Response<Full<Bytes>> {
    let (status, kind, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, exposition::CONTENT_TYPE, show()),
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
    use crate::engine::live::Snapshot;
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
        assert!(ask(to, "GET /metrics").starts_with("HTTP/1.1 200 OK\r\n"), "before the first snapshot too");
        control.show(Snapshot { strategy: ("naive".into(), 0), in_flight: 35, ..Snapshot::default() });
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
