//! Cases that no operator can claim, by what they are about, each with the reason.

use serde_json::Value;

use super::Verdict;

const FIELD: &str = "a field beside the text, which a document does not carry here";
const FORM: &str = "the form of what the tool writes, not what it finds";
const LIST: &str = "a list that comes with the tool, not with a recipe";
const MANY: &str = "several texts in one document, or a list of pieces";
const MODEL: &str = "a model or vocabulary of the tool";
const PAGE: &str = "the main text of a page";
const PART: &str = "a part of the tool's inside: sets, bits, permutations, groups";
const FIGURE: &str = "figures about a result: precision, histograms, statistics";
const FILE: &str = "files and classes of the tool, its settings and arguments";
const CHANCE: &str = "chance; ours are chosen by their digests";

/// By the start of a case's name.
const REASONS: [(&str, &str); 64] = [
    ("cc_net/Minifier", FIELD),
    ("cc_net/decode_hashes", PART),
    ("cc_net/get_hashes", PART),
    ("cc_net/jsonql.display_stats", FIGURE),
    ("cc_net/jsonql.", FILE),
    ("cc_net/remove_unicode_punct", PART),
    ("datasketch/HyperLogLog", FIGURE),
    ("datasketch/", PART),
    ("datatrove/Document.", FIELD),
    ("datatrove/MetricStats", FIGURE),
    ("datatrove/ReadabilityInscriptis", PAGE),
    ("datatrove/SamplerFilter", CHANCE),
    ("datatrove/UnigramLogProbFilter", MODEL),
    ("datatrove/batched", FILE),
    ("datatrove/exact_substring_dedup", MODEL),
    ("datatrove/simplify_text", LIST),
    ("dclm/alphabetic_characters_to_tokens_filter", MODEL),
    ("dclm/histogram", FIGURE),
    ("dclm/html_content_extraction_modifier", PAGE),
    ("dclm/join_", MANY),
    ("dclm/ken_lm_perplexity_enricher", MODEL),
    ("dclm/key_name_modifier", FIELD),
    ("dclm/language_filter", FIELD),
    ("dclm/percentiles", FIGURE),
    ("dclm/quality_filter", FIELD),
    ("dclm/random_sampling_filter", CHANCE),
    ("dclm/split_lines_modifier", MANY),
    ("dclm/stackexchange_", MANY),
    ("dclm/starcoder_v2_format_modifier", MANY),
    ("dclm/word_removal_ratio_filter", FIELD),
    ("dolma/Cld2", FORM),
    ("dolma/CodeProseCompositionClassifier", MODEL),
    ("dolma/DocResult", FORM),
    ("dolma/Document.", FORM),
    ("dolma/FastText", FORM),
    ("dolma/Langdetect", FORM),
    ("dolma/Lingua", FORM),
    ("dolma/Span.", FORM),
    ("dolma/TokenizerRepetitions", MODEL),
    ("dolma/UrlBlocker.from_adb_paths", LIST),
    ("dolma/dedupe-paragraph-ngrams", PART),
    ("dolma/find_", PART),
    ("dolma/group_consecutive_values", PART),
    ("dolma/merge_bins", FIGURE),
    ("dolma/paragraph-spans", FIELD),
    ("simhash/Simhash.value", PART),
    ("text_dedup/AlgorithmConfig", FILE),
    ("text_dedup/Mask", PART),
    ("text_dedup/Permutation", PART),
    ("text_dedup/UnionFind", PART),
    ("text_dedup/classify_prediction", FIGURE),
    ("text_dedup/cluster", FIGURE),
    ("text_dedup/compute", PART),
    ("text_dedup/evaluate_predictions", FIGURE),
    ("text_dedup/f1_score", FIGURE),
    ("text_dedup/hamming_distance", PART),
    ("text_dedup/jaccard_similarity", PART),
    ("text_dedup/md5_digest", PART),
    ("text_dedup/ngrams", PART),
    ("text_dedup/optimal_param", PART),
    ("text_dedup/precision", FIGURE),
    ("text_dedup/prepare_ground_truth", FIGURE),
    ("text_dedup/recall", FIGURE),
    ("text_dedup/sha", PART),
];

/// The verdict on a case that is about something else than texts that a step sees.
pub fn judged(_: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    let whole = format!("{tool}/{name}");
    let (_, reason) = REASONS.iter().find(|(start, _)| whole.starts_with(start))?;
    Some(Err(Verdict::Unclaimed((*reason).to_owned())))
}
