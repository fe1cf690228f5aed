//! The files of `examples/distributed`, held to the schemas of those who read them: Kubernetes' API, and the models of AWS's.

use super::needs;
use super::support::{printed, venv};
use std::path::Path;
use std::process::Command;

#[test]
fn every_launcher_takes_its_file_and_a_slip_of_the_pen_is_found() {
    let python = match venv("schemas") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (examples, check) = (root.join("examples/distributed"), root.join("tests/clients/schemas/check.py"));
    let said = printed(Command::new(&python).arg(&check).arg(&examples));
    for kind in ["Deployment", "Job", "JobSet", "Service", "RegisterJobDefinition", "RegisterTaskDefinition"]
    {
        assert!(said.contains(&format!("\"{kind}\"")), "{said}");
    }
    for (file, right, wrong) in [
        ("kubernetes.yaml", "completionMode:", "completionmode:"),
        ("kubernetes-bus.yaml", "backoffLimit: 64", "backofLimit: 64"),
        ("kubernetes-bus.yaml", "targetReplicatedJobs: [run]", "targetReplicatedJobs: [runs]"),
        ("kubernetes-bus.yaml", "containerPort: 4222", "containerPort: four"),
        ("batch-submit.json", "\"arrayProperties\"", "\"arrayProperty\""),
        ("ecs-task-definition.json", "\"containerDefinitions\"", "\"containers\""),
    ] {
        let place = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir(&examples).expect("a folder") {
            let path = entry.expect("an entry").path();
            std::fs::copy(&path, place.path().join(path.file_name().expect("a name"))).expect("copied");
        }
        let path = place.path().join(file);
        let text = std::fs::read_to_string(&path).expect("there");
        assert!(text.contains(right), "{file}: {right}");
        std::fs::write(&path, text.replace(right, wrong)).expect("written");
        let output = Command::new(&python).arg(&check).arg(place.path()).output().expect("Python");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && !said.contains("Traceback"), "{file}: {wrong}: {said}");
    }
}
