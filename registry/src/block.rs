//! Sorted rows packed into blocks of about a kilobyte, the unit in which the index keeps them.
//!
//! A row is the length of its key (2 bytes), of its value (4 bytes), then both; blocks are never
//! empty, and rows ascend by key.

/// A key with its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// A block is closed when it has reached this size.
const BLOCK_BYTES: usize = 1024;

/// Gathers rows, which must come in ascending order, into blocks.
#[derive(Default)]
pub struct Packer {
    last: Vec<u8>,
    bytes: Vec<u8>,
}

impl Packer {
    /// Takes a row and gives the block that it filled, if any, under its last key.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Option<Row> {
        self.last.clear();
        self.last.extend_from_slice(key);
        self.bytes.extend_from_slice(&(key.len() as u16).to_be_bytes());
        self.bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        if self.bytes.len() < BLOCK_BYTES { None } else { self.finish() }
    }

    /// Gives what is left.
    pub fn finish(&mut self) -> Option<Row> {
        let block = (std::mem::take(&mut self.last), std::mem::take(&mut self.bytes));
        (!block.1.is_empty()).then_some(block)
    }
}

/// The first row of some bytes, and what comes after it.
pub struct Taken<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub rest: &'a [u8],
}

/// Takes one row; `None` when the bytes do not begin with one.
pub fn take(bytes: &[u8]) -> Option<Taken<'_>> {
    let (key, rest) = bytes.split_first_chunk::<2>()?;
    let (value, rest) = rest.split_first_chunk::<4>()?;
    let (key, rest) = rest.split_at_checked(u16::from_be_bytes(*key).into())?;
    let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*value) as usize)?;
    Some(Taken { key, value, rest })
}

/// Reads the rows of a block; `None` when the bytes are no block.
pub fn rows(mut bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let taken = take(bytes)?;
        rows.push((taken.key, taken.value));
        bytes = taken.rest;
    }
    Some(rows)
}

/// The value of a key in a block, if it is there; `None` when the bytes are no block.
pub fn find<'a>(mut bytes: &'a [u8], key: &[u8]) -> Option<Option<&'a [u8]>> {
    while !bytes.is_empty() {
        let taken = take(bytes)?;
        if taken.key >= key {
            return Some((taken.key == key).then_some(taken.value));
        }
        bytes = taken.rest;
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_from_their_blocks() {
        let (mut packer, mut blocks) = (Packer::default(), Vec::new());
        for number in 0..500_u32 {
            blocks.extend(packer.push(&number.to_be_bytes(), &vec![7; number as usize % 40]));
        }
        blocks.extend(packer.finish());
        assert!(blocks.len() > 10);
        let mut number = 0_u32;
        for (last, bytes) in &blocks {
            let rows = rows(bytes).expect("a block");
            assert_eq!(rows[rows.len() - 1].0, last);
            for (key, value) in rows {
                assert_eq!(find(bytes, key), Some(Some(value)));
                assert_eq!((key, value.len()), (&number.to_be_bytes()[..], number as usize % 40));
                number += 1;
            }
            assert!(super::rows(&bytes[..bytes.len() - 1]).is_none(), "a cut block is none");
        }
        assert_eq!(number, 500);
    }
}
