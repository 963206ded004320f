//! Makes a function of every sentence in `nl.json` and `en.json`, so that a key that is missing, or that one language lacks, does not compile.
//!
//! `"card.files": "{n} files"` becomes `words::card_files(language, n)`; a key without `{…}` gives a `&'static str`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

type Words = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=nl.json\ncargo:rerun-if-changed=en.json");
    let read =
        |language: &str| -> Result<Words, Box<dyn std::error::Error>> { Ok(serde_json::from_str(&fs::read_to_string(format!("{language}.json"))?)?) };
    let (nl, en) = (read("nl")?, read("en")?);
    for key in nl.keys().chain(en.keys()) {
        if !nl.contains_key(key) || !en.contains_key(key) {
            return Err(format!("words/: {key} is in one language only").into());
        }
    }
    let mut code = String::new();
    for (key, dutch) in &nl {
        let english = &en[key];
        let names = placeholders(dutch);
        if names != placeholders(english) {
            return Err(format!("words/: {key} has other placeholders in English").into());
        }
        writeln!(code, "/// {}", dutch.replace('\n', " "))?;
        let name = key.replace(['.', '-'], "_");
        if names.is_empty() {
            writeln!(
                code,
                "pub fn {name}(language: Language) -> &'static str {{ match language {{ Language::Nl => {dutch:?}, Language::En => {english:?} }} }}"
            )?;
        } else {
            let arguments: String = names.iter().map(|n| format!(", {n}: impl std::fmt::Display")).collect();
            writeln!(
                code,
                "pub fn {name}(language: Language{arguments}) -> String {{ match language {{ Language::Nl => format!({dutch:?}), Language::En => format!({english:?}) }} }}"
            )?;
        }
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("words.rs"), code)?;
    Ok(())
}

/// The names between braces, sorted, once each.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
