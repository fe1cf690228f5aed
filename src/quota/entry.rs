//! One row of the catalogue: what is known of one quota, and how sure it is.

use crate::api::Operation;
use crate::units::Rate;

/// One quota as AWS publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Our name of the pool.
    pub pool: &'static str,
    /// The row of the fact sheet it restates.
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
    /// The operations it counts.
    pub operations: &'static [Operation],
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
