//! Files: what is refused, what is kept, and what is cleared away.

use crate::support::{World, bomb, on_both, png};
use desk::attachments::{Picture, Upload, download, preview, remove};
use domain::time::Span;
use domain::{AttachmentId, Fault, Field, Refusal};
use std::path::Path;

fn fault<T: std::fmt::Debug>(result: desk::Result<T>) -> Option<Fault> {
    result.unwrap_err().refusal().and_then(|r| r.at(Field::Attachments)).cloned()
}

fn files_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn what_may_not_come_in_leaves_nothing_behind() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    for (name, bytes, expected) in [
        ("a.png.html", b"<script>".to_vec(), Fault::ForbiddenKind),
        ("a.svg", b"<svg>".to_vec(), Fault::ForbiddenKind),
        ("a.exe", b"MZ".to_vec(), Fault::ForbiddenKind),
        ("a.png", b"<html><script>alert(1)</script>".to_vec(), Fault::WrongContent),
        ("a.txt", b"\x7fELF\x02\x01\x01\0\0".to_vec(), Fault::WrongContent),
        ("a.pdf", png(1, 1), Fault::WrongContent),
        ("a.png", vec![], Fault::EmptyFile),
        ("a.zip", vec![0; (5 << 20) + 1], Fault::TooLarge(5)),
    ] {
        assert_eq!(fault(world.upload("marieke", name, &bytes).await), Some(expected), "{name}");
    }
    // A size that was lied about is noticed on the way.
    let mut lying = Upload::begin(&world.desk, "a.zip", Some(10)).unwrap();
    let mut last = Ok(());
    for _ in 0..6 {
        last = lying.write(&vec![0; 1 << 20]).await;
    }
    assert_eq!(fault(last), Some(Fault::TooLarge(5)));
    drop(lying);
    // Cut off half-way.
    let mut half = Upload::begin(&world.desk, "a.png", None).unwrap();
    half.write(&vec![7; 3 << 20]).await.unwrap();
    drop(half);
    assert_eq!(files_in(world.folder.path()), 0);
}

#[tokio::test]
async fn a_name_that_is_a_path_is_only_a_name() {
    on_both(async |world: World| {
        let id = world.upload("marieke", "../../../etc/x.png", &png(3, 3)).await.unwrap();
        let file = download(&world.desk, world.person("marieke"), &AttachmentId::parse(&id).unwrap()).await.unwrap();
        assert_eq!(file.attachment.name.as_str(), "x.png");
        assert!(file.path.starts_with(world.folder.path()));
    })
    .await;
}

#[tokio::test]
async fn an_image_is_shown_encoded_anew_and_a_bomb_is_only_kept() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let me = world.person("marieke");
    let id = AttachmentId::parse(&world.upload("marieke", "a.png", &png(400, 300)).await.unwrap()).unwrap();
    for which in [Picture::Thumb, Picture::View] {
        assert!(preview(&world.desk, me, &id, which).await.is_ok());
    }
    let id = AttachmentId::parse(&world.upload("marieke", "bomb.png", &bomb()).await.unwrap()).unwrap();
    assert!(!download(&world.desk, me, &id).await.unwrap().attachment.image);
    assert!(preview(&world.desk, me, &id, Picture::View).await.is_err());
}

#[tokio::test]
async fn nobody_fills_the_disk_with_files_that_no_message_names() {
    on_both(async |world: World| {
        let most = 10 * domain::attachments::MAX_FILES;
        for _ in 0..most - 5 {
            world.upload("marieke", "a.txt", b"x").await.unwrap();
        }
        let mut at_once = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (desk, session) = (world.desk.clone(), world.person("marieke").clone());
            at_once.spawn(async move {
                let mut upload = Upload::begin(&desk, "a.txt", None)?;
                upload.write(b"x").await?;
                upload.finish(&session).await
            });
        }
        let at_once = at_once.join_all().await;
        let (kept, refused): (Vec<_>, Vec<_>) = at_once.into_iter().partition(Result::is_ok);
        assert_eq!(kept.len(), 5, "many at once are no way round");
        assert!(refused.into_iter().all(|refused| fault(refused) == Some(Fault::TooMany(most as u32))));
        assert!(world.upload("ruud", "a.txt", b"x").await.is_ok());
        world.pass(Span::days(8));
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        assert!(world.upload("marieke", "a.txt", b"x").await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_loose_file_is_its_owners_alone_and_is_swept_after_a_week() {
    on_both(async |world: World| {
        let text = world.upload("marieke", "a.png", &png(2, 2)).await.unwrap();
        let id = AttachmentId::parse(&text).unwrap();
        for other in ["kees", "ruud", "sanne"] {
            let refused = download(&world.desk, world.person(other), &id).await.unwrap_err();
            assert_eq!(refused.refusal(), Some(&Refusal::NotFound), "{other}");
            assert!(remove(&world.desk, world.person(other), &id).await.is_err());
        }
        let stolen = domain::tickets::TicketForm { attachments: vec![text.clone()], ..world.form("Gestolen") };
        assert_eq!(fault(desk::tickets::open(&world.desk, &world.customer("kees"), &stolen, None).await), Some(Fault::Unknown));

        let kept = world.upload("marieke", "b.png", &png(2, 2)).await.unwrap();
        let form = domain::tickets::TicketForm { attachments: vec![kept.clone()], screenshot: true, ..world.form("Met bijlage") };
        desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap();
        assert_eq!(
            fault(desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await),
            Some(Fault::Unknown),
            "a file is on one message"
        );

        world.pass(Span::days(8));
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        assert!(download(&world.desk, world.person("marieke"), &id).await.is_err());
        assert!(download(&world.desk, world.person("marieke"), &AttachmentId::parse(&kept).unwrap()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_file_that_no_row_knows_is_cleared_away_and_no_other() {
    on_both(async |world: World| {
        let kept = world.upload("marieke", "a.txt", b"x").await.unwrap();
        let folder = world.folder.path().join("00");
        std::fs::create_dir_all(&folder).unwrap();
        let (old, young) = (folder.join("0".repeat(32)), folder.join(format!("{}1", "0".repeat(31))));
        for path in [&old, &young] {
            std::fs::write(path, "x").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(90_000);
        std::fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        assert!(!old.exists() && young.exists(), "an upload may be about to get its row");
        assert!(download(&world.desk, world.person("marieke"), &AttachmentId::parse(&kept).unwrap()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_file_on_a_ticket_is_there_for_who_reads_the_ticket_and_for_nobody_else() {
    on_both(async |world: World| {
        let text = world.upload("marieke", "a.png", &png(8, 8)).await.unwrap();
        let form = domain::tickets::TicketForm { attachments: vec![text.clone()], screenshot: true, ..world.form("Met bijlage") };
        let ticket = desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap();
        let id = AttachmentId::parse(&text).unwrap();
        let has = async |who: &str| {
            let file = download(&world.desk, world.person(who), &id).await;
            for which in [Picture::Thumb, Picture::View] {
                let shown = preview(&world.desk, world.person(who), &id, which).await;
                assert_eq!(shown.is_ok(), file.is_ok(), "{who} {which:?}");
            }
            match file {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error.refusal(), Some(&Refusal::NotFound), "{who}");
                    false
                }
            }
        };
        for (who, expected) in [("marieke", true), ("sanne", true), ("hanneke", true), ("ruud", false), ("kees", false)] {
            assert_eq!(has(who).await, expected, "{who}");
        }
        desk::tickets::invite(&world.desk, &world.customer("marieke"), ticket, world.id("ruud")).await.unwrap();
        assert!(has("ruud").await, "in CC");
        desk::tickets::leave(&world.desk, &world.customer("ruud"), ticket).await.unwrap();
        assert!(!has("ruud").await, "and out again");
        assert!(remove(&world.desk, world.person("marieke"), &id).await.is_err(), "what was sent stays");
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_cannot_be_written_down_leaves_nothing() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    store::testing::read_only(world.desk.store(), true).await;
    let refused = world.upload("marieke", "a.png", &png(8, 8)).await.unwrap_err();
    assert!(matches!(refused, desk::Error::Store(store::Error::ReadOnly(_))), "{refused:?}");
    assert_eq!(files_in(world.folder.path()), 0);
    store::testing::read_only(world.desk.store(), false).await;
    assert!(world.upload("marieke", "a.png", &png(8, 8)).await.is_ok());
}
