//! Keys that a run made and did not give up, because it was killed.

use super::sdk::DELETION_DAYS;
use super::{Access, Error, errors};
use crate::planner::policy::TAG;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::types::{KeyManagerType, KeyState};

/// A key that a run left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its ARN.
    pub arn: String,
    /// The run's name: the value of its tag.
    pub run: String,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Keys to be given up, in the order that KMS lists them.
    pub left: Vec<Leftover>,
    /// Tagged keys whose deletion is scheduled already.
    pub scheduled: u64,
    /// Keys that could not be looked at: ids and why.
    pub unseen: Vec<(String, String)>,
}

/// How often a call is tried: listing tags is limited to a few calls a second.
const TRIES: u32 = 10;

fn client(access: &Access) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(TRIES);
    Client::from_conf(access.kms().retry_config(retries).build())
}

/// Looks through every key of the account and Region for the tag `keystorm`.
///
/// # Errors
/// The keys cannot be listed. A key that cannot be looked at is told of, and the search goes on.
pub async fn find_leftovers(access: &Access) -> Result<Search, Error> {
    let kms = client(access);
    let mut search = Search::default();
    let mut keys = kms.list_keys().into_paginator().items().send();
    while let Some(key) = keys.next().await {
        let key = key.map_err(|error| errors::failed("KMS ListKeys", error))?;
        let id = key.key_id.unwrap_or_default();
        match run_of(&kms, &id).await {
            Ok(Some(run)) => match standing(&kms, &id).await {
                Ok(Some(arn)) => search.left.push(Leftover { arn, run }),
                Ok(None) => search.scheduled += 1,
                Err(error) => search.unseen.push((id, error.to_string())),
            },
            Ok(None) => {}
            Err(error) => search.unseen.push((id, error.to_string())),
        }
    }
    Ok(search)
}

/// The run that made a key, if one did.
async fn run_of(kms: &Client, id: &str) -> Result<Option<String>, Error> {
    let mut tags = kms.list_resource_tags().key_id(id).into_paginator().items().send();
    while let Some(tag) = tags.next().await {
        let tag = tag.map_err(|error| errors::failed("KMS ListResourceTags", error))?;
        if tag.tag_key == TAG {
            return Ok(Some(tag.tag_value));
        }
    }
    Ok(None)
}

/// The key's ARN, unless its deletion is scheduled already or it is no customer's key.
async fn standing(kms: &Client, id: &str) -> Result<Option<String>, Error> {
    const ASKED: &str = "KMS DescribeKey";
    let said = kms.describe_key().key_id(id).send().await.map_err(|error| errors::failed(ASKED, error))?;
    let key = said.key_metadata.ok_or(Error::Strange { asked: ASKED, lacks: "KeyMetadata" })?;
    let is_going =
        matches!(key.key_state, Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion));
    let is_ours = key.key_manager != Some(KeyManagerType::Aws);
    Ok((is_ours && !is_going).then(|| key.arn.unwrap_or(key.key_id)))
}

/// Schedules a key's deletion, in seven days.
///
/// # Errors
/// KMS says no or does not answer.
pub async fn give_up(access: &Access, key: &Leftover) -> Result<(), Error> {
    let kms = client(access);
    let call = kms.schedule_key_deletion().key_id(&key.arn).pending_window_in_days(DELETION_DAYS);
    call.send().await.map(drop).map_err(|error| errors::failed("KMS ScheduleKeyDeletion", error))
}
