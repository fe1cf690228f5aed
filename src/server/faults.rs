//! Faults that are changed while the server runs: in our words, and in those of LocalStack's chaos API.

use super::admin_body::{Said, read};
use crate::api::Operation;
use crate::emulator::runtime::{Chaos, Locked, Runtime};
use crate::kms::{Aim, Fault, FaultKind, Strikes};
use crate::time::{Span, Time};
use crate::units::Ratio;
use serde_json::{Map, Value, json};

/// Where LocalStack's chaos API is, for those who have scripts for it.
pub(super) const CHAOS: &str = "/_localstack/chaos/";
/// The longest latency, in milliseconds.
const LATENCY: u64 = 24 * 3_600_000;
/// The most rules.
const RULES: usize = 1_000;

/// Every fault, LocalStack's included.
pub(super) fn list(locked: &Locked) -> Value {
    let now = locked.now();
    let shown: Vec<Value> = locked.kms.admission().faults().iter().map(|fault| shown(fault, now)).collect();
    json!({ "faults": shown })
}

fn shown(fault: &Fault, now: Time) -> Value {
    let word = fault.kind.word().name();
    let kind = match &fault.kind {
        FaultKind::ErrorAs { code, status } => json!({ word: { "errorCode": code, "status": status } }),
        FaultKind::Slow { by } | FaultKind::Trickle { by } => json!({ word: by.to_string() }),
        FaultKind::Quota { pool, to } => json!({ word: { "pool": pool, "to": to.to_string() } }),
        _ => json!(word),
    };
    let strikes = match fault.strikes {
        Strikes::Probability(share) => json!({ "probability": share.as_f64() }),
        Strikes::Next(n) => json!({ "next": n }),
    };
    let begun = Span::from_nanos(now.as_nanos().saturating_sub(fault.at.as_nanos()));
    let mut shown = json!({
        "kind": kind,
        "began": begun.to_string() + " ago",
        "for": fault.lasts.map(|lasts| lasts.to_string()),
        "strikes": strikes,
        "operation": fault.operation.map(|operation| operation.name()),
    });
    let aim = fault.aim.as_deref().cloned().unwrap_or_default();
    for (name, value) in [
        ("after", (fault.after > 0).then(|| json!(fault.after))),
        ("ramp", fault.ramp.map(|ramp| json!(ramp.to_string()))),
        ("seed", fault.seed.map(|seed| json!(seed))),
        ("principal", aim.principal.map(|text| json!(text))),
        ("key", aim.key.map(|text| json!(text))),
        ("region", aim.region.map(|text| json!(text))),
    ] {
        value.into_iter().for_each(|value| shown[name] = value);
    }
    shown
}

/// A list of faults as in a scenario, `at` from now on; it takes the place of those there are, LocalStack's too.
pub(super) fn put(emulator: &Runtime, body: &[u8]) -> Said {
    let given = json(body)?;
    let all = match given {
        Value::Array(_) => given,
        Value::Object(mut object) => {
            object.remove("faults").unwrap_or_else(|| json!([Value::Object(object)]))
        }
        _ => return Err((400, "the body must be a list of faults".into())),
    };
    let service = read(&json!({ "faults": all }))?;
    Ok(replace(emulator, service.faults, Chaos::default()))
}

/// Takes all of them away.
pub(super) fn clear(emulator: &Runtime) -> Value {
    replace(emulator, Vec::new(), Chaos::default())
}

fn json(body: &[u8]) -> Result<Value, (u16, String)> {
    serde_json::from_slice(body).map_err(|e| (400, format!("the body must be JSON: {e}")))
}

/// Puts faults in whose `at` counts from now, in the place of all there are.
fn replace(emulator: &Runtime, mut faults: Vec<Fault>, chaos: Chaos) -> Value {
    let mut locked = emulator.locked();
    let now = locked.now();
    for fault in &mut faults {
        fault.at = fault.at + Span::from_nanos(now.as_nanos());
    }
    exchange(emulator, &mut locked, faults, chaos);
    list(&locked)
}

/// Puts faults in whose `at` is on the server's timeline.
fn exchange(emulator: &Runtime, locked: &mut Locked, faults: Vec<Fault>, chaos: Chaos) {
    let now = locked.now();
    locked.kms.admission_mut().set_faults(faults, now);
    locked.chaos = chaos;
    // Whoever waits for this looks at nothing but the count.
    emulator.faults_changed.send_modify(|count| *count += 1);
}

/// LocalStack's chaos API: `faults` with GET, POST (these instead), PATCH (these too) and DELETE (these no more; all of
/// them if none are named), `effects` with GET and POST.
pub(super) fn chaos(emulator: &Runtime, (method, path): (&str, &str), body: &[u8]) -> Said {
    let mut locked = emulator.locked();
    let mut chaos = locked.chaos.clone();
    let rules = |body: &[u8]| match json(body)? {
        Value::Array(rules) if rules.len() <= RULES => Ok(rules),
        Value::Array(_) => Err((400, format!("at most {RULES} rules"))),
        _ => Err((400, "the body must be a list of rules".into())),
    };
    match (method, path) {
        ("GET", "faults") => return Ok(Value::Array(chaos.rules)),
        ("GET", "effects") => return Ok(json!({ "latency": chaos.latency })),
        ("POST" | "PUT", "faults") => chaos.rules = rules(body)?,
        ("PATCH", "faults") => chaos.rules.extend(rules(body)?),
        ("DELETE", "faults") => {
            let gone = if body.trim_ascii().is_empty() { Vec::new() } else { rules(body)? };
            chaos.rules.retain(|rule| !gone.is_empty() && !gone.contains(rule));
        }
        ("POST" | "PUT", "effects") => chaos.latency = latency(&json(body)?)?,
        (_, "faults" | "effects") => return Err((405, format!("{method} is not for {CHAOS}{path}"))),
        _ => return Err((404, format!("{CHAOS} has faults and effects"))),
    }
    if chaos.rules.len() > RULES {
        return Err((400, format!("at most {RULES} rules")));
    }
    let at = Span::from_nanos(locked.now().as_nanos());
    let mut own: Vec<Fault> = chaos.rules.iter().map(|rule| fault_of(rule, at)).collect::<Result<_, _>>()?;
    if chaos.latency > 0 {
        let by = Span::from_millis(chaos.latency);
        own.push(Fault { at, ..Fault::new(FaultKind::Slow { by }) });
    }
    let said = match path {
        "effects" => json!({ "latency": chaos.latency }),
        _ => Value::Array(chaos.rules.clone()),
    };
    let before = locked.kms.admission().faults();
    let mut faults = before[..before.len().saturating_sub(chaos.faults)].to_vec();
    chaos.faults = own.len();
    faults.extend(own);
    exchange(emulator, &mut locked, faults, chaos);
    Ok(said)
}

/// The fault that a rule stands for: ServiceUnavailable with HTTP 503 if it says nothing else.
fn fault_of(rule: &Value, at: Span) -> Result<Fault, (u16, String)> {
    let wrong = |what: String| (400, what);
    let object = |value: &Value, names: &[&str]| -> Result<Map<String, Value>, (u16, String)> {
        let Value::Object(map) = value else { return Err(wrong(format!("`{value}` is not an object"))) };
        match map.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(wrong(format!("`{name}` is not known: a rule has {}", names.join(", ")))),
            None => Ok(map.clone()),
        }
    };
    let rule = object(rule, &["service", "region", "operation", "probability", "error"])?;
    let text = |map: &Map<String, Value>, name: &str| match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(format!("`{name}` must be a text, not {other}"))),
    };
    if let Some(service) = text(&rule, "service")?.filter(|service| service != "kms") {
        return Err(wrong(format!("the service {service} is not here: leave `service` out, or say kms")));
    }
    let operation = text(&rule, "operation")?
        .map(|name| {
            Operation::from_name(&name).ok_or_else(|| wrong(format!("KMS has no operation `{name}`")))
        })
        .transpose()?;
    let probability =
        match rule.get("probability") {
            None | Some(Value::Null) => Ratio::ONE,
            Some(value) => value
                .as_f64()
                .filter(|share| (0.0..=1.0).contains(share))
                .and_then(Ratio::from_f64)
                .ok_or_else(|| wrong(format!("`probability` must be a number from 0 to 1, not {value}")))?,
        };
    let error =
        rule.get("error").map_or_else(|| Ok(Map::new()), |error| object(error, &["statusCode", "code"]))?;
    let status = match error.get("statusCode") {
        None | Some(Value::Null) => Some(503),
        Some(value) => value.as_u64().filter(|status| (400..=599).contains(status)),
    };
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| wrong("`statusCode` must be from 400 to 599".into()))?;
    let code = text(&error, "code")?.unwrap_or_else(|| "ServiceUnavailable".into());
    if code.is_empty() || code.len() > 128 || !code.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong("`code` must have 1 to 128 characters, none of them blank".into()));
    }
    let region = text(&rule, "region")?;
    Ok(Fault {
        at,
        operation,
        strikes: Strikes::Probability(probability),
        aim: region.map(|region| Box::new(Aim { region: Some(region), ..Aim::default() })),
        ..Fault::new(FaultKind::ErrorAs { code, status })
    })
}

fn latency(effects: &Value) -> Result<u64, (u16, String)> {
    let given = match effects {
        Value::Object(map) if map.keys().all(|name| name == "latency") => {
            map.get("latency").map_or(Some(0), Value::as_u64)
        }
        _ => None,
    };
    given.filter(|latency| *latency <= LATENCY).ok_or_else(|| {
        (
            400,
            "the only effect is `latency`, in whole milliseconds of at most a day: {\"latency\": 5000}"
                .into(),
        )
    })
}
