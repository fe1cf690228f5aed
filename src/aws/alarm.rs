//! The alarm of CloudWatch that a run stops on: whoever owns the account's health says so there.

use super::ask::{CLOUDWATCH, ask};
use super::{Access, Error};
use crate::planner::{Alarm, Objection};
use serde::Deserialize;
use serde_json::json;

/// What stands against a run that stops on `alarm`: that it is in ALARM, or that there is none.
///
/// # Errors
/// CloudWatch says no or does not answer.
pub(super) async fn objection(access: &Access, alarm: &Alarm<'_>) -> Result<Option<Objection>, Error> {
    const ASKED: &str = "CloudWatch DescribeAlarms";
    let body = json!({ "AlarmNames": [alarm.name()], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] });
    let said = ask(access, CLOUDWATCH, (ASKED, "DescribeAlarms"), &body).await?;
    let page: Page = serde_json::from_value(said)
        .map_err(|_| Error::Strange { asked: ASKED, lacks: "readable MetricAlarms or CompositeAlarms" })?;
    let mut found = page.metric_alarms.iter().chain(&page.composite_alarms);
    Ok(alarm.objection(found.find(|one| alarm.is(&one.name, &one.arn)).map(|one| one.state.as_str())))
}

/// The answer, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    metric_alarms: Vec<Described>,
    #[serde(default)]
    composite_alarms: Vec<Described>,
}

/// One alarm.
#[derive(Deserialize)]
struct Described {
    #[serde(rename = "AlarmName")]
    name: String,
    #[serde(rename = "AlarmArn")]
    arn: String,
    #[serde(rename = "StateValue")]
    state: String,
}
