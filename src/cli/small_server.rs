//! HTTP for a few askers at a time: what pages and metrics of a command are served with.

use crate::clock::within;
use crate::time::Span;
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::error::Error as StdError;
use std::rc::Rc;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};

/// How long a pause is after accepting has failed, as it does while no file descriptor is free.
const PAUSE: Span = Span::from_millis(100);

/// What a server takes on.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at one time.
    pub connections: usize,
    /// The longest a connection may take for all of its requests: who keeps one open connects again.
    pub patience: Span,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    /// The method.
    pub method: &'r Method,
    /// The path.
    pub path: &'r str,
    /// What stands behind the path's question mark; empty if nothing does.
    pub query: &'r str,
    /// The headers.
    pub headers: &'r HeaderMap,
}

/// Answers connections for ever; call inside a `LocalSet`.
pub async fn serve<B, F>(listener: &TcpListener, bounds: Bounds, reply: Rc<F>)
where
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    F: Fn(Asked<'_>) -> Response<B> + 'static,
{
    let places = Arc::new(tokio::sync::Semaphore::new(bounds.connections));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Who finds no place is closed at once.
                if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                    let reply = Rc::clone(&reply);
                    tokio::task::spawn_local(async move {
                        within(bounds.patience, answer(stream, reply)).await;
                        drop(place);
                    });
                }
            }
            Err(_) => crate::clock::sleep(PAUSE).await,
        }
    }
}

/// Answers one connection.
async fn answer<B, F>(stream: TcpStream, reply: Rc<F>)
where
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    F: Fn(Asked<'_>) -> Response<B> + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let asked = Asked {
            method: request.method(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
        };
        let response = reply(asked);
        async move { Ok::<_, Infallible>(response) }
    });
    // A connection that breaks is the other side's affair: it asks again.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(std::time::Duration::from_secs(10))
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A server on a thread of its own, which ends when this is dropped.
#[cfg(feature = "live")]
#[derive(Debug)]
pub struct Background {
    address: std::net::SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[cfg(feature = "live")]
impl Background {
    /// Listens on `address`, port 0 being any that is free, and does `work` inside a `LocalSet` of a thread called
    /// `name`. The work is over soon after what it is given to await is.
    ///
    /// # Errors
    /// The address cannot be listened on, or no thread can be started.
    pub fn start<W, F>(name: &str, address: std::net::SocketAddr, work: W) -> std::io::Result<Background>
    where
        W: FnOnce(TcpListener, tokio::sync::oneshot::Receiver<()>) -> F + Send + 'static,
        F: Future<Output = ()>,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let body = move || tokio::task::LocalSet::new().block_on(&runtime, work(listener, stopped));
        let thread = std::thread::Builder::new().name(name.into()).spawn(body)?;
        Ok(Background { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub const fn address(&self) -> std::net::SocketAddr {
        self.address
    }
}

#[cfg(feature = "live")]
impl Drop for Background {
    fn drop(&mut self) {
        // Dropping the sender is what stops it.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only shows; had it panicked, the results would still be good.
            let _ = thread.join();
        }
    }
}
