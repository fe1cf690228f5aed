//! The USD of `docs/SCALE.md` follow from the prices in its own table.

use keystorm::quota::price;
use std::fs;
use std::path::Path;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SCALE.md");
    fs::read_to_string(path).expect("the page")
}

/// The cells of the row that begins with `name`, but for its name.
fn row(page: &str, name: &str) -> Vec<String> {
    let line = page.lines().find(|line| line.trim_start_matches(['|', ' ']).starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no row {name}"));
    line.trim_matches('|').split('|').skip(1).map(|cell| cell.trim().to_owned()).collect()
}

/// The numbers of a row's first cells.
fn numbers(page: &str, name: &str) -> Vec<f64> {
    let cells = row(page, name);
    let words = cells.iter().flat_map(|cell| cell.split([' ', '·'])).filter(|word| !word.is_empty());
    words.map_while(|word| word.parse().ok()).collect()
}

#[test]
fn usd_follow_from_the_prices_beside_them() {
    let page = page();
    let kms = numbers(&page, "KMS, symmetric")[0];
    let fargate = numbers(&page, "Fargate");
    let ec2 = numbers(&page, "EC2, m7g.large")[0];
    let s3 = numbers(&page, "S3, a million GET");
    let endpoint = numbers(&page, "interface endpoint")[0];
    let task = fargate[0] + 2.0 * fargate[1];
    let hours = [475e6, 279e6].map(|bytes_per_s| 1e12 / bytes_per_s / 3_600.0);
    let objects = [1.0, 100.0];
    let told = |name: &str, figures: [f64; 2]| {
        let rounded: Vec<String> = figures.iter().map(|figure| format!("{figure:.2}")).collect();
        assert_eq!(row(&page, name), rounded, "{name}");
    };
    told("core hours", hours);
    told("USD on Fargate", hours.map(|hours| hours * task));
    told("USD on EC2", hours.map(|hours| hours * ec2 / 2.0));
    // A millionth more, since half a cent is rounded up here and to the even figure there.
    told("USD for GET", objects.map(|millions| millions * (s3[0] + s3[1] / 1_000.0) * 1.000_001));
    let requests = 1e6 * 3_600.0;
    assert_eq!(requests / 10_000.0 * kms, 10_800.0);
    let plain = page.replace('\n', " ");
    for part in [
        "10,800 USD to KMS alone".to_owned(),
        format!("{:.2} USD from Fargate", 100.0 * task),
        format!("{:.2} from EC2", 100.0 / 2.0 * ec2),
        format!("adds {:.0} USD to the hour", requests * 1e3 / 1e9 * endpoint),
    ] {
        assert!(plain.contains(&part), "{part} is not on the page");
    }
    assert_eq!(price::SYMMETRIC.usd, kms);
}
