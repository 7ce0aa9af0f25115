//! Which pieces of a text stood before: lines, paragraphs.

use crate::vocabulary::hash;

/// Scratch of one thread: a set of pieces of one text.
#[derive(Default)]
pub struct Pieces {
    /// Open addressing: start and length of a piece, the epoch that wrote it.
    slots: Vec<(u32, u32, u32)>,
    epoch: u32,
}

/// How much of a text stands again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Again {
    /// Pieces that stood before.
    pub pieces: u64,
    /// Their characters.
    pub chars: u64,
    /// Their bytes.
    pub bytes: u64,
    pub all: u64,
}

impl Pieces {
    /// Counts the pieces that stood before; pieces are ranges of bytes of the text.
    pub fn again(&mut self, text: &str, pieces: &[(usize, usize)]) -> Again {
        let size = (pieces.len() * 2).next_power_of_two().max(16);
        if self.slots.len() < size || self.epoch == u32::MAX {
            self.slots.clear();
            self.slots.resize(size.max(self.slots.len()), (0, 0, 0));
            self.epoch = 0;
        }
        self.epoch += 1;
        let slots = &mut self.slots[..size];
        let mut again = Again { all: pieces.len() as u64, ..Again::default() };
        for (start, end) in pieces {
            let piece = &text[*start..*end];
            let mut slot = hash(piece.as_bytes()) as usize & (size - 1);
            loop {
                let (from, length, written) = slots[slot];
                if written != self.epoch {
                    slots[slot] = (*start as u32, piece.len() as u32, self.epoch);
                    break;
                }
                let from = from as usize;
                if text.as_bytes()[from..from + length as usize] == *piece.as_bytes() {
                    again.pieces += 1;
                    again.chars += piece.chars().count() as u64;
                    again.bytes += piece.len() as u64;
                    break;
                }
                slot = (slot + 1) & (size - 1);
            }
        }
        again
    }
}

/// Pieces between runs of at least `least` newlines.
pub fn between_newlines(text: &str, from: usize, to: usize, least: usize) -> Vec<(usize, usize)> {
    let bytes = &text.as_bytes()[..to];
    let (mut pieces, mut start, mut at) = (Vec::new(), from, from);
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        at += found;
        let run = bytes[at..].iter().take_while(|byte| **byte == b'\n').count();
        if run >= least {
            pieces.push((start, at));
            start = at + run;
        }
        at += run;
    }
    pieces.push((start, to));
    pieces
}

/// Lines as Python cuts them: at `\n`, `\r`, `\r\n` and the other separators of lines.
pub fn lines(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let width = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\n' | b'\r' | 0x0B | 0x0C | 0x1C..=0x1E => 1,
            0xC2 if bytes[at + 1] == 0x85 => 2,
            0xE2 if bytes[at + 1] == 0x80 && matches!(bytes[at + 2], 0xA8 | 0xA9) => 3,
            _ => 0,
        };
        if width > 0 {
            lines.push((start, at));
            start = at + width;
        }
        at += width.max(1);
    }
    if start < bytes.len() {
        lines.push((start, bytes.len()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_at_runs_of_newlines() {
        let cut = |text: &'static str, least| -> Vec<&str> {
            let pieces = between_newlines(text, 0, text.len(), least);
            pieces.into_iter().map(|(start, end)| &text[start..end]).collect()
        };
        assert_eq!(cut("a\n\n\nb\nc", 2), ["a", "b\nc"]);
        assert_eq!(cut("a\n\nb\n", 1), ["a", "b", ""]);
        assert_eq!(cut("", 1), [""]);
    }

    #[test]
    fn lines_are_those_of_python() {
        let text = "a\r\nb\u{2028}c\u{85}\n d";
        let found: Vec<&str> = lines(text).iter().map(|(start, end)| &text[*start..*end]).collect();
        assert_eq!(found, ["a", "b", "c", "", " d"]);
        assert!(lines("").is_empty());
        assert_eq!(lines("a\n").len(), 1);
    }

    #[test]
    fn pieces_that_stood_before_are_counted() {
        let text = "ä\nb\nä\nä";
        let pieces = between_newlines(text, 0, text.len(), 1);
        let again = Pieces::default().again(text, &pieces);
        assert_eq!(again, Again { pieces: 2, chars: 2, bytes: 4, all: 4 });
    }
}
