//! The pages in a real browser: headless Chromium, driven through WebDriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use stories::Place;
use stories::serving::Serving;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// A browser's driver: both end with the story, however it ends.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

struct Browser {
    client: Client,
    _driver: Driver,
}

impl Browser {
    /// Opens a browser that keeps its files in a folder.
    async fn open(folder: &Path) -> Browser {
        // In a group of its own, which the browser stays in: both end together.
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut driver = Driver(driver.expect("chromedriver is installed; `tests/run` does that"));
        let out = driver.0.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let started = lines.find(|line| line.contains("was started successfully on port"));
        let port: String = started.expect("a port").chars().filter(char::is_ascii_digit).collect();
        let options = serde_json::json!({"args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--window-size=1200,1600", format!("--user-data-dir={}", folder.display()),
        ]});
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        let address = format!("http://127.0.0.1:{port}");
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let mut builder = ClientBuilder::new(connector);
        let client = builder.capabilities(capabilities).connect(&address).await;
        Browser { client: client.expect("a browser"), _driver: driver }
    }
}

/// A registry with two recipes and a rebuilt run, served, and a browser that looks at it.
struct Desk {
    browser: Browser,
    server: Serving,
    run: String,
    _place: Place,
}

impl Desk {
    async fn open() -> Desk {
        let place = Place::with_tiny_recipe();
        let run = place.ingot("run tiny.yaml --json").exits(0).last();
        place.ingot("rebuild tiny").exits(0);
        place.write("tiny.yaml", stories::TINY.replace("peak: 3.0e-3", "peak: 6.0e-3"));
        place.ingot("add tiny.yaml").exits(0);
        let server = Serving::of(&place, INGOT);
        let browser = Browser::open(&place.file("browser")).await;
        let run = run["id"].as_str().expect("an id").trim_start_matches("sha256:").to_owned();
        Desk { browser, server, run, _place: place }
    }

    async fn go(&self, path: &str) {
        self.browser.client.goto(&format!("{}{path}", self.server.url)).await.expect("a page");
    }

    /// Types into a field of the page's forms.
    async fn enter(&self, field: &str, words: &str) {
        let field = self.browser.client.find(Locator::Css(field)).await.expect("a field");
        field.clear().await.expect("cleared");
        field.send_keys(words).await.expect("typed");
    }

    /// Presses what leads to another page, and waits until the old page is gone.
    async fn press(&self, button: &str) {
        let old = self.browser.client.find(Locator::Css("body")).await.expect("a page");
        let button = self.browser.client.find(Locator::Css(button)).await.expect("a button");
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
        let part = self.browser.client.find(Locator::Css(part)).await.expect("a part of the page");
        part.text().await.expect("a text")
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
    desk.browser.client.find(Locator::Css("svg")).await.expect("a loss curve");
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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_is_filtered_and_its_entries_open() {
    let desk = Desk::open().await;
    desk.go("trail?action=recipe").await;
    let table = desk.reads("main table").await;
    assert!(table.contains("recipe.added") && !table.contains("run.step"), "{table}");
    desk.press("main table a").await;
    assert!(desk.reads("main").await.contains("recipe.added"));
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
    desk.browser.client.find(Locator::Css("svg rect.kept")).await.expect("a spread");
    assert!(desk.reads("figcaption").await.contains("limit 100"));
}

/// Whether some process was started with this text among its words.
fn is_running(words: &str) -> bool {
    let all = std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let mut lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(words))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_browser_outlives_a_story_that_fails() {
    let place = Place::new();
    let folder = place.file("browser");
    let words = folder.to_str().expect("text").to_owned();
    let story = tokio::spawn(async move {
        let browser = Browser::open(&folder).await;
        assert!(is_running(folder.to_str().expect("text")));
        browser.client.find(Locator::Css("#nothing")).await.expect("no such part");
    });
    assert!(story.await.is_err_and(|error| error.is_panic()));
    for _ in 0..500 {
        if !is_running(&words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("ten seconds after its story failed the browser still runs");
}
