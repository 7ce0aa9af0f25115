//! `dedup.substring@1`: runs of bytes that stood before, wherever they start.
//!
//! A window is as many bytes as a run must have; it stood before where the same bytes start in an
//! earlier document, or at least a window earlier in the same one. What goes is all that lies in
//! such windows, whole characters only. After Lee et al. (2022), "Deduplicating training data makes
//! language models better".
//!
//! Of the windows only those are looked at that may stand twice. Schleimer, Wilkerson and Aiken
//! (2003), "Winnowing": of all grams of half a window, the one with the least hash is an anchor;
//! equal windows have an equal anchor at the same place. Where an anchor stands twice, the windows
//! around it are hashed and sorted. Texts wait in a spill file, so that what goes is compared byte
//! by byte. Work grows with n log n; hashes reach no result.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

use crate::dedup::{Bench, Cut, Dedup, DedupError, Judge, Repeat, Verdict, number_of};
use crate::rolling::{Wide, rolling};
use crate::spill::{Shelf, Sorted, Sorter};

/// What decides the result.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Bytes of a window.
    pub window: usize,
    /// The part of a document's bytes that drops it; nothing where runs are taken out.
    pub share_max: Option<f64>,
}

/// An anchor's hash and its place on the tape.
const ANCHOR: usize = 8 + 8;
/// A window's hash, its place on the tape and its document.
const WINDOW: usize = 16 + 8 + 4;
/// A repeated window's place, the place of the first and its document.
const REPEAT: usize = 8 + 8 + 4;
/// Bytes before a text on the tape: its length.
const HEAD: usize = 8;
/// Bytes of texts that are read from the tape together.
const BLOCK: usize = 1 << 20;
/// Windows that one task hashes.
const TASK: usize = 1 << 14;

/// The first pass: puts texts and anchors aside.
pub struct Substring<'a> {
    bench: Bench<'a>,
    settings: Settings,
    tape: Shelf<'a>,
    anchors: Sorter<'a, ANCHOR>,
    /// Bytes on the tape.
    end: u64,
    seen: u32,
}

impl<'a> Substring<'a> {
    /// Makes ready; a fifth of the budget each is for texts, anchors, their places, windows, and
    /// what repeats.
    pub fn new(settings: Settings, bench: Bench<'a>) -> Substring<'a> {
        let tape = Shelf::new(bench.scratch, 1, bench.budget / 5);
        let anchors = Sorter::new(bench.scratch, bench.budget / 5);
        Substring { bench, settings, tape, anchors, end: 0, seen: 0 }
    }
}

impl<'a> Dedup<'a> for Substring<'a> {
    fn see(&mut self, texts: &[&str]) -> Result<(), DedupError> {
        let window = self.settings.window;
        let found = |index: usize| anchors(texts[index].as_bytes(), window);
        for (text, anchors) in texts.iter().zip(self.bench.kernels.map(texts.len(), &found)) {
            let mut record = (text.len() as u64).to_be_bytes().to_vec();
            record.extend_from_slice(text.as_bytes());
            self.tape.push(&record)?;
            for (hash, at) in anchors {
                let place = self.end + (HEAD + at) as u64;
                self.anchors.push(joined([hash, place].map(u64::to_be_bytes).as_flattened()))?;
            }
            self.end += record.len() as u64;
            self.seen = self.seen.checked_add(1).ok_or(DedupError::Documents)?;
        }
        Ok(())
    }

    fn settle(self: Box<Self>) -> Result<Box<dyn Judge + 'a>, DedupError> {
        let Substring { bench, settings, mut tape, anchors, end, .. } = *self;
        let places = standing_twice(anchors, &bench)?;
        let windows = windows(settings.window, &bench, &mut tape, end, places)?;
        let mut repeats = repeats(settings.window, &bench, windows)?;
        let ahead = repeats.pull()?;
        Ok(Box::new(Cutter { settings, tape, repeats, ahead, next: 0 }))
    }
}

/// A record from its parts.
fn joined<const W: usize>(bytes: &[u8]) -> [u8; W] {
    bytes.try_into().expect("the parts of a record")
}

fn place_of(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

/// Bytes of an anchor.
fn gram(window: usize) -> usize {
    (window / 2).max(1)
}

/// The anchors of a text with their places: the last gram of the least hash in every window.
fn anchors(text: &[u8], window: usize) -> Vec<(u64, usize)> {
    let gram = gram(window);
    let inside = window - gram + 1;
    let (mut anchors, mut least) = (Vec::new(), VecDeque::new());
    for (at, hash) in rolling(text, gram).enumerate() {
        while least.back().is_some_and(|(last, _)| *last >= hash) {
            least.pop_back();
        }
        least.push_back((hash, at));
        if at + 1 >= inside {
            if least.front().is_some_and(|(_, first)| first + inside <= at) {
                least.pop_front();
            }
            let anchor = *least.front().expect("the newest stands there");
            if anchors.last() != Some(&anchor) {
                anchors.push(anchor);
            }
        }
    }
    anchors
}

/// The places of anchors that stand more than once, in order.
fn standing_twice(anchors: Sorter<ANCHOR>, bench: &Bench) -> io::Result<Sorted<8>> {
    let mut places = Sorter::<8>::new(bench.scratch, bench.budget / 5);
    let mut sorted = anchors.finish()?;
    let mut before: Option<([u8; ANCHOR], bool)> = None;
    while let Some(record) = sorted.pull()? {
        let again = match before {
            Some((first, known)) if first[..8] == record[..8] => {
                if !known {
                    places.push(joined(&first[8..]))?;
                }
                places.push(joined(&record[8..]))?;
                true
            }
            _ => false,
        };
        before = Some((record, again));
    }
    places.finish()
}

/// A text from the tape: its document, where it starts, and where its windows do that count.
struct Stretch {
    document: u32,
    start: u64,
    text: Vec<u8>,
    windows: Vec<Range<usize>>,
}

/// The windows with an anchor at one of the places.
fn windows<'a>(
    window: usize,
    bench: &Bench<'a>,
    tape: &mut Shelf<'a>,
    end: u64,
    mut places: Sorted<8>,
) -> io::Result<Sorted<WINDOW>> {
    let mut windows = Sorter::new(bench.scratch, bench.budget / 5);
    let mut place = places.pull()?.map(u64::from_be_bytes);
    let (mut at, mut document, mut stretches, mut held) = (0, 0, Vec::new(), 0);
    while at < end && place.is_some() {
        let mut head = [0; HEAD];
        tape.read(at, &mut head)?;
        let (start, length) = (at + HEAD as u64, u64::from_be_bytes(head) as usize);
        at = start + length as u64;
        let mut ranges: Vec<Range<usize>> = Vec::new();
        while let Some(anchor) = place.filter(|place| *place < at) {
            let anchor = (anchor - start) as usize;
            let from = (anchor + gram(window)).saturating_sub(window);
            let to = anchor.min(length - window) + 1;
            match ranges.last_mut() {
                Some(last) if from <= last.end => last.end = to,
                _ => ranges.push(from..to),
            }
            place = places.pull()?.map(u64::from_be_bytes);
        }
        if !ranges.is_empty() {
            let mut text = vec![0; length];
            tape.read(start, &mut text)?;
            held += length;
            stretches.push(Stretch { document, start, text, windows: ranges });
        }
        if held >= BLOCK {
            hash(window, bench, &stretches, &mut windows)?;
            stretches.clear();
            held = 0;
        }
        document += 1;
    }
    hash(window, bench, &stretches, &mut windows)?;
    windows.finish()
}

/// Puts the hashes of the windows of some texts aside.
fn hash(
    window: usize,
    bench: &Bench,
    stretches: &[Stretch],
    windows: &mut Sorter<WINDOW>,
) -> io::Result<()> {
    let parts = |range: &Range<usize>| {
        let end = range.end;
        range.clone().step_by(TASK).map(move |from| from..(from + TASK).min(end))
    };
    let of = |stretch| move |part| (stretch, part);
    let tasks: Vec<(&Stretch, Range<usize>)> = stretches
        .iter()
        .flat_map(|stretch| stretch.windows.iter().flat_map(parts).map(of(stretch)))
        .collect();
    for round in tasks.chunks(4 * bench.kernels.threads()) {
        let done = bench.kernels.map(round.len(), &|index| {
            let (stretch, range) = &round[index];
            let text = &stretch.text[range.start..range.end + window - 1];
            Wide::of(text, window).collect::<Vec<[u8; 16]>>()
        });
        for ((stretch, range), keys) in round.iter().zip(done) {
            for (at, key) in range.clone().zip(keys) {
                let mut record = [0; WINDOW];
                record[..16].copy_from_slice(&key);
                record[16..24].copy_from_slice(&(stretch.start + at as u64).to_be_bytes());
                record[24..].copy_from_slice(&stretch.document.to_be_bytes());
                windows.push(record)?;
            }
        }
    }
    Ok(())
}

/// The windows that stood before, in order of their places.
fn repeats(
    window: usize,
    bench: &Bench,
    mut windows: Sorted<WINDOW>,
) -> io::Result<Sorted<REPEAT>> {
    let mut repeats = Sorter::new(bench.scratch, bench.budget / 5);
    let mut first: Option<[u8; WINDOW]> = None;
    while let Some(record) = windows.pull()? {
        match &first {
            Some(first) if first[..16] == record[..16] => {
                let apart = place_of(&record[16..24]) - place_of(&first[16..24]);
                if first[24..] != record[24..] || apart >= window as u64 {
                    repeats.push(joined(&[&record[16..24], &first[16..]].concat()))?;
                }
            }
            _ => first = Some(record),
        }
    }
    repeats.finish()
}

/// The second pass: takes what stood before out, or drops the document.
struct Cutter<'a> {
    settings: Settings,
    tape: Shelf<'a>,
    repeats: Sorted<REPEAT>,
    ahead: Option<[u8; REPEAT]>,
    /// Where the next text stands on the tape.
    next: u64,
}

/// Windows side by side that stood side by side before.
struct Run {
    bytes: Range<usize>,
    /// Where the bytes stand first, and in which document.
    first: u64,
    of: u32,
}

impl Judge for Cutter<'_> {
    fn judge(&mut self, texts: &[&str]) -> Result<Vec<Verdict>, DedupError> {
        let mut verdicts = Vec::with_capacity(texts.len());
        for text in texts {
            let start = self.next + HEAD as u64;
            self.next = start + text.len() as u64;
            let mut runs: Vec<Run> = Vec::new();
            while let Some(ahead) = self.ahead.filter(|ahead| place_of(&ahead[..8]) < self.next) {
                self.ahead = self.repeats.pull()?;
                let at = (place_of(&ahead[..8]) - start) as usize;
                let (first, of) = (place_of(&ahead[8..16]), number_of(&ahead[16..]));
                let bytes = at..at + self.settings.window;
                match runs.last_mut() {
                    Some(run)
                        if run.bytes.end + 1 == bytes.end
                            && run.of == of
                            && run.first + (at - run.bytes.start) as u64 == first =>
                    {
                        run.bytes.end = bytes.end;
                    }
                    _ => runs.push(Run { bytes, first, of }),
                }
            }
            verdicts.push(self.verdict(text, runs)?);
        }
        Ok(verdicts)
    }
}

impl Cutter<'_> {
    /// What becomes of a text, once its runs are compared byte by byte.
    fn verdict(&mut self, text: &str, runs: Vec<Run>) -> io::Result<Verdict> {
        let (mut gone, mut of): (Vec<Range<usize>>, _) = (Vec::new(), None);
        let mut first = Vec::new();
        for run in runs {
            first.resize(run.bytes.len(), 0);
            self.tape.read(run.first, &mut first)?;
            if first != text.as_bytes()[run.bytes.clone()] {
                continue;
            }
            of.get_or_insert(run.of);
            match gone.last_mut() {
                Some(last) if run.bytes.start <= last.end => last.end = run.bytes.end,
                _ => gone.push(run.bytes),
            }
        }
        let Some(of) = of else { return Ok(Verdict::Keep) };
        gone.iter_mut().for_each(|range| *range = whole(text, range));
        Ok(match self.settings.share_max {
            Some(limit) => by_share(text, &gone, of, limit),
            None => without(text, &gone, of),
        })
    }
}

/// The whole characters in a range of bytes.
fn whole(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text.ceil_char_boundary(range.start);
    start..text.floor_char_boundary(range.end).max(start)
}

fn by_share(text: &str, gone: &[Range<usize>], of: u32, limit: f64) -> Verdict {
    let bytes: usize = gone.iter().map(Range::len).sum();
    let value = bytes as f64 / text.len() as f64;
    if value <= limit {
        return Verdict::Keep;
    }
    Verdict::Drop(Repeat { of, measure: "repeated_bytes", value, limit: Some(limit) })
}

fn without(text: &str, gone: &[Range<usize>], of: u32) -> Verdict {
    let (mut left, mut at, mut bytes) = (String::new(), 0, 0);
    for range in gone {
        left.push_str(&text[at..range.start]);
        at = range.end;
        bytes += range.len() as u64;
    }
    left.push_str(&text[at..]);
    if left.trim().is_empty() {
        return Verdict::Drop(Repeat { of, measure: "chars_left", value: 0.0, limit: Some(1.0) });
    }
    Verdict::Change(Cut { text: left, of, parts: gone.len() as u64, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::verdicts;
    use crate::spill::InMemory;
    use kernels::random::below;
    use kernels::{Kernels, Tier};

    /// The verdicts by looking at every pair of windows.
    fn slow(texts: &[&str], settings: Settings) -> Vec<Verdict> {
        let w = settings.window;
        let starts = |text: &str| 0..(text.len() + 1).saturating_sub(w);
        let first = |text: usize, at: usize| {
            let bytes = &texts[text].as_bytes()[at..at + w];
            let here = |of: usize| starts(texts[of]).map(move |start| (of, start));
            let mut all = (0..=text).flat_map(here);
            all.find(|(of, start)| &texts[*of].as_bytes()[*start..start + w] == bytes)
        };
        let verdict = |text: usize| {
            let (mut gone, mut of) = (Vec::<Range<usize>>::new(), None);
            for at in starts(texts[text]) {
                let (earlier, start) = first(text, at).expect("itself at least");
                if earlier == text && start + w > at {
                    continue;
                }
                of.get_or_insert(earlier as u32);
                match gone.last_mut() {
                    Some(last) if at <= last.end => last.end = at + w,
                    _ => gone.push(at..at + w),
                }
            }
            let Some(of) = of else { return Verdict::Keep };
            gone.iter_mut().for_each(|range| *range = whole(texts[text], range));
            match settings.share_max {
                Some(limit) => by_share(texts[text], &gone, of, limit),
                None => without(texts[text], &gone, of),
            }
        };
        (0..texts.len()).map(verdict).collect()
    }

    #[track_caller]
    fn check(texts: &[&str], settings: Settings) -> Vec<Verdict> {
        let wanted = slow(texts, settings);
        for (threads, budget, block) in [(1, 1 << 20, 100), (2, 0, 1), (3, 1000, 2), (7, 0, 3)] {
            let kernels = Kernels::new(Tier::Scalar, threads).expect("kernels");
            let bench = Bench { kernels: &kernels, scratch: &InMemory, budget };
            let found = verdicts(Box::new(Substring::new(settings, bench)), texts, block);
            assert_eq!(found, wanted, "{threads} threads");
        }
        wanted
    }

    #[test]
    fn the_fast_way_finds_what_the_slow_one_finds() {
        for case in 0..40 {
            let letters: Vec<char> = "abé".chars().take(2 + case as usize % 2).collect();
            let letter = |index| letters[below(case, 81, index, letters.len() as u64) as usize];
            let text = |number: u64| -> String {
                (0..below(case, 82, number, 60)).map(|at| letter(number << 32 | at)).collect()
            };
            let texts: Vec<String> = (0..8).map(text).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let window = 1 + case as usize % 11;
            let share_max = (case % 3 == 0).then_some(0.25);
            check(&texts, Settings { window, share_max });
        }
    }

    #[test]
    fn what_stood_before_goes_and_whole_characters_stay() {
        let settings = Settings { window: 9, share_max: None };
        let texts = ["x这是一句话y", "z这是一句话", "这是一句话", "aaaaaaaaaaaaaaaaaaaa", ""];
        let left = check(&texts, settings);
        let text = |verdict: &Verdict| match verdict {
            Verdict::Change(cut) => format!("{}|{} of {}", cut.text, cut.bytes, cut.of),
            Verdict::Drop(repeat) => format!("gone, as {}", repeat.of),
            Verdict::Keep => "stays".into(),
        };
        let left: Vec<String> = left.iter().map(text).collect();
        assert_eq!(left, ["stays", "z|15 of 0", "gone, as 0", "aaaaaaaaa|11 of 3", "stays"]);
    }

    #[test]
    fn equal_windows_have_an_anchor_at_the_same_place() {
        let text: String =
            (0..400).map(|at| if below(1, 83, at, 3) == 0 { 'a' } else { 'b' }).collect();
        let known = anchors(text.as_bytes(), 12);
        for start in 0..text.len() - 12 {
            let alone = anchors(&text.as_bytes()[start..start + 12], 12);
            let [(hash, at)] = alone[..] else { panic!("one window has one anchor") };
            assert!(known.contains(&(hash, start + at)));
        }
    }
}
