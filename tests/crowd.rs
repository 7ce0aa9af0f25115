//! A server, a run and eight commands at once on one registry: all of them work.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// Asks a page and gives its status line and body.
fn page(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
        .expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.lines().next().unwrap_or_default().to_owned();
    (status, answer)
}

#[test]
fn a_server_a_run_and_eight_commands_share_one_registry() {
    let place = Place::with_tiny_recipe();
    place.ingot("add tiny.yaml").exits(0);
    let mut server = place.started(INGOT, "serve --address 127.0.0.1:0 --json");
    let mut line = String::new();
    let mut out = BufReader::new(server.stdout.take().expect("a pipe"));
    out.read_line(&mut line).expect("the server speaks");
    let url: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let url = url["url"].as_str().expect("an address").to_owned();
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let run = place.started(INGOT, "run tiny@1 --json --threads 1");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (place, address) = (&place, &address);
            scope.spawn(move || {
                for _ in 0..5 {
                    let line = match number % 4 {
                        0 => "history tiny --json",
                        1 => "log --json --limit 5",
                        2 => "diff tiny@1 tiny.yaml",
                        _ => "show tiny@1 --json",
                    };
                    place.process(INGOT, line).exits(0);
                    let (status, _) = page(address, "/");
                    assert!(status.contains("200"), "{status}");
                }
                let text = stories::TINY.replace("A toy", &format!("Number {number}. A toy"));
                place.write(&format!("tiny-{number}.yaml"), text);
                place.process(INGOT, &format!("add tiny-{number}.yaml")).exits(0);
            });
        }
    });
    let run = stories::said(run.wait_with_output().expect("it ended")).exits(0);
    assert_eq!(run.last()["kind"], "run");
    let (status, body) = page(&address, "/runs");
    assert!(status.contains("200") && body.contains("tiny"), "{status}");
    let id = rustix::process::Pid::from_child(&server);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("a signal");
    assert_eq!(server.wait().expect("it ended").code(), Some(0));
    let versions = place.ingot("history tiny --json").exits(0).json();
    assert_eq!(versions.len(), 9, "eight adders at once, each with a version of its own");
    place.ingot("fsck").exits(0);
}
