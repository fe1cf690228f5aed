//! Who has to say yes, to what, and by what means: before the first call.

use super::house::{ACCOUNT, House, REGION, block_on, end, says, scenario};
use crate::socket;

/// Whether anybody was asked for anything.
fn asked(house: &House) -> f64 {
    ["GetCallerIdentity", "ListKeys", "DescribeKey", "GenerateDataKey"]
        .map(|operation| {
            house.metric(&format!(r#"keystorm_calls_total{{operation="{operation}",outcome="ok"}}"#))
        })
        .iter()
        .sum()
}

/// A run without the flag that says yes.
fn careless(house: &House) -> std::process::Command {
    let mut command = house.command();
    command.args(house.run(&[]).get_args().filter(|argument| *argument != "--yes-real-aws"));
    command
}

#[test]
fn a_consent_in_the_environment_is_told_of_and_is_none() {
    let house = House::new();
    let mut command = careless(&house);
    command.env("KEYSTORM_YES_REAL_AWS", "true").env("KEYSTORM_NO_USAGE_CHECK", "1");
    let (code, _, stderr) = end(&mut command);
    assert_eq!(code, 2, "{stderr}");
    for sentence in [
        "KEYSTORM_YES_REAL_AWS is set and ignored: only the flag --yes-real-aws itself says so",
        "KEYSTORM_NO_USAGE_CHECK is set and ignored: only the flag --no-usage-check itself says so",
        "then say --yes-real-aws",
    ] {
        assert!(stderr.contains(sentence), "{sentence}: {stderr}");
    }
    for set in ["caps.attempts=100000", "seed=1\nallow.accounts=['123456789012']", "caps={ rate: 1000/s }"] {
        says(house.run(&[]).env("KEYSTORM_SET", set), 2, "is not read from the environment");
    }
    assert_eq!(asked(&house), 0.0);
}

#[test]
fn cleanup_looks_at_nothing_without_a_yes() {
    let house = House::new();
    for more in [&[] as &[&str], &["--dry-run"], &["--yes"]] {
        let mut command = house.command();
        command.args(["cleanup", "--region", REGION]).args(more).env("KEYSTORM_YES_REAL_AWS", "1");
        says(&mut command, 2, "say --yes-real-aws");
    }
    assert_eq!(asked(&house), 0.0);
}

#[test]
fn denied_accounts_are_not_touched_whatever_allows_them() {
    let house = House::new();
    let list = house.folder.path().join("more");
    let denied = |text: &str, code: i32, sentence: &str| {
        std::fs::write(&list, text).unwrap();
        says(house.run(&["--allow-throttling"]).env("KEYSTORM_DENIED_ACCOUNTS", &list), code, sentence);
        let ca = house.ca().display().to_string();
        let mut cleanup = house.command();
        cleanup.args(["cleanup", "--region", REGION, "--ca", &ca, "--yes-real-aws", "--dry-run"]);
        says(cleanup.env("KEYSTORM_DENIED_ACCOUNTS", &list), code, sentence);
    };
    denied(&format!("# ours\n{ACCOUNT}\n"), 1, "account 123456789012 is denied by");
    assert_eq!(house.metric(r#"keystorm_calls_total{operation="ListKeys",outcome="ok"}"#), 0.0);
    denied("production\n", 2, "line 1 is no account id: while the list of denied accounts cannot be read");
    std::fs::remove_file(&list).unwrap();
    says(house.run(&[]).env("KEYSTORM_DENIED_ACCOUNTS", &list), 2, "every account is denied");
    // The user's own list; that it is not there, is well.
    says(&mut house.run(&["--dry-run"]), 0, "");
    let own = house.folder.path().join("keystorm");
    std::fs::create_dir(&own).unwrap();
    std::fs::write(own.join("denied-accounts"), ACCOUNT).unwrap();
    says(&mut house.run(&["--dry-run"]), 1, "keystorm/denied-accounts, which no option overrides");
    // What is no file at all.
    std::fs::remove_file(own.join("denied-accounts")).unwrap();
    std::fs::create_dir(own.join("denied-accounts")).unwrap();
    says(&mut house.run(&["--dry-run"]), 2, "every account is denied");
}

#[test]
fn no_setting_of_the_environment_leads_elsewhere() {
    let house = House::new();
    for variable in ["KMS", "STS", "CLOUDWATCH", "SERVICE_QUOTAS", "SSO"] {
        let mut command = house.run(&["--dry-run"]);
        command.env(format!("AWS_ENDPOINT_URL_{variable}"), "https://203.0.113.7");
        says(&mut command, 2, "leads to 203.0.113.7, which is neither this machine nor a private network");
        let mut command = house.run(&["--dry-run"]);
        command.env(format!("AWS_ENDPOINT_URL_{variable}"), "http://sts.us-east-1.amazonaws.com");
        says(&mut command, 2, "under TLS only");
    }
    std::fs::write(
        house.folder.path().join("config"),
        "[profile ann]\nendpoint_url = http://169.254.169.254\n",
    )
    .unwrap();
    let mut command = house.run(&["--dry-run", "--profile", "ann"]);
    command.env_remove("AWS_ENDPOINT_URL_STS");
    says(&mut command, 2, "instance metadata");
    says(&mut house.run(&["--endpoint-url", "https://203.0.113.7"]), 2, "--yes-remote");
    let mut cleanup = house.command();
    cleanup.args(["cleanup", "--region", REGION, "--yes-real-aws", "--dry-run", "--endpoint-url"]);
    says(cleanup.arg("https://203.0.113.7"), 2, "--yes-remote");
    says(&mut house.run(&["--credentials", "test"]), 2, "target aws takes the credentials of AWS's chain");
    assert_eq!(asked(&house), 0.0);
}

#[test]
fn a_url_is_called_with_the_chains_credentials_under_every_permit_of_aws_only() {
    let house = House::new();
    let url = house.running.url();
    let with = |more: &[&str]| {
        let mut command = house.run(&["--target", &url, "--credentials", "chain"]);
        command.args(more);
        command
    };
    says(
        &mut with(&[]),
        0,
        "On AWS: account 123456789012, Region eu-west-1, as arn:aws:iam::123456789012:user/ann",
    );
    says(&mut with(&["--set", "allow.accounts=['999988887777']"]), 1, "belong to account 123456789012");
    says(&mut with(&["--set", "caps={ attempts: 200, rate: 150/s }"]), 1, "caps.duration is not given");
    let mut command = house.command();
    let careless = with(&[]);
    command.args(careless.get_args().filter(|argument| *argument != "--yes-real-aws"));
    says(&mut command, 2, "say --yes-real-aws");
    // Without the chain, nobody's credentials are sent, and this house checks them.
    says(&mut house.run(&["--target", &url]), 1, "UnrecognizedClientException");
}

#[test]
fn a_run_that_stops_on_an_alarm_is_made_only_beside_one_that_is_quiet() {
    let house = House::new();
    let stops_on = |alarm: &str| house.run(&["--set", &format!("caps.stopOn='{alarm}'"), "--no-usage-check"]);
    let arn = format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:sick");
    says(&mut stops_on("sick"), 1, "there is no alarm sick (caps.stopOn) in this account and Region");
    house.standin.says.lock().unwrap().alarm = Some("ALARM");
    says(&mut stops_on("sick"), 1, "the alarm sick (caps.stopOn) is in ALARM");
    says(&mut stops_on(&arn), 1, "alarm:sick (caps.stopOn) is in ALARM");
    house.standin.says.lock().unwrap().alarm = Some("OK");
    says(&mut stops_on(&arn.replace(REGION, "us-east-1")), 1, "there is no alarm arn:");
    says(&mut stops_on(&arn), 0, "ends      when the alarm arn:");
}

/// How many keys the account has, and the policies of those that Ann may look at; her identity policy allows her all.
fn policies(house: &House) -> (usize, Vec<String>) {
    block_on(async {
        let kms = house.kms();
        let keys = kms.list_keys().send().await.unwrap().keys.unwrap();
        let mut found = Vec::new();
        for key in &keys {
            let said = kms.get_key_policy().key_id(key.key_id().unwrap()).send().await;
            found.extend(said.ok().and_then(|said| said.policy));
        }
        (keys.len(), found)
    })
}

#[test]
fn keys_admit_whoever_made_them_and_the_first_is_given_up_at_once() {
    let house = House::new();
    let file = "[profile ann]\naws_access_key_id = AKIAANN\naws_secret_access_key = hush\n\
                [profile app]\nrole_arn = arn:aws:iam::123456789012:role/app\nsource_profile = ann\nrole_session_name = test\n";
    std::fs::write(house.folder.path().join("config"), file).unwrap();
    let path = house.folder.path().join("made.yaml");
    std::fs::write(path, scenario("{ count: 1 }", &house.ca())).unwrap();
    for (profile, client) in [("ann", "raw"), ("ann", "aws-sdk"), ("app", "raw")] {
        let mut command = house.command();
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.args(["run", "made.yaml", "--yes-real-aws", "--provision", "--profile", profile]);
        command.args(["--client", client, "-o", &format!("{profile}-{client}")]);
        says(&mut command, 0, "2 made and scheduled for deletion, the first of them at once and unused");
    }
    // Ann sees the house's own key and those that she has made, and not the role's.
    let (keys, seen) = policies(&house);
    let ours: Vec<&String> = seen.iter().filter(|policy| policy.contains("WhoeverMadeIt")).collect();
    assert_eq!((keys, seen.len(), ours.len()), (7, 5, 4), "{seen:?}");
    for policy in ours {
        let names_ann = policy.contains(r#""AWS":"arn:aws:iam::123456789012:user/ann""#);
        assert!(names_ann && !policy.contains(":root"), "{policy}");
    }
}

#[test]
fn an_account_that_keeps_its_keys_is_met_with_one() {
    const DEE: &str = r#"
  - arn: arn:aws:iam::123456789012:user/dee
    accessKeys: [ { id: AKIADEE, secret: hush } ]
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "*", Resource: "*" }, { Effect: Deny, Action: "kms:ScheduleKeyDeletion", Resource: "*" } ] } ]
"#;
    let house = House::with(DEE, socket::ample());
    let path = house.folder.path().join("made.yaml");
    std::fs::write(path, scenario("{ count: 9 }", &house.ca())).unwrap();
    let mut command = house.command();
    command.args(["run", "made.yaml", "--yes-real-aws", "--provision", "-o", "out"]);
    says(
        command.env("AWS_ACCESS_KEY_ID", "AKIADEE"),
        1,
        "set-up: this account does not let keys be scheduled for deletion: AccessDeniedException",
    );
    // One beside the house's own.
    assert_eq!(house.metric(r#"keystorm_calls_total{operation="CreateKey",outcome="ok"}"#), 2.0);
}
