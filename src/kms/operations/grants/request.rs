//! What CreateGrant asks for, before there is a grant.

use super::super::CallContext;
use crate::api::KeySpec;
use crate::api::partition::Partition;
use crate::kms::access::{ConditionContext, Constraints, GrantOperation, Principal};
use crate::kms::keys::{Grant, Key};
use crate::kms::wire::{ApiError, Input};
use std::collections::BTreeMap;

/// Pairs of a context constraint, and characters of a value in it.
///
/// Source: KMS API reference, CreateGrant (model of 2026-11-17).
const MAX_PAIRS: usize = 8;
const MAX_VALUE: usize = 384;

/// A grant that a call asks for.
pub(super) struct GrantRequest {
    pub(super) name: Option<String>,
    pub(super) grantee: String,
    pub(super) grantee_is_service: bool,
    pub(super) retiring: Option<String>,
    pub(super) retiring_is_service: bool,
    /// In the order given, each once.
    pub(super) operations: Vec<GrantOperation>,
    pub(super) constraints: Constraints,
}

impl GrantRequest {
    /// Reads what does not depend on the key.
    ///
    /// # Errors
    /// ValidationException, InvalidArnException.
    pub(super) fn read(ctx: &CallContext<'_>) -> Result<GrantRequest, ApiError> {
        let input = ctx.input();
        let (grantee, grantee_is_service) = principal(ctx, "GranteePrincipal", "GranteeServicePrincipal")?
            .ok_or_else(|| {
                ApiError::validation("Either GranteePrincipal or GranteeServicePrincipal must be specified.")
            })?;
        let retiring = principal(ctx, "RetiringPrincipal", "RetiringServicePrincipal")?;
        let constraints = input.structure("Constraints").map(constraints).transpose()?.unwrap_or_default();
        if grantee_is_service && (constraints.source_arn.is_none() || retiring.is_none()) {
            return Err(ApiError::validation(
                "A grant to a service principal must have a SourceArn constraint and a retiring principal.",
            ));
        }
        let (retiring, retiring_is_service) = retiring.map_or((None, false), |(who, is)| (Some(who), is));
        Ok(GrantRequest {
            name: input.text("Name").map(Into::into),
            grantee,
            grantee_is_service,
            retiring,
            retiring_is_service,
            operations: operations(input)?,
            constraints,
        })
    }

    /// Refuses operations and constraints that do not fit the type of the key.
    ///
    /// # Errors
    /// ValidationException.
    pub(super) fn check_key(&self, key: &Key) -> Result<(), ApiError> {
        // Source: KMS Developer Guide, grant operations, and the API model of 2026-11-17.
        let is_possible = |each: &&GrantOperation| {
            let operation = each.operation();
            key.spec.can_do(operation) && operation.usage().is_none_or(|usage| usage == key.usage)
        };
        if let Some(bad) = self.operations.iter().find(|each| !is_possible(each)) {
            let (name, spec, usage) = (bad.name(), key.spec, key.usage.name());
            return Err(ApiError::validation(format!(
                "Operation {name} is not supported on a key with key spec {spec} and key usage {usage}."
            )));
        }
        let has_context =
            self.constraints.context_equals.is_some() || self.constraints.context_subset.is_some();
        if has_context && key.spec != KeySpec::SymmetricDefault {
            return Err(ApiError::validation(
                "An encryption context constraint can be used only with a symmetric encryption key.",
            ));
        }
        Ok(())
    }

    /// What conditions can ask of it.
    pub(super) fn tell(&self, context: &mut ConditionContext) {
        context.many("kms:GrantOperations", self.operations.iter().map(|each| each.name()));
        let grantee =
            if self.grantee_is_service { "kms:GranteeServicePrincipal" } else { "kms:GranteePrincipal" };
        context.one(grantee, &self.grantee);
        if let Some(retiring) = &self.retiring {
            let key = if self.retiring_is_service {
                "kms:RetiringServicePrincipal"
            } else {
                "kms:RetiringPrincipal"
            };
            context.one(key, retiring);
        }
        context.one("kms:GrantIsForAWSResource", "false");
        let Constraints { context_equals, context_subset, source_arn } = &self.constraints;
        let kinds = [
            context_equals.as_ref().map(|_| "EncryptionContextEquals"),
            context_subset.as_ref().map(|_| "EncryptionContextSubset"),
            source_arn.as_ref().map(|_| "SourceArn"),
        ];
        if !self.constraints.is_empty() {
            context.many("kms:GrantConstraintType", kinds.into_iter().flatten());
        }
        let pairs: BTreeMap<&String, &String> =
            context_equals.iter().chain(context_subset).flatten().collect();
        for (name, value) in &pairs {
            context.alternative(&format!("kms:EncryptionContext:{name}"), value);
        }
        if !pairs.is_empty() {
            context.many("kms:EncryptionContextKeys", pairs.keys());
        }
        if let Some(source) = source_arn {
            context.one("kms:GrantConstraintSourceArn", source);
        }
    }

    /// Whether a grant is exactly what is asked for, name included.
    pub(super) fn is_met_by(&self, grant: &Grant) -> bool {
        self.name.is_some()
            && self.name == grant.name
            && (&self.grantee, self.grantee_is_service) == (&grant.grantee, grant.grantee_is_service)
            && (&self.retiring, self.retiring_is_service) == (&grant.retiring, grant.retiring_is_service)
            && self.operations.len() == grant.operations.len()
            && self.is_part_of(grant)
            && self.constraints == grant.constraints
    }

    /// Whether it gives nothing that `parent` does not hold, and is at least as strict: what a grantee that may create
    /// grants can pass on.
    pub(super) fn can_be_passed_on(&self, parent: &Grant) -> bool {
        self.is_part_of(parent) && self.constraints.is_at_least_as_strict_as(&parent.constraints)
    }

    fn is_part_of(&self, grant: &Grant) -> bool {
        self.operations.iter().all(|each| grant.operations.contains(each))
    }
}

/// Who is named by one of two members, and whether it is a service.
fn principal(
    ctx: &CallContext<'_>,
    arn: &'static str,
    service: &'static str,
) -> Result<Option<(String, bool)>, ApiError> {
    match (ctx.input().text(arn), ctx.input().text(service)) {
        (Some(_), Some(_)) => {
            Err(ApiError::validation(format!("Specify either {arn} or {service}, but not both.")))
        }
        (Some(named), None) => Ok(Some((ctx.principal(named)?, false))),
        (None, Some(named)) => Ok(Some((named.into(), true))),
        (None, None) => Ok(None),
    }
}

impl CallContext<'_> {
    /// The ARN of a principal that a call names; an account's number stands for its root.
    ///
    /// # Errors
    /// InvalidArnException if it is none, or does not exist in an account that the principals file lists.
    pub(super) fn principal(&self, named: &str) -> Result<String, ApiError> {
        let region = &self.inventory.realm(self.realm).region;
        if named.len() == 12 && named.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(format!("arn:{}:iam::{named}:root", Partition::of(region).id));
        }
        let is_one = Principal::from_arn(named).is_some() && Partition::has(region, named);
        if !is_one || !self.directory.may_exist(named) {
            return Err(ApiError::invalid_arn(format!("Invalid principal: {named}")));
        }
        Ok(named.into())
    }
}

fn operations(input: &Input) -> Result<Vec<GrantOperation>, ApiError> {
    let mut found = Vec::new();
    for operation in input.texts("Operations").iter().filter_map(|name| GrantOperation::from_name(name)) {
        if !found.contains(&operation) {
            found.push(operation);
        }
    }
    if found.is_empty() {
        return Err(ApiError::validation("Operations must not be empty."));
    }
    Ok(found)
}

fn constraints(given: &Input) -> Result<Constraints, ApiError> {
    let pairs = |member: &'static str| -> Result<Option<BTreeMap<String, String>>, ApiError> {
        if !given.is_given(member) {
            return Ok(None);
        }
        let pairs = given.context(member);
        if pairs.len() > MAX_PAIRS || pairs.values().any(|value| value.chars().count() > MAX_VALUE) {
            return Err(ApiError::validation(format!(
                "{member} can include up to {MAX_PAIRS} pairs with values of up to {MAX_VALUE} characters."
            )));
        }
        Ok(Some(pairs.clone()))
    };
    Ok(Constraints {
        context_equals: pairs("EncryptionContextEquals")?,
        context_subset: pairs("EncryptionContextSubset")?,
        source_arn: given.text("SourceArn").map(Into::into),
    })
}
