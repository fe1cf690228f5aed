//! The keys that a scenario names, as KMS describes them.

use super::{Access, Error, errors};
use crate::api::KeySpec;
use crate::planner::KeyFound;
use crate::scenario::Scenario;
use aws_sdk_kms::types::KeyManagerType;

/// Describes every key that `scenario` names, once each.
///
/// # Errors
/// [`Error::Key`] for the first key that cannot be described.
pub async fn describe(access: &Access, scenario: &Scenario) -> Result<Vec<KeyFound>, Error> {
    let kms = aws_sdk_kms::Client::from_conf(access.kms().build());
    let mut found: Vec<KeyFound> = Vec::new();
    for workload in &scenario.workloads {
        for name in &workload.keys.ids {
            let is_same = |key: &KeyFound| key.named == *name && key.wanted == workload.keys.spec;
            if found.iter().any(is_same) {
                continue;
            }
            let failed = |source| Error::Key {
                workload: workload.name.clone(),
                key: name.clone(),
                source: Box::new(source),
            };
            let said = kms.describe_key().key_id(name).send().await;
            let said = said.map_err(|error| failed(errors::failed(ASKED, error)))?;
            let key = said.key_metadata.ok_or(Error::Strange { asked: ASKED, lacks: "KeyMetadata" });
            let key = key.map_err(failed)?;
            found.push(KeyFound {
                named: name.clone(),
                arn: key.arn.unwrap_or_default(),
                account: key.aws_account_id.unwrap_or_default(),
                is_aws_managed: key.key_manager == Some(KeyManagerType::Aws),
                spec: key.key_spec.and_then(|spec| KeySpec::from_name(spec.as_str())),
                state: key.key_state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
                workload: workload.name.clone(),
                wanted: workload.keys.spec,
            });
        }
    }
    Ok(found)
}

const ASKED: &str = "KMS DescribeKey";
