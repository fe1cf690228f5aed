//! What is said of seconds and minutes holds however long the schedule: timelines have no more than an hour of seconds.

use crate::plan_command::{folder, output, saved, text};
use serde_json::Value;

/// Five hours of 2 calls a second, with 40 from 7260s on for a minute, and 100 in its 31st second.
const LONG: &str = "# How much quota do five quiet hours with one busy minute need?
version: 1
name: five-hours
quotas: { symmetric: 200/s, enforcement: { window: { phase: 0s } } }
workloads:
  quiet: { executor: constant-arrival-rate, rate: 2/s, duration: 5h, arrivals: uniform, jobs: { Decrypt: 1 } }
  minute: { executor: constant-arrival-rate, rate: 38/s, startTime: 7260s, duration: 60s, arrivals: uniform, jobs: { Decrypt: 1 } }
  second: { executor: constant-arrival-rate, rate: 60/s, startTime: 7290s, duration: 1s, arrivals: uniform, jobs: { Decrypt: 1 } }
strategies:
  plain: { retry: { mode: none } }
thresholds: { failed: [ \"rate<1%\" ] }
";

/// Of 18,000 seconds 61 have 40 calls or more, so that 40 is what one in a thousand exceeds.
fn assert_seconds(seconds: &Value) {
    let of = |name: &str| seconds[name].as_f64().unwrap_or_else(|| panic!("{name} in {seconds}"));
    let place = ["peak_at_s", "peak_minute_at_s", "resolution_s"].map(of);
    assert_eq!(place, [7_290.0, 7_260.0, 1.0], "{seconds}");
    assert_eq!(["peak_1s", "peak_1m_per_s", "p99_9_1s", "peak_lasts_s"].map(of), [100.0, 41.0, 40.0, 60.0]);
    assert!((of("burst_factor") - 100.0 / 41.0).abs() < 1e-3, "{seconds}");
}

#[test]
fn a_plan_of_hours_tells_their_busiest_minute() {
    let (_folder, path, out) = folder(LONG);
    let done = output(&[
        "plan",
        &path,
        "-o",
        &out,
        "-q",
        "--growth",
        "400%",
        "--by",
        "2027-06",
        "--today",
        "2026-12-01",
        "--trials",
        "1",
    ]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_seconds(&saved(&out)["pools"][0]["strategies"][0]["demand"]);
    let page = |start: &str| {
        let place = format!("{out}-{}", start.replace(':', "-"));
        let done =
            output(&["dossier", &out, "--account", "111122223333", "--start", start, "-q", "-o", &place]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // 41 a second for a minute, two hours and a minute after the start.
    let said = "Sum of the peak minute: 2,460. UTC minute: 2026-11-23T10:01:00Z.";
    let shown = page("2026-11-23T08:00:00Z");
    assert!(shown.contains(said) && shown.contains("resolution 1s"), "{shown}");
    let between = "Sum of the peak minute: 2,460. It lasts from 2026-11-23T10:01:17Z to 2026-11-23T10:02:17Z, no minute of the \
                   clock: CloudWatch has no Sum of it.";
    let shown = page("2026-11-23T08:00:17Z");
    assert!(shown.contains(between), "{shown}");
}

#[test]
fn a_plan_of_an_older_keystorm_is_read_where_its_seconds_were_seconds() {
    let (_folder, path, out) = folder(LONG);
    let asked = |resolution_s: Option<f64>, window_s: f64| {
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/03-dossier/plan.json");
        let json = std::fs::read_to_string(kept).expect("the sample is kept");
        let mut plan: Value = serde_json::from_str(&json).expect("JSON");
        let demand = plan["pools"][0]["strategies"][0]["demand"].as_object_mut().expect("a demand");
        demand.insert("window_s".into(), window_s.into());
        match resolution_s {
            Some(resolution_s) => drop(demand.insert("resolution_s".into(), resolution_s.into())),
            None => drop(demand.remove("resolution_s").expect("it was there")),
        }
        std::fs::write(&path, plan.to_string()).expect("written");
        output(&["dossier", &path, "--account", "111122223333", "-q", "--force", "-o", &out])
    };
    let done = asked(None, 3_600.0);
    assert!(text(&done.stdout).contains("resolution 1s"), "{}{}", text(&done.stdout), text(&done.stderr));
    let done = asked(None, 86_400.0);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("cannot tell the busiest minute"), "{}", text(&done.stderr));
    // Seconds that are counted together say so, and so does what stands for a minute.
    let done = asked(Some(8.0), 4e7);
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("Sum of the peak minute: 3,203,440."), "64 s of 50,053.75: {shown}");
    assert!(shown.contains("resolution 8s"), "{shown}");
}

#[test]
fn a_run_of_hours_keeps_what_its_timeline_no_longer_tells() {
    let (_folder, path, out) = folder(LONG);
    let done = output(&["run", &path, "-q", "-o", &out, "--set", "quotas.symmetric=110/s"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let json = std::fs::read_to_string(format!("{out}/run.json")).expect("run.json is there");
    let run: Value = serde_json::from_str(&json).expect("JSON");
    let strategy = &run["strategies"][0];
    assert!(strategy["timeline"]["interval_s"].as_u64().expect("an interval") > 1);
    assert_seconds(&strategy["pools"]["symmetric"]["seconds"]);
    let page = format!("{out}-dossier");
    let made = || output(&["dossier", &out, "--account", "111122223333", "-q", "--force", "-o", &page]);
    let done = made();
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_seconds(&saved(&page)["pools"][0]["strategies"][0]["demand"]);
    // What has been saved without it cannot tell, and says so.
    let mut older = run;
    older["strategies"][0]["pools"]["symmetric"].as_object_mut().expect("a pool").remove("seconds");
    std::fs::write(format!("{out}/run.json"), older.to_string()).expect("written");
    let said = made();
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stderr).contains("cannot tell the busiest minute of `plain`"),
        "{}",
        text(&said.stderr)
    );
}
