//! `text.links@1`: what a link is, as each tool reads it.

use std::sync::LazyLock;

use recipes::recipe::{LinkReading, TextLinks};
use regex::{NoExpand, Regex};

use crate::listed;

/// Top-level domains that are no two letters of a country.
const DOMAINS: &str = "com|org|net|edu|gov|mil|int|arpa|info|biz|name|pro|aero|coop|museum|jobs\
    |mobi|travel|cat|tel|asia|post|xxx|app|dev|page|blog|shop|store|online|site|website|tech|space\
    |live|news|world|today|life|club|xyz|top|win|bid|vip|work|works|cloud|digital|email|media\
    |network|solutions|systems|services|agency|company|group|team|academy|school|university\
    |education|institute|foundation|church|community|social|global|international|center|city\
    |london|paris|berlin|tokyo|nyc|amsterdam|wien|koeln|hamburg|vegas|africa|eus|gal|scot|wales\
    |bank|finance|money|capital|fund|loan|insurance|credit|cash|tax|legal|law|lawyer|health|care\
    |clinic|dental|doctor|hospital|pharmacy|fitness|yoga|diet|food|pizza|restaurant|cafe|bar|beer\
    |wine|coffee|kitchen|recipes|garden|farm|house|homes|realty|properties|estate|land|apartments\
    |villas|rent|rentals|hotel|holiday|vacations|cruises|flights|tours|voyage|taxi|car|cars|auto\
    |bike|fashion|clothing|shoes|jewelry|diamonds|beauty|hair|style|boutique|gifts|toys|games|game\
    |play|casino|bet|poker|sport|football|soccer|golf|tennis|run|ski|surf|fishing|photo|photos\
    |photography|pics|pictures|gallery|camera|video|film|movie|movies|tv|show|theater|music|audio\
    |band|radio|fm|art|arts|design|graphics|ink|studio|press|wiki|guide|guru|expert|reviews|support\
    |help|faith|bible|love|dating|singles|sexy|sex|porn|adult|family|baby|kids|pet|dog|events|party\
    |wedding|live|chat|forum|link|click|host|hosting|domains|server|software|codes|computer|data\
    |ai|io|me|co|icu|fun|one|zone|plus|best|cool\
    |new|now|how|buzz|rocks|ninja|earth|eco|green|energy|solar|supply|tools|industries|engineering\
    |construction|builders|contractors|plumbing|repair|cleaning|delivery|express|direct|deals|sale\
    |discount|bargains|market|markets|trade|trading|exchange|auction|business|ventures|holdings\
    |partners|associates|consulting|management|marketing|careers|training|science|technology\
    |institute|observer|report|review|vote|watch|vision|tips|town|place|limited|ltd|llc|inc|gmbh";

/// Two letters that are a country's.
const COUNTRIES: &str = "a[cdefgilmoqrstuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]\
    |d[ejkmoz]|e[cegrstu]|f[ijkmor]|g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]\
    |k[eghimnprwyz]|l[abcikrstuvy]|m[acdeghklmnopqrstuvwxyz]|n[acefgilopruz]|om\
    |p[aefghklmnrstwy]|qa|r[eosuw]|s[abcdeghijklmnorstuvxyz]|t[cdfghjklmnortvwz]|u[agksyz]\
    |v[aceginu]|w[fs]|y[et]|z[amw]";

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours")
}

/// Any scheme, `www.`, or a host with a path; balanced brackets inside.
static ANY_SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    let balanced = r"\((?:[^\s()<>]+|\([^\s()<>]+\))*\)";
    let start = r"(?:[a-z][\w-]+:(?:/{1,3}|[a-z0-9%])|www\d{0,3}\.|[a-z0-9.\-]+\.[a-z]{2,4}/)";
    pattern(&format!(
        r#"(?i)\b{start}(?:[^\s()<>]+|{balanced})+(?:{balanced}|[^\s`!()\[\]{{}};:'".,<>?«»“”‘’])"#
    ))
});

/// What may follow a host.
const TAIL: &str = r"[-a-zA-Z0-9()@:%_+.~#?&/=]*";

static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"\s{0,10}(?:(?:https?|ftp)://)?[-a-zA-Z0-9@:%._+~#=]{1,256}";
    pattern(&format!(r"{name}\.(?i:{DOMAINS}|{COUNTRIES})\b{TAIL}"))
});

static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| {
    let four = r"(?:[0-2]?[0-9]{1,2}\.){3}[0-2]?[0-9]{1,2}";
    pattern(&format!(r"\s{{0,10}}\b(?:(?:https?|ftp)://)?{four}{TAIL}"))
});

/// A name with a top-level domain, with what stands before and behind it, or in quotes.
pub static NAMED: LazyLock<String> = LazyLock::new(|| {
    let name = format!(
        r#"(?:https?://)?(?:[\w-]+\.)+(?i:{DOMAINS}|{COUNTRIES})\b(?:[:/?#][^\s'"<>，。]*)?"#
    );
    format!(r#""{name}"|'{name}'|{name}"#)
});

static HTTP: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)https?://\S+|www\.\S+"));

/// Text with something else in the place of links.
pub fn replaced(settings: &TextLinks, text: &str) -> String {
    let with = NoExpand(&settings.with);
    match settings.profile {
        LinkReading::Ingot => listed::LINK.replace_all(text, with).into_owned(),
        LinkReading::DataJuicer => ANY_SCHEME.replace_all(text, with).into_owned(),
        LinkReading::Nemo => HTTP.replace_all(text, with).into_owned(),
        LinkReading::Dclm => {
            let text = NAMES.replace_all(text, NoExpand(&settings.with));
            ADDRESSES.replace_all(&text, with).into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_what_a_tool_takes_for_one() {
        let check = |profile: &str, text: &str, wanted: &str| {
            let own = format!(r#"{{"profile": "{profile}", "with": "@$0"}}"#);
            let settings = serde_json::from_str(&own).expect("settings");
            assert_eq!(replaced(&settings, text), wanted, "{profile}");
        };
        check("ingot", "see http://a.example/x。", "see @$0。");
        check("data-juicer", "abcd://ef is (www.x.example/a_(b))", "@$0 is (@$0)");
        check("dclm", "at example.org/x or 10.0.0.1:80 e.g. here", "at@$0 or@$0 e.g. here");
        check("nemo", "WWW.x.example, y", "@$0 y");
    }
}
