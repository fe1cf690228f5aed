//! The sheet of attacks names tests that are there, and the principals file in the emulator's page is one.

use keystorm::kms::access::Directory;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn every_attack_of_the_sheet_has_a_verdict_and_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests/emulator"), &mut files);
    sources(&root.join("tests/clients"), &mut files);
    let code: String = files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let sheet = std::fs::read_to_string(root.join("docs/SECURITY.md")).unwrap();
    let mut attacks = 0;
    for line in sheet.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [_, verdict, tests] = cells[..] else { panic!("three cells: {line}") };
        assert!(!verdict.trim().is_empty(), "{line}");
        for name in tests.split('`').skip(1).step_by(2) {
            assert!(code.contains(&format!("fn {name}()")), "no test {name}");
        }
        assert!(tests.contains('`'), "{line}");
        attacks += 1;
    }
    assert!(attacks > 30, "{attacks}");
}

#[test]
fn the_principals_file_of_the_page_is_one() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/emulator.md")).unwrap();
    let example = page.split("```yaml\n").find(|part| part.starts_with("principals:")).expect("an example");
    let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]}"#;
    let mut files =
        |name: &str| if name == "keys.json" { Ok(keys.to_string()) } else { Err("another".into()) };
    let directory = Directory::read(example.split("```").next().unwrap(), "SECURITY.md", &mut files).unwrap();
    assert!(
        directory.by_arn("arn:aws:iam::111122223333:role/team/app").is_some_and(|role| role.trust.is_some())
    );
    assert!(directory.provider("arn:aws:iam::111122223333:oidc-provider/ci.example/jobs").is_some());
    assert_eq!(directory.organization_of("111122223333"), Some("o-exampleorg1"));
}
