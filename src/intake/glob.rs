//! Names and paths with `*` and `?`.

/// Whether `text` is what `pattern` means: `*` is any characters, `?` one.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    fits(&pattern, &text, None)
}

/// The same of a path: `*` and `?` stay between two slashes, `**` does not.
pub fn matches_path(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<char>, Vec<char>) = (pattern.chars().collect(), path.chars().collect());
    fits(&pattern, &path, Some('/'))
}

fn fits(pattern: &[char], text: &[char], wall: Option<char>) -> bool {
    match pattern {
        [] => text.is_empty(),
        // `**/` is any folders, or none.
        ['*', '*', '/', rest @ ..] if wall.is_some() => {
            fits(rest, text, wall)
                || text.iter().enumerate().any(|(at, c)| *c == '/' && fits(rest, &text[at + 1..], wall))
        }
        ['*', '*', rest @ ..] => (0..=text.len()).any(|at| fits(rest, &text[at..], wall)),
        ['*', rest @ ..] => {
            let end = text.iter().position(|c| Some(*c) == wall).unwrap_or(text.len());
            (0..=end).any(|at| fits(rest, &text[at..], wall))
        }
        [sign, rest @ ..] => match text {
            [c, left @ ..] => (sign == c || *sign == '?' && Some(*c) != wall) && fits(rest, left, wall),
            [] => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_in_their_folder_unless_there_are_two() {
        for (pattern, path, is_meant) in [
            ("logs/*.gz", "logs/a.gz", true),
            ("logs/*.gz", "logs/x/a.gz", false),
            ("logs/**/*.gz", "logs/x/y/a.gz", true),
            ("logs/**/*.gz", "logs/a.gz", true),
            ("logs/2023-0?/a", "logs/2023-07/a", true),
            ("logs/**", "logs/x/y", true),
        ] {
            assert_eq!(matches_path(pattern, path), is_meant, "{pattern} {path}");
        }
        assert!(matches("role a*/x", "role abc/x") && !matches("a", "b") && matches("*", ""));
    }
}
