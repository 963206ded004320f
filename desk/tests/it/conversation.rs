//! A conversation is bounded on its page, however long it is, and nothing of it is out of reach.

use crate::support::{World, on_both};
use desk::tickets::{Edit, Page, Writing, edit, note, page, page_before, reply};
use domain::events::Happening;
use domain::{MessageId, TicketId};

fn writing(text: &str) -> Writing {
    Writing { text: text.into(), ..Default::default() }
}

/// Every page of a ticket as someone sees it, the newest first.
async fn pages(world: &World, key: &str, id: TicketId) -> Vec<Page> {
    let mut pages = vec![page(&world.desk, world.person(key), id).await.unwrap()];
    while let Some(last) = pages.last().filter(|page| page.has_earlier) {
        let before = last.messages.first().unwrap().0.id;
        pages.push(page_before(&world.desk, world.person(key), id, Some(before)).await.unwrap());
        assert!(pages.len() < 20, "it ends");
    }
    pages
}

fn ids(page: &Page) -> Vec<MessageId> {
    page.messages.iter().map(|(message, _)| message.id).collect()
}

#[tokio::test]
async fn a_long_conversation_comes_in_pages_and_each_message_and_event_is_on_one() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Lang").await;
        let (marieke, sanne) = (world.person("marieke"), world.agent("sanne"));
        for n in 0..60 {
            reply(&world.desk, marieke, id, &writing(&format!("Bericht {n}"))).await.unwrap();
            note(&world.desk, &sanne, id, &writing(&format!("Notitie {n}"))).await.unwrap();
            if n % 10 == 0 {
                edit(&world.desk, &sanne, id, &[Edit::Tag(format!("merk-{n}"))], None).await.unwrap();
            }
        }
        for (key, messages, events) in [("sanne", 121, 127), ("marieke", 61, 61)] {
            let pages = pages(&world, key, id).await;
            assert!(pages.iter().all(|page| page.messages.len() <= 50));
            let mut seen: Vec<MessageId> = pages.iter().rev().flat_map(ids).collect();
            assert!(seen.is_sorted());
            seen.dedup();
            assert_eq!(seen.len(), messages, "{key}");
            let happened: Vec<_> = pages.iter().rev().flat_map(|page| page.history.iter().map(|event| event.n)).collect();
            assert!(happened.is_sorted());
            // Whoever replies also changes the status, once.
            let of_status = pages.iter().flat_map(|page| &page.history).filter(|e| matches!(e.what, Happening::StatusChanged { .. })).count();
            assert_eq!(happened.len(), events + of_status, "{key}");
            // Each page's history is that of its own messages.
            for page in &pages {
                let brought = page.history.iter().filter(|event| event.what.message().is_some() || matches!(event.what, Happening::Opened { .. }));
                assert_eq!(brought.count(), page.messages.len(), "{key}");
            }
        }
        // The number of another ticket's message tells nothing of it.
        let other = world.open("kees", "Van een ander").await;
        let theirs = ids(&page(&world.desk, world.person("sanne"), other).await.unwrap())[0];
        let seen = page_before(&world.desk, marieke, id, Some(theirs)).await.unwrap();
        assert!(seen.messages.iter().all(|(message, _)| !message.html.contains("Stap 1") || message.author.name == "marieke"));
        assert!(page_before(&world.desk, world.person("kees"), id, Some(theirs)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn long_messages_share_a_page_and_each_is_whole_on_its_own() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Zwaar").await;
        // A line each in HTML.
        let long = "x\n".repeat(24_900);
        for n in 0..12 {
            reply(&world.desk, world.person("marieke"), id, &writing(&format!("{n} {long}"))).await.unwrap();
        }
        let shown = page(&world.desk, world.person("sanne"), id).await.unwrap();
        let bytes: usize = shown.messages.iter().map(|(message, _)| message.html.len()).sum();
        assert!(bytes < 1_100_000, "{bytes}");
        let (cut, whole): (Vec<_>, Vec<_>) = shown.messages.iter().map(|(message, _)| message).partition(|message| message.beginning.is_some());
        assert!(cut.len() > 3 && whole.len() > 4, "{} and {}", cut.len(), whole.len());
        assert!(whole.iter().any(|message| message.html.len() > 100_000), "the newest are whole");
        assert!(whole.last().unwrap().id > cut.last().unwrap().id);
        for message in cut {
            let beginning = message.beginning.as_deref().unwrap();
            assert!(message.html.is_empty() && beginning.chars().count() == 1_000, "{beginning}");
            let own = page_before(&world.desk, world.person("sanne"), id, Some(MessageId(message.id.0 + 1))).await.unwrap();
            let (last, _) = own.messages.last().unwrap();
            assert!(last.id == message.id && last.html.len() > 100_000);
        }
    })
    .await;
}
