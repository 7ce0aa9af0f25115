//! Operators that change text: `text.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cut, HtmlReading, LatexReading, LinkReading, MainContentReading, MarkdownReading, MojibakeKept,
    MojibakeReading, PhrasePlace, ScriptConversion, SentenceReading, WordReading, thousandths,
    whole,
};
use crate::canonical::is_default;

/// Brings text into one Unicode form, with `\n` for `\r\n` and `\r`.
///
/// Source: Unicode Standard Annex #15.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextNormalize {
    /// The form.
    #[serde(default)]
    pub form: UnicodeForm,
}

/// A Unicode normalization form (UAX #15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnicodeForm {
    /// Composed where a composed character exists.
    #[default]
    Nfc,
    /// The same, and compatible characters become one: `ﬁ` becomes `fi`.
    Nfkc,
}

/// It has no parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// How many newlines may follow one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextNewlines {
    /// The most newlines in a row.
    #[serde(default = "whole::<2>")]
    #[schemars(range(min = 1))]
    pub lines_max: u64,
}

/// Takes words out that are too short or too long.
///
/// Words lie between white space; line ends stay. Data-Juicer: 1 to no limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLongWords {
    /// The shortest word that stays.
    #[serde(default = "whole::<1>")]
    pub chars_min: u64,
    /// The longest word that stays.
    #[serde(default = "whole::<128>")]
    pub chars_max: u64,
    /// Whose words.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: WordReading,
}

/// Phrases that mark a line to leave out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextBoilerplate {
    /// The phrases; letters of either case count.
    #[schemars(length(min = 1))]
    pub phrases: Vec<String>,
    /// The most words of a line that may go; a longer one stays.
    #[serde(default = "whole::<1_000>")]
    pub line_words_max: u64,
    /// Where in a line a phrase is looked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub place: PhrasePlace,
    /// Whether letters must have the case of the phrase.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Whether a line must be the phrase and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_lines: bool,
    /// Whether the phrase alone goes, with the space before it; a line left blank goes too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phrase_only: bool,
    /// Whether white space at the ends of the text goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
}

/// One text for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextReplace {
    /// The text to find, as it is.
    #[schemars(length(min = 1))]
    pub find: String,
    /// The text to put there.
    #[serde(default)]
    pub with: String,
}

/// Takes some characters out.
///
/// The default is Data-Juicer's list of ornaments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRemoveCharacters {
    /// The characters.
    #[serde(default = "ornaments")]
    #[schemars(length(min = 1))]
    pub characters: String,
}

fn ornaments() -> String {
    "◆●■►▼▲▴∆▻▷❖♡□".into()
}

/// Takes sentences out that stood before in the text.
///
/// Sentences are compared by their letters and digits in lower case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRepeatedSentences {
    /// The shortest sentence that may go.
    #[serde(default = "whole::<2>")]
    pub chars_min: u64,
    /// Whose sentences.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: SentenceReading,
    /// With a profile: whether letters of either case are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_case: bool,
    /// With a profile: whether letters, digits and spaces alone are compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
}

/// What a link is, and what stands for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLinks {
    /// Whose links.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: LinkReading,
    /// The text to put there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub with: String,
}

/// How HTML is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextHtml {
    /// Whose reading.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: HtmlReading,
}

/// Makes a page of HTML its main text: menus, links, footers and other boilerplate go.
///
/// Paragraphs stand two newlines apart. Each is judged by its length, its links and how many of
/// its words are common; short ones by their neighbours, headings by what follows. A text without
/// tags stays as it is. For languages that are written without spaces give an empty list of common
/// words.
///
/// Source: Pomikálek (2011), "Removing boilerplate and duplicate content from web corpora".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextMainContent {
    /// Whose judgement.
    #[serde(default)]
    pub profile: MainContentReading,
    /// The common words, in lower case; unset, English ones. With none every paragraph stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_words: Option<Vec<String>>,
}

/// Brings Chinese from one script into another: simplified, traditional, that of Taiwan, of Hong
/// Kong, Japanese.
///
/// Phrases are converted as wholes before characters, by the dictionaries of OpenCC 1.4.2, which
/// come with the program. What no dictionary knows stays, other languages too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextChineseScript {
    /// From which script into which, by OpenCC's words.
    pub conversion: ScriptConversion,
}

/// What stays beside Chinese characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextHanOnly {
    /// Whether ASCII letters stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub letters: bool,
    /// Whether ASCII digits stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub digits: bool,
    /// Whether common marks stay: spaces and ASCII and Chinese punctuation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marks: bool,
}

/// Which LaTeX comments go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLatexComments {
    /// Whose reading.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: LatexReading,
    /// Whether lines that are comments go.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub lines: bool,
    /// Whether comments after text go.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub inline: bool,
    /// Whether `comment` environments go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocks: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(flag: &bool) -> bool {
    *flag
}

/// What becomes of a LaTeX text without parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLatexHeader {
    /// Whether a text without a part is left empty instead of staying as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_without: bool,
}

/// How Markdown's marks go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextMarkdown {
    /// Whose reading.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: MarkdownReading,
}

/// A pattern and what takes its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextReplacePattern {
    /// A regular expression of the crate `regex`, without look-around.
    #[schemars(length(min = 1), extend("format" = "regex"))]
    pub pattern: String,
    /// The text to put there, as it is.
    #[serde(default)]
    pub with: String,
}

/// Takes tables out: two lines and more of one number of columns, after a newline.
///
/// Columns are parted by one space, tab or `|`. Narrow tables go first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextTables {
    /// The fewest columns.
    #[serde(default = "whole::<2>")]
    #[schemars(range(min = 2, max = 64))]
    pub columns_min: u64,
    /// The most columns.
    #[serde(default = "whole::<20>")]
    #[schemars(range(min = 2, max = 64))]
    pub columns_max: u64,
}

/// Takes words out that have a part of a list in them, and makes runs of spaces one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextWordsWith {
    /// A word with one of them goes.
    #[schemars(length(min = 1))]
    pub parts: Vec<String>,
    /// How a text is cut into words; unset, at white space. With it white space stays, and words
    /// that together are one of the parts go too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// Which parts of a text stand once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextRepeatedParts {
    /// What a part is.
    #[serde(default)]
    pub part: PartKind,
    /// Whether white space at the ends and the case of letters make no difference.
    #[serde(default = "yes")]
    pub bare: bool,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// What lies between newlines.
    #[default]
    Lines,
    /// What lies between two newlines.
    Paragraphs,
}

/// Takes lines out by their words, letters, ends.
///
/// Lines lie between newlines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLines {
    /// The fewest words between white space.
    #[serde(default)]
    pub words_min: u64,
    /// The most words between white space.
    #[serde(default)]
    pub words_max: Option<u64>,
    /// The longest word.
    #[serde(default)]
    pub word_chars_max: Option<u64>,
    /// Whether words that start with neither letter nor digit are left out of that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// The largest part of characters that are upper case.
    #[serde(default = "thousandths::<1_000>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub uppercase_share_max: f64,
    /// The largest part of characters that are digits.
    #[serde(default = "thousandths::<1_000>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub digits_share_max: f64,
    /// What a line must end with, white space aside; none: anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<String>,
    /// What a line may not end with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_not: Vec<String>,
    /// A line of these characters and spaces alone goes, where it has one of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub symbols: String,
    /// Whether lines go that count likes, shares, views and the like.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counters: bool,
    /// Whether empty lines always stay.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub blank: bool,
    /// Whether white space at the ends of the text goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
}

/// Keeps a piece of a text, by places or by what stands around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSlice {
    /// The first character kept, counted from 0.
    #[serde(default)]
    pub from: Option<u64>,
    /// The character after the last one kept.
    #[serde(default)]
    pub to: Option<u64>,
    /// Kept is what follows its first place; nothing where it stands nowhere.
    #[serde(default)]
    pub after: Option<String>,
    /// Kept is what comes before its last place; nothing where it stands nowhere.
    #[serde(default)]
    pub before: Option<String>,
    /// Whether `after` itself stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_after: bool,
    /// Whether `before` itself stays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_before: bool,
    /// Whether white space at the ends goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trim: bool,
}

/// Brings a text into the form in which a tool compares texts.
///
/// What is left is no text to read: it is for `dedup.lines@1` and the like behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextDedupForm {
    /// Whose form.
    pub profile: DedupForm,
    /// Whether digits stay as they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub digits: bool,
}

/// Whose form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DedupForm {
    /// Lower case, every digit a `0`, without Unicode's common marks and controls.
    CcNet,
    /// Lower case, every digit a `0`, accents gone, marks plain, without controls: what its
    /// language models read.
    CcNetText,
    /// Words as datatrove compares them: lower case, every number a `0`, without accents and marks,
    /// a space between.
    Datatrove,
    /// The form of cc_net in ASCII: accents go, other scripts go.
    Dclm,
    /// Lower case, every digit a `0`, letters, digits and spaces alone.
    TextDedup,
    /// ASCII without marks but the hyphen; lines joined, a hyphen at a line's end taken away.
    NewsCopy,
}

/// Repairs UTF-8 that was read as Windows-1252, such as `cafÃ©`.
///
/// A run of characters is repaired where its Windows-1252 bytes are well-formed UTF-8
/// beyond ASCII; twice where it happened twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextMojibake {
    /// Whose reading.
    #[serde(default, skip_serializing_if = "is_default")]
    pub profile: MojibakeReading,
    /// With ftfy's: what stays as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<MojibakeKept>,
}

/// Takes lines of menus and counters out: few words, mostly upper case, mostly digits.
///
/// Source: Penedo et al. (2023), "The RefinedWeb Dataset", appendix G.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextWebLines {
    /// The fewest words of a line.
    #[serde(default = "whole::<2>")]
    pub words_min: u64,
    /// The largest part of letters in upper case.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub uppercase_share_max: f64,
    /// The largest part of characters that are digits.
    #[serde(default = "thousandths::<500>")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub digits_share_max: f64,
}
