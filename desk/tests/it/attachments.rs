//! Files: what is refused, what is kept, and what is cleared away.

use crate::samples::{bomb, colour_bomb, flat_jpeg, flat_png, png};
use crate::support::{World, on_both};
use desk::attachments::{Picture, Upload, download, preview, remove};
use desk::mail::{Mail, Mailbox, Settings, Transport};
use desk::tickets::{Writing, reply};
use domain::time::Span;
use domain::{AttachmentId, Fault, Field, Refusal};
use std::path::Path;
use tokio::io::AsyncReadExt;

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
    let mut lying = Upload::begin(&world.desk, world.person("marieke"), "a.zip", Some(10)).await.unwrap();
    let mut last = Ok(());
    for _ in 0..6 {
        last = lying.write(&vec![0; 1 << 20]).await;
    }
    assert_eq!(fault(last), Some(Fault::TooLarge(5)));
    drop(lying);
    // Cut off half-way.
    let mut half = Upload::begin(&world.desk, world.person("marieke"), "a.png", None).await.unwrap();
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
        assert!(world.folder.path().join(&id[..2]).join(&id).is_file());
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

/// The sides of a picture that was made.
async fn sides(world: &World, id: &str, which: Picture) -> (u32, u32) {
    let mut shown = preview(&world.desk, world.person("marieke"), &AttachmentId::parse(id).unwrap(), which).await.unwrap();
    let mut bytes = vec![];
    shown.file.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes.len() as u64, shown.size);
    assert_eq!(bytes.starts_with(b"\x89PNG"), shown.media_type == "image/png");
    image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap().into_dimensions().unwrap()
}

#[tokio::test]
async fn a_screenshot_of_a_whole_page_and_a_large_photo_are_shown() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    for (name, bytes, view) in [
        ("pagina.png", flat_png(1_280, 13_000), (1_280, 13_000)),
        ("foto.jpg", flat_jpeg(8_000, 6_000), (3_200, 2_400)),
        ("klein.jpg", flat_jpeg(640, 480), (640, 480)),
        ("profiel.png", colour_bomb(), (8, 8)),
    ] {
        let id = world.upload("marieke", name, &bytes).await.unwrap();
        assert_eq!(sides(&world, &id, Picture::View).await, view, "{name}");
        let thumb = sides(&world, &id, Picture::Thumb).await;
        assert!(thumb.0 <= 240 && thumb.1 <= 170, "{name} {thumb:?}");
    }
}

#[tokio::test]
async fn a_picture_too_large_to_be_shown_is_a_screenshot_all_the_same() {
    on_both(async |world: World| {
        let wants = world.departments[1];
        desk::accounts::save_department(&world.desk, &world.agent("hanneke"), Some(wants), "Datawijzer", false, true).await.unwrap();
        let picture = world.upload("marieke", "reus.png", &bomb()).await.unwrap();
        let text = world.upload("marieke", "a.txt", b"x").await.unwrap();
        let form = |files: &[&String], ticked| domain::tickets::TicketForm {
            department: wants.to_string(),
            attachments: files.iter().map(|id| id.to_string()).collect(),
            screenshot: ticked,
            ..world.form("Met een schermafbeelding")
        };
        let refused = desk::tickets::open(&world.desk, &world.customer("marieke"), &form(&[&text], false), None).await.unwrap_err();
        assert_eq!(refused.refusal().and_then(|r| r.at(Field::ScreenshotCheck)), Some(&Fault::ScreenshotRequired));
        assert!(desk::tickets::open(&world.desk, &world.customer("marieke"), &form(&[&text, &picture], true), None).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_not_whole_on_disk_is_said_to_be_gone() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let me = world.person("marieke");
    let on_disk = |id: &str| world.folder.path().join(&id[..2]).join(id);
    let gone = world.upload("marieke", "a.png", &png(400, 300)).await.unwrap();
    let short = world.upload("marieke", "b.png", &png(400, 300)).await.unwrap();
    std::fs::remove_file(on_disk(&gone)).unwrap();
    std::fs::File::options().write(true).open(on_disk(&short)).unwrap().set_len(100).unwrap();
    for id in [&gone, &short] {
        let id = AttachmentId::parse(id).unwrap();
        assert_eq!(fault(download(&world.desk, me, &id).await), Some(Fault::Gone));
        assert_eq!(fault(preview(&world.desk, me, &id, Picture::View).await), Some(Fault::Gone));
        // The small one was made when it came in.
        assert!(preview(&world.desk, me, &id, Picture::Thumb).await.is_ok());
    }
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
                let mut upload = Upload::begin(&desk, &session, "a.txt", None).await?;
                upload.write(b"x").await?;
                upload.finish().await
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

#[tokio::test]
async fn a_mail_goes_out_though_a_file_of_it_is_gone() {
    on_both(async |mut world: World| {
        let sender = Mailbox { name: "SERA Support".into(), address: "support@sera.example".into() };
        world.desk = world.desk.clone().with_mail(Mail::new(Settings { sender, attach_bytes: 1 << 20, ..Settings::default() }, Transport::memory()));
        let ticket = world.open("marieke", "Met bestanden").await;
        let there = world.upload("sanne", "er-nog.txt", b"regel").await.unwrap();
        let gone = world.upload("sanne", "verdwenen.txt", b"regel").await.unwrap();
        let writing = Writing { text: "Hierbij".into(), attachments: vec![there, gone.clone()], ..Writing::default() };
        reply(&world.desk, world.person("sanne"), ticket, &writing).await.unwrap();
        std::fs::remove_file(world.folder.path().join(&gone[..2]).join(&gone)).unwrap();
        while desk::notifications::advance(&world.desk).await.unwrap() > 0 {}
        world.pass(Span::seconds(2));
        while desk::mail::once(&world.desk).await.unwrap() > 0 {}
        let sent = world.desk.mail().transport().take();
        let mail = sent.iter().find(|mail| mail.to.starts_with("marieke") && String::from_utf8_lossy(&mail.raw).contains("Hierbij")).unwrap();
        let raw = String::from_utf8_lossy(&mail.raw).replace("=\r\n", "");
        assert!(raw.contains("verdwenen.txt") && raw.contains("er-nog.txt"), "both are named");
        assert_eq!(raw.matches("Content-Disposition: attachment").count(), 1, "{raw}");
    })
    .await;
}
