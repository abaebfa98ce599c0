//! Histograms in the compressed form V2 of the HdrHistogram tools.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::measure::Latency;

/// Says that a histogram in plain form follows, and that its compressed form does: a length in bytes,
/// and so many bytes of zlib.
const PLAIN: u32 = 0x1c84_9313;
const COMPRESSED: u32 = 0x1c84_9314;

/// What writes histograms in the form V2, compressed by the fastest way that deflate has: the usual
/// one, which the histogram crate takes, costs a busy site several per cent of a run. Its memory is
/// kept from one to the next.
pub(super) struct Press {
    deflate: Compress,
    plain: Vec<u8>,
    bytes: Vec<u8>,
}

impl Press {
    pub(super) fn new() -> Self {
        let deflate = Compress::new(Compression::fast(), true);
        Self { deflate, plain: Vec::new(), bytes: Vec::new() }
    }

    pub(super) fn compressed(&mut self, latency: &Latency) -> io::Result<&[u8]> {
        let Self { deflate, plain, bytes } = self;
        plain.clear();
        write_plain(latency, plain);
        bytes.clear();
        bytes.extend(COMPRESSED.to_be_bytes());
        let length = bytes.len()..bytes.len() + size_of::<u32>();
        bytes.resize(length.end, 0);
        deflate.reset();
        loop {
            let read = deflate.total_in() as usize;
            bytes.reserve(plain.len() - read + 64);
            let status = deflate.compress_vec(&plain[read..], bytes, FlushCompress::Finish);
            if status.map_err(io::Error::other)? == Status::StreamEnd {
                break;
            }
        }
        let behind = u32::try_from(bytes.len() - length.end).expect("a histogram is small");
        bytes[length].copy_from_slice(&behind.to_be_bytes());
        Ok(bytes)
    }
}

/// Writes `latency` in plain form behind `out`: from the bins that hold something, and not from a
/// histogram of the crate, which has to be filled for it and emptied again.
fn write_plain(latency: &Latency, out: &mut Vec<u8>) {
    out.extend(PLAIN.to_be_bytes());
    let length = out.len()..out.len() + size_of::<u32>();
    out.resize(length.end, 0);
    // Bins are not shifted; three significant digits, from the first unit on; no factor.
    out.extend(0_u32.to_be_bytes());
    out.extend(3_u32.to_be_bytes());
    out.extend(1_u64.to_be_bytes());
    out.extend((Latency::LONGEST.as_nanos() / 1000).to_be_bytes());
    out.extend(1.0_f64.to_be_bytes());
    let first = out.len();
    let mut next = 0;
    for (bin, count) in latency.bins() {
        match bin - next {
            0 => {}
            1 => write_number(0, out),
            // Below zero it is how many bins are empty.
            empty => write_number(2 * empty as u64 - 1, out),
        }
        let count = i64::try_from(count).expect("a count fits 63 bits");
        write_number((count << 1) as u64, out);
        next = bin + 1;
    }
    if next == 0 {
        write_number(0, out);
    }
    let behind = u32::try_from(out.len() - first).expect("a histogram is small");
    out[length].copy_from_slice(&behind.to_be_bytes());
}

/// Writes `number` by seven bits a byte, the lowest first, with a bit that says whether more follow; a
/// ninth byte is whole.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    for _ in 0..8 {
        if number < 0x80 {
            out.push(number as u8);
            return;
        }
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::{Serializer, V2Serializer};
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::Span;

    proptest! {
        /// As the histogram crate writes it, to the byte.
        #[test]
        fn plain_form_is_that_of_the_crate(
            records in prop::collection::vec((0u32..62, any::<u64>(), 0u32..56), 0..200),
        ) {
            let mut latency = Latency::new();
            for (scale, nanos, count) in records {
                latency.record_n(Span::from_nanos(nanos >> (2 + scale)), 1 << count);
            }
            let mut theirs = Vec::new();
            V2Serializer::new().serialize(&latency.histogram(), &mut theirs).unwrap();
            let mut ours = Vec::new();
            write_plain(&latency, &mut ours);
            prop_assert_eq!(ours, theirs);
            let longest = latency.histogram();
            let longest = if longest.is_empty() { 0 } else { longest.max() };
            prop_assert_eq!(latency.longest_micros(), longest);
        }
    }
}
