//! Where CloudWatch counts the use of a pool.

use super::catalogue::{self, Counts, PoolId};
use std::collections::BTreeMap;

/// A metric of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Such as `AWS/Usage`.
    pub namespace: String,
    /// Such as `CallCount`.
    pub name: String,
    /// Names and values.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// The use of a pool, where Service Quotas is not asked or names no metric; `None` where no source names one.
    ///
    /// Source: public alarms on these metrics and the usage metrics of the operations' own quotas (read 2026-11-23);
    /// what else there is, no source names.
    pub fn of(pool: PoolId) -> Option<Metric> {
        let resource = match pool {
            PoolId::SYMMETRIC => "CryptographicOperationsSymmetric",
            PoolId::RSA => "CryptographicOperationsRsa",
            other => match catalogue::entry(other).counts {
                Counts::Alone(operation) => operation.name(),
                _ => return None,
            },
        };
        let dimensions = [("Class", "None"), ("Resource", resource), ("Service", "KMS"), ("Type", "API")];
        Some(Metric {
            namespace: "AWS/Usage".into(),
            name: "CallCount".into(),
            dimensions: dimensions.map(|(name, value)| (name.into(), value.into())).into(),
        })
    }
}
