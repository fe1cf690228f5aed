//! The emulated KMS: one machine for all accounts and Regions. A call goes in at `now`, a step comes out.
//!
//! ```text
//! Call ─▶ admission (faults, quota) ─▶ well-formed? ─▶ operation ─▶ Step ─▶ (compute, create) ─▶ Output
//!         refusals cost nothing      the order in which AWS is taken to ask (kms-facts, assumed)
//! ```
//!
//! It never waits and never looks at a clock: the server asks it under a lock, does long arithmetic outside, and delays
//! the answer by [`Begun::takes`].

use super::access::{Directory, Principal, is_like};
use super::call::Call;
use super::crypto::Material;
use super::keys::{Change, Inventory, Key, KeyForm, KeyRef, LastUsage, Moment, Realm, RealmId, StoreKind};
use super::limits::{Consistency, Limits};
use super::operations::{self, CallContext, NewKey, Step, Trail};
use super::realm_admission::{Charged, Delivery, Pass, RealmAdmission};
use super::wire::{ApiError, More, Output};
use super::{Aim, Assumed, Fault, FaultKind, ServiceTime};
use crate::api::{ErrorCode, KeySpec, Operation, Reply};
use crate::quota::{Charges, KeyStore, PoolId, Quotas, catalogue, route};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use std::sync::Arc;

/// What the emulator is made of.
#[derive(Clone, Debug)]
pub struct Config {
    /// Request quotas of every account and Region.
    pub quotas: Quotas,
    /// How long answers take.
    pub service_time: ServiceTime,
    /// What goes wrong, on the admin clock's timeline.
    pub faults: Vec<Fault>,
    /// Resource quotas.
    pub limits: Limits,
    /// What others see late.
    pub consistency: Consistency,
    /// Principals that are known.
    pub directory: Arc<Directory>,
    /// Seals grant and import tokens; secret.
    pub token_key: [u8; 32],
    /// What KMS may do and is not known to do for sure.
    pub assumed: Assumed,
    /// Whether the keys are elsewhere: what is admitted is [`Step::Forward`].
    pub is_front: bool,
    /// How many accounts there can be, each counted in every Region it is used in.
    pub realms: usize,
    /// Whether throttled calls are told when to come back, and which quota is used up.
    pub tells_retry: bool,
    /// Seed of service times, faults and window phases.
    pub seed: u64,
    /// Whether changes are to be kept: see [`Kms::take_changes`].
    pub is_durable: bool,
}

/// A call that admission has judged, and if it passed, its operation.
pub struct Begun {
    /// What it leads to, or the error to answer.
    pub step: Result<Step, ApiError>,
    /// Whether the connection is to be broken instead of answered.
    pub is_reset: bool,
    /// How long the answer takes; more than a year stands for never.
    pub takes: Span,
    /// Whether it is refused for quota or by a throttle fault.
    pub is_throttled: bool,
    /// The pool that refused it.
    pub refused_by: Option<PoolId>,
    /// The first pool it charged.
    pub pool: Option<PoolId>,
    /// How the answer is sent.
    pub delivery: Delivery,
    /// Whether its account is one too many in its Region: nothing is kept of it, no record either.
    pub is_homeless: bool,
    /// What it touched.
    pub trail: Trail,
}

/// The keys that a call names, the first of them first.
type Named = [Option<KeyRef>; 2];

/// The emulated KMS.
#[derive(Debug)]
pub struct Kms {
    admission: RealmAdmission,
    inventory: Inventory,
    limits: Limits,
    consistency: Consistency,
    assumed: Assumed,
    is_front: bool,
    realms: usize,
    tells_retry: bool,
    directory: Arc<Directory>,
    token_key: [u8; 32],
    /// The date at which the timeline begins.
    start: Moment,
}

impl Kms {
    /// An empty one whose timeline begins at `start`.
    pub fn new(config: Config, start: Moment) -> Kms {
        Kms {
            admission: RealmAdmission::new(config.quotas, config.service_time, config.faults, config.seed)
                .with_hot_keys(config.assumed.hot_key),
            inventory: Inventory::new(config.is_durable),
            limits: config.limits,
            consistency: config.consistency,
            assumed: config.assumed,
            is_front: config.is_front,
            realms: config.realms,
            tells_retry: config.tells_retry,
            directory: config.directory,
            token_key: config.token_key,
            start,
        }
    }

    /// Begins to serve a call at `now`, which never goes back.
    pub fn begin(&mut self, call: &Call, now: Time) -> Begun {
        let moment = Moment::at(self.start, now);
        self.settle(moment);
        let known = self.inventory.find_realm(&call.caller.principal.account, &call.region);
        let Some(realm) = known.or_else(|| self.settle_in(call)) else { return homeless(self.realms) };
        let keys = self.named_keys(call, realm, moment);
        let (own, store) = self.charges(call, &keys);
        let pool = own.iter().next().map(|(pool, _)| pool);
        let store = store.as_ref().map(|(owner, id, pool)| (*owner, id.as_str(), *pool));
        let (operation, inventory) = (call.decoded.input.operation(), &self.inventory);
        let is_meant = |aim: &Aim| is_meant(inventory, call, &keys, aim);
        let charged =
            Charged { key: keys.iter().flatten().next(), realm: (realm, &call.region), own: &own, store };
        let pass = self.admission.pass(operation, &charged, now, is_meant);
        let mut trail = Trail::default();
        let chosen = pass.fault.and_then(|number| self.admission.faults().get(usize::from(number)));
        let step = match (pass.reply, chosen.map(|fault| &fault.kind)) {
            (_, Some(FaultKind::ErrorAs { code, status })) => Err(ApiError::chosen(code, *status)),
            (Reply::Ok, _) if self.is_front => Ok(Step::Forward),
            (Reply::Ok, _) => self.serve(call, realm, moment, &mut trail),
            (Reply::Throttled, _) => Err(self.throttled(&pass)),
            (Reply::Failed(_), _) => Err(ApiError::kms_internal("An internal error occurred.")),
        };
        Begun {
            step,
            is_reset: pass.reply == Reply::Failed(ErrorCode::ConnectionReset),
            takes: pass.takes,
            is_throttled: pass.reply == Reply::Throttled,
            refused_by: pass.refused_by,
            pool,
            delivery: pass.delivery,
            is_homeless: false,
            trail,
        }
    }

    /// The realm of a call of which nobody has been seen yet, if there is room for one more.
    fn settle_in(&mut self, call: &Call) -> Option<RealmId> {
        let realm = Realm { account: account_of(call), region: call.region.clone() };
        self.inventory.new_realm(&realm, self.realms)
    }

    /// The refusal of a call that is throttled.
    fn throttled(&self, pass: &Pass) -> ApiError {
        let refused = ApiError::throttling();
        if !self.tells_retry {
            return refused;
        }
        let seconds = |span: Span| span.as_nanos().div_ceil(NANOS_PER_SECOND).max(1);
        let more = More {
            retry_after: pass.ready_in.map(seconds),
            quota_code: pass.refused_by.and_then(|pool| catalogue::entry(pool).code),
            ..More::default()
        };
        ApiError { more: Some(Box::new(more)), ..refused }
    }

    fn serve(
        &mut self,
        call: &Call,
        realm: RealmId,
        now: Moment,
        trail: &mut Trail,
    ) -> Result<Step, ApiError> {
        if let Some(problem) = &call.decoded.problem {
            return Err(problem.clone());
        }
        let mut ctx = CallContext {
            inventory: &mut self.inventory,
            call,
            realm,
            now,
            limits: &self.limits,
            consistency: &self.consistency,
            assumed: &self.assumed,
            realms: self.realms,
            directory: &self.directory,
            token_key: &self.token_key,
            trail,
        };
        operations::serve(&mut ctx)
    }

    /// Finishes a [`Step::Create`]: puts the key in with its `material` (`None` for a key whose material is imported
    /// later or lives elsewhere) and answers.
    pub fn create(&mut self, new: NewKey, material: Option<Material>, now: Time) -> Output {
        operations::create(&mut self.inventory, new, material, Moment::at(self.start, now))
    }

    /// Notes a successful use of a key, for GetKeyLastUsage.
    pub fn note_usage(&mut self, key: &KeyRef, usage: LastUsage) {
        self.inventory.note_usage(key, usage);
    }

    /// Lets happen what was due by `now`: deletions, expiries, rotations, each at its own moment.
    fn settle(&mut self, now: Moment) {
        while let Some((at, key)) = self.inventory.due(now) {
            operations::happen(&mut self.inventory, &key, at);
        }
    }

    /// What a call takes from its realm's pools, and from that of a custom key store.
    ///
    /// The key is found before anything about the call is known to be right: a call that names none that exists is
    /// charged as one on a symmetric key.
    fn charges(&self, call: &Call, keys: &Named) -> (Charges, Option<(RealmId, String, PoolId)>) {
        let operation = call.decoded.input.operation();
        let pair = call.decoded.input.pair_spec().unwrap_or(KeySpec::Rsa2048);
        let cost = self.admission.re_encrypt_cost();
        let (spec, second) = match self.is_front {
            // Nothing is known of keys that are elsewhere but what the call does with them.
            true => call.decoded.input.specs_by_algorithm(),
            false => {
                let mut specs = self.found(keys).map(|(_, key)| key.spec);
                let first = specs.next().unwrap_or(KeySpec::SymmetricDefault);
                (first, specs.next().filter(|_| operation == Operation::ReEncrypt))
            }
        };
        let mut own = route(operation, spec, pair, None, cost);
        if let Some(second) = second {
            let second = route(operation, second, pair, None, cost);
            for (pool, cost) in second.iter() {
                if own.iter().all(|(mine, _)| mine != pool) {
                    own = own.and(pool, cost);
                }
            }
        }
        if own.iter().any(|(pool, _)| !catalogue::has(&call.region, pool)) {
            own = Charges::NONE;
        }
        (own, self.found(keys).find_map(|(realm, key)| self.store_charge(operation, realm, key)))
    }

    /// Keys that are named, with their realms.
    fn found<'a>(&'a self, keys: &'a Named) -> impl Iterator<Item = (RealmId, &'a Key)> {
        keys.iter().flatten().filter_map(move |key| Some((key.realm, self.inventory.get(key)?)))
    }

    /// The keys that a call names: the source and the destination of ReEncrypt, otherwise at most one.
    fn named_keys(&self, call: &Call, realm: RealmId, now: Moment) -> Named {
        let input = &call.decoded.input;
        let named = |text: &str| self.find(text, realm, now);
        let from_blob = || {
            let header = input.ciphertext().and_then(|blob| super::crypto::Header::read(blob).ok())?;
            self.inventory.owner(&header.material_id, realm).cloned()
        };
        match input.operation() {
            Operation::ReEncrypt => {
                let source = input.text("SourceKeyId").and_then(named).or_else(from_blob);
                let destination = input.text("DestinationKeyId").and_then(named);
                if source.is_some() { [source, destination] } else { [destination, None] }
            }
            _ => [input.key_id().and_then(named).or_else(from_blob), None],
        }
    }

    /// The key that a text names, if it exists.
    fn find(&self, text: &str, realm: RealmId, now: Moment) -> Option<KeyRef> {
        let region = &self.inventory.realm(realm).region;
        let by_id = |realm: RealmId, id: &str| {
            self.inventory.key(realm, id).map(|key| KeyRef { realm, id: key.id.clone() })
        };
        let by_alias = |realm: RealmId, name: &str| {
            by_id(realm, self.inventory.alias(realm, name)?.target.seen(now).as_ref()?.as_str())
        };
        match KeyForm::read(text) {
            KeyForm::Id(id) => by_id(realm, id),
            KeyForm::Arn { region: at, account, id } if at == &**region => {
                by_id(self.inventory.find_realm(account, at)?, id)
            }
            KeyForm::Alias(name) => by_alias(realm, name),
            KeyForm::AliasArn { region: at, account, name } if at == &**region => {
                by_alias(self.inventory.find_realm(account, at)?, name)
            }
            _ => None,
        }
    }

    /// What a cryptographic operation takes from the custom key store of a key.
    fn store_charge(
        &self,
        operation: Operation,
        realm: RealmId,
        key: &Key,
    ) -> Option<(RealmId, String, PoolId)> {
        let id = key.store.clone()?;
        let kind = match self.inventory.store(realm, &id)?.kind {
            StoreKind::CloudHsm { .. } => KeyStore::CloudHsm,
            StoreKind::External { .. } => KeyStore::External,
        };
        let both = route(operation, KeySpec::SymmetricDefault, KeySpec::Rsa2048, Some(kind), 1);
        let (pool, _) = both.iter().nth(1)?;
        Some((realm, id, pool))
    }

    /// What is kept.
    pub const fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What is kept, to be restored or seeded.
    pub const fn inventory_mut(&mut self) -> &mut Inventory {
        &mut self.inventory
    }

    /// Quotas, faults and service time.
    pub const fn admission(&self) -> &RealmAdmission {
        &self.admission
    }

    /// Quotas, faults and service time, to be changed.
    pub const fn admission_mut(&mut self) -> &mut RealmAdmission {
        &mut self.admission
    }

    /// The date of a moment of the timeline.
    pub const fn moment(&self, now: Time) -> Moment {
        Moment::at(self.start, now)
    }

    /// What must be kept before the calls since the last time are answered.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.inventory.take_changes()
    }

    /// Takes these for the principals that there are.
    pub fn set_directory(&mut self, directory: Arc<Directory>) {
        self.directory = directory;
    }

    /// Empties the inventory and what was admitted; quotas stay. What was there is in the changes as gone.
    pub fn reset(&mut self, now: Time) {
        self.inventory.clear();
        self.admission.reset(now);
    }
}

/// The refusal of a call for which there is no room.
fn homeless(realms: usize) -> Begun {
    let what = format!(
        "This emulator keeps the keys and quotas of {realms} accounts, each counted in every Region it is used in, and this \
         is one more: --max-realms raises that, POST /_keystorm/reset forgets all."
    );
    Begun {
        step: Err(ApiError::validation(what)),
        is_reset: false,
        takes: Span::ZERO,
        is_throttled: false,
        refused_by: None,
        pool: None,
        delivery: Delivery::Whole,
        is_homeless: true,
        trail: Trail::default(),
    }
}

/// Whether a fault that is for some calls only is for this one, which names these keys.
fn is_meant(inventory: &Inventory, call: &Call, keys: &Named, aim: &Aim) -> bool {
    let Principal { arn, account, role, .. } = &call.caller.principal;
    let is_caller = |pattern: &String| {
        let names = [Some(arn), Some(account), role.as_ref()];
        names.into_iter().flatten().any(|name| is_like(pattern, name))
    };
    let is_named = |text: &String| {
        let has_name = |key: &KeyRef| {
            let realm = inventory.realm(key.realm);
            let mut aliases = inventory.aliases_of(key.realm, key.id.as_str());
            *text == *key.id.as_str()
                || *text == inventory.arn(key)
                || aliases.any(|alias| *text == *alias.name || *text == realm.alias_arn(&alias.name))
        };
        call.decoded.input.key_id() == Some(text) || keys.iter().flatten().any(has_name)
    };
    aim.principal.as_ref().is_none_or(is_caller)
        && aim.region.as_ref().is_none_or(|region| *region == *call.region)
        && aim.key.as_ref().is_none_or(is_named)
}

fn account_of(call: &Call) -> Arc<str> {
    call.caller.principal.account.as_str().into()
}
