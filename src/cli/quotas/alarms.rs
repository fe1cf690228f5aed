//! Definitions of CloudWatch alarms on the use of quotas, ready for `aws cloudwatch put-metric-alarm --cli-input-json`.

use super::super::{Error, output};
use crate::intake::cloudwatch::Burst;
use crate::quota::{Metric, PoolId, catalogue};
use crate::units::Ratio;
use serde_json::{Value, json};
use std::path::Path;

/// Writes a file for each pool whose use CloudWatch counts; `limits` are calls a second, and where CloudWatch counts them if
/// Service Quotas says so. Gives the commands that make the alarms.
///
/// # Errors
/// A file cannot be written.
pub fn write(
    folder: &Path,
    region: &str,
    share: Ratio,
    limits: &[(PoolId, f64, Option<Metric>)],
) -> Result<Vec<String>, Error> {
    let mut commands = Vec::new();
    for (pool, per_s, metric) in limits {
        let Some(metric) = metric.clone().or_else(|| Metric::of(*pool)) else { continue };
        let path = folder.join(format!("alarm-{}.json", pool.name()));
        output::write_file(&path, format!("{:#}\n", definition(*pool, region, share, *per_s, &metric)))?;
        commands.push(format!(
            "aws cloudwatch put-metric-alarm --region {region} --cli-input-json file://{}",
            path.display()
        ));
    }
    Ok(commands)
}

/// One alarm. Only the sum means anything of a metric that counts 1 for each call.
fn definition(pool: PoolId, region: &str, share: Ratio, per_s: f64, metric: &Metric) -> Value {
    let code = catalogue::entry(pool).code.unwrap_or("-");
    let part = share.as_f64();
    let burst = Burst::assumed(per_s * part, 60);
    json!({
        "AlarmName": format!("kms-quota-{}-{region}", pool.name()),
        "AlarmDescription": format!(
            "Calls to KMS of the pool {} ({code}) reach {share} of {per_s}/s, by the minute. The busiest second is higher: {:.2} times \
             is likely, {:.2} possible (assumed from public traces).",
            pool.name(),
            burst.likely,
            burst.high
        ),
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect::<Vec<_>>(),
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": per_s * 60.0 * part,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_sums_a_minute_against_a_share_of_sixty_seconds() {
        let metric = Metric::of(PoolId::SYMMETRIC).expect("it has one");
        let share = Ratio::parse("80%").expect("a share");
        let alarm = definition(PoolId::SYMMETRIC, "eu-west-1", share, 10_000.0, &metric);
        assert_eq!(
            (&alarm["Statistic"], &alarm["Period"], &alarm["Threshold"]),
            (&json!("Sum"), &json!(60), &json!(480_000.0))
        );
        assert_eq!(
            alarm["Dimensions"][1],
            json!({ "Name": "Resource", "Value": "CryptographicOperationsSymmetric" })
        );
    }
}
