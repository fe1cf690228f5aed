//! Our own HTTP/1.1 client: kept-alive connections, bodies written once, nothing done twice.
//!
//! ```text
//! Dispatch ─▶ Bodies ─▶ Signer ─▶ Pool (one for each simulated client) ─▶ Link ─▶ socket
//!        JSON      headers   a turn, a connection
//! ```
//!
//! An attempt that finds no unused connection opens one, and the time that takes is part of its service time, as in the
//! AWS SDK. If its client may have no more, it waits for one and has not left before that. A connection that was closed
//! while nobody used it is replaced; an attempt of which not a byte was written goes out again on another one, which
//! is no retry: nobody has seen it. As soon as one byte may have left, a broken connection is no answer, and what
//! happens next is the strategy's business. The AWS SDK's client does the same (hyper-util's pool, 0.1.21).

mod bodies;
mod endpoint;
mod link;
mod pool;
mod post;
mod sign;

pub use endpoint::{Error, HttpFactory, Trust};
pub use sign::{NOBODY, Sign, Signed, Signer, Unsigned};

use super::{AttemptObserver, Backend, Dispatch, KmsOutput, Refusal};
use crate::api::Operation;
use crate::clock::{RunClock, epoch_millis};
use crate::time::{Span, Time};
use bodies::{Bodies, Body};
use endpoint::Endpoint;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use link::{Broken, Link};
use pool::Pool;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
const JSON: HeaderValue = HeaderValue::from_static(Unsigned::CONTENT_TYPE);

/// Sends attempts over HTTP/1.1: the client of one thread.
pub struct Http {
    endpoint: Arc<Endpoint>,
    /// By simulated client.
    pools: RefCell<BTreeMap<u32, Rc<Pool>>>,
    bodies: RefCell<Bodies>,
    stamp: RefCell<Stamp>,
    /// By operation.
    targets: Vec<(String, HeaderValue)>,
    clock: RunClock,
    swept: Cell<Time>,
}

/// The present second, written down.
#[derive(Clone)]
struct Stamp {
    epoch_s: u64,
    text: Rc<str>,
    date: HeaderValue,
    /// What stands for a signature where nobody signs.
    unsigned: HeaderValue,
}

impl Http {
    fn new(endpoint: Arc<Endpoint>) -> Http {
        let targets = Operation::ALL.iter().map(|operation| {
            let text = format!("TrentService.{operation}");
            let value = HeaderValue::try_from(text.as_str()).expect("operations are plain words");
            (text, value)
        });
        Http {
            stamp: RefCell::new(Stamp::of(&endpoint.region, 0)),
            endpoint,
            pools: RefCell::default(),
            bodies: RefCell::default(),
            targets: targets.collect(),
            clock: RunClock::start(),
            swept: Cell::new(Time::ZERO),
        }
    }

    fn pool(&self, client: u32) -> Rc<Pool> {
        let mut pools = self.pools.borrow_mut();
        let pool = pools.entry(client).or_insert_with(|| Rc::new(Pool::new(self.endpoint.connections)));
        Rc::clone(pool)
    }

    /// Closes connections of any client that nobody has used for too long; looks for them now and then.
    fn sweep(&self, now: Time) {
        let most = self.endpoint.idle_timeout;
        if now.since(self.swept.get()) < Span::from_nanos(most.as_nanos() / 4) {
            return;
        }
        self.swept.set(now);
        self.pools.borrow().values().for_each(|pool| pool.sweep(most, now));
    }

    /// The present second.
    fn stamp(&self) -> Stamp {
        let epoch_s = u64::try_from(epoch_millis() / 1_000).unwrap_or(0);
        let mut stamp = self.stamp.borrow_mut();
        if stamp.epoch_s != epoch_s {
            *stamp = Stamp::of(&self.endpoint.region, epoch_s);
        }
        stamp.clone()
    }

    fn request(&self, operation: Operation, body: &Body) -> Request<Full<Bytes>> {
        let stamp = self.stamp();
        let (target, target_value) = &self.targets[operation.index()];
        let signed = match &self.endpoint.signer {
            Signer::Nobody => Signed { authorization: stamp.unsigned, token: None },
            Signer::By(sign) => sign(&Unsigned {
                epoch_s: stamp.epoch_s,
                stamp: &stamp.text,
                host: &self.endpoint.host_text,
                target,
                body_hash: &body.hash,
            }),
        };
        let mut request = Request::new(Full::new(body.bytes.clone()));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.reserve(7);
        headers.insert(HOST, self.endpoint.host.clone());
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(TARGET, target_value.clone());
        headers.insert(DATE, stamp.date);
        headers.insert(AUTHORIZATION, signed.authorization);
        if let Some(token) = signed.token {
            headers.insert(TOKEN, token);
        }
        headers.insert(USER_AGENT, self.endpoint.agent.clone());
        request
    }

    /// Sends one attempt on a connection of `pool`; gives the status, and the body if it is wanted or tells why not.
    async fn exchange(
        &self,
        pool: &Pool,
        dispatch: &Dispatch<'_>,
        observer: &AttemptObserver<'_>,
    ) -> Result<(StatusCode, Vec<u8>), Refusal> {
        let body = self.bodies.borrow_mut().of(dispatch);
        loop {
            let mut link = match pool.take().await {
                Some(link) => link,
                // Rare and large: in a box, so that those who never open one have no room for it.
                None => Box::pin(Link::open(&self.endpoint)).await?,
            };
            let answer = match link.send(self.request(dispatch.operation, &body)).await {
                Ok(answer) => answer,
                Err(Broken::Unsent) if link.is_reused => {
                    observer.sends();
                    continue;
                }
                Err(Broken::Unsent) => return Err(Refusal::no_answer("the connection was closed at once")),
                Err(Broken::Lost(why)) => return Err(why),
            };
            let (head, body) = answer.into_parts();
            let mut kept = Vec::new();
            let is_kept = dispatch.is_read || head.status != StatusCode::OK;
            link.read(body, |bytes| {
                if is_kept {
                    kept.extend_from_slice(bytes)
                }
            })
            .await?;
            if link.is_free().await {
                pool.give(link, self.clock.now());
            }
            return Ok((head.status, kept));
        }
    }
}

impl Stamp {
    fn of(region: &str, epoch_s: u64) -> Stamp {
        let text: Rc<str> = crate::clock::stamp_at(epoch_s).into();
        let date = HeaderValue::try_from(&*text).expect("a stamp is letters and digits");
        Stamp { epoch_s, date, unsigned: sign::unsigned(region, &text), text }
    }
}

impl Backend for Http {
    async fn dispatch(
        &self,
        client: u32,
        dispatch: &Dispatch<'_>,
        observer: &AttemptObserver<'_>,
    ) -> Result<KmsOutput, Refusal> {
        self.sweep(self.clock.now());
        let pool = self.pool(client);
        let turn = pool.turn(|| observer.sends()).await;
        let answer = self.exchange(&pool, dispatch, observer).await;
        drop(turn);
        match answer? {
            (StatusCode::OK, bytes) if dispatch.is_read => KmsOutput::from_json(dispatch.operation, &bytes),
            (StatusCode::OK, _) => Ok(KmsOutput::default()),
            (status, bytes) => Err(Refusal::from_json(status.as_u16(), &bytes)),
        }
    }
}
