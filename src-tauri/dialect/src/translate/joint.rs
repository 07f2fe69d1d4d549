//! Where one model's text ends and another's goes on.
//!
//! Promises: the joined text reads as if one had written it. Blanks that the reader has seen and that the
//! second model was not shown are not written twice, and a beginning that only repeats the end of what is
//! there (some models say again what they were given) is left out. The same text in any cuts gives the same.
//! Bounds: what might be a repetition is held back until it is not one, at most the length of what is there.
//! Leaves out: everything but text (`seam`).

/// The shortest end of a text whose repetition is no chance, in bytes, from its first word: blanks before
/// that may as well be the joint's own.
const LEAST: usize = 40;
/// The shortest text that counts as repeated when it comes again from its first word, in bytes.
const LEAST_WHOLE: usize = 16;
/// How far back in a text a repetition may begin, unless at its first word, in bytes.
const FARTHEST: usize = 4_096;

/// One joint.
#[derive(Debug)]
pub(super) struct Joint {
    /// What the second model was given to go on from.
    given: String,
    /// Blanks after it that the reader has seen.
    blanks: String,
    /// Blanks at the beginning of what came.
    lead: String,
    /// What came and may be a repetition.
    held: String,
    /// Places in `given` from which `held` has repeated it so far; `None` before the first word.
    places: Option<Vec<usize>>,
    /// The first place from which `held` repeated it to its end.
    repeated: Option<usize>,
    /// What comes is new.
    settled: bool,
}

impl Joint {
    /// After `text`, of which the second model saw all but the blanks at its end.
    pub(super) fn after(text: &str) -> Joint {
        let given = text.trim_end();
        Joint {
            given: given.to_owned(),
            blanks: text[given.len()..].to_owned(),
            lead: String::new(),
            held: String::new(),
            places: None,
            repeated: None,
            settled: false,
        }
    }

    /// Takes what came and gives what is new in it.
    pub(super) fn push(&mut self, text: &str) -> String {
        if self.settled {
            return self.without_blanks(text);
        }
        let mut text = text;
        if self.held.is_empty() {
            let word = text.trim_start();
            self.lead.push_str(&text[..text.len() - word.len()]);
            text = word;
        }
        if text.is_empty() {
            return String::new();
        }
        self.look(text);
        match self.places.as_deref() {
            Some([]) => self.settle(),
            _ => String::new(),
        }
    }

    /// No more comes: what was held back.
    pub(super) fn finish(&mut self) -> String {
        if self.settled {
            return String::new();
        }
        self.settle()
    }

    /// Follows the places that are repeated through the next piece.
    fn look(&mut self, piece: &str) {
        let given = self.given.as_bytes();
        let places = self.places.get_or_insert_with(|| places(&self.given));
        let (at, piece_bytes) = (self.held.len(), piece.as_bytes());
        let repeated = &mut self.repeated;
        places.retain(|place| {
            let rest = &given[place + at..];
            let both = rest.len().min(piece_bytes.len());
            if rest[..both] != piece_bytes[..both] {
                return false;
            }
            if both == rest.len() {
                *repeated = Some(repeated.map_or(*place, |first: usize| first.min(*place)));
                return false;
            }
            true
        });
        self.held.push_str(piece);
    }

    fn settle(&mut self) -> String {
        self.settled = true;
        let held = std::mem::take(&mut self.held);
        let lead = std::mem::take(&mut self.lead);
        self.places = None;
        match self.repeated {
            Some(place) => {
                let again = self.given.len() - place;
                self.without_blanks(&held[again..])
            }
            None => self.without_blanks(&(lead + &held)),
        }
    }

    /// Leaves out what blanks are there already.
    fn without_blanks(&mut self, text: &str) -> String {
        if self.blanks.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        let mut new = text.chars();
        let mut seen = self.blanks.chars();
        loop {
            let (rest, left) = (new.as_str(), seen.as_str());
            match (new.next(), seen.next()) {
                (Some(one), Some(other)) if one == other => {}
                (None, _) => {
                    self.blanks = left.to_owned();
                    return String::new();
                }
                _ => {
                    self.blanks.clear();
                    return rest.to_owned();
                }
            }
        }
    }
}

/// Where a repetition of `given` may begin.
fn places(given: &str) -> Vec<usize> {
    let length = given.len();
    let first = (length >= LEAST_WHOLE).then_some(0);
    let from = length.saturating_sub(FARTHEST).max(1);
    let to = (length + 1).saturating_sub(LEAST);
    let inner = (from..to).filter(|at| given.is_char_boundary(*at));
    first.into_iter().chain(inner).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(before: &str, pieces: &[&str]) -> String {
        let mut joint = Joint::after(before);
        let mut text = before.to_owned();
        for piece in pieces {
            text.push_str(&joint.push(piece));
        }
        text.push_str(&joint.finish());
        text
    }

    #[test]
    fn blanks_at_the_joint_stand_there_once() {
        for (before, after, both) in [
            ("One", " two", "One two"),
            ("One ", "two", "One two"),
            ("One ", " two", "One two"),
            ("One\n\n", "\n\nTwo", "One\n\nTwo"),
            ("One\n\n", "\nTwo", "One\n\nTwo"),
            ("One\n", "\n\n- two", "One\n\n- two"),
            ("One  ", " two", "One  two"),
            ("One ", "\ntwo", "One \ntwo"),
            ("One", "", "One"),
            ("One ", " ", "One "),
        ] {
            assert_eq!(joined(before, &[after]), both, "{before:?} and {after:?}");
            let letters: Vec<String> = after.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert_eq!(
                joined(before, &letters),
                both,
                "{before:?} and {after:?}, by letter"
            );
        }
    }

    #[test]
    fn what_is_said_again_is_left_out() {
        let before = "There once was a router of calls, that never let broken walls ";
        let rest = "keep a stream from its end.";
        let whole = format!("{before}{rest}");
        assert_eq!(joined(before, &[&whole]), whole, "all of it");
        assert_eq!(
            joined(before, &["\n", &whole]),
            whole,
            "all of it, after a blank"
        );
        let tail = &whole[14..];
        assert_eq!(
            joined(before, &[&tail[..20], &tail[20..]]),
            whole,
            "its end"
        );
        assert_eq!(
            joined(before, &[before.trim_end()]),
            before,
            "and nothing else"
        );
    }

    /// A property test found this: thirty-nine bytes from the first word, forty with the blank before it.
    #[test]
    fn a_repetition_is_as_long_as_it_is_from_its_first_word() {
        let before = "é, ,  éééaaééé éaaaaaaaaaéa éééé ééaéaéaéa aaaaéé aaéaaéaaaéa, , \n\nAaaaaaaa\n\nAaaaaaaaaa, , ,  éa\n\nAaa";
        let from = |nth| {
            before
                .char_indices()
                .nth(nth)
                .map_or("", |(at, _)| &before[at..])
        };
        let chance = from(62);
        assert_eq!(
            (chance.len(), chance.trim_start().len()),
            (LEAST, LEAST - 1)
        );
        assert_eq!(joined(before, &[chance]), format!("{before}{chance}"));
        let no_chance = from(60);
        assert_eq!(no_chance.trim_start(), no_chance);
        assert_eq!(joined(before, &[no_chance]), before);
        // Blanks before it change nothing either way.
        assert_eq!(joined(before, &[" \n", no_chance]), before);
    }

    #[test]
    fn what_only_looks_like_a_repetition_stays() {
        assert_eq!(joined("ha ha ", &["ha ha"]), "ha ha ha ha");
        let before = "There once was a router of calls, that never let broken walls";
        let other = "There once was a router of mail";
        assert_eq!(joined(before, &[" ", other]), format!("{before} {other}"));
        // It ends before it is known to be one.
        assert_eq!(
            joined(before, &[&before[..30]]),
            format!("{before}{}", &before[..30])
        );
    }

    #[test]
    fn much_of_the_same_is_looked_through_at_once() {
        let before = "a".repeat(1 << 20);
        let mut joint = Joint::after(&before);
        for _ in 0..10_000 {
            joint.push("aaaa");
        }
        assert!(
            joint
                .places
                .is_none_or(|places| places.len() <= FARTHEST + 1)
        );
    }

    proptest! {
        #[test]
        fn any_cuts_give_the_same_text(
            before in "[ab \n]{0,60}|[a-zé ]{40,90}",
            repeats in 0usize..90,
            after in "[ab \né]{0,40}",
            cuts in prop::collection::vec(0usize..140, 0..6),
        ) {
            let from = before.char_indices().map(|(at, _)| at).nth(repeats).unwrap_or(before.len());
            let text = format!("{}{after}", &before[from..]);
            let whole = joined(&before, &[&text]);
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|at| text.is_char_boundary(*at) && *at <= text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|two| &text[two[0]..two[1]]).collect();
            prop_assert_eq!(&joined(&before, &pieces), &whole);
            prop_assert!(whole.starts_with(&before), "what was seen is not taken back");
        }

        #[test]
        fn a_text_broken_anywhere_is_whole_again(text in "[a-zé]{1,12}( [a-zé]{1,12}|\n\n[A-Z][a-z]{2,9}|, ){0,30}", at in 0usize..200, again in 0usize..200) {
            let place = |nth: usize| text.char_indices().map(|(at, _)| at).nth(nth).unwrap_or(text.len());
            let (cut, from) = (place(at), place(again));
            let (before, rest) = text.split_at(cut);
            // As a model that saw no blanks at the end would go on.
            let given = before.trim_end();
            prop_assert_eq!(&joined(before, &[&text[given.len()..]]), &text);
            if !rest.starts_with(char::is_whitespace) {
                prop_assert_eq!(&joined(before, &[rest]), &text);
            }
            // Or one that says the end again, from a first word on: its blanks are no part of what is compared.
            let word = text.len() - text[from..].trim_start().len();
            if given.len() >= word + LEAST {
                prop_assert_eq!(&joined(before, &[&text[from..]]), &text);
            }
        }
    }
}
