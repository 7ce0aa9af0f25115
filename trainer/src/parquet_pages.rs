//! What the pages of a Parquet file claim about themselves, checked before anything is allocated
//! for them.
//!
//! A page's header is Thrift in its compact form; of it only the sizes are read here, the rest is
//! passed over. Format: the Parquet project's `parquet.thrift` and "Thrift Compact Protocol".

use std::io::{self, Read};

use parquet::basic::Compression;

/// The largest page, unpacked: what a reader holds of a column at a time.
const PAGE_BYTES_MAX: u64 = 256 << 20;
/// The most values of a page, and of a dictionary.
const VALUES_MAX: u64 = 1 << 24;
const DICTIONARY_VALUES_MAX: u64 = 1 << 22;
/// How deep Thrift's structures may lie in each other.
const DEPTH_MAX: u32 = 8;

/// What a page's header says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    unpacked: u64,
    packed: u64,
    values: u64,
    is_dictionary: bool,
}

/// Checks all pages of a column's part of a row group.
pub fn check(chunk: &[u8], rows: u64, codec: Compression) -> Result<(), String> {
    let mut rest = chunk;
    while !rest.is_empty() {
        let mut walk = Walk { rest };
        let header = walk.header().ok_or("a page's header is not one")?;
        let page = walk.rest.get(..header.packed as usize).ok_or("a page ends too early")?;
        if header.unpacked > PAGE_BYTES_MAX {
            let found = header.unpacked;
            return Err(format!("a page of {found} bytes, at most {PAGE_BYTES_MAX} are read"));
        }
        let most = if header.is_dictionary { DICTIONARY_VALUES_MAX } else { rows.min(VALUES_MAX) };
        if header.values > most {
            return Err(format!("a page of {} values, at most {most} may be", header.values));
        }
        if matches!(codec, Compression::GZIP(_)) {
            let mut plain = flate2::read::MultiGzDecoder::new(page).take(header.unpacked + 1);
            let found = io::copy(&mut plain, &mut io::sink()).map_err(|error| error.to_string())?;
            if found > header.unpacked {
                return Err(format!("a page has more than the {} bytes it names", header.unpacked));
            }
        }
        rest = &walk.rest[page.len()..];
    }
    Ok(())
}

/// Reads Thrift; nothing where the bytes are not Thrift or not enough.
struct Walk<'b> {
    rest: &'b [u8],
}

impl Walk<'_> {
    fn header(&mut self) -> Option<Header> {
        let mut header = Header::default();
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (1, 5) => header.is_dictionary = self.number()? == 2,
                (2, 5) => header.unpacked = u64::try_from(self.number()?).ok()?,
                (3, 5) => header.packed = u64::try_from(self.number()?).ok()?,
                (5 | 7 | 8, 12) => header.values = self.values()?,
                (_, kind) => self.pass(kind, DEPTH_MAX)?,
            }
        }
        Some(header)
    }

    /// The number of values, which every kind of page names first.
    fn values(&mut self) -> Option<u64> {
        let (mut values, mut id) = (0, 0);
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (1, 5) => values = u64::try_from(self.number()?).ok()?,
                (_, kind) => self.pass(kind, DEPTH_MAX)?,
            }
        }
        Some(values)
    }

    /// The kind of the next field, its number put into `id`; nothing inside at the end.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        let kind = byte & 0x0F;
        if kind == 0 {
            return Some(None);
        }
        match byte >> 4 {
            0 => *id = self.number()?,
            step => *id = id.checked_add(step.into())?,
        }
        Some(Some(kind))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// An unsigned number in groups of seven bits, low ones first.
    fn length(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A signed number, its sign in the lowest bit.
    fn number(&mut self) -> Option<i64> {
        let value = self.length()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Passes a value of a kind over.
    fn pass(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.skip(1),
            4..=6 => self.number().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.length()?;
                self.skip(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.length()? } else { (byte >> 4).into() };
                (0..count).try_for_each(|_| self.item(byte & 0x0F, depth))
            }
            11 => {
                let count = self.length()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.item(kinds >> 4, depth)?;
                    self.item(kinds & 0x0F, depth)
                })
            }
            12 => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.pass(kind, depth)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// An item of a list or a map; there a truth value takes a byte.
    fn item(&mut self, kind: u8, depth: u32) -> Option<()> {
        if matches!(kind, 1 | 2) { self.skip(1) } else { self.pass(kind, depth) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of a data page: type 0, sizes, and a structure with the number of values.
    const PAGE: [u8; 12] = [0x15, 0, 0x15, 20, 0x15, 6, 0x2C, 0x15, 8, 0x15, 0, 0];

    #[test]
    fn a_header_gives_its_sizes_and_passes_the_rest_over() {
        let bytes = [&PAGE[..], &[0], b"abc"].concat();
        let mut walk = Walk { rest: &bytes };
        let wanted = Header { unpacked: 10, packed: 3, values: 4, is_dictionary: false };
        assert_eq!((walk.header(), walk.rest), (Some(wanted), &b"abc"[..]));
        check(&bytes, 4, Compression::UNCOMPRESSED).expect("sound");
        let error = check(&bytes, 3, Compression::UNCOMPRESSED).expect_err("too many");
        assert!(error.contains("a page of 4 values, at most 3"), "{error}");
    }

    #[test]
    fn no_bytes_make_it_fail_otherwise_than_by_saying_so() {
        let whole = [&PAGE[..], &[0], b"abc"].concat();
        for cut in 1..whole.len() {
            assert!(check(&whole[..cut], 4, Compression::UNCOMPRESSED).is_err(), "{cut}");
        }
        let mut state = 1u64;
        for _ in 0..100_000 {
            let mut bytes = [0u8; 24];
            for byte in &mut bytes {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *byte = (state >> 56) as u8;
            }
            let _ = Walk { rest: &bytes }.header();
        }
    }
}
