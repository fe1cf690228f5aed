//! `import cloudwatch --from-aws`: the minutes that CloudWatch has counted, fetched.

use crate::aws::between;
use crate::cli::account::{AccountArgs, Way};
use crate::cli::{Common, Error};
use crate::clock::epoch_millis;
use crate::intake::cloudwatch::{Kind, Series};
use crate::quota::{Metric, PoolId, catalogue};
use crate::time::Span;
use std::collections::BTreeMap;

/// CloudWatch keeps single minutes for 15 days.
const KEPT: Span = Span::from_secs(15 * 86_400);

/// Options of `import cloudwatch` that ask an account.
#[derive(clap::Args, Debug)]
pub struct Asked {
    /// Fetch CallCount by the minute from CloudWatch, instead of reading files.
    #[arg(long, conflicts_with_all = ["files", "period"], env = "KEYSTORM_FROM_AWS")]
    pub from_aws: bool,
    /// How far back --from-aws looks, up to 15 days (3h).
    #[arg(long, value_name = "DURATION", env = "KEYSTORM_LAST")]
    last: Option<String>,
    /// The pool whose use --from-aws fetches (symmetric); --triage looks at all.
    #[arg(long, value_name = "POOL", env = "KEYSTORM_POOL")]
    pool: Option<String>,
    #[command(flatten)]
    account: AccountArgs,
    /// Yes, call a real account: CloudWatch and STS, which its CloudTrail records.
    #[arg(long)]
    yes_real_aws: bool,
    /// Yes, connect to an endpoint of the environment that is neither this machine, a private network nor AWS.
    #[arg(long)]
    yes_remote: bool,
}

impl Asked {
    /// Refuses what means something with --from-aws only: files, which it refuses beside it, make clap forget that.
    ///
    /// # Errors
    /// [`Error::Usage`], with the option's name.
    pub fn check(&self, common: &Common) -> Result<(), Error> {
        let idle = ["last", "pool", "profile", "ca", "yes_real_aws", "yes_remote"];
        match idle.iter().find(|option| common.is_given(option) && !self.from_aws) {
            Some(option) => {
                let option = option.replace('_', "-");
                Err(Error::Usage(format!("--{option} means something with --from-aws only")))
            }
            None => Ok(()),
        }
    }

    /// The minutes of the pool, or of every pool of which a metric is known; `at_least` are looked at in any case.
    ///
    /// # Errors
    /// An option that means nothing, no permit, or whatever CloudWatch says no to.
    pub fn series(&self, region: &str, all: bool, at_least: Span) -> Result<Vec<(PoolId, Series)>, Error> {
        let span = self.last.as_deref().map_or(Ok(Span::from_secs(3 * 3_600)), Span::parse);
        let span = span.map_err(|why| Error::Usage(format!("--last: {why}")))?.max(at_least);
        if span > KEPT || span < Span::from_secs(120) {
            return Err(Error::Usage(format!(
                "--last {span}: CloudWatch keeps minutes for 15 days, and a load needs two; give 2m to 15d"
            )));
        }
        let metrics = metrics(region, self.pool.as_deref(), all)?;
        let way = Way {
            region,
            profile: self.account.profile.as_deref(),
            ca: self.account.ca.as_deref(),
            is_permitted: self.yes_real_aws,
            is_remote: self.yes_remote,
            what: "CloudWatch and STS",
        };
        let (runtime, access, _) = way.open()?;
        let now = epoch_millis() / 60_000;
        let from = now - (span.as_nanos() / 60_000_000_000) as i64;
        let found = runtime.block_on(between(&access, &metrics, from, now))?;
        let series = found.into_iter().map(|(pool, minutes)| {
            let sums: BTreeMap<i64, f64> = minutes.into_iter().map(|(at, calls)| (at * 60, calls)).collect();
            let label = format!("CallCount of {} in {region}", pool.name());
            (pool, Series { label, kind: Kind::Calls, operation: None, key: None, period: 60, sums })
        });
        Ok(series.collect())
    }
}

/// The metrics of the pool, or of all.
fn metrics(region: &str, pool: Option<&str>, all: bool) -> Result<BTreeMap<PoolId, Metric>, Error> {
    if all && pool.is_none() {
        let pools = catalogue::all().filter(|pool| catalogue::has(region, *pool));
        return Ok(pools.filter_map(|pool| Some((pool, Metric::of(pool)?))).collect());
    }
    let name = pool.unwrap_or("symmetric");
    let id = PoolId::from_name(name).filter(|pool| catalogue::has(region, *pool)).ok_or_else(|| {
        let meant = crate::api::nearest(name, catalogue::pool_names());
        let meant = meant.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        Error::Usage(format!("--pool: {region} has no pool `{name}`{meant}"))
    })?;
    let metric = Metric::of(id).ok_or_else(|| {
        Error::Usage(format!(
            "--pool {name}: no source names the metric that counts it; fetch symmetric or rsa"
        ))
    })?;
    Ok([(id, metric)].into())
}
