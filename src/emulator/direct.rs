//! Calls as function calls: what is asked and what is answered are values, and what lies between is what a call over the
//! wire meets.

use super::calls::{self, Received, Said};
use super::runtime::Runtime;
use super::{Error, Settings};
use crate::kms::wire::{ApiError, Decoded, Output};
use crate::kms::{Delivery, Fault, ServiceTime};
use crate::quota::{PoolReport, Quotas};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Where calls come from that no socket has brought.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The emulated KMS of this process. Cheap to clone; all clones are one emulator.
#[derive(Clone)]
pub struct Direct(pub(crate) Arc<Runtime>);

/// The service as one trial of a scenario wants it.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Request quotas.
    pub quotas: Quotas,
    /// How long answers take.
    pub service_time: ServiceTime,
    /// What goes wrong; times count from the beginning of the service.
    pub faults: Vec<Fault>,
    /// Key of its draws.
    pub seed: u64,
    /// Which repetition.
    pub trial: u32,
}

impl Direct {
    /// An emulator of its own.
    ///
    /// # Errors
    /// As [`Error`] has it.
    pub fn start(settings: Settings) -> Result<Direct, Error> {
        Runtime::new(settings, false).map(Direct)
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
    pub async fn call(&self, asked: Decoded) -> Option<Result<Output, ApiError>> {
        let received = Received::now(&self.0, NOWHERE).await;
        let settings = &self.0.settings;
        let caller = self.0.sessions.unchecked(&settings.account, "", &settings.region);
        let region = settings.region.as_str().into();
        let work = received.into_call(asked, (caller, region), "");
        let served = calls::serve(&self.0, work, async |_| Err(calls::nowhere())).await?;
        match served.delivery {
            Delivery::Whole => {}
            Delivery::Trickle(by) => self.0.sleep(by).await,
            Delivery::Cut => return None,
        }
        Some(served.said.and_then(|said| match said {
            Said::Ours(output) => Ok(output),
            Said::Theirs(_) => Err(calls::nowhere()),
        }))
    }

    /// Begins a trial: from now on the service has these quotas, times and faults, and nothing was taken yet. Keys
    /// stay.
    pub fn begin(&self, service: ServiceSettings) {
        let mut locked = self.0.locked();
        let now = locked.now();
        locked.kms.admission_mut().begin(
            service.quotas,
            service.service_time,
            service.faults,
            (service.seed, service.trial),
            now,
        );
        drop(locked);
        self.0.faults_changed.send_modify(|count| *count += 1);
    }

    /// What the pools have met since the trial began, up to now, in the account and Region calls come from.
    pub fn pools(&self) -> Vec<PoolReport> {
        let mut locked = self.0.locked();
        let now = locked.now();
        locked.kms.admission_mut().finish(now).into_iter().next().unwrap_or_default()
    }
}
