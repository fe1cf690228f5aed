//! A call as the emulator takes it in, and who makes it.

use super::access::{Policy, Principal, Standing};
use super::wire::Decoded;
use core::net::IpAddr; // an address as a value; no socket
use std::sync::Arc;
use uuid::Uuid;

/// Who makes a call, as authentication has found.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal.
    pub principal: Principal,
    /// Its identity policies.
    pub policies: Arc<[Policy]>,
    /// The access key id it signed with; for the audit trail.
    pub access_key_id: String,
    /// What else is known of it.
    pub standing: Standing,
}

/// One call as it arrives.
#[derive(Debug)]
pub struct Call {
    /// What is asked, with what is wrong about it.
    pub decoded: Decoded,
    /// Who asks.
    pub caller: Arc<Caller>,
    /// The Region of the credential scope.
    pub region: Arc<str>,
    /// `x-amzn-RequestId` of the reply.
    pub request_id: Uuid,
    /// `eventID` of the audit trail.
    pub event_id: Uuid,
    /// Where it comes from.
    pub source_ip: IpAddr,
    /// What the client says it is.
    pub user_agent: String,
}
