//! Makes a function of every sentence in `nl.json` and `en.json`, so that a key that is missing, or that one language lacks, does not compile.
//!
//! `"remove_file": "Remove {name}"` becomes `i18n::remove_file(language, name)`; a key without `{…}` gives a `&'static str`.
//! `"people_count": { "one": "{count} person", "other": "{count} people" }` becomes `i18n::people_count(language, count)`, with the number written as the language does.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

#[derive(Deserialize)]
#[serde(untagged)]
enum Sentence {
    Plain(String),
    Counted(Counted),
}

/// A sentence that counts: of one, and of any other number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    one: String,
    other: String,
}

type Words = BTreeMap<String, Sentence>;
type Fault = Box<dyn std::error::Error>;

fn main() -> Result<(), Fault> {
    println!("cargo:rerun-if-changed=nl.json\ncargo:rerun-if-changed=en.json");
    let read = |language: &str| -> Result<Words, Fault> { Ok(serde_json::from_str(&fs::read_to_string(format!("{language}.json"))?)?) };
    let (nl, en) = (read("nl")?, read("en")?);
    for key in nl.keys().chain(en.keys()) {
        if !nl.contains_key(key) || !en.contains_key(key) {
            return Err(format!("i18n/: {key} is in one language only").into());
        }
    }
    let mut code = String::new();
    for (key, dutch) in &nl {
        match (dutch, &en[key]) {
            (Sentence::Plain(dutch), Sentence::Plain(english)) => plain(&mut code, key, dutch, english)?,
            (Sentence::Counted(dutch), Sentence::Counted(english)) => counted(&mut code, key, dutch, english)?,
            _ => return Err(format!("i18n/: {key} counts in one language only").into()),
        }
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("words.rs"), code)?;
    Ok(())
}

fn plain(code: &mut String, key: &str, dutch: &str, english: &str) -> Result<(), Fault> {
    let names = placeholders(dutch);
    // Sorted by name they are the arguments: two of one letter are swapped without a word.
    if let Some(name) = names.iter().find(|name| name.len() < 2) {
        return Err(format!("i18n/: {key} has a placeholder that says nothing, {{{name}}}").into());
    }
    if names != placeholders(english) {
        return Err(format!("i18n/: {key} has other placeholders in English").into());
    }
    let name = begin(code, key, dutch)?;
    if names.is_empty() {
        writeln!(
            code,
            "pub fn {name}(language: Language) -> &'static str {{ match language {{ Language::Nl => {dutch:?}, Language::En => {english:?} }} }}"
        )?;
    } else {
        let arguments = arguments(&names);
        writeln!(
            code,
            "pub fn {name}(language: Language{arguments}) -> String {{ match language {{ Language::Nl => format!({dutch:?}), Language::En => format!({english:?}) }} }}"
        )?;
    }
    Ok(())
}

/// The expression that makes a sentence: of one there may be nothing to fill in.
fn filled(sentence: &str) -> String {
    if placeholders(sentence).is_empty() { format!("{sentence:?}.to_owned()") } else { format!("format!({sentence:?})") }
}

fn counted(code: &mut String, key: &str, dutch: &Counted, english: &Counted) -> Result<(), Fault> {
    let mut names = placeholders(&dutch.other);
    if names != placeholders(&english.other) || !names.remove("count") {
        return Err(format!("i18n/: {key} needs {{count}}, and the same placeholders in both languages").into());
    }
    for one in [&dutch.one, &english.one] {
        if placeholders(one).iter().any(|name| *name != "count" && !names.contains(name)) {
            return Err(format!("i18n/: {key} has a placeholder for one that it has not for others").into());
        }
    }
    let (name, arguments) = (begin(code, key, &dutch.other)?, arguments(&names));
    writeln!(
        code,
        "pub fn {name}(language: Language, count: i64{arguments}) -> String {{ let (is_one, count) = (count == 1, number(count, language)); match (language, is_one) {{ \
         (Language::Nl, true) => {}, (Language::Nl, false) => {}, (Language::En, true) => {}, (Language::En, false) => {} }} }}",
        filled(&dutch.one),
        filled(&dutch.other),
        filled(&english.one),
        filled(&english.other)
    )?;
    Ok(())
}

/// Writes the sentence above its function; gives the function's name.
fn begin(code: &mut String, key: &str, dutch: &str) -> Result<String, Fault> {
    writeln!(code, "/// {}", dutch.replace('\n', " "))?;
    Ok(key.replace(['.', '-'], "_"))
}

fn arguments(names: &BTreeSet<&str>) -> String {
    names.iter().map(|name| format!(", {name}: impl std::fmt::Display")).collect()
}

/// The names between braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}
