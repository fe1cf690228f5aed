//! What workers may do on an account of AWS, as they are handed it.

use crate::quota::PoolId;
use crate::runner::Warrant;
use crate::units::Rate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Its part of the object.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedWarrant {
    account: String,
    owner: Option<String>,
    endpoint: String,
    throttling: bool,
    rate: SavedRate,
    /// Quota units a second, by pool.
    shares: BTreeMap<String, f64>,
    quotas: BTreeMap<String, SavedRate>,
}

/// So many in so many seconds: no rounding is between a coordinator and its workers.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct SavedRate(u64, u64);

impl SavedRate {
    const fn of(rate: Rate) -> SavedRate {
        SavedRate(rate.count(), rate.seconds())
    }

    fn into_rate(self) -> Result<Rate, String> {
        match self.0 > 0 && self.1 > 0 {
            true => Ok(Rate::new(self.0, self.1)),
            false => Err("its warrant has a rate that is none".into()),
        }
    }
}

impl SavedWarrant {
    /// That of `warrant`.
    pub fn of(warrant: &Warrant) -> SavedWarrant {
        let Warrant { account, owner, endpoint, throttling, rate, shares, quotas } = warrant;
        SavedWarrant {
            account: account.clone(),
            owner: owner.clone(),
            endpoint: endpoint.clone(),
            throttling: *throttling,
            rate: SavedRate::of(*rate),
            shares: shares.iter().map(|(pool, share)| (pool.name().to_owned(), *share)).collect(),
            quotas: quotas.iter().map(|(pool, rate)| (pool.clone(), SavedRate::of(*rate))).collect(),
        }
    }

    /// The warrant.
    ///
    /// # Errors
    /// A sentence, for what no coordinator has written.
    pub fn into_warrant(self) -> Result<Warrant, String> {
        let known = |pool: &str| PoolId::from_name(pool).ok_or("its warrant names a pool that is not known");
        let share = |(pool, share): (String, f64)| match known(&pool)? {
            pool if share.is_finite() && share >= 0.0 => Ok((pool, share)),
            _ => Err("its warrant has a share that is none"),
        };
        let mut shares: Vec<(PoolId, f64)> =
            self.shares.into_iter().map(share).collect::<Result<_, &str>>()?;
        shares.sort_by_key(|(pool, _)| *pool);
        let quota = |(pool, rate): (String, SavedRate)| {
            known(&pool)?;
            Ok::<_, String>((pool, rate.into_rate()?))
        };
        Ok(Warrant {
            account: self.account,
            owner: self.owner,
            endpoint: self.endpoint,
            throttling: self.throttling,
            rate: self.rate.into_rate()?,
            shares,
            quotas: self.quotas.into_iter().map(quota).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn warrant() -> Warrant {
        Warrant {
            account: "123456789012".into(),
            owner: Some("arn:aws:iam::123456789012:user/ann".into()),
            endpoint: "https://kms.eu-west-1.amazonaws.com".into(),
            throttling: false,
            rate: Rate::new(1, 3),
            shares: vec![(PoolId::SYMMETRIC, 30.25), (PoolId::RSA, 0.1)],
            quotas: BTreeMap::from([("symmetric".into(), Rate::per_second(150))]),
        }
    }

    #[test]
    fn a_warrant_reads_back_as_it_was_and_what_is_none_is_refused() {
        let json = serde_json::to_string(&SavedWarrant::of(&warrant())).expect("memory");
        let read = |json: &str| {
            let saved: SavedWarrant = serde_json::from_str(json).map_err(|error| error.to_string())?;
            saved.into_warrant()
        };
        assert_eq!(read(&json), Ok(warrant()));
        for (from, to, part) in [
            ("[1,3]", "[1,0]", "a rate that is none"),
            ("[150,1]", "[0,1]", "a rate that is none"),
            ("30.25", "-1", "a share that is none"),
            ("\"rsa\"", "\"x\"", "a pool that is not known"),
            ("\"owner\"", "\"more\"", "unknown field"),
        ] {
            let changed = json.replacen(from, to, 1);
            assert_ne!(changed, json, "{from}");
            let said = read(&changed).expect_err(to);
            assert!(said.contains(part), "{said}");
        }
    }
}
