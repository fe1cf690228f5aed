//! The embedded catalogue against the fact sheet it restates.

use keystorm::quota::PoolId;
use keystorm::quota::catalogue::{self, Adjustable, Basis};
use keystorm::units::Rate;
use serde_yaml::Value;
use std::collections::BTreeSet;

/// The fact sheet.
fn facts() -> Value {
    serde_yaml::from_str(&crate::facts::text("kms-quotas.yaml")).expect("the fact sheet is YAML")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(serde_yaml::to_string(other).unwrap().trim().to_string()),
    }
}

/// `GetPublicKey` as a row's id ends: `_get_public_key`.
fn snake(name: &str) -> String {
    let spelt =
        |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() };
    name.chars().map(spelt).collect()
}

#[test]
fn every_row_says_what_the_fact_sheet_says() {
    let facts = facts();
    let rows = facts["quotas"].as_sequence().unwrap();
    assert_eq!(rows.len(), catalogue::all().count());
    for (row, pool) in rows.iter().zip(catalogue::all()) {
        let (entry, name) = (catalogue::entry(pool), pool.name());
        let id = if entry.row.is_empty() { format!("op{}", snake(name)) } else { entry.row.into() };
        assert_eq!(text(&row["id"]), Some(id), "{name}");
        assert_eq!(text(&row["name"]).as_deref(), entry.quota, "{name}");
        assert_eq!(text(&row["quota_code"]).as_deref(), entry.code, "{name}");
        match row["default_per_second"].as_u64() {
            Some(rate) => assert_eq!(Rate::per_second(rate), entry.default, "{name}"),
            None => assert_eq!(entry.basis, Basis::Assumed, "{name}"),
        }
        let operations: Vec<_> = row["operations"].as_sequence().unwrap().iter().map(text).collect();
        let operations: BTreeSet<_> =
            operations.iter().map(|o| o.as_deref().unwrap().split(' ').next().unwrap()).collect();
        let ours: BTreeSet<_> = catalogue::operations(pool).map(|operation| operation.name()).collect();
        assert_eq!(operations, ours, "{name}");
        match (&row["adjustable"], entry.adjustable) {
            (Value::Bool(true), Adjustable::Yes) | (Value::Null, Adjustable::Unknown) => {}
            (Value::Bool(false), Adjustable::No) => {}
            // The fact sheet's notes record the conflict.
            (Value::Bool(false) | Value::String(_), Adjustable::Disputed) => {}
            (sheet, ours) => panic!("{name}: {sheet:?} is not {ours:?}"),
        }
    }
}

#[test]
fn every_region_has_the_values_of_the_fact_sheet() {
    let facts = facts();
    let rows = facts["quotas"].as_sequence().unwrap();
    let symmetric = rows[0]["per_region"].as_mapping().unwrap();
    assert_eq!(symmetric.len(), catalogue::regions().count());
    for (region, rate) in symmetric {
        let region = text(region).unwrap();
        assert!(catalogue::is_region(&region), "{region}");
        assert_eq!(catalogue::limit(&region, PoolId::SYMMETRIC), Rate::per_second(rate.as_u64().unwrap()));
    }
    for (row, pool) in rows.iter().zip(catalogue::all()) {
        let overrides = row.get("per_region_override").and_then(Value::as_mapping);
        assert_eq!(overrides.is_some(), catalogue::entry(pool).china.is_some(), "{pool}");
        for (region, rate) in overrides.into_iter().flatten() {
            let expected = Rate::parse(&format!("{}/s", text(rate).unwrap())).unwrap();
            assert_eq!(catalogue::limit(&text(region).unwrap(), pool), expected, "{pool}");
        }
    }
}
