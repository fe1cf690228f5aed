//! Table tests of permits.

use super::*;
use crate::api::KeySpec;
use crate::planner::PoolFound;
use crate::scenario::Options;

/// A scenario of 100 Decrypt calls a second for ten seconds; `more` replaces caps and allow.
fn scenario(more: &str) -> Scenario {
    let text = format!(
        "version: 1\ntarget: aws\nregion: eu-west-1\ntrials: 1\n{more}\nworkloads:\n  w: {{ executor: \
         constant-arrival-rate, rate: 100/s, duration: 10s, jobs: {{ Decrypt: 1 }}, keys: {{ ids: [k] }} }}\nstrategies: \
         {{ s: {{ retry: {{ mode: none }} }} }}\n"
    );
    Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario
}

const GOOD: &str = "caps: { attempts: 2000, rate: 150/s, duration: 60s }\n\
                    allow: { accounts: [\"111122223333\"], regions: [eu-west-1] }";

fn key() -> KeyFound {
    KeyFound {
        named: "k".into(),
        arn: "arn:aws:kms:eu-west-1:111122223333:key/k".into(),
        account: "111122223333".into(),
        is_aws_managed: false,
        spec: Some(KeySpec::SymmetricDefault),
        state: "Enabled".into(),
        workload: "w".into(),
        wanted: KeySpec::SymmetricDefault,
    }
}

fn found(quota: f64, used: Option<f64>) -> Found {
    let pool = PoolFound { quota_per_s: quota, is_applied: true, used_per_s: used };
    Found {
        account: "111122223333".into(),
        arn: "arn:aws:iam::111122223333:user/ann".into(),
        keys: vec![key()],
        pools: [(PoolId::SYMMETRIC, pool)].into(),
    }
}

fn judged(scenario: &Scenario, found: Found, checks_use: bool) -> Result<Permit, Vec<Objection>> {
    let plan = Plan::of(scenario);
    decide(&PermitRequest { scenario, plan: &plan, checks_use, denied: &Denied::default() }, found)
}

#[test]
fn what_is_within_everything_is_permitted() {
    let permit = judged(&scenario(GOOD), found(10_000.0, Some(1_000.0)), true).expect("permitted");
    assert_eq!(permit.shares[0].allowed_per_s, 1_800.0);
    assert_eq!((permit.caps.attempts, permit.caps.rate), (Some(2_000), Some(Rate::per_second(150))));
    let shown = permit.to_string();
    for part in
        ["account 111122223333", "1000 and 1 of set-up", "at most 2000 attempts", "quota 10000.0/s (applied)"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn each_reason_is_told_by_its_sentence() {
    let with = |from: &str, to: &str| GOOD.replace(from, to);
    let changed = |change: fn(&mut KeyFound)| {
        let mut found = found(10_000.0, Some(0.0));
        change(&mut found.keys[0]);
        found
    };
    let ample = || found(10_000.0, Some(0.0));
    let table: Vec<(String, Found, &str)> = vec![
        (with("attempts: 2000, ", ""), ample(), "caps.attempts is not given"),
        (with("rate: 150/s, ", ""), ample(), "caps.rate is not given"),
        (with(", duration: 60s", ""), ample(), "caps.duration is not given"),
        (with("attempts: 2000", "attempts: 1000"), ample(), "makes 1001 calls, 1 of them set-up"),
        (with("rate: 150/s", "rate: 99/s"), ample(), "peaks at 100.0 calls a second"),
        (with("duration: 60s", "duration: 9s"), ample(), "takes 10 s"),
        (with("duration: 60s", "duration: 60s, cost: 0.02 USD"), ample(), "costs 0.00 USD of requests"),
        (with("111122223333", "999988887777"), ample(), "allow.accounts names 999988887777"),
        (with("eu-west-1", "us-east-1"), ample(), "the Region is eu-west-1"),
        (with("accounts: [\"111122223333\"], ", ""), ample(), "allow.accounts names nothing"),
        (with(", regions: [eu-west-1]", ""), ample(), "allow.regions names nothing"),
        (GOOD.into(), found(600.0, Some(101.0)), "20% (caps.maxQuotaShare) of 600.0/s less 101.0/s"),
        (GOOD.into(), found(100.0, Some(900.0)), "0.0/s may be taken"),
        (GOOD.into(), found(10_000.0, None), "--no-usage-check"),
        (GOOD.into(), Found { pools: Default::default(), ..ample() }, "its quota is not known"),
        (GOOD.into(), changed(|key| key.is_aws_managed = true), "is an AWS managed key"),
        (GOOD.into(), changed(|key| key.account = "444455556666".into()), "belongs to account 444455556666"),
        (GOOD.into(), changed(|key| key.spec = Some(KeySpec::Rsa2048)), "k is RSA_2048"),
        (GOOD.into(), changed(|key| key.spec = None), "not known here"),
        (GOOD.into(), changed(|key| key.state = "Disabled".into()), "k is Disabled"),
    ];
    for (text, found, sentence) in table {
        let against = judged(&scenario(&text), found, true).expect_err(sentence);
        assert_eq!(against.len(), 1, "{sentence}: {against:?}");
        assert!(against[0].to_string().contains(sentence), "{sentence}: {}", against[0]);
    }
}

#[test]
fn a_denied_account_is_denied_whatever_allows_it() {
    let scenario = scenario(GOOD);
    let (plan, mut denied) = (Plan::of(&scenario), Denied::default());
    denied.add("/etc/keystorm/denied-accounts", "111122223333").expect("a list");
    let request = PermitRequest { scenario: &scenario, plan: &plan, checks_use: false, denied: &denied };
    let against = decide(&request, found(10_000.0, None)).expect_err("denied");
    let said = "account 111122223333 is denied by /etc/keystorm/denied-accounts, which no option overrides";
    assert_eq!(against.iter().map(ToString::to_string).collect::<Vec<_>>(), [said]);
}

#[test]
fn what_is_far_away_needs_caps_and_a_plan_within_them() {
    let against = |text: &str| {
        let scenario = scenario(text);
        objections_to_plan(&scenario, &Plan::of(&scenario))
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(against(GOOD), Vec::<String>::new());
    let none = against("");
    assert_eq!(none.len(), 3);
    assert!(
        none[0].starts_with("caps.attempts is not given: what is neither this machine nor a private network")
    );
    assert!(against(&GOOD.replace("rate: 150/s", "rate: 99/s"))[0].contains("peaks at 100.0 calls a second"));
}

#[test]
fn keys_that_are_made_are_one_more_than_are_used() {
    let text = GOOD.replace("attempts: 2000", "attempts: 2000, cost: 1 USD");
    let mut scenario = scenario(&text);
    scenario.workloads[0].keys.ids.clear();
    scenario.workloads[0].keys.count = 2;
    let mut found = found(10_000.0, Some(0.0));
    found.keys.clear();
    let permit = judged(&scenario, found, true).expect("permitted");
    // Three are made and scheduled for deletion, and two have something encrypted under them.
    assert_eq!((permit.cost_estimate.keys_made, permit.cost_estimate.setup), (3, 8));
    assert!(
        permit
            .to_string()
            .contains("3 made and scheduled for deletion, the first of them at once and unused")
    );
}

#[test]
fn every_reason_is_told_at_once() {
    let mut found = found(100.0, Some(0.0));
    found.keys[0].is_aws_managed = true;
    found.keys[0].state = "PendingDeletion".into();
    let against = judged(&scenario(""), found, true).expect_err("much is wrong");
    assert_eq!(against.len(), 3 + 2 + 2 + 1, "{against:?}");
}

#[test]
fn named_keys_may_be_foreign_and_use_may_go_unseen() {
    let text = GOOD.replace("allow: {", "allow: { keys: [k],");
    let mut theirs = found(10_000.0, None);
    theirs.keys[0].is_aws_managed = true;
    theirs.keys[0].account = "444455556666".into();
    let permit = judged(&scenario(&text), theirs, false).expect("permitted");
    assert!(permit.to_string().contains("use not looked at"));
}

#[test]
fn cost_and_shares_lower_the_caps() {
    let text = GOOD.replace("attempts: 2000", "attempts: 1000000, cost: 0.05 USD").replace("150/s", "5000/s");
    let permit = judged(&scenario(&text), found(2_000.0, Some(500.0)), true).expect("permitted");
    // 3 millionths for a request and 20 for its event.
    assert_eq!(permit.caps.attempts, Some(50_000 / 23));
    assert_eq!(permit.caps.rate, Some(Rate::per_second(300)));
}

#[test]
fn a_run_goes_on_while_its_share_is_small_enough() {
    let scenario = scenario(GOOD);
    let permit = judged(&scenario, found(1_000.0, Some(0.0)), true).expect("permitted");
    assert!(fits(&scenario, &permit.shares[0], 500.0).is_ok());
    let against = fits(&scenario, &permit.shares[0], 501.0).expect_err("too little is free");
    assert!(against.to_string().contains("less 501.0/s in use"), "{against}");
}
