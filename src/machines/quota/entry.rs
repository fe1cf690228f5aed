//! One row of the catalogue: what is known of one quota, and how sure it is.

use crate::api::{KeyFamily, KeySpec, Operation, TakesFrom};
use crate::units::Rate;

/// One quota as AWS publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Our name of the pool.
    pub pool: &'static str,
    /// The row of the fact sheet it restates; empty for the quota of one operation, whose row is called after it.
    pub row: &'static str,
    /// AWS's name of the quota; `None` where no source names one.
    pub quota: Option<&'static str>,
    /// Service Quotas code; `None` where none is published.
    pub code: Option<&'static str>,
    /// The default of most Regions.
    pub default: Rate,
    /// How sure the default is; see [`basis`](super::catalogue::basis) for one Region's value.
    pub basis: Basis,
    /// Whether AWS raises it on request.
    pub adjustable: Adjustable,
    /// What it counts; see [`operations`](super::catalogue::operations).
    pub counts: Counts,
    /// Which keys or key pairs it counts, where that matters; otherwise empty.
    pub applies_to: &'static str,
    /// The default of the China Regions, where it differs.
    pub china: Option<Rate>,
    /// Whether only the China Regions have it.
    pub china_only: bool,
    /// Who says so.
    pub sources: &'static [Source],
    /// Conflicts between sources and what is unknown; otherwise empty.
    pub note: &'static str,
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Cryptographic operations under keys of these families.
    UnderKeys(&'static [KeyFamily]),
    /// The making of data key pairs.
    Pairs,
    /// Operations under keys in custom key stores.
    InStores,
    /// One operation.
    Alone(Operation),
}

impl Counts {
    /// Whether it counts an operation.
    pub fn has(self, operation: Operation) -> bool {
        match self {
            Counts::UnderKeys(families) => match operation.takes_from() {
                TakesFrom::Symmetric => families.contains(&KeyFamily::Symmetric),
                TakesFrom::Key => KeySpec::ALL
                    .iter()
                    .any(|spec| families.contains(&spec.family()) && spec.can_do(operation)),
                TakesFrom::Pair | TakesFrom::Own => false,
            },
            Counts::Pairs => operation.takes_from() == TakesFrom::Pair,
            Counts::InStores => operation.is_in_stores(),
            Counts::Alone(own) => own == operation,
        }
    }
}

/// Whether a quota can be raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustable {
    /// On request, through Service Quotas.
    Yes,
    /// Never.
    No,
    /// Sources disagree.
    Disputed,
    /// No source says.
    Unknown,
}

impl Adjustable {
    /// The word in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Adjustable::Yes => "yes",
            Adjustable::No => "no",
            Adjustable::Disputed => "disputed",
            Adjustable::Unknown => "unknown",
        }
    }
}

/// How sure a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A source states it and none contradicts.
    Published,
    /// Sources disagree; choosing one of them is an assumption.
    Disputed,
    /// No source states it.
    Assumed,
}

impl Basis {
    /// The words in tables and JSON; whatever is not published says "assumed".
    pub const fn name(self) -> &'static str {
        match self {
            Basis::Published => "published",
            Basis::Disputed => "assumed (sources disagree)",
            Basis::Assumed => "assumed",
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// AWS General Reference: codes, values, adjustable, Regions.
    GeneralReference,
    /// KMS Developer Guide: which operations share a quota, key stores, China.
    DeveloperGuide,
    /// The service model: that an operation exists.
    ServiceModel,
}
