//! The settings of the provider at which people log in.

use super::Reading;
use super::addresses::issuer;
use desk::accounts::ProviderSettings;
use domain::accounts::{EmailAddress, Role};
use serde::Deserialize;

/// `[oidc]` of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OidcFile {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    name: Option<String>,
    claim: Option<String>,
    roles: Option<String>,
    vouched_domains: Option<String>,
}

impl Reading<'_> {
    /// The provider, where an issuer is named.
    pub(super) fn oidc(&mut self, file: OidcFile) -> Option<ProviderSettings> {
        let named = self.text("BALIE_OIDC_ISSUER", file.issuer, "");
        let client_id = self.text("BALIE_OIDC_CLIENT_ID", file.client_id, "");
        let client_secret = self.text("BALIE_OIDC_CLIENT_SECRET", file.client_secret, "");
        let roles = self.text("BALIE_OIDC_ROLES", file.roles, "");
        let name = self.text("BALIE_OIDC_NAME", file.name, "OpenID");
        let claim = self.text("BALIE_OIDC_CLAIM", file.claim, "groups");
        let domains = self.text("BALIE_OIDC_VOUCHED_DOMAINS", file.vouched_domains, "");
        if named.is_empty() {
            return None;
        }
        if let Err(reason) = issuer(&named) {
            self.errors.push(format!("BALIE_OIDC_ISSUER: {reason}"));
        }
        if client_id.is_empty() {
            self.errors.push("BALIE_OIDC_CLIENT_ID: the provider gives one".to_owned());
        }
        let pairs =
            roles.split_whitespace().map(|pair| pair.rsplit_once('=').and_then(|(group, role)| Some((group.to_owned(), Role::from_word(role)?))));
        let roles: Option<Vec<(String, Role)>> = pairs.collect();
        if roles.is_none() {
            self.errors.push("BALIE_OIDC_ROLES: write group=role with blanks between, such as helpdesk=agent it=admin".to_owned());
        }
        let domains: Option<Vec<String>> = domains.split_whitespace().map(domain).collect();
        if domains.is_none() {
            self.errors.push("BALIE_OIDC_VOUCHED_DOMAINS: write whole domains with blanks between, such as example.com example.org".to_owned());
        }
        let client_secret = Some(client_secret).filter(|secret| !secret.is_empty());
        let (roles, vouched_domains) = (roles.unwrap_or_default(), domains.unwrap_or_default());
        Some(ProviderSettings { issuer: named, client_id, client_secret, name, claim, roles, vouched_domains, base_url: String::new() })
    }
}

/// A domain as addresses are compared with it; `None` where it is none, such as `*` or `@example.com`.
fn domain(written: &str) -> Option<String> {
    let domain = EmailAddress::parse(&format!("x@{written}"))?.domain().to_owned();
    let is_whole = domain.contains('.') && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    is_whole.then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_that_is_vouched_for_is_a_whole_one() {
        assert_eq!(domain("Sera.Example").as_deref(), Some("sera.example"));
        for wrong in ["*", "*.example", "@sera.example", "sera", "sera.example,", "a@sera.example", "sera..example"] {
            assert_eq!(domain(wrong), None, "{wrong}");
        }
    }
}
