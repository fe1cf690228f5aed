//! A worker's share of a load on an account: whoever coordinates looks at the account, and each worker sees for itself that it may
//! call it, and that it is the one.
//!
//! ```text
//!  its own flag? ─▶ endpoint and credentials of its own chain ─▶ STS: who? ─▶ denied here? caps, allow ─▶ the account of the warrant?
//! ```

use super::account::{denied, wanted};
use crate::aws::{self, Access, Identity, whoami};
use crate::engine::live::shared_rate;
use crate::planner::{Denied, PermitRequest, objections_beforehand, ramped};
use crate::quota::PoolId;
use crate::runner::{Error, LiveRun, Warrant, runtime};
use crate::scenario::{Plan, Scenario};

/// Access to the account of `warrant`, and the scenario as it may be run there.
///
/// # Errors
/// [`Error::Usage`] for what this worker was not started for, [`Error::Failed`] for another account, and one that is denied.
pub(super) fn enter(run: &LiveRun<'_>, warrant: &Warrant) -> Result<(Access, Scenario), Error> {
    if !run.permits.real_aws {
        return Err(Error::Usage(
            "it was not started with --yes-real-aws, which each worker needs itself to call a real account"
                .into(),
        ));
    }
    run.permits.bounds_are_trusted()?;
    let denied = denied(run.permits)?;
    let scenario = warrant.narrowed(run.scenario);
    let wanted = wanted(run, &scenario, Some(&warrant.endpoint));
    let (access, who) = runtime()?.block_on(async {
        let access = Access::find(&wanted).await?;
        let who = whoami(&access).await?;
        Ok::<_, aws::Error>((access, who))
    })?;
    judge(run.scenario, warrant, &who, &denied)?;
    Ok((access, scenario))
}

/// Refuses an account that this worker may not load.
fn judge(scenario: &Scenario, warrant: &Warrant, who: &Identity, denied: &Denied) -> Result<(), Error> {
    if who.account != warrant.account {
        return Err(Error::Failed(format!(
            "its credentials belong to account {}, and the load is permitted on {}",
            who.account, warrant.account
        )));
    }
    let plan = Plan::of(scenario);
    // Whether its use is known is the coordinator's concern.
    let request = PermitRequest { scenario, plan: &plan, checks_use: false, denied };
    let against = objections_beforehand(&request, &who.account);
    if !against.is_empty() {
        return Err(aws::Error::Refusal(against).into());
    }
    match &warrant.owner {
        Some(owner) if !is_same(owner, &who.arn) => Err(Error::Failed(format!(
            "it calls as {}, and the keys that were made admit {owner} only: start it as the same user or role, or name keys \
             instead of --provision",
            who.arn
        ))),
        _ => Ok(()),
    }
}

impl Warrant {
    /// `scenario` as it is run under it: no faster than both of them say.
    fn narrowed(&self, scenario: &Scenario) -> Scenario {
        let mut scenario = ramped(scenario);
        let caps = &mut scenario.live.caps;
        caps.rate = Some(caps.rate.map_or(self.rate, |rate| rate.min(self.rate)));
        scenario.quotas.overrides = self.quotas.clone();
        scenario
    }

    /// Refuses what leaves one of `many` workers less than an attempt a second: it may not begin one.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub(super) fn suits(&self, many: u32) -> Result<(), Error> {
        let least = |what: String, rate: String| {
            Error::Usage(format!(
                "{rate} may be taken of {what}, which leaves {many} workers less than one a second each: fewer workers, or one \
                 machine"
            ))
        };
        if shared_rate(self.rate, many).as_per_second() < 1.0 {
            return Err(least("all quotas together".into(), self.rate.to_string()));
        }
        let small = self.share_of(many).into_iter().find(|(_, per_second)| *per_second < 1.0);
        small.map_or(Ok(()), |(pool, each)| {
            Err(least(format!("pool {pool}"), format!("{:.1}/s", each * f64::from(many))))
        })
    }

    /// What one of `many` workers may take of each pool: an equal part.
    pub(super) fn share_of(&self, many: u32) -> Vec<(PoolId, f64)> {
        self.shares.iter().map(|(pool, per_second)| (*pool, per_second / f64::from(many))).collect()
    }
}

/// Whether two ARNs, as STS tells them, are the same user, or sessions of the same role.
fn is_same(one: &str, other: &str) -> bool {
    let principal = |arn: &str| match arn.split_once(":assumed-role/") {
        Some((before, rest)) => format!("{before} {}", rest.split('/').next().unwrap_or_default()),
        None => arn.to_owned(),
    };
    principal(one) == principal(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Agent;
    use crate::runner::{Permits, Role};
    use crate::scenario::Options;
    use crate::units::Rate;
    use std::collections::BTreeMap;

    const ACCOUNT: &str = "123456789012";

    fn scenario(caps: &str) -> Scenario {
        let text = format!(
            "target: aws\nregion: eu-west-1\n{caps}\nallow: {{ accounts: ['{ACCOUNT}'], regions: [eu-west-1] }}\n\
             workloads: {{ w: {{ executor: constant-arrival-rate, rate: 10/s, duration: 5s, jobs: {{ Decrypt: 1 }}, keys: {{ ids: [k] }} }} }}\n\
             strategies: {{ s: {{ retry: {{ mode: none }} }} }}\n"
        );
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    fn warrant(owner: Option<&str>) -> Warrant {
        Warrant {
            account: ACCOUNT.into(),
            owner: owner.map(Into::into),
            endpoint: "https://kms.eu-west-1.amazonaws.com".into(),
            throttling: false,
            rate: Rate::per_second(12),
            shares: vec![(PoolId::SYMMETRIC, 30.0)],
            quotas: BTreeMap::from([("symmetric".into(), Rate::per_second(150))]),
        }
    }

    fn session(account: &str, role: &str) -> Identity {
        Identity {
            account: account.into(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{role}-of-a-task"),
        }
    }

    #[test]
    fn only_the_account_that_was_named_is_entered_and_only_if_nobody_here_denies_it() {
        let caps = scenario("caps: { attempts: 100, rate: 20/s, duration: 30s }");
        let judged = |scenario: &Scenario, warrant: &Warrant, who: &Identity, denied: &Denied| {
            judge(scenario, warrant, who, denied).err().map_or_else(String::new, |error| error.to_string())
        };
        let (nobody, own) = (Denied::default(), session(ACCOUNT, "load"));
        assert_eq!(judged(&caps, &warrant(None), &own, &nobody), "");
        let said = judged(&caps, &warrant(None), &session("999988887777", "load"), &nobody);
        assert!(said.contains("belong to account 999988887777") && said.contains(ACCOUNT), "{said}");
        let mut denied = Denied::default();
        denied.add("own list", ACCOUNT).expect("an id");
        let said = judged(&caps, &warrant(None), &own, &denied);
        assert!(said.contains("denied by own list"), "{said}");
        // A question without bounds is not run, whatever the warrant says.
        let said = judged(&scenario(""), &warrant(None), &own, &nobody);
        assert!(said.contains("caps.attempts is not given"), "{said}");
    }

    #[test]
    fn nothing_is_asked_without_its_own_yes_nor_at_an_endpoint_that_its_guard_refuses() {
        let scenario = scenario("caps: { attempts: 100, rate: 20/s, duration: 30s }");
        let refused = |permits: &Permits, endpoint: &str| {
            let run = LiveRun {
                scenario: &scenario,
                question: "",
                permits,
                threads: 1,
                agent: &Agent::unnamed(),
                host: "here".into(),
                command: "test".into(),
                role: Role::Alone,
            };
            let warrant = Warrant { endpoint: endpoint.into(), ..warrant(None) };
            enter(&run, &warrant).err().map_or_else(String::new, |error| error.to_string())
        };
        let said = refused(&Permits::default(), "http://127.0.0.1:1");
        assert!(said.contains("not started with --yes-real-aws"), "{said}");
        let yes = Permits { real_aws: true, ..Permits::default() };
        for (endpoint, part) in
            [("http://192.0.2.1:8080", "--yes-remote"), ("http://169.254.169.254", "169.254.169.254")]
        {
            let said = refused(&yes, endpoint);
            assert!(said.contains(part), "{endpoint}: {said}");
        }
        let theirs = Permits { untrusted_bounds: Some("bounds of somebody else".into()), ..yes };
        assert_eq!(refused(&theirs, "http://127.0.0.1:1"), "bounds of somebody else");
    }

    #[test]
    fn keys_that_were_made_are_used_by_sessions_of_the_same_role_only() {
        let caps = scenario("caps: { attempts: 100, rate: 20/s, duration: 30s }");
        let owner = "arn:aws:sts::123456789012:assumed-role/load/coordinator";
        let judged = |who: &Identity| judge(&caps, &warrant(Some(owner)), who, &Denied::default());
        assert!(judged(&session(ACCOUNT, "load")).is_ok());
        let said = judged(&session(ACCOUNT, "other")).expect_err("another role").to_string();
        assert!(said.contains("assumed-role/other/") && said.contains("instead of --provision"), "{said}");
        assert!(is_same("arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/ann"));
        assert!(!is_same("arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/anna"));
    }

    #[test]
    fn a_warrant_widens_nothing_and_its_parts_add_up_to_it() {
        let own = scenario("caps: { attempts: 100, rate: 10/s, duration: 30s }");
        let narrowed = warrant(None).narrowed(&own);
        assert_eq!(narrowed.live.caps.rate, Some(Rate::per_second(10)));
        let wide = scenario("caps: { attempts: 100, rate: 90/s, duration: 30s }");
        assert_eq!(warrant(None).narrowed(&wide).live.caps.rate, Some(Rate::per_second(12)));
        let parts: f64 = warrant(None).share_of(4).iter().map(|(_, each)| 4.0 * each).sum();
        assert!((parts - 30.0).abs() < 1e-9, "{parts}");
        assert!(warrant(None).suits(12).is_ok());
        let said = warrant(None).suits(13).expect_err("less than one each").to_string();
        assert!(said.contains("12/s") && said.contains("13 workers"), "{said}");
        let pool = Warrant { rate: Rate::per_second(90), ..warrant(None) };
        let said = pool.suits(31).expect_err("less than one each").to_string();
        assert!(said.contains("pool symmetric") && said.contains("30.0/s"), "{said}");
    }
}
