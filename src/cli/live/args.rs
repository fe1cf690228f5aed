//! Options of live runs.

#[cfg(feature = "bus")]
use crate::backend::Fixtures;
#[cfg(feature = "bus")]
use crate::cli::Error;
use crate::cli::consent::Credentials;
use crate::engine::live::LiveTrial;
#[cfg(feature = "bus")]
use crate::engine::live::{Control, Share};
#[cfg(feature = "bus")]
use crate::guard::Agent;
use crate::results::WorkerWall;
#[cfg(feature = "bus")]
use crate::scenario::Scenario;
use crate::time::Span;
use std::net::SocketAddr;
#[cfg(feature = "bus")]
use std::pin::Pin;
#[cfg(feature = "bus")]
use std::sync::Arc;

/// Options of `run` that only live runs look at.
#[derive(clap::Args, Debug)]
pub struct LiveArgs {
    /// What sends attempts: aws-sdk, or raw, which is several times cheaper.
    #[arg(long, value_name = "CLIENT", env = "KEYSTORM_CLIENT")]
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
}

/// All trials of a live run, by strategy, and who shared the load.
pub type LiveTrials = (Vec<Vec<LiveTrial>>, Vec<WorkerWall>);

/// Who runs the load of a live run, if this process does not.
#[cfg(feature = "bus")]
pub trait LoadRunner {
    /// Has it run with what set-up has made in so many attempts, on behalf of `agent`, until `control` says stop.
    fn run<'r>(
        &'r self,
        scenario: &'r Scenario,
        made: (&'r Fixtures, u64),
        agent: &'r Agent,
        control: &'r Control,
    ) -> Pin<Box<dyn Future<Output = Result<LiveTrials, Error>> + 'r>>;
}

/// A share of a live run, as whoever makes it is told of it.
#[cfg(feature = "bus")]
pub struct WorkerPart {
    /// Whose clients, and who says when.
    pub share: Share,
    /// What set-up has made elsewhere.
    pub fixtures: Arc<Fixtures>,
}

/// Which part of a live run is made here.
#[cfg(feature = "bus")]
#[derive(Clone, Copy)]
pub enum Role<'a> {
    /// All of it.
    Alone,
    /// What is before the load and after it.
    Coordinator(&'a dyn LoadRunner),
    /// A share of the load.
    Worker(&'a WorkerPart),
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
    #[cfg(feature = "bus")]
    pub(in crate::cli) role: Role<'a>,
}
