//! What the options come to, for the server.

use super::service;
use super::{Args, AuthArg, Compat, Error};
use crate::api::partition::{DEFAULT_REGION, is_region_name};
use crate::emulator;
use crate::emulator::seed::Format;
use crate::kms::access::{AccessKey, Directory};
use crate::kms::crypto::Secret;
use crate::server::{Auth, Settings, Tls};
use std::path::PathBuf;

/// Everything the server needs.
///
/// # Errors
/// [`Error::Usage`] for options that cannot be.
pub(super) fn of(mut args: Args) -> Result<Settings, Error> {
    let seeds = seeds(&mut args)?;
    has_home(&args)?;
    let service = service::service(&args)?;
    let tls =
        args.has_tls().then(|| Tls { ca: args.tls_ca.take(), names: std::mem::take(&mut args.tls_name) });
    let directory = directory(&args)?;
    let auth = auth(&args, &directory)?;
    let defaults = emulator::Settings::default();
    let emulator = emulator::Settings {
        account: args.account,
        region: args.region,
        quotas: service.quotas,
        service_time: service.service_time.unwrap_or(defaults.service_time),
        faults: service.faults,
        limits: service::record("--limit", &args.limit)?,
        consistency: service::record("--consistency", &args.consistency)?,
        assumed: service::record("--assume", &args.assume)?,
        realms: args.max_realms,
        tells_retry: args.throttle_details,
        seed: args.seed,
        directory,
        seeds,
        data_dir: args.data_dir,
        root_key: args.root_key,
        log: args.log,
        cloudtrail: args.cloudtrail,
        cloudtrail_throttled: args.cloudtrail_throttled,
    };
    Ok(Settings {
        emulator,
        listen: args.listen,
        admin_listen: args.admin_listen,
        admin_token: args.admin_token,
        host_names: args.host_name,
        #[cfg(feature = "aws")]
        upstream: args.upstream.upstream()?,
        #[cfg(not(feature = "aws"))]
        upstream: None,
        auth,
        tls,
        http2: args.http2,
        threads: args.threads,
        max_connections: args.max_connections,
        idle_timeout: args.idle_timeout,
    })
}

/// Seed files and their form; whoever is to be local-kms has its environment besides.
fn seeds(args: &mut Args) -> Result<Vec<(PathBuf, Format)>, Error> {
    let format = match args.compat {
        Some(Compat::LocalKms) => Format::LocalKms,
        None => Format::Keystorm,
    };
    let mut seeds: Vec<(PathBuf, Format)> =
        args.seed_keys.iter().map(|path| (path.clone(), format)).collect();
    if args.compat == Some(Compat::LocalKms) {
        seeds.extend(as_local_kms(args, &environment)?);
    }
    Ok(seeds)
}

/// Whether account and Region can be.
fn has_home(args: &Args) -> Result<(), Error> {
    if args.account.len() != 12 || !args.account.bytes().all(|b| b.is_ascii_digit()) {
        let account = &args.account;
        return Err(Error::Usage(format!("--account: `{account}` is not an account id of twelve digits")));
    }
    if !is_region_name(&args.region) {
        return Err(Error::Usage(format!("--region: `{}` is no Region", args.region)));
    }
    Ok(())
}

/// Who there is: the principals of files, and the access keys of the account itself.
fn directory(args: &Args) -> Result<Directory, Error> {
    let usage = |what: String| Error::Usage(what);
    let mut directory = Directory::default();
    for path in &args.principals {
        let text = std::fs::read_to_string(path).map_err(|e| usage(format!("{}: {e}", path.display())))?;
        let name = path.display().to_string();
        let twice = |problems: Vec<String>| usage(format!("{name}: {}", problems.join("\n  ")));
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        let mut files = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
        let read = Directory::read(&text, &name, &mut files).map_err(|told| usage(told.to_string()))?;
        directory.merge(read).map_err(twice)?;
    }
    for pair in &args.access_key {
        let (id, secret) = pair
            .split_once(':')
            .filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
            .ok_or_else(|| usage("--access-key must be ID:SECRET".into()))?;
        let key = AccessKey { id: id.into(), secret: Secret::from(secret.as_bytes()) };
        directory
            .add_root_key(&args.account, &args.region, key)
            .map_err(|problems| usage(problems.join("\n  ")))?;
    }
    Ok(directory)
}

/// Whether signatures are checked; that needs somebody to check them against.
fn auth(args: &Args, directory: &Directory) -> Result<Auth, Error> {
    match args.auth {
        AuthArg::Off => Ok(Auth::Off),
        AuthArg::Verify if directory.has_access_keys() => Ok(Auth::Verify),
        AuthArg::Verify => Err(Error::Usage(
            "--auth verify needs credentials to check against: give --access-key ID:SECRET or --principals FILE".into(),
        )),
    }
}

/// A variable of the environment.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Takes over what local-kms reads from its environment; gives its seed file, if there is one.
///
/// local-kms listens on every interface; here `--listen` must say so. Its data folder holds another database, so that
/// ours goes beside it.
fn as_local_kms(
    args: &mut Args,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(PathBuf, Format)>, Error> {
    if let Some(port) = environment("PORT") {
        let port = port.parse().map_err(|_| Error::Usage(format!("PORT: `{port}` is not a port")))?;
        args.listen.set_port(port);
    }
    if let Some(account) = environment("KMS_ACCOUNT_ID") {
        args.account = account;
    } else if args.account == "123456789012" {
        args.account = "111122223333".into();
    }
    if let Some(region) = environment("KMS_REGION") {
        args.region = region;
    } else if args.region == DEFAULT_REGION {
        args.region = "eu-west-2".into();
    }
    if args.data_dir.is_none() {
        args.data_dir = environment("KMS_DATA_PATH").map(|path| PathBuf::from(path).join("keystorm"));
    }
    let named = environment("KMS_SEED_PATH").map(PathBuf::from);
    let usual = PathBuf::from("/init/seed.yaml");
    Ok(named.or_else(|| usual.exists().then_some(usual)).map(|path| (path, Format::LocalKms)))
}
