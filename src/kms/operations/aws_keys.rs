//! AWS managed keys: `alias/aws/<service>` and its key appear when somebody first asks for them.
//!
//! AWS makes them when the service first needs one. There are no services here, so the alias being named is that need.

use super::CallContext;
use super::create::{aws_key, create, random};
use crate::api::KeySpec;
use crate::kms::access::{Kind, Policy, aws_managed_policy};
use crate::kms::crypto::Material;
use crate::kms::keys::{Alias, DAY, Eventual, KeyForm, KeyId, Realm, Rotation, partition};
use crate::kms::wire::ApiError;
use std::sync::Arc;

/// Services with a key of their own (aliases seen in AWS's documentation, from memory; not complete).
pub(super) const SERVICES: &[&str] = &[
    "acm",
    "backup",
    "codecommit",
    "connect",
    "dax",
    "dms",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "es",
    "fsx",
    "glue",
    "kinesis",
    "kinesisvideo",
    "lambda",
    "lex",
    "lightsail",
    "mq",
    "rds",
    "redshift",
    "s3",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "workspaces",
    "xray",
];
/// Once a year.
const PERIOD_DAYS: u32 = 365;

/// Makes the AWS managed key that the call names, if there is none yet.
///
/// # Errors
/// KMSInternalException, if the machine has no randomness.
pub(super) fn appear(ctx: &mut CallContext<'_>) -> Result<(), ApiError> {
    let named = [ctx.input().key_id(), destination(ctx)];
    for text in named.into_iter().flatten() {
        let name = match KeyForm::read(text) {
            KeyForm::Alias(name) => name,
            KeyForm::AliasArn { region, account, name } if ctx.own() == Realm::new(account, region) => name,
            _ => continue,
        };
        let Some(service) = name.strip_prefix("alias/aws/") else { continue };
        if SERVICES.contains(&service) && ctx.inventory.alias(ctx.realm, name).is_none() {
            make(ctx, name, service)?;
        }
    }
    Ok(())
}

fn destination<'a>(ctx: &CallContext<'a>) -> Option<&'a str> {
    let input = ctx.input();
    input.has("DestinationKeyId").then(|| input.text("DestinationKeyId")).flatten()
}

fn make(ctx: &mut CallContext<'_>, name: &str, service: &str) -> Result<(), ApiError> {
    let realm = ctx.own();
    let text = aws_managed_policy(service, &realm.account, partition(&realm.region));
    let policy = Arc::new(Policy::parse(&text, Kind::Key).expect("our own policy is one"));
    let id = KeyId::from_random(random()?, false);
    let description = format!("Default key that protects my {service} data when no other key is defined");
    let mut new = aws_key(ctx.realm, id.clone(), policy, description, ctx.now);
    new.key.rotation =
        Some(Rotation { period_days: PERIOD_DAYS, next: ctx.now + DAY.times(u64::from(PERIOD_DAYS)) });
    let material = Material::generate(KeySpec::SymmetricDefault).map_err(|_| super::usage::internal())?;
    create(ctx.inventory, new, Some(material), ctx.now);
    let alias =
        Alias { name: name.into(), target: Eventual::new(Some(id)), created: ctx.now, updated: ctx.now };
    ctx.inventory.put_alias(ctx.realm, alias);
    Ok(())
}
