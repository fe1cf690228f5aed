//! A KMS call over HTTP: which operation, and who makes it.

use super::answer::Answer;
use super::heads::Heads;
use super::identity::identify;
use super::service::Service;
use super::sigv4::{self, Signed};
use crate::api::Operation;
use crate::emulator::End;
use crate::emulator::calls::{self, Received};
use crate::kms::wire::{ApiError, decode, operation_of};
use std::net::SocketAddr;

/// A call as it was sent.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) heads: &'a Heads<'a>,
    pub(super) body: &'a [u8],
    /// What its signature covers; `None` where nobody looks at signatures.
    pub(super) signed: Option<&'a Signed<'a>>,
}

/// Serves a call that names its operation in a header; `None` if its connection is to be broken.
pub(super) async fn serve(service: &Service, sent: Sent<'_>, peer: SocketAddr) -> Option<Answer> {
    let received = Received::now(&service.emulator, peer).await;
    let target = sent.heads.target().unwrap_or_default();
    match operation_of(target) {
        Ok(operation) => known(service, operation, sent, received).await,
        Err(_) if is_of_another_service(target) => {
            Some(turned_away(service, None, &for_another_service(target), received))
        }
        Err(error) => Some(turned_away(service, None, &error, received)),
    }
}

/// Serves a call of a known operation.
async fn known(
    service: &Service,
    operation: Operation,
    Sent { heads, body, signed }: Sent<'_>,
    received: Received,
) -> Option<Answer> {
    let emulator = &service.emulator;
    let now = || emulator.locked().clock.date();
    let known =
        match identify(&service.settings, &emulator.sessions, (signed, heads, sigv4::Service::Kms), now) {
            Ok(known) => known,
            Err(error) => {
                emulator.metrics.record(operation, End::of(&error), None, received.watch.elapsed());
                return Some(turned_away(service, Some(operation), &error, received));
            }
        };
    let user_agent = heads.user_agent().unwrap_or_default();
    let work = received.into_call(decode(operation, body), (known.caller, known.region), user_agent);
    let served = calls::serve(emulator, work, async |call| match &service.settings.upstream {
        Some(upstream) => upstream.send(operation, &call.region, body).await,
        None => Err(calls::nowhere()),
    });
    served.await.map(Answer::of)
}

/// The answer to a call that got no further than its headers.
fn turned_away(
    service: &Service,
    operation: Option<Operation>,
    error: &ApiError,
    received: Received,
) -> Answer {
    Answer::error(error, received.turn_away(&service.emulator, operation, error))
}

/// Whether a target names a service that is not KMS: `DynamoDB_20120810.ListTables`.
fn is_of_another_service(target: &str) -> bool {
    target
        .split_once('.')
        .is_some_and(|(service, operation)| service != "TrentService" && !operation.is_empty())
}

/// What is told to whoever sends calls of another service here, most likely without knowing.
pub(super) fn for_another_service(what: &str) -> ApiError {
    let what: String =
        what.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '&')).take(128).collect();
    let message = format!(
        "Here is KMS, and {what} is another service's: set AWS_ENDPOINT_URL_KMS instead of AWS_ENDPOINT_URL, so that \
         only calls of KMS come here."
    );
    ApiError { message: Some(message), ..ApiError::unknown_operation() }
}
