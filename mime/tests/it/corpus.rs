use std::path::Path;

/// The real mails in the folder that `BALIE_CORPUS` names.
pub(crate) fn mails() -> Vec<(String, Vec<u8>)> {
    let mut found = vec![];
    if let Some(folder) = std::env::var_os("BALIE_CORPUS") {
        gather(&Path::new(&folder).join("email-replies"), &mut found);
    }
    found.sort();
    found
}

fn gather(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn real_mails_are_read_with_a_sender_a_subject_and_a_body() {
    let mails = mails();
    if mails.is_empty() {
        println!("BALIE_CORPUS names no folder with mails: nothing is read");
    }
    for (name, raw) in mails {
        let letter = mime::read(&raw);
        assert!(letter.from.is_some(), "{name}");
        assert!(!letter.subject.is_empty(), "{name}");
        assert!(letter.text.as_deref().or(letter.html.as_deref()).is_some_and(|body| !body.trim().is_empty()), "{name}");
        assert_eq!(letter.oddities, [], "{name}");
    }
}
