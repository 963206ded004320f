//! What the pictures of a file take, as the system counts it. In a program of its own: nothing else takes memory meanwhile.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "it has more samples than one file needs")]
#[path = "it/samples.rs"]
mod samples;
#[allow(dead_code, unused_imports, reason = "a world is more than one file needs")]
#[path = "it/support.rs"]
mod support;

use desk::attachments::{Picture, preview};
use domain::AttachmentId;
use samples::{colour_bomb, flat_jpeg, flat_png};
use support::World;

/// What is promised, and what the allocator and the threads keep for themselves, in kibibytes.
const MOST: u64 = (96 + 32) << 10;

/// The most memory that this process held so far, in kibibytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn no_picture_takes_more_memory_than_is_promised() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let samples = [("profiel.png", colour_bomb(), 6), ("pagina.png", flat_png(1_280, 13_000), 1), ("foto.jpg", flat_jpeg(8_000, 6_000), 1)];
    let before = peak();
    for (name, bytes, times) in samples {
        for _ in 0..times {
            let id = AttachmentId::parse(&world.upload("marieke", name, &bytes).await.unwrap()).unwrap();
            preview(&world.desk, world.person("marieke"), &id, Picture::View).await.unwrap();
        }
        let taken = peak() - before;
        assert!(taken <= MOST, "{name}: {taken} KiB");
    }
}
