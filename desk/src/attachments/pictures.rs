//! Previews of images, made from the decoded image alone.
//!
//! Invariant: one image is decoded at a time, and what is made of it goes to disk as it is encoded.

use super::decoding::decode;
use super::shrinking::Pixels;
use crate::accounts::Session;
use crate::{Desk, Result};
use domain::{AttachmentId, Fault, Field, PersonId, Refusal};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// The preview's sides at most, in pixels: twice what the screen draws.
const THUMB: (u32, u32) = (240, 170);
/// The shorter and the longer side of the large view at most, in pixels. A screenshot of a whole page is long, and only as wide as a screen: its letters stay as they are.
const VIEW: (u32, u32) = (2_400, 16_384);
/// Pixels of the large view at most: a page of 13,000 rows on a common screen; fewer where it has to be turned, which takes it twice.
const VIEW_PIXELS: (f64, f64) = (17e6, 10e6);

/// Which picture of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Picture {
    Thumb,
    View,
}

/// A picture that is to be sent.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Shown {
    pub file: tokio::fs::File,
    /// In bytes.
    pub size: u64,
    pub media_type: &'static str,
}

/// A picture of an image, encoded anew; made at the first request and kept. Refuses one of a file that is no longer whole on disk.
pub async fn preview(desk: &Desk, by: &Session, id: &AttachmentId, which: Picture) -> Result<Shown> {
    let attachment = store::attachments::find(desk.store(), &by.scope(), by.person().id, id).await?.ok_or(Refusal::NotFound)?;
    if !attachment.image {
        return Err(Refusal::NotFound.into());
    }
    let path = desk.files().picture_path(id, which);
    let mut file = match tokio::fs::File::open(&path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            super::whole(desk, &attachment, Field::Attachments).await?;
            match picture(desk, by.person().id, id, which).await {
                // It was decoded when it came in.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    tracing::error!(%id, %error, "an image is no longer what it was: restore it from a backup");
                    return Err(Refusal::field(Field::Attachments, Fault::Gone).into());
                }
                made => made?,
            }
            tokio::fs::File::open(&path).await?
        }
        Err(error) => return Err(error.into()),
    };
    let size = file.metadata().await?.len();
    let mut head = [0; 4];
    let got = file.read(&mut head).await?;
    file.rewind().await?;
    Ok(Shown { file, size, media_type: if head[..got] == *b"\x89PNG" { "image/png" } else { "image/jpeg" } })
}

/// Makes a picture for someone; an error of the kind `InvalidData` where the image is damaged or too large.
pub(super) async fn picture(desk: &Desk, person: PersonId, id: &AttachmentId, which: Picture) -> io::Result<()> {
    let _permit = desk.files().decoding.take(Some(person)).await;
    let (from, to) = (desk.files().path(id), desk.files().picture_path(id, which));
    // A decoder that stumbles over an image is the image's fault.
    tokio::task::spawn_blocking(move || make(&from, &to, which)).await.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?
}

fn make(from: &Path, to: &Path, which: Picture) -> io::Result<()> {
    let (pixels, format) = decode(File::open(from)?, &|size, is_turned| fit(which, size, is_turned))?;
    // Two pictures of one image, and two nodes, may be at it at once.
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let part = to.with_extension(format!("{which:?}-{}.part", crate::accounts::hex(&random)));
    let made = write(&part, pixels, which == Picture::View && matches!(format, ImageFormat::Png | ImageFormat::Gif));
    if made.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    made?;
    std::fs::rename(part, to)
}

/// Writes a picture: sharp as it is, or as a photo.
fn write(path: &Path, pixels: Pixels, is_sharp: bool) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    if is_sharp {
        let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
        encoder.set_color(match pixels.channels {
            1 => png::ColorType::Grayscale,
            2 => png::ColorType::GrayscaleAlpha,
            3 => png::ColorType::Rgb,
            _ => png::ColorType::Rgba,
        });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut header = encoder.write_header().map_err(io::Error::from)?;
        let mut rows = header.stream_writer().map_err(io::Error::from)?;
        rows.write_all(&pixels.bytes)?;
        rows.finish().map_err(io::Error::from)?;
        header.finish().map_err(io::Error::from)?;
    } else {
        let flat = pixels.on_white();
        let colour = if flat.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
        JpegEncoder::new_with_quality(&mut file, 82).encode(&flat.bytes, flat.width, flat.height, colour).map_err(io::Error::other)?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// The size of a picture of an image; before it is turned, where it has to be.
fn fit(which: Picture, (width, height): (u32, u32), is_turned: bool) -> (u32, u32) {
    let (w, h) = (f64::from(width), f64::from(height));
    let (wide, high) = if is_turned { (THUMB.1, THUMB.0) } else { THUMB };
    let scale = match which {
        Picture::Thumb => (f64::from(wide) / w).min(f64::from(high) / h),
        Picture::View => {
            let most = if is_turned { VIEW_PIXELS.1 } else { VIEW_PIXELS.0 };
            (f64::from(VIEW.0) / w.min(h)).min(f64::from(VIEW.1) / w.max(h)).min((most / (w * h)).sqrt())
        }
    };
    let side = |side: u32| ((f64::from(side) * scale.min(1.0)).round() as u32).clamp(1, side.max(1));
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_keeps_the_letters_of_a_long_page_and_a_photo_becomes_as_large_as_a_screen() {
        for (size, is_turned, view) in [
            ((1_280, 13_000), false, (1_280, 13_000)),
            ((1_920, 1_080), false, (1_920, 1_080)),
            ((8_000, 6_000), false, (3_200, 2_400)),
            ((12_000, 9_000), true, (3_200, 2_400)),
            ((1, 1), false, (1, 1)),
        ] {
            assert_eq!(fit(Picture::View, size, is_turned), view);
        }
        assert!(fit(Picture::View, (1_280, 20_000), false).0 > 1_000);
        assert_eq!(fit(Picture::Thumb, (60_000, 10), false), (240, 1));
    }
}
