//! The alarm that a run stops on.

use super::Objection;

/// An alarm of CloudWatch, by name or by ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm<'a>(pub &'a str);

impl Alarm<'_> {
    /// Its name, which an ARN ends with: `arn:aws:cloudwatch:eu-west-1:111122223333:alarm:NAME`.
    pub fn name(&self) -> &str {
        let mut parts = self.0.splitn(7, ':');
        match (parts.next(), parts.nth(1), parts.nth(2), parts.next()) {
            (Some("arn"), Some("cloudwatch"), Some("alarm"), Some(name)) => name,
            _ => self.0,
        }
    }

    /// Whether this is the one that is meant.
    pub fn is(&self, name: &str, arn: &str) -> bool {
        if self.name() == self.0 { name == self.0 } else { arn == self.0 }
    }

    /// What stands against a run while the alarm is in this state; `None` for an alarm that is not there.
    pub fn objection(&self, state: Option<&str>) -> Option<Objection> {
        match state {
            Some("ALARM") => Some(Objection::Alarm(self.0.into())),
            // INSUFFICIENT_DATA is the state of many alarms that nothing is wrong with.
            Some(_) => None,
            None => Some(Objection::NoAlarm(self.0.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_named_by_name_or_arn() {
        const ARN: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:kms: errors";
        assert_eq!(
            [ARN, "kms: errors", "arn:x"].map(|text| Alarm(text).name().to_owned()),
            ["kms: errors", "kms: errors", "arn:x"]
        );
        assert!(Alarm(ARN).is("kms: errors", ARN) && Alarm("kms: errors").is("kms: errors", ARN));
        // Of another account or Region.
        assert!(!Alarm(ARN).is("kms: errors", &ARN.replace("1111", "9999")));
        assert!(!Alarm("kms").is("kms: errors", ARN));
    }

    #[test]
    fn only_alarm_and_absence_stand_against_a_run() {
        let said = |state| Alarm("sick").objection(state).map(|objection| objection.to_string());
        assert_eq!([said(Some("OK")), said(Some("INSUFFICIENT_DATA"))], [None, None]);
        assert!(said(Some("ALARM")).unwrap().starts_with("the alarm sick (caps.stopOn) is in ALARM"));
        assert!(said(None).unwrap().starts_with("there is no alarm sick"));
    }
}
