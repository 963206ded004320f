//! The words around what happened, which an admin can change.
//!
//! Invariant: a template that is kept always makes a mail: it has its content, and no placeholder that means nothing. Values are text, never markup.

use crate::accounts::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Result, text};
use domain::accounts::Language;
use domain::audit::Deed;
use domain::permissions::Action;
use domain::{Fault, Field, Refusal};
use i18n as w;

/// Longest subject and text of a template, in characters.
const MAX: (usize, usize) = (200, 5_000);
/// What a template can say.
const PLACEHOLDERS: [&str; 6] = ["content", "name", "number", "subject", "link", "expect"];
/// Stands for a value until the markup is made: nobody types it, and no markup is made of it.
const FIRST_MARK: u32 = 0xf_0000;

/// Which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// To the requester: the ticket arrived.
    Receipt,
    /// To customers: something happened.
    Update,
    /// To staff.
    Staff,
}

/// The words of a mail: a subject and a text in the subset of Markdown that replies have, with `%placeholders%`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Template {
    pub subject: String,
    pub body: String,
}

/// What the placeholders stand for.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Values {
    pub name: String,
    pub number: String,
    pub subject: String,
    pub link: String,
    /// What happens next and when, where that is to be said.
    pub expect: String,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Receipt, Kind::Update, Kind::Staff];

    /// The word in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Receipt => "receipt",
            Kind::Update => "update",
            Kind::Staff => "staff",
        }
    }

    /// Reads [`Kind::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word() == word)
    }

    /// Balie's own words.
    pub fn default(self, l: Language) -> Template {
        let body = match self {
            Kind::Receipt => w::mail_template_receipt(l),
            Kind::Update => w::mail_template_update(l),
            Kind::Staff => w::mail_template_staff(l),
        };
        Template { subject: w::mail_template_subject(l).to_owned(), body: body.to_owned() }
    }
}

impl Template {
    /// Checks what an admin typed; says everything that is wrong at once.
    pub fn check(subject: &str, body: &str) -> Result<Self, Refusal> {
        let mut faults = vec![];
        for (field, typed, most) in [(Field::Subject, subject, MAX.0), (Field::Message, body, MAX.1)] {
            if typed.trim().is_empty() {
                faults.extend(one(field, Fault::Missing));
            } else if typed.chars().count() > most {
                faults.extend(one(field, Fault::TooLong(most as u32)));
            } else if names(typed).iter().any(|name| !PLACEHOLDERS.contains(name)) {
                faults.extend(one(field, Fault::Unknown));
            }
        }
        if faults.is_empty() && (body.matches("%content%").count() != 1 || subject.contains("%content%")) {
            faults.extend(one(Field::Message, Fault::Missing));
        }
        if faults.is_empty() {
            Ok(Self { subject: subject.trim().to_owned(), body: body.trim().replace("\r\n", "\n") })
        } else {
            Err(Refusal::Fields(faults))
        }
    }

    /// The subject with its values; one line.
    pub fn subject(&self, values: &Values) -> String {
        filled(&self.subject, values)
    }

    /// The text and the HTML around what happened.
    pub fn around(&self, values: &Values, text: &str, html: &str) -> (String, String) {
        let (before, after) = self.body.split_once("%content%").unwrap_or((&self.body, ""));
        let plain = [filled(before, values).replace("**", ""), text.trim().to_owned(), filled(after, values).replace("**", "")];
        let plain = plain.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        // Where a placeholder stood for nothing.
        let plain = plain.replace("\n\n\n\n", "\n\n");
        (plain, [markup(before, values), html.to_owned(), markup(after, values)].concat())
    }
}

fn one(field: Field, fault: Fault) -> Vec<domain::FieldFault> {
    match Refusal::field(field, fault) {
        Refusal::Fields(faults) => faults,
        _ => vec![],
    }
}

/// The names between `%` signs: letters only, so that 50% of something stays what it is.
fn names(text: &str) -> Vec<&str> {
    let mut found = vec![];
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let after = &rest[at + 1..];
        let end = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        if end > 0 && after[end..].starts_with('%') {
            found.push(&after[..end]);
            rest = &after[end + 1..];
        } else {
            rest = after;
        }
    }
    found
}

fn value<'a>(name: &str, values: &'a Values) -> Option<&'a str> {
    match name {
        "name" => Some(&values.name),
        "number" => Some(&values.number),
        "subject" => Some(&values.subject),
        "link" => Some(&values.link),
        "expect" => Some(&values.expect),
        _ => None,
    }
}

/// Each placeholder replaced once: what a value holds is never read as one.
fn filled(template: &str, values: &Values) -> String {
    replaced(template, |name| value(name, values).map(str::to_owned))
}

fn replaced(template: &str, with: impl Fn(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let end = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        match with(&after[..end]).filter(|_| after[end..].starts_with('%')) {
            Some(value) => {
                out.push_str(&value);
                rest = &after[end + 1..];
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

/// The words as HTML. A value is put in after the markup is made, so that it cannot become any.
fn markup(template: &str, values: &Values) -> String {
    if template.trim().is_empty() {
        return String::new();
    }
    let mark = |at: usize| char::from_u32(FIRST_MARK + at as u32).unwrap_or(' ');
    let marked = replaced(template, |name| PLACEHOLDERS.iter().position(|p| *p == name).map(|at| mark(at).to_string()));
    let mut html = text::to_html(&marked);
    for (at, name) in PLACEHOLDERS.iter().enumerate() {
        let value = escaped(value(name, values).unwrap_or_default());
        let value = if *name == "link" { format!("<a href=\"{value}\">{value}</a>") } else { value };
        html = html.replace(mark(at), &value);
    }
    html
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

pub(super) async fn current(desk: &Desk, kind: Kind, l: Language) -> Result<Template> {
    let changed = store::mail::template(desk.store(), kind.word(), l.tag()).await?;
    Ok(changed.map_or_else(|| kind.default(l), |(subject, body)| Template { subject, body }))
}

fn admin(by: &Agent) -> Result<(), Refusal> {
    by.session().require(Action::AdministerMail)
}

/// The words of a mail as they are now; for admins.
pub async fn template(desk: &Desk, by: &Agent, kind: Kind, l: Language) -> Result<Template> {
    admin(by)?;
    current(desk, kind, l).await
}

/// Changes the words of a mail; for admins.
pub async fn set_template(desk: &Desk, by: &Agent, kind: Kind, l: Language, subject: &str, body: &str) -> Result<()> {
    admin(by)?;
    keep(desk, by, kind, l, Some(&Template::check(subject, body)?)).await
}

/// How a mail with these words would look: subject, text and HTML; for admins.
pub async fn preview(desk: &Desk, by: &Agent, l: Language, subject: &str, body: &str) -> Result<(String, String, String)> {
    admin(by)?;
    Ok(super::letter::example(&Template::check(subject, body)?, l, &desk.mail().settings.base_url))
}

/// Goes back to Balie's own words; for admins.
pub async fn reset_template(desk: &Desk, by: &Agent, kind: Kind, l: Language) -> Result<()> {
    admin(by)?;
    keep(desk, by, kind, l, None).await
}

/// Keeps the words of a mail, or goes back to Balie's own, and writes it down.
async fn keep(desk: &Desk, by: &Agent, kind: Kind, l: Language, template: Option<&Template>) -> Result<()> {
    let was = current(desk, kind, l).await?;
    let is = template.cloned().unwrap_or_else(|| kind.default(l));
    let change = desk.store().begin().await?;
    store::mail::set_template(&change, kind.word(), l.tag(), template.map(|template| (template.subject.as_str(), template.body.as_str()))).await?;
    let [was, is] = [was, is].map(|template| format!("{}\n\n{}", template.subject, template.body));
    if was != is {
        let about = format!("{} ({})", kind.word(), l.tag());
        audit::note(&change, by.session(), Done::new(Deed::SettingChanged, &about, None).changed(&was, &is), desk.now()).await?;
    }
    Ok(change.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values {
            name: "Marieke".into(),
            number: "1042".into(),
            subject: "<b>50% %name%</b> **x**".into(),
            link: "https://x.example/tickets/1042".into(),
            expect: String::new(),
        }
    }

    #[test]
    fn balies_own_words_pass_their_own_check() {
        for kind in Kind::ALL {
            for l in [Language::Nl, Language::En] {
                let own = kind.default(l);
                assert_eq!(Template::check(&own.subject, &own.body).unwrap(), own);
            }
        }
    }

    #[test]
    fn a_value_is_text_and_never_markup_or_a_placeholder() {
        let template = Template::check("[#%number%] %subject%", "Dag **%name%**, over %subject%:\n\n%content%\n\n%link%").unwrap();
        assert_eq!(template.subject(&values()), "[#1042] <b>50% %name%</b> **x**");
        let (text, html) = template.around(&values(), "inhoud", "<p>inhoud</p>");
        assert!(text.starts_with("Dag Marieke, over <b>50% %name%</b>") && text.contains("\n\ninhoud\n\nhttps://"), "{text}");
        assert!(html.contains("&lt;b&gt;50% %name%&lt;/b&gt; **x**") && html.contains("<strong>Marieke</strong>"), "{html}");
        assert!(html.contains("<p>inhoud</p>") && html.contains("<a href=\"https://x.example/tickets/1042\">"), "{html}");
    }

    #[test]
    fn a_template_that_would_break_a_mail_is_refused() {
        for (subject, body) in [
            ("", "%content%"),
            ("x", ""),
            ("x", "geen inhoud"),
            ("x", "%content% %content%"),
            ("%content%", "%content%"),
            ("%naam%", "%content%"),
            ("x", "%content% %foo%"),
        ] {
            assert!(Template::check(subject, body).is_err(), "{subject:?} {body:?}");
        }
        assert!(Template::check("50% korting, 100%", "%content% 20 %").is_ok());
        assert!(Template::check(&"x".repeat(201), "%content%").is_err());
    }
}
