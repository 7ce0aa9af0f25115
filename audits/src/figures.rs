//! How figures read: thousands, sizes, durations, times, measured values.

pub use recipes::count;

/// A number of bytes in powers of 1,000, such as `16.4 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = UNITS.iter().find(|(unit, _)| bytes as f64 >= *unit);
    match unit {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit),
        None => format!("{bytes} B"),
    }
}

/// Seconds as `4.2 s`, `48 s`, `3 min 20 s` or `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 if seconds < 10.0 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// An RFC 3339 time in UTC as `2026-11-23 19:20:19 UTC`; anything else as it is.
pub fn time(text: &str) -> String {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let form: String = text.chars().take(19).map(shape).collect();
    if form == "0000-00-00T00:00:00" && text.ends_with('Z') && text.len() <= 40 {
        format!("{} {} UTC", &text[..10], &text[11..19])
    } else {
        text.to_owned()
    }
}

/// A measured value with four digits after the point, or in powers of ten where that hides it.
pub fn value(x: f64) -> String {
    if x != 0.0 && x.abs() < 1e-3 || x.abs() >= 1e6 {
        format!("{x:.3e}")
    } else {
        format!("{x:.4}")
    }
}

/// A share as a percentage, without digits that say nothing.
pub fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!([0, 999, 1412, 1234567].map(count), ["0", "999", "1,412", "1,234,567"]);
        assert_eq!([12, 1_500, 49_000_000].map(size), ["12 B", "1.5 kB", "49.0 MB"]);
        assert_eq!([0.5, 48.0, 200.0].map(duration), ["0.5 s", "48 s", "3 min 20 s"]);
        assert_eq!(duration(7500.0), "2 h 5 min");
        assert_eq!(
            [3.87, 0.0, 0.00002, 3e9].map(value),
            ["3.8700", "0.0000", "2.000e-5", "3.000e9"]
        );
        assert_eq!([0.8, 0.125, 1.0, 0.0].map(percent), ["80 %", "12.5 %", "100 %", "0 %"]);
    }

    #[test]
    fn only_a_time_is_shown_as_a_time() {
        assert_eq!(time("2026-11-23T19:20:19.123456Z"), "2026-11-23 19:20:19 UTC");
        for other in ["", "yesterday", "2026-11-23T19:20:19+01:00", "２026-11-23T19:20:19Z"] {
            assert_eq!(time(other), other);
        }
    }
}
