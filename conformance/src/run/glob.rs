//! Names with `*` and `?` in them.

/// Whether a name is one of a glob: `*` stands for any characters, `?` for one.
pub fn matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    // Where the last `*` was, and up to where it has been stretched.
    let (mut g, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if glob.get(g) == Some(&'*') {
            star = Some((g, n));
            g += 1;
        } else if glob.get(g).is_some_and(|&c| c == '?' || c == name[n]) {
            g += 1;
            n += 1;
        } else if let Some((at, from)) = star {
            g = at + 1;
            n = from + 1;
            star = Some((at, n));
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_match() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*-b-*", "a-b-b-c", true),
            ("a?c", "abc", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }
}
