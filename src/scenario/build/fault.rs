//! Reads what goes wrong.

use crate::api::Operation;
use crate::kms::{Aim, Fault, FaultKind, FaultWord, Strikes};
use crate::language::{Fields, Item, MAX_JOBS, Reader};
use crate::quota::catalogue;
use crate::scenario::keys;
use crate::time::Span;
use crate::units::{Rate, Ratio};

/// The most faults of a scenario.
const MAX_FAULTS: usize = 1000;

/// The longest code of an error, and the longest text that a fault looks for.
const MAX_CODE: usize = 128;
const MAX_TEXT: usize = 2048;

/// Errors that are the service's own fault, so that they travel with HTTP 500 if nothing else is said.
///
/// Source: AWS KMS service model 2014-11-01 as of 2026-11-17, and the errors common to all AWS services.
const SERVICE_FAULTS: [&str; 6] = [
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "InternalFailure",
    "InternalServerError",
    "InternalError",
];

/// Reads `faults`. Only a server has callers, keys and Regions that a fault can be for.
pub(super) fn faults(r: &mut Reader, item: &Item, is_server: bool) -> Option<Vec<Fault>> {
    let items = r.list(item)?;
    if items.len() > MAX_FAULTS {
        r.wrong(item, "these are too many faults", format!("at most {MAX_FAULTS}"));
        return None;
    }
    Some(items.iter().filter_map(|item| fault(r, item, is_server)).collect())
}

fn fault(r: &mut Reader, item: &Item, is_server: bool) -> Option<Fault> {
    let fields = r.fields(item, &keys::FAULT)?;
    let at = r.or(&fields, "at", Span::ZERO, Reader::span);
    let lasts = r.opt(&fields, "for", Reader::time);
    let operation = r.opt(&fields, "operation", Reader::spelled::<Operation>);
    let word = r.need(&fields, "kind", None, |r, item| r.spelled::<FaultWord>(item).map(Some))?;
    r.only_with(&fields, "kind", word.name());
    let kind = kind(r, &fields, word)?;
    let strikes = match (fields.get("next"), fields.get("probability")) {
        (Some(next), Some(_)) => {
            r.wrong(&next, "`next` and `probability` do not go together", "either of the two");
            return None;
        }
        (Some(next), None) => Strikes::Next(r.whole(&next, 1, MAX_JOBS)?),
        (None, _) => Strikes::Probability(r.or(&fields, "probability", Ratio::ONE, Reader::ratio)),
    };
    let needs_end = !matches!(strikes, Strikes::Next(_)) && fields.get("for").is_none();
    if needs_end && fields.is_whole() {
        r.missing(&fields, "for");
    }
    let ramp = r.opt(&fields, "ramp", Reader::time);
    if let (Some(_), Strikes::Next(_), Some(item)) = (ramp, strikes, fields.get("ramp")) {
        r.wrong(&item, "`ramp` and `next` do not go together", "a probability, which rises");
    }
    let aim = aim(r, &fields, is_server);
    Some(Fault {
        at,
        lasts,
        kind,
        strikes,
        operation,
        aim,
        after: r.or(&fields, "after", 0, |r, item| r.whole(item, 0, MAX_JOBS)),
        ramp,
        seed: r.opt(&fields, "seed", |r, item| r.whole(item, 0, u64::MAX)),
    })
}

fn kind(r: &mut Reader, fields: &Fields, word: FaultWord) -> Option<FaultKind> {
    let by = |r: &mut Reader| r.need(fields, "by", Span::ZERO, Reader::time);
    Some(match word {
        FaultWord::Throttle => FaultKind::Throttle,
        FaultWord::Error => error(r, fields)?,
        FaultWord::Slow => FaultKind::Slow { by: by(r) },
        FaultWord::Freeze => FaultKind::Freeze,
        FaultWord::Reset => FaultKind::Reset,
        FaultWord::Trickle => FaultKind::Trickle { by: by(r) },
        FaultWord::Truncate => FaultKind::Truncate,
        FaultWord::Quota => FaultKind::Quota {
            pool: r.need(fields, "pool", String::new(), |r, item| {
                let names: Vec<&'static str> = catalogue::pool_names().collect();
                r.word(item, &names).map(str::to_owned)
            }),
            to: r.need(fields, "to", Rate::ZERO, Reader::rate),
        },
    })
}

/// The error that a fault answers: KMSInternalException, or what `errorCode` and `status` say, each of which makes the
/// other up where it can be told.
fn error(r: &mut Reader, fields: &Fields) -> Option<FaultKind> {
    let code = r.opt(fields, "errorCode", |r, item| {
        let code = r.string(item)?;
        let is_code = (1..=MAX_CODE).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !is_code {
            let allowed = format!("1 to {MAX_CODE} letters, digits, `.`, `_` and `-`: ServiceUnavailable");
            r.wrong(item, "this is no error's code", allowed);
        }
        is_code.then_some(code)
    });
    let status = r.opt(fields, "status", |r, item| r.whole(item, 400, 599));
    let status = status.and_then(|status| u16::try_from(status).ok());
    Some(match (code, status) {
        (None, None) if fields.get("errorCode").is_some() || fields.get("status").is_some() => return None,
        (None, None) => FaultKind::Error,
        (Some(code), status) => {
            let status = status.unwrap_or_else(|| usual_status(&code));
            FaultKind::ErrorAs { code, status }
        }
        (None, Some(500)) => FaultKind::Error,
        (None, Some(503)) => FaultKind::ErrorAs { code: "ServiceUnavailable".into(), status: 503 },
        (None, Some(status)) => {
            if let Some(item) = fields.get("status").filter(|_| fields.get("errorCode").is_none()) {
                let message = format!("many errors have the status {status}");
                r.wrong(&item, message, "an errorCode beside it; 500 and 503 need none");
            }
            return None;
        }
    })
}

/// The status that an error usually travels with.
fn usual_status(code: &str) -> u16 {
    match code {
        "ServiceUnavailable" | "ServiceUnavailableException" => 503,
        code if SERVICE_FAULTS.contains(&code) => 500,
        _ => 400,
    }
}

/// For which calls it is.
fn aim(r: &mut Reader, fields: &Fields, is_server: bool) -> Option<Box<Aim>> {
    let mut text = |name: &str| {
        let item = fields.get(name)?;
        if !is_server {
            let message = format!("a scenario has one caller, and keys and a Region of its own: no `{name}`");
            r.wrong(&item, message, "leaving it out; `serve --fault` has it");
            return None;
        }
        let text = r.string(&item)?;
        if text.is_empty() || text.len() > MAX_TEXT {
            r.wrong(&item, "this names nobody", format!("1 to {MAX_TEXT} characters"));
            return None;
        }
        Some(text)
    };
    let aim = Aim { principal: text("principal"), key: text("key"), region: text("region") };
    (aim != Aim::default()).then(|| Box::new(aim))
}
