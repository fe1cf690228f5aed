//! The embedded catalogue against the fact sheet it restates.

use keystorm::quota::PoolId;
use keystorm::quota::catalogue::{self, Adjustable, Basis};
use keystorm::units::Rate;
use serde_yaml::Value;

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

#[test]
fn every_row_says_what_the_fact_sheet_says() {
    let facts = facts();
    let rows = facts["quotas"].as_sequence().unwrap();
    assert_eq!(rows.len(), catalogue::all().count());
    for (row, entry) in rows.iter().zip(catalogue::all().map(catalogue::entry)) {
        let name = entry.pool;
        assert_eq!(text(&row["id"]).as_deref(), Some(entry.row), "{name}");
        assert_eq!(text(&row["name"]).as_deref(), entry.quota, "{name}");
        assert_eq!(text(&row["quota_code"]).as_deref(), entry.code, "{name}");
        match row["default_per_second"].as_u64() {
            Some(rate) => assert_eq!(Rate::per_second(rate), entry.default, "{name}"),
            None => assert_eq!(entry.basis, Basis::Assumed, "{name}"),
        }
        let operations: Vec<_> = row["operations"].as_sequence().unwrap().iter().map(text).collect();
        let operations: Vec<_> =
            operations.iter().map(|o| o.as_deref().unwrap().split(' ').next().unwrap()).collect();
        let ours: Vec<_> = entry.operations.iter().map(|o| o.name()).collect();
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
