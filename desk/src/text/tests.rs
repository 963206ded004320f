use super::*;

/// What a reader sees of it.
fn seen(typed: &str) -> String {
    let html = to_html(typed).replace("<br>", "\n").replace("</p>\n<p>", "\n\n");
    let mut out = String::new();
    for piece in html.split('<') {
        out.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    let out = out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
    out.trim_end_matches('\n').to_owned()
}

#[test]
fn what_was_typed_is_what_is_read() {
    for typed in [
        r"\\srv-erp01\export\_nieuw",
        r"C:\!temp\*.log en C:\Users\jan\",
        "R&amp;D, &eacute;, &#64; en &lt;b&gt;",
        "Met vriendelijke groet\n---\nJan de Vries\n===\n***\n___",
        "# Kop\n## en nog een\n#1042 is weer open",
        "*cursief* _cursief_ ~~door~~ __init__.py a*b*c",
        "1) een\n2) twee",
        "007. Bond\n+31 6 12345678\n+ plus",
        "2**3 is 8, en 2 ** 3 ook, **niet dicht",
        "**/build/** en src/**/test/** blijven",
        "a < b > c && d | e\n| kolom | kolom |\n|---|---|",
        "[x]\n[ ] open\n[1]: https://x.example\n[tekst](bestand.txt) ![plaatje](x.png)",
        "``` zonder einde\nregel",
        "`zonder einde\n` en hier",
        "<https://erp.example/x> en <jan@x.example>",
        "regel met een backslash\\\nregel",
        "&nbsp;",
        "-",
        "1.",
        "3.5 uur, 12.000 stuks",
        "Term\n: uitleg\n^hoog^ H~2~O :smile: $x^2$ ==geel==",
        "    ingesprongen\n\tmet een tab",
    ] {
        assert_eq!(seen(typed), typed, "{}", to_html(typed));
    }
}

#[test]
fn a_list_keeps_its_numbers() {
    let html = to_html("3. drie\n7. zeven\n\ntussendoor\n\n12. twaalf\n\n13. dertien\n   met een tweede regel\n   - en een punt\n1024. ver");
    for wanted in [
        "<li value=\"3\">drie</li>\n<li value=\"7\">zeven</li>",
        "<li value=\"12\">twaalf</li>\n<li value=\"13\">dertien<br>met een tweede regel\n<ul>\n<li>en een punt</li>",
        "<li value=\"1024\">ver",
    ] {
        assert!(html.contains(wanted), "{html}");
    }
    assert_eq!(html.matches("<ol>").count(), 2, "{html}");
    let html = to_html("Voor:\n- een\n- twee\nna");
    assert_eq!(html, "<p>Voor:</p>\n<ul>\n<li>een</li>\n<li>twee</li>\n</ul>\n<p>na</p>\n");
}

#[test]
fn the_marks_that_the_hint_names_are_read() {
    let html = to_html(
        "Dag **Daan**,\nregel twee `x_y_z` en (**vet: `code`**).\n\n* een\n* twee\n\n> gezegd\n> en **nog**\n>> eerder\n\n```sql\nSELECT *\n  FROM a_b\n```\n[handleiding](https://x.example/a_(b))",
    );
    for wanted in [
        "<p>Dag <strong>Daan</strong>,<br>regel twee <code>x_y_z</code> en (<strong>vet: <code>code</code></strong>).</p>",
        "<ul>\n<li>een</li>\n<li>twee</li>\n</ul>",
        "<blockquote>\n<p>gezegd<br>en <strong>nog</strong></p>\n<blockquote>\n<p>eerder</p>\n</blockquote>\n</blockquote>",
        "<pre><code>SELECT *\n  FROM a_b\n</code></pre>",
        "<a href=\"https://x.example/a_(b)\" rel=\"noopener noreferrer nofollow\">handleiding</a>",
    ] {
        assert!(html.contains(wanted), "{html}");
    }
    assert!(to_html("**over\ntwee regels**").contains("<strong>over<br>twee regels</strong>"));
    assert!(to_html("``a ` b``").contains("<code>a ` b</code>"));
}

#[test]
fn columns_stay_columns() {
    assert!(to_html("Code\tNaam\n4\tBorg").starts_with("<p class=\"spaced\">Code\tNaam<br>4\tBorg</p>"));
    assert!(to_html("- a    b").contains("<li class=\"spaced\">a    b</li>"));
    assert!(to_html("gewone tekst").starts_with("<p>gewone"));
}

#[test]
fn an_address_is_a_link_to_its_end_and_gives_nothing_away() {
    for (typed, address) in [
        ("Zie (https://erp.example/x?a=1&b=2).", "https://erp.example/x?a=1&b=2"),
        ("https://portal.example/sites/erp/_layouts/15/start.aspx#/", "https://portal.example/sites/erp/_layouts/15/start.aspx#/"),
        ("http://srv_erp01:8080/_layouts, dan", "http://srv_erp01:8080/_layouts"),
        ("https://x.example/~jan en verder", "https://x.example/~jan"),
        ("https://x.example/bestand_", "https://x.example/bestand_"),
        ("https://x.example/_a_ en _b_", "https://x.example/_a_"),
        ("**https://x.example/a**", "https://x.example/a"),
        ("https://nl.wikipedia.org/wiki/Balie_(meubel)!", "https://nl.wikipedia.org/wiki/Balie_(meubel)"),
        ("„https://x.example/é/ü”", "https://x.example/é/ü"),
        ("https://x.example/a*b'c;d", "https://x.example/a*b'c;d"),
        ("HTTPS://X.example/", "HTTPS://X.example/"),
        ("<https://x.example/a>", "https://x.example/a"),
    ] {
        let html = to_html(typed);
        let link = format!(" rel=\"noopener noreferrer nofollow\">{}</a>", address.replace('&', "&amp;"));
        assert!(html.contains(&link) && html.matches("<a ").count() == 1, "{html}");
        assert_eq!(seen(typed), typed.replace("**", ""), "{html}");
        let plain = as_typed(typed);
        assert!(plain.contains(&link), "{plain}");
    }
    for none in ["xhttps://", "https://", "http:// x", "file:///c:/x", "javascript:alert(1)"] {
        assert!(!to_html(none).contains("<a "), "{none}");
    }
}

#[test]
fn a_text_nests_no_deeper_than_anyone_writes_and_is_made_in_no_time() {
    for deep in ["> ", "- ", "1. "] {
        let html = to_html(&format!("{}einde", deep.repeat(2_000)));
        assert!(html.contains("einde") && html.len() < 20_000, "{} bytes", html.len());
        assert!(html.matches("<li").count() + html.matches("<blockquote").count() <= MAX_DEPTH);
    }
    // Without the cleaner, which is a library's and takes its time where it is not optimised.
    let begun = std::time::Instant::now();
    for much in ["[", "[a](", "`", "**", "** a", "http://", "https://x)", ")", "- a\n\n\n", "```a\n", "> \n", "1. a\n  - b\n", "`a``b```", "\n", "- ", "> - "] {
        blocks(&much.repeat(50_000 / much.len()).split('\n').collect::<Vec<_>>(), 0, &mut String::new());
    }
    for long in [format!("https://x{}", ")".repeat(50_000)), format!("- a{}", "\n".repeat(50_000))] {
        blocks(&long.split('\n').collect::<Vec<_>>(), 0, &mut String::new());
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn nothing_typed_can_do_harm() {
    for typed in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>1</script>)",
        "[x](https://a.example\" onclick=\"a())",
        "![x](https://elsewhere.example/pixel.png)",
        "<a href=\"https://x.example\" onclick=\"a()\">x</a>",
        "<style>*{display:none}</style>",
        "[x](/log-out)",
        "<iframe src=//x>",
        "`<b onmouseover=a()>`",
        "```\n</code></pre><script>1</script>\n```",
        "https://x.example/\"onmouseover=\"a()",
    ] {
        let html = to_html(typed);
        for bad in ["<script", "<img", "<iframe", "<style", "href=\"javascript", "href=\"data", "href=\"/"] {
            assert!(!html.contains(bad), "{typed} gave {html}");
        }
        let tags = html.split('<').filter_map(|piece| piece.split_once('>'));
        assert!(tags.map(|(tag, _)| tag).all(|tag| !tag.contains(" on")), "{typed} gave {html}");
    }
}
