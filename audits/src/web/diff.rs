//! Two or more recipes side by side, by their five parts; only differences unless `all` is asked.

use std::collections::BTreeMap;

use axum::http::Uri;
use maud::{Markup, html};
use recipes::diff::{Change, Diff, PARTS};
use recipes::{Digest, Pinned};
use registry::{Registry, Resolved, RunRecord};
use serde_json::Value;

use super::asked::Asked;
use super::data;
use super::failure::Failure;
use super::find::unresolved;
use super::frame::{Page, Section};
use super::pieces::{brief, digest, nothing, version};
use super::tongue::Tongue;
use crate::figures::count;

/// Recipes on one page, at most.
const RECIPES_MAX: usize = 6;
/// Names that the form proposes, at most.
const PROPOSED: usize = 200;

/// One of the recipes that are compared.
struct Side {
    name: String,
    number: u64,
    digest: Digest,
    pinned: Pinned,
    /// The run that was named, else the newest finished one.
    run: Option<RunRecord>,
}

impl Side {
    fn label(&self) -> String {
        format!("{}@{}", self.name, self.number)
    }
}

/// Compares the chosen recipes, or lets choose.
pub fn page(registry: &Registry, t: Tongue, uri: &Uri) -> Result<Page, Failure> {
    let asked = Asked::read(uri, &["recipe", "all"])?;
    let chosen = asked.all("recipe");
    let all = asked.one("all")?.is_some();
    if chosen.len() > RECIPES_MAX {
        let found = chosen.len();
        return Err(Failure::Bad(format!("{found} recipes, wanted at most {RECIPES_MAX}")));
    }
    let form = form(registry, t, &chosen, all)?;
    if chosen.len() < 2 {
        let body = html! {
            p.lead {
                (t.say("Choose two or more recipes: a name, a name with its version, a run or \
                    a digest."))
            }
            (form)
        };
        return Ok(Page::new(Section::Diff, t.say("Compare recipes"), body));
    }
    let mut sides = Vec::new();
    for text in &chosen {
        sides.push(side(registry, text)?);
    }
    let labels: Vec<String> = sides.iter().map(Side::label).collect();
    let named: Vec<(&str, &Pinned)> =
        labels.iter().map(String::as_str).zip(sides.iter().map(|side| &side.pinned)).collect();
    let diff = recipes::diff(&named, all);
    let body = html! {
        (form)
        @if diff.is_empty() {
            p.lead { (t.say("No difference: these recipes say the same.")) }
        }
        @if !diff.is_empty() || all {
            (parts(t, &sides, &diff))
        }
        @for pair in sides.windows(2) {
            @if let (Some(before), Some(after)) = (&pair[0].run, &pair[1].run) {
                (data::section(registry, t, before, after, all)?)
            }
        }
    };
    let title = labels.join(" → ");
    Ok(Page::new(Section::Diff, title, body).over(t.say("Difference between recipes")))
}

fn side(registry: &Registry, text: &str) -> Result<Side, Failure> {
    let mut run = None;
    let digest = match registry.resolve(text).map_err(unresolved)? {
        Resolved::Recipe(version) => version.digest,
        Resolved::Object(digest) => digest,
        Resolved::Run(id) => {
            run = Some(registry.run(&id)?.ok_or_else(|| Failure::nothing("run", text))?);
            run.as_ref().map_or(id, |run| run.summary.recipe)
        }
        Resolved::Blob(_) => return Err(Failure::nothing("recipe", text)),
    };
    if run.is_none() {
        run = registry.newest_finished(&digest)?;
    }
    let version = registry.version_of(&digest)?.ok_or_else(|| Failure::nothing("recipe", text))?;
    let pinned = registry.pinned(&digest)?;
    Ok(Side { name: version.name, number: version.number, digest, pinned, run })
}

fn form(registry: &Registry, t: Tongue, chosen: &[&str], all: bool) -> Result<Markup, Failure> {
    let mut names = registry.names()?;
    names.sort_by_key(|version| std::cmp::Reverse(version.event));
    names.truncate(PROPOSED);
    let fields = (chosen.len() + 1).clamp(2, RECIPES_MAX);
    Ok(html! {
        form.filters action="/diff" method="get" {
            @for i in 0..fields {
                div {
                    label for={ "recipe" (i) } { (t.fill("Recipe {}", &[&(i + 1)])) }
                    input id={ "recipe" (i) } name="recipe" list="names" maxlength="80"
                        value=[chosen.get(i)] autocomplete="off" spellcheck="false";
                }
            }
            datalist #names {
                @for latest in &names { option value={ (latest.name) "@" (latest.number) } {} }
            }
            div.check {
                input #all type="checkbox" name="all" value="1" checked[all];
                label for="all" { (t.say("also what is the same")) }
            }
            button { (t.say("Compare")) }
        }
    })
}

/// Part, path, whether it says that something came or went, and how many such came before.
type Key<'d> = (&'static str, &'d str, bool, usize);

/// One line of the table: what it is about, and its value in each recipe.
struct Row<'d> {
    key: Key<'d>,
    /// What changed, and on the way to which recipe.
    words: Vec<(&'d str, &'d str)>,
    values: Vec<Option<&'d Value>>,
    same: bool,
}

/// Lays the changes of neighbouring recipes out by what they are about.
fn rows<'d>(diff: &'d Diff) -> Vec<Row<'d>> {
    let columns = diff.comparisons.len() + 1;
    let mut rows: Vec<Row> = Vec::new();
    let mut places: BTreeMap<Key, usize> = BTreeMap::new();
    for (column, comparison) in diff.comparisons.iter().enumerate() {
        let mut repeats: BTreeMap<Key, usize> = BTreeMap::new();
        for change in &comparison.changes {
            let mut key = (change.part, change.path.as_str(), is_presence(change), 0);
            let repeat = repeats.entry(key).or_default();
            key.3 = *repeat;
            *repeat += 1;
            let place = *places.entry(key).or_insert_with(|| {
                rows.push(Row { key, words: Vec::new(), values: vec![None; columns], same: true });
                rows.len() - 1
            });
            let row = &mut rows[place];
            row.values[column] = Some(&change.before);
            row.values[column + 1] = Some(&change.after);
            if !change.same {
                row.same = false;
                row.words.push((&comparison.to, &change.words));
            }
        }
    }
    for row in &mut rows {
        spread(&mut row.values);
    }
    rows
}

/// Whether a change says that something came or went, and not that a value changed.
fn is_presence(change: &Change) -> bool {
    let whole = |value: &Value| value.is_null() || value.is_object();
    whole(&change.before) && whole(&change.after)
}

/// What no comparison mentions is as in the recipe beside it.
fn spread(values: &mut [Option<&Value>]) {
    for i in 1..values.len() {
        values[i] = values[i].or(values[i - 1]);
    }
    for i in (1..values.len()).rev() {
        values[i - 1] = values[i - 1].or(values[i]);
    }
}

fn parts(t: Tongue, sides: &[Side], diff: &Diff) -> Markup {
    let rows = rows(diff);
    html! {
        @for part in PARTS {
            @let of_part: Vec<&Row> = rows.iter().filter(|row| row.key.0 == part).collect();
            @if !of_part.is_empty() || part != "recipe" {
                section aria-labelledby=(part) {
                    h2 id=(part) { (title(t, part)) }
                    @if of_part.is_empty() { (nothing(t.say("No difference."))) }
                    @else { (table(t, part, sides, &of_part)) }
                }
            }
        }
    }
}

fn title(t: Tongue, part: &'static str) -> &'static str {
    match part {
        "recipe" => t.say("Name and summary"),
        "formula" => t.say("Data formula"),
        "cleaning" => t.say("Cleaning"),
        "hyperparameters" => t.say("Hyperparameters"),
        "process" => t.say("Process"),
        "quality" => t.say("Quality bars"),
        other => other,
    }
}

fn table(t: Tongue, part: &'static str, sides: &[Side], rows: &[&Row]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(title(t, part)) tabindex="0" {
            table.diff {
                thead {
                    tr {
                        th scope="col" { (t.say("Change")) }
                        @for side in sides {
                            th scope="col" {
                                (version(&side.name, side.number)) " " (digest(&side.digest))
                            }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr.same[row.same] {
                            th scope="row" { (heading(row)) }
                            @for i in 0..row.values.len() { td { (cell(&row.values, i)) } }
                        }
                    }
                }
            }
        }
    }
}

fn heading(row: &Row) -> Markup {
    html! {
        @for (to, words) in &row.words {
            div {
                @if row.values.len() > 2 { span.quiet { "→ " (brief(to)) ": " } }
                (brief(words))
            }
        }
        @if row.words.is_empty() { (brief(&row.key.1.replace('_', " "))) }
    }
}

/// A value; marked where it differs from the recipe beside it.
fn cell(values: &[Option<&Value>], i: usize) -> Markup {
    let text = brief(&values[i].map_or_else(|| "–".to_owned(), written));
    let left = i > 0 && values[i] != values[i - 1];
    let right = i == 0 && values.len() == 2 && values[i] != values[i + 1];
    match (left, right) {
        (true, _) => html! { ins { (text) } },
        (_, true) => html! { del { (text) } },
        _ => text,
    }
}

/// A value as people write it.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(n), _) => count(n),
            (None, Some(x)) if x != 0.0 && x.abs() < 0.01 => format!("{x:e}"),
            _ => number.to_string(),
        },
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| match value {
                Value::Null => key.replace('_', " "),
                value => format!("{} {}", key.replace('_', " "), written(value)),
            });
            members.collect::<Vec<_>>().join(" · ").trim().to_owned()
        }
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recipes::diff::Comparison;
    use serde_json::json;

    fn change(path: &str, before: Value, after: Value) -> Change {
        let same = before == after;
        let words = format!("{path} changed");
        Change { part: "process", path: path.into(), before, after, words, same }
    }

    fn comparison(changes: Vec<Change>) -> Comparison {
        Comparison { from: "a".into(), to: "b".into(), changes }
    }

    #[test]
    fn a_value_that_stays_is_shown_under_every_recipe() {
        let later = comparison(vec![change("seed", json!("1"), json!("2"))]);
        let diff = Diff { comparisons: vec![comparison(vec![]), later] };
        let rows = rows(&diff);
        let shown: Vec<String> = rows[0].values.iter().flatten().map(|v| written(v)).collect();
        assert_eq!(shown, ["1", "1", "2"]);
        assert_eq!(cell(&rows[0].values, 1).into_string(), "<bdi>1</bdi>");
        assert_eq!(cell(&rows[0].values, 2).into_string(), "<ins><bdi>2</bdi></ins>");
    }

    #[test]
    fn a_move_and_a_removal_of_one_name_are_two_rows() {
        let changes = vec![
            change("step a", json!({"a": {}}), Value::Null),
            change("step a", json!(3), json!(1)),
            change("step a", json!({"a": {}}), Value::Null),
        ];
        let diff = Diff { comparisons: vec![comparison(changes)] };
        assert_eq!(rows(&diff).len(), 3);
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        assert_eq!(written(&json!({"filter": {"chars_min": 2000}})), "filter chars min 2,000");
        assert_eq!(written(&json!(3e-4)), "3e-4");
        assert_eq!(written(&json!(["email", "ip"])), "email, ip");
    }
}
