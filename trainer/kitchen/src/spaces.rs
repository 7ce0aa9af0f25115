//! White space: kinds, runs, and the words between.

/// Whether a character is a space of another kind or one without width.
fn is_odd(letter: char) -> bool {
    let without_width = matches!(letter, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    // What stands for an object, and a control character that once moved the line.
    let stands_for = matches!(letter, '\u{FFFC}' | '\u{84}');
    without_width || stands_for || letter.is_whitespace() && !matches!(letter, '\n' | '\r')
}

/// Every kind of space as a plain one, and none at the ends.
pub fn plain(text: &str) -> String {
    let text: String = text.chars().map(|c| if is_odd(c) { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// Runs of spaces and tabs as one space; none at the ends of lines.
pub fn collapsed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let mut waiting = false;
        for letter in line.chars() {
            if matches!(letter, ' ' | '\t') {
                waiting = true;
                continue;
            }
            if waiting {
                out.push(' ');
            }
            waiting = false;
            out.push(letter);
        }
        out += end;
    }
    out
}

/// At most `max` newlines in a row.
pub fn newlines(text: &str, max: usize) -> String {
    let mut run = 0;
    let keep = |letter: &char| {
        run = if *letter == '\n' { run + 1 } else { 0 };
        run <= max
    };
    text.chars().filter(keep).collect()
}

/// The words between white space that pass a test, each with the white space before it.
pub fn words(text: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = rest[word..].find(char::is_whitespace).map_or(rest.len(), |end| word + end);
        if word == end || keep(&rest[word..end]) {
            out += &rest[..end];
        } else {
            out.extend(rest[..word].matches('\n'));
        }
        rest = &rest[end..];
    }
    out
}

/// The words between spaces that pass a test, with one space, tab or newline between them.
pub fn merged(text: &str, keep: impl Fn(&str) -> bool) -> String {
    let words = |piece: &str| -> String {
        let words = piece.split(' ').filter(|word| !word.is_empty() && keep(word));
        words.collect::<Vec<_>>().join(" ")
    };
    let cells = |line: &str| -> String {
        let cells = line.split('\t').map(words).filter(|cell| !cell.is_empty());
        cells.collect::<Vec<_>>().join("\t")
    };
    let lines = text.split('\n').map(cells).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_become_plain_and_few() {
        assert_eq!(plain("\u{3000}a\u{A0}b\t\n c\u{200B}"), "a b \n c");
        assert_eq!(collapsed("  a \t b  \nc "), " a b\nc");
        assert_eq!(newlines("a\n\n\n\nb\n", 2), "a\n\nb\n");
        assert_eq!(merged(" a  bb\t\tc \n\nbb\nd", |word| word != "bb"), "a\tc\nd");
        assert_eq!(words("aa bbbb\ncccc d", |word| word.len() < 4), "aa\n d");
    }
}
