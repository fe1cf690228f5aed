//! Who calls, as STS says.

use super::{Access, Error, errors};

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Id of the account.
    pub account: String,
    /// The ARN of the user, role session or root user.
    pub arn: String,
}

/// Asks STS who calls.
///
/// The SDK's correction of a wrong clock is off here: a clock that is off by minutes dates the run wrongly too, and the
/// first attempt of every client would be refused for it.
///
/// # Errors
/// The credentials are not good, the clock is wrong, or STS does not answer.
pub async fn whoami(access: &Access) -> Result<Identity, Error> {
    const ASKED: &str = "STS GetCallerIdentity";
    let config = aws_sdk_sts::config::Builder::from(access.sdk()).disable_clock_skew_correction(true).build();
    let said = aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await;
    let said = said.map_err(|error| errors::failed(ASKED, error))?;
    let lacks = |lacks| Error::Strange { asked: ASKED, lacks };
    Ok(Identity { account: said.account.ok_or(lacks("Account"))?, arn: said.arn.ok_or(lacks("Arn"))? })
}
