//! `keystorm ui`: the saved runs of a folder in a browser, for this machine only.
//!
//! Two of them can be chosen, and are compared as `keystorm compare` does. Pages are drawn when they are asked for, so that runs saved by an older keystorm look like those of today.

use super::loopback::{BOUNDS, page};
use super::small_server::{self, Asked};
use super::{Common, Error, output, report};
use crate::report::html::{self, Listed};
use crate::results::compare::compare;
use crate::server;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Response, StatusCode};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use tokio::net::TcpListener;

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
    let directory = args.directory;
    let reply = Rc::new(move |asked: Asked<'_>| reply(&directory, asked));
    tokio::task::LocalSet::new().block_on(&runtime, async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = small_server::serve(&listener, BOUNDS, reply) => {}
        }
    });
    Ok(ExitCode::from(super::exit::OK))
}

fn reply(directory: &Path, asked: Asked<'_>) -> Response<Full<Bytes>> {
    let told = |status, sentence: &str| page(status, sentence.to_owned());
    match asked.path {
        _ if asked.is_misled() => {
            told(StatusCode::MISDIRECTED_REQUEST, "call this server as localhost or 127.0.0.1")
        }
        _ if !matches!(*asked.method, Method::GET | Method::HEAD) => {
            told(StatusCode::METHOD_NOT_ALLOWED, "pages are only read")
        }
        "/" => page(StatusCode::OK, html::listing(&directory.display().to_string(), &listed(directory))),
        "/compare" => beside(directory, asked.query),
        path => match folders(directory).into_iter().find(|folder| href(folder) == path) {
            Some(folder) => match report::load(&directory.join(folder)) {
                Ok(saved) => page(StatusCode::OK, html::render(&saved.run)),
                Err(error) => told(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            None => told(StatusCode::NOT_FOUND, "no such run; the list is at /"),
        },
    }
}

/// Two runs side by side: the page that `keystorm compare A B --format html` prints.
fn beside(directory: &Path, query: &str) -> Response<Full<Bytes>> {
    let told = |status, sentence: String| page(status, sentence);
    let chosen = server::form(query.as_bytes());
    let (Some(a), Some(b)) = (chosen.get("a"), chosen.get("b")) else {
        return told(
            StatusCode::BAD_REQUEST,
            "/compare?a=RUN&b=RUN; the list at / lets you choose them".into(),
        );
    };
    let known = folders(directory);
    if let Some(unknown) = [a, b].into_iter().find(|name| !known.contains(name)) {
        return told(StatusCode::NOT_FOUND, format!("no run {unknown}; the list is at /"));
    }
    let read = |name: &str| report::load(&directory.join(name)).map_err(|error| error.to_string());
    let drawn = read(a).and_then(|one| {
        let other = read(b)?;
        let comparison = compare((a, &one.run), (b, &other.run))?;
        Ok(html::compare::render(&[(&comparison, &one.run, &other.run)], &[]))
    });
    match drawn {
        Ok(drawn) => page(StatusCode::OK, drawn),
        Err(why) => told(StatusCode::UNPROCESSABLE_ENTITY, why),
    }
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
    use hyper::header::{HOST, HeaderMap, HeaderValue};

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

    fn asked(directory: &Path, method: &Method, target: &str) -> (u16, String) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("127.0.0.1:8091"))]);
        let response = reply(directory, Asked { method, path, query, headers: &headers });
        let status = response.status().as_u16();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let body = runtime.block_on(response.into_body().collect()).expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[test]
    fn runs_are_listed_and_opened_and_nothing_else_is() {
        let folder = saved();
        let ask = |path: &str| asked(folder.path(), &Method::GET, path);
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
    fn two_chosen_runs_are_compared_as_the_command_does_and_nothing_else_is_read() {
        let folder = saved();
        let ask = |path: &str| asked(folder.path(), &Method::GET, path);
        let (status, list) = ask("/");
        assert!(status == 200 && list.contains("action=\"/compare\""), "{list}");
        assert!(list.contains("name=\"a\" value=\"storm 1\""), "{list}");
        assert!(!list.contains("value=\"broken\""), "{list}");
        let (status, page) = ask("/compare?a=storm+1&b=storm-2");
        let load = |name: &str| report::load(&folder.path().join(name)).expect("saved").run;
        let (one, other) = (load("storm 1"), load("storm-2"));
        let comparison = compare(("storm 1", &one), ("storm-2", &other)).expect("alike");
        assert_eq!(page, html::compare::render(&[(&comparison, &one, &other)], &[]));
        assert!(status == 200 && page.contains("storm-2 beside storm 1: no difference"), "{page}");
        assert_eq!(ask("/compare?a=storm+1").0, 400);
        for name in ["..", "../storm-2", "empty", "none", ""] {
            assert_eq!(ask(&format!("/compare?a=storm+1&b={name}")).0, 404, "{name}");
        }
        assert_eq!(ask("/compare?a=storm+1&b=broken").0, 422);
    }

    #[test]
    fn a_page_of_somewhere_else_reads_nothing_and_nobody_changes_anything() {
        let folder = saved();
        let headers = HeaderMap::new();
        let misled =
            reply(folder.path(), Asked { method: &Method::GET, path: "/", query: "", headers: &headers });
        assert_eq!(misled.status(), StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(asked(folder.path(), &Method::POST, "/").0, 405);
    }
}
