//! Pictures to try: of any size, and those that try to take too much.

use std::io::Write;

/// A picture of one colour.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    // Written by hand, so that the tests need no image library: a PNG with one stored (uncompressed) block a row would be long; a 1x1 picture is enough for most.
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = vec![];
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &header);
    let raw: Vec<u8> = (0..height).flat_map(|_| std::iter::repeat_n(0_u8, width as usize + 1)).collect();
    let mut zlib = vec![0x78, 0x01];
    let blocks: Vec<&[u8]> = raw.chunks(65_535).collect();
    for (at, block) in blocks.iter().enumerate() {
        zlib.push(u8::from(at + 1 == blocks.len()));
        zlib.extend((block.len() as u16).to_le_bytes());
        zlib.extend((!(block.len() as u16)).to_le_bytes());
        zlib.extend(*block);
    }
    zlib.extend(adler(&raw).to_be_bytes());
    chunk(&mut out, b"IDAT", &zlib);
    chunk(&mut out, b"IEND", &[]);
    out
}

/// A PNG that says it is huge.
pub fn bomb() -> Vec<u8> {
    let mut bytes = png(1, 1);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let sum = crc(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&sum);
    bytes
}

/// A PNG of one colour with alpha, packed.
pub fn flat_png(width: u32, height: u32) -> Vec<u8> {
    let mut out = vec![];
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_compression(png::Compression::Fast);
    let mut header = encoder.write_header().unwrap();
    let mut rows = header.stream_writer().unwrap();
    let row = [36, 80, 181, 255].repeat(width as usize);
    (0..height).for_each(|_| rows.write_all(&row).unwrap());
    rows.finish().unwrap();
    header.finish().unwrap();
    out
}

/// A PNG of eight by eight pixels whose colour profile unpacks to some 90 MB.
pub fn colour_bomb() -> Vec<u8> {
    let small = flat_png(8, 8);
    // One zero byte, and then the same 258 bytes again and again, in the fixed code of RFC 1951: 285 is 11000101, the distance 1 is 00000.
    let mut bits = vec![true, true, false, false, false, true, true, false, false, false, false];
    for _ in 0..350_000 {
        bits.extend([true, true, false, false, false, true, false, true, false, false, false, false, false]);
    }
    bits.extend([false; 7]);
    let packed = bits.chunks(8).map(|eight| eight.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at));
    let profile: Vec<u8> = b"icc\0\0\x78\x01".iter().copied().chain(packed).collect();
    let (before, after) = small.split_at(33);
    let mut out = before.to_vec();
    chunk(&mut out, b"iCCP", &profile);
    out.extend(after);
    out
}

/// A grey JPEG: one block, as its encoder writes it, for the whole of the picture.
pub fn flat_jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut one = vec![];
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut one, 80).encode(&[128; 8 * 8 * 3], 8, 8, image::ExtendedColorType::Rgb8).unwrap();
    let frame = one.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    one[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    one[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    let scan = one.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    one.truncate(scan + 2 + usize::from(one[scan + 3]));
    // In the common tables: no difference, no coefficient, for each of three components: 00 1010, 00 00, 00 00.
    let block = [false, false, true, false, true, false, false, false, false, false, false, false, false, false];
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
    let bits: Vec<bool> = block.iter().copied().cycle().take(blocks * block.len()).collect();
    one.extend(bits.chunks(8).map(|eight| eight.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))));
    one.extend([0xff, 0xd9]);
    one
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let from = out.len();
    out.extend(kind);
    out.extend(data);
    let sum = crc(&out[from..]);
    out.extend(sum.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 }))
}

fn adler(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    (b << 16) | a
}
