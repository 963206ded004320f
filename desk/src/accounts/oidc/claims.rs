//! What a provider says of someone, read: which address is theirs for certain, and which groups they are in.
//!
//! Invariant: that an address is verified is believed of the address that stands beside it alone.

use super::Settings;
use domain::accounts::EmailAddress;
use domain::typed;
use serde_json::Value;
use std::fmt;

/// Who someone is, as the provider says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub subject: String,
    /// Where it is theirs for certain.
    pub email: Option<EmailAddress>,
    pub name: String,
    pub groups: Vec<String>,
    /// Why something is not there that might have let them in.
    pub missing: Vec<Missing>,
}

/// What an answer of the provider lacks, as an operator reads it in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// No `email`.
    Email,
    /// `email` is no address.
    NoAddress,
    /// Nothing says whether the address is verified, and nobody vouches for its domain.
    Verified,
    /// It says that the address is not verified.
    NotVerified,
    /// No claim with groups, under the name that the settings have for it.
    Groups(String),
    /// More groups than fit: there is a reference in their place (`_claim_names`, `hasgroups`).
    TooManyGroups(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Email => f.write_str("the claim email is missing"),
            Missing::NoAddress => f.write_str("the claim email is no e-mail address"),
            Missing::Verified => {
                f.write_str("the claim email_verified is missing, and BALIE_OIDC_VOUCHED_DOMAINS does not name the domain of the address")
            }
            Missing::NotVerified => f.write_str("the provider says that the address is not verified"),
            Missing::Groups(claim) => write!(f, "the claim {claim} (BALIE_OIDC_CLAIM) is missing"),
            Missing::TooManyGroups(claim) => write!(
                f,
                "the claim {claim} has a reference instead of a list: they are in more groups than the provider sends, so let it send those of this application alone"
            ),
        }
    }
}

/// Whether the user info is to be asked for as well.
pub(super) fn wants_more(id_token: &Value, settings: &Settings) -> bool {
    id_token.get("email").is_none() || (!settings.roles.is_empty() && id_token.get(&settings.claim).is_none())
}

/// Reads the claims of an ID token, and what the user info adds to them.
pub(super) fn read(subject: String, id_token: &Value, info: Option<&Value>, settings: &Settings) -> Claims {
    let answers = || [Some(id_token), info].into_iter().flatten();
    let mut missing = vec![];
    let mut email = None;
    match answers().find(|answer| answer.get("email").is_some()) {
        None => missing.push(Missing::Email),
        Some(answer) => match address(answer, settings) {
            Ok(address) => email = Some(address),
            Err(lack) => missing.push(lack),
        },
    }
    let mut groups = vec![];
    match answers().find_map(|answer| answer.get(&settings.claim)) {
        Some(Value::Array(all)) => groups = all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(group)) => groups.push(group.clone()),
        _ if settings.roles.is_empty() => {}
        _ => {
            let claim = settings.claim.clone();
            let is_elsewhere = answers().any(|answer| {
                answer.pointer("/_claim_names").and_then(|names| names.get(&claim)).is_some() || is_true(answer.get("hasgroups")) == Some(true)
            });
            missing.push(if is_elsewhere { Missing::TooManyGroups(claim) } else { Missing::Groups(claim) });
        }
    }
    let name = answers().find_map(|answer| answer.get("name").and_then(Value::as_str)).unwrap_or_default();
    Claims { subject, email, name: typed::line(name), groups, missing }
}

/// The address of an answer, where it is verified or someone vouches for it.
fn address(answer: &Value, settings: &Settings) -> Result<EmailAddress, Missing> {
    let address = answer.get("email").and_then(Value::as_str).and_then(EmailAddress::parse).ok_or(Missing::NoAddress)?;
    // `xms_edov` is how Microsoft Entra ID says that whoever has the domain of the address has proved it.
    match [is_true(answer.get("email_verified")), is_true(answer.get("xms_edov"))] {
        [Some(false), _] | [None, Some(false)] => Err(Missing::NotVerified),
        [Some(true), _] | [None, Some(true)] => Ok(address),
        [None, None] if settings.vouched_domains.iter().any(|domain| domain == address.domain()) => Ok(address),
        [None, None] => Err(Missing::Verified),
    }
}

/// A boolean, as providers write it; nothing where it is not there. What is neither yes nor no is a no.
fn is_true(claim: Option<&Value>) -> Option<bool> {
    match claim? {
        Value::Null => None,
        Value::Bool(yes) => Some(*yes),
        Value::String(word) => Some(matches!(word.as_str(), "true" | "1")),
        Value::Number(number) => Some(number.as_i64() == Some(1)),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::accounts::Role;
    use serde_json::json;

    fn settings(vouched: &[&str], roles: bool) -> Settings {
        Settings {
            issuer: "https://login.example".into(),
            client_id: "balie".into(),
            client_secret: None,
            name: "X".into(),
            claim: "groups".into(),
            roles: if roles { vec![("3f2b6c1e-77aa-4c09-9a55-0d8f2f5f8a10".into(), Role::Agent)] } else { vec![] },
            vouched_domains: vouched.iter().map(|domain| (*domain).to_owned()).collect(),
            base_url: "https://help.example".into(),
        }
    }

    fn proved(answer: Value, vouched: &[&str]) -> Result<String, Vec<Missing>> {
        let claims = read("s".into(), &answer, None, &settings(vouched, false));
        claims.email.map(|email| email.as_str().to_owned()).ok_or(claims.missing)
    }

    #[test]
    fn an_address_is_believed_where_it_is_verified_or_its_domain_is_vouched_for() {
        let sanne = |extra: Value| {
            let mut all = json!({ "email": "Sanne@Sera.Example" });
            all.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            all
        };
        let yes = || Ok("sanne@sera.example".to_owned());
        for said in [json!(true), json!("true"), json!(1), json!("1")] {
            assert_eq!(proved(sanne(json!({ "email_verified": said })), &[]), yes(), "{said}");
            assert_eq!(proved(sanne(json!({ "xms_edov": said })), &[]), yes(), "{said}");
        }
        assert_eq!(proved(sanne(json!({})), &[]), Err(vec![Missing::Verified]));
        assert_eq!(proved(sanne(json!({})), &["sera.example"]), yes());
        assert_eq!(proved(sanne(json!({ "email_verified": null })), &["sera.example"]), yes());
        for other in ["example", "ra.example", "x.sera.example", "sera.example.org"] {
            assert_eq!(proved(sanne(json!({})), &[other]), Err(vec![Missing::Verified]), "{other}");
        }
        // Who says that it is not verified is believed, whoever vouches.
        for said in [json!(false), json!("false"), json!("no"), json!(0), json!([])] {
            assert_eq!(proved(sanne(json!({ "email_verified": said })), &["sera.example"]), Err(vec![Missing::NotVerified]), "{said}");
            assert_eq!(proved(sanne(json!({ "xms_edov": said })), &["sera.example"]), Err(vec![Missing::NotVerified]), "{said}");
        }
        assert_eq!(proved(sanne(json!({ "email_verified": false, "xms_edov": true })), &[]), Err(vec![Missing::NotVerified]));
        assert_eq!(proved(json!({ "email_verified": true }), &["sera.example"]), Err(vec![Missing::Email]));
        // What people are called at a provider is no address of theirs.
        assert_eq!(
            proved(json!({ "preferred_username": "sanne@sera.example", "upn": "sanne@sera.example" }), &["sera.example"]),
            Err(vec![Missing::Email])
        );
        for no_address in [json!("sanne"), json!(["sanne@sera.example"]), json!("a@b@sera.example"), json!("x@evil.example,@sera.example")] {
            assert_eq!(
                proved(json!({ "email": no_address, "email_verified": true }), &["sera.example"]),
                Err(vec![Missing::NoAddress]),
                "{no_address}"
            );
        }
    }

    #[test]
    fn verified_is_said_of_no_address_elsewhere() {
        let (token, info) = (json!({ "email": "a@x.example" }), json!({ "email": "b@x.example", "email_verified": true, "name": "B" }));
        let claims = read("s".into(), &token, Some(&info), &settings(&[], false));
        assert_eq!((claims.email, claims.missing, claims.name.as_str()), (None, vec![Missing::Verified], "B"));
        let claims = read("s".into(), &json!({ "email_verified": true }), Some(&json!({ "email": "b@x.example" })), &settings(&[], false));
        assert_eq!((claims.email, claims.missing), (None, vec![Missing::Verified]));
    }

    #[test]
    fn groups_are_read_by_id_and_it_is_said_why_there_are_none() {
        let id = "3f2b6c1e-77aa-4c09-9a55-0d8f2f5f8a10";
        let of = |token: Value, info: Option<Value>| read("s".into(), &token, info.as_ref(), &settings(&[], true));
        let email = |mut rest: Value| {
            rest["email"] = json!("a@x.example");
            rest["email_verified"] = json!(true);
            rest
        };
        assert_eq!(of(email(json!({ "groups": [id, 7, "b"] })), None).groups, [id, "b"]);
        assert_eq!(of(email(json!({})), Some(json!({ "groups": [id] }))).groups, [id], "of the user info");
        assert!(wants_more(&email(json!({})), &settings(&[], true)) && !wants_more(&email(json!({})), &settings(&[], false)));
        assert_eq!(of(email(json!({})), None).missing, [Missing::Groups("groups".into())]);
        for over in [json!({ "_claim_names": { "groups": "src1" } }), json!({ "hasgroups": true })] {
            let claims = of(email(over), None);
            assert_eq!(claims.missing, [Missing::TooManyGroups("groups".into())]);
            assert!(claims.missing[0].to_string().contains("more groups than the provider sends"));
        }
    }
}
