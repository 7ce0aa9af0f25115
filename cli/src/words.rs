//! How figures read: thousands, sizes, durations, one line of a table.

/// `1412` as `1,412`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3100000` as `3.1 M`; below ten thousand as it is.
pub fn about(n: u64) -> String {
    match n {
        0..10_000 => count(n),
        10_000..1_000_000 => format!("{:.1} k", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} M", n as f64 / 1e6),
        _ => format!("{:.1} G", n as f64 / 1e9),
    }
}

/// A number of bytes, in powers of 1,000.
pub fn size(bytes: u64) -> String {
    if bytes < 1000 { format!("{bytes} B") } else { format!("{}B", about_bytes(bytes)) }
}

fn about_bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} k", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} M", bytes as f64 / 1e6),
        _ => format!("{:.2} G", bytes as f64 / 1e9),
    }
}

/// Seconds as `48 s`, `3 min 20 s` or `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 if seconds < 10.0 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Columns of equal width, two spaces apart, without trailing spaces.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([0, 999, 1412, 1234567].map(count), ["0", "999", "1,412", "1,234,567"]);
        assert_eq!([9_999, 10_000, 3_100_000].map(about), ["9,999", "10.0 k", "3.1 M"]);
        assert_eq!([12, 1_500, 49_000_000].map(size), ["12 B", "1.5 kB", "49.0 MB"]);
        assert_eq!(
            [0.5, 59.0, 200.0, 7500.0].map(duration),
            ["0.5 s", "59 s", "3 min 20 s", "2 h 5 min"]
        );
    }

    #[test]
    fn columns_line_up_without_trailing_spaces() {
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        assert_eq!(table(&[row("a", "b"), row("long", "")]), ["a     b", "long"]);
    }
}
