//! The admin paths, `/_keystorm/`: quotas, faults, clock, principals, state, metrics, reset, health; and LocalStack's
//! `/_localstack/chaos/`.
//!
//! They answer loopback only, or whoever has the token.

use super::admin_body::{Said, object, read};
use super::answer::Answer;
use super::faults::{self, CHAOS};
use super::hosts::is_from_another_page;
use super::service::Service;
use super::sigv4::{Signed, text_of};
use super::state::{self, clock};
use crate::clock::epoch_millis;
use crate::emulator::runtime::{Chaos, Locked};
use crate::emulator::{exposition, scrape};
use crate::kms::access::Directory;
use crate::kms::keys::Moment;
use crate::quota::{EnforcementKind, PoolId};
use crate::time::Span;
use aws_lc_rs::constant_time;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// Where the admin paths begin.
pub(super) const ROOT: &str = "/_keystorm/";
/// What tells whether the server is well: everywhere, to everybody, since what watches over it may be neither on its
/// machine nor near its admin paths.
pub(super) const HEALTH: &str = "/_keystorm/health";

/// Answers an admin path, and tells of what may change something.
pub(super) async fn answer(service: &Service, asked: &Signed<'_>, peer: SocketAddr) -> Answer {
    let answer = answered(service, asked, peer).await;
    if asked.method != "GET" {
        let (method, path, status) = (asked.method, asked.path, answer.status());
        tracing::debug!(%peer, method, path, status, "an admin path is called");
    }
    answer
}

async fn answered(service: &Service, asked: &Signed<'_>, peer: SocketAddr) -> Answer {
    let request_id = service.emulator.id();
    let chaos = asked.path.strip_prefix(CHAOS).map(|path| path.trim_end_matches('/'));
    let path = asked.path.strip_prefix(ROOT).unwrap_or_default().trim_end_matches('/');
    if path != "health" && !may_enter(service, asked, peer) {
        let why = "the admin paths answer loopback only; from elsewhere give --admin-token and send it as \
                   `Authorization: Bearer`";
        return Answer::other(403, "application/json", error(why), request_id);
    }
    if let Err((status, why)) = may_change(asked) {
        return Answer::other(status, "application/json", error(why), request_id);
    }
    if let Some(path) = chaos {
        return match faults::chaos(&service.emulator, (asked.method, path), asked.body) {
            Ok(value) => Answer::other(200, "application/json", value.to_string().into_bytes(), request_id),
            Err((status, why)) => Answer::other(status, "application/json", error(&why), request_id),
        };
    }
    if (asked.method, path) == ("GET", "metrics") {
        let text = scrape(&service.emulator);
        return Answer::other(200, exposition::CONTENT_TYPE, text.into_bytes(), request_id);
    }
    if (asked.method, path) == ("GET", "state") {
        // Told and written down where no call waits for a thread.
        let emulator = Arc::clone(&service.emulator);
        let told = tokio::task::spawn_blocking(move || format!("{:#}\n", state::of(&emulator)));
        return match told.await {
            Ok(text) => Answer::other(200, "application/json", text.into_bytes(), request_id),
            Err(e) => Answer::other(500, "application/json", error(&e.to_string()), request_id),
        };
    }
    match said(service, asked, path).await {
        Ok(value) => Answer::other(200, "application/json", format!("{value:#}\n").into_bytes(), request_id),
        Err((status, why)) => Answer::other(status, "application/json", error(&why), request_id),
    }
}

fn error(why: &str) -> Vec<u8> {
    format!("{:#}\n", json!({ "error": why })).into_bytes()
}

fn may_enter(service: &Service, asked: &Signed<'_>, peer: SocketAddr) -> bool {
    let Some(token) = &service.settings.admin_token else { return peer.ip().to_canonical().is_loopback() };
    let given = text_of(asked.headers, AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|given| {
        constant_time::verify_slices_are_equal(given.as_bytes(), token.as_bytes()).is_ok()
    })
}

/// Refuses a call that changes something if a web page may have sent it: what a page can send to another origin without
/// asking first is not JSON, and browsers say where the rest comes from.
fn may_change(asked: &Signed<'_>) -> Result<(), (u16, &'static str)> {
    if !matches!(asked.method, "POST" | "PUT" | "PATCH" | "DELETE") {
        return Ok(());
    }
    let kind = text_of(asked.headers, CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err((
            415,
            "send `content-type: application/json`, so that it is plain that no web page sends this",
        ));
    }
    if is_from_another_page(asked.headers) {
        return Err((403, "a page of another origin sends this: the admin paths are not for it"));
    }
    Ok(())
}

async fn said(service: &Service, asked: &Signed<'_>, path: &str) -> Said {
    match (asked.method, path) {
        ("GET", "health") => Ok(json!({ "status": "ok" })),
        ("GET", "quotas") => Ok(quotas(&service.emulator.locked(), service)),
        ("PUT" | "POST", "quotas") => set_quotas(service, asked.body),
        ("GET", "faults") => Ok(faults::list(&service.emulator.locked())),
        ("PUT" | "POST", "faults") => faults::put(&service.emulator, asked.body),
        ("DELETE", "faults") => Ok(faults::clear(&service.emulator)),
        ("GET", "clock") => Ok(clock(&service.emulator.locked())),
        ("POST" | "PUT", "clock") => set_clock(service, asked.body),
        ("GET", "principals") => Ok(principals(&service.emulator.sessions.directory())),
        ("PUT" | "POST", "principals") => put_principals(service, asked.body),
        ("POST", "reset") => {
            let kept = {
                let mut locked = service.emulator.locked();
                let now = locked.now();
                locked.kms.reset(now);
                locked.chaos = Chaos::default();
                service.emulator.keep(&mut locked)
            };
            service.emulator.kept(kept).await.map_err(|e| (500, e.to_string()))?;
            service.emulator.faults_changed.send_modify(|count| *count += 1);
            Ok(json!({ "status": "empty" }))
        }
        (_, "health" | "quotas" | "faults" | "clock" | "principals" | "state" | "reset" | "metrics") => {
            Err((405, format!("{} is not for {ROOT}{path}", asked.method)))
        }
        _ => Err((
            404,
            format!("{ROOT} has health, quotas, faults, clock, principals, state, metrics and reset"),
        )),
    }
}

fn quotas(locked: &Locked, service: &Service) -> Value {
    let quotas = locked.kms.admission().quotas();
    let region = &service.settings.emulator.region;
    let limits: Map<String, Value> = crate::quota::catalogue::all()
        .map(|pool| (pool.name().into(), json!(locked.kms.admission().limit(region, pool).to_string())))
        .collect();
    let kind = quotas.enforcement.kind();
    // Where windows begin is drawn, or pinned for a test: nothing to tell.
    let enforcement = match quotas.enforcement.written() {
        Value::Object(map) if kind != EnforcementKind::Window => {
            let values = map.values().flat_map(|own| own.as_object().into_iter().flatten());
            let shown = values.map(|(key, value)| format!(", {key} {}", value.as_str().unwrap_or_default()));
            format!("{kind}{}", shown.collect::<String>())
        }
        _ => kind.to_string(),
    };
    json!({ "region": region, "enforcement": enforcement, "limits": limits })
}

/// `{"symmetric": "50/s"}` sets a limit, `{"symmetric": null}` gives the Region's default back, `enforcement` and
/// `background` begin every pool anew.
fn set_quotas(service: &Service, body: &[u8]) -> Said {
    let mut given = object(body)?;
    let mut restored = Vec::new();
    for (name, _) in given.iter().filter(|(_, value)| value.is_null()) {
        let pool = PoolId::from_name(name).ok_or_else(|| (400, format!("there is no pool `{name}`")))?;
        restored.push((name.clone(), pool));
    }
    restored.iter().for_each(|(name, _)| drop(given.remove(name)));
    let wanted = read(&json!({ "quotas": given.clone() }))?;
    let mut locked = service.emulator.locked();
    let now = locked.now();
    for (_, pool) in &restored {
        locked.kms.admission_mut().set_limit(*pool, None, now);
    }
    for (name, limit) in &wanted.quotas.overrides {
        if let Some(pool) = PoolId::from_name(name) {
            locked.kms.admission_mut().set_limit(pool, Some(*limit), now);
        }
    }
    if ["enforcement", "background", "reEncryptCost"].iter().any(|name| given.contains_key(*name)) {
        let mut all = locked.kms.admission().quotas().clone();
        if given.contains_key("enforcement") {
            all.enforcement = wanted.quotas.enforcement;
        }
        if given.contains_key("background") {
            all.background = wanted.quotas.background;
        }
        if given.contains_key("reEncryptCost") {
            all.re_encrypt_cost = wanted.quotas.re_encrypt_cost;
        }
        locked.kms.admission_mut().set_quotas(all);
    }
    Ok(quotas(&locked, service))
}

/// `{"freeze": true}`, `{"advance": "7d"}`, `{"set": "2027-01-01T00:00:00Z"}`, in this order if several are given.
fn set_clock(service: &Service, body: &[u8]) -> Said {
    let given = object(body)?;
    if let Some(name) = given.keys().find(|name| !["freeze", "advance", "set"].contains(&name.as_str())) {
        return Err((400, format!("`{name}` is not known: give `freeze`, `advance` or `set`")));
    }
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let wrong = |name: &str, what: &str| (400, format!("`{name}` must be {what}"));
    let freeze = match given.get("freeze") {
        None => None,
        Some(Value::Bool(freeze)) => Some(*freeze),
        Some(_) => return Err(wrong("freeze", "true or false")),
    };
    let advance = match text("advance") {
        Some(span) => Some(Span::parse(span).map_err(|e| (400, format!("`advance`: {e}")))?),
        None if given.contains_key("advance") => return Err(wrong("advance", "a duration, as \"7d\"")),
        None => None,
    };
    let to = match text("set").map(str::parse::<jiff::Timestamp>) {
        Some(Ok(at)) => Some(Moment::from_millis(at.as_millisecond())),
        None if !given.contains_key("set") => None,
        _ => return Err(wrong("set", "a date, as \"2027-01-01T00:00:00Z\"")),
    };
    let mut locked = service.emulator.locked();
    // Before anything is changed: the clock stands where `set` would find it.
    if to.is_some_and(|to| to < locked.clock.date() + advance.unwrap_or(Span::ZERO)) {
        return Err((400, "`set` lies in the past: the clock never goes back".into()));
    }
    if let Some(freeze) = freeze {
        locked.clock.freeze(freeze);
    }
    if let Some(by) = advance {
        locked.clock.advance(by);
    }
    if let Some(to) = to {
        locked.clock.set(to);
    }
    let told = clock(&locked);
    let ahead = locked.clock.date().as_millis() - epoch_millis();
    drop(locked);
    if let Some(store) = &service.emulator.store {
        store.keep_clock_ahead(ahead).map_err(|e| (500, e.to_string()))?;
    }
    Ok(told)
}

/// Who there is, by ARN; no secret and no policy.
fn principals(directory: &Directory) -> Value {
    let (principals, providers) = directory.arns();
    json!({ "principals": principals.collect::<Vec<_>>(), "providers": providers.collect::<Vec<_>>() })
}

/// What a principals file holds, as JSON: who is there already is taken anew, everybody else stays. It lasts as long as
/// the server.
fn put_principals(service: &Service, body: &[u8]) -> Said {
    let given = Value::Object(object(body)?);
    let told = |problems: Vec<String>| (400, problems.join("\n"));
    let added = Directory::parse(&given.to_string()).map_err(|problems| (400, problems.to_string()))?;
    let never_set: Vec<String> = added
        .keys_never_set()
        .iter()
        .map(|(arn, key)| {
            format!("a policy of {arn} asks for the condition key {key}, which no call sets here")
        })
        .collect();
    // Under the lock of what asks, so that a call sees everybody or nobody new.
    let mut locked = service.emulator.locked();
    let directory = service.emulator.sessions.put(added).map_err(told)?;
    locked.kms.set_directory(Arc::clone(&directory));
    drop(locked);
    let mut told = principals(&directory);
    if !never_set.is_empty() {
        told["warnings"] = json!(never_set);
    }
    Ok(told)
}
