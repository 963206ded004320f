//! The demo data is what the first page promises.

use crate::support::on_both_empty;
use domain::board::Filter;
use domain::tickets::{Status, Urgency};
use std::collections::HashSet;

#[tokio::test]
async fn the_demo_has_every_status_and_urgency_and_three_organisations() {
    on_both_empty(async |desk| {
        assert!(desk::demo::is_empty(&desk).await.unwrap());
        desk::demo::fill(&desk, |_, _| {}).await.unwrap();
        assert!(!desk::demo::is_empty(&desk).await.unwrap());
        let everything = domain::accounts::Scope::Desk { hidden: vec![] };
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
    })
    .await;
}
