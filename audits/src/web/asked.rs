//! What an address asks for: the pairs behind its `?`, each known, bounded and read once.

use axum::extract::Query;
use axum::http::Uri;
use recipes::Digest;

use super::failure::Failure;

/// The longest value of one pair, in bytes.
const VALUE_MAX: usize = 300;

/// The pairs of an address, in order.
pub struct Asked(Vec<(String, String)>);

impl Asked {
    /// Reads the pairs of an address; keys other than `known` are refused.
    pub fn read(uri: &Uri, known: &[&str]) -> Result<Asked, Failure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Failure::Bad("the part behind `?` has no form that is known".into()))?;
        for (key, value) in &pairs {
            if !known.contains(&key.as_str()) {
                let key: String = key.chars().take(40).collect();
                let known = known.join("`, `");
                return Err(Failure::Bad(format!("`{key}` is not asked here, wanted `{known}`")));
            }
            if value.len() > VALUE_MAX || value.contains(|c: char| c.is_control()) {
                return Err(Failure::Bad(format!(
                    "`{key}` has {} bytes or control characters, wanted at most {VALUE_MAX} bytes \
                     of text",
                    value.len()
                )));
            }
        }
        let given = |(key, value): (String, String)| (key, value.trim().to_owned());
        let pairs = pairs.into_iter().map(given).filter(|(_, value)| !value.is_empty());
        Ok(Asked(pairs.collect()))
    }

    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        let pairs = self.0.iter().filter(|(found, _)| found == key);
        pairs.map(|(_, value)| value.as_str()).collect()
    }

    /// The one value of a key.
    pub fn one(&self, key: &str) -> Result<Option<&str>, Failure> {
        match self.all(key)[..] {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(Failure::Bad(format!("`{key}` is given more than once"))),
        }
    }

    /// The one value of a key as a whole number.
    pub fn number(&self, key: &str) -> Result<Option<u64>, Failure> {
        let wrong = |value: &str| Failure::Bad(format!("`{key}` is `{value}`, wanted a number"));
        let value = self.one(key)?;
        value.map(|value| value.parse().map_err(|_| wrong(value))).transpose()
    }

    /// The same pairs, one of them changed or taken away, as an address's part behind `?`.
    pub fn with(&self, key: &str, value: Option<&str>) -> String {
        let kept = self.0.iter().filter(|(found, _)| found != key);
        let kept = kept.map(|(key, value)| (key.as_str(), value.as_str()));
        let pairs = kept.chain(value.map(|value| (key, value)));
        pairs
            .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
            .collect::<Vec<_>>()
            .join("&")
    }
}

/// Reads the digest in a path: 64 hex digits, with or without `sha256:`.
pub fn digest(kind: &str, text: &str) -> Result<Digest, Failure> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    Digest::from_hex(hex).map_err(|_| Failure::nothing(kind, text))
}

/// Writes text so that it can stand in an address (RFC 3986, unreserved characters as they are).
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Result<Asked, Failure> {
        Asked::read(&address.parse().expect("an address"), &["recipe", "before"])
    }

    #[test]
    fn pairs_are_read_and_empty_ones_are_not_there() {
        let asked = read("/?recipe=a%40b&recipe=+c+&before=").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(asked.all("recipe"), ["a@b", "c"]);
        assert_eq!(asked.number("before").unwrap_or(Some(1)), None);
        assert!(asked.one("recipe").is_err());
        assert_eq!(asked.with("before", Some("é&")), "recipe=a%40b&recipe=c&before=%C3%A9%26");
        assert_eq!(asked.with("recipe", None), "");
    }

    #[test]
    fn unknown_long_and_broken_pairs_are_refused() {
        let long = format!("/?recipe={}", "x".repeat(VALUE_MAX + 1));
        for wrong in ["/?other=1", "/?recipe=%00", &long, "/?recipe=a%0Ab"] {
            assert!(matches!(read(wrong), Err(Failure::Bad(_))), "{wrong}");
        }
        let asked = read("/?before=-1").unwrap_or_else(|e| panic!("{e}"));
        assert!(asked.number("before").is_err());
    }

    #[test]
    fn only_a_digest_is_a_digest() {
        let hex = Digest::of(b"").hex();
        assert_eq!(digest("object", &hex).ok(), Some(Digest::of(b"")));
        assert_eq!(digest("object", &format!("sha256:{hex}")).ok(), Some(Digest::of(b"")));
        for wrong in ["", "..", "e3b0", &hex.to_uppercase()] {
            assert!(digest("object", wrong).is_err(), "{wrong}");
        }
    }
}
