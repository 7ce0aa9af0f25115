//! Asking the router, and what an answer must be like.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use tower::ServiceExt;

use super::yard::Yard;

/// What the pages answered.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// Asks for a page.
pub async fn ask(yard: &Yard, address: &str) -> Answer {
    ask_with(yard.router(), Method::GET, address, None).await
}

/// Asks with a method and, where given, a host.
pub async fn ask_with(router: Router, method: Method, address: &str, host: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(address);
    if let Some(host) = host {
        request = request.header("host", host);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), 8 << 20).await.expect("a bounded body");
    Answer { status, headers, body: String::from_utf8(bytes.to_vec()).expect("UTF-8") }
}

/// Asks over a real socket, as a browser would.
pub async fn over_the_wire(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let asking = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    });
    asking.await.expect("no panic")
}

impl Answer {
    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Claims the security headers.
    #[track_caller]
    pub fn has_the_headers(&self, address: &str) {
        let policy = self.header("content-security-policy");
        for wanted in ["default-src 'none'", "style-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(wanted), "{address}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{address}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{address}");
        assert_eq!(self.header("referrer-policy"), "no-referrer", "{address}");
        assert_eq!(self.header("x-frame-options"), "DENY", "{address}");
        assert_ne!(self.header("cache-control"), "", "{address}");
    }

    /// Claims that elements are closed in order, names are unique, and nothing is written inline.
    #[track_caller]
    pub fn is_well_formed(&self, address: &str) {
        const VOID: [&str; 4] = ["meta", "link", "input", "!DOCTYPE"];
        let mut open: Vec<&str> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for piece in self.body.split('<').skip(1) {
            let tag = &piece[..piece.find('>').expect("a closed tag")];
            let name = tag.split(' ').next().expect("a name");
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name), "{address}");
            } else if !VOID.contains(&name) {
                open.push(name);
            }
            assert!(!tag.contains(" style=") && name != "script", "{address}: {tag}");
            if let Some(id) = tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next()) {
                assert!(names.insert(id.to_owned()), "{address}: `{id}` twice");
            }
        }
        assert!(open.is_empty(), "{address}: {open:?}");
        for wanted in ["<main", "<h1>", "<nav", "lang=\"en\"", "<title>"] {
            assert!(self.body.contains(wanted), "{address} lacks {wanted}");
        }
    }

    /// Where the page leads, inside.
    pub fn links(&self) -> Vec<String> {
        let hrefs = self.body.split("<a ").skip(1).filter_map(|tag| {
            let tag = tag.split('>').next()?;
            tag.split("href=\"").nth(1)?.split('"').next()
        });
        let plain = hrefs.map(|href| href.replace("&amp;", "&"));
        plain.filter(|href| href.starts_with('/') && !href.ends_with("/json")).collect()
    }
}
