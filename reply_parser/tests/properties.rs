//! What holds for every text and every HTML.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use proptest::prelude::*;
use reply_parser::{clean, said, split, split_below_picture};

/// Lines as mails have them, among anything.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "",
            "> quote",
            ">> diep",
            ">",
            ">100",
            "-- ",
            "--",
            "On 3 Mar 2025 at 10:12, Jan <j@x.nl> wrote:",
            "On 3 Mar 2025",
            "Jan <j@x.nl> schreef:",
            "Van: Jan <j@x.nl>",
            "Verzonden: 3 maart 2025",
            "Aan: x",
            "Onderwerp: y",
            "-----Original Message-----",
            "________________________",
            "Verstuurd vanaf mijn iPhone",
            "zie hieronder",
            "Groet,",
            "  > x",
            "Begin doorgestuurd bericht:",
            "*-----Original Message-----*",
            "you wrote:",
            "Am 3.3.2025 um 10:12 schrieb Ihr Team:",
            "Verzonden met Vinkpost",
            "Bedankt,",
            "Jan",
            "\u{a0}>é",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
        "[>\\- é:\u{a0}\r]{0,8}",
    ]
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "<div class=gmail_quote>",
            "<div style=\"border-top:solid #E1E1E1 1pt\">",
            "&gt; woord",
            "<blockquote type=cite>",
            "<blockquote>",
            "</blockquote>",
            "</div>",
            "<p>",
            "</p>",
            "<br>",
            "<table>",
            "<tr>",
            "<td>",
            "</td>",
            "</table>",
            "<ul>",
            "<li>",
            "<b>",
            "</b>",
            "<script>alert(1)</script>",
            "<script",
            "<style>*{}</style>",
            "<img src=x onerror=alert(1)>",
            "<img src=cid:a>",
            "<img src='cid:b' style='x'>",
            "<img src=https://x.nl/y>",
            "<a href=\"javascript:alert(1)\" onclick=x>",
            "<a href='https://x.nl'>www.y.nl</a>",
            "<a href=\"java\tscript:x\">",
            "</a>",
            "<svg onload=x><style>",
            "<math><mi>",
            "<!--",
            "-->",
            "<![CDATA[",
            "<details open ontoggle=x>",
            "<p style=\"display:none\">",
            "<span hidden>",
            "<pre>",
            "</pre>",
            "&lt;script&gt;",
            "&#60;",
            "\"",
            "'",
            "=",
            "<div id=divRplyFwdMsg>",
            "From: a<br>Date: 1<br>To: b<br>",
            "<div class=gmail_signature>",
            "<textarea>",
            "<title>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<h1>",
            "<span>",
            "</span>",
            "<a href=mailto:a@b.nl>",
            "On 3 Mar 2025 at 10:12, Jan &lt;j@x.nl&gt; wrote:",
            "woord",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
        "<[a-z]{1,4} [a-z]{1,5}=[\"']?[a-z:<> ]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pieces_are_the_text_again(lines in prop::collection::vec(line(), 0..25), crlf: bool) {
        let text = lines.join(if crlf { "\r\n" } else { "\n" });
        let pieces = split(&text);
        let joined: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        prop_assert_eq!(joined.join("\n"), text.replace("\r\n", "\n"));
        prop_assert_eq!(said(&pieces).is_empty(), text.trim().is_empty());
        let joined: Vec<String> = split_below_picture(&text).into_iter().map(|piece| piece.text).collect();
        prop_assert_eq!(joined.join("\n"), text.replace("\r\n", "\n"));
    }

    #[test]
    fn what_comes_out_is_safe(parts in prop::collection::vec(part(), 0..40)) {
        let html = parts.concat();
        let clean = clean(&html, &|id| (id == "a").then(|| "/files/1".to_owned()));
        // Tags only: as text anything may be said.
        for tag in clean.html.split('<').skip(1).map(|part| part.split('>').next().unwrap()) {
            prop_assert!(!tag.starts_with("script"), "{} gave {}", html, clean.html);
            let mut values = tag.split('"').step_by(2).flat_map(str::split_whitespace).skip(1);
            prop_assert!(values.all(|name| ["href=", "rel=", "src=", "data-src=", "alt=", "class=", "colspan=", "rowspan=", "start=", "width=", "height=", "/"].contains(&name)), "{} gave {}", html, clean.html);
            prop_assert!(!tag.contains("href=\"java") && !tag.contains(" style="), "{} gave {}", html, clean.html);
            prop_assert!(!tag.contains(" src=") || tag.contains(" src=\"/files/1\""), "{} gave {}", html, clean.html);
            prop_assert!(!tag.contains("class=") || tag == "details class=\"folded\"", "{} gave {}", html, clean.html);
        }
        prop_assert_eq!(clean.html.matches("<details").count(), clean.html.matches("</details>").count());
    }

    #[test]
    fn no_word_of_a_mail_is_lost(parts in prop::collection::vec(prop::sample::select(vec![
        "<div class=gmail_quote>", "<blockquote type=cite>", "<blockquote>", "</blockquote>", "</div>", "<p>", "<div>", "<br>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<ul>", "<li>", "</ul>", "<b>", "</b>",
        "<a href=https://x.nl>", "</a>", "<pre>", "</pre>", "<div id=divRplyFwdMsg>", "<div class=gmail_signature>", "<span class=gmail_signature>", "<span>", "</span>", "<h1>", "</h1>", "word ", "> word<br>", "From: word<br>Date: 1<br>To: b<br>", "<caption>", "<tbody>", "<font>", "<center>", "</center>",
    ]), 0..60)) {
        let html = parts.concat();
        let clean = clean(&html, &|_| None);
        let words = |text: &str| text.matches("word").count();
        prop_assert_eq!(words(&html), words(&clean.html), "{} gave {}", html, clean.html);
        if words(&html) > 0 {
            prop_assert!(!clean.said.is_empty());
        }
    }
}
