//! `--web`: a page on this machine that shows a live run while it lasts, and can stop it.
//!
//! The page is drawn once; numbers follow every second as server-sent events.

use crate::cli::loopback;
use crate::cli::small_server::{self, Asked, Background};
use crate::engine::live::{Control, Snapshot};
use crate::record::Row;
use crate::report::charts::{Course, Overlay, Unit};
use crate::report::format::{count, measured};
use crate::report::html::{self, LiveTitle};
use crate::time::{Span, Time};
use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame};
use hyper::{Method, Response, StatusCode};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// How often numbers are sent.
const EVERY: Span = Span::from_secs(1);
/// How long browsers are given to hear that the run has ended.
const FAREWELL: Span = Span::from_millis(300);

/// The page's server, which is there while a run is.
pub struct Web(Background);

impl Web {
    /// Listens on `address`, one of this machine, port 0 being any that is free.
    ///
    /// # Errors
    /// The address cannot be listened on or is not loopback, or no thread can be started.
    pub fn start(control: &Arc<Control>, address: SocketAddr, title: LiveTitle) -> io::Result<Web> {
        if !address.ip().is_loopback() {
            let why = "the page can stop the run, so it is for this machine only: 127.0.0.1 or [::1]";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let shown = Arc::clone(control);
        let server = Background::start("web", address, |listener, stopped| async move {
            let show = Show { control: shown, title, seen: RefCell::default(), is_over: Cell::new(false) };
            let show = Rc::new(show);
            let reply = {
                let show = Rc::clone(&show);
                Rc::new(move |asked: Asked<'_>| reply(&show, asked))
            };
            tokio::select! {
                _ = stopped => {}
                () = small_server::serve(&listener, loopback::BOUNDS, Rc::clone(&reply)) => {}
                () = watch(&show) => {}
            }
            show.is_over.set(true);
            crate::clock::sleep(FAREWELL).await;
        })?;
        control.watch();
        Ok(Web(server))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

/// What is shown.
struct Show {
    control: Arc<Control>,
    title: LiveTitle,
    /// The latest snapshot at each strategy, which keeps its seconds when the next strategy has begun.
    seen: RefCell<BTreeMap<usize, Snapshot>>,
    is_over: Cell<bool>,
}

/// Looks every second, whether or not anybody asks.
async fn watch(show: &Show) {
    loop {
        show.look();
        crate::clock::sleep(EVERY).await;
    }
}

impl Show {
    fn look(&self) {
        if let Some(snapshot) = self.control.snapshot() {
            self.seen.borrow_mut().insert(snapshot.strategy.1, snapshot);
        }
    }

    /// The charts of the report that can be drawn while the run goes on.
    fn overlays(&self) -> Vec<Overlay> {
        let seen = self.seen.borrow();
        let of = |id: &str, title: &str, note: &str, unit, value: fn(&Row, f64) -> f64| Overlay {
            id: id.into(),
            title: title.into(),
            note: note.into(),
            unit,
            is_log: unit == Unit::Time,
            quota: None,
            lines: self.courses(&seen, value),
        };
        let p99 = |row: &Row, _| if row.goodput > 0 { row.p99_micros as f64 / 1e3 } else { f64::NAN };
        let attempts = of("over-time-attempts", "Attempts", "sent, of all pools", Unit::Rate, |row, s| {
            row.attempts as f64 / s
        });
        vec![
            of("over-time-goodput", "Goodput", "jobs completed in time", Unit::Rate, |row, s| {
                row.goodput as f64 / s
            }),
            of("over-time-p99", "p99 response time", "of jobs completed in that second", Unit::Time, p99),
            Overlay { quota: quota(&seen), ..attempts },
            of("over-time-backlog", "Backlog", "jobs begun and not ended", Unit::Jobs, |row, _| {
                row.in_flight as f64
            }),
        ]
    }

    /// A line for each strategy; of one that has not begun an empty one.
    fn courses(&self, seen: &BTreeMap<usize, Snapshot>, value: fn(&Row, f64) -> f64) -> Vec<Course> {
        let strategies = self.title.strategies.iter().enumerate();
        let course = |(place, name): (usize, &String)| {
            let snapshot = seen.get(&place);
            let interval_s = snapshot.map_or(1, |snapshot| snapshot.interval_s.max(1));
            let rows = snapshot.map_or(&[][..], |snapshot| snapshot.seconds.as_slice());
            let skipped = std::iter::repeat_n(f64::NAN, snapshot.map_or(0, |snapshot| snapshot.skipped));
            let values = skipped.chain(rows.iter().map(|row| value(row, interval_s as f64)));
            Course { place: Some(place), name: name.clone(), interval_s, values: values.collect() }
        };
        strategies.map(course).collect()
    }

    fn page(&self) -> String {
        html::live_page(&self.title, &self.overlays())
    }

    /// The next event.
    fn event(&self) -> Bytes {
        let numbers = html::live_numbers(&self.title.strategies, &self.overlays());
        let state = serde_json::Value::from(self.state());
        Bytes::from(format!("event: numbers\ndata: {{\"state\":{state},\"numbers\":{numbers}}}\n\n"))
    }

    /// How the run stands, in a sentence.
    fn state(&self) -> String {
        let Some(snapshot) = self.control.snapshot() else { return "The run begins.".into() };
        format!(
            "{} ({} of {}), trial {} of {}, {:.0} s of {:.0} s: {} jobs completed, {} failed, {} attempts throttled, response \
             p99 {} so far.",
            snapshot.strategy.0,
            snapshot.strategy.1 + 1,
            snapshot.strategies,
            snapshot.trial.0 + 1,
            snapshot.trial.1,
            snapshot.now.as_secs_f64(),
            snapshot.ends.since(Time::ZERO).as_secs_f64(),
            count(snapshot.jobs.completed),
            count(snapshot.jobs.failed),
            count(snapshot.attempts.throttled),
            measured(snapshot.response.p99, snapshot.response.count),
        )
    }
}

/// The quota, where all attempts go to one pool.
fn quota(seen: &BTreeMap<usize, Snapshot>) -> Option<(String, f64)> {
    let mut pools = seen.values().flat_map(|snapshot| &snapshot.pools).filter(|pool| pool.attempts > 0);
    let first = pools.next()?;
    let is_only = pools.all(|pool| pool.pool == first.pool);
    (is_only && first.limit.as_per_second() > 0.0)
        .then(|| (format!("quota of {}", first.pool.name()), first.limit.as_per_second()))
}

fn reply(show: &Rc<Show>, asked: Asked<'_>) -> Response<Reply> {
    let told = |status, sentence: &str| loopback::page(status, sentence.into()).map(Reply::Page);
    match (asked.method, asked.path) {
        _ if asked.is_misled() => {
            told(StatusCode::MISDIRECTED_REQUEST, "call this server as localhost or 127.0.0.1")
        }
        (&Method::POST, "/stop") if asked.is_from_another_page() => {
            told(StatusCode::FORBIDDEN, "another page may not stop the run")
        }
        (&Method::POST, "/stop") => {
            show.control.stop.store(true, Ordering::Relaxed);
            told(StatusCode::ACCEPTED, "Stopping: what flies may finish.")
        }
        (&Method::GET, "/events") => events(show),
        (&Method::GET | &Method::HEAD, "/") => {
            show.look();
            loopback::page(StatusCode::OK, show.page()).map(Reply::Page)
        }
        (_, "/" | "/events" | "/stop") => told(StatusCode::METHOD_NOT_ALLOWED, "GET / or POST /stop"),
        _ => told(StatusCode::NOT_FOUND, "the page is at /"),
    }
}

/// Numbers every second, until the run is over or the browser has gone.
fn events(show: &Rc<Show>) -> Response<Reply> {
    let (send, receive) = mpsc::channel(1);
    let show = Rc::clone(show);
    tokio::task::spawn_local(async move {
        loop {
            show.look();
            let is_over = show.is_over.get();
            if send.send(show.event()).await.is_err() {
                return;
            }
            if is_over {
                // Whoever has gone does not hear it.
                let _ = send.send(Bytes::from_static(b"event: end\ndata: {}\n\n")).await;
                return;
            }
            crate::clock::sleep(Span::from_millis(100)).await;
            for _ in 0..9 {
                if !show.is_over.get() {
                    crate::clock::sleep(Span::from_millis(100)).await;
                }
            }
        }
    });
    let mut response = Response::new(Reply::Events(receive));
    loopback::head(response.headers_mut(), "text/event-stream");
    response
}

/// What an answer is made of.
enum Reply {
    Page(Full<Bytes>),
    Events(mpsc::Receiver<Bytes>),
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Reply::Page(page) => Pin::new(page).poll_frame(cx),
            Reply::Events(events) => {
                events.poll_recv(cx).map(|event| event.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Reply::Page(page) => page.size_hint(),
            Reply::Events(_) => hyper::body::SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::time::Duration;

    fn said(to: SocketAddr, line: &str, more: &str) -> String {
        let mut stream = std::net::TcpStream::connect(to).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let request = format!("{line} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n{more}\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer, and the end");
        answer
    }

    fn title() -> LiveTitle {
        LiveTitle {
            name: "storm".into(),
            question: String::new(),
            target: "emulator".into(),
            strategies: vec!["naive".into(), "cached".into()],
            began: crate::cli::stamp::now(),
        }
    }

    fn web(control: &Arc<Control>) -> Web {
        Web::start(control, SocketAddr::from(([127, 0, 0, 1], 0)), title()).expect("a port")
    }

    fn snapshot() -> Snapshot {
        let row = |goodput| Row {
            goodput,
            attempts: 2 * goodput,
            in_flight: 3,
            p99_micros: 9_000,
            ..Row::default()
        };
        Snapshot {
            strategy: ("naive".into(), 0),
            strategies: 2,
            trial: (0, 1),
            interval_s: 1,
            seconds: vec![row(70), row(80)],
            ..Snapshot::default()
        }
    }

    #[test]
    fn the_page_gets_numbers_until_the_run_is_over_and_hears_that_it_is() {
        let control = Arc::new(Control::default());
        let server = web(&control);
        let to = server.address();
        assert!(control.is_watched());
        let page = said(to, "GET /", "");
        assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("id=\"over-time-backlog\""), "{page}");
        control.show(snapshot());
        let mut events = std::net::TcpStream::connect(to).expect("it listens");
        events.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        events.write_all(format!("GET /events HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).expect("sent");
        let mut told = String::new();
        let mut bytes = [0; 4096];
        while !told.contains("naive (1 of 2)") {
            let length = events.read(&mut bytes).expect("an event");
            assert!(length > 0, "{told}");
            told += &String::from_utf8_lossy(&bytes[..length]);
        }
        assert!(told.contains("text/event-stream") && told.contains("\"v\":[70,80]"), "{told}");
        drop(server);
        let mut rest = String::new();
        events.read_to_string(&mut rest).expect("the end");
        assert!(rest.contains("event: end"), "{rest}");
        assert!(std::net::TcpStream::connect(to).is_err(), "it ends with the run");
    }

    #[test]
    fn it_stops_the_run_for_its_own_page_and_for_no_other() {
        let control = Arc::new(Control::default());
        let server = web(&control);
        let to = server.address();
        assert!(said(to, "POST /stop", "Origin: http://evil.example\r\n").starts_with("HTTP/1.1 403 "));
        assert!(said(to, "GET /stop", "").starts_with("HTTP/1.1 405 "));
        assert!(said(to, "GET /elsewhere", "").starts_with("HTTP/1.1 404 "));
        assert!(!control.stop.load(Ordering::Relaxed));
        let own = format!("Origin: http://{to}\r\nSec-Fetch-Site: same-origin\r\n");
        assert!(said(to, "POST /stop", &own).starts_with("HTTP/1.1 202 "));
        assert!(control.stop.load(Ordering::Relaxed));
    }

    #[test]
    fn it_is_for_this_machine_only() {
        let control = Arc::new(Control::default());
        let refused = Web::start(&control, SocketAddr::from(([0, 0, 0, 0], 0)), title());
        assert!(refused.is_err_and(|error| error.to_string().contains("127.0.0.1")));
    }
}
