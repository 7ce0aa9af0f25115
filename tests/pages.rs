//! The pages in a real browser: headless Chromium, driven through WebDriver.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first line of a process's output that holds a text.
fn line_with(child: &mut Child, wanted: &str) -> String {
    let out = child.stdout.take().expect("a pipe");
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    lines.into_iter().find(|line| line.contains(wanted)).expect("the line")
}

fn served(place: &Place) -> (Running, String) {
    let mut server = place.started(INGOT, "serve --address 127.0.0.1:0 --json");
    let line = line_with(&mut server, "url");
    let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let url = said["url"].as_str().expect("an address").to_owned();
    (Running(server), url)
}

async fn browser() -> (Running, Client) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver is installed; `tests/run` does that");
    let line = line_with(&mut driver, "was started successfully on port");
    let port: String = line.chars().filter(char::is_ascii_digit).collect();
    let options = serde_json::json!({"args": [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=1200,1600",
    ]});
    let mut capabilities = Capabilities::new();
    capabilities.insert("goog:chromeOptions".into(), options);
    let address = format!("http://127.0.0.1:{port}");
    let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
    let client = builder.capabilities(capabilities).connect(&address).await.expect("a browser");
    (Running(driver), client)
}

/// A registry with two recipes and a rebuilt run, served, and a browser that looks at it.
struct Desk {
    client: Client,
    url: String,
    run: String,
    _running: [Running; 2],
    _place: Place,
}

impl Desk {
    async fn open() -> Desk {
        let place = Place::with_tiny_recipe();
        let run = place.ingot("run tiny.yaml --json").exits(0).last();
        place.ingot("rebuild tiny").exits(0);
        place.write("tiny.yaml", stories::TINY.replace("peak: 3.0e-3", "peak: 6.0e-3"));
        place.ingot("add tiny.yaml").exits(0);
        let (server, url) = served(&place);
        let (driver, client) = browser().await;
        let run = run["id"].as_str().expect("an id").trim_start_matches("sha256:").to_owned();
        Desk { client, url, run, _running: [server, driver], _place: place }
    }

    async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.url)).await.expect("a page");
    }

    /// Types into a field of the page's forms.
    async fn enter(&self, field: &str, words: &str) {
        let field = self.client.find(Locator::Css(field)).await.expect("a field");
        field.clear().await.expect("cleared");
        field.send_keys(words).await.expect("typed");
    }

    /// Presses what leads to another page, and waits until the old page is gone.
    async fn press(&self, button: &str) {
        let old = self.client.find(Locator::Css("body")).await.expect("a page");
        let button = self.client.find(Locator::Css(button)).await.expect("a button");
        button.click().await.expect("pressed");
        for _ in 0..500 {
            if old.tag_name().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("ten seconds after the press the page is the same");
    }

    /// The text of a part of the page.
    async fn reads(&self, part: &str) -> String {
        let part = self.client.find(Locator::Css(part)).await.expect("a part of the page");
        part.text().await.expect("a text")
    }

    async fn close(self) {
        self.client.clone().close().await.expect("closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_found_from_the_overview_and_shows_all_of_its_record() {
    let desk = Desk::open().await;
    desk.go("").await;
    desk.press(&format!("a[href$='/runs/{}']", desk.run)).await;
    let page = desk.reads("body").await;
    for wanted in ["reproduced", "gather stories", "held-out-loss@1", "why documents were dropped"]
    {
        assert!(page.contains(wanted), "`{wanted}` on the run's page:\n{page}");
    }
    desk.client.find(Locator::Css("svg")).await.expect("a loss curve");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_look_up_box_leads_to_a_recipe_and_to_a_digest() {
    let desk = Desk::open().await;
    desk.go("trail").await;
    desk.enter("#find", "tiny").await;
    desk.press("form.find button").await;
    assert!(desk.reads("main").await.contains("tiny@2"), "the recipe's page has its history");
    desk.enter("#find", &desk.run[..8]).await;
    desk.press("form.find button").await;
    assert!(desk.reads("h1").await.contains(&desk.run[..8]));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_recipes_are_compared_through_the_form() {
    let desk = Desk::open().await;
    desk.go("diff").await;
    desk.enter("#recipe0", "tiny@1").await;
    desk.enter("#recipe1", "tiny@2").await;
    desk.press("main form button").await;
    let page = desk.reads("main").await;
    assert!(page.contains("learning rate peak") && page.contains("×2"), "{page}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_filtered_and_its_entries_open() {
    let desk = Desk::open().await;
    desk.go("trail?action=recipe").await;
    let table = desk.reads("main table").await;
    assert!(table.contains("recipe.added") && !table.contains("run.step"), "{table}");
    desk.press("main table a").await;
    assert!(desk.reads("main").await.contains("recipe.added"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_documents_fate_is_found_from_its_runs_page() {
    let desk = Desk::open().await;
    desk.go(&format!("runs/{}", desk.run)).await;
    assert!(desk.reads("#documents").await.contains("24 gathered"));
    desk.enter("#document", "story-003.txt").await;
    desk.press("main form button").await;
    let page = desk.reads("main").await;
    for wanted in ["story-003.txt", "trained on", "Text as gathered", "Story 3."] {
        assert!(page.contains(wanted), "`{wanted}` on the document's page:\n{page}");
    }
    desk.go(&format!("runs/{}", desk.run)).await;
    desk.press("td a[href$='/steps/3'], th a[href$='/steps/3']").await;
    assert!(desk.reads("h1").await.contains("clean 2 filter.length@1"));
    desk.client.find(Locator::Css("svg rect.kept")).await.expect("a spread");
    assert!(desk.reads("figcaption").await.contains("limit 100"));
    desk.close().await;
}
