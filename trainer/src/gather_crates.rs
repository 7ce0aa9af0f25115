//! Documents of a crate archive: its README files, and the doc comments of each source file.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::found::{Bad, Found, Origin, Place, Sink};
use crate::gather::GatherError;
use crate::rust_docs::docs;
use kitchen::Document;

/// The largest member that is read; larger ones are generated code or data and are passed over.
const MEMBER_BYTES_MAX: u64 = 4 << 20;
/// The most that an archive may become, and the most members it may have.
const ARCHIVE_BYTES_MAX: u64 = 512 << 20;
const MEMBERS_MAX: usize = 100_000;

/// Reads an archive; members that are not UTF-8 are passed over, as are those without text. An
/// archive that cannot be read to its end is bad as a whole.
pub fn documents(file: Origin, bytes: &[u8], sink: &mut Sink) -> Result<(), GatherError> {
    match members(bytes) {
        Ok(mut found) => {
            found.sort();
            found.into_iter().try_for_each(|(inside, text)| {
                let name = format!("{}/{inside}", file.name);
                sink(Found::Document(Document::new(file.source, name, 0, text)))
            })
        }
        Err(reason) => {
            let reason = format!("is not a crate archive: {reason}");
            sink(Found::Bad(Bad::new(file, Place::File, reason, bytes)))
        }
    }
}

/// The paths inside the crate and the texts of the members that are read.
fn members(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut plain = Vec::new();
    let packed = GzDecoder::new(bytes).take(ARCHIVE_BYTES_MAX + 1).read_to_end(&mut plain);
    packed.map_err(|error| error.to_string())?;
    if plain.len() as u64 > ARCHIVE_BYTES_MAX {
        return Err(format!("more than {ARCHIVE_BYTES_MAX} bytes"));
    }
    let mut archive = tar::Archive::new(plain.as_slice());
    let mut found = Vec::new();
    for (count, entry) in archive.entries().map_err(|error| error.to_string())?.enumerate() {
        let mut entry = entry.map_err(|error| error.to_string())?;
        if count >= MEMBERS_MAX {
            return Err(format!("more than {MEMBERS_MAX} members"));
        }
        if !entry.header().entry_type().is_file() || entry.size() > MEMBER_BYTES_MAX {
            continue;
        }
        let Ok(path) = String::from_utf8(entry.path_bytes().into_owned()) else { continue };
        let Some((_, inside)) = path.split_once('/') else { continue };
        let Some(part) = part(inside) else { continue };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let text = match part {
            Part::Readme => text,
            Part::Code => docs(&text),
        };
        if !text.trim().is_empty() {
            found.push((inside.to_owned(), text));
        }
    }
    Ok(found)
}

enum Part {
    Readme,
    Code,
}

/// What a member is, by its path inside the crate.
fn part(inside: &str) -> Option<Part> {
    let name = inside.rsplit('/').next().unwrap_or(inside);
    if name.len() >= 6 && name.is_char_boundary(6) && name[..6].eq_ignore_ascii_case("readme") {
        return Some(Part::Readme);
    }
    (inside.starts_with("src/") && inside.ends_with(".rs")).then_some(Part::Code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn archive(members: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, text.as_bytes()).expect("a member");
        }
        let plain = builder.into_inner().expect("an archive");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).expect("packed");
        gzip.finish().expect("packed")
    }

    fn read(bytes: &[u8]) -> Result<Vec<Document>, GatherError> {
        let mut all = Vec::new();
        let file = Origin { source: 3, name: "c-1.0.0.crate" };
        documents(file, bytes, &mut |found| {
            match found {
                Found::Document(document) => all.push(document),
                Found::Bad(bad) => return Err(bad.into_error()),
                Found::PassedOver => {}
            }
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn readmes_and_doc_comments_become_documents_in_name_order() {
        let bytes = archive(&[
            ("c-1.0.0/src/lib.rs", "//! Top.\nfn f() {} // not this\n"),
            ("c-1.0.0/README.md", "# c\n"),
            ("c-1.0.0/src/bare.rs", "fn g() {}\n"),
            ("c-1.0.0/tests/t.rs", "//! not this\n"),
        ]);
        let found = read(&bytes).expect("readable");
        let found: Vec<(&str, &str)> =
            found.iter().map(|d| (d.name.as_str(), d.text.as_str())).collect();
        let wanted = [("c-1.0.0.crate/README.md", "# c\n"), ("c-1.0.0.crate/src/lib.rs", "Top.\n")];
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_broken_archive_is_an_error_and_not_a_panic() {
        let bytes = archive(&[("c/src/lib.rs", "//! Top.\n")]);
        for cut in [1, 10, bytes.len() / 2] {
            assert!(read(&bytes[..cut]).is_err(), "{cut}");
        }
        assert!(read(b"no archive").is_err());
    }
}
