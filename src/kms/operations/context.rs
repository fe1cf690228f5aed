//! The context in which one call is served: the inventory, who calls, what is asked, at which moment.

use crate::api::{KeySpec, Operation};
use crate::kms::access::{
    self, Allowed, Circumstances, ConditionContext, Directory, GrantView, KeyAccess, Principal, Question,
};
use crate::kms::crypto::MaterialId;
use crate::kms::keys::{Inventory, Key, KeyForm, KeyId, KeyRef, KeyState, Moment, Realm, RealmId, refusal};
use crate::kms::limits::{Consistency, Limits};
use crate::kms::wire::{ApiError, Input, Output};
use crate::kms::{Assumed, Call, Caller};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a call leads to while the inventory is at hand.
pub enum Step {
    /// The answer.
    Done(Output),
    /// Arithmetic that holds all it needs: run it without the inventory.
    Compute(Box<dyn FnOnce() -> Result<Output, ApiError> + Send>),
    /// A key to be made: generate its material without the inventory, then hand it to
    /// [`Kms::create`](crate::kms::Kms::create).
    Create(Box<NewKey>),
    /// Whoever has the keys is to be asked.
    Forward,
}

/// A key that only lacks its material.
pub struct NewKey {
    /// Its realm.
    pub(in crate::kms) realm: RealmId,
    /// The key, without material.
    pub(in crate::kms) key: Key,
}

impl NewKey {
    /// The material it needs.
    pub const fn spec(&self) -> KeySpec {
        self.key.spec
    }
}

/// What a call touched, for the audit trail; no secret is in it.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// The keys, by ARN and account.
    pub keys: Vec<(Arc<str>, Arc<str>)>,
    /// The material a ciphertext was made or read with.
    pub material: Option<MaterialId>,
    /// The custom key store of the key.
    pub store: Option<String>,
    /// What whoever runs the server should know of the call, and the caller is not told.
    pub warnings: Vec<String>,
}

/// What a call may do with a key.
pub(in crate::kms) struct Right {
    /// The key's ARN.
    pub arn: Arc<str>,
    /// What allows it.
    pub by: Allowed,
}

/// One call being served.
pub(in crate::kms) struct CallContext<'a> {
    /// All there is.
    pub inventory: &'a mut Inventory,
    /// The call.
    pub call: &'a Call,
    /// The caller's realm.
    pub realm: RealmId,
    /// The moment on the admin clock.
    pub now: Moment,
    /// Resource quotas.
    pub limits: &'a Limits,
    /// Delays of what others see.
    pub consistency: &'a Consistency,
    /// What KMS may do and is not known to do for sure.
    pub assumed: &'a Assumed,
    /// How many realms there can be.
    pub realms: usize,
    /// Principals that are known.
    pub directory: &'a Directory,
    /// Seals tokens (grants, imports).
    pub token_key: &'a [u8; 32],
    /// What was touched.
    pub trail: &'a mut Trail,
}

impl<'a> CallContext<'a> {
    /// What is asked.
    pub fn operation(&self) -> Operation {
        self.call.decoded.input.operation()
    }

    /// The members of the call.
    pub fn input(&self) -> &'a Input {
        &self.call.decoded.input
    }

    /// A text member that validation has required.
    pub fn required(&self, member: &'static str) -> &'a str {
        self.input().text(member).expect("validation requires it")
    }

    /// Who calls.
    pub fn caller(&self) -> &'a Caller {
        &self.call.caller
    }

    /// The caller's realm by name.
    pub fn own(&self) -> Realm {
        self.inventory.realm(self.realm).clone()
    }

    /// The key that a member names in any of the four forms.
    ///
    /// # Errors
    /// NotFoundException, InvalidArnException.
    pub fn find(&self, member: &'static str) -> Result<KeyRef, ApiError> {
        self.find_text(self.required(member))
    }

    /// The key that a text names in any of the four forms.
    ///
    /// # Errors
    /// NotFoundException, InvalidArnException.
    pub fn find_text(&self, text: &str) -> Result<KeyRef, ApiError> {
        let alias = |realm: RealmId, name: &str| {
            let target =
                self.inventory.alias(realm, name).and_then(|alias| alias.target.seen(self.now).clone());
            let arn = || self.inventory.realm(realm).alias_arn(name);
            let id = target.ok_or_else(|| ApiError::not_found(format!("Alias {} is not found.", arn())))?;
            Ok(KeyRef { realm, id })
        };
        match KeyForm::read(text) {
            KeyForm::Alias(name) => alias(self.realm, name),
            KeyForm::AliasArn { region, account, name } => alias(self.realm_of(region, account, text)?, name),
            _ => self.find_bare_text(text),
        }
    }

    /// The key that a member names by id or ARN; management operations take no aliases.
    ///
    /// # Errors
    /// NotFoundException, InvalidArnException; ValidationException for an alias that is to name an alias.
    pub fn find_bare(&self, member: &'static str) -> Result<KeyRef, ApiError> {
        self.find_bare_text(self.required(member))
    }

    fn find_bare_text(&self, text: &str) -> Result<KeyRef, ApiError> {
        let (realm, id) = match KeyForm::read(text) {
            KeyForm::Id(id) => (self.realm, id),
            KeyForm::Arn { region, account, id } => (self.realm_of(region, account, text)?, id),
            KeyForm::Alias(_) | KeyForm::AliasArn { .. } => return Err(no_alias(self.operation())),
            KeyForm::Malformed => return Err(ApiError::invalid_arn(format!("Invalid arn {text}"))),
        };
        let missing = || {
            let arn = self.inventory.realm(realm).key_arn(id);
            ApiError::not_found(match (KeyId::is_well_formed(id), id == text) {
                (true, _) => format!("Key '{arn}' does not exist"),
                (false, true) => format!("Invalid keyId '{id}'"),
                (false, false) => format!("Invalid keyId {id}"),
            })
        };
        let found = self.inventory.key(realm, id).ok_or_else(missing)?;
        Ok(KeyRef { realm, id: found.id.clone() })
    }

    /// The realm of an ARN, which must be of the caller's Region.
    fn realm_of(&self, region: &str, account: &str, text: &str) -> Result<RealmId, ApiError> {
        if region != &*self.inventory.realm(self.realm).region {
            return Err(ApiError::not_found(format!("Invalid arn {region}")));
        }
        let missing = || ApiError::not_found(format!("Key '{text}' does not exist"));
        self.inventory.find_realm(account, region).ok_or_else(missing)
    }

    /// A key that exists.
    pub fn key(&self, key: &KeyRef) -> &Key {
        self.inventory
            .get(key)
            .expect("a reference found in this context stays good while the call is served")
    }

    /// The state of a key as this call sees it.
    pub fn state(&self, key: &KeyRef) -> KeyState {
        self.state_of(key.realm, self.key(key))
    }

    fn state_of(&self, realm: RealmId, found: &Key) -> KeyState {
        let store = found.store.as_deref().and_then(|id| self.inventory.store(realm, id));
        found.state(self.now, store.is_none_or(|store| store.is_connected(self.now)))
    }

    /// Refuses if the key's state does not allow this operation.
    ///
    /// # Errors
    /// DisabledException, KMSInvalidStateException.
    pub fn check_state(&self, key: &KeyRef) -> Result<(), ApiError> {
        self.check_state_of(key.realm, self.key(key))
    }

    /// The same of a key that was looked up already.
    pub(super) fn check_state_of(&self, realm: RealmId, found: &Key) -> Result<(), ApiError> {
        let state = self.state_of(realm, found);
        // The key is named only in a refusal: this is asked of every call.
        match refusal(self.operation(), state, "") {
            None => Ok(()),
            Some(_) => {
                let arn = self.inventory.arn_of(realm, found);
                refusal(self.operation(), state, &arn).map_or(Ok(()), Err)
            }
        }
    }

    /// Refuses a key of another account: this operation is not for those.
    ///
    /// # Errors
    /// AccessDeniedException.
    pub fn check_own(&self, key: &KeyRef) -> Result<(), ApiError> {
        if key.realm == self.realm {
            return Ok(());
        }
        let (who, what, arn) = (&self.caller().principal.arn, self.operation(), self.inventory.arn(key));
        Err(ApiError::access_denied(format!(
            "User: {who} is not authorized to perform: kms:{what} on resource: {arn} because the operation is not \
             permitted on a key of another account"
        )))
    }

    /// Refuses unless the caller may do `action` (`kms:Encrypt`) with a key. `member` is where the call names it,
    /// `context` the encryption context.
    ///
    /// # Errors
    /// AccessDeniedException, InvalidGrantTokenException.
    pub fn authorize(
        &mut self,
        key: &KeyRef,
        action: &str,
        encryption_context: &BTreeMap<String, String>,
        tell: impl FnOnce(&mut ConditionContext),
    ) -> Result<Right, ApiError> {
        let found = self.key(key);
        let arn = self.inventory.arn_of(key.realm, found);
        let account = Arc::clone(&self.inventory.realm(key.realm).account);
        let policy = found.policy.seen(self.now);
        let mut context = ConditionContext::default();
        if policy.has_conditions() || self.caller().policies.iter().any(|policy| policy.has_conditions()) {
            context = self.context_of_key(key, encryption_context);
            tell(&mut context);
        }
        let tokens = self.presented_grants()?;
        let grants: Vec<GrantView<'_>> = self
            .inventory
            .grants(key)
            .values()
            .filter(|grant| is_grantee(&self.caller().principal, &grant.grantee))
            .filter(|grant| grant.ends.is_none_or(|ends| self.now < ends))
            .map(|grant| GrantView {
                id: &grant.id,
                grantee: &grant.grantee,
                operations: &grant.operations,
                constraints: &grant.constraints,
                is_visible: grant.visible <= self.now || tokens.contains(&grant.id),
            })
            .collect();
        let question = Question {
            caller: &self.caller().principal,
            caller_policies: &self.caller().policies,
            action,
            resource: &arn,
            key: Some(KeyAccess { account: &account, policy, grants: &grants }),
            context: &context,
            encryption_context,
        };
        let answer = access::authorize(&question).map_err(|denied| ApiError::access_denied(denied.message()));
        drop(grants);
        self.trail.keys.push((Arc::clone(&arn), account));
        Ok(Right { arn, by: answer? })
    }

    /// Refuses unless the caller's identity policies allow `action` on `resource` (an alias's ARN, or `*`).
    ///
    /// # Errors
    /// AccessDeniedException.
    pub fn authorize_identity(
        &self,
        action: &str,
        resource: &str,
        tell: impl FnOnce(&mut ConditionContext),
    ) -> Result<(), ApiError> {
        let mut context = ConditionContext::default();
        if self.caller().policies.iter().any(|policy| policy.has_conditions()) {
            context = self.condition_context(self.realm, self.realm);
            tell(&mut context);
        }
        let question = Question {
            caller: &self.caller().principal,
            caller_policies: &self.caller().policies,
            action,
            resource,
            key: None,
            context: &context,
            encryption_context: &BTreeMap::new(),
        };
        access::authorize(&question).map(|_| ()).map_err(|denied| ApiError::access_denied(denied.message()))
    }

    /// What conditions can ask of a call to `there` about something that `owner` has.
    fn condition_context(&self, there: RealmId, owner: RealmId) -> ConditionContext {
        let caller = self.caller();
        let owner = &self.inventory.realm(owner).account;
        let mut context = ConditionContext::of(&Circumstances {
            caller: Some((&caller.principal, &caller.standing)),
            region: &self.inventory.realm(there).region,
            source_ip: self.call.source_ip,
            user_agent: &self.call.user_agent,
            now: self.now,
            resource: (owner, self.directory.organization_of(owner)),
        });
        context.one("kms:CallerAccount", &caller.principal.account);
        context
    }

    /// What conditions can ask of a call about a key: the caller, the key, the encryption context, the alias by which the
    /// call names the key.
    ///
    /// Source: KMS Developer Guide, condition keys (read 2026-11-23).
    fn context_of_key(
        &self,
        key: &KeyRef,
        encryption_context: &BTreeMap<String, String>,
    ) -> ConditionContext {
        let mut context = self.condition_context(self.realm, key.realm);
        for (name, value) in encryption_context {
            context.alternative(&format!("kms:EncryptionContext:{name}"), value);
        }
        if !encryption_context.is_empty() {
            context.many("kms:EncryptionContextKeys", encryption_context.keys());
        }
        let names: Vec<&str> =
            self.inventory.aliases_of(key.realm, key.id.as_str()).map(|alias| &*alias.name).collect();
        if !names.is_empty() {
            context.many("kms:ResourceAliases", names);
        }
        if let Some(named) = self.input().key_id().filter(|named| named.contains("alias/")) {
            let name = named.find("alias/").map_or(named, |at| &named[at..]);
            context.one("kms:RequestAlias", name);
        }
        tell_key(&mut context, self.key(key), &self.inventory.realm(key.realm).region);
        context
    }

    /// What conditions could ask of the caller's next PutKeyPolicy of a key in `realm`: one that is there, or one that is
    /// about to be (it has no aliases yet).
    pub fn context_of_next_put_key_policy(&self, realm: RealmId, key: &Key) -> ConditionContext {
        let mut context = self.condition_context(realm, realm);
        let names: Vec<&str> =
            self.inventory.aliases_of(realm, key.id.as_str()).map(|alias| &*alias.name).collect();
        if !names.is_empty() {
            context.many("kms:ResourceAliases", names);
        }
        tell_key(&mut context, key, &self.inventory.realm(realm).region);
        context
    }
}

/// What an operation that takes keys only says of an alias, before it looks for anything.
///
/// Source: kms-recorded-behaviour, rows 2 and 19 (2026-11-29).
fn no_alias(operation: Operation) -> ApiError {
    match operation {
        Operation::CreateAlias | Operation::UpdateAlias => {
            ApiError::validation("Aliases must refer to keys. Not aliases")
        }
        _ => ApiError::invalid_arn("Key Aliases are not supported for this operation."),
    }
}

/// Whether a grant is for a caller, or for whom its account lets have it.
pub(super) fn is_grantee(caller: &Principal, grantee: &str) -> bool {
    caller.is_named_by(grantee) || caller.is_of_account(grantee)
}

/// What conditions can ask of a key, wherever it is spoken of.
fn tell_key(context: &mut ConditionContext, key: &Key, region: &str) {
    context.one("kms:KeySpec", key.spec.name());
    context.one("kms:KeyUsage", key.usage.name());
    context.one("kms:KeyOrigin", key.origin.name());
    context.one("kms:CustomerMasterKeySpec", key.spec.name());
    context.one("kms:CustomerMasterKeyUsage", key.usage.name());
    context.flag("kms:MultiRegion", key.multi_region.is_some());
    if let Some(multi) = &key.multi_region {
        context.one("kms:MultiRegionKeyType", if key.is_primary(region) { "PRIMARY" } else { "REPLICA" });
        context.one("kms:PrimaryRegion", &multi.primary);
    }
    for (tag, value) in &key.tags {
        context.one(&format!("aws:ResourceTag/{tag}"), value);
    }
}
