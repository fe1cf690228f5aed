//! Options of `run` that only a live run by workers looks at.

use super::{Access, Load};
use crate::bus::live::OnLoss;
use crate::cli::grid::Source;
use crate::cli::{Common, Error};
use crate::scenario::{Scenario, Target};

/// How workers share a live run.
#[derive(clap::Args, Debug)]
pub struct SharedArgs {
    /// How many workers on the bus share the clients of a live run; `keystorm worker --bus URL --target URL` is one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000), env = "KEYSTORM_WORKERS")]
    workers: Option<u32>,
    /// What becomes of a live run that loses a worker: abort, degrade (the others go on with the clients that they have), or
    /// rebalance (they serve its clients too, a few seconds later) [default: abort if thresholds gate it, else degrade].
    #[arg(long, value_name = "WHAT", value_parser = on_loss, env = "KEYSTORM_ON_LOSS")]
    on_loss: Option<OnLoss>,
}

/// The options, by their names in the code.
const SHARED: [&str; 2] = ["workers", "on_loss"];
/// Options of `run` that nothing has a use for where workers send, at any target or at one that is a URL.
const OF_ONE_PROCESS: [(&str, &str); 2] = [
    ("threads", "each worker has its own --threads"),
    ("credentials", "workers sign as nobody at a URL, and with their own chain at target aws"),
];
const OF_AWS: [(&str, &str); 2] =
    [("dry_run", "it is for target aws"), ("endpoint_url", "it is for target aws")];

fn on_loss(text: &str) -> Result<OnLoss, String> {
    match text {
        "abort" => Ok(OnLoss::Abort),
        "degrade" => Ok(OnLoss::Degrade),
        "rebalance" => Ok(OnLoss::Rebalance),
        _ => Err("abort, degrade, or rebalance".into()),
    }
}

impl SharedArgs {
    /// The load of `scenario` that they ask for.
    ///
    /// # Errors
    /// [`Error::Usage`] for what workers cannot share, and for options that would do nothing.
    pub fn load<'a>(
        &self,
        bus: (&'a str, &'a Access),
        scenario: &Scenario,
        source: Source,
        common: &Common,
    ) -> Result<Load<'a>, Error> {
        let of_aws: &[_] = if scenario.target == Target::Aws { &[] } else { &OF_AWS };
        let idle = OF_ONE_PROCESS.iter().chain(of_aws).find(|(id, _)| common.is_given(id));
        if let Some((id, why)) = idle {
            return Err(Error::Usage(format!("--{} does nothing here: {why}", id.replace('_', "-"))));
        }
        let workers = self.workers.ok_or_else(|| {
            Error::Usage(
                "--bus: a live run is shared by a number of workers that is known beforehand: --workers N"
                    .into(),
            )
        })?;
        let load = Load { bus, workers, on_loss: self.on_loss, source, quiet: common.quiet };
        load.judge(scenario)?;
        Ok(load)
    }

    /// Refuses them where no live run is shared.
    ///
    /// # Errors
    /// [`Error::Usage`], naming the first.
    pub fn are_idle(&self, common: &Common) -> Result<(), Error> {
        match SHARED.iter().find(|id| common.is_given(id)) {
            Some(id) => Err(Error::Usage(format!(
                "--{} does nothing here: it goes with --bus URL and a target that is a URL or aws; cells are run by as many workers as \
                 there are",
                id.replace('_', "-")
            ))),
            None => Ok(()),
        }
    }
}
