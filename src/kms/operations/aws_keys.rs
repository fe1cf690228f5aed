//! AWS managed keys: `alias/aws/<service>` and its key appear when somebody first asks for them.
//!
//! AWS makes them when the service first needs one. There are no services here, so the alias being named is that need.

use super::Desk;
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
pub(super) fn appear(desk: &mut Desk<'_>) -> Result<(), ApiError> {
    let named = [desk.input().key_id(), destination(desk)];
    for text in named.into_iter().flatten() {
        let name = match KeyForm::read(text) {
            KeyForm::Alias(name) => name,
            KeyForm::AliasArn { region, account, name } if desk.own() == Realm::new(account, region) => name,
            _ => continue,
        };
        let Some(service) = name.strip_prefix("alias/aws/") else { continue };
        if SERVICES.contains(&service) && desk.estate.alias(desk.realm, name).is_none() {
            make(desk, name, service)?;
        }
    }
    Ok(())
}

fn destination<'a>(desk: &Desk<'a>) -> Option<&'a str> {
    let input = desk.input();
    input.has("DestinationKeyId").then(|| input.text("DestinationKeyId")).flatten()
}

fn make(desk: &mut Desk<'_>, name: &str, service: &str) -> Result<(), ApiError> {
    let realm = desk.own();
    let text = aws_managed_policy(service, &realm.account, partition(&realm.region));
    let policy = Arc::new(Policy::parse(&text, Kind::Key).expect("our own policy is one"));
    let id = KeyId::from_random(random()?, false);
    let description = format!("Default key that protects my {service} data when no other key is defined");
    let mut new = aws_key(desk.realm, id.clone(), policy, description, desk.now);
    new.key.rotation =
        Some(Rotation { period_days: PERIOD_DAYS, next: desk.now + DAY.times(u64::from(PERIOD_DAYS)) });
    let material = Material::generate(KeySpec::SymmetricDefault).map_err(|_| super::usage::internal())?;
    create(desk.estate, new, Some(material), desk.now);
    let alias =
        Alias { name: name.into(), target: Eventual::new(Some(id)), created: desk.now, updated: desk.now };
    desk.estate.put_alias(desk.realm, alias);
    Ok(())
}
