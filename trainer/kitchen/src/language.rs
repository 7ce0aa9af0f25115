//! `filter.language@1`: which language a text is in, and how sure that is.
//!
//! The crate `whatlang` tells languages by counts and IEEE 754 arithmetic of basic operations, so
//! the result is the same on every machine; it is pinned, since its profiles decide.

use recipes::recipe::FilterLanguage;
use recipes::recipe::Language::{self, *};
use whatlang::Lang;

use crate::decision::Decision;

/// Decides about a text.
pub fn decide(settings: &FilterLanguage, text: &str) -> Decision {
    let found = identified(text).filter(|(language, _)| settings.languages.contains(language));
    let confidence = found.map_or(0.0, |(_, confidence)| confidence);
    Decision::within("wanted_language", confidence, settings.confidence_min, None)
}

/// The language of a text and how sure that is, from 0 to 1; nothing where there are no letters.
pub fn identified(text: &str) -> Option<(Language, f64)> {
    let found = whatlang::detect(text)?;
    let (_, language) = LANGUAGES.iter().find(|(known, _)| *known == found.lang())?;
    Some((*language, found.confidence()))
}

const LANGUAGES: [(Lang, Language); 70] = [
    (Lang::Afr, Af),
    (Lang::Aka, Ak),
    (Lang::Amh, Am),
    (Lang::Ara, Ar),
    (Lang::Aze, Az),
    (Lang::Bel, Be),
    (Lang::Bul, Bg),
    (Lang::Ben, Bn),
    (Lang::Cat, Ca),
    (Lang::Ces, Cs),
    (Lang::Cym, Cy),
    (Lang::Dan, Da),
    (Lang::Deu, De),
    (Lang::Ell, El),
    (Lang::Eng, En),
    (Lang::Epo, Eo),
    (Lang::Spa, Es),
    (Lang::Est, Et),
    (Lang::Pes, Fa),
    (Lang::Fin, Fi),
    (Lang::Fra, Fr),
    (Lang::Guj, Gu),
    (Lang::Heb, He),
    (Lang::Hin, Hi),
    (Lang::Hrv, Hr),
    (Lang::Hun, Hu),
    (Lang::Hye, Hy),
    (Lang::Ind, Id),
    (Lang::Ita, It),
    (Lang::Jpn, Ja),
    (Lang::Jav, Jv),
    (Lang::Kat, Ka),
    (Lang::Khm, Km),
    (Lang::Kan, Kn),
    (Lang::Kor, Ko),
    (Lang::Lat, La),
    (Lang::Lit, Lt),
    (Lang::Lav, Lv),
    (Lang::Mkd, Mk),
    (Lang::Mal, Ml),
    (Lang::Mar, Mr),
    (Lang::Mya, My),
    (Lang::Nob, Nb),
    (Lang::Nep, Ne),
    (Lang::Nld, Nl),
    (Lang::Ori, Or),
    (Lang::Pan, Pa),
    (Lang::Pol, Pl),
    (Lang::Por, Pt),
    (Lang::Ron, Ro),
    (Lang::Rus, Ru),
    (Lang::Sin, Si),
    (Lang::Slk, Sk),
    (Lang::Slv, Sl),
    (Lang::Sna, Sn),
    (Lang::Srp, Sr),
    (Lang::Swe, Sv),
    (Lang::Tam, Ta),
    (Lang::Tel, Te),
    (Lang::Tha, Th),
    (Lang::Tuk, Tk),
    (Lang::Tgl, Tl),
    (Lang::Tur, Tr),
    (Lang::Ukr, Uk),
    (Lang::Urd, Ur),
    (Lang::Uzb, Uz),
    (Lang::Vie, Vi),
    (Lang::Yid, Yi),
    (Lang::Cmn, Zh),
    (Lang::Zul, Zu),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_language_of_the_crate_has_its_name() {
        for language in Lang::all() {
            assert!(LANGUAGES.iter().any(|(known, _)| known == language), "{language:?}");
        }
    }

    #[test]
    fn languages_are_told_apart() {
        let check = |text, wanted| assert_eq!(identified(text).map(|found| found.0), wanted);
        check("It was the best of times, it was the worst of times.", Some(En));
        check("这是一句话。", Some(Zh));
        check("これは日本語の文です。", Some(Ja));
        check("Der Hund liegt unter dem Tisch und schläft.", Some(De));
        check("12, 34; ...", None);
        check("", None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            if let Some((_, confidence)) = identified(&text) {
                prop_assert!((0.0..=1.0).contains(&confidence), "{confidence}");
            }
        }
    }
}
