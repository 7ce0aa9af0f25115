//! A server, a run and eight commands at once on one registry: all of them work.

use stories::Place;
use stories::serving::Serving;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

#[test]
fn a_server_a_run_and_eight_commands_share_one_registry() {
    let place = Place::with_tiny_recipe();
    place.ingot("add tiny.yaml").exits(0);
    let server = Serving::of(&place, INGOT);
    let run = place.started(INGOT, "run tiny@1 --json --threads 1");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (place, server) = (&place, &server);
            scope.spawn(move || {
                for _ in 0..5 {
                    let line = match number % 4 {
                        0 => "history tiny --json",
                        1 => "log --json --limit 5",
                        2 => "diff tiny@1 tiny.yaml",
                        _ => "show tiny@1 --json",
                    };
                    place.process(INGOT, line).exits(0);
                    let page = server.page("/");
                    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
                }
                let text = stories::TINY.replace("A toy", &format!("Number {number}. A toy"));
                place.write(&format!("tiny-{number}.yaml"), text);
                place.process(INGOT, &format!("add tiny-{number}.yaml")).exits(0);
            });
        }
    });
    let run = stories::said(run.wait_with_output().expect("it ended")).exits(0);
    assert_eq!(run.last()["kind"], "run");
    let page = server.page("/runs");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("tiny"), "{page}");
    assert_eq!(server.interrupted(), Some(0));
    let versions = place.ingot("history tiny --json").exits(0).json();
    assert_eq!(versions.len(), 9, "eight adders at once, each with a version of its own");
    place.ingot("fsck").exits(0);
}
