//! Decodes an image to the size at which it is shown, within a bound on memory.
//!
//! Invariant: what is held for an image is at most [`BUDGET`]: its file, where the decoder keeps that or what is in it, the pixels, what the decoder needs beside them, and the
//! picture that is made. A colour profile or a text in a PNG is not unpacked.

use super::shrinking::{Pixels, Shrink};
use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageFormat, ImageReader, Limits};
use jpeg_decoder::{CodingProcess, PixelFormat};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

/// Memory that the decoding of one image takes at most, in bytes.
pub(super) const BUDGET: u64 = 96 << 20;
/// Most pixels of an image that is decoded: more than the sensor of any common telephone has, and seconds of work.
const MAX_PIXELS: u64 = 120_000_000;
/// Longest side of an image that is decoded, in pixels: that of a JPEG.
const MAX_SIDE: u32 = 65_535;
/// Rows and what a PNG holds beside its pixels, at most, in bytes.
const PNG_BESIDE: usize = 4 << 20;

/// The size of the picture, for an image of a size, and whether that has to be turned after.
pub(super) type Fit<'a> = &'a dyn Fn((u32, u32), bool) -> (u32, u32);

/// The image in a file, at the size that fits; an error of the kind `InvalidData` where it is damaged or would take too much. Gives the format too.
pub(super) fn decode(file: File, fit: Fit<'_>) -> io::Result<(Pixels, ImageFormat)> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    let mut head = [0; 32];
    let got = reader.read(&mut head)?;
    reader.rewind()?;
    let format = image::guess_format(&head[..got]).map_err(damaged)?;
    let (pixels, orientation) = match format {
        ImageFormat::Png => png(reader, fit)?,
        ImageFormat::Jpeg => jpeg(reader, length, fit)?,
        // A frame and the canvas it is drawn on; a simple lossy WebP is decoded in its planes, any other in RGBA.
        ImageFormat::WebP if head[12..16] == *b"VP8 " => whole(reader, format, fit, |pixels| length + pixels * 3 / 2)?,
        ImageFormat::Gif | ImageFormat::WebP => whole(reader, format, fit, |pixels| length + pixels * 4)?,
        _ => return Err(damaged("no image of a kind that is shown")),
    };
    Ok((turned(pixels, orientation)?, format))
}

fn damaged(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Refuses what would take too much memory or time.
fn within(size: (u32, u32), bytes: u64) -> io::Result<()> {
    let pixels = u64::from(size.0) * u64::from(size.1);
    if pixels == 0 || size.0 > MAX_SIDE || size.1 > MAX_SIDE || pixels > MAX_PIXELS || bytes > BUDGET {
        return Err(damaged(format!("{} × {} pixels are too many to be decoded", size.0, size.1)));
    }
    Ok(())
}

fn area(size: (u32, u32)) -> u64 {
    u64::from(size.0) * u64::from(size.1)
}

fn png(reader: BufReader<File>, fit: Fit<'_>) -> io::Result<(Pixels, Orientation)> {
    let mut decoder = png::Decoder::new_with_limits(reader, png::Limits { bytes: PNG_BESIDE });
    // A profile of a few kilobytes can unpack to more than an image.
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut rows = decoder.read_info().map_err(damaged)?;
    let info = rows.info();
    let (size, is_interlaced) = ((info.width, info.height), info.interlaced);
    let orientation = info.exif_metadata.as_ref().and_then(|exif| Orientation::from_exif_chunk(exif)).unwrap_or(Orientation::NoTransforms);
    let channels = rows.output_color_type().0.samples();
    let to = fit(size, orientation != Orientation::NoTransforms);
    let mut shrink;
    if is_interlaced {
        // Its rows are whole only when the last one came.
        within(size, (area(size) + area(to)) * channels as u64)?;
        let mut all = vec![0; rows.output_buffer_size().ok_or_else(|| damaged("too large"))?];
        rows.next_frame(&mut all).map_err(damaged)?;
        shrink = Shrink::new(size, to, channels);
        all.chunks_exact(size.0 as usize * channels).for_each(|row| shrink.push(row));
    } else {
        within(size, area(to) * channels as u64)?;
        shrink = Shrink::new(size, to, channels);
        for _ in 0..size.1 {
            let row = rows.next_row().map_err(damaged)?.ok_or_else(|| damaged("rows are missing"))?;
            shrink.push(row.data());
        }
    }
    Ok((shrink.done(), orientation))
}

fn jpeg(mut reader: BufReader<File>, length: u64, fit: Fit<'_>) -> io::Result<(Pixels, Orientation)> {
    let mut decoder = jpeg_decoder::Decoder::new(&mut reader);
    decoder.read_info().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| damaged("no frame"))?;
    let size = (u32::from(info.width), u32::from(info.height));
    let orientation = decoder.exif_data().and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms);
    let to = fit(size, orientation != Orientation::NoTransforms);
    // A progressive one is held as its coefficients, two bytes each, until the last scan.
    let coefficients = if info.coding_process == CodingProcess::DctProgressive { area(size) * 6 } else { 0 };
    let beside = length + coefficients;
    if within(size, area(size) * 3 + beside.max(area(to) * 3)).is_ok() {
        drop(decoder);
        reader.rewind()?;
        return whole(reader, ImageFormat::Jpeg, fit, |_| beside);
    }
    // Decoded at a half, a quarter or an eighth of its size: its planes, and the image made of them.
    for part in [1, 2, 4, 8] {
        let wanted = |side: u32| u16::try_from(side / part).unwrap_or(u16::MAX).max(1);
        let scaled = decoder.scale(wanted(to.0), wanted(to.1)).map_err(damaged)?;
        let scaled = (u32::from(scaled.0), u32::from(scaled.1));
        let to = (to.0.min(scaled.0), to.1.min(scaled.1));
        if within(size, beside + area(scaled) * 3 + area(scaled).max(area(to)) * 3).is_err() {
            continue;
        }
        let bytes = decoder.decode().map_err(damaged)?;
        let channels = match info.pixel_format {
            PixelFormat::L8 => 1,
            PixelFormat::RGB24 => 3,
            PixelFormat::L16 | PixelFormat::CMYK32 => return Err(damaged("a JPEG of print, too large to be decoded whole")),
        };
        let mut shrink = Shrink::new(scaled, to, channels);
        bytes.chunks_exact(scaled.0 as usize * channels).for_each(|row| shrink.push(row));
        return Ok((shrink.done(), orientation));
    }
    Err(damaged(format!("{} × {} pixels are too many to be decoded", size.0, size.1)))
}

/// Decodes an image whole, where that and what the decoder needs `beside` for so many pixels is within the bound.
fn whole(reader: BufReader<File>, format: ImageFormat, fit: Fit<'_>, beside: impl Fn(u64) -> u64) -> io::Result<(Pixels, Orientation)> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(BUDGET);
    let mut reader = ImageReader::with_format(reader, format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let size = decoder.dimensions();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let to = fit(size, orientation != Orientation::NoTransforms);
    let channels = decoder.color_type().channel_count();
    within(size, decoder.total_bytes() + beside(area(size)).max(area(to) * u64::from(channels)))?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let mut shrink = Shrink::new(size, to, usize::from(channels));
    decoded.as_bytes().chunks_exact(size.0 as usize * usize::from(channels)).for_each(|row| shrink.push(row));
    Ok((shrink.done(), orientation))
}

/// A phone lies on its side and says so.
fn turned(pixels: Pixels, orientation: Orientation) -> io::Result<Pixels> {
    if orientation == Orientation::NoTransforms {
        return Ok(pixels);
    }
    let Pixels { width, height, channels, bytes } = pixels;
    let image = match channels {
        1 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        2 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLumaA8),
        3 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        _ => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
    };
    let mut image = image.ok_or_else(|| damaged("rows are missing"))?;
    image.apply_orientation(orientation);
    Ok(Pixels { width: image.width(), height: image.height(), channels, bytes: image.into_bytes() })
}
