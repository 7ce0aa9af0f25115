//! The cleaning operators: one parameter struct each, in files by group.
//!
//! This is the only declaration of an operator. The doc comment of its variant, else of its struct,
//! is its page, the first paragraph its line in a list; names, defaults, ranges and choices are
//! read from the schema that is made from the struct. A field added later is optional and left out
//! where it is unset, so that the canonical bytes of older recipes stay.

mod address;
pub mod catalogue;
mod dedup;
mod filter;
mod language;
mod language_parts;
mod listed;
mod measured;
mod periods;
mod pii;
pub mod profiles;
mod quality;
mod select;
mod text;
mod text_readings;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use address::*;
pub use dedup::*;
pub use filter::*;
pub use language::*;
pub use language_parts::*;
pub use listed::*;
pub use measured::*;
pub use periods::*;
pub use pii::*;
pub use profiles::Profile;
pub use quality::*;
pub use select::*;
pub use text::*;
pub use text_readings::*;

/// One versioned cleaning operator with its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum CleaningStep {
    #[serde(rename = "text.normalize@1")]
    TextNormalize1(TextNormalize),
    #[serde(rename = "filter.length@1")]
    FilterLength1(FilterLength),
    #[serde(rename = "filter.gopher-repetition@1")]
    FilterGopherRepetition1(GopherRepetition),
    #[serde(rename = "filter.gopher-repetition@2")]
    FilterGopherRepetition2(GopherRepetition2),
    #[serde(rename = "filter.gopher-quality@1")]
    FilterGopherQuality1(GopherQuality),
    #[serde(rename = "filter.c4@1")]
    FilterC41(C4),
    #[serde(rename = "filter.fineweb@1")]
    FilterFineWeb1(FineWeb),
    #[serde(rename = "dedup.exact@1")]
    DedupExact1(DedupExact),
    #[serde(rename = "dedup.minhash@1")]
    DedupMinhash1(DedupMinhash),
    #[serde(rename = "dedup.minhash@2")]
    DedupMinhash2(DedupMinhash2),
    /// Takes lines out of a text that stood before, in it or in an earlier document.
    ///
    /// Lines are compared without white space at their ends; a document of which nothing is left is
    /// dropped.
    #[serde(rename = "dedup.lines@1")]
    DedupLines1(DedupParts),
    /// Takes paragraphs out of a text that stood before, in it or in an earlier document.
    ///
    /// A paragraph ends at two or more newlines; they are compared without white space at their
    /// ends. A document of which nothing is left is dropped.
    #[serde(rename = "dedup.paragraphs@1")]
    DedupParagraphs1(DedupParts),
    #[serde(rename = "dedup.sentences@1")]
    DedupSentences1(DedupSentences),
    #[serde(rename = "dedup.simhash@1")]
    DedupSimhash1(DedupSimhash),
    #[serde(rename = "dedup.substring@1")]
    DedupSubstring1(DedupSubstring),
    #[serde(rename = "filter.licence@1")]
    FilterLicence1(LicenceAllow),
    #[serde(rename = "filter.address@1")]
    FilterAddress1(AddressFilter),
    #[serde(rename = "dedup.ngrams@1")]
    DedupNgrams1(DedupNgrams),
    #[serde(rename = "filter.comments@1")]
    FilterComments1(CommentShare),
    #[serde(rename = "filter.html-text@1")]
    FilterHtmlText1(HtmlShare),
    #[serde(rename = "filter.language-parts@1")]
    FilterLanguageParts1(FilterLanguageParts),
    #[serde(rename = "text.language-parts@1")]
    TextLanguageParts1(TextLanguageParts),
    #[serde(rename = "filter.periods@1")]
    FilterPeriods1(PeriodFilter),
    #[serde(rename = "text.periods@1")]
    TextPeriods1(TextPeriods),
    #[serde(rename = "filter.name@1")]
    FilterName1(NameFilter),
    #[serde(rename = "dedup.address@1")]
    DedupAddress1(DedupAddress),
    #[serde(rename = "pii.mask@1")]
    PiiMask1(PiiMask),
    /// Drops documents by their bytes in UTF-8.
    #[serde(rename = "filter.bytes@1")]
    FilterBytes1(Count),
    /// Drops documents by their number of words.
    ///
    /// Words are those of Unicode's text segmentation, every Chinese character one, unless `cut`
    /// is given.
    ///
    /// Source: Unicode Standard Annex #29. Data-Juicer keeps 10 words and more.
    #[serde(rename = "filter.words@1")]
    FilterWords1(Words),
    /// Drops documents by the mean length of their words in characters.
    ///
    /// Words lie between white space unless `cut` is given: Chinese wants `dictionary`. Gopher
    /// keeps 3 to 10 of English.
    #[serde(rename = "filter.mean-word-length@1")]
    FilterMeanWordLength1(WordAmount),
    /// Drops documents by the characters of their longest word.
    ///
    /// Words lie between white space unless `cut` is given: Chinese wants `dictionary`.
    #[serde(rename = "filter.longest-word@1")]
    FilterLongestWord1(WordCount),
    /// Drops documents by their number of lines.
    #[serde(rename = "filter.lines@1")]
    FilterLines1(Count),
    /// Drops documents by the mean length of their lines in characters.
    ///
    /// Characters of the text over its lines, newlines counted. Data-Juicer keeps 10 and more.
    #[serde(rename = "filter.mean-line-length@1")]
    FilterMeanLineLength1(Amount),
    /// Drops documents by the characters of their longest line.
    ///
    /// Data-Juicer keeps 10 and more.
    #[serde(rename = "filter.longest-line@1")]
    FilterLongestLine1(Count),
    /// Drops documents by their number of sentences.
    ///
    /// A sentence ends with marks of Unicode's `Sentence_Terminal` before white space, or with
    /// one such mark of a script without spaces; text that is left counts as one.
    #[serde(rename = "filter.sentences@1")]
    FilterSentences1(Count),
    /// Drops documents by their number of paragraphs.
    ///
    /// Paragraphs lie between empty lines; only those with visible text count.
    #[serde(rename = "filter.paragraphs@1")]
    FilterParagraphs1(Count),
    /// Drops documents by the part of their characters that are letters or digits.
    ///
    /// Data-Juicer keeps 0.25 and more, NeMo Curator 0.75 and more.
    #[serde(rename = "filter.alphanumeric@1")]
    FilterAlphanumeric1(Share),
    /// Drops documents by the part of their characters that are neither letters, digits nor
    /// white space.
    ///
    /// Data-Juicer keeps up to 0.25.
    #[serde(rename = "filter.special-characters@1")]
    FilterSpecialCharacters1(Share),
    /// Drops documents by the part of their characters that are digits of any script.
    ///
    /// NeMo Curator keeps up to 0.15.
    #[serde(rename = "filter.digits@1")]
    FilterDigits1(Share),
    /// Drops documents by the part of their characters that are white space.
    ///
    /// NeMo Curator keeps up to 0.25.
    #[serde(rename = "filter.whitespace@1")]
    FilterWhitespace1(Share),
    /// Drops documents by the part of their characters that are brackets: `()[]{}` and their
    /// wide forms.
    ///
    /// NeMo Curator keeps up to 0.1 of round brackets.
    #[serde(rename = "filter.brackets@1")]
    FilterBrackets1(Share),
    /// Drops documents by the part of their letters that are upper case.
    #[serde(rename = "filter.uppercase@1")]
    FilterUppercase1(Share),
    /// Drops documents by the part of their characters that are punctuation (general category
    /// P).
    #[serde(rename = "filter.punctuation@1")]
    FilterPunctuation1(Share),
    /// Drops documents by the part of their characters that are U+FFFD, which stands for bytes
    /// lost.
    #[serde(rename = "filter.replacement-characters@1")]
    FilterReplacementCharacters1(Share),
    /// Drops documents by the part of their lines that start with a bullet: `- * • ‣ ▪ ● ◦` and
    /// the like.
    ///
    /// Gopher keeps up to 0.9.
    #[serde(rename = "filter.bullet-lines@1")]
    FilterBulletLines1(Share),
    /// Drops documents by the part of their lines that end with an ellipsis.
    ///
    /// Gopher keeps up to 0.3.
    #[serde(rename = "filter.ellipsis-lines@1")]
    FilterEllipsisLines1(Share),
    /// Drops documents by the part of their lines that end a sentence.
    ///
    /// Marks of Unicode's `Sentence_Terminal`, a closing quote or bracket may follow. NeMo
    /// Curator keeps 0.85 and more of its sentences.
    #[serde(rename = "filter.terminal-lines@1")]
    FilterTerminalLines1(Share),
    /// Drops documents by the part of their lines that are short.
    #[serde(rename = "filter.short-lines@1")]
    FilterShortLines1(ShortLines),
    /// Drops documents by their newlines for each word.
    ///
    /// Words lie between white space unless `cut` is given: Chinese wants `dictionary`.
    /// FineWeb keeps up to 0.3 of its own words.
    #[serde(rename = "filter.newlines-per-word@1")]
    FilterNewlinesPerWord1(WordAmount),
    /// Drops documents by their `#` and ellipses for each word.
    ///
    /// Words lie between white space unless `cut` is given: Chinese wants `dictionary`.
    /// Gopher keeps up to 0.1.
    #[serde(rename = "filter.symbols-per-word@1")]
    FilterSymbolsPerWord1(WordAmount),
    /// Drops documents by the part of their words with a letter.
    ///
    /// Words lie between white space unless `cut` is given: Chinese wants `dictionary`. Gopher
    /// keeps 0.8 and more.
    #[serde(rename = "filter.alphabetic-words@1")]
    FilterAlphabeticWords1(WordShare),
    /// Drops documents by the part of their lines that stood before.
    ///
    /// Gopher keeps up to 0.3.
    #[serde(rename = "filter.repeated-lines@1")]
    FilterRepeatedLines1(Share),
    /// Drops documents by the part of their characters in lines that stood before.
    ///
    /// Gopher keeps up to 0.2.
    #[serde(rename = "filter.repeated-line-characters@1")]
    FilterRepeatedLineCharacters1(Share),
    /// Drops documents by the part of their paragraphs that stood before.
    ///
    /// Gopher keeps up to 0.3.
    #[serde(rename = "filter.repeated-paragraphs@1")]
    FilterRepeatedParagraphs1(Share),
    /// Drops documents by the part of their characters in paragraphs that stood before.
    ///
    /// Gopher keeps up to 0.2.
    #[serde(rename = "filter.repeated-paragraph-characters@1")]
    FilterRepeatedParagraphCharacters1(Share),
    /// Drops documents by how much of them few n-grams of characters make up.
    ///
    /// With D different n-grams, of which S stand more than once, the sum of the min(⌊√D⌋, D −
    /// S₁) largest counts over the sum of all, where S₁ of them stand once. Data-Juicer: n 10,
    /// 0 to 0.5.
    #[serde(rename = "filter.character-repetition@1")]
    FilterCharacterRepetition1(Repetition),
    /// Drops documents by the part of their word n-grams that stand more than once.
    ///
    /// Words lie between white space, in lower case, without punctuation around them, unless `cut`
    /// is given: Chinese wants `words` or `dictionary`. Measured are the counts
    /// of n-grams that stand more than once over all. Data-Juicer: n 10, 0 to 0.5.
    #[serde(rename = "filter.word-repetition@1")]
    FilterWordRepetition1(WordRepetition),
    /// Drops documents by the part of their characters that their most frequent word n-gram
    /// covers.
    ///
    /// Words are those of `filter.gopher-repetition@2`, joined by spaces. With a `cut` of words
    /// nothing is joined: Chinese wants `words` or `dictionary`. Gopher: 0.2 for n 2,
    /// 0.18 for 3, 0.16 for 4.
    #[serde(rename = "filter.top-ngram@1")]
    FilterTopNgram1(WordRepetition),
    /// Drops documents by the part of their characters in word n-grams that stood before.
    ///
    /// Words are those of `filter.gopher-repetition@2` unless `cut` is given: Chinese wants
    /// `unicode` or `dictionary`. Counted from the left without overlap.
    /// Gopher: 0.15 for n 5 down to 0.10 for 10.
    #[serde(rename = "filter.repeated-ngrams@1")]
    FilterRepeatedNgrams1(WordRepetition),
    /// Drops documents by the part of their words that are different.
    ///
    /// Words lie between white space, in lower case, unless `cut` is given: Chinese wants
    /// `dictionary`.
    #[serde(rename = "filter.distinct-words@1")]
    FilterDistinctWords1(WordShare),
    /// Drops documents by the part of their words that stand in a list: stop words, flagged
    /// words.
    ///
    /// Words are those of Unicode's text segmentation in lower case. Data-Juicer keeps 0.3 and
    /// more of stop words, up to 0.045 of flagged words.
    #[serde(rename = "filter.listed-words@1")]
    FilterListedWords1(ListedWords),
    #[serde(rename = "filter.listed-words@2")]
    FilterListedWords2(ListedWords2),
    /// Drops documents by the phrases in them: keywords of a category, boilerplate, filler.
    #[serde(rename = "filter.phrases@1")]
    FilterPhrases1(Phrases),
    /// Drops documents by the common words in them.
    ///
    /// Words lie between white space. Gopher asks for two of its eight English words.
    #[serde(rename = "filter.stop-words@1")]
    FilterStopWords1(StopWords),
    /// Drops documents by the part of their paragraphs that hold a phrase of policies.
    ///
    /// Paragraphs lie between two newlines; one with "lorem ipsum" drops the document. The
    /// defaults are NeMo Curator's.
    #[serde(rename = "filter.boilerplate@1")]
    FilterBoilerplate1(Boilerplate),
    /// Drops documents by their links with some text in them.
    ///
    /// Links are those of `filter.link-characters@1` in NeMo Curator's reading.
    #[serde(rename = "filter.links-with@1")]
    FilterLinksWith1(LinksWith),
    /// Drops documents by the part of their characters that are letters.
    ///
    /// StarCoder keeps 0.25 and more.
    #[serde(rename = "filter.alphabetic@1")]
    FilterAlphabetic1(Share),
    /// Drops documents by their links to listed hosts.
    ///
    /// A link is `http://` or `https://` and a host; a listed host stands for those below it.
    #[serde(rename = "filter.hosts@1")]
    FilterHosts1(Hosts),
    #[serde(rename = "filter.urls@1")]
    FilterUrls1(Urls),
    #[serde(rename = "filter.tokens@1")]
    FilterTokens1(Tokens),
    /// Drops documents by the part of their characters in links.
    ///
    /// NeMo Curator keeps up to 0.2.
    #[serde(rename = "filter.link-characters@1")]
    FilterLinkCharacters1(Share),
    /// Drops documents by the part of their letters that are of one script.
    ///
    /// Letters are those of Unicode's property `Alphabetic`.
    #[serde(rename = "filter.script@1")]
    FilterScript1(ScriptShare),
    #[serde(rename = "filter.language@1")]
    FilterLanguage1(FilterLanguage),
    #[serde(rename = "filter.unigram-score@1")]
    FilterUnigramScore1(UnigramScore),
    #[serde(rename = "filter.ngram-score@1")]
    FilterNgramScore1(NgramScore),
    #[serde(rename = "filter.classifier@1")]
    FilterClassifier1(Classifier),
    /// Drops documents that share n-grams of words with evaluation texts.
    ///
    /// Words are runs of letters and digits in lower case, every Chinese character one; a text
    /// shorter than one n-gram is one n-gram. Measured is the part of the document's n-grams
    /// that stand in the texts.
    #[serde(rename = "decontaminate.ngrams@1")]
    DecontaminateNgrams1(Decontaminate),
    #[serde(rename = "decontaminate.ngrams@2")]
    DecontaminateNgrams2(Decontaminate2),
    /// Makes every kind of space one plain space, and trims the text.
    ///
    /// Unicode's white space other than line ends, and the spaces without width, become a space
    /// each; the ends of the text go.
    #[serde(rename = "text.whitespace@1")]
    TextWhitespace1(Nothing),
    /// Makes runs of spaces and tabs one space, and takes them from the ends of lines.
    #[serde(rename = "text.collapse-spaces@1")]
    TextCollapseSpaces1(Nothing),
    /// Makes long runs of newlines shorter.
    #[serde(rename = "text.newlines@1")]
    TextNewlines1(TextNewlines),
    /// Makes wide and typographic punctuation plain: `，` becomes `,`, `“` becomes `"`.
    ///
    /// The table is that of cc_net and Data-Juicer's mapper of punctuation.
    #[serde(rename = "text.punctuation@1")]
    TextPunctuation1(Nothing),
    #[serde(rename = "text.main-content@1")]
    TextMainContent1(TextMainContent),
    #[serde(rename = "text.chinese-script@1")]
    TextChineseScript1(TextChineseScript),
    /// Takes control characters out, line ends and tabs left.
    #[serde(rename = "text.control-characters@1")]
    TextControlCharacters1(Nothing),
    #[serde(rename = "text.mojibake@1")]
    TextMojibake1(TextMojibake),
    /// Makes HTML text: tags go, blocks end lines, scripts and styles vanish, entities become
    /// characters.
    #[serde(rename = "text.html@1")]
    TextHtml1(TextHtml),
    /// Takes Markdown's marks away: emphasis, headings, links, code ticks, rules.
    #[serde(rename = "text.markdown@1")]
    TextMarkdown1(TextMarkdown),
    /// Takes links out: `http://`, `https://`, `ftp://` and `www.` up to white space or a
    /// Chinese mark.
    #[serde(rename = "text.links@1")]
    TextLinks1(TextLinks),
    /// Puts a text in the place of whatever a pattern finds.
    #[serde(rename = "text.replace-pattern@1")]
    TextReplacePattern1(TextReplacePattern),
    #[serde(rename = "text.tables@1")]
    TextTables1(TextTables),
    #[serde(rename = "text.words-with@1")]
    TextWordsWith1(TextWordsWith),
    /// Gives every sentence a line of its own.
    ///
    /// A full stop ends no sentence before a lower-case letter, after an initial or after a common
    /// English abbreviation.
    #[serde(rename = "text.sentence-lines@1")]
    TextSentenceLines1(Nothing),
    /// Puts the text of LaTeX macros without arguments where they are used.
    #[serde(rename = "text.latex-macros@1")]
    TextLatexMacros1(Nothing),
    /// Takes lines or paragraphs out that stood before in the text.
    #[serde(rename = "text.repeated-parts@1")]
    TextRepeatedParts1(TextRepeatedParts),
    #[serde(rename = "text.lines@1")]
    TextLines1(TextLines),
    #[serde(rename = "text.dedup-form@1")]
    TextDedupForm1(TextDedupForm),
    #[serde(rename = "text.slice@1")]
    TextSlice1(TextSlice),
    /// Takes Wikipedia's citations out: `[12]`, `[edit]`, `[citation needed]`.
    #[serde(rename = "text.citations@1")]
    TextCitations1(Nothing),
    #[serde(rename = "text.long-words@1")]
    TextLongWords1(TextLongWords),
    /// Takes lines out that hold a phrase of a list.
    #[serde(rename = "text.boilerplate@1")]
    TextBoilerplate1(TextBoilerplate),
    /// Puts one text in the place of another, everywhere.
    #[serde(rename = "text.replace@1")]
    TextReplace1(TextReplace),
    #[serde(rename = "text.remove-characters@1")]
    TextRemoveCharacters1(TextRemoveCharacters),
    /// Takes the quotation marks away that a whole text stands in.
    #[serde(rename = "text.quotes@1")]
    TextQuotes1(Nothing),
    #[serde(rename = "text.repeated-sentences@1")]
    TextRepeatedSentences1(TextRepeatedSentences),
    /// Takes a comment about copyright, or the comment lines, from the front of a source file.
    #[serde(rename = "text.copyright@1")]
    TextCopyright1(Nothing),
    /// Takes LaTeX comments out: lines of `%`, and what follows a `%` that no backslash stands
    /// before.
    #[serde(rename = "text.latex-comments@1")]
    TextLatexComments1(TextLatexComments),
    /// Ends a LaTeX text where its appendix or bibliography starts.
    #[serde(rename = "text.latex-bibliography@1")]
    TextLatexBibliography1(Nothing),
    /// Takes what stands before the first chapter, part or section of a LaTeX text.
    #[serde(rename = "text.latex-header@1")]
    TextLatexHeader1(TextLatexHeader),
    /// Keeps Chinese characters only.
    #[serde(rename = "text.han-only@1")]
    TextHanOnly1(TextHanOnly),
    #[serde(rename = "text.web-lines@1")]
    TextWebLines1(TextWebLines),
    /// Replaces personal data and secrets by masks such as `<email>`, `<card>`, with checksums.
    #[serde(rename = "pii.mask@2")]
    PiiMask2(PiiFind),
    /// Drops documents with more personal data and secrets than allowed.
    #[serde(rename = "pii.filter@1")]
    PiiFilter1(PiiFind),
    /// Replaces names of a list by `<name>`.
    #[serde(rename = "pii.names@1")]
    PiiNames1(PiiNames),
    /// Keeps a part of the documents, chosen by their digests.
    ///
    /// Kept where the first eight bytes of SHA-256(id ‖ `select.sample` ‖ seed), big-endian,
    /// over 2^64, lie below the share.
    #[serde(rename = "select.sample@1")]
    SelectSample1(SelectSample),
    /// Keeps the documents at some positions of the order.
    #[serde(rename = "select.range@1")]
    SelectRange1(SelectRange),
    /// Keeps the documents that are first by a measure; of equals the first in document order.
    #[serde(rename = "select.top@1")]
    SelectTop1(SelectTop),
    #[serde(rename = "select.top-score@1")]
    SelectTopScore1(SelectTopScore),
    /// Keeps at most some documents of each source or name, the first in document order.
    #[serde(rename = "select.cap@1")]
    SelectCap1(SelectCap),
}

/// A default that is a whole number.
const fn whole<const N: u64>() -> u64 {
    N
}

/// A default in thousandths.
fn thousandths<const N: u64>() -> f64 {
    N as f64 / 1000.0
}
