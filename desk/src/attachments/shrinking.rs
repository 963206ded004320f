//! Makes an image smaller while it is decoded, row by row: what is held is the smaller image alone.
//!
//! Invariant: each pixel that comes out is the average of those it stands for, each counted by the part of it that falls in.

/// An image of 8 bits a channel: grey, grey with alpha, RGB or RGBA.
#[derive(Debug)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: usize,
    pub(super) bytes: Vec<u8>,
}

impl Pixels {
    /// The same on white, without alpha; in the room it has.
    pub(super) fn on_white(mut self) -> Self {
        if !has_alpha(self.channels) {
            return self;
        }
        let colours = self.channels - 1;
        for at in 0..self.bytes.len() / self.channels {
            let alpha = u16::from(self.bytes[at * self.channels + colours]);
            for colour in 0..colours {
                let value = u16::from(self.bytes[at * self.channels + colour]);
                self.bytes[at * colours + colour] = ((value * alpha + 255 * (255 - alpha)) / 255) as u8;
            }
        }
        self.bytes.truncate(self.bytes.len() / self.channels * colours);
        Self { channels: colours, ..self }
    }
}

fn has_alpha(channels: usize) -> bool {
    channels.is_multiple_of(2)
}

/// Takes the rows of an image, from the top, and gives it at a smaller size.
#[derive(Debug)]
pub(super) struct Shrink {
    from: (u64, u64),
    to: (u64, u64),
    channels: usize,
    /// The row that is being made: a sum for each of its channels.
    sums: Vec<u64>,
    /// How much of it is still to come; a row that comes in is as much as the height of what comes out.
    left: u64,
    line: Vec<u64>,
    out: Vec<u8>,
}

impl Shrink {
    /// For an image of a size that becomes one of another, on neither side larger.
    pub(super) fn new(from: (u32, u32), to: (u32, u32), channels: usize) -> Self {
        let wide = |(width, height): (u32, u32)| (u64::from(width), u64::from(height));
        let length = to.0 as usize * channels;
        Self {
            from: wide(from),
            to: wide(to),
            channels,
            sums: vec![0; length],
            left: u64::from(from.1),
            line: vec![0; length],
            out: Vec::with_capacity(length * to.1 as usize),
        }
    }

    /// Takes the next row.
    pub(super) fn push(&mut self, row: &[u8]) {
        if self.from == self.to {
            self.out.extend_from_slice(row);
            return;
        }
        self.narrow(row);
        let mut units = self.to.1;
        while units > 0 && self.out.len() < self.out.capacity() {
            let part = units.min(self.left);
            for (sum, value) in self.sums.iter_mut().zip(&self.line) {
                *sum += value * part;
            }
            units -= part;
            self.left -= part;
            if self.left == 0 {
                self.emit();
            }
        }
    }

    /// The row at its new width, each channel as a sum.
    fn narrow(&mut self, row: &[u8]) {
        self.line.fill(0);
        let (mut at, mut left) = (0, self.from.0);
        for pixel in row.chunks_exact(self.channels) {
            let alpha = if has_alpha(self.channels) { u64::from(pixel[self.channels - 1]) } else { 1 };
            let mut units = self.to.0;
            while units > 0 && at < self.to.0 as usize {
                let part = units.min(left);
                let sums = &mut self.line[at * self.channels..(at + 1) * self.channels];
                for (channel, (sum, value)) in sums.iter_mut().zip(pixel).enumerate() {
                    // What nobody sees lends no colour to what stands beside it.
                    let is_alpha = has_alpha(self.channels) && channel + 1 == self.channels;
                    *sum += if is_alpha { alpha * part } else { u64::from(*value) * alpha * part };
                }
                units -= part;
                left -= part;
                if left == 0 {
                    (at, left) = (at + 1, self.from.0);
                }
            }
        }
    }

    fn emit(&mut self) {
        let all = self.from.0 * self.from.1;
        for sums in self.sums.chunks_exact_mut(self.channels) {
            let (colours, alpha) = sums.split_at(if has_alpha(self.channels) { self.channels - 1 } else { self.channels });
            let weight = alpha.first().copied().unwrap_or(all);
            self.out.extend(colours.iter().map(|sum| (sum + weight / 2).checked_div(weight).unwrap_or(0) as u8));
            self.out.extend(alpha.iter().map(|sum| ((sum + all / 2) / all) as u8));
            sums.fill(0);
        }
        self.left = self.from.1;
    }

    /// The image, once all rows are in.
    pub(super) fn done(self) -> Pixels {
        Pixels { width: self.to.0 as u32, height: self.to.1 as u32, channels: self.channels, bytes: self.out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrunk(from: (u32, u32), to: (u32, u32), channels: usize, bytes: &[u8]) -> Vec<u8> {
        let mut shrink = Shrink::new(from, to, channels);
        bytes.chunks_exact(from.0 as usize * channels).for_each(|row| shrink.push(row));
        let pixels = shrink.done();
        assert_eq!(pixels.bytes.len(), to.0 as usize * to.1 as usize * channels);
        pixels.bytes
    }

    #[test]
    fn a_pixel_is_the_average_of_those_it_stands_for() {
        assert_eq!(shrunk((4, 2), (2, 1), 1, &[0, 10, 100, 200, 20, 30, 100, 200]), [15, 150]);
        // Three become two: the one in the middle is halved.
        assert_eq!(shrunk((3, 1), (2, 1), 1, &[0, 90, 210]), [30, 170]);
        assert_eq!(shrunk((1, 3), (1, 2), 3, &[0, 0, 0, 90, 90, 90, 210, 210, 210]), [30, 30, 30, 170, 170, 170]);
        assert_eq!(shrunk((2, 2), (2, 2), 1, &[1, 2, 3, 4]), [1, 2, 3, 4]);
        assert!(shrunk((997, 61), (101, 7), 3, &[77; 997 * 61 * 3]).iter().all(|byte| *byte == 77));
    }

    #[test]
    fn what_is_transparent_lends_no_colour_and_becomes_white_where_there_is_no_alpha() {
        assert_eq!(shrunk((2, 1), (1, 1), 4, &[200, 100, 0, 255, 0, 0, 0, 0]), [200, 100, 0, 128]);
        assert_eq!(shrunk((2, 1), (1, 1), 2, &[9, 0, 9, 0]), [0, 0]);
        let pixels = Pixels { width: 3, height: 1, channels: 4, bytes: vec![200, 100, 0, 255, 0, 0, 0, 0, 0, 0, 0, 128] };
        let white = pixels.on_white();
        assert_eq!((white.channels, white.bytes.as_slice()), (3, &[200, 100, 0, 255, 255, 255, 127, 127, 127][..]));
    }
}
