//! What every request must pass and every response must carry.
//!
//! Always holds: only GET and HEAD get further, addresses are bounded, and every response, also
//! that of a failure, has the same security headers. `PAGES.md` lists the rules.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, Uri, uri::Authority};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;

/// The longest path that is looked at, in bytes.
pub const PATH_MAX: usize = 512;
/// The longest query that is looked at, in bytes.
pub const QUERY_MAX: usize = 2048;

/// No script runs, nothing is loaded from elsewhere, no other page frames these.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Refuses what is no bounded reading, and puts the headers on whatever is answered.
pub async fn guard(request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.uri()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if response.status() == axum::http::StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

fn refusal(method: &Method, uri: &Uri) -> Option<Failure> {
    let path = uri.path().len();
    let query = uri.query().map_or(0, str::len);
    match () {
        () if method != Method::GET && method != Method::HEAD => Some(Failure::Method),
        () if path > PATH_MAX => Some(Failure::Long { found: path, wanted: PATH_MAX }),
        () if query > QUERY_MAX => Some(Failure::Long { found: query, wanted: QUERY_MAX }),
        () => None,
    }
}

/// Refuses requests that name another host than this machine's loopback: a page elsewhere whose
/// name was pointed at 127.0.0.1 must not read a registry that is served to this machine alone.
pub async fn loopback_only(request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().authority().map(Authority::as_str));
    match host {
        Some(host) if is_loopback(host) => next.run(request).await,
        host => {
            let host = host.unwrap_or_default().chars().take(80).collect();
            Failure::Host(host).into_response()
        }
    }
}

/// Whether a host, with or without a port, is this machine's loopback.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if host.contains('@') {
        return false;
    }
    let name = authority.host();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_loopback_pass() {
        for good in ["localhost", "LOCALHOST:80", "127.0.0.1:7878", "127.9.9.9", "[::1]:7878"] {
            assert!(is_loopback(good), "{good}");
        }
        let bad = [
            "",
            "example.org",
            "localhost.example.org:7878",
            "127.0.0.1.example.org",
            "user@localhost",
            "10.0.0.1",
            "[::2]",
            "localhost:7878, example.org",
            "0.0.0.0",
        ];
        for bad in bad {
            assert!(!is_loopback(bad), "{bad}");
        }
    }

    #[test]
    fn only_bounded_reading_passes() {
        let refused = |method: Method, uri: &str| {
            refusal(&method, &uri.parse().expect("an address")).map(|refusal| refusal.status())
        };
        assert_eq!(refused(Method::GET, "/runs?before=7"), None);
        assert_eq!(refused(Method::HEAD, "/"), None);
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            assert_eq!(refused(method, "/").map(|status| status.as_u16()), Some(405));
        }
        let long = |n: usize| "x".repeat(n);
        let path = format!("/{}", long(PATH_MAX));
        assert_eq!(refused(Method::GET, &path).map(|status| status.as_u16()), Some(414));
        let query = format!("/?{}", long(QUERY_MAX + 1));
        assert_eq!(refused(Method::GET, &query).map(|status| status.as_u16()), Some(414));
    }
}
