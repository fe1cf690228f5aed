//! Who makes a call: from its access key, checked or not.

use super::heads::Heads;
use super::sigv4::{Authorization, Service, Signed};
use super::{Auth, Settings};
use crate::api::partition::{MAX_REGION, Partition, is_region_name};
use crate::clock::epoch_millis;
use crate::emulator::sessions::{Sessions, member_caller, session_of};
use crate::kms::Caller;
use crate::kms::crypto::Secret;
use crate::kms::keys::Moment;
use crate::kms::wire::ApiError;
use crate::quota::catalogue;
use std::sync::Arc;

/// A caller and what its credential says.
pub(crate) struct Known {
    pub(crate) caller: Arc<Caller>,
    pub(crate) region: Arc<str>,
}

/// Who makes a call of a service. `call` is what is signed; of one that was not kept, no signature holds.
///
/// # Errors
/// AWS's codes, with `--auth verify` only; a Region that cannot be one is refused always.
pub(crate) fn identify(
    settings: &Settings,
    sessions: &Sessions,
    (call, heads, service): (Option<&Signed<'_>>, &Heads<'_>, Service),
    now: impl Fn() -> Moment,
) -> Result<Known, ApiError> {
    let (header, token) = (heads.authorization(), heads.security_token());
    let read = header.and_then(Authorization::read);
    // Without checks any name can be that of a Region, as tests make some up.
    let is_known = |region: &str| {
        is_region_name(region)
            && (settings.auth == Auth::Off
                || region == settings.emulator.region
                || catalogue::is_region(region))
    };
    if let Some(read) = read.as_ref().filter(|read| !is_known(read.region)) {
        return Err(ApiError::invalid_signature(format!(
            "Credential should be scoped to a valid Region, not '{}'. ",
            read.region.chars().take(MAX_REGION).collect::<String>()
        )));
    }
    let region: Arc<str> = read.as_ref().map_or(settings.emulator.region.as_str(), |read| read.region).into();
    if settings.auth == Auth::Off {
        let access_key = read.as_ref().map_or("", |read| read.access_key);
        let session = token.and_then(|token| sessions.open(token));
        let session = session.and_then(|token| session_of(&sessions.directory(), &token));
        let caller =
            session.unwrap_or_else(|| sessions.unchecked(&settings.emulator.account, access_key, &region));
        return Ok(Known { caller, region });
    }
    let call = call.ok_or_else(unknown)?;
    let Some(header) = header else {
        return Err(if call.query.contains("X-Amz-Signature") {
            ApiError::incomplete_signature(
                "Presigned requests are not supported: sign with the Authorization header.",
            )
        } else {
            ApiError::missing_authentication_token("Missing Authentication Token")
        });
    };
    let read = read.ok_or_else(|| {
        ApiError::incomplete_signature(format!(
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of \
             AWS4-HMAC-SHA256; it begins with '{}'.",
            header.split(' ').next().unwrap_or_default().chars().take(32).collect::<String>()
        ))
    })?;
    let caller = verified(sessions, &read, token, (call, service), now)?;
    if !Partition::has(&region, &caller.principal.arn) {
        // Credentials of one partition are unknown in every other.
        return Err(unknown());
    }
    Ok(Known { caller, region })
}

/// The refusal of credentials that nobody has.
fn unknown() -> ApiError {
    ApiError::unrecognized_client("The security token included in the request is invalid.")
}

fn verified(
    sessions: &Sessions,
    read: &Authorization<'_>,
    token: Option<&str>,
    (call, service): (&Signed<'_>, Service),
    now: impl Fn() -> Moment,
) -> Result<Arc<Caller>, ApiError> {
    // Signatures are dated by the client's wall clock, whatever the admin clock says.
    let wall = epoch_millis();
    let (directory, known) = sessions.remembered(read.access_key);
    let Some(token) = token else {
        let (member, key) = directory.by_access_key(read.access_key).ok_or_else(unknown)?;
        read.verify(call, &key.secret, service, wall)?;
        if let Some(known) = known {
            return Ok(known);
        }
        let caller = Arc::new(member_caller(&directory, member, &key.id));
        sessions.remember(read.access_key, &caller, &directory);
        return Ok(caller);
    };
    let token =
        sessions.open(token).filter(|token| token.access_key_id == read.access_key).ok_or_else(unknown)?;
    if token.until <= now() {
        return Err(ApiError::expired_token("The security token included in the request is expired"));
    }
    read.verify(call, &Secret::from(token.secret.as_bytes()), service, wall)?;
    session_of(&directory, &token).ok_or_else(unknown)
}
