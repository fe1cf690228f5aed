//! `keystorm plan` and `keystorm dossier` as people meet them.

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SCENARIO: &str = "# Does the reader fit into its quota?
version: 1
name: reader
quotas: { symmetric: 100/s }
workloads:
  load: { executor: constant-arrival-rate, rate: 90/s, duration: 60s, jobs: { DecryptMessage: 1 }, messages: { count: 20 } }
strategies:
  sdk: { retry: { mode: aws-standard } }
  cached: { retry: { mode: aws-standard }, cache: { maxAge: 5m, capacity: 1000 } }
trials: 5
thresholds: { failed: [ \"rate<1%\" ], response_time: [ \"p(99)<500ms\" ] }
";

pub fn output(args: &[&str]) -> Output {
    Command::cargo_bin("keystorm").expect("the binary is built").args(args).output().expect("it starts")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

pub fn folder(scenario: &str) -> (TempDir, String, String) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("reader.yaml");
    std::fs::write(&path, scenario).expect("written");
    let out = folder.path().join("out").display().to_string();
    (folder, path.display().to_string(), out)
}

pub fn saved(out: &str) -> Value {
    let json = std::fs::read_to_string(Path::new(out).join("plan.json")).expect("plan.json is there");
    serde_json::from_str(&json).expect("JSON")
}

const GROWN: [&str; 6] = ["--growth", "40%", "--by", "2027-06", "--today", "2026-12-01"];

#[test]
fn a_cache_that_makes_the_increase_unnecessary_is_said_first() {
    let (_folder, path, out) = folder(SCENARIO);
    let done = output(&[&["plan", &path, "-o", &out, "-q"], &GROWN[..]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let shown = text(&done.stdout);
    let joined = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("ANSWER Ask for nothing: with `cached`"), "{shown}");
    assert!(joined.contains("without a cache you would ask for"), "{shown}");
    let order = ["ANSWER", "WHO", "WHEN", "SURE", "NEXT"].map(|word| joined.find(word).expect("each line"));
    assert!(order.is_sorted(), "{shown}");
    let plan = saved(&out);
    let pool = &plan["pools"][0];
    assert_eq!((&pool["recommended"], &pool["ask_per_s"]), (&"cached".into(), &Value::Null));
    assert_eq!(pool["code"], "L-6E3AF000");
    assert!(pool["strategies"][1]["exposure"]["age_max_s"].as_f64().is_some_and(|age| age > 0.0));
    assert!(Path::new(&out).join("plan.html").is_file() && Path::new(&out).join("plan.md").is_file());
}

#[test]
fn the_ask_is_the_product_of_its_factors() {
    let (_folder, path, out) = folder(SCENARIO);
    let more = ["--strategy", "sdk", "--utilisation", "80%", "--failover", "ca-west-1=45/s"];
    let done = output(&[&["plan", &path, "-o", &out, "-q"], &GROWN[..], &more[..]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let plan = saved(&out);
    let pool = &plan["pools"][0];
    let f = &pool["strategies"][0]["formula"];
    let of = |name: &str| f[name].as_f64().expect("a factor");
    assert_eq!((of("growth"), of("failover"), of("utilisation")), (1.4, 1.5, 0.8));
    let product = of("peak_1s") * 1.4 * 1.5 / 0.8;
    assert_eq!(of("ask"), of("need_high").max(product - 1e-6).ceil());
    assert_eq!(pool["ask_per_s"].as_f64(), Some(of("ask")));
    // The load at the date is 90 x 1.4 x 1.5 = 189 a second; the least that serves 99 % of it lies near.
    let need = pool["strategies"][0]["need_per_s"]["value"].as_f64().expect("a need");
    assert!((185.0..215.0).contains(&need), "{need}");
    // The other Region takes ours on top of its own half: 1.5 and more times this one's peak second.
    let there = &pool["failover"][0];
    assert_eq!((&there["region"], &there["ask_per_s"]), (&"ca-west-1".into(), &Value::Null));
    assert!(pool["sensitivity"].as_array().expect("swings").len() >= 3);
    assert_eq!(
        pool["outcomes"].as_array().map(Vec::len),
        Some(2),
        "at what there is, and at what is asked for"
    );
    assert_eq!(pool["months_left"].as_f64(), Some(0.0), "the peak second is above 100 already");
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_way_out() {
    let (_folder, path, out) = folder(SCENARIO);
    let refused = |more: &[&str], part: &str| {
        let done = output(&[&["plan", &path, "-o", &out], more].concat());
        assert_eq!(done.status.code(), Some(2), "{more:?}");
        assert!(text(&done.stderr).contains(part), "{more:?}: {}", text(&done.stderr));
    };
    refused(&["--growth", "40%"], "--by");
    refused(&["--growth", "0.4", "--by", "2027-06"], "like 40%");
    refused(&["--growth", "40%", "--by", "2020-01"], "a date to come");
    refused(&["--failover", "us-est-2"], "did you mean `us-east-2`");
    refused(&["--failover", "us-east-1"], "the Region that fails");
    refused(&["--utilisation", "0%"], "no use");
}

#[test]
fn a_load_far_below_its_quota_has_nothing_to_ask() {
    let (_folder, path, out) = folder(&SCENARIO.replace("symmetric: 100/s", "symmetric: 100000/s"));
    let done = output(&["plan", &path, "--strategy", "sdk", "-o", &out, "-q"]);
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("ANSWER Nothing to ask: `sdk` needs") && shown.contains("0.1"), "{shown}");
    let dossier = output(&["dossier", &out, "--account", "111122223333", "-o", &format!("{out}-d")]);
    assert_eq!(dossier.status.code(), Some(1));
    assert!(text(&dossier.stderr).contains("nothing is to be asked for"), "{}", text(&dossier.stderr));
}

#[test]
fn thresholds_that_no_quota_meets_are_named() {
    let (_folder, path, out) = folder(SCENARIO);
    let done = output(&["plan", &path, "-o", &out, "-q", "--threshold", "response_time: p(50)<1ms"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let plan = saved(&out);
    let why = plan["pools"][0]["strategies"][0]["why_none"].as_str().expect("a reason");
    assert!(why.contains("without any limit it misses response_time: p(50)<1ms"), "{why}");
}

#[test]
fn a_quota_of_which_no_threshold_speaks_is_judged_by_one_that_is_assumed_and_told() {
    let signer = SCENARIO
        .replace("quotas: { symmetric: 100/s }", "quotas: { symmetric: 100/s, ecc: 40/s }")
        .replace(
            "workloads:\n",
            "workloads:\n  sign: { executor: constant-arrival-rate, rate: 60/s, duration: 60s, keys: { spec: ECC_NIST_P256 }, jobs: { Sign: 1 } }\n",
        )
        .replace(
            "thresholds: { failed: [ \"rate<1%\" ], response_time: [ \"p(99)<500ms\" ] }",
            "thresholds: { 'failed{workload:load}': [ \"rate<1%\" ] }",
        );
    let (_folder, path, out) = folder(&signer);
    let done = output(&["plan", &path, "--strategy", "sdk", "--trials", "2", "-o", &out, "-q"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        shown.contains("No threshold speaks of ecc: failed{workload:sign}: rate<0.1% is assumed"),
        "{shown}"
    );
    let plan = saved(&out);
    let ecc =
        plan["pools"].as_array().expect("pools").iter().find(|pool| pool["pool"] == "ecc").expect("ecc");
    let need = ecc["strategies"][0]["need_per_s"]["value"].as_f64().expect("a need");
    assert!((55.0..80.0).contains(&need), "60 a second must pass: {need}");
}

/// The numbers of a text, as they stand there.
fn numbers(text: &str) -> BTreeSet<String> {
    let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','));
    let clean = |part: &str| part.trim_matches(['.', ',']).to_owned();
    parts.map(clean).filter(|part| part.chars().any(|c| c.is_ascii_digit())).collect()
}

/// Makes a plan that asks, and its dossier; gives the page and the folder.
fn dossier(out: &str, path: &str) -> (String, String) {
    assert!(
        output(&[&["plan", path, "-o", out, "-q", "--strategy", "sdk"], &GROWN[..]].concat())
            .status
            .success()
    );
    let folder = format!("{out}-dossier");
    let done = output(&[
        "dossier",
        out,
        "--account",
        "111122223333",
        "--account",
        "444455556666",
        "--start",
        "2026-11-23T22:00:00Z",
        "--until",
        "2027-09-30",
        "-o",
        &folder,
        "-q",
    ]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    (text(&done.stdout), folder)
}

#[test]
fn the_page_of_a_dossier_is_short_and_holds_what_support_asks_for() {
    let (_folder, path, out) = folder(SCENARIO);
    let (page, folder) = dossier(&out, &path);
    let words = page.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    assert!(words <= 300 && page.chars().count() <= 8_000, "{words} words");
    let joined = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "To look up: account 111122223333, us-east-1, AWS/Usage CallCount of CryptographicOperationsSymmetric",
        "L-6E3AF000",
        "Current value: 100/s. Desired value:",
        "aws service-quotas request-service-quota-increase --service-code kms --quota-code L-6E3AF000 --region us-east-1",
        "peak second",
        "p99.9 second",
        "peak minute",
        "Burst factor",
        "Temporary, until 2027-09-30",
        "444455556666",
        "Business impact: ____",
        "Lowest acceptable interim value: ____",
        "Contact: ____",
        "2026-11-23T22:00:00Z",
    ] {
        assert!(joined.contains(part), "{part} is not in:\n{page}");
    }
    assert!(!page.contains("arn:") && !page.contains("`cached`"), "{page}");
    for name in ["dossier.md", "dossier.html", "plan.json", "figures.json"] {
        assert!(Path::new(&folder).join(name).is_file(), "{name}");
    }
}

/// Asserts that every number of a dossier's page stands in its plan, by the path that its figures name, or is `given`: a name, a
/// date, what the user said.
fn assert_traced(folder: &Path, page: &str, given: &str) {
    let read = |name: &str| -> Value {
        let json =
            std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&json).expect("JSON")
    };
    let (plan, figures) = (read("plan.json"), read("figures.json"));
    let mut shown = BTreeSet::new();
    for figure in figures.as_array().expect("figures") {
        let from = figure["from"].as_str().expect("a path");
        let (pointer, arithmetic) = from.split_once(' ').unwrap_or((from, ""));
        let stands =
            plan.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{from} is no number"));
        let expected = match arithmetic {
            "" => stands,
            "− 1" => stands - 1.0,
            times => {
                let factor = times.strip_prefix("× ").and_then(|factor| factor.parse::<f64>().ok());
                (stands * factor.unwrap_or_else(|| panic!("unknown arithmetic: {times}"))).round()
            }
        };
        assert!((figure["value"].as_f64().expect("a value") - expected).abs() < 1e-9, "{figure}");
        shown.extend(numbers(figure["shown"].as_str().expect("text")));
    }
    let mut known = numbers(given);
    let thresholds = plan["thresholds"].as_array().expect("thresholds").iter();
    thresholds.for_each(|t| known.extend(numbers(t.as_str().expect("text"))));
    let command: BTreeSet<String> = numbers(&plan["pools"][0]["ask_per_s"].to_string());
    for number in numbers(page) {
        let is_known =
            shown.contains(&number) || known.contains(&number) || command.contains(&format!("{number}.0"));
        assert!(is_known, "{number} stands nowhere:\n{page}\n{shown:?}");
    }
}

#[test]
fn every_number_of_the_page_stands_in_the_plan() {
    let (_folder, path, out) = folder(SCENARIO);
    let (page, folder) = dossier(&out, &path);
    let given =
        "p99.9 111122223333 444455556666 2026-11-23T22:00:00Z 2027-09-30 2027-06-01 us-east-1 L-6E3AF000";
    assert_traced(Path::new(&folder), &page, given);
}

#[test]
fn every_number_of_the_sample_dossier_stands_in_its_plan() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/03-dossier");
    let page = std::fs::read_to_string(folder.join("dossier.txt")).expect("reports/make-dossier has made it");
    let given = "p99.9 111122223333 nightly-etl-50k 2026-11-23T22:54:00Z 2027-06-01 us-east-1 L-6E3AF000";
    assert_traced(&folder, &page, given);
    // The whole day, and minutes of it that CloudWatch has too.
    let plan = std::fs::read_to_string(folder.join("plan.json")).expect("the plan is kept");
    let pool = &serde_json::from_str::<Value>(&plan).expect("JSON")["pools"][0];
    let demand = &pool["strategies"][0]["demand"];
    assert_eq!([&demand["window_s"], &demand["resolution_s"]], [86_400.0, 1.0], "seconds of a day");
    assert!(pool["verified"]["differ_by"].as_f64().expect("a share") < 0.01, "{pool}");
    // It answers how much now, how much asked, which second says so, what was tried, why that does not suffice.
    let joined = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["Current value:", "Desired value:", "peak second", "Done first:", "It does not suffice:"] {
        assert!(joined.contains(part), "{part} is not in:\n{page}");
    }
}

#[test]
fn a_run_alone_makes_a_dossier_too() {
    let (_folder, path, out) = folder(SCENARIO);
    output(&["run", &path, "-q", "-o", &out, "--strategy", "sdk"]);
    let folder = format!("{out}-dossier");
    let done = output(&["dossier", &out, "--account", "111122223333", "-o", &folder, "-q"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("Desired value"), "{}", text(&done.stdout));
    let missing = output(&["dossier", &path, "--account", "111122223333", "-o", &format!("{out}-x")]);
    assert_eq!(missing.status.code(), Some(1), "a scenario is no plan");
}

/// A log in which two roles and a service call, as CloudTrail has it: a busiest second of 12 calls, 8 of them the service's.
fn log(path: &Path) {
    let mut text = String::new();
    let mut call = |second: i64, n: u32, identity: &str| {
        let at = jiff::Timestamp::from_second(1_767_225_600 + second).expect("a time");
        text += &format!(
            "{{\"eventSource\":\"kms.amazonaws.com\",\"eventName\":\"Decrypt\",\"eventType\":\"AwsApiCall\",\
             \"awsRegion\":\"eu-west-1\",\"eventID\":\"{second}-{n}\",\"eventTime\":\"{at}\",\"userIdentity\":{{{identity}}}}}\n"
        );
    };
    let role = |name: &str| {
        format!(
            "\"type\":\"AssumedRole\",\"accountId\":\"111122223333\",\"sessionContext\":{{\"sessionIssuer\":{{\"userName\":\"{name}\"}}}}"
        )
    };
    let s3 = format!("{},\"invokedBy\":\"s3.amazonaws.com\"", role("reader"));
    for second in 0..120 {
        (0..3).for_each(|n| call(second, n, &role("checkout")));
        call(second, 3, &role("batch"));
        (0..if second == 70 { 8 } else { 2 }).for_each(|n| call(second, 4 + n, &s3));
    }
    std::fs::write(path, text).expect("written");
}

#[test]
fn a_plan_of_an_import_names_callers_and_services_with_their_shares() {
    let folder = TempDir::new().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    log(&folder.path().join("log.ndjson"));
    let done = output(&["import", "cloudtrail", &at("log.ndjson"), "-o", &at("in"), "-q"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let planned = ["--strategy", "no-retry", "--trials", "1", "-q", "-o"];
    let done = output(&[&["plan", &at("in")], &planned[..], &[&at("plan")]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let plan = saved(&at("plan"));
    let callers = plan["callers"]["callers"].as_array().expect("callers");
    // 120 seconds of 3, 1 and 2 calls, and six more in one: counted by hand.
    let of = |place: usize, name: &str| callers[place][name].clone();
    assert_eq!((of(0, "name"), of(0, "calls")), ("role checkout".into(), 360.into()));
    assert_eq!((of(1, "name"), of(1, "calls")), ("s3.amazonaws.com".into(), 246.into()));
    assert_eq!(of(1, "share"), 246.0 / 726.0);
    assert_eq!((of(1, "peakShare"), plan["callers"]["peak1s"].clone()), ((8.0 / 12.0).into(), 12.into()));
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    let who = "WHO In the log: role checkout 49.6 % (25.0 % of its busiest second), s3.amazonaws.com on your behalf 33.9 %";
    assert!(shown.contains(who) && shown.contains("s3.amazonaws.com: S3 Bucket Keys"), "{shown}");
    // The fitted scenario of the same folder is of the same callers; a copy elsewhere is of nobody known.
    let fitted = Path::new(&at("in")).join("fitted.yaml");
    let elsewhere = folder.path().join("copy.yaml");
    std::fs::copy(&fitted, &elsewhere).expect("a copy");
    for (path, is_known) in [(fitted, true), (elsewhere, false)] {
        let path = path.display().to_string();
        let done = output(&[&["plan", &path], &planned[..], &[&at("again"), "--force"]].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        assert_eq!(!saved(&at("again"))["callers"].is_null(), is_known, "{path}");
    }
    std::fs::write(Path::new(&at("in")).join("callers.json"), "{}").expect("written");
    let done = output(&[&["plan", &at("in")], &planned[..], &[&at("third")]].concat());
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("callers.json"), "{}", text(&done.stderr));
}

/// 455 days of hours up to a day: 3,600 calls each, twice as many in the week that began `weeks` before the end.
fn hours(weeks: i64) -> String {
    let end = 1_790_000_000 / 3_600 * 3_600;
    let mut text = String::from("timestamp,CallCount\n");
    for ago in (1..=455 * 24_i64).rev() {
        let at = jiff::Timestamp::from_second(end - ago * 3_600).expect("a time");
        let calls = if (ago - 1) / 168 == weeks { 7_200 } else { 3_600 };
        text += &format!("{at},{calls}\n");
    }
    text
}

#[test]
fn a_season_of_the_year_before_is_a_factor_of_the_ask() {
    let (folder, path, out) = folder(SCENARIO);
    let season = folder.path().join("hours.csv");
    std::fs::write(&season, hours(40)).expect("written");
    let season = season.display().to_string();
    let one = ["--strategy", "sdk", "--trials", "2", "--season", &season, "-q", "--force", "-o", &out];
    let done = output(&[&["plan", &path], &GROWN[..], &one[..]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let plan = saved(&out);
    let formula = &plan["pools"][0]["strategies"][0]["formula"];
    let of = |name: &str| formula[name].as_f64().expect("a factor");
    assert_eq!((of("season"), of("growth")), (2.0, 1.4));
    let product = of("peak_1s") * 1.4 * 2.0 / 0.8;
    assert_eq!(of("ask"), of("need_high").max(product - 1e-6).ceil());
    // 90 a second, grown and doubled, is 252: the need is of that load.
    let need = plan["pools"][0]["strategies"][0]["need_per_s"]["value"].as_f64().expect("a need");
    assert!((245.0..290.0).contains(&need), "{need}");
    assert_eq!(plan["terms"]["season"]["trendPerYear"], 1.0);
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("SURE Season 2.00") && shown.contains("Trend: 1.00"), "{shown}");
    // A season that comes after the date is none for it.
    std::fs::write(&season, hours(20)).expect("written");
    let done = output(&[&["plan", &path], &GROWN[..], &one[..]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(saved(&out)["pools"][0]["strategies"][0]["formula"]["season"], 1.0);
    std::fs::write(&season, "timestamp,CallCount\n2026-01-01 00:00:00,5\n2026-01-02 00:00:00,5\n")
        .expect("written");
    let done = output(&[&["plan", &path], &one[..]].concat());
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("--period 3600"), "{}", text(&done.stderr));
}
