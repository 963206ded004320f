//! Files in the text itself, as old programs and machines send them (POSIX `uuencode`).
//!
//! Invariant: lines are taken out of a text only as a whole file, from its first line to its last.

use crate::charset;
use data_encoding::{Encoding, Specification};
use std::sync::LazyLock;

/// Most files that are taken out of one text; what more there is stays text.
const MOST: usize = 20;

static ALPHABET: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.extend((b' '..=b'_').map(char::from));
    specification.translate.from.push('`');
    specification.translate.to.push(' ');
    specification.check_trailing_bits = false;
    specification.encoding().ok()
});

/// A file that stood in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) contents: Vec<u8>,
}

/// Takes the files out of a text; gives what remains of it.
pub(crate) fn take(text: String) -> (String, Vec<File>) {
    if !text.contains("begin ") {
        return (text, vec![]);
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    let mut files = vec![];
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        // What was looked through is never looked through again: a line of data begins no file.
        match name(line).filter(|_| files.len() < MOST).map(|name| (name, file(&lines[at + 1..]))) {
            Some((name, Ok((contents, size)))) => {
                files.push(File { name: name.to_owned(), contents });
                at += 1 + size;
            }
            Some((_, Err(size))) => {
                kept.extend(&lines[at..=at + size]);
                at += 1 + size;
            }
            None => {
                kept.push(line);
                at += 1;
            }
        }
    }
    if files.is_empty() { (text, files) } else { (kept.join("\n"), files) }
}

/// The bytes of the file that a part is, and nothing else.
pub(crate) fn only(body: &[u8]) -> Option<Vec<u8>> {
    let (rest, files) = take(charset::utf8(body));
    let mut files = files.into_iter();
    files.next().map(|file| file.contents).filter(|_| rest.trim().is_empty() && files.next().is_none())
}

/// The name in a first line: `begin 644 brief.doc`.
fn name(line: &str) -> Option<&str> {
    let (mode, name) = line.trim_end().strip_prefix("begin ")?.split_once(' ')?;
    ((3..=4).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b)) && !name.trim().is_empty()).then_some(name)
}

/// The bytes of a file and how many lines it takes; where it is none, how many lines are data.
fn file(lines: &[&str]) -> Result<(Vec<u8>, usize), usize> {
    let mut contents = vec![];
    for (at, line) in lines.iter().enumerate() {
        if line.trim_end() == "end" && !contents.is_empty() {
            return Ok((contents, at + 1));
        }
        let Some(bytes) = decoded(line) else { return Err(at) };
        contents.extend(bytes);
    }
    Err(lines.len())
}

fn decoded(line: &str) -> Option<Vec<u8>> {
    let line = line.trim_end_matches('\r').as_bytes();
    let (first, data) = line.split_first().map_or((b' ', line), |(first, data)| (*first, data));
    let size = usize::from(first.checked_sub(b' ').filter(|size| *size <= 64)? & 63);
    let needed = size.div_ceil(3) * 4;
    if data.len() > needed + 4 {
        return None;
    }
    // Spaces at the end of a line are lost on the way.
    let mut data = data[..data.len().min(needed)].to_vec();
    data.resize(needed, b' ');
    let mut bytes = ALPHABET.as_ref()?.decode(&data).ok()?;
    bytes.truncate(size);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::take;

    #[test]
    fn a_file_in_the_text_is_taken_out() {
        let (text, files) = take("Bijlage:\nbegin 644 kat.txt\n#0V%T\n`\nend\nGroet\n".to_owned());
        assert_eq!((text.as_str(), files.len()), ("Bijlage:\nGroet\n", 1));
        assert_eq!((files[0].name.as_str(), files[0].contents.as_slice()), ("kat.txt", &b"Cat"[..]));
    }

    #[test]
    fn a_longer_file_is_the_same_bytes() {
        // The first line with grave accents for spaces, the second with its spaces lost.
        let body = "begin 600 data.bin\nM``$\"`P0%!@<(\"0H+#`T.#Q`1$A,4%187&!D:&QP='A\\@(2(C)\"4F)R@I*BLL\n%+2XO,#$\n`\nend";
        let (text, files) = take(body.to_owned());
        assert_eq!((text.as_str(), files[0].contents.as_slice()), ("", &(0..50).collect::<Vec<u8>>()[..]));
    }

    #[test]
    fn what_is_no_file_stays_text() {
        for text in [
            "begin 644 met tellen\nen dan verder.",
            "begin 644 kat.txt\n#0V%T",
            "begin 644 kat.txt\nend",
            "begin 999 kat.txt\n#0V%T\n`\nend",
            "We begin 644 keer opnieuw\n#0V%T\n`\nend",
        ] {
            assert_eq!(take(text.to_owned()), (text.to_owned(), vec![]), "{text}");
        }
    }
}
