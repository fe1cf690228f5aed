//! Sockets: accepting, TLS, how many, how long, and the end.

use super::connections::{Attended, ConnectionState, Connections, Open};
use super::http::{self, Paths};
use super::plain::{self, Plain};
use super::rewound::Rewound;
use super::service::Service;
use super::{DRAIN, Error, Settings, tls};
use crate::clock::within;
use crate::emulator::Direct;
use crate::time::Span;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// The longest head of a request: names and values of its headers, of which hyper takes a hundred.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Connections that may wait to be accepted: a fleet that starts together overflows the usual 128, and whoever does not
/// fit tries again a second later. Linux's own limit, `net.core.somaxconn`, is 4,096 since 5.4.
const BACKLOG: u32 = 4_096;

/// A server that runs on threads of its own until it is stopped or dropped.
pub struct Running {
    runtime: Option<Runtime>,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    done: Vec<tokio::task::JoinHandle<()>>,
    address: SocketAddr,
    admin: Option<SocketAddr>,
}

impl Running {
    /// Binds its sockets and begins to serve.
    ///
    /// # Errors
    /// [`Error`], with its remedy.
    pub fn start(settings: Settings) -> Result<Running, Error> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        if settings.threads > 0 {
            builder.worker_threads(settings.threads);
        }
        let runtime = builder.enable_all().build().map_err(|e| Error::Start(e.to_string()))?;
        let acceptor = match &settings.tls {
            Some(of) => Some(TlsAcceptor::from(tls::config(settings.listen, of, settings.http2)?)),
            None => None,
        };
        let listener = bind(&runtime, settings.listen)?;
        let admin = settings.admin_listen.map(|address| bind(&runtime, address)).transpose()?;
        let service = Arc::new(Service::new(settings)?);
        runtime.block_on(async { service.emulator.wake_here() }).map_err(|e| Error::Start(e.to_string()))?;
        let address = local(&listener)?;
        let admin_address = admin.as_ref().map(local).transpose()?;
        let (stop, stopped) = watch::channel(false);
        let paths = if admin.is_some() { Paths::Api } else { Paths::All };
        let mut done =
            vec![runtime.spawn(serve(listener, Arc::clone(&service), acceptor, paths, stopped.clone()))];
        if let Some(admin) = admin {
            done.push(runtime.spawn(serve(admin, Arc::clone(&service), None, Paths::Admin, stopped)));
        }
        Ok(Running { runtime: Some(runtime), service, stop, done, address, admin: admin_address })
    }

    /// The same server, to be called without its socket.
    pub fn direct(&self) -> Direct {
        Direct(Arc::clone(&self.service.emulator))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its admin paths are, if they have an address of their own.
    pub const fn admin_address(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        let scheme = if self.service.settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Takes over SIGTERM and SIGINT: whoever is told where the server is may send them at once.
    ///
    /// # Errors
    /// Signals cannot be waited for.
    pub fn signals(&self) -> Result<Signals, Error> {
        self.runtime().block_on(async { Signals::new() }).map_err(|e| Error::Start(e.to_string()))
    }

    /// Blocks until the process is told to stop; a second signal ends it at once, with exit code 130.
    pub fn wait_for(&self, mut signals: Signals) {
        self.runtime().block_on(signals.next());
        self.runtime().spawn(async move {
            signals.next().await;
            std::process::exit(130);
        });
    }

    pub(super) const fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("a server has its threads until it is dropped")
    }

    /// Stops: no new connections, open calls may finish, logs are written out.
    pub fn stop(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        self.stop.send_replace(true);
        let done = std::mem::take(&mut self.done);
        runtime.block_on(async {
            for task in done {
                // A task that panicked has said so; the rest still ends in order.
                let _ = task.await;
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        self.service.emulator.journal.flush();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.finish();
    }
}

/// SIGTERM and SIGINT, as they come.
#[derive(Debug)]
pub struct Signals(Signal, Signal);

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

fn bind(runtime: &Runtime, address: SocketAddr) -> Result<TcpListener, Error> {
    let listen = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // As a server that is started again at once needs it.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    runtime.block_on(listen).map_err(|source| Error::Bind { address, source })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(|e| Error::Start(e.to_string()))
}

/// Accepts connections until `stopped`, then lets open calls finish.
async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    acceptor: Option<TlsAcceptor>,
    paths: Paths,
    mut stopped: watch::Receiver<bool>,
) {
    let most = service.settings.max_connections.min(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(most));
    let quarter = Span::from_nanos(service.settings.idle_timeout.as_nanos() / 4);
    let attended = Arc::new(Connections::default());
    let mut look = std::pin::pin!(crate::clock::sleep(quarter));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut look => {
                attended.end_idle();
                look.set(crate::clock::sleep(quarter));
                continue;
            }
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(_) => {
                // Out of file descriptors, or a peer that is gone already: neither ends the server.
                crate::clock::sleep(Span::from_millis(5)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            service.emulator.metrics.reject();
            tracing::debug!(%peer, most, "a connection is closed: too many are open");
            continue;
        };
        let (service, acceptor) = (Arc::clone(&service), acceptor.clone());
        let state = attended.begin();
        tokio::spawn(async move {
            service.emulator.metrics.connection(1);
            connection(stream, peer, &service, acceptor, paths, state.state()).await;
            service.emulator.metrics.connection(-1);
            drop((state, permit));
        });
    }
    drop(listener);
    attended.end_all();
    // All of it is there again once every connection has ended.
    let _ = within(DRAIN, room.acquire_many(u32::try_from(most).unwrap_or(u32::MAX))).await;
}

/// Serves one connection to its end. How it ends is the client's business.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: &Arc<Service>,
    acceptor: Option<TlsAcceptor>,
    paths: Paths,
    state: &Arc<ConnectionState>,
) {
    // Without it, answers would wait for more to send; a socket that refuses it works all the same.
    let _ = stream.set_nodelay(true);
    match acceptor {
        None => speak(stream, peer, service, paths, state).await,
        Some(acceptor) => {
            let idle = service.settings.idle_timeout;
            match within(idle, acceptor.accept(stream)).await {
                Some(Ok(stream)) => speak(stream, peer, service, paths, state).await,
                Some(Err(error)) => tracing::debug!(%peer, %error, "TLS cannot be agreed on"),
                None => tracing::debug!(%peer, "TLS is not agreed on in time"),
            }
        }
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    service: &Arc<Service>,
    paths: Paths,
    state: &Arc<ConnectionState>,
) {
    let stream = match plain::is_for(&service.settings, paths) {
        true => Plain::new(stream, peer, service, state).serve().await,
        false => Some(Rewound::new(Vec::new(), stream)),
    };
    if let Some(stream) = stream {
        speak_all(stream, peer, service, paths, state).await;
    }
}

/// Speaks all of HTTP.
async fn speak_all<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    service: &Arc<Service>,
    paths: Paths,
    state: &Arc<ConnectionState>,
) {
    let (owned, counted) = (Arc::clone(service), Arc::clone(state));
    let answering = service_fn(move |request| {
        let (service, open) = (Arc::clone(&owned), Open::begin(&counted));
        async move {
            let _open = open;
            http::answer(service, request, peer, paths).await
        }
    });
    let stream = TokioIo::new(stream);
    if service.settings.http2 {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES);
        let every = Duration::from_nanos(service.settings.idle_timeout.as_nanos());
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(every)
            .max_header_list_size(MAX_HEAD_BYTES as u32);
        Attended::new(builder.serve_connection(stream, answering), state).await;
    } else {
        let mut builder = http1::Builder::new();
        // An answer is short: one piece goes out faster than two.
        builder.writev(false).header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES);
        Attended::new(builder.serve_connection(stream, answering), state).await;
    }
}
