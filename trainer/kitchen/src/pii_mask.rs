//! `pii.mask@1`: e-mail addresses become `<email>`, IP addresses `<ip>`.
//!
//! The rules: an e-mail address is `local@domain.tld` of the letters that mail systems commonly
//! allow; an IPv4 address is four decimal numbers up to 255 that no letter, digit or further
//! dotted number touches; an IPv6 address must parse and have at least four written groups.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use recipes::recipe::{PiiKind, PiiMask};
use regex::{Captures, Regex};

use crate::decision::Decision;

pub static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    let pattern =
        r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b";
    Regex::new(pattern).expect("a pattern of ours")
});

pub static IP: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"[0-9A-Za-z_.:]*[0-9A-Fa-f][.:][0-9A-Za-z_.:]*";
    Regex::new(pattern).expect("a pattern of ours")
});

/// Decides about a text.
pub fn decide(settings: &PiiMask, text: &str) -> Decision {
    let mut masked = std::borrow::Cow::Borrowed(text);
    if settings.kinds.contains(&PiiKind::Email) && masked.contains('@') {
        masked = EMAIL.replace_all(&masked, "<email>").into_owned().into();
    }
    if settings.kinds.contains(&PiiKind::Ip) {
        masked = IP.replace_all(&masked, |found: &Captures| mask_ip(&found[0])).into_owned().into();
    }
    Decision::text(text, masked.into_owned())
}

/// Masks a run of address letters, marks that end a sentence left outside.
fn mask_ip(run: &str) -> String {
    let core = run.trim_matches(['.', ':']);
    let (before, after) = match run.find(core) {
        Some(at) if !core.is_empty() => (&run[..at], &run[at + core.len()..]),
        _ => return run.to_owned(),
    };
    if is_v4(core) || is_v6(core) { format!("{before}<ip>{after}") } else { run.to_owned() }
}

pub fn is_v4(text: &str) -> bool {
    // A port may follow.
    let address = text.split(':').next().unwrap_or_default();
    let port = text[address.len()..].strip_prefix(':');
    let numbers: Vec<&str> = address.split('.').collect();
    let small = |number: &&str| number.len() <= 3 && number.parse::<u8>().is_ok();
    numbers.len() == 4
        && numbers.iter().all(small)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

pub fn is_v6(text: &str) -> bool {
    let written = text.split(':').filter(|group| !group.is_empty()).count();
    written >= 4 && text.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wanted: &str) {
        let settings = PiiMask { kinds: vec![PiiKind::Email, PiiKind::Ip] };
        let found = match decide(&settings, text) {
            Decision::Change(text) => text,
            _ => text.to_owned(),
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn addresses_are_masked_and_the_like_is_left() {
        check("Write to ann.lee+x@mail.example.org.", "Write to <email>.");
        check("at 192.168.0.1, or 10.0.0.7:8080.", "at <ip>, or <ip>.");
        check("ping 2001:db8:0:1::7 now", "ping <ip> now");
        check(
            "std::fmt::Display 1.2.3 a@b 300.1.1.1 1.2.3.4.5",
            "std::fmt::Display 1.2.3 a@b 300.1.1.1 1.2.3.4.5",
        );
        check("12:30:45 and v1.2.3.4x", "12:30:45 and v1.2.3.4x");
    }
}
