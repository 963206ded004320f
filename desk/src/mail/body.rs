//! What a mail that came in says, as it is kept with the ticket: its words, its HTML made harmless, its files and its main headers.

use super::remarks;
use crate::accounts::Session;
use crate::attachments::Upload;
use crate::tickets::ByMail;
use crate::{Desk, Error, Result, text};
use domain::AttachmentId;
use domain::attachments::{Attachment, MAX_FILES};
use mime::{InboundMessage, MailAddress, Oddity};
use store::mail::Incoming;

/// Longest text of a mail that is kept in the message, in characters; all of it is in the raw mail.
const LONGEST: usize = 100_000;

/// Most pictures in the text of one mail: three times what a newsletter has.
const MAX_PICTURES: usize = 100;

/// What a mail says.
pub(super) struct Body {
    pub(super) text: String,
    pub(super) files: Vec<String>,
    pub(super) mail: ByMail,
}

pub(super) async fn body(desk: &Desk, by: &Session, mail: &Incoming, letter: &InboundMessage, verified: bool) -> Result<Body> {
    let l = by.language().unwrap_or_default();
    let (mut files, mut inline, mut missing) = (Vec::<AttachmentId>::new(), Vec::<(AttachmentId, String)>::new(), Vec::<String>::new());
    let mut pictures = Vec::<(String, String)>::new();
    for part in &letter.files {
        let is_inline = is_in_text(letter, part);
        let has_room = if is_inline { inline.len() < MAX_PICTURES } else { files.len() < MAX_FILES };
        match if has_room { keep(desk, by, part).await? } else { None } {
            Some(file) => {
                pictures.extend(part.content_id.clone().map(|cid| (cid, format!("/files/{}/view", file.id))));
                // What is no picture after all is shown as a file, where there is room for one.
                match () {
                    () if is_inline && file.image => inline.push((file.id, part.name.clone())),
                    () if files.len() < MAX_FILES => files.push(file.id),
                    () => missing.push(part.name.clone()),
                }
            }
            None => missing.push(part.name.clone()),
        }
    }
    // HTML that was cut gives way to a text that is whole.
    let is_cut = |what: &Oddity| letter.oddities.contains(what);
    let html = letter.html.clone().filter(|_| letter.text.is_none() || !is_cut(&Oddity::HtmlCut) || is_cut(&Oddity::TextCut));
    let below_picture = letter.begins_with_picture;
    // Apart from what answers people: a megabyte of markup takes its time.
    let clean = tokio::task::spawn_blocking(move || {
        let shown = |cid: &str| pictures.iter().find(|(known, _)| known == cid).map(|(_, address)| address.clone());
        html.map(|html| if below_picture { reply_parser::clean_below_picture(&html, &shown) } else { reply_parser::clean(&html, &shown) })
    })
    .await
    .map_err(std::io::Error::other)?;
    let (mut said, mut html) = match clean {
        Some(clean) if !clean.html.trim().is_empty() => (clean.said, pictures_as_links(&clean.html, i18n::mail_remote_picture(l))),
        // Too long to be shown as it was made, and there is no other: its words.
        Some(clean) if letter.text.is_none() => {
            let html = text::as_typed(&clean.said.chars().take(LONGEST).collect::<String>());
            (clean.said, html)
        }
        _ => of_text(letter),
    };
    let too_long = said.trim().chars().nth(LONGEST).is_some();
    said = said.trim().chars().take(LONGEST).collect();
    // A picture that the HTML names and does not show, as in a comment, is a file like any other.
    inline.retain(|(id, name)| {
        let is_shown = html.contains(&format!("/files/{id}/view"));
        match () {
            () if is_shown => {}
            () if files.len() < MAX_FILES => files.push(id.clone()),
            () => missing.push(name.clone()),
        }
        is_shown
    });
    if said.is_empty() {
        let pictured = html.contains("<img") || html.contains(i18n::mail_remote_picture(l));
        said = remarks::without_words(letter, pictured, l).to_owned();
        // A picture that is seen needs no word for it.
        if !pictured {
            html = format!("<p>{said}</p>{html}");
        }
    }
    if let Some(answer) = remarks::answer(letter, l) {
        html = format!("{}{html}", text::as_typed(&answer));
        said = format!("{answer}\n\n{said}");
    }
    if letter.in_signature {
        html.push_str(&text::as_typed(i18n::mail_signature_unverified(l)));
        said = format!("{said}\n\n{}", i18n::mail_signature_unverified(l));
    }
    let lost_text = is_cut(&Oddity::TextCut) || is_cut(&Oddity::HtmlCut) && letter.text.is_none();
    if too_long || lost_text || is_cut(&Oddity::TooManyParts) {
        html.push_str(&text::as_typed(i18n::mail_cut(l)));
        said = format!("{said}\n\n{}", i18n::mail_cut(l));
    }
    if !missing.is_empty() {
        let sentence = i18n::mail_files_refused(l, missing.join(", "));
        html.push_str(&text::as_typed(&sentence));
        said = format!("{said}\n\n{sentence}");
    }
    let inline = inline.into_iter().map(|(id, _)| id).collect();
    let mail = ByMail { incoming: mail.id, message_id: letter.message_id.clone(), verified, head: head(letter), html, inline };
    let files = files.iter().map(ToString::to_string).collect();
    Ok(Body { text: said, files, mail })
}

/// Whether it is a picture that the HTML shows: logos and the like leave room for what was sent along.
fn is_in_text(letter: &InboundMessage, part: &mime::Part) -> bool {
    let (Some(html), Some(cid)) = (&letter.html, &part.content_id) else { return false };
    part.content_type.starts_with("image/") && [cid.clone(), cid.replace('@', "%40")].iter().any(|cid| html.contains(&format!("cid:{cid}")))
}

/// Keeps a file by the rules of attachments; `None` where they refuse it: it is still in the raw mail.
async fn keep(desk: &Desk, by: &Session, part: &mime::Part) -> Result<Option<Attachment>> {
    let kept = async {
        let mut upload = Upload::begin(desk, by, &part.name, Some(part.contents.len() as u64)).await?;
        upload.write(&part.contents).await?;
        upload.finish().await
    };
    match kept.await {
        Ok(file) => Ok(Some(file)),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a text mail says, and the same as HTML.
fn of_text(letter: &InboundMessage) -> (String, String) {
    let text = letter.text.as_deref().unwrap_or_default();
    if !letter.begins_with_picture {
        let pieces = reply_parser::split(text);
        return (reply_parser::said(&pieces), folded(&pieces));
    }
    let pieces = reply_parser::split_below_picture(text);
    let says = pieces.iter().any(|piece| piece.kind == reply_parser::Kind::Said);
    (if says { reply_parser::said(&pieces) } else { String::new() }, folded(&pieces))
}

/// A text mail as HTML: history and signatures folded.
fn folded(pieces: &[reply_parser::Piece]) -> String {
    let mut html = String::new();
    for piece in pieces {
        let lines = text::as_typed(&piece.text.chars().take(LONGEST).collect::<String>());
        match piece.kind {
            reply_parser::Kind::Said => html.push_str(&lines),
            reply_parser::Kind::Quoted | reply_parser::Kind::Signature if piece.text.trim().is_empty() => {}
            reply_parser::Kind::Quoted | reply_parser::Kind::Signature => {
                html.push_str(&format!("<details class=\"folded\"><summary></summary>{lines}</details>"))
            }
        }
    }
    html
}

/// A picture on another host is not fetched: it becomes a link, and is opened by who wants to see it.
fn pictures_as_links(html: &str, word: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find("<img ") {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        match tag[..end].split_once("data-src=\"").and_then(|(_, value)| value.split_once('"')) {
            Some((address, _)) => out.push_str(&format!("<a href=\"{address}\" rel=\"noopener noreferrer nofollow\">{word}</a>")),
            None => out.push_str(&tag[..end]),
        }
        rest = &tag[end..];
    }
    out + rest
}

/// The main headers, for staff.
fn head(letter: &InboundMessage) -> String {
    let named =
        |mailbox: &MailAddress| if mailbox.name.is_empty() { mailbox.address.clone() } else { format!("{} <{}>", mailbox.name, mailbox.address) };
    let many = |all: &[MailAddress]| all.iter().take(20).map(named).collect::<Vec<_>>().join(", ");
    let lines = [
        ("From", letter.from.as_ref().map(named).unwrap_or_default()),
        ("Reply-To", letter.reply_to.as_ref().map(named).unwrap_or_default()),
        ("To", many(&letter.to)),
        ("Cc", many(&letter.cc)),
        ("Subject", letter.subject.clone()),
        ("Message-ID", letter.message_id.clone().unwrap_or_default()),
    ];
    lines.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_elsewhere_becomes_a_link() {
        let html = pictures_as_links("<p>a<img data-src=\"https://x.example/a.png\" alt=\"x\"><img src=\"/files/1/view\"></p>", "afbeelding");
        assert!(
            html.contains("<a href=\"https://x.example/a.png\" rel=\"noopener noreferrer nofollow\">afbeelding</a><img src=\"/files/1/view\"></p>"),
            "{html}"
        );
        assert_eq!(pictures_as_links("<img ", "x"), "<img ");
    }
}
