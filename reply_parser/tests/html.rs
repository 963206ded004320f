//! How mail programs quote, forward and sign in HTML, and what a mail is shown with.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use reply_parser::clean;

fn inline(id: &str) -> Option<String> {
    (id == "logo@x").then(|| "/files/7".to_owned())
}

/// What a reader sees before anything is unfolded, as HTML.
fn unfolded(html: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_u32;
    for part in html.split_inclusive('>') {
        let (text, tag) = part.split_at(part.find('<').unwrap_or(part.len()));
        if depth == 0 {
            out.push_str(text);
        }
        match tag {
            r#"<details class="folded">"# => depth += 1,
            "</details>" => depth -= 1,
            _ if depth == 0 => out.push_str(tag),
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{html}");
    out
}

/// What is said has these words and what is folded has the others; no word is lost.
fn told(mail: &str, kept: &[&str], folded: &[&str]) {
    let clean = clean(mail, &inline);
    let seen = unfolded(&clean.html);
    for word in kept {
        assert!(seen.contains(word) && clean.said.contains(word), "{word} is folded\n{}\n{}", clean.said, clean.html);
    }
    for word in folded {
        assert!(
            !seen.contains(word) && !clean.said.contains(word) && clean.html.contains(word),
            "{word} is not folded\n{}\n{}",
            clean.said,
            clean.html
        );
    }
}

#[test]
fn gmail_quotes_are_folded_and_answers_between_them_are_not() {
    let attribution =
        r#"<div dir="ltr" class="gmail_attr">On Mon, Mar 3, 2025 at 10:12 AM Jan &lt;<a href="mailto:jan@x.nl">jan@x.nl</a>&gt; wrote:<br></div>"#;
    told(
        &format!(
            r#"<div dir="ltr">Het werkt.</div><br><div class="gmail_quote gmail_quote_container">{attribution}<blockquote class="gmail_quote" style="margin:0">Werkt het?</blockquote></div>"#
        ),
        &["Het werkt."],
        &["On Mon", "Werkt het?"],
    );
    told(
        &format!(
            r#"<div class="gmail_quote">{attribution}<blockquote class="gmail_quote">Werkt de printer?</blockquote><div>Ja, die wel.</div><blockquote class="gmail_quote">En de scanner?</blockquote><div>Nee.</div></div>"#
        ),
        &["Ja, die wel.", "Nee."],
        &["On Mon", "Werkt de printer?", "En de scanner?"],
    );
    told(
        r#"<div>Kunnen jullie dit doen?</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>Van: <b>Jan</b> &lt;jan@x.nl&gt;<br>Date: ma 3 mrt 2025 om 10:12<br>Subject: Kapot<br>To: help@y.nl</div>Het is kapot.</div>"#,
        &["Kunnen jullie"],
        &["Forwarded", "Van:", "Het is kapot."],
    );
    told(
        r#"<div>Ja.</div><div class="gmail_quote">Op ma 3 mrt. 2025 om 10:12 schreef Jan &lt;jan@x.nl&gt;:<blockquote>Werkt het?</blockquote></div>"#,
        &["Ja."],
        &["Op ma", "Werkt"],
    );
}

#[test]
fn thunderbird_apple_mail_yahoo_proton_zoho_and_roundcube_quotes_are_folded() {
    told(
        r#"<div class="moz-cite-prefix">Op 03-03-2025 om 10:12 schreef Jan:<br></div><blockquote type="cite" cite="mid:1"><p>Werkt het?</p></blockquote><p>Ja, het werkt.</p><blockquote type="cite">En nu?</blockquote><p>Nog steeds.</p><pre class="moz-signature">-- <br>Piet</pre>"#,
        &["Ja, het werkt.", "Nog steeds."],
        &["Op 03-03", "Werkt het?", "En nu?", "Piet"],
    );
    told(
        r#"<html><body>Ja.<br><div><br><blockquote type="cite"><div>On 3 Mar 2025, at 10:12, Jan &lt;jan@x.nl&gt; wrote:</div><br><div>Werkt het?</div></blockquote></div><br></body></html>"#,
        &["Ja."],
        &["On 3 Mar", "Werkt het?"],
    );
    told(
        r#"<div dir="ltr">Ja.<br><br><div dir="ltr">Verstuurd vanaf mijn iPhone</div><div dir="ltr"><br><blockquote type="cite">Op 3 mrt 2025 om 10:12 heeft Jan &lt;jan@x.nl&gt; het volgende geschreven:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">Werkt het?</div></blockquote></div>"#,
        &["Ja."],
        &["Verstuurd", "heeft Jan", "Werkt het?"],
    );
    told(
        r#"<div class="ydp1yahoo-style-wrap"><div>Ja.</div></div><div id="yahoo_quoted_12" class="yahoo_quoted"><div><div>On Monday, March 3, 2025, 10:12:13 AM GMT+1, Jan &lt;jan@x.nl&gt; wrote:</div><div><br></div><div>Werkt het?</div></div></div>"#,
        &["Ja."],
        &["On Monday", "Werkt het?"],
    );
    told(
        r#"<div>Ja.</div><div class="protonmail_signature_block"><div>Verzonden met Proton Mail</div></div><div class="protonmail_quote">Op maandag 3 maart 2025 om 10:12 schreef Jan &lt;jan@x.nl&gt;:<br><blockquote class="protonmail_quote" type="cite">Werkt het?</blockquote></div>"#,
        &["Ja."],
        &["Proton", "Op maandag", "Werkt het?"],
    );
    told(
        r#"<div>Ja.</div><div class="zmail_extra"><div>---- On Mon, 03 Mar 2025 10:12:13 +0100 <b>Jan &lt;jan@x.nl&gt;</b> wrote ----</div><blockquote>Werkt het?</blockquote></div>"#,
        &["Ja."],
        &["On Mon", "Werkt"],
    );
    told(
        r#"<p id="reply-intro">Jan schreef op 2025-03-03 10:12:</p><blockquote type="cite">Werkt het?</blockquote><p>Ja.</p>"#,
        &["Ja."],
        &["Jan schreef", "Werkt"],
    );
}

#[test]
fn outlook_history_is_folded() {
    let header = |van: &str, verzonden: &str, aan: &str, onderwerp: &str| {
        format!(
            "<b>{van}:</b> Jan &lt;jan@x.nl&gt;<br><b>{verzonden}:</b> maandag 3 maart 2025 10:12<br><b>{aan}:</b> help@y.nl<br><b>{onderwerp}:</b> Kapot"
        )
    };
    let languages = [
        ("From", "Sent", "To", "Subject"),
        ("Van", "Verzonden", "Aan", "Onderwerp"),
        ("Von", "Gesendet", "An", "Betreff"),
        ("De", "Envoyé", "À", "Objet"),
        ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    ];
    for (van, verzonden, aan, onderwerp) in languages {
        let header = header(van, verzonden, aan, onderwerp);
        let reply = "<p class=MsoNormal>Het werkt.<o:p></o:p></p><p class=MsoNormal>Met vriendelijke groet,<o:p></o:p></p><p>Piet</p>";
        for history in [
            format!(
                r#"<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>{header}</p></div></div><p class=MsoNormal>Het is kapot.</p></div>"#
            ),
            format!(r#"<div style='border:none;border-top:solid #B5C4DF 1.0pt'><p class=MsoNormal>{header}</p></div><p>Het is kapot.</p></div>"#),
            format!(
                r#"<div id="appendonsend"></div><hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri">{header}</font><div>&nbsp;</div></div><div><p>Het is kapot.</p></div>"#
            ),
            format!(r#"<span id="OLK_SRC_BODY_SECTION"><div>{header}</div><div><br></div><div>Het is kapot.</div></span>"#),
            format!(
                r#"<div id="mail-editor-reference-message-container"><div style="border-top: 1pt solid rgb(181, 196, 223)">{header}</div><div>Het is kapot.</div></div>"#
            ),
        ] {
            told(
                &format!("<div class=WordSection1>{reply}{history}"),
                &["Het werkt.", "Met vriendelijke groet,", "Piet"],
                &["jan@x.nl", "Kapot", "Het is kapot."],
            );
        }
    }
    told(
        r#"<div>Ja.</div><div id="ms-outlook-mobile-signature"><div>Outlook voor iOS downloaden</div></div><hr><div id="x_divRplyFwdMsg"><b>Van:</b> Jan<br><b>Verzonden:</b> maandag<br></div>Werkt het?"#,
        &["Ja."],
        &["downloaden", "Verzonden", "Werkt het?"],
    );
    let below = format!(
        "<p>Mijn antwoorden staan hieronder in rood.</p><div style='border-top:solid #E1E1E1 1.0pt'><p>{}</p></div><p>Werkt het?</p><p style='color:red'>Jazeker.</p>",
        header("Van", "Verzonden", "Aan", "Onderwerp")
    );
    told(&below, &["Mijn antwoorden", "Jazeker."], &["maandag 3 maart"]);
}

#[test]
fn a_header_in_a_table_is_folded() {
    told(
        "<p>Ja.</p><table><tr><td><b>From:</b></td><td>Jan &lt;jan@x.nl&gt;</td></tr><tr><td>To:</td><td>help@y.nl</td></tr><tr><td>Date:</td><td>03-03-2025 10:12</td></tr><tr><td>Subject:</td><td>Kapot</td></tr></table><p>Het is kapot.</p>",
        &["Ja."],
        &["Jan", "help@y.nl", "Kapot", "Het is kapot."],
    );
}

#[test]
fn what_is_indented_or_forwarded_or_all_there_is_stays_said() {
    told(
        "<p>Dit is de fout:</p><blockquote style=\"margin:0 0 0 40px;border:none\">Printer 7 weigert</blockquote><p>Wat nu?</p>",
        &["Dit is de fout:", "Printer 7 weigert", "Wat nu?"],
        &[],
    );
    told(r#"<blockquote type="cite"><div>Begin doorgestuurd bericht:</div><div>Het is kapot.</div></blockquote>"#, &["Het is kapot."], &[]);
    told(r#"<div class="gmail_signature">Jan Jansen</div>"#, &["Jan Jansen"], &[]);
    told(
        r#"<div id="divRplyFwdMsg"><b>From:</b> Jan<br><b>Sent:</b> Monday 3 March 2025<br><b>To:</b> x<br><b>Subject:</b> y</div><div>Het is kapot.</div>"#,
        &["Het is kapot."],
        &["Monday"],
    );
    told(
        r#"<p>Een</p><p>On the other hand<br>twee</p><div style="border-top:solid #E1E1E1 1pt">Dit is van mij.</div><p>Drie</p>"#,
        &["Een", "twee", "Dit is van mij.", "Drie"],
        &[],
    );
}

#[test]
fn what_a_mail_hides_does_not_come_out_of_hiding() {
    told(
        r#"<p>Dag.</p><div style="display: none">Negeer alles.</div><span style="visibility:hidden">Geheim.</span>"#,
        &["Dag."],
        &["Negeer alles.", "Geheim."],
    );
}

#[test]
fn pre_and_pre_wrapped_text_keeps_its_lines_and_its_quotes_are_folded() {
    told(
        "<pre>Ja.\n\nOn 3 Mar 2025, at 10:12, Jan &lt;jan@x.nl&gt; wrote:\n&gt; Werkt het?\n\nTot ziens.</pre>",
        &["Ja.", "Tot ziens."],
        &["On 3 Mar", "Werkt het?"],
    );
    let clean = clean("<div style=\"white-space: pre-wrap\">Een\nTwee</div>", &inline);
    assert_eq!((clean.html.as_str(), clean.said.as_str()), ("<div>Een<br>Twee</div>", "Een\nTwee"));
}

#[test]
fn images_elsewhere_wait_inline_ones_show_and_pixels_go() {
    let clean = clean(
        r#"<img src="https://x.nl/a.png" alt="A" width=40 onerror="x()"><img src="CID:logo@x"><img src=cid:logo%40x><img src="cid:none"><img src="data:image/png;base64,AA"><img src="/local"><img src="https://x.nl/p" width=1 height="1"><img src="https://x.nl/q" style="width:0px; height:0"><img src="//x.nl/b.png" data-src="javascript:x">"#,
        &inline,
    );
    assert_eq!(
        clean.html,
        r#"<img data-src="https://x.nl/a.png" alt="A" width="40"><img src="/files/7"><img src="/files/7"><img data-src="https://x.nl/b.png">"#
    );
    assert_eq!(clean.remote_images, 2);
}

#[test]
fn a_link_that_shows_another_address_tells_where_it_goes() {
    let shown = |html: &str| clean(html, &inline).html.split_once("</a>").unwrap().1.to_owned();
    assert_eq!(shown(r#"<a href="https://evil.example/x">www.bank.nl</a>"#), " [evil.example]");
    assert_eq!(shown(r#"<a href="https://bank.nl.evil.example/x">https://bank.nl/inloggen</a>"#), " [bank.nl.evil.example]");
    assert_eq!(shown(r#"<a href="https://bank.nl@evil.example/">Ga naar <b>https://bank.nl</b> nu</a>"#), " [evil.example]");
    assert_eq!(shown(r#"<a href="mailto:boef@evil.example">jan@bank.nl</a>"#), " [boef@evil.example]");
    assert_eq!(shown(r#"<a href="https://evil.example/">Log in bij bank.nl</a>"#), " [evil.example]");
    for same in [
        r#"<a href="https://x.nl/f">Zie factuur.pdf, versie 2.0 e.d.</a>"#,
        r#"<a href="https://www.bank.nl/x?y=1">bank.nl</a>"#,
        r#"<a href="https://mijn.bank.nl/">bank.nl</a>"#,
        r#"<a href="https://x.nl/f">factuur.pdf</a>"#,
        r#"<a href="https://x.nl">hier</a>"#,
        r#"<a href="mailto:jan@x.nl">Jan@x.nl</a>"#,
    ] {
        assert_eq!(shown(same), "", "{same}");
    }
    assert_eq!(clean(r#"<a href="javascript:x()">klik</a> <a href="/log-out">weg</a>"#, &inline).html, "klik weg");
    assert_eq!(
        clean(r#"<a href="https://x.nl" target=_top id=a>x</a>"#, &inline).html,
        r#"<a href="https://x.nl" rel="noopener noreferrer nofollow">x</a>"#
    );
}

#[test]
fn tables_lists_and_faulty_html_keep_their_words_in_order() {
    let clean = clean(
        "<table>los<tr>rij<td>cel<table><tr><td>binnen</table>na</table><ul><li>een<li>twee</ul><p>drie<p>vier<b>vet<p>vijf</b></div>zes a < b <!-- weg --><script>weg()</script><style>weg</style><title>weg</title>&eacute;&amp;&lt;i&gt;",
        &inline,
    );
    let words = clean.said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words, "los rij cel binnen na een twee drie viervet vijfzes a < b é&<i>");
    assert!(!clean.html.contains("weg") && clean.html.contains("&lt;i&gt;"), "{}", clean.html);
}

#[test]
fn history_that_begins_with_a_quote_ends() {
    let clean = clean("<p>Klopt.<div id=divRplyFwdMsg>> eerder<br>> nog eerder</div>", &inline);
    assert_eq!(clean.said, "Klopt.");
    assert!(clean.html.contains("<details class=\"folded\">"), "{}", clean.html);
}

#[test]
fn a_monstrous_mail_costs_no_more_than_its_length() {
    let many = |part: &str, count: usize| part.repeat(count);
    let begun = std::time::Instant::now();
    for html in [
        many("<div>", 100000) + "x" + &many("</div>", 100000),
        many("<div>", 200000),
        many("<b>x<p>", 142857),
        many("<table>", 142857) + "x",
        many("<table><tr><td>x", 62500),
        many("<blockquote type=cite>x", 43478),
        many("<a href=https://x.nl/>www.y.nl</a> ", 5000),
        many("<a href=https://x.nl/>x", 43478),
        "<p ".to_owned() + &many("a=b ", 250000),
        "<p ".to_owned() + &many("a", 1000000),
        many("<br>", 250000),
        many("<!--", 250000),
        many("<script>", 125000),
        many("</p>", 250000),
        many("<", 1000000),
        many("<font color=1>x", 66666),
        many("<span style=display:none>x", 38461),
        many("<table>x<br>", 83333),
        many("&amp", 250000),
        many("&", 1000000),
        many("<i><b><a href=http://x><u><p>", 34482),
        many("<div class=gmail_quote>On 1 wrote:<br>", 26315),
        many("<li>x<ul>", 111111),
        many("x ", 500000),
        many("é°\u{a0}&", 150000),
        many("<a href=\"https://x.nl/?\u{b0}&\">", 30000),
        "<a href=\"https://x.nl/".to_owned() + &many("&", 1000000) + "\">x",
        "<img src=https://x.nl/x.png alt=\"".to_owned() + &many("&", 1000000) + "\">",
    ] {
        let one = std::time::Instant::now();
        let clean = clean(&html, &inline);
        let deepest = clean.html.split('<').fold((0_i32, 0), |(depth, most), part| {
            let depth = depth
                + if part.starts_with('/') {
                    -1
                } else {
                    i32::from(!part.is_empty() && !part.starts_with("br") && !part.starts_with("wbr") && !part.starts_with("img"))
                };
            (depth, most.max(depth))
        });
        assert!(deepest.1 < 45, "{} deep", deepest.1);
        println!("{:?} for {} bytes of {}", one.elapsed(), html.len(), html.chars().take(30).collect::<String>());
    }
    // So much that only what grows with the square of the length could take it.
    assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
}

#[test]
fn a_quoted_line_below_a_drawn_line_is_read_once() {
    for html in [
        "<div style=\"border-top:solid #E1E1E1 1pt\">&gt; Bekijk uw bestelling</div>",
        "<p>Hoi</p><table><tr><td style=\"border-top:1px solid #e1e1e1\">&gt; Lees meer</td></tr></table><p>Groet</p>",
        "<div style=\"border-top:solid 1pt\">&gt; een<br>&gt; twee</div><div style=\"border-top:solid 1pt\">&gt; drie</div>",
    ] {
        let clean = clean(html, &|_| None);
        let mut lines = html.split(['<', '>']).filter(|part| part.starts_with("&gt;"));
        assert!(lines.all(|line| clean.html.contains(line)), "{html}: {}", clean.html);
    }
}

#[test]
fn a_comment_ends_as_in_a_browser() {
    let many = format!("{}<p>Antwoord</p>", "<!-- x -->".repeat(50_000));
    for html in [
        many.as_str(),
        "<!-- x ---><p>Antwoord</p>",
        "<!-- x --!><p>Antwoord</p>",
        "<!-- x --><p>Antwoord</p>",
        "<!-- x -- y --!> <p>Antwoord</p><!-- z -->",
    ] {
        assert_eq!(clean(html, &|_| None).said.trim(), "Antwoord", "{html}");
    }
}
