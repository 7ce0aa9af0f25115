//! English texts that are words by their own rule: contractions, abbreviations, times, faces.
//!
//! The rule behind the `datatrove` profiles cuts contractions in two ("do" + "n't", "ca" + "nt")
//! and keeps abbreviations and faces whole. Generated here from pronouns, verbs and endings.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::vocabulary::hash;

/// An exception with the lengths of its words.
type Known = (String, Vec<u8>);

/// Every exception in a table by its hash.
static TABLE: LazyLock<Vec<Option<Known>>> = LazyLock::new(|| {
    let mut table = vec![None; SLOTS];
    for (text, lengths) in EXCEPTIONS.iter() {
        let mut slot = hash(text.as_bytes()) as usize % SLOTS;
        while table[slot].is_some() {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = Some((text.clone(), lengths.clone()));
    }
    table
});

const SLOTS: usize = 1 << 13;

/// A bit for each exception by its hash, so that most other texts are told by one look.
static BITS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0; BIT_COUNT / 64];
    for text in EXCEPTIONS.keys() {
        let bit = bit(hash(text.as_bytes()));
        bits[bit / 64] |= 1 << (bit % 64);
    }
    bits
});

const BIT_COUNT: usize = 1 << 17;

fn bit(hash: u64) -> usize {
    (hash >> 32) as usize % BIT_COUNT
}

/// The lengths in bytes of the words that a text is, where it is an exception.
pub fn exception(text: &str) -> Option<&'static [u8]> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let hash = hash(text.as_bytes());
    let bit = bit(hash);
    if BITS[bit / 64] >> (bit % 64) & 1 == 0 {
        return None;
    }
    let mut slot = hash as usize % SLOTS;
    while let Some((found, lengths)) = &TABLE[slot] {
        if found == text {
            return Some(lengths);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// The longest exception in bytes.
pub const BYTES_MAX: usize = 32;

/// A text, and the lengths in bytes of the words that it is.
static EXCEPTIONS: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let mut made = Made(BTreeMap::new());
    pronouns(&mut made);
    verbs(&mut made);
    times_and_others(&mut made);
    for word in WHOLE.split_whitespace().chain(FACES.split_whitespace()) {
        made.add(&[word]);
    }
    for word in NOT_CUT.split_whitespace() {
        made.0.remove(word);
    }
    made.0
});

/// Contractions without their apostrophe that are words of their own.
const NOT_CUT: &str =
    "Ill ill Its its Hell hell Shell shell Shed shed were Were Well well Whore whore";

const WHOLE: &str = "'S 's 'Cause 'cause 'Cos 'cos 'Coz 'coz 'Cuz 'cuz 'bout 'd 'll 'em 'nuff 're \
    em ll nuff ma'am Ma'am o'clock O'clock and/or w/o C++ \\n \\t <space> '' \\\") — ' \
    Adm. Ak. Ala. Apr. Ariz. Ark. Aug. Bros. Calif. Co. Colo. Conn. Corp. D.C. Dec. Del. Dr. E.G. \
    E.g. Feb. Fla. Ga. Gen. Gov. I.E. I.e. Ia. Id. Ill. Inc. Ind. Jan. Jr. Jul. Jun. Kan. Kans. \
    Ky. La. Ltd. Mar. Mass. Md. Messrs. Mich. Minn. Miss. Mo. Mont. Mr. Mrs. Ms. Mt. N.C. N.D. \
    N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa. Ph.D. Prof. Rep. Rev. S.C. Sen. \
    Sep. Sept. St. Tenn. Va. Wash. Wis. a.m. co. e.g. i.e. p.m. v.s. vs. ä. ö. ü.";

const FACES: &str = "(*_*) (-8 (-: (-; (-_-) (._.) (: (; (= (>_<) (^_^) (o: (¬_¬) (ಠ_ಠ) \
    (╯°□°）╯︵┻━┻ )-: ): -_- -__- ._. 0.0 0.o 0_0 0_o 8) 8-) 8-D 8D :'( :') :'-( :'-) :( :(( \
    :((( :() :) :)) :))) :* :-( :-(( :-((( :-) :-)) :-))) :-* :-/ :-0 :-3 :-> :-D :-O :-P :-X \
    :-] :-o :-p :-x :-| :-} :/ :0 :1 :3 :> :D :O :P :X :] :o :o) :p :x :| :} ;) ;-) ;-D ;D ;_; \
    <.< </3 <3 <33 <333 =( =) =/ =3 =D =[ =] =| >.< >.> >:( >:o ><(((*> @_@ O.O O.o O_O O_o V.V \
    V_V XD XDD [-: [: [= ]= ^_^ ^__^ ^___^ o.0 o.O o.o o_0 o_O o_o v.v v_v xD xDD ¯\\(ツ)/¯ ಠ_ಠ \
    ಠ︵ಠ";

struct Made(BTreeMap<String, Vec<u8>>);

impl Made {
    /// Adds a text by its words, with `'` and with `’`.
    fn add(&mut self, words: &[&str]) {
        for apostrophe in ["'", "’"] {
            let words: Vec<String> =
                words.iter().map(|word| word.replace('\'', apostrophe)).collect();
            let lengths = words.iter().map(|word| word.len() as u8).collect();
            self.0.insert(words.concat(), lengths);
        }
    }

    /// Adds a stem in lower case and with a capital, with endings with and without apostrophes.
    fn contraction(&mut self, stem: &str, endings: &[&str]) {
        let (first, rest) = stem.split_at(1);
        for stem in [stem.to_owned(), first.to_uppercase() + rest] {
            for bare in [false, true] {
                let endings: Vec<String> = endings
                    .iter()
                    .map(|ending| if bare { ending.replace('\'', "") } else { (*ending).into() })
                    .collect();
                let words = std::iter::once(stem.as_str());
                let words: Vec<&str> = words.chain(endings.iter().map(String::as_str)).collect();
                self.add(&words);
            }
        }
    }
}

fn pronouns(made: &mut Made) {
    made.contraction("i", &["'m"]);
    made.contraction("i", &["'m", "a"]);
    let asking = "who what when where why how there that this these those";
    for word in "i you he she it we they".split(' ').chain(asking.split(' ')) {
        for endings in [&["'ll"][..], &["'ll", "'ve"], &["'d"], &["'d", "'ve"]] {
            made.contraction(word, endings);
        }
        if !["he", "she", "it", "that", "this"].contains(&word) {
            made.contraction(word, &["'ve"]);
        }
        if !["i", "he", "she", "it", "that", "this"].contains(&word) {
            made.contraction(word, &["'re"]);
        }
        if !["i", "you", "we", "they", "these", "those"].contains(&word) {
            made.contraction(word, &["'s"]);
        }
    }
}

fn verbs(made: &mut Made) {
    let may = "ca could do does did had may might must need ought sha should wo would";
    for verb in may.split(' ') {
        made.contraction(verb, &["n't"]);
        made.contraction(verb, &["n't", "'ve"]);
    }
    for verb in "ai are is was were have has dare".split(' ') {
        made.contraction(verb, &["n't"]);
    }
    for verb in "could might must should would not".split(' ') {
        made.contraction(verb, &["'ve"]);
    }
    for word in "doin goin nothin nuthin ol somethin havin lovin".split(' ') {
        made.contraction(word, &[]);
        let (first, rest) = word.split_at(1);
        made.add(&[&format!("{word}'")]);
        made.add(&[&format!("{}{rest}'", first.to_uppercase())]);
    }
}

fn times_and_others(made: &mut Made) {
    for hour in 1..=12 {
        for half in ["am", "a.m.", "pm", "p.m."] {
            made.add(&[&hour.to_string(), half]);
        }
    }
    for letter in 'a'..='z' {
        made.add(&[&format!("{letter}.")]);
    }
    for degrees in ["C", "F", "K", "c", "f", "k"] {
        made.add(&["°", degrees, "."]);
    }
    made.add(&["y'", "all"]);
    made.add(&["y", "all"]);
    made.add(&["‘S"]);
    made.add(&["‘s"]);
    for (stem, ending) in [("can", "not"), ("gon", "na"), ("got", "ta")] {
        made.contraction(stem, &[ending]);
    }
    for words in [&["let", "'s"][..], &["c'm", "on"], &["how", "'d", "'y"]] {
        made.add(words);
        let (first, rest) = words[0].split_at(1);
        let capital = first.to_uppercase() + rest;
        made.add(&[&[capital.as_str()], &words[1..]].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contractions_are_cut_and_words_of_their_own_are_not() {
        let cuts = |text: &str| exception(text).map(<[u8]>::to_vec);
        assert!(EXCEPTIONS.keys().all(|text| text.len() <= BYTES_MAX));
        assert_eq!(cuts("don't"), Some(vec![2, 3]));
        assert_eq!(cuts("Don’t"), Some(vec![2, 5]));
        assert_eq!(cuts("I'll've"), Some(vec![1, 3, 3]));
        assert_eq!(cuts("cannot"), Some(vec![3, 3]));
        assert_eq!(cuts("its"), None);
        assert_eq!(cuts("10am"), Some(vec![2, 2]));
        assert_eq!(cuts("Mr."), Some(vec![3]));
    }
}
