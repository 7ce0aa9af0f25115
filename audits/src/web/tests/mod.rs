//! The pages through the router, without a socket, on a real registry.

mod asking;
mod documents;
mod yard;

use asking::{Answer, ask, ask_with};
use axum::http::Method;
use yard::{HOSTILE, Yard};

#[tokio::test]
async fn every_page_is_there_with_the_facts_on_it() {
    let yard = Yard::new();
    let run = yard.finished.hex();
    let model = yard.trace.model.hex();
    let pages: [(&str, &[&str]); 9] = [
        ("/", &["crate-prose", "Latest runs", "reproduced", &yard.finished.short()]),
        ("/recipes", &["crate-prose", "@2"]),
        (
            "/recipes/crate-prose",
            &[
                "filter.length@1",
                "80 %",
                "MIT",
                "chars min 300",
                "cosine",
                "held-out-loss@1",
                "A small model",
                "since @1",
                &yard.second.hex(),
            ],
        ),
        ("/recipes/crate-prose/1", &["crate-prose@1", &yard.first.hex()]),
        ("/runs", &["differs", "running", "failed", &yard.finished.short()]),
        (
            &format!("/runs/{run}"),
            &[
                "<polyline",
                "3.8700",
                "not met",
                "✓",
                "1,412 documents in",
                "avx512",
                &model,
                "rebuildable",
                "10 of 10 steps, 7 of 7 training states",
                "4 min 5 s",
            ],
        ),
        (
            "/diff?recipe=crate-prose@1&recipe=crate-prose@2",
            &["<del><bdi>200</bdi></del>", "<ins><bdi>300</bdi></ins>", "3e-4"],
        ),
        ("/trail", &["run.rebuilt", "recipe.added", "registry.created"]),
        ("/trail/0", &["registry.created", "Canonical JSON"]),
    ];
    for (address, facts) in pages {
        let answer = ask(&yard, address).await;
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        for fact in facts {
            assert!(answer.body.contains(fact), "{address} lacks `{fact}`:\n{}", answer.body);
        }
        answer.is_well_formed(address);
    }
}

#[tokio::test]
async fn a_verdict_is_shown_with_its_evidence() {
    let yard = Yard::new();
    let answer = ask(&yard, &format!("/runs/{}", yard.differing.hex())).await;
    assert!(answer.body.contains("first at step `mix`"), "{}", answer.body);
    assert!(answer.body.contains("the software"));
}

#[tokio::test]
async fn hostile_text_is_escaped_and_isolated_everywhere() {
    let yard = Yard::new();
    let failed = yard.failed.hex();
    let last = yard.events() - 1;
    let start = format!("/objects/{failed}");
    let mut addresses = vec!["/".to_owned(), "/runs".into(), format!("/runs/{failed}"), start];
    addresses.push("/trail".into());
    addresses.extend((0..=last).map(|number| format!("/trail/{number}")));
    let mut met = 0;
    for address in addresses {
        let answer = ask(&yard, &address).await;
        assert_eq!(answer.status, 200, "{address}");
        assert!(!answer.body.contains("<script"), "{address}");
        assert!(!answer.body.contains("\"onmouseover"), "{address}");
        met += usize::from(answer.body.contains("&lt;script&gt;"));
        for (at, _) in answer.body.match_indices('\u{202e}') {
            let before = &answer.body[..at];
            let isolated = before.rfind("<bdi>") > before.rfind("</bdi>");
            let bytes = before.rfind("<pre") > before.rfind("</pre");
            assert!(isolated || bytes, "{address}");
        }
        answer.is_well_formed(&address);
    }
    assert!(met >= 5, "the hostile text is shown on {met} pages only");
    let queries =
        ["/trail?actor=%3Cscript%3E", "/runs?name=%22%3E%3Cscript%3E", "/find?q=%3Cscript%3E"];
    for address in queries {
        let answer = ask(&yard, address).await;
        assert!(!answer.body.contains("<script"), "{address}");
        assert!(answer.body.contains("&lt;script&gt;"), "{address}");
    }
    assert!(HOSTILE.len() > 10_000);
}

#[tokio::test]
async fn what_is_not_here_is_not_found() {
    let yard = Yard::new();
    let nowhere = "00".repeat(32);
    let addresses = [
        "/nowhere",
        "/recipes/none",
        "/recipes/crate-prose/9",
        "/recipes/crate-prose/x",
        "/runs/x",
        "/trail/999999",
        "/trail/x",
        "/trail/18446744073709551615",
        "/objects/x",
        "/objects/../../etc/passwd",
        "/objects/%2e%2e%2f",
        "/find?q=nothing-like-this",
        "/trail/999999/json",
        "/style.css/x",
        "/diff?recipe=none&recipe=none",
    ];
    let mut addresses: Vec<String> = addresses.map(String::from).to_vec();
    for page in ["runs", "objects"] {
        addresses.push(format!("/{page}/{nowhere}"));
    }
    addresses.push(format!("/objects/{nowhere}/json"));
    for address in addresses {
        let answer = ask(&yard, &address).await;
        assert_eq!(answer.status, 404, "{address}");
        answer.has_the_headers(&address);
        answer.is_well_formed(&address);
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let yard = Yard::new();
    let many = format!("/diff?{}", ["recipe=crate-prose"; 7].join("&"));
    let long = format!("/trail?actor={}", "x".repeat(301));
    let addresses = [
        "/trail?before=-1",
        "/trail?before=1&before=2",
        "/trail?colour=red",
        "/trail?about=xyz",
        "/trail?actor=%00",
        "/find",
        &many,
        &long,
    ];
    for address in addresses {
        let answer = ask(&yard, address).await;
        let wanted = if address.contains("about") { 404 } else { 400 };
        assert_eq!(answer.status, wanted, "{address}");
        answer.has_the_headers(address);
    }
    let longest = format!("/trail?actor={}", "x".repeat(3000));
    assert_eq!(ask(&yard, &longest).await.status, 414);
    assert_eq!(ask(&yard, &format!("/{}", "x".repeat(600))).await.status, 414);
}

#[tokio::test]
async fn nothing_can_be_written() {
    let yard = Yard::new();
    let before = yard.events();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        for address in ["/", "/runs", "/nowhere", "/style.css"] {
            let answer = ask_with(yard.router(), method.clone(), address, None).await;
            assert_eq!(answer.status, 405, "{method} {address}");
            assert_eq!(answer.header("allow"), "GET, HEAD");
            answer.has_the_headers(address);
        }
    }
    let head = ask_with(yard.router(), Method::HEAD, "/", None).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(yard.events(), before);
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let yard = Yard::new();
    for address in ["/", "/style.css", "/nowhere", "/trail/0/json", "/find?q=crate-prose"] {
        ask(&yard, address).await.has_the_headers(address);
    }
    let style = ask(&yard, "/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(!style.body.contains("url(") && !style.body.contains("@import"));
}

#[tokio::test]
async fn what_is_downloaded_has_the_digest_it_is_named_by() {
    let yard = Yard::new();
    let hex = yard.second.hex();
    let answer = ask(&yard, &format!("/objects/{hex}/json")).await;
    assert_eq!(recipes::Digest::of(answer.body.as_bytes()), yard.second);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.header("content-disposition"),
        format!("attachment; filename=\"{hex}.json\"")
    );
    let event = ask(&yard, "/trail/1/json").await;
    let value = recipes::canonical::from_bytes(event.body.as_bytes()).expect("canonical JSON");
    assert_eq!(value["number"], 1);
    let shown = ask(&yard, &format!("/objects/sha256:{hex}")).await;
    assert!(shown.body.contains("/recipes/crate-prose/2") && shown.body.contains("ingot/recipe@1"));
}

#[tokio::test]
async fn a_name_or_digest_leads_to_its_page() {
    let yard = Yard::new();
    let run = yard.finished.hex();
    let object = yard.verdict.hex();
    let blob = yard.trace.losses.hex();
    let known = [
        ("crate-prose", "/recipes/crate-prose/2".to_owned()),
        ("crate-prose@1", "/recipes/crate-prose/1".to_owned()),
        (&run[..12], format!("/runs/{run}")),
        (&object[..12], format!("/objects/{object}")),
        (&blob, format!("/objects/{blob}")),
    ];
    for (text, address) in known {
        let answer = ask(&yard, &format!("/find?q={text}")).await;
        assert_eq!((answer.status, answer.header("location")), (303, address.as_str()), "{text}");
        assert_eq!(ask(&yard, &address).await.status, 200);
    }
}

#[tokio::test]
async fn every_link_on_every_page_leads_somewhere() {
    let yard = Yard::new();
    let mut waiting = vec!["/".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(address) = waiting.pop() {
        if !seen.insert(address.clone()) {
            continue;
        }
        let answer = ask(&yard, &address).await;
        assert_eq!(answer.status, 200, "{address}");
        waiting.extend(answer.links());
    }
    assert!(seen.len() > 40, "{} pages", seen.len());
}

#[tokio::test]
async fn the_trail_is_filtered_and_paged() {
    let yard = Yard::new();
    for step in 0..120 {
        yard.step(&format!("extra {step}"));
    }
    let all = yard.events();
    let mut address = "/trail".to_owned();
    let mut met = 0;
    loop {
        let answer = ask(&yard, &address).await;
        met += answer.body.matches("<th class=\"number\" scope=\"row\">").count() as u64;
        match answer.links().into_iter().find(|link| link.starts_with("/trail?before=")) {
            Some(older) => address = older,
            None => break,
        }
    }
    assert_eq!(met, all);
    let filtered = ask(&yard, "/trail?action=recipe&name=crate-prose").await;
    assert!(filtered.body.contains("recipe.added</td>"));
    assert!(!filtered.body.contains("run.step</td>"));
    let nobody = ask(&yard, "/trail?actor=nobody").await;
    assert!(nobody.body.contains("No event is like this."));
    let later = ask(&yard, "/trail?since=2030").await;
    assert!(later.body.contains("No event is like this."));
}

#[tokio::test]
async fn a_damaged_object_is_named_as_damage() {
    let yard = Yard::new();
    yard.damage_journal();
    let answer = ask(&yard, &format!("/objects/{}", yard.second.hex())).await;
    assert_eq!(answer.status, 500, "{}", answer.body);
    assert!(answer.body.contains("Evidence of damage"), "{}", answer.body);
    answer.has_the_headers("damage");
}

#[tokio::test]
async fn on_the_loopback_only_names_of_the_loopback_are_answered() {
    let yard = Yard::new();
    for (host, wanted) in [("127.0.0.1:7878", 200), ("localhost", 200), ("evil.example", 421)] {
        let router = super::loopback(yard.router());
        let answer: Answer = ask_with(router, Method::GET, "/", Some(host)).await;
        assert_eq!(answer.status, wanted, "{host}");
        answer.has_the_headers(host);
    }
    let nameless = ask_with(super::loopback(yard.router()), Method::GET, "/", None).await;
    assert_eq!(nameless.status, 421);
}

#[tokio::test]
async fn served_pages_stop_when_asked() {
    let yard = Yard::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let stop = async move { told.await.unwrap_or_default() };
    let serving = tokio::spawn(super::serve(listener, yard.registry(), None, stop));
    let answer = asking::over_the_wire(address, "/").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    tell.send(()).expect("still serving");
    serving.await.expect("no panic").expect("a clean stop");
}
