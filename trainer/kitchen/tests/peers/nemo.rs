//! NeMo Curator's cases: filters with the places that stay, modifiers, extractors of HTML, and the
//! stages that carry a modifier out over a table.

use recipes::import::Tool;
use serde_json::{Map, Value, json};

use super::{Settings, Verdict, carried_out, named, object, same, same_number, step, steps, texts};

/// Languages without spaces, of which it keeps every paragraph.
const WITHOUT_SPACES: [&str; 4] = ["CHINESE", "JAPANESE", "KOREAN", "THAI"];

/// What is about the tool itself, by the front of the case's name.
const APART: [(&str, &str); 8] = [
    ("DocumentSplitter.inputs", "names of the tool's own fields"),
    ("DocumentSplitter.outputs", "names of the tool's own fields"),
    ("DocumentSplitter.validate", "what the tool's own table needs"),
    ("DocumentSplitter", "no step makes two documents of one"),
    ("DocumentJoiner.inputs", "names of the tool's own fields"),
    ("DocumentJoiner.outputs", "names of the tool's own fields"),
    ("DocumentJoiner", "no step makes one document of two"),
    ("_normalize_", "how the tool reads its own arguments"),
];

pub fn judged(case: &Value, name: &str) -> Result<Verdict, Verdict> {
    if let Some((_, reason)) = APART.iter().find(|(front, _)| name.starts_with(front)) {
        return Err(Verdict::Unclaimed((*reason).into()));
    }
    let (class, method) = name.split_once('.').unwrap_or((name, ""));
    match (class, method) {
        ("regex_url", "findall") => links(case),
        ("PerExtensionFilter", "_line_statistics") => line_statistics(case),
        ("CommonCrawlWARCExtractor", _) => page(case),
        (_, "extract_text") => extracted(case, class),
        ("Modify", _) => modified(case),
        ("FakeLangId", _) => Err(Verdict::Unclaimed("languages that the test makes up".into())),
        _ => filter(case, name, class, method),
    }
}

fn filter(case: &Value, name: &str, class: &str, method: &str) -> Result<Verdict, Verdict> {
    let names: &[&str] = match class {
        "SubstringFilter" => &["substring", "position"],
        "LineRemover" => &["patterns"],
        _ => &[],
    };
    let mut settings = named(names, &case["params"], 0);
    if case["params"]["kwargs"].is_null() && case["params"]["args"].is_null() {
        settings = object(&case["params"]);
    }
    let steps = steps(Tool::Nemo, class, &settings)?;
    if case["rel"] == "kept_indices ==" {
        let left = carried_out(&steps, &texts(&case["input"]));
        let kept: Vec<usize> = left
            .iter()
            .enumerate()
            .filter_map(|(at, left)| left.text.as_ref().map(|_| at))
            .collect();
        return Ok(same(json!(kept), case["expected"].clone()));
    }
    let mut input = &case["input"]["args"][0];
    if input["$call"].is_object() {
        input = &input["args"][0];
    }
    let Some(text) = input.as_str() else {
        return Err(Verdict::Unclaimed(format!("{name}: it is about the tool's own tables")));
    };
    let left = carried_out(&steps, &[text]);
    match (method, case["rel"].as_str()) {
        ("modify_document", _) => Ok(same(left[0].text.as_deref(), case["expected"].as_str())),
        ("score_document", _) => {
            Ok(same_number(left[0].value, case["expected"].as_f64().unwrap_or(-1.0)))
        }
        ("keep_document", Some(rel)) => Ok(same(left[0].text.is_some(), rel == "truthy")),
        _ => Err(Verdict::Unclaimed(format!("{name}: it is about the tool's own values"))),
    }
}

/// The links of a text, by their characters.
fn links(case: &Value) -> Result<Verdict, Verdict> {
    let text = case["input"]["args"][0].as_str().unwrap_or_default();
    let found: usize = texts(&case["expected"]).iter().map(|link| link.chars().count()).sum();
    let steps = steps(Tool::Nemo, "UrlsFilter", &Settings::new())?;
    let wanted = found as f64 / text.chars().count() as f64;
    Ok(same_number(carried_out(&steps, &[text])[0].value, wanted))
}

/// The longest and the mean line.
fn line_statistics(case: &Value) -> Result<Verdict, Verdict> {
    let text = case["input"]["args"][0].as_str().unwrap_or_default();
    for (at, measure) in ["longest-line", "mean-line-length"].iter().enumerate() {
        let step = step(&format!("filter.{measure}@1: {{profile: nemo}}"))?;
        let value = carried_out(&[step], &[text])[0].value;
        let verdict = same_number(value, case["expected"][at].as_f64().unwrap_or(-1.0));
        if verdict != Verdict::Same {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Same)
}

/// A page's main text as paragraphs.
fn main_text(class: &str, settings: &Settings, page: &str, whole: bool) -> Result<String, Verdict> {
    let steps = steps(Tool::Nemo, class, settings)?;
    let profile = if class == "JusTextExtractor" { "justext" } else { "resiliparse" };
    let steps = match whole {
        true => {
            vec![step(&format!("text.main-content@1: {{profile: {profile}, common_words: []}}"))?]
        }
        false => steps,
    };
    Ok(carried_out(&steps, &[page])[0].text.clone().unwrap_or_default())
}

fn extracted(case: &Value, class: &str) -> Result<Verdict, Verdict> {
    let mut settings = object(&case["params"]["kwargs"]);
    let whole = settings.remove("is_boilerplate").is_some_and(|only| only == json!(false));
    let language = case["input"]["args"][2].as_str().unwrap_or("ENGLISH");
    let whole = whole || WITHOUT_SPACES.contains(&language);
    if !whole && language != "ENGLISH" {
        return Err(Verdict::Unclaimed(format!("common words of {language} are not known here")));
    }
    let page = case["input"]["args"][0].as_str().unwrap_or_default();
    let text = main_text(class, &settings, page, whole)?;
    let paragraphs: Vec<&str> = text.split("\n\n").filter(|one| !one.is_empty()).collect();
    Ok(same(json!(paragraphs), case["expected"].clone()))
}

/// A page as bytes, of which the extractor makes a text.
fn page(case: &Value) -> Result<Verdict, Verdict> {
    if case["accessor"] != "['text']" {
        return Err(Verdict::Unclaimed("names of the tool's own fields".into()));
    }
    let hex = case["input"]["args"][0]["$bytes_hex"].as_str().unwrap_or_default();
    let digits: Vec<u8> =
        hex.bytes().filter_map(|digit| (digit as char).to_digit(16)).map(|d| d as u8).collect();
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let class = case["params"]["kwargs"]["algorithm"]["$call"].as_str().unwrap_or_default();
    let text = main_text(class, &Map::new(), &String::from_utf8_lossy(&bytes), false)?;
    let wanted = case["expected"].as_str().unwrap_or_default();
    Ok(same(text.contains(wanted), case["rel"] == "contains"))
}

/// A modifier over a table; what comes out is sorted there.
fn modified(case: &Value) -> Result<Verdict, Verdict> {
    let modifier = &case["params"]["args"][0];
    let class = modifier["$call"].as_str().unwrap_or_default();
    let steps = steps(Tool::Nemo, class, &object(&modifier["kwargs"]))?;
    let Some(column) = column(&case["input"]).or_else(|| column(&case["middle_calls"])) else {
        return Err(Verdict::Unclaimed("it is about the tool's own tables".into()));
    };
    let left = carried_out(&steps, &texts(column));
    let mut found: Vec<String> = left.into_iter().filter_map(|left| left.text).collect();
    let mut wanted: Vec<&str> = texts(&case["expected"]);
    found.sort();
    wanted.sort_unstable();
    Ok(same(json!(found), json!(wanted)))
}

/// The texts of the first table in a value.
fn column(value: &Value) -> Option<&Value> {
    match value {
        Value::Object(members) => {
            let own = members.get("text").filter(|texts| texts.is_array());
            own.or_else(|| members.values().find_map(column))
        }
        Value::Array(items) => items.iter().find_map(column),
        _ => None,
    }
}
