//! What the pictures of a file take, as the allocator counts it: what the system counts depends on which thread decodes. In a program of its own: nothing else
//! allocates meanwhile.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "it has more samples than one file needs")]
#[path = "it/samples.rs"]
mod samples;
#[allow(dead_code, unused_imports, reason = "a world is more than one file needs")]
#[path = "it/support.rs"]
mod support;

use desk::attachments::{Picture, preview};
use domain::AttachmentId;
use peak_alloc::PeakAlloc;
use samples::{colour_bomb, flat_jpeg, flat_png};
use support::World;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What is promised, and what the rest of the program allocates meanwhile, in bytes.
const MOST: usize = (96 + 8) << 20;

#[tokio::test]
async fn no_picture_takes_more_memory_than_is_promised() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let samples = [("profiel.png", colour_bomb(), 6), ("pagina.png", flat_png(1_280, 13_000), 1), ("foto.jpg", flat_jpeg(8_000, 6_000), 1)];
    for (name, bytes, times) in samples {
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        for _ in 0..times {
            let id = AttachmentId::parse(&world.upload("marieke", name, &bytes).await.unwrap()).unwrap();
            preview(&world.desk, world.person("marieke"), &id, Picture::View).await.unwrap();
        }
        let taken = ALLOCATOR.peak_usage() - before;
        assert!(taken <= MOST, "{name}: {} KiB", taken >> 10);
    }
}
