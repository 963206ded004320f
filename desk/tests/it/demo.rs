//! The demo data is what the first page promises.

use crate::support::on_both_empty;
use desk::audit::Origin;
use domain::board::Filter;
use domain::tickets::{Status, Urgency};
use std::collections::HashSet;

#[tokio::test]
async fn the_demo_has_every_status_and_urgency_and_three_organisations() {
    on_both_empty(async |desk| {
        assert!(desk::demo::is_empty(&desk).await.unwrap());
        desk::demo::fill(&desk, |_, _| {}).await.unwrap();
        assert!(!desk::demo::is_empty(&desk).await.unwrap());
        let everything = domain::accounts::Scope::system();
        let of = store::board::PageOf {
            scope: &everything,
            filter: &Filter::default(),
            sort: Default::default(),
            ascending: false,
            from: None,
            size: 200,
        };
        let cards = store::board::page(desk.store(), &of).await.unwrap().cards;
        assert!(cards.len() >= 40, "{}", cards.len());
        assert_eq!(cards.iter().map(|c| c.status).collect::<HashSet<_>>(), Status::ALL.iter().copied().collect());
        assert_eq!(cards.iter().map(|c| c.urgency).collect::<HashSet<_>>(), Urgency::ALL.iter().copied().collect());
        assert_eq!(cards.iter().filter_map(|c| c.organisation.as_ref().map(|o| o.id)).collect::<HashSet<_>>().len(), 3);
        assert_eq!(cards.iter().map(|c| c.department.id).collect::<HashSet<_>>().len(), 4);
        assert!(cards.iter().filter(|c| c.files > 0).count() > 10);
        let done = store::audit::read(desk.store(), &desk::audit::Filter::default(), 1_000).await.unwrap();
        assert!(done.len() > 20 && done.is_sorted_by_key(|entry| std::cmp::Reverse(entry.at)), "what was done is in the order of the clock");
    })
    .await;
}

#[tokio::test]
async fn the_demo_has_the_people_departments_conversations_and_pictures_that_it_promises() {
    use domain::accounts::Role;
    on_both_empty(async |desk| {
        desk::demo::fill(&desk, |_, _| {}).await.unwrap();
        let accounts = desk::demo::accounts().unwrap();
        let roles = |role| accounts.iter().filter(|a| a.role == role).count();
        assert!(roles(Role::Agent) >= 2 && roles(Role::Admin) >= 1);
        let organisations: HashSet<_> = accounts.iter().filter_map(|a| a.organisation.as_deref()).collect();
        let with_key_user: HashSet<_> = accounts.iter().filter(|a| a.key_user).filter_map(|a| a.organisation.as_deref()).collect();
        assert_eq!((organisations.len(), &with_key_user), (3, &organisations), "each organisation has a key user");
        let departments: Vec<_> = desk::accounts::departments(&desk).await.unwrap().into_iter().map(|d| d.named.name).collect();
        for department in desk::accounts::departments(&desk).await.unwrap().iter().take(3) {
            assert!(
                desk::on_call::on_call_now(&desk, department.named.id).await.unwrap().is_some(),
                "someone is on call for {}",
                department.named.name
            );
        }
        assert_eq!(departments, ["SERA Dataduiker", "SERA Datawijzer", "SERA Business Design B.V.", "SERA Alphens.nl"]);

        let admin = accounts.iter().find(|a| a.role == Role::Admin).unwrap();
        let token = desk::accounts::log_in(&desk, &admin.email, desk::demo::PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        let session = desk::accounts::session(&desk, token.as_str()).await.unwrap().unwrap();
        let list = desk::board::page(&desk, &session.agent().unwrap(), &Filter::default(), Default::default(), false, None).await.unwrap();
        let (mut answered, mut pictures, mut notes) = (0, 0, 0);
        for card in &list.cards {
            let page = desk::tickets::page(&desk, &session, card.id).await.unwrap();
            answered += usize::from(page.messages.iter().filter(|(m, _)| !m.note).count() > 1);
            notes += usize::from(page.messages.iter().any(|(m, _)| m.note));
            pictures += page.messages.iter().flat_map(|(_, files)| files).filter(|file| file.image).count();
        }
        assert!(answered >= 20 && notes >= 1 && pictures >= 10, "{answered} {notes} {pictures}");
    })
    .await;
}
