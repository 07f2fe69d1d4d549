//! Addresses with parts of the user's own: `https://{resource}.openai.azure.com/openai/v1`.
//!
//! Promises: a part is one plain word, so that a filled address leads to where its pattern says.
//! Leaves out: whether anything is there.

use std::collections::BTreeMap;
use std::fmt;

use super::CatalogueProvider;

/// A part that is missing or can't be one; the reason is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPart {
    /// `resource`, `region`, …
    pub part: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl fmt::Display for BadPart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reason)
    }
}

impl std::error::Error for BadPart {}

impl CatalogueProvider {
    /// The parts its address asks for, in order. Empty when it is the same for everybody.
    pub fn parts(&self) -> Vec<&str> {
        let mut parts = Vec::new();
        for piece in self
            .surfaces
            .first()
            .into_iter()
            .flat_map(|s| pieces(&s.base_url))
        {
            if let Piece::Part(name) = piece
                && !parts.contains(&name)
            {
                parts.push(name);
            }
        }
        parts
    }

    /// Its address with the parts filled in.
    ///
    /// # Errors
    /// When a part is missing or no plain word.
    pub fn address(&self, given: &BTreeMap<String, String>) -> Result<String, BadPart> {
        let pattern = self.surfaces.first().map(|surface| &surface.base_url);
        fill(pattern.map_or("", String::as_str), given)
    }

    /// The same for its older paths, if it has such.
    ///
    /// # Errors
    /// When a part is missing or no plain word.
    pub fn older_address(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<Option<String>, BadPart> {
        let pattern = self.older_base_url.as_deref();
        pattern.map(|pattern| fill(pattern, given)).transpose()
    }
}

fn fill(address: &str, given: &BTreeMap<String, String>) -> Result<String, BadPart> {
    let mut filled = String::with_capacity(address.len() + 32);
    for piece in pieces(address) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Part(name) => filled.push_str(word(name, given, address)?),
        }
    }
    Ok(vertex_host(filled))
}

fn word<'a>(
    name: &str,
    given: &'a BTreeMap<String, String>,
    address: &str,
) -> Result<&'a str, BadPart> {
    let bad = |reason: String| BadPart {
        part: name.to_owned(),
        reason,
    };
    let word = given.get(name).map_or("", |word| word.trim());
    if word.is_empty() {
        return Err(bad(format!(
            "the {name} is missing; it stands in {address}"
        )));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if word.len() > 64 || !word.bytes().all(plain) || word.starts_with('-') || word.ends_with('-') {
        return Err(bad(format!(
            "the {name} is one word of letters, digits and dashes; it stands in {address}"
        )));
    }
    Ok(word)
}

/// Vertex names the hosts of its wide locations otherwise than those of its regions.
fn vertex_host(address: String) -> String {
    for (wide, host) in [
        (
            "https://global-aiplatform.googleapis.com/",
            "https://aiplatform.googleapis.com/",
        ),
        (
            "https://us-aiplatform.googleapis.com/",
            "https://aiplatform.us.rep.googleapis.com/",
        ),
        (
            "https://eu-aiplatform.googleapis.com/",
            "https://aiplatform.eu.rep.googleapis.com/",
        ),
    ] {
        if let Some(path) = address.strip_prefix(wide) {
            return format!("{host}{path}");
        }
    }
    address
}

/// A piece of an address's pattern.
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// What stands between braces, or all that follows one that is not closed.
    Part(&'a str),
}

pub(super) fn pieces(address: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = address;
    let mut in_part = false;
    std::iter::from_fn(move || {
        let end = if in_part { '}' } else { '{' };
        let (piece, behind) = rest.split_once(end).unwrap_or((rest, ""));
        if rest.is_empty() {
            return None;
        }
        rest = behind;
        let found = if in_part {
            Piece::Part(piece)
        } else {
            Piece::Text(piece)
        };
        in_part = !in_part;
        Some(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERTEX: &str = "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/google";

    fn given(parts: &[(&str, &str)]) -> BTreeMap<String, String> {
        parts
            .iter()
            .map(|(name, word)| ((*name).to_owned(), (*word).to_owned()))
            .collect()
    }

    #[test]
    fn parts_are_filled_wherever_they_stand() {
        let region = given(&[("location", "europe-west1"), ("project", " my-project ")]);
        assert_eq!(
            fill(VERTEX, &region).as_deref(),
            Ok(
                "https://europe-west1-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west1/publishers/google"
            )
        );
        for (wide, host) in [
            ("global", "https://aiplatform.googleapis.com/"),
            ("us", "https://aiplatform.us.rep.googleapis.com/"),
            ("eu", "https://aiplatform.eu.rep.googleapis.com/"),
        ] {
            let filled = fill(VERTEX, &given(&[("location", wide), ("project", "p")])).unwrap();
            let path = format!("v1/projects/p/locations/{wide}/publishers/google");
            assert_eq!(filled, format!("{host}{path}"));
        }
        assert_eq!(
            fill("https://plain.test", &given(&[])).as_deref(),
            Ok("https://plain.test")
        );
    }

    #[test]
    fn a_part_can_not_lead_elsewhere() {
        for bad in [
            "",
            " ",
            "evil.test/",
            "a.b",
            "me@x",
            "-a",
            "a-",
            "https://a.test",
            &"a".repeat(65),
        ] {
            let refused = fill(VERTEX, &given(&[("location", bad), ("project", "p")])).unwrap_err();
            assert_eq!(refused.part, "location", "{bad:?}");
            assert!(refused.reason.contains(VERTEX), "{refused}");
        }
        let missing = fill(VERTEX, &given(&[("location", "eu")])).unwrap_err();
        assert_eq!(missing.part, "project");
        assert!(
            missing.reason.starts_with("the project is missing"),
            "{missing}"
        );
    }
}
