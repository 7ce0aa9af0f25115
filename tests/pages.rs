//! The pages in a real browser: headless Chromium, driven through WebDriver.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

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

async fn text(client: &Client) -> String {
    client.find(Locator::Css("body")).await.expect("a body").text().await.expect("a text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_finds_recipe_run_diff_and_trail() {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    place.ingot("rebuild tiny").exits(0);
    let other = stories::TINY.replace("peak: 3.0e-3", "peak: 6.0e-3");
    place.write("tiny.yaml", other);
    place.ingot("add tiny.yaml").exits(0);
    let (_server, url) = served(&place);
    let (_driver, client) = browser().await;

    client.goto(&url).await.expect("a page");
    assert!(text(&client).await.contains("tiny"), "the overview names the recipe");

    let id = run["id"].as_str().expect("an id").trim_start_matches("sha256:").to_owned();
    client.goto(&format!("{url}runs/{id}")).await.expect("a page");
    let page = text(&client).await;
    for wanted in ["reproduced", "gather stories", "held-out-loss@1"] {
        assert!(page.contains(wanted), "`{wanted}` on the run's page:\n{page}");
    }
    client.find(Locator::Css("svg")).await.expect("a loss curve");

    client.goto(&format!("{url}recipes/tiny")).await.expect("a page");
    assert!(text(&client).await.contains("tiny@2"), "the recipe's page has its history");

    client.goto(&format!("{url}diff?recipe=tiny%401&recipe=tiny%402")).await.expect("a page");
    let page = text(&client).await;
    assert!(page.contains("learning rate peak"), "{page}");

    client.goto(&format!("{url}trail?action=recipe")).await.expect("a page");
    let table = client.find(Locator::Css("main table")).await.expect("a table");
    let table = table.text().await.expect("a text");
    assert!(table.contains("recipe.added") && !table.contains("run.step"), "{table}");
    client.close().await.expect("closed");
}
