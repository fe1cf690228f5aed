//! What `serve` is told of the service: quotas, service time, faults, and what is assumed.

use super::{Args, Error};
use crate::cli::fault_template;
use crate::kms::Assumed;
use crate::quota::catalogue;
use crate::scenario::fis::Targets;
use crate::scenario::{Service, Set};
use crate::units::Rate;
use serde_json::{Value, json};

/// The highest rate there is: no quota.
const UNLIMITED: &str = "1000000000/s";

/// What `--assume` says.
///
/// # Errors
/// [`Error::Usage`] for what nobody knows.
pub(super) fn assumed(given: &[String]) -> Result<Assumed, Error> {
    const KNOWN: [&str; 4] = ["hot-key", "no-ml-dsa-import", "alias-cross-account", "predefined-aliases"];
    let mut assumed = Assumed::default();
    for what in given {
        let wrong = |why: String| Error::Usage(format!("--assume `{what}`: {why}"));
        match what.split_once('=').map_or((what.as_str(), None), |(name, value)| (name, Some(value))) {
            ("hot-key", Some(rate)) => {
                let rate = Rate::parse(rate).map_err(wrong)?;
                if rate.is_zero() {
                    return Err(wrong("no key could ever change its state".into()));
                }
                assumed.hot_key = Some(rate);
            }
            ("hot-key", None) => return Err(wrong("say how many state changes: hot-key=10/s".into())),
            ("no-ml-dsa-import", None) => assumed.no_ml_dsa_import = true,
            ("alias-cross-account", None) => assumed.alias_cross_account = true,
            ("predefined-aliases", None) => assumed.predefined_aliases = true,
            (name, Some(_)) if KNOWN.contains(&name) => return Err(wrong("it takes no value".into())),
            (name, _) => {
                let meant = crate::api::nearest(name, KNOWN);
                return Err(wrong(meant.map_or_else(
                    || format!("known are {}", KNOWN.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                )));
            }
        }
    }
    Ok(assumed)
}

/// Lays `name=value` pairs over defaults.
pub(super) fn named<T: serde::Serialize + serde::de::DeserializeOwned>(
    option: &str,
    pairs: &[String],
    read: impl Fn(&str) -> Result<Value, String>,
    defaults: T,
) -> Result<T, Error> {
    let failed = |e: serde_json::Error| Error::Failed(e.to_string());
    let Value::Object(mut all) = serde_json::to_value(&defaults).map_err(failed)? else {
        return Ok(defaults);
    };
    for pair in pairs {
        let wrong = |what: String| Error::Usage(format!("{option} `{pair}`: {what}"));
        let (name, value) = pair.split_once('=').ok_or_else(|| wrong("write it NAME=VALUE".into()))?;
        let Some(slot) = all.get_mut(name) else {
            let hint = crate::api::nearest(name, all.keys().map(String::as_str));
            let known = all.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(wrong(
                hint.map_or(format!("known are {known}"), |near| format!("did you mean `{near}`?")),
            ));
        };
        *slot = read(value).map_err(wrong)?;
    }
    serde_json::from_value(Value::Object(all)).map_err(failed)
}

/// Quotas, service time and faults: the file's, then the options' over them.
pub(super) fn service(args: &Args) -> Result<Service, Error> {
    let (text, file) = match &args.config {
        Some(path) => {
            let read = std::fs::read_to_string(path);
            let text = read.map_err(|e| Error::Usage(format!("{}: {e}", path.display())))?;
            (text, path.display().to_string())
        }
        None => ("{}".into(), "options".into()),
    };
    let mut sets = Vec::new();
    let mut lay = |path: &[&str], value: Value, given: &str| {
        sets.push(Set::option(path, &value.to_string(), given));
    };
    if args.no_quotas {
        for pool in catalogue::pool_names() {
            lay(&["quotas", pool], json!(UNLIMITED), "--no-quotas");
        }
    }
    for (name, rate) in pairs("--quota", &args.quota)? {
        lay(&["quotas", &name], json!(rate), &format!("--quota {name}={rate}"));
    }
    for (name, rate) in pairs("--background", &args.background)? {
        lay(&["quotas", "background", &name], json!(rate), &format!("--background {name}={rate}"));
    }
    if let Some(enforcement) = &args.enforcement {
        let kind = crate::cli::question::enforcement(enforcement);
        lay(&["quotas", "enforcement"], kind, &format!("--enforcement {enforcement}"));
    }
    if let Some(times) = &args.service_time {
        let given: Vec<String> = times.split(',').map(Into::into).collect();
        let map = pairs("--service-time", &given)?.into_iter().map(|(n, v)| (n, json!(v))).collect();
        lay(&["serviceTime"], map, &format!("--service-time {times}"));
    }
    for fault in &args.fault {
        let given: Vec<String> = fault.split(',').map(Into::into).collect();
        // An account is text, however many digits it has.
        let value = |name: &str, text: String| match text.parse::<u64>() {
            Ok(number) if !["principal", "key"].contains(&name) => json!(number),
            _ => json!(text),
        };
        let map = pairs("--fault", &given)?.into_iter();
        let map: Value = map.map(|(name, text)| (name.clone(), value(&name, text))).collect();
        sets.push(Set::option(&["faults"], &map.to_string(), &format!("--fault {fault}")).joining());
    }
    sets.extend(fault_template::sets(&args.fault_template, Targets::Roles)?);
    Service::parse_with(&text, &file, &sets).map_err(|problems| Error::Usage(problems.to_string()))
}

fn pairs(option: &str, given: &[String]) -> Result<Vec<(String, String)>, Error> {
    let read = |pair: &String| {
        let wrong = || Error::Usage(format!("{option} `{pair}`: write it NAME=VALUE"));
        pair.split_once('=').map(|(name, value)| (name.trim().into(), value.trim().into())).ok_or_else(wrong)
    };
    given.iter().map(read).collect()
}
