//! One KMS call: who makes it, what the emulator says, arithmetic, waiting, answer.

use super::answer::Answer;
use super::heads::Heads;
use super::identity::identify;
use super::journal::Room;
use super::metrics::End;
use super::shared::Shared;
use super::sigv4::{Service, Signed};
use super::store::Kept;
use super::upstream::Answered;
use crate::api::{KeySpec, Operation};
use crate::clock::Stopwatch;
use crate::kms::crypto::Material;
use crate::kms::wire::{ApiError, Output, decode, operation_of};
use crate::kms::{Begun, Call, Delivery, Step, Trail, Uuid, events};
use crate::time::{Span, Time};
use hyper::HeaderMap;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// An answer that takes longer than this is one that never comes by itself.
const NEVER: Span = Span::from_secs(365 * 86_400);

/// A call that has met the emulator.
struct Entered {
    begun: Begun,
    at: Time,
    /// What must be kept before it is answered.
    kept: Option<(Kept, u64)>,
    /// Tells when faults change, if its answer takes a while.
    changed: Option<watch::Receiver<u64>>,
}

/// What a call comes to.
enum Said {
    Ours(Output),
    /// What the upstream has answered, be it a refusal.
    Theirs(Answered),
}

/// A call as it has come.
struct Received {
    watch: Stopwatch,
    request_id: Uuid,
    peer: SocketAddr,
    /// Where its line of the access log goes.
    room: Option<Room>,
}

impl Received {
    async fn now(shared: &Shared, peer: SocketAddr) -> Received {
        let watch = Stopwatch::start();
        Received { watch, room: shared.journal.room_for_line().await, request_id: shared.id(), peer }
    }
}

/// Serves a call that names its operation in a header; `None` if its connection is to be broken.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    signed: &Signed<'_>,
    heads: &Heads<'_>,
    peer: SocketAddr,
) -> Option<Answer> {
    let received = Received::now(shared, peer).await;
    let target = heads.target().unwrap_or_default();
    match operation_of(target) {
        Ok(operation) => known(shared, operation, signed, heads, received).await,
        Err(_) if is_of_another_service(target) => {
            Some(turned_away(shared, None, &for_another_service(target), received))
        }
        Err(error) => Some(turned_away(shared, None, &error, received)),
    }
}

/// Serves a call of an operation that comes without a socket and without headers.
pub(super) async fn serve_direct(
    shared: &Arc<Shared>,
    operation: Operation,
    body: &[u8],
    peer: SocketAddr,
) -> Option<Answer> {
    let none = HeaderMap::new();
    let signed = Signed { method: "POST", path: "/", query: "", headers: &none, body };
    let received = Received::now(shared, peer).await;
    known(shared, operation, &signed, &Heads::default(), received).await
}

/// Serves a call of a known operation.
async fn known(
    shared: &Arc<Shared>,
    operation: Operation,
    signed: &Signed<'_>,
    heads: &Heads<'_>,
    received: Received,
) -> Option<Answer> {
    let now = || shared.locked().clock.date();
    let known = match identify(&shared.settings, &shared.sessions, (signed, heads, Service::Kms), now) {
        Ok(known) => known,
        Err(error) => {
            shared.metrics.record(operation, End::of(&error), None, received.watch.elapsed());
            return Some(turned_away(shared, Some(operation), &error, received));
        }
    };
    let Received { watch, request_id, peer, room } = received;
    let call = Call {
        decoded: decode(operation, signed.body),
        caller: known.caller,
        region: known.region,
        request_id,
        event_id: shared.id(),
        source_ip: peer.ip(),
        user_agent: heads.user_agent().unwrap_or_default().into(),
    };
    let entered = enter(shared, &call, room);
    conclude(shared, &call, signed.body, entered, &watch).await
}

/// Does what is left of a call, waits until its answer is due, and writes down what became of it.
async fn conclude(
    shared: &Arc<Shared>,
    call: &Call,
    body: &[u8],
    Entered { begun, at, kept, changed }: Entered,
    watch: &Stopwatch,
) -> Option<Answer> {
    let Begun { step, is_reset, takes, is_throttled, refused_by, mut trail, delivery, is_homeless, .. } =
        begun;
    for warning in &trail.warnings {
        // Names in it are the caller's.
        crate::notice::tell(format_args!("warning: {}", warning.escape_debug()));
    }
    let said = match shared.kept(kept).await {
        Ok(()) => said(shared, call, body, step).await,
        Err(error) => Err(ApiError::kms_internal(error.to_string())),
    };
    let foreign = match &said {
        Ok(Said::Theirs(answered)) => {
            trail.keys.extend(answered.key());
            answered.error()
        }
        _ => None,
    };
    let is_throttled = is_throttled || foreign.as_ref().is_some_and(|(_, is_throttle)| *is_throttle);
    let error = foreign.as_ref().map(|(error, _)| error).or(said.as_ref().err());
    if let Some(changed) = changed {
        Box::pin(wait(shared, changed, watch, takes)).await;
    }
    let end = match error {
        _ if is_reset || delivery == Delivery::Cut => End::Fault,
        _ if is_throttled => End::Throttled,
        None => End::Ok,
        Some(error) => End::of(error),
    };
    shared.metrics.record(call.decoded.input.operation(), end, refused_by, watch.elapsed());
    shared.metrics.record_keys(&trail, end);
    if (!is_throttled || shared.settings.cloudtrail_throttled)
        && !is_homeless
        && let Some(room) = shared.journal.room_for_record().await
    {
        audit(shared, call, &trail, (at, error), room);
    }
    let answer = match said {
        Ok(Said::Ours(output)) => Answer::json(200, output.into_bytes(), call.request_id),
        Ok(Said::Theirs(answered)) => Answer::json(answered.status, answered.body, call.request_id),
        Err(error) => Answer::error(&error, call.request_id),
    };
    (!is_reset).then(|| answer.sent(delivery))
}

/// What a step comes to outside the emulator: here, or where the keys are.
async fn said(
    shared: &Arc<Shared>,
    call: &Call,
    body: &[u8],
    step: Result<Step, ApiError>,
) -> Result<Said, ApiError> {
    let operation = call.decoded.input.operation();
    match (step, &shared.settings.upstream) {
        (Ok(Step::Forward), Some(upstream)) => {
            // In memory of its own: it is large, and every call would be moved with room for it.
            Box::pin(upstream.send(operation, &call.region, body)).await.map(Said::Theirs)
        }
        (step, _) => finish(shared, operation, step).await.map(Said::Ours),
    }
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

/// Lets a call meet the emulator: all that must happen under its lock.
fn enter(shared: &Shared, call: &Call, room: Option<Room>) -> Entered {
    let mut locked = shared.locked();
    let at = locked.now();
    let begun = locked.kms.begin(call, at);
    if let Some(room) = room {
        // Here, so that the log has the order in which quota was taken.
        shared.journal.line(receipt(call, &begun, at), room);
    }
    let kept = shared.keep(&mut locked);
    // Here too: faults that end as soon as the lock is free are not missed by who waits for their end.
    let changed = (!begun.takes.is_zero()).then(|| shared.faults_changed.subscribe());
    Entered { begun, at, kept, changed }
}

/// Does what a step leaves to be done outside the emulator.
async fn finish(
    shared: &Arc<Shared>,
    operation: Operation,
    step: Result<Step, ApiError>,
) -> Result<Output, ApiError> {
    let lost = |_| ApiError::kms_internal("An internal error occurred.");
    match step? {
        Step::Done(output) => Ok(output),
        Step::Forward => Err(ApiError::kms_internal("An internal error occurred.")),
        Step::Compute(work) if is_quick(operation) => work(),
        Step::Compute(work) => tokio::task::spawn_blocking(work).await.map_err(lost)?,
        Step::Create(new) => {
            let spec: KeySpec = new.spec();
            let material =
                tokio::task::spawn_blocking(move || Material::generate(spec)).await.map_err(lost)?;
            let material = material.map_err(|_| ApiError::kms_internal("An internal error occurred."))?;
            let (output, kept) = {
                let mut locked = shared.locked();
                let now = locked.now();
                let output = locked.kms.create(*new, Some(material), now);
                let kept = shared.keep(&mut locked);
                (output, kept)
            };
            shared.kept(kept).await.map_err(|error| ApiError::kms_internal(error.to_string()))?;
            Ok(output)
        }
    }
}

/// Whether the arithmetic of an operation is nearly always done in microseconds.
const fn is_quick(operation: Operation) -> bool {
    use Operation::*;
    matches!(
        operation,
        Encrypt
            | Decrypt
            | ReEncrypt
            | GenerateDataKey
            | GenerateDataKeyWithoutPlaintext
            | GenerateRandom
            | GenerateMac
            | VerifyMac
    )
}

/// Waits until an answer is `takes` old. One that never comes waits for the faults to be changed.
async fn wait(shared: &Shared, mut changed: watch::Receiver<u64>, watch: &Stopwatch, takes: Span) {
    let left = Span::from_nanos(takes.as_nanos().saturating_sub(watch.elapsed().as_nanos()));
    if left.is_zero() {
        return;
    }
    if takes > NEVER {
        let _ = changed.changed().await;
        return;
    }
    tokio::select! {
        () = shared.sleep(left) => {}
        _ = changed.changed() => {}
    }
}

/// The line of the access log: the call as it was received and what admission said.
fn receipt(call: &Call, begun: &Begun, now: Time) -> String {
    let decision = match (&begun.step, begun.is_throttled, begun.is_reset) {
        (_, true, _) => "throttled",
        (_, _, true) => "reset",
        (Ok(_), ..) => "granted",
        (Err(_), ..) => "refused",
    };
    let warnings = &begun.trail.warnings;
    let line = json!({
        "at_ns": now.as_nanos(),
        "requestId": call.request_id,
        "account": call.caller.principal.account,
        "region": &*call.region,
        "operation": call.decoded.input.operation().name(),
        "pool": begun.pool.map(|pool| pool.name()),
        "decision": decision,
        "refusedBy": begun.refused_by.map(|pool| pool.name()),
        "errorCode": begun.step.as_ref().err().map(ApiError::code),
        "key": begun.trail.keys.first().map(|(arn, _)| &**arn),
        "takes_us": begun.takes.as_micros(),
        "sourceIp": call.source_ip,
        "warnings": (!warnings.is_empty()).then_some(warnings),
    });
    format!("{line}\n")
}

/// The answer to a call that got no further than its headers, and its line of the access log: it took no quota.
fn turned_away(
    shared: &Shared,
    operation: Option<Operation>,
    error: &ApiError,
    Received { request_id, peer, room, .. }: Received,
) -> Answer {
    if let Some(room) = room {
        // Under the lock, as the others.
        let locked = shared.locked();
        let line = json!({
            "at_ns": locked.now().as_nanos(),
            "requestId": request_id,
            "operation": operation.map(Operation::name),
            "decision": "refused",
            "errorCode": error.code(),
            "sourceIp": peer.ip().to_string(),
        });
        shared.journal.line(format!("{line}\n"), room);
    }
    Answer::error(error, request_id)
}

/// The record of the audit trail.
fn audit(shared: &Shared, call: &Call, trail: &Trail, (at, error): (Time, Option<&ApiError>), room: Room) {
    let at = shared.locked().kms.moment(at);
    let account = &call.caller.principal.account;
    let record = events::record(call, trail, account, at, error);
    shared.journal.record(record, at, (account, &call.region), room);
}
