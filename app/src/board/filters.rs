//! The filter bar: the URL holds the filter, each choice is a link that takes it away, and adding one is a form.

use super::api::Choices;
use crate::i18n as w;
use crate::ui::icon;
use domain::OrganisationId;
use domain::accounts::Language;
use domain::board::{AssignedTo, Card, Filter};
use domain::tickets::{Status, Urgency};
use leptos::prelude::*;

/// No organisation has this number: what is filtered by it is nothing.
const NO_ORGANISATION: OrganisationId = OrganisationId(0);

/// Reads the filter of a query. A name where the organisation's number should be shows nothing: left out, all tickets would be shown as if they were filtered.
pub(super) fn filter_of(query: &str) -> Filter {
    let (pairs, typed) = (pairs(query), organisation_of(query));
    let filter = Filter::from_pairs(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let organisation = (!typed.is_empty()).then(|| typed.parse().unwrap_or(NO_ORGANISATION));
    Filter { organisation, ..filter }
}

/// Most letters of an organisation's name in the query: no name is longer, and every link of the page repeats it.
const LONGEST: usize = 200;

/// What stands in the query for the organisation: a number, or a name that was typed; the last that was chosen.
pub(super) fn organisation_of(query: &str) -> String {
    let typed = pairs(query).into_iter().rev().filter(|(key, _)| key == "organisation");
    let typed = typed.map(|(_, value)| value.trim().chars().take(LONGEST).collect::<String>());
    typed.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// The query with the organisation's number instead of the name that was typed; `None` where it has no name, or no organisation has it.
pub(super) fn with_number(query: &str, choices: &Choices) -> Option<String> {
    let number = choices.organisation.as_ref()?.id.to_string();
    if organisation_of(query).parse::<OrganisationId>().is_ok() {
        return None;
    }
    let mut pairs = pairs(query);
    pairs.retain(|(key, value)| key != "organisation" && !value.is_empty());
    pairs.push(("organisation".to_owned(), number));
    Some(query_of(&pairs))
}

/// What a query asks for.
pub(super) struct Asked {
    pub(super) filter: Filter,
    /// The organisation that was asked for and is not there, as it was typed.
    pub(super) unknown: Option<String>,
}

impl Asked {
    /// Reads a query.
    pub(super) fn of(query: &str, choices: &Choices) -> Self {
        let unknown = Some(organisation_of(query)).filter(|typed| !typed.is_empty() && choices.organisation.is_none());
        Self { filter: filter_of(query), unknown }
    }

    /// The query's pairs, in a fixed order.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let as_typed = |(key, value)| (key, self.unknown.clone().filter(|_| key == "organisation").unwrap_or(value));
        self.filter.pairs().into_iter().map(as_typed).collect()
    }

    /// Says that there is no such organisation.
    pub(super) fn notice(&self, l: Language) -> Option<String> {
        self.unknown.as_ref().map(|name| w::filter_no_organisation(l, name))
    }
}

/// How the list is sorted, and where its page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Listing {
    pub sort: String,
    pub ascending: bool,
    pub after: Option<(i64, i64)>,
    pub before: Option<(i64, i64)>,
}

/// The order in which the list is shown where none was chosen: what is due first.
pub(super) const DUE: &str = "due";

impl Listing {
    /// Reads a query; what cannot be read is as if it were not there.
    pub fn of(query: &str) -> Self {
        let mut listing = Self { sort: DUE.to_owned(), ascending: true, ..Self::default() };
        let mut order = None;
        for (key, value) in pairs(query) {
            let cursor = || value.split_once('.').and_then(|(key, id)| Some((key.parse().ok()?, id.parse().ok()?)));
            match key.as_str() {
                // The others begin with the last, the greatest or the most urgent.
                "sort" if matches!(value.as_str(), "number" | "urgency" | "updated") => (listing.sort, listing.ascending) = (value, false),
                "order" => order = Some(value == "asc"),
                "after" => listing.after = cursor(),
                "before" => listing.before = cursor(),
                _ => {}
            }
        }
        listing.ascending = order.unwrap_or(listing.ascending);
        listing
    }

    /// The cursor of a card.
    pub fn cursor(&self, card: &Card) -> String {
        let key = match self.sort.as_str() {
            "number" => card.id.0,
            "urgency" => card.urgency.code().into(),
            "updated" => card.updated_at.0,
            _ => card.place(),
        };
        format!("{key}.{}", card.id)
    }
}

/// The pairs of a query, decoded.
fn pairs(query: &str) -> Vec<(String, String)> {
    query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decode(key), decode(value))).collect()
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut ahead = bytes.clone();
                let digits = ahead.next().zip(ahead.next()).and_then(|(a, b)| Some((a as char).to_digit(16)? * 16 + (b as char).to_digit(16)?));
                match digits {
                    Some(value) => {
                        out.push(value as u8);
                        bytes = ahead;
                    }
                    None => out.push(byte),
                }
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A query of pairs.
pub(super) fn query_of<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    pairs.iter().map(|(key, value)| format!("{}={}", key.as_ref(), encode(value.as_ref()))).collect::<Vec<_>>().join("&")
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.') { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// The bar with the search field, what is filtered, and a form for more.
pub(super) fn bar(path: &'static str, asked: &Asked, choices: &Choices, with_status: bool, l: Language) -> impl IntoView + use<> {
    let own = asked.pairs();
    let unknown = asked.unknown.clone();
    let is_unknown = unknown.is_some();
    let rest: Vec<_> = own.iter().filter(|(key, _)| *key != "q").cloned().collect();
    let text = asked.filter.text.clone().unwrap_or_default();
    view! {
        <div class="filters" role="search">
            <form class="input input-group find" action=path>
                {icon("search")}<input type="search" name="q" value=text aria-label=w::search_all(l) placeholder=w::search_all(l)/><kbd aria-hidden="true">"/"</kbd>
                {rest.into_iter().map(|(key, value)| view! { <input type="hidden" name=key value=value/> }).collect_view()}
            </form>
            {own.iter().enumerate().map(|(at, (key, value))| {
                let without: Vec<_> = own.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, pair)| pair.clone()).collect();
                let (name, shown) = (label(key, l), shown(key, value, choices, l));
                view! { <a class="button filter" data-size="small" data-on="" href=format!("{path}?{}", query_of(&without)) aria-label=w::remove_filter(l, name, &shown)><span class="k">{name}</span>" "{shown.clone()}" "{icon("x")}</a> }
            }).collect_view()}
            <details class="filter-add">
                <summary class="button filter" data-size="small">{icon("plus")}{w::filter(l)}</summary>
                <form class="panel" action=path>
                    {own.into_iter().filter(|(key, _)| !is_unknown || *key != "organisation").map(|(key, value)| view! { <input type="hidden" name=key value=value/> }).collect_view()}
                    {with_status.then(|| select("status", label("status", l), Status::ALL.iter().map(|s| (s.word().to_owned(), w::status_word(*s, l).to_owned())).collect(), l))}
                    {select("department", label("department", l), choices.departments.iter().map(|d| (d.id.to_string(), d.name.clone())).collect(), l)}
                    {select("urgency", label("urgency", l), Urgency::FORM.iter().map(|u| (u.word().to_owned(), w::urgency_word(*u, l).to_owned())).collect(), l)}
                    {select("assignee", label("assignee", l), std::iter::once(("nobody".to_owned(), w::nobody(l).to_owned())).chain(choices.staff.iter().map(|p| (p.id.to_string(), p.name.clone()))).collect(), l)}
                    <div class="field"><label for="f-organisation">{label("organisation", l)}</label><input class="input" data-size="small" id="f-organisation" name="organisation" value=unknown aria-invalid=is_unknown.then_some("true") autocomplete="off"/></div>
                    <div class="field"><label for="f-tag">{label("tag", l)}</label><input class="input" data-size="small" id="f-tag" name="tag"/></div>
                    <button class="button" data-kind="primary" data-size="small">{w::filter(l)}</button>
                </form>
            </details>
        </div>
    }
}

fn select(name: &'static str, label: &'static str, options: Vec<(String, String)>, l: Language) -> impl IntoView {
    view! {
        <div class="field"><label for=format!("f-{name}")>{label}</label>
            <select class="select input" data-size="small" id=format!("f-{name}") name=name>
                <option value="">{w::any(l)}</option>
                {options.into_iter().map(|(value, word)| view! { <option value=value>{word}</option> }).collect_view()}
            </select>
        </div>
    }
}

fn label(key: &str, l: Language) -> &'static str {
    match key {
        "status" => w::status(l),
        "department" => w::department(l),
        "urgency" => w::urgency(l),
        "assignee" => w::agent(l),
        "organisation" => w::organisation(l),
        "tag" => w::tag(l),
        _ => w::text(l),
    }
}

fn shown(key: &str, value: &str, choices: &Choices, l: Language) -> String {
    let found = match key {
        "status" => Status::from_word(value).map(|s| w::status_word(s, l).to_owned()),
        "urgency" => Urgency::from_word(value).map(|u| w::urgency_word(u, l).to_owned()),
        "department" => choices.departments.iter().find(|d| d.id.to_string() == value).map(|d| d.name.clone()),
        "organisation" => choices.organisation.as_ref().filter(|o| o.id.to_string() == value).map(|o| o.name.clone()),
        "assignee" if value == "nobody" => Some(w::nobody(l).to_owned()),
        "assignee" => {
            choices.staff.iter().find(|p| AssignedTo::Person(p.id) == AssignedTo::Person(value.parse().unwrap_or_default())).map(|p| p.name.clone())
        }
        _ => None,
    };
    found.unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Named;

    #[test]
    fn a_query_survives_the_way_through_the_url() {
        let filter = Filter::from_pairs([("urgency", "high"), ("tag", "versie 8&4"), ("q", "één + twee %")]);
        assert_eq!(filter_of(&query_of(&filter.pairs())), filter);
        assert_eq!(filter_of("q=a%2&status=zz&department=%27"), Filter::from_pairs([("q", "a%2")]));
    }

    #[test]
    fn an_organisation_that_is_not_there_is_kept_as_it_was_typed_and_shows_nothing() {
        let (none, waal) = (Choices::default(), Choices { organisation: Some(Named::new(OrganisationId(7), "De Waal")), ..Choices::default() });
        let asked = Asked::of("urgency=high&organisation=+Bestaat+niet+", &none);
        assert_eq!(asked.filter.organisation, Some(NO_ORGANISATION));
        assert_eq!(query_of(&asked.pairs()), "urgency=high&organisation=Bestaat%20niet");
        assert!(asked.notice(Language::Nl).unwrap().contains("Bestaat niet"));
        assert_eq!(with_number("organisation=Bestaat+niet", &none), None);

        assert_eq!(with_number("q=x&organisation=de+w&tag=", &waal).as_deref(), Some("q=x&organisation=7"));
        let found = Asked::of("organisation=7", &waal);
        assert_eq!((found.filter.organisation, found.unknown.is_none(), with_number("organisation=7", &waal)), (Some(OrganisationId(7)), true, None));

        // The last that was chosen counts, and nothing chosen leaves what there was.
        assert_eq!(organisation_of("organisation=5&organisation=Waal"), "Waal");
        assert_eq!(with_number("organisation=5&organisation=Waal", &waal).as_deref(), Some("organisation=7"));
        assert_eq!(filter_of("organisation=5&organisation=").organisation, Some(OrganisationId(5)));
        assert_eq!(filter_of("organisation=").organisation, None);
    }

    #[test]
    fn a_cursor_that_cannot_be_read_is_no_cursor() {
        assert_eq!(Listing::of("after=x.y&sort=drop").after, None);
        assert_eq!(
            Listing::of("sort=number&order=asc&before=5.7"),
            Listing { sort: "number".into(), ascending: true, after: None, before: Some((5, 7)) }
        );
    }
}
