//! One KMS call that is known by its caller: what the emulator says, arithmetic, waiting, answer.

use super::journal::Room;
use super::metrics::End;
use super::runtime::Runtime;
use super::store;
use crate::api::{KeySpec, Operation, Reply, reply_of};
use crate::clock::Stopwatch;
use crate::kms::crypto::Material;
use crate::kms::wire::{ApiError, Decoded, Output};
use crate::kms::{Begun, Call, Caller, Delivery, Step, Trail, Uuid, events};
use crate::time::{Span, Time};
use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// An answer that takes longer than this is one that never comes by itself.
const NEVER: Span = Span::from_secs(365 * 86_400);

/// A call as it has come.
pub(crate) struct Received {
    pub(crate) watch: Stopwatch,
    pub(crate) request_id: Uuid,
    peer: SocketAddr,
    event_id: Uuid,
    /// Where its line of the access log goes.
    room: Option<Room>,
}

/// A call to be served, and since when.
pub(crate) struct Work {
    call: Call,
    room: Option<Room>,
    watch: Stopwatch,
}

impl Received {
    /// A call from `peer` that has come now; it waits while the log has no room.
    pub(crate) async fn now(runtime: &Runtime, peer: SocketAddr) -> Received {
        let watch = Stopwatch::start();
        let room = runtime.journal.room_for_line().await;
        Received { watch, room, request_id: runtime.id(), event_id: runtime.id(), peer }
    }

    /// The call that it is, by whom in which Region.
    pub(crate) fn into_call(
        self,
        decoded: Decoded,
        (caller, region): (Arc<Caller>, Arc<str>),
        user_agent: &str,
    ) -> Work {
        let call = Call {
            decoded,
            caller,
            region,
            request_id: self.request_id,
            event_id: self.event_id,
            source_ip: self.peer.ip(),
            user_agent: user_agent.into(),
        };
        Work { call, room: self.room, watch: self.watch }
    }

    /// Writes the line of a call that got no further than its headers: it took no quota. Gives its id.
    pub(crate) fn turn_away(self, runtime: &Runtime, operation: Option<Operation>, error: &ApiError) -> Uuid {
        if let Some(room) = self.room {
            // Under the lock, as the others.
            let locked = runtime.locked();
            let line = json!({
                "at_ns": locked.now().as_nanos(),
                "requestId": self.request_id,
                "operation": operation.map(Operation::name),
                "decision": "refused",
                "errorCode": error.code(),
                "sourceIp": self.peer.ip().to_string(),
            });
            runtime.journal.line(format!("{line}\n"), room);
        }
        self.request_id
    }
}

/// A call that was served.
pub(crate) struct Served {
    pub(crate) said: Result<Said, ApiError>,
    pub(crate) delivery: Delivery,
    pub(crate) request_id: Uuid,
}

/// What a service has answered that has the keys.
pub(crate) struct Forwarded {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// What of an answer is looked at.
#[derive(Default, Deserialize)]
struct Looked {
    #[serde(rename = "KeyId")]
    key: Option<String>,
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl Forwarded {
    fn look(&self) -> Looked {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The key that it names by its ARN, with the key's account.
    fn key(&self) -> Option<(Arc<str>, Arc<str>)> {
        let arn = self.look().key.filter(|key| key.starts_with("arn:"))?;
        let account = arn.split(':').nth(4)?.into();
        Some((arn.into(), account))
    }

    /// The error that it is, if it is one, and whether that is a throttle.
    fn error(&self) -> Option<(ApiError, bool)> {
        if self.status == 200 {
            return None;
        }
        let looked = self.look();
        // `com.amazonaws.kms#NotFoundException` and `NotFoundException` are the same code.
        let code = looked.kind.as_deref().and_then(|kind| kind.rsplit('#').next()).unwrap_or("UnknownError");
        let error = ApiError { message: looked.message, ..ApiError::chosen(code, self.status) };
        Some((error, reply_of(self.status, code) == Reply::Throttled))
    }
}

/// A call that has met the emulator.
struct Entered {
    begun: Begun,
    at: Time,
    /// What must be kept before it is answered.
    kept: Option<(store::Kept, u64)>,
    /// Tells when faults change, if its answer takes a while.
    changed: Option<watch::Receiver<u64>>,
}

/// What a call comes to.
pub(crate) enum Said {
    Ours(Output),
    /// What was answered where the keys are, be it a refusal.
    Theirs(Forwarded),
}

impl Served {
    /// Its status and its body, as the wire has them.
    pub(crate) fn on_wire(said: Result<Said, ApiError>) -> (u16, Vec<u8>) {
        match said {
            Ok(Said::Ours(output)) => (200, output.into_bytes()),
            Ok(Said::Theirs(forwarded)) => (forwarded.status, forwarded.body),
            Err(error) => (error.status, error.body()),
        }
    }
}

/// Does what is left of a call, waits until its answer is due, and writes down what became of it.
///
/// `forward` answers where the keys are elsewhere; nothing comes back if the connection is to be broken.
pub(crate) async fn serve(
    runtime: &Arc<Runtime>,
    Work { call, room, watch }: Work,
    forward: impl AsyncFnOnce(&Call) -> Result<Forwarded, ApiError>,
) -> Option<Served> {
    let Entered { begun, at, kept, changed } = enter(runtime, &call, room);
    let Begun { step, is_reset, takes, is_throttled, refused_by, mut trail, delivery, is_homeless, .. } =
        begun;
    for warning in &trail.warnings {
        // Names in it are the caller's.
        tracing::warn!(request = %call.request_id, "{}", warning.escape_debug());
    }
    let said = match runtime.kept(kept).await {
        Ok(()) => said(runtime, &call, step, forward).await,
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
        Box::pin(wait(runtime, changed, &watch, takes)).await;
    }
    let end = match error {
        _ if is_reset || delivery == Delivery::Cut => End::Fault,
        _ if is_throttled => End::Throttled,
        None => End::Ok,
        Some(error) => End::of(error),
    };
    runtime.metrics.record(call.decoded.input.operation(), end, refused_by, watch.elapsed());
    runtime.metrics.record_keys(&trail, end);
    if (!is_throttled || runtime.settings.cloudtrail_throttled)
        && !is_homeless
        && let Some(room) = runtime.journal.room_for_record().await
    {
        audit(runtime, &call, &trail, (at, error), room);
    }
    (!is_reset).then_some(Served { said, delivery, request_id: call.request_id })
}

/// What a step comes to outside the emulator: here, or where the keys are.
async fn said(
    runtime: &Arc<Runtime>,
    call: &Call,
    step: Result<Step, ApiError>,
    forward: impl AsyncFnOnce(&Call) -> Result<Forwarded, ApiError>,
) -> Result<Said, ApiError> {
    match step {
        // In memory of its own: it is large, and every call would be moved with room for it.
        Ok(Step::Forward) => Box::pin(forward(call)).await.map(Said::Theirs),
        step => {
            let operation = call.decoded.input.operation();
            let output = finish(runtime, operation, step).await?;
            debug_assert!(
                output.fits(operation.answer()),
                "{operation} answers what it does not have: {output:?}"
            );
            Ok(Said::Ours(output))
        }
    }
}

/// The answer to what is to be sent on where nobody is to be sent to.
pub(crate) fn nowhere() -> ApiError {
    ApiError::kms_internal("An internal error occurred.")
}

/// Lets a call meet the emulator: all that must happen under its lock.
fn enter(runtime: &Runtime, call: &Call, room: Option<Room>) -> Entered {
    let mut locked = runtime.locked();
    let at = locked.now();
    let begun = locked.kms.begin(call, at);
    if let Some(room) = room {
        // Here, so that the log has the order in which quota was taken.
        runtime.journal.line(receipt(call, &begun, at), room);
    }
    let kept = runtime.keep(&mut locked);
    // Here too: faults that end as soon as the lock is free are not missed by who waits for their end.
    let changed = (!begun.takes.is_zero()).then(|| runtime.faults_changed.subscribe());
    Entered { begun, at, kept, changed }
}

/// Does what a step leaves to be done outside the emulator.
async fn finish(
    runtime: &Arc<Runtime>,
    operation: Operation,
    step: Result<Step, ApiError>,
) -> Result<Output, ApiError> {
    let lost = |_| ApiError::kms_internal("An internal error occurred.");
    match step? {
        Step::Done(output) => Ok(output),
        Step::Forward => Err(nowhere()),
        Step::Compute(work) if operation.is_quick() => work(),
        Step::Compute(work) => tokio::task::spawn_blocking(work).await.map_err(lost)?,
        Step::Create(new) => {
            let spec: KeySpec = new.spec();
            let material =
                tokio::task::spawn_blocking(move || Material::generate(spec)).await.map_err(lost)?;
            let material = material.map_err(|_| ApiError::kms_internal("An internal error occurred."))?;
            let (output, kept) = {
                let mut locked = runtime.locked();
                let now = locked.now();
                let output = locked.kms.create(*new, Some(material), now);
                let kept = runtime.keep(&mut locked);
                (output, kept)
            };
            runtime.kept(kept).await.map_err(|error| ApiError::kms_internal(error.to_string()))?;
            Ok(output)
        }
    }
}

/// Waits until an answer is `takes` old. One that never comes waits for the faults to be changed.
async fn wait(runtime: &Runtime, mut changed: watch::Receiver<u64>, watch: &Stopwatch, takes: Span) {
    let left = Span::from_nanos(takes.as_nanos().saturating_sub(watch.elapsed().as_nanos()));
    if left.is_zero() {
        return;
    }
    if takes > NEVER {
        let _ = changed.changed().await;
        return;
    }
    tokio::select! {
        () = runtime.sleep(left) => {}
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

/// The record of the audit trail.
fn audit(runtime: &Runtime, call: &Call, trail: &Trail, (at, error): (Time, Option<&ApiError>), room: Room) {
    let at = runtime.locked().kms.moment(at);
    let account = &call.caller.principal.account;
    let record = events::record(call, trail, account, at, error);
    runtime.journal.record(record, at, (account, &call.region), room);
}
