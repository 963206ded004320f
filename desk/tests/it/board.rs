//! The list and the board, by every filter and page by page.

use crate::support::{World, on_both};
use desk::board::{Cursor, Sort, page, snapshot};
use desk::tickets::{Edit, edit};
use domain::TicketId;
use domain::board::{AssignedTo, COLUMNS, Card, Filter};
use domain::tickets::{Status, TicketForm, Urgency};

/// Tickets that differ in everything one can filter by; on the clock of the tests all of them changed at the same moment.
async fn various(world: &World, many: usize) -> Vec<TicketId> {
    let (sanne, mut ids) = (world.agent("sanne"), vec![]);
    for n in 0..many {
        let form = TicketForm {
            urgency: Urgency::ALL[n % 4].word().into(),
            department: world.departments[n % 3].to_string(),
            ..world.form(&format!("Onderwerp {n}"))
        };
        let id = desk::tickets::open(&world.desk, &world.customer(["marieke", "kees"][n % 2]), &form, None).await.unwrap();
        let mut edits = vec![Edit::Status(Status::ALL[n % 5])];
        edits.extend((n % 3 > 0).then(|| Edit::Assignee(Some(world.id(["sanne", "daan"][n % 2])))));
        edits.extend((n % 4 == 0).then(|| Edit::Tag("lastig".into())));
        for change in &edits {
            edit(&world.desk, &sanne, id, std::slice::from_ref(change), None).await.unwrap();
        }
        ids.push(id);
    }
    ids
}

#[tokio::test]
async fn every_page_follows_on_the_one_before_and_nothing_is_missed_where_keys_are_equal() {
    on_both(async |world: World| {
        let mut ids = various(&world, 120).await;
        ids.sort_unstable();
        let hanneke = world.agent("hanneke");
        for sort in [Sort::Due, Sort::Updated, Sort::Number, Sort::Urgency] {
            let key = |card: &Card| match sort {
                Sort::Due => card.place(),
                Sort::Updated => card.updated_at.0,
                Sort::Number => card.id.0,
                Sort::Urgency => card.urgency.code().into(),
            };
            for ascending in [false, true] {
                let cursor = |card: &Card, backwards| Some(Cursor { key: key(card), id: card.id, backwards });
                let (mut from, mut pages) = (None, vec![]);
                loop {
                    let next = page(&world.desk, &hanneke, &Filter::default(), sort, ascending, from).await.unwrap();
                    from = next.cards.last().and_then(|card| cursor(card, false));
                    let more = next.more;
                    pages.push(next.cards);
                    if !more {
                        break;
                    }
                }
                let seen: Vec<&Card> = pages.iter().flatten().collect();
                let mut expected: Vec<(i64, TicketId)> = seen.iter().map(|c| (key(c), c.id)).collect();
                expected.sort_unstable();
                if !ascending {
                    expected.reverse();
                }
                assert_eq!(seen.iter().map(|c| (key(c), c.id)).collect::<Vec<_>>(), expected, "{sort:?} {ascending}");
                let mut all: Vec<TicketId> = seen.iter().map(|c| c.id).collect();
                all.sort_unstable();
                assert_eq!(all, ids, "{sort:?} {ascending}: each once");
                assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);

                let back = page(&world.desk, &hanneke, &Filter::default(), sort, ascending, cursor(&pages[2][0], true)).await.unwrap();
                assert_eq!(back.cards, pages[1], "{sort:?} {ascending}: back");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn list_and_board_hold_exactly_what_a_filter_admits() {
    on_both(async |world: World| {
        various(&world, 48).await;
        let hanneke = world.agent("hanneke");
        let all = page(&world.desk, &hanneke, &Filter::default(), Sort::Number, true, None).await.unwrap().cards;
        let organisation = all.iter().find_map(|c| c.organisation.as_ref()).unwrap().id;
        let (mine, nobody) = (Some(AssignedTo::Person(world.id("daan"))), Some(AssignedTo::Nobody));
        let filters = [
            Filter { statuses: vec![Status::New, Status::Closed], ..Filter::default() },
            Filter { departments: vec![world.departments[1]], ..Filter::default() },
            Filter { urgencies: vec![Urgency::High, Urgency::Question], ..Filter::default() },
            Filter { assignee: mine, ..Filter::default() },
            Filter { assignee: nobody, ..Filter::default() },
            Filter { organisation: Some(organisation), ..Filter::default() },
            Filter { tag: Some("lastig".into()), ..Filter::default() },
            Filter { tag: Some("is er niet".into()), ..Filter::default() },
            Filter {
                departments: vec![world.departments[0]],
                assignee: nobody,
                organisation: Some(organisation),
                tag: Some("lastig".into()),
                ..Filter::default()
            },
        ];
        for filter in filters {
            let admitted: Vec<&Card> = all.iter().filter(|card| filter.admits(card)).collect();
            let listed = page(&world.desk, &hanneke, &filter, Sort::Number, true, None).await.unwrap().cards;
            assert_eq!(listed.iter().collect::<Vec<_>>(), admitted, "{filter:?}");
            let (board, _) = snapshot(&world.desk, &hanneke, &filter).await.unwrap();
            for (column, status) in board.columns.iter().zip(COLUMNS) {
                let mut shown: Vec<TicketId> = column.cards.iter().map(|c| c.id).collect();
                shown.sort_unstable();
                let due: Vec<TicketId> = admitted.iter().filter(|c| c.status == status).map(|c| c.id).collect();
                assert_eq!((shown, column.total), (due.clone(), due.len() as i64), "{filter:?} {status:?}");
            }
        }
    })
    .await;
}
