//! Did you mean …: the name somebody most likely meant.

/// The one of `known` that `read` most likely meant: spelled almost so, or the only one with that word in it
/// (`standard` for `aws-standard`); `None` if none is near.
pub fn nearest<'a>(read: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if read.len() > 64 {
        return None;
    }
    let lower = read.to_lowercase();
    let mut best = (usize::MAX, None);
    let mut with_word = (0, None);
    for each in known {
        let lower_known = each.to_lowercase();
        let score = distance(&lower, &lower_known);
        if score < best.0 {
            best = (score, Some(each));
        }
        if lower_known.split(['-', '_']).any(|word| word == lower) {
            with_word = (with_word.0 + 1, Some(each));
        }
    }
    if best.0 <= 1 + read.chars().count() / 4 {
        return best.1;
    }
    with_word.1.filter(|_| with_word.0 == 1)
}

/// How many single-character edits (swapping neighbours counts as one) turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let known = ["startRate", "stages", "deadline"];
        assert_eq!(nearest("startrate", known), Some("startRate"));
        assert_eq!(nearest("stgaes", known), Some("stages"));
        assert_eq!(nearest("deadlin", known), Some("deadline"));
        assert_eq!(nearest("payload", known), None);
        assert_eq!(distance("ab", "ba"), 1);
    }

    #[test]
    fn a_word_of_one_name_alone_is_enough() {
        let known = ["none", "aws-standard", "aws-adaptive"];
        assert_eq!(nearest("standard", known), Some("aws-standard"));
        assert_eq!(nearest("Adaptive", known), Some("aws-adaptive"));
        assert_eq!(nearest("aws", known), None, "it is a word of two");
    }
}
