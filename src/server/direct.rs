//! The emulated KMS without a socket: calls come in as function calls, everything behind the socket is the same.

use super::heads::Heads;
use super::shared::Shared;
use super::sigv4::Signed;
use super::{Error, Settings, calls, http};
use crate::api::Operation;
use crate::kms::{Delivery, Fault, ServiceTime};
use crate::quota::{PoolReport, Quotas};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Where calls come from that no socket has brought.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The emulated KMS of this process. Cheap to clone; all clones are one server.
#[derive(Clone)]
pub struct Direct(pub(super) Arc<Shared>);

/// The service as one trial of a scenario wants it.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Request quotas.
    pub quotas: Quotas,
    /// How long answers take.
    pub service_time: ServiceTime,
    /// What goes wrong; times count from the beginning of the season.
    pub faults: Vec<Fault>,
    /// Key of its draws.
    pub seed: u64,
    /// Which repetition.
    pub trial: u32,
}

impl Direct {
    /// A server of its own, which listens nowhere.
    ///
    /// # Errors
    /// As [`Running::start`](super::Running::start).
    pub fn start(settings: Settings) -> Result<Direct, Error> {
        Shared::new(settings).map(Direct)
    }

    /// Has calls that wait woken by the runtime in which this is called, when they are due; tokio's timer would wake them
    /// up to two milliseconds late.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn wake_here(&self) -> std::io::Result<()> {
        self.0.wake_here()
    }

    /// Makes one call; `None` if a fault breaks the connection instead of answering, or in the middle of it.
    pub async fn call(&self, operation: Operation, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let answer = calls::serve_direct(&self.0, operation, body, NOWHERE).await?;
        match answer.delivery() {
            Delivery::Whole => {}
            Delivery::Trickle(by) => self.0.sleep(by).await,
            Delivery::Cut => return None,
        }
        Some(answer.into_parts())
    }

    /// Asks STS with an unsigned form: status and XML.
    pub fn ask_sts(&self, form: &[u8]) -> (u16, Vec<u8>) {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, form_type)]);
        let signed = Signed { method: "POST", path: "/", query: "", headers: &headers, body: form };
        http::other(&self.0, &Method::POST, &signed, &Heads::of(&headers), NOWHERE).into_parts()
    }

    /// Begins a season: from now on the service has these quotas, times and faults, and nothing was taken yet. Keys
    /// stay.
    pub fn begin(&self, season: ServiceSettings) {
        let mut locked = self.0.locked();
        let now = locked.now();
        locked.kms.admission_mut().begin(
            season.quotas,
            season.service_time,
            season.faults,
            (season.seed, season.trial),
            now,
        );
        drop(locked);
        self.0.faults_changed.send_modify(|count| *count += 1);
    }

    /// What the pools have met since the season began, up to now, in the account and Region calls come from.
    pub fn pools(&self) -> Vec<PoolReport> {
        let mut locked = self.0.locked();
        let now = locked.now();
        locked.kms.admission_mut().finish(now).into_iter().next().unwrap_or_default()
    }
}
