//! What `serve` is told of the service: quotas, service time, faults, and what is assumed.

use super::{Args, Error};
use crate::cli::declared::of_service;
use crate::cli::fault_template;
use crate::kms::{Assumed, ServiceTime};
use crate::language::{Record, Shape, Table};
use crate::quota::catalogue;
use crate::scenario::fis::Targets;
use crate::scenario::{Service, Set, laid_over};
use serde_json::{Value, json};

/// The highest rate there is: no quota.
const UNLIMITED: &str = "1000000000/s";

/// The help of `--fault`.
pub(super) fn fault_help() -> String {
    let keys = fault_keys().listed();
    of_service(
        "faults",
        &format!(
            ": KEY=VALUE,… such as kind=throttle,probability=5%,for=30s; its keys are {keys}; repeatable"
        ),
    )
}

/// The help of `--assume`.
pub(super) fn assume_help() -> String {
    let each = Assumed::table().keys.iter().map(|key| match key.shape {
        Shape::Bool => format!("{}: {}", key.name, key.sentence()),
        _ => format!("{}=VALUE: {}", key.name, key.sentence()),
    });
    let each = each.collect::<Vec<_>>().join("; ");
    format!("What KMS is not known to do for sure. {each}. Repeatable")
}

/// Reads `NAME=VALUE` pairs as the mapping that a type declares; what is true or false may be named alone.
///
/// # Errors
/// [`Error::Usage`], with every problem.
pub(super) fn record<T: Record>(option: &str, pairs: &[String]) -> Result<T, Error> {
    let read = |pair: &String| {
        let wrong = |how: &str| Error::Usage(format!("{option} `{pair}`: write it {how}"));
        let (name, value) = match pair.split_once('=') {
            Some(both) => both,
            None => match T::table().key(pair).map(|key| key.shape) {
                // An unknown name is told as such.
                None | Some(Shape::Bool) => (pair.as_str(), "true"),
                Some(shape) => {
                    return Err(wrong(&format!(
                        "{pair}=VALUE, such as {pair}={}",
                        shape.example().unwrap_or("…")
                    )));
                }
            },
        };
        Ok(Set::option(&[name], value, &format!("{option} {pair}")))
    };
    let sets = pairs.iter().map(read).collect::<Result<Vec<Set>, Error>>()?;
    laid_over("{}", "options", &sets).map_err(|problems| Error::Usage(problems.to_string()))
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
        lay(
            &["serviceTime"],
            mapping("--service-time", times, ServiceTime::table())?,
            &format!("--service-time {times}"),
        );
    }
    for fault in &args.fault {
        let map = mapping("--fault", fault, fault_keys())?;
        sets.push(Set::option(&["faults"], &map.to_string(), &format!("--fault {fault}")).joining());
    }
    sets.extend(fault_template::sets(&args.fault_template, Targets::Roles)?);
    Service::parse_with(&text, &file, &sets).map_err(|problems| Error::Usage(problems.to_string()))
}

/// The keys of a fault.
fn fault_keys() -> &'static Table {
    let faults = Service::table().key("faults").and_then(|key| key.shape.table());
    faults.expect("faults are a list of mappings")
}

/// `KEY=VALUE,…` as the mapping that `table` describes: a number is one unless the key is text, as an account is.
fn mapping(option: &str, given: &str, table: &Table) -> Result<Value, Error> {
    let is_text = |name: &str| matches!(table.key(name).map(|key| key.shape), Some(Shape::Text));
    let value = |name: &str, text: String| match text.parse::<u64>() {
        Ok(number) if !is_text(name) => json!(number),
        _ => json!(text),
    };
    let given: Vec<String> = given.split(',').map(Into::into).collect();
    let map = pairs(option, &given)?.into_iter();
    Ok(map.map(|(name, text)| (name.clone(), value(&name, text))).collect())
}

fn pairs(option: &str, given: &[String]) -> Result<Vec<(String, String)>, Error> {
    let read = |pair: &String| {
        let wrong = || Error::Usage(format!("{option} `{pair}`: write it NAME=VALUE"));
        pair.split_once('=').map(|(name, value)| (name.trim().into(), value.trim().into())).ok_or_else(wrong)
    };
    given.iter().map(read).collect()
}
