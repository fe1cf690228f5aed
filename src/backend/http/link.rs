//! One connection, driven by whoever uses it.
//!
//! hyper splits a connection into a handle and a driver, which others give to a task of its own. Here the attempt that
//! uses the connection drives it: no task, no hand-over between two, and an attempt that is given up closes it. While
//! nobody uses it nobody reads from it either, so that whether the other side has closed is found out when it is taken
//! up again.

use super::endpoint::Endpoint;
use crate::backend::Refusal;
use crate::clock::within;
use crate::time::Time;
use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The most bytes of one answer.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// One connection.
pub(super) struct Link {
    handle: SendRequest<Full<Bytes>>,
    driver: Pin<Box<dyn Future<Output = hyper::Result<()>>>>,
    is_ended: bool,
    /// When it was last used.
    pub(super) since: Time,
    /// Whether it has carried an attempt before.
    pub(super) is_reused: bool,
}

/// Why a connection did not carry an attempt.
pub(super) enum Broken {
    /// It was closed before a byte of the attempt was written.
    Unsent,
    /// Nobody knows how far the attempt came.
    Lost(Refusal),
}

impl Link {
    /// A new connection.
    ///
    /// # Errors
    /// It does not come up, or not in time.
    pub(super) async fn open(endpoint: &Endpoint) -> Result<Link, Refusal> {
        let connecting = Link::connect(endpoint);
        within(endpoint.connect_timeout, connecting).await.unwrap_or_else(|| {
            Err(Refusal::no_answer(format!("no connection within {}", endpoint.connect_timeout)))
        })
    }

    async fn connect(endpoint: &Endpoint) -> Result<Link, Refusal> {
        let stream = match &endpoint.addresses {
            Some(addresses) => TcpStream::connect(&addresses[..]).await,
            None => TcpStream::connect((endpoint.name.0.as_str(), endpoint.name.1)).await,
        };
        let stream = stream.map_err(Refusal::no_answer)?;
        stream.set_nodelay(true).map_err(Refusal::no_answer)?;
        endpoint.opened.fetch_add(1, Ordering::Relaxed);
        match &endpoint.tls {
            None => Link::over(stream).await,
            Some((tls, name)) => {
                Link::over(tls.connect(name.clone(), stream).await.map_err(Refusal::no_answer)?).await
            }
        }
    }

    async fn over<S: AsyncRead + AsyncWrite + Unpin + 'static>(stream: S) -> Result<Link, Refusal> {
        let made: hyper::Result<(_, Connection<_, _>)> = Builder::new().handshake(TokioIo::new(stream)).await;
        let (handle, connection) = made.map_err(Refusal::no_answer)?;
        let driver = Box::pin(connection);
        Ok(Link { handle, driver, is_ended: false, since: Time::ZERO, is_reused: false })
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.is_ended {
            // An error that ends it is told to the attempt that it carries.
            self.is_ended = self.driver.as_mut().poll(cx).is_ready();
        }
    }

    /// Whether it can carry an attempt: not closed by the other side, and done with the last one.
    pub(super) async fn is_free(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(!self.is_ended && matches!(self.handle.poll_ready(cx), Poll::Ready(Ok(()))))
        })
        .await
    }

    /// Sends an attempt and waits for the head of its answer.
    ///
    /// # Errors
    /// The connection broke, or what came is no HTTP.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Broken> {
        let mut answer = pin!(self.handle.try_send_request(request));
        let answered = poll_fn(|cx| {
            self.is_ended = self.is_ended || self.driver.as_mut().poll(cx).is_ready();
            answer.as_mut().poll(cx)
        });
        answered.await.map_err(|mut e| match e.take_message() {
            Some(_) => Broken::Unsent,
            None => Broken::Lost(lost(&e.into_error())),
        })
    }

    /// Reads an answer's body to its end; `keep` gets its bytes.
    ///
    /// # Errors
    /// The connection broke, or the body is too long.
    pub(super) async fn read(
        &mut self,
        mut body: Incoming,
        mut keep: impl FnMut(&[u8]),
    ) -> Result<(), Refusal> {
        let mut length = 0;
        loop {
            let next = poll_fn(|cx| match Pin::new(&mut body).poll_frame(cx) {
                Poll::Ready(frame) => Poll::Ready(frame),
                Poll::Pending => {
                    self.drive(cx);
                    Pin::new(&mut body).poll_frame(cx)
                }
            });
            let Some(frame) = next.await else { return Ok(()) };
            let frame = frame.map_err(|e| lost(&e))?;
            if let Some(bytes) = frame.data_ref() {
                length += bytes.len();
                if length > MAX_ANSWER_BYTES {
                    return Err(Refusal::no_answer("the answer is longer than 1 MiB"));
                }
                keep(bytes);
            }
        }
    }
}

/// A connection that broke, with what hyper says and why.
fn lost(error: &hyper::Error) -> Refusal {
    match std::error::Error::source(error) {
        Some(why) => Refusal::no_answer(format!("{error}: {why}")),
        None => Refusal::no_answer(error),
    }
}
