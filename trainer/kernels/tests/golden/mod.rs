//! The frozen hashes of operations, and the numbers that go into them.

use kernels::random::normal;

/// Frozen: one line an operation, its name, the version of the arithmetic that brought it and a
/// 64-bit FNV-1a hash of all its outputs' bits.
const GOLDEN: &str = include_str!("../../vectors/operations.txt");

/// The frozen hash of an operation: that of the newest version up to the one given.
pub fn golden(name: &str, version: u32) -> &'static str {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        let of = words.next() == Some(name);
        let since: u32 = words.next()?.parse().ok()?;
        (of && since <= version).then_some((since, words.next()?))
    };
    GOLDEN.lines().filter_map(line).max().expect("a frozen hash").1
}

/// Inputs of an operation.
pub fn floats(purpose: u32, len: usize) -> Vec<f32> {
    (0..len as u64).map(|index| normal(42, purpose, index)).collect()
}

/// The hash of outputs.
pub fn hash<'a>(outputs: impl IntoIterator<Item = &'a f32>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in outputs.into_iter().flat_map(|x| x.to_bits().to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
