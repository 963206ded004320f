//! Text whose lines flow into each other (RFC 3676).
//!
//! Invariant: no character but marks of quotes and the space at the end or the beginning of a line is added or taken away.

/// The text with a paragraph on one line; `delsp` where the space at the end of a line is no part of the text.
pub(crate) fn unflowed(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // How deep the line is quoted that goes on.
    let mut goes_on: Option<usize> = None;
    for (at, line) in text.split('\n').enumerate() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let stuffed = &line[depth..];
        let body = stuffed.strip_prefix(' ').unwrap_or(stuffed);
        // What somebody typed must not become a quote.
        let body = if depth == 0 && body.starts_with('>') { stuffed } else { body };
        let signature = body == "-- ";
        if goes_on != Some(depth) || signature || body.trim().is_empty() {
            if at > 0 {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 && !body.is_empty() {
                out.push(' ');
            }
        }
        let flows = body.ends_with(' ') && !signature;
        out.push_str(if flows && delsp { &body[..body.len() - 1] } else { body });
        goes_on = flows.then_some(depth);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unflowed;

    #[test]
    fn lines_flow_into_paragraphs() {
        for (text, delsp, expected) in [
            ("De printer \nis stuk.\n\nGroet", false, "De printer is stuk.\n\nGroet"),
            ("Onder \nbreking", true, "Onderbreking"),
            ("日本 \n語です。\n", true, "日本語です。\n"),
            ("Een  \ntwee", true, "Een twee"),
            ("> Werkt \n> het?\nJa, \nhet werkt.", false, "> Werkt het?\nJa, het werkt."),
            (">> Diep \n> ondiep", false, ">> Diep \n> ondiep"),
            ("Dag, \n\nEen vraag.", false, "Dag, \n\nEen vraag."),
            ("Groet \n-- \nJan", false, "Groet \n-- \nJan"),
            (" van jou\n From mij", false, "van jou\nFrom mij"),
            (" > 100 euro", false, " > 100 euro"),
            ("", true, ""),
        ] {
            assert_eq!(unflowed(text, delsp), expected, "{text:?}");
        }
    }
}
