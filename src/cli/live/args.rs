//! Options of live runs.

use crate::cli::Error;
use crate::cli::consent::{self, Credentials};
use crate::cli::declared::{means, words};
use crate::runner::{self, Permits, Role};
use crate::scenario::{Scenario, Target};
use crate::time::Span;
use std::net::SocketAddr;

/// Options of `run` that only live runs look at.
#[derive(clap::Args, Debug)]
pub struct LiveArgs {
    #[arg(long, env = "KEYSTORM_CLIENT", help = client())]
    pub client: Option<String>,
    /// Make the keys that the scenario does not name, and schedule them for deletion at the end.
    #[arg(long)]
    pub provision: bool,
    /// Tell how the run goes in lines, not in a view that takes the terminal.
    #[arg(long, env = "KEYSTORM_NO_TUI")]
    pub no_tui: bool,
    /// Serve figures for Prometheus on this address while the run lasts, such as 127.0.0.1:9090.
    #[arg(long, value_name = "ADDRESS", env = "KEYSTORM_METRICS")]
    pub metrics: Option<SocketAddr>,
    /// Show the run on a page of this machine while it lasts, which can stop it, such as 127.0.0.1:8090.
    #[arg(long, value_name = "ADDRESS", env = "KEYSTORM_WEB")]
    pub web: Option<SocketAddr>,
    /// Send figures to an OpenTelemetry receiver over HTTP, such as http://127.0.0.1:4318: counts and histograms of times
    /// every ten seconds, and at the end those that are saved.
    #[arg(long, value_name = "URL", env = "KEYSTORM_OTLP")]
    pub otlp: Option<String>,
    /// Whose credentials a target that is a URL is called with: none (meaningless ones), test (`test` and `test`),
    /// env:PREFIX (PREFIX_ACCESS_KEY_ID, PREFIX_SECRET_ACCESS_KEY, PREFIX_SESSION_TOKEN), or chain, AWS's own, with every
    /// permit that target aws needs [default: none].
    #[arg(long, value_name = "WHOSE", value_parser = Credentials::parse)]
    pub credentials: Option<Credentials>,
    /// Profile of the shared AWS files whose credentials are used, for target aws.
    #[arg(long, env = "KEYSTORM_PROFILE")]
    pub profile: Option<String>,
    /// Endpoint of KMS for target aws, instead of the Region's.
    #[arg(long, value_name = "URL", env = "KEYSTORM_ENDPOINT_URL")]
    pub endpoint_url: Option<String>,
    /// Yes, call a real account.
    #[arg(long)]
    pub yes_real_aws: bool,
    /// Yes, connect to what is neither this machine nor a private network; needs caps too.
    #[arg(long)]
    pub yes_remote: bool,
    /// Look at everything a run against AWS depends on, print its plan, and run nothing.
    #[arg(long, env = "KEYSTORM_DRY_RUN")]
    pub dry_run: bool,
    /// Go on when AWS throttles; otherwise the first throttle ends the run.
    #[arg(long)]
    pub allow_throttling: bool,
    /// Run without knowing how much of its quotas the account uses.
    #[arg(long)]
    pub no_usage_check: bool,
    /// Print the least IAM policy that the run needs, and run nothing.
    #[arg(long, env = "KEYSTORM_PRINT_POLICY")]
    pub print_policy: bool,
}

/// The help of `--client`.
pub(in crate::cli) fn client() -> String {
    means("client", &format!(": {}; raw is several times cheaper", words("client")))
}

impl LiveArgs {
    /// Those of a run that nobody watches, against what needs no permit.
    pub(in crate::cli) fn silent(provision: bool) -> LiveArgs {
        LiveArgs {
            client: None,
            provision,
            no_tui: true,
            metrics: None,
            web: None,
            otlp: None,
            credentials: None,
            profile: None,
            endpoint_url: None,
            yes_real_aws: false,
            yes_remote: false,
            dry_run: false,
            allow_throttling: true,
            no_usage_check: false,
            print_policy: false,
        }
    }

    /// What they say yes to for a run of `scenario`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a variable of credentials that is not set, and for a list of denied accounts that cannot be read.
    pub(in crate::cli) fn permits(&self, scenario: &Scenario) -> Result<Permits, Error> {
        let is_chain = self.credentials == Some(Credentials::Chain);
        let calls_aws = scenario.target == Target::Aws || is_chain;
        let keys = |asked: &Credentials| match scenario.target {
            // Whose they are does not matter where none are taken.
            Target::Emulator | Target::Sim => Ok(runner::Credentials::Nobody),
            _ => asked.resolved(),
        };
        Ok(Permits {
            provision: self.provision,
            remote: self.yes_remote,
            real_aws: self.yes_real_aws,
            look_only: self.dry_run,
            throttling: self.allow_throttling,
            unknown_use: self.no_usage_check,
            credentials: self.credentials.as_ref().map(keys).transpose()?,
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            untrusted_bounds: consent::bounds_from_environment(),
            denied: if calls_aws { consent::denied()? } else { Default::default() },
        })
    }
}

/// What a live run is asked for beside its scenario.
#[derive(Clone, Copy)]
pub struct LiveOptions<'a> {
    pub(in crate::cli) live: &'a LiveArgs,
    /// Threads that send; one per core if `None`.
    pub(in crate::cli) threads: Option<usize>,
    /// How often progress is told where there is no view.
    pub(in crate::cli) every: Span,
    /// Which part of it is made here.
    pub(in crate::cli) role: Role<'a>,
}
