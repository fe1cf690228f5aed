//! `keystorm ui`: the saved runs of a folder in a browser, for this machine only.
//!
//! Pages are drawn when they are asked for, so that runs saved by an older keystorm look like those of today.

use super::{Common, Error, output, report};
use crate::clock::within;
use crate::report::html::{self, Listed};
use crate::time::Span;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};

/// Connections at one time.
const CONNECTIONS: usize = 32;
/// The longest a connection may take for all of its requests.
const PATIENCE: Span = Span::from_secs(60);
/// How long a pause is after accepting has failed, as it does while no file descriptor is free.
const PAUSE: Span = Span::from_millis(100);

/// Options of `ui`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder with saved runs.
    #[arg(value_name = "DIR", default_value = "reports/local")]
    directory: PathBuf,
    /// Address of this machine to listen on; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8091", env = "KEYSTORM_UI_LISTEN")]
    listen: SocketAddr,
}

/// Runs the command, until it is interrupted.
///
/// # Errors
/// If there is no such folder, or the address cannot be listened on or is not this machine's alone.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    common.prints_no_document("`ui` shows pages in a browser")?;
    if !args.listen.ip().is_loopback() {
        return Err(Error::Usage(format!(
            "--listen {}: saved runs are shown to this machine only; 127.0.0.1 or [::1] it is",
            args.listen
        )));
    }
    if !args.directory.is_dir() {
        return Err(Error::Failed(format!(
            "no folder {}: `keystorm run SCENARIO` saves runs under reports/local",
            args.directory.display()
        )));
    }
    let failed = |error: std::io::Error| Error::Failed(format!("cannot listen on {}: {error}", args.listen));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let listener = runtime.block_on(TcpListener::bind(args.listen)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    output::print(format!("saved runs of {} on http://{address}/\n", args.directory.display()))?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = serve(&listener, Rc::from(args.directory.as_path())) => {}
        }
    });
    Ok(ExitCode::from(super::exit::OK))
}

async fn serve(listener: &TcpListener, directory: Rc<Path>) {
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Who finds no place is closed at once.
                if let Ok(place) = std::sync::Arc::clone(&places).try_acquire_owned() {
                    let directory = Rc::clone(&directory);
                    tokio::task::spawn_local(async move {
                        within(PATIENCE, answer(stream, directory)).await;
                        drop(place);
                    });
                }
            }
            Err(_) => crate::clock::sleep(PAUSE).await,
        }
    }
}

/// Answers one connection.
async fn answer(stream: TcpStream, directory: Rc<Path>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let reply = reply(&directory, request.method(), request.uri().path(), host);
        async move { Ok::<_, Infallible>(reply) }
    });
    // A connection that breaks is the browser's affair: it asks again.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(std::time::Duration::from_secs(10))
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn reply(directory: &Path, method: &Method, path: &str, host: Option<&str>) -> Response<Full<Bytes>> {
    let (status, body) = match path {
        // A page of somewhere else that leads its own name here must not read what is shown.
        _ if !host.is_some_and(is_this_machine) => {
            (StatusCode::MISDIRECTED_REQUEST, told("call this server as localhost or 127.0.0.1"))
        }
        _ if !matches!(*method, Method::GET | Method::HEAD) => {
            (StatusCode::METHOD_NOT_ALLOWED, told("pages are only read"))
        }
        "/" => (StatusCode::OK, html::listing(&directory.display().to_string(), &listed(directory))),
        path => match folders(directory).into_iter().find(|folder| href(folder) == path) {
            Some(folder) => match report::load(&directory.join(folder)) {
                Ok(saved) => (StatusCode::OK, html::render(&saved.run)),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, told(&error.to_string())),
            },
            None => (StatusCode::NOT_FOUND, told("no such run; the list is at /")),
        },
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind =
        if status == StatusCode::OK { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

fn told(sentence: &str) -> String {
    format!("{sentence}\n")
}

/// Whether a Host is a name that only this machine has, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The folders that hold a saved run, latest first.
fn folders(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let saved = fs::metadata(entry.path().join("run.json")).ok()?.modified().ok()?;
            Some((saved, entry.file_name().into_string().ok()?))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, name)| name).collect()
}

fn listed(directory: &Path) -> Vec<Listed> {
    let one = |folder: String| Listed {
        href: href(&folder),
        run: report::load(&directory.join(&folder))
            .map(|saved| Box::new(saved.run))
            .map_err(|error| error.to_string()),
        folder,
    };
    folders(directory).into_iter().map(one).collect()
}

/// Where a run's page is: its folder's name with all but plain characters encoded.
fn href(folder: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let encoded =
        folder.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    format!("/run/{}", encoded.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn saved() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/run.json");
        for name in ["storm 1", "storm-2"] {
            fs::create_dir(folder.path().join(name)).expect("made");
            fs::copy(&from, folder.path().join(name).join("run.json")).expect("a copy");
        }
        fs::create_dir(folder.path().join("broken")).expect("made");
        fs::write(folder.path().join("broken/run.json"), "{").expect("written");
        fs::create_dir(folder.path().join("empty")).expect("made");
        folder
    }

    fn asked(directory: &Path, method: &Method, path: &str, host: Option<&str>) -> (u16, String) {
        let response = reply(directory, method, path, host);
        let status = response.status().as_u16();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let body = runtime.block_on(response.into_body().collect()).expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[test]
    fn runs_are_listed_and_opened_and_nothing_else_is() {
        let folder = saved();
        let ask = |path: &str| asked(folder.path(), &Method::GET, path, Some("127.0.0.1:8091"));
        let (status, list) = ask("/");
        assert_eq!(status, 200);
        assert!(list.contains("href=\"/run/storm%201\"") && list.contains("href=\"/run/storm-2\""), "{list}");
        assert!(list.contains("broken") && !list.contains(">empty<"), "{list}");
        let (status, page) = ask("/run/storm%201");
        assert!(status == 200 && page.contains("id=\"over-time-goodput\""));
        assert_eq!(ask("/run/broken").0, 500);
        for path in ["/run/empty", "/run/..", "/run/%2E%2E", "/run/storm-2/../storm-2", "/etc/passwd"] {
            assert_eq!(ask(path).0, 404, "{path}");
        }
    }

    #[test]
    fn a_page_of_somewhere_else_reads_nothing_and_nobody_changes_anything() {
        let folder = saved();
        for host in ["127.0.0.1:8091", "localhost", "LocalHost:1", "[::1]:8091"] {
            assert_eq!(asked(folder.path(), &Method::GET, "/", Some(host)).0, 200, "{host}");
        }
        for host in
            [Some("evil.example"), Some("localhost.evil.example:8091"), Some("10.0.0.1"), Some(""), None]
        {
            assert_eq!(asked(folder.path(), &Method::GET, "/", host).0, 421, "{host:?}");
        }
        assert_eq!(asked(folder.path(), &Method::POST, "/", Some("localhost")).0, 405);
    }
}
