//! `keystorm serve`: the emulated KMS for any SDK.

mod service;
mod settings;
#[cfg(feature = "aws")]
mod upstream;

use super::declared::{default, means, of_service};
use super::messages::{LogFormat, LogLevel};
use super::{Common, Error, health, messages, output};
use crate::kms::{Consistency, Limits};
use crate::language::{Form as _, Record as _};
use crate::quota::Enforcement;
use crate::scenario::SEED;
use crate::server::{Auth, Running};
use crate::time::Span;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of `serve`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Address to listen on; port 0 picks a free one. The first line of output is the URL.
    #[arg(long, default_value = "127.0.0.1:8080", env = "KEYSTORM_LISTEN")]
    listen: SocketAddr,
    /// Account of callers that say nothing about theirs.
    #[arg(long, default_value = "123456789012", env = "KEYSTORM_ACCOUNT")]
    account: String,
    /// Region of calls that are not signed for one.
    #[arg(long, default_value = crate::api::partition::DEFAULT_REGION, env = "KEYSTORM_REGION")]
    region: String,
    #[arg(long, value_name = "POOL=RATE", env = "KEYSTORM_QUOTA", value_delimiter = ',',
        help = of_service("quotas", ": symmetric=50/s; repeatable"))]
    quota: Vec<String>,
    /// Let no request quota refuse anything; those named by --quota still do.
    #[arg(long, env = "KEYSTORM_NO_QUOTAS")]
    no_quotas: bool,
    #[arg(long, value_name = "KIND", env = "KEYSTORM_ENFORCEMENT",
        help = of_service("quotas.enforcement", &format!(": {}", Enforcement::shorts())))]
    enforcement: Option<String>,
    #[arg(long, value_name = "POOL=RATE", env = "KEYSTORM_BACKGROUND", value_delimiter = ',',
        help = of_service("quotas.background", ": symmetric=50/s; repeatable"))]
    background: Vec<String>,
    #[arg(long, value_name = "TIMES", env = "KEYSTORM_SERVICE_TIME",
        help = of_service("serviceTime", ": p50=6ms,p99=30ms,throttled=3ms"))]
    service_time: Option<String>,
    #[arg(long, value_name = "FAULT", env = "KEYSTORM_FAULT", value_delimiter = ';', help = service::fault_help())]
    fault: Vec<String>,
    /// Experiment template of AWS FIS: throttles, internal errors and unavailability of operations for target roles, as
    /// faults. Repeatable.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_FAULT_TEMPLATE", value_delimiter = ',')]
    fault_template: Vec<PathBuf>,
    /// YAML file with `quotas`, `serviceTime` and `faults` in the words of a scenario; options go before it.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_CONFIG")]
    config: Option<PathBuf>,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    upstream: upstream::UpstreamArgs,
    #[arg(long, value_name = "NAME=N", env = "KEYSTORM_LIMIT", value_delimiter = ',',
        help = format!("A resource quota: {}; repeatable", Limits::table().listed()))]
    limit: Vec<String>,
    /// Accounts that can be, each counted in every Region it is used in; what is more is refused.
    #[arg(long, value_name = "N", default_value_t = 1_000, env = "KEYSTORM_MAX_REALMS")]
    max_realms: usize,
    #[arg(long, value_name = "WHAT", env = "KEYSTORM_ASSUME", value_delimiter = ',', help = service::assume_help())]
    assume: Vec<String>,
    /// Throttled calls carry retryAfterSeconds, quotaCode and serviceCode, as younger services model them; KMS has none.
    #[arg(long, env = "KEYSTORM_THROTTLE_DETAILS")]
    throttle_details: bool,
    #[arg(long, value_name = "DELAYS", env = "KEYSTORM_CONSISTENCY", value_delimiter = ',',
        help = format!("Delays of what others see: {}; such as grant=3s,keyState=2s", Consistency::table().listed()))]
    consistency: Vec<String>,
    /// A name by which clients call the server, beside its addresses, localhost and those of --tls-name: others are
    /// refused, so that no web page can pass itself off as it. `*.example.com` stands for a domain. Repeatable.
    #[arg(long, value_name = "NAME", env = "KEYSTORM_HOST_NAME", value_delimiter = ',', value_parser = host)]
    host_name: Vec<String>,
    #[arg(long, default_value = default("seed"), hide_default_value = true, env = "KEYSTORM_SEED",
        value_parser = seed,
        help = means("seed", ": service times, faults and where windows begin"))]
    seed: u64,
    /// Whether signatures are checked.
    #[arg(long, value_enum, default_value_t = AuthArg::Off, env = "KEYSTORM_AUTH")]
    auth: AuthArg,
    /// YAML file with users, roles, access keys, identity policies, organizations and identity providers. With
    /// --auth verify nobody else can call. Repeatable.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_PRINCIPALS", value_delimiter = ',')]
    principals: Vec<PathBuf>,
    /// An access key of the account's root user, for `--auth verify`. Repeatable.
    #[arg(
        long,
        value_name = "ID:SECRET",
        env = "KEYSTORM_ACCESS_KEY",
        hide_env_values = true,
        value_delimiter = ','
    )]
    access_key: Vec<String>,
    /// Serve TLS, with a certificate made at start.
    #[arg(long, env = "KEYSTORM_TLS")]
    tls: bool,
    /// Write the CA certificate that clients must trust here (implies --tls).
    #[arg(long, value_name = "FILE", env = "KEYSTORM_TLS_CA")]
    tls_ca: Option<PathBuf>,
    /// A name or an address that the certificate is good for beside localhost and --listen, as clients in other
    /// containers use (implies --tls). Repeatable.
    #[arg(long, value_name = "NAME", env = "KEYSTORM_TLS_NAME", value_delimiter = ',', value_parser = host)]
    tls_name: Vec<String>,
    /// Speak HTTP/2 too; AWS KMS itself negotiates HTTP/1.1.
    #[arg(long, env = "KEYSTORM_HTTP2")]
    http2: bool,
    /// Threads (one per core).
    #[arg(long, default_value_t = 0, env = "KEYSTORM_THREADS", hide_default_value = true)]
    threads: usize,
    /// Serve the admin paths on an address of their own.
    #[arg(long, value_name = "ADDRESS", env = "KEYSTORM_ADMIN_LISTEN")]
    admin_listen: Option<SocketAddr>,
    /// Let whoever sends this as `Authorization: Bearer` use the admin paths, instead of loopback only.
    #[arg(long, value_name = "TOKEN", env = "KEYSTORM_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// YAML file with keys, aliases, policies and material that are there from the start; with `--compat local-kms` in
    /// local-kms's format. Repeatable.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_SEED_KEYS", value_delimiter = ',')]
    seed_keys: Vec<PathBuf>,
    /// Read the seed file and the environment of another emulator: PORT, KMS_ACCOUNT_ID, KMS_REGION, KMS_SEED_PATH
    /// (/init/seed.yaml) and KMS_DATA_PATH of local-kms.
    #[arg(long, value_enum, env = "KEYSTORM_COMPAT")]
    compat: Option<Compat>,
    /// Keep everything in this folder; without it, in memory only.
    #[arg(long, value_name = "DIR", env = "KEYSTORM_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// File with the root key that records are sealed under (root.key in the folder; made if missing, mode 0600).
    #[arg(long, value_name = "FILE", env = "KEYSTORM_ROOT_KEY", requires = "data_dir")]
    root_key: Option<PathBuf>,
    /// Access log, a JSON line for each call; `-` is stdout.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_LOG")]
    log: Option<PathBuf>,
    /// How much the server says on stderr beside that.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t, env = "KEYSTORM_LOG_LEVEL")]
    log_level: LogLevel,
    /// In what form it says it.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, env = "KEYSTORM_LOG_FORMAT")]
    log_format: LogFormat,
    /// CloudTrail records: an `.ndjson` file, or a folder of gzipped delivery files.
    #[arg(long, value_name = "PATH", env = "KEYSTORM_CLOUDTRAIL")]
    cloudtrail: Option<PathBuf>,
    /// Record throttled calls too; AWS does not say whether CloudTrail does.
    #[arg(long, env = "KEYSTORM_CLOUDTRAIL_THROTTLED")]
    cloudtrail_throttled: bool,
    /// Connections at a time.
    #[arg(long, default_value_t = 16_384, env = "KEYSTORM_MAX_CONNECTIONS")]
    max_connections: usize,
    /// Close a connection that asks nothing for so long.
    #[arg(long, default_value = "75s", value_parser = Span::parse, env = "KEYSTORM_IDLE_TIMEOUT")]
    idle_timeout: Span,
    /// Serve nothing: ask a running server, the one at --listen or at this URL, for its health; exit 0 if it is well.
    /// Without http:// or https:// it is what --tls says; for https, --tls-ca names the file with the server's CA.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", env = "KEYSTORM_CHECK")]
    check: Option<String>,
}

impl Args {
    const fn has_tls(&self) -> bool {
        self.tls || self.tls_ca.is_some() || !self.tls_name.is_empty()
    }
}

fn seed(text: &str) -> Result<u64, String> {
    SEED.alone(text)
}

/// A name that a certificate can carry: of one host, of all hosts of a domain (`*.example.com`), or an address.
fn host(text: &str) -> Result<String, String> {
    match ServerName::try_from(text.strip_prefix("*.").unwrap_or(text)) {
        Ok(ServerName::IpAddress(_)) if text.starts_with('*') => Err("an address has no `*`".into()),
        Ok(_) => Ok(text.into()),
        Err(_) => Err("not the name of a host or an address".into()),
    }
}

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AuthArg {
    /// Who calls is taken from the access key; nothing is checked.
    Off,
    /// Every call must be signed by a known access key.
    Verify,
}

/// Another emulator, whose users can switch in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Compat {
    /// local-kms.
    LocalKms,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] for options that cannot be, [`Error::Failed`] if the server cannot run.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    common.prints_no_document("the first line of output is the URL; figures are at /_keystorm/metrics")?;
    if let Some(url) = &args.check {
        return health::check(url, args.listen, args.has_tls(), args.tls_ca.as_deref());
    }
    messages::begin(args.log_level, args.log_format);
    let settings = settings::of(args)?;
    let listen = settings.listen;
    for (arn, key) in settings.emulator.directory.keys_never_set().iter().filter(|_| !common.quiet) {
        tracing::warn!("a policy of {arn} asks for the condition key {key}, which no call sets here");
    }
    if !listen.ip().is_loopback() && !common.quiet {
        tracing::warn!(
            "{listen} can be reached from other machines, and this is a KMS for tests{}",
            if settings.auth == Auth::Off { " that checks no signature (--auth verify does)" } else { "" }
        );
    }
    let failed = |e: crate::server::Error| Error::Failed(e.to_string());
    let running = Running::start(settings).map_err(failed)?;
    let signals = running.signals().map_err(failed)?;
    output::print(format!("listening on {}\n", running.url()))?;
    if let Some(admin) = running.admin_address().filter(|_| !common.quiet) {
        tracing::info!("admin paths on http://{admin}/_keystorm/");
    }
    running.wait_for(signals);
    if !common.quiet {
        tracing::info!("stopping: open calls may finish");
    }
    running.stop();
    Ok(ExitCode::SUCCESS)
}
