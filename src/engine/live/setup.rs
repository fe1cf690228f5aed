//! Before the measured run: keys, and what is made under them; after it: what was made is given up again.

use super::error::{Error, MOST_KEYS};
use super::snapshot::Control;
use crate::api::{ErrorCode, JobKind, KeySpec, KeyUsage, Operation, Reply};
use crate::backend::{AttemptObserver, Backend, Dispatch, Fixtures, KmsOutput, Refusal};
use crate::clock::sleep;
use crate::scenario::Scenario;
use crate::time::Span;
use crate::workload::Workload;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How keys come about that the scenario does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provision {
    /// They do not: every workload must name its keys.
    Never,
    /// They are made, with this value of the tag `keystorm`.
    Made {
        /// The run's name.
        tag: String,
        /// Whether they are scheduled for deletion at the end.
        given_up: bool,
        /// In an account of AWS: the policy of each, which admits the caller only. One more key is made first and
        /// scheduled for deletion at once, so that an account that forbids this is met with one key and not with many.
        policy: Option<String>,
    },
}

/// How often set-up asks when it is throttled.
const TRIES: u32 = 8;
/// How often it asks when it is not answered, or by a service error.
const TRIES_UNANSWERED: u32 = 3;
/// Pause before a key is made where others share the quota: CreateKey has five calls a second (KMS Developer Guide,
/// request quotas, read 2026-11-23).
const KEY_PAUSE: Span = Span::from_millis(250);

/// Set-up as far as it has come: what was made, and how many attempts that took.
#[derive(Default)]
pub struct Setup {
    /// Keys made for the run, and to be given up at its end.
    pub made: Vec<String>,
    /// Keys made before them, only to be given up at once.
    pub tried: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Most attempts that may be sent.
    pub cap: Option<u64>,
    /// Pause before each attempt, where others share the quotas.
    pub pause: Option<Span>,
    /// What ends it from outside: whatever it waits for then, an answer that does not come included.
    pub control: Option<Arc<Control>>,
}

impl Setup {
    /// Makes what the attempts of `scenario` need.
    ///
    /// # Errors
    /// No keys are named and none may be made, the service says no, or the cap on attempts is reached.
    pub async fn fixtures<B: Backend>(
        &mut self,
        backend: &B,
        scenario: &Scenario,
        provision: &Provision,
    ) -> Result<Fixtures, Error> {
        let mut ids = Vec::new();
        for workload in &scenario.workloads {
            ids.push(self.keys(backend, workload, provision).await?);
        }
        let mut fixtures = Fixtures::new(&scenario.workloads, ids);
        for (number, workload) in scenario.workloads.iter().enumerate() {
            self.fill(backend, &mut fixtures, number, workload).await?;
        }
        Ok(fixtures)
    }

    /// A workload's keys: those it names, or new ones.
    async fn keys<B: Backend>(
        &mut self,
        backend: &B,
        workload: &Workload,
        provision: &Provision,
    ) -> Result<Vec<String>, Error> {
        let keys = &workload.keys;
        if !keys.ids.is_empty() {
            return Ok(keys.ids.clone());
        }
        if !workload.needs_keys() {
            return Ok(vec![String::new()]);
        }
        let Provision::Made { tag, policy, .. } = provision else {
            return Err(Error::NoKeys(workload.name.clone()));
        };
        if keys.count > MOST_KEYS {
            return Err(Error::ManyKeys(workload.name.clone(), keys.count));
        }
        let wanted = workload.key_usages().first().copied().unwrap_or(KeyUsage::SignVerify);
        if policy.is_some() && self.tried == 0 {
            self.try_one(backend, tag, policy.as_deref()).await?;
        }
        let mut ids = Vec::new();
        for _ in 0..keys.count {
            let dispatch = Dispatch {
                operation: Operation::CreateKey,
                tag,
                policy: policy.as_deref(),
                usage: keys.spec.usage_for(wanted),
                ..plain(keys.spec)
            };
            let told = self.dispatch(backend, &dispatch).await?;
            self.made.push(told.key.clone());
            ids.push(told.key);
        }
        Ok(ids)
    }

    /// Makes a key and schedules its deletion, before there are others.
    async fn try_one<B: Backend>(
        &mut self,
        backend: &B,
        tag: &str,
        policy: Option<&str>,
    ) -> Result<(), Error> {
        let create =
            Dispatch { operation: Operation::CreateKey, tag, policy, ..plain(KeySpec::SymmetricDefault) };
        let key = self.dispatch(backend, &create).await?.key;
        self.tried += 1;
        let end = Dispatch {
            operation: Operation::ScheduleKeyDeletion,
            key: &key,
            ..plain(KeySpec::SymmetricDefault)
        };
        match self.dispatch(backend, &end).await {
            Ok(_) => Ok(()),
            Err(Error::Refused { refusal, .. })
                if refusal.reply == Reply::Failed(ErrorCode::AccessDenied) =>
            {
                Err(Error::Stays { key, refusal })
            }
            // It is given up with the others, if that can be.
            Err(other) => {
                self.made.push(key);
                Err(other)
            }
        }
    }

    /// What a workload's jobs need: ciphertexts, signatures, codes, public keys.
    async fn fill<B: Backend>(
        &mut self,
        backend: &B,
        fixtures: &mut Fixtures,
        number: usize,
        workload: &Workload,
    ) -> Result<(), Error> {
        let kinds = workload.kinds();
        let does = |operation| kinds.iter().any(|kind| kind.operation() == operation);
        let calls = workload.set_up_calls();
        // The data key of a message has 32 bytes.
        let is_message = |kind: &JobKind| *kind == JobKind::DecryptMessage;
        let only_messages = kinds.iter().any(is_message)
            && !kinds.contains(&JobKind::Call(Operation::Decrypt))
            && !does(Operation::ReEncrypt);
        for key in 0..fixtures.workloads[number].keys.len() {
            let own = fixtures.workloads[number].clone();
            let id = own.keys[key].id.clone();
            let bytes = if only_messages { 32 } else { own.bytes };
            let payload = fixtures.bytes(bytes).to_vec();
            let base = Dispatch { key: &id, payload: &payload, ..plain(own.spec) };
            for (maker, often) in &calls {
                for context in own.contexts.iter().take(*often as usize) {
                    let context = (*often > 1).then_some(context.as_str());
                    let dispatch = Dispatch { operation: *maker, context, ..base };
                    let made = self.dispatch(backend, &dispatch).await?.blob;
                    fixtures.workloads[number].keys[key].made.entry(*maker).or_default().push(made);
                }
            }
        }
        Ok(())
    }

    /// Schedules every key that was made for deletion; goes on after a refusal and gives the keys that are left.
    pub async fn give_up<B: Backend>(&mut self, backend: &B) -> Vec<(String, Refusal)> {
        let mut left = Vec::new();
        // What was made is given up whatever ended the run.
        (self.cap, self.control) = (None, None);
        for key in std::mem::take(&mut self.made) {
            let dispatch = Dispatch {
                operation: Operation::ScheduleKeyDeletion,
                key: &key,
                ..plain(KeySpec::SymmetricDefault)
            };
            if let Err(Error::Refused { refusal, .. }) = self.dispatch(backend, &dispatch).await {
                left.push((key, refusal));
            }
        }
        left
    }

    /// One call, asked again with growing pauses while the service is busy, unless a signal ends it first.
    pub async fn dispatch<B: Backend>(
        &mut self,
        backend: &B,
        dispatch: &Dispatch<'_>,
    ) -> Result<KmsOutput, Error> {
        let Some(control) = self.control.clone() else { return self.ask_on(backend, dispatch).await };
        tokio::select! {
            biased;
            () = stopped(&control) => Err(Error::Interrupted),
            told = self.ask_on(backend, dispatch) => told,
        }
    }

    async fn ask_on<B: Backend>(&mut self, backend: &B, dispatch: &Dispatch<'_>) -> Result<KmsOutput, Error> {
        let mut pause = Span::from_millis(100);
        let mut tried = 0;
        loop {
            tried += 1;
            if let Some(between) = self.pause {
                let is_key = dispatch.operation == Operation::CreateKey;
                sleep(if is_key { between.max(KEY_PAUSE) } else { between }).await;
            }
            if self.cap.is_some_and(|cap| self.attempts >= cap) {
                return Err(Error::Cap("attempts"));
            }
            self.attempts += 1;
            match backend.dispatch(0, dispatch, &AttemptObserver::nobody()).await {
                Ok(told) => return Ok(told),
                Err(refusal) if tried < tries(refusal.reply) => {
                    sleep(pause).await;
                    pause = pause.times(2);
                }
                Err(refusal) => return Err(Error::Refused { operation: dispatch.operation, refusal }),
            }
        }
    }
}

/// How often set-up looks whether it is to end.
const LOOK: Span = Span::from_millis(100);

/// Ends once the run is to end.
async fn stopped(control: &Control) {
    while !control.stop.load(Ordering::Relaxed) {
        sleep(LOOK).await;
    }
}

/// How often a call is made that is answered so.
const fn tries(reply: Reply) -> u32 {
    match reply {
        Reply::Throttled => TRIES,
        Reply::Failed(code) if code.is_retryable() => TRIES_UNANSWERED,
        Reply::Failed(_) | Reply::Ok => 1,
    }
}

/// An ask of nothing yet, whose answer is read.
fn plain(spec: KeySpec) -> Dispatch<'static> {
    Dispatch {
        operation: Operation::DescribeKey,
        key: "",
        spec,
        pair_spec: KeySpec::Rsa2048,
        usage: KeyUsage::EncryptDecrypt,
        context: None,
        payload: &[],
        blob: &[],
        length: 0,
        tag: "",
        policy: None,
        is_read: true,
        mark: None,
    }
}
