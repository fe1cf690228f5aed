//! Requests for a higher quota: sent, and followed.

use super::ask::{SERVICE_QUOTAS, ask};
use super::{Access, Error};
use serde::Deserialize;
use serde_json::json;

/// A request as Service Quotas tells it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Change {
    /// Its id.
    pub id: Option<String>,
    /// The support case it opened, if it did.
    pub case_id: Option<String>,
    /// The quota's code.
    pub quota_code: Option<String>,
    /// What was asked for.
    pub desired_value: Option<f64>,
    /// Where it stands.
    pub status: Option<String>,
}

/// Statuses of a request that is not decided; the others are APPROVED, DENIED, NOT_APPROVED, CASE_CLOSED and
/// INVALID_REQUEST.
///
/// Source: the service's model in botocore 1.44.8 (read 2026-11-29).
const OPEN: [&str; 2] = ["PENDING", "CASE_OPENED"];

impl Change {
    /// Whether it waits for a decision.
    pub fn is_open(&self) -> bool {
        self.status.as_deref().is_some_and(|status| OPEN.contains(&status))
    }
}

/// A page of ListRequestedServiceQuotaChangeHistoryByQuota.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    requested_quotas: Vec<Change>,
    next_token: Option<String>,
}

/// Every request for the quota called `code` in the account and Region, in the order in which they are listed.
///
/// # Errors
/// Service Quotas says no or does not answer.
pub async fn changes(access: &Access, code: &str) -> Result<Vec<Change>, Error> {
    const ASKED: &str = "Service Quotas ListRequestedServiceQuotaChangeHistoryByQuota";
    const OPERATION: &str = "ListRequestedServiceQuotaChangeHistoryByQuota";
    let mut all = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut body = json!({ "ServiceCode": "kms", "QuotaCode": code });
        if let Some(token) = &token {
            body["NextToken"] = json!(token);
        }
        let said = ask(access, SERVICE_QUOTAS, (ASKED, OPERATION), &body).await?;
        let page: Page = serde_json::from_value(said)
            .map_err(|_| Error::Strange { asked: ASKED, lacks: "readable RequestedQuotas" })?;
        all.extend(page.requested_quotas);
        // A service that answers the same page for ever must not hold this up for ever.
        if page.next_token.is_none() || page.next_token == token {
            return Ok(all);
        }
        token = page.next_token;
    }
}

/// Asks for `value` of the quota called `code`.
///
/// # Errors
/// Service Quotas says no, as it does while another request is open, or does not answer.
pub async fn request_increase(access: &Access, code: &str, value: f64) -> Result<Change, Error> {
    const ASKED: &str = "Service Quotas RequestServiceQuotaIncrease";
    let body = json!({ "ServiceCode": "kms", "QuotaCode": code, "DesiredValue": value });
    let said = ask(access, SERVICE_QUOTAS, (ASKED, "RequestServiceQuotaIncrease"), &body).await?;
    serde_json::from_value(said["RequestedQuota"].clone())
        .map_err(|_| Error::Strange { asked: ASKED, lacks: "RequestedQuota" })
}
