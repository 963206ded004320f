//! What is written down twice is the same.

use std::path::Path;

#[test]
fn leptos_toml_says_what_cargo_toml_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |name: &str| -> toml::Table { toml::from_str(&std::fs::read_to_string(root.join(name)).unwrap()).unwrap() };
    let options = |table: &toml::Table| table["workspace"]["metadata"]["leptos"][0].as_table().unwrap().clone();
    let (build, run) = (options(&read("Cargo.toml")), options(&read("Leptos.toml")));
    for (key, value) in &run {
        assert_eq!(build.get(key), Some(value), "{key}");
    }
}

#[test]
fn every_setting_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let docs = std::fs::read_to_string(root.join("docs/operations.md")).unwrap();
    let source = std::fs::read_to_string(root.join("server/src/config.rs")).unwrap();
    for name in source.split('"').filter(|word| word.starts_with("BALIE_") && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')) {
        let is_of_the_build =
            ["BALIE_TOOLS", "BALIE_PG_BIN", "BALIE_MAIL_SERVERS", "BALIE_CORPUS", "BALIE_URL", "BALIE_LISTNE", "BALIE_"].contains(&name);
        assert!(is_of_the_build || docs.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_link_and_picture_of_the_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/operations.md", "docs/benchmarks.md"] {
        let document = root.join(name);
        let text = std::fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            assert!(document.parent().unwrap().join(path).exists(), "{name}: {link}");
        }
    }
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.matches("](docs/pictures/").count() >= 3 && readme.contains("make run"));
    let ci = std::fs::read_to_string(root.join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line.trim() == "make test"), "CI runs what a person runs");
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for heading in ["## Invariants", "## A customer opens a ticket", "## An agent moves a card"] {
        assert!(architecture.contains(heading), "{heading}");
    }
}
