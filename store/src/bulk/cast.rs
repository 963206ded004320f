//! Who there is: departments, agents, organisations with their people.

use super::random::{Random, Zipf};
use super::rows::{Rows, ids_used, next_id};
use super::{Plan, Text, Words};
use crate::change::Change;
use crate::error::{Error, Result};
use domain::accounts::{Role, Theme};
use domain::fold::key;
use domain::time::Span;
use domain::{DepartmentId, Named, OrganisationId, PersonId};
use std::collections::HashSet;

/// Agents there are.
const AGENTS: u64 = 20;

pub(super) struct Company {
    pub(super) named: Named<OrganisationId>,
    pub(super) people: Vec<Named<PersonId>>,
}

/// Everyone there is.
pub(super) struct Cast {
    pub(super) departments: Vec<Named<DepartmentId>>,
    pub(super) agents: Vec<Named<PersonId>>,
    pub(super) customer: Named<PersonId>,
    /// The known customer's company comes first and is drawn for no other ticket.
    pub(super) organisations: Vec<Company>,
    pub(super) zipf: Zipf,
}

impl Cast {
    pub(super) async fn write(change: &Change, plan: &Plan, words: &mut Words<'_>, random: &mut Random) -> Result<Self> {
        let mut rows = [
            Rows::new("department", &["id", "name", "closed", "screenshot", "position"]),
            Rows::new("organisation", &["id", "name", "sort_key", "created_at"]),
            Rows::new(
                "person",
                &["id", "name", "sort_key", "email", "role", "organisation_id", "key_user", "password_hash", "theme", "time_zone", "created_at"],
            ),
            Rows::new("department_member", &["department_id", "person_id"]),
            Rows::new("organisation_domain", &["domain", "organisation_id"]),
        ];
        let (mut department, mut company, mut person) =
            (next_id(change, "department").await?, next_id(change, "organisation").await?, next_id(change, "person").await?);
        let born = plan.now - Span::days(740);
        let mut departments = vec![];
        for (at, name) in plan.departments.iter().enumerate() {
            rows[0].push([department.into(), name.as_str().into(), false.into(), false.into(), (at as i32).into()]);
            departments.push(Named::new(DepartmentId(department), name));
            department += 1;
        }
        let mut add = |rows: &mut Rows, name: String, email: String, role: Role, company: Option<i64>, key_user: bool, hash: Option<&str>| {
            let named = Named::new(PersonId(person), name.as_str());
            let (hash, zone) = (hash.map(str::to_owned), plan.time_zone.as_str());
            rows.push([
                person.into(),
                named.name.as_str().into(),
                key(&named.name).into(),
                email.into(),
                role.word().into(),
                company.into(),
                key_user.into(),
                hash.into(),
                Theme::default().word().into(),
                zone.into(),
                born.0.into(),
            ]);
            person += 1;
            named
        };
        let known = &plan.agent;
        let mut agents =
            vec![add(&mut rows[2], known.name.clone(), known.email.as_str().to_owned(), Role::Agent, None, false, Some(&known.password_hash))];
        for n in 1..AGENTS {
            agents.push(add(
                &mut rows[2],
                (words.draw)(Text::Person, random),
                format!("agent{n}@balie.example"),
                Role::Agent,
                None,
                false,
                Some(&known.password_hash),
            ));
        }
        for (at, agent) in agents.iter().enumerate() {
            rows[3].push([departments[at % departments.len()].id.0.into(), agent.id.0.into()]);
        }
        let count = (plan.tickets / 500).max(20);
        let (mut organisations, mut customer, mut names) = (vec![], None, HashSet::new());
        for n in 0..=count {
            // Of those that are drawn twice, each has a number: no two organisations have one name.
            let drawn = (words.draw)(Text::Organisation, random);
            let name = if names.insert(key(&drawn)) { drawn } else { format!("{drawn} {n}") };
            let named = Named::new(OrganisationId(company), name);
            rows[1].push([company.into(), named.name.as_str().into(), key(&named.name).into(), born.0.into()]);
            rows[4].push([format!("org{n}.example").into(), company.into()]);
            let mut people = vec![];
            if n == 0 {
                let known = &plan.customer;
                people.push(add(
                    &mut rows[2],
                    known.name.clone(),
                    known.email.as_str().to_owned(),
                    Role::Customer,
                    Some(company),
                    true,
                    Some(&known.password_hash),
                ));
                customer = people.first().cloned();
            }
            for k in 0..4 + random.below(7) {
                people.push(add(
                    &mut rows[2],
                    (words.draw)(Text::Person, random),
                    format!("p{k}@org{n}.example"),
                    Role::Customer,
                    Some(company),
                    k == 0,
                    None,
                ));
            }
            organisations.push(Company { named, people });
            company += 1;
        }
        for rows in &mut rows {
            rows.write(change).await?;
        }
        for (table, next) in [("department", department), ("organisation", company), ("person", person)] {
            ids_used(change, table, next - 1).await?;
        }
        let customer = customer.ok_or(Error::Unreadable("known customer"))?;
        Ok(Self { departments, agents, customer, organisations, zipf: Zipf::new(count as usize, 1.1) })
    }
}
