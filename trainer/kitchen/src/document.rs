//! A text with its origin.

use std::sync::Arc;

use recipes::Digest;

/// A text from a source, as it is after the steps done so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The source's position in the formula, from 0.
    pub source: u32,
    /// Logical name: a file's name in the manifest, or a path inside an archive.
    pub name: String,
    /// Position within `name`, from 0: a JSONL record, a document of an archive member.
    pub position: u64,
    /// SHA-256 of the text as it was gathered; steps do not change it.
    pub id: Digest,
    /// The text as it is now.
    pub text: String,
    /// What its source says about it.
    pub about: About,
}

/// What a source says about a document beside its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Where it was found.
    pub url: Option<String>,
    /// Its licence, its own or that of its source.
    pub licence: Option<Arc<str>>,
}

impl Document {
    /// Makes a gathered document.
    pub fn new(source: u32, name: String, position: u64, text: String) -> Document {
        let id = Digest::of(text.as_bytes());
        Document { source, name, position, id, text, about: About::default() }
    }
}

impl About {
    /// The host of the address, in lower case, without its port.
    pub fn host(&self) -> Option<String> {
        let after = self.url.as_deref()?.split_once("://")?.1;
        let host = after.split(['/', '?', '#']).next()?;
        let host = host.rsplit('@').next()?;
        let host = match host.strip_prefix('[') {
            Some(address) => address.split(']').next()?,
            None => host.split(':').next()?,
        };
        let host = host.trim_end_matches('.').to_lowercase();
        (!host.is_empty()).then_some(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host() {
        let check = |url: &str, wanted: Option<&str>| {
            let about = About { url: Some(url.into()), ..About::default() };
            assert_eq!(about.host().as_deref(), wanted, "{url}");
        };
        check("http://A.example/b?c", Some("a.example"));
        check("https://who:pass@a.example:8080", Some("a.example"));
        check("http://[2001:db8::1]:80/", Some("2001:db8::1"));
        check("http://a.example.?x", Some("a.example"));
        check("a.example/b", None);
        check("file:///etc", None);
    }
}
