//! Previews of images, made from the decoded image alone.

use crate::accounts::Session;
use crate::{Desk, Result};
use domain::{AttachmentId, Refusal};
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Write};
use std::path::Path;

/// Largest image that is decoded, on each side in pixels and in bytes of memory; one that is larger is kept, without a preview.
const MAX_SIDE: u32 = 12_000;
const MAX_DECODED: u64 = 96 << 20;
/// The preview's sides at most, in pixels: twice what the screen draws.
const THUMB: (u32, u32) = (240, 170);
/// The large view's sides at most.
const VIEW: (u32, u32) = (2_400, 2_400);

/// Which picture of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Picture {
    Thumb,
    View,
}

/// A picture of an image, encoded anew; made at the first request and kept.
pub async fn preview(desk: &Desk, by: &Session, id: &AttachmentId, which: Picture) -> Result<(Vec<u8>, &'static str)> {
    let attachment = store::attachments::find(desk.store(), &by.scope(), by.person().id, id).await?.ok_or(Refusal::NotFound)?;
    if !attachment.image {
        return Err(Refusal::NotFound.into());
    }
    let path = desk.files().picture_path(id, which);
    let bytes = match tokio::fs::read(&path).await {
        Ok(bytes) => bytes,
        Err(_) => {
            picture(desk, id, which).await?;
            tokio::fs::read(&path).await?
        }
    };
    let media = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    Ok((bytes, media))
}

pub(super) async fn picture(desk: &Desk, id: &AttachmentId, which: Picture) -> Result<()> {
    let _turn = desk.files().decoding.acquire().await.map_err(io::Error::other)?;
    let (from, to) = (desk.files().path(id), desk.files().picture_path(id, which));
    tokio::task::spawn_blocking(move || encode(&from, &to, which)).await.map_err(io::Error::other)??;
    Ok(())
}

fn encode(from: &Path, to: &Path, which: Picture) -> io::Result<()> {
    let mut reader = ImageReader::new(BufReader::new(File::open(from)?)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    let sharp = matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Gif)) && which == Picture::View;
    let mut decoder = reader.into_decoder().map_err(io::Error::other)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || decoder.total_bytes() > MAX_DECODED {
        return Err(io::Error::other("too large to be decoded"));
    }
    // A phone lies on its side and says so.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(io::Error::other)?;
    decoded.apply_orientation(orientation);
    let (width, height) = if which == Picture::Thumb { THUMB } else { VIEW };
    let small = if decoded.width() > width || decoded.height() > height { decoded.thumbnail(width, height) } else { decoded };
    let mut bytes = Vec::new();
    if sharp {
        small.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(io::Error::other)?;
    } else {
        on_white(&small).write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 82)).map_err(io::Error::other)?;
    }
    // Two pictures of one image, and two nodes, may be at it at once.
    let part = to.with_extension(format!("{which:?}-{}.part", std::process::id()));
    let mut file = File::create(&part)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(part, to)
}

/// JPEG has no transparency, and what was transparent would be black.
fn on_white(image: &DynamicImage) -> DynamicImage {
    let mut flat = image.to_rgba8();
    for pixel in flat.pixels_mut() {
        let alpha = u16::from(pixel.0[3]);
        for channel in &mut pixel.0[..3] {
            *channel = ((u16::from(*channel) * alpha + 255 * (255 - alpha)) / 255) as u8;
        }
    }
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(flat).to_rgb8())
}
