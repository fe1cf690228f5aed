//! One document sent to a path, for what is told of a run rather than asked of a service.

use super::endpoint::HttpFactory;
use super::link::{Broken, Link};
use crate::backend::Refusal;
use crate::clock::within;
use crate::time::Span;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};

/// How long an answer may take.
const TIMEOUT: Span = Span::from_secs(10);

impl HttpFactory {
    /// Sends JSON to `path`, on a connection of its own; gives the status and the answer.
    ///
    /// # Errors
    /// No answer came, or not in time.
    pub async fn post(&self, path: &'static str, json: Vec<u8>) -> Result<(StatusCode, Vec<u8>), Refusal> {
        let sent = within(TIMEOUT, self.exchange(path, json));
        sent.await.unwrap_or_else(|| Err(Refusal::no_answer(format!("no answer within {TIMEOUT}"))))
    }

    async fn exchange(&self, path: &'static str, json: Vec<u8>) -> Result<(StatusCode, Vec<u8>), Refusal> {
        let mut link = Box::pin(Link::open(&self.0)).await?;
        let mut request = Request::new(Full::new(Bytes::from(json)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static(path);
        let headers = request.headers_mut();
        headers.insert(HOST, self.0.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.0.agent.clone());
        let answer = link.send(request).await.map_err(|broken| match broken {
            Broken::Unsent => Refusal::no_answer("the connection was closed at once"),
            Broken::Lost(why) => why,
        })?;
        let (head, body) = answer.into_parts();
        let mut kept = Vec::new();
        link.read(body, |bytes| kept.extend_from_slice(bytes)).await?;
        Ok((head.status, kept))
    }
}
