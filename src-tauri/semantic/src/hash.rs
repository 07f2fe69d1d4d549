//! Small numbers for words and lists of words.
//!
//! Promises: the same number on every machine and in every run. Leaves out: resistance to whoever
//! aims at a collision; they would mislead only those who share answers with them.

const BEGIN: u64 = 0xcbf2_9ce4_8422_2325;
const STEP: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a, stirred at the end so that all bits are of use.
pub(crate) fn of(text: &str) -> u64 {
    stir(feed(BEGIN, text.as_bytes()))
}

/// Of a list: `["ab"]` and `["a", "b"]` differ.
pub(crate) fn of_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut state = BEGIN;
    for text in texts {
        state = feed(state, text.as_bytes());
        // No text has this byte.
        state = feed(state, &[0xff]);
    }
    stir(state)
}

/// Of several numbers, in their order.
pub(crate) fn join(numbers: impl IntoIterator<Item = u64>) -> u64 {
    let numbers = numbers.into_iter();
    stir(numbers.fold(BEGIN, |state, number| feed(state, &number.to_le_bytes())))
}

fn feed(mut state: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(STEP);
    }
    state
}

fn stir(mut state: u64) -> u64 {
    state ^= state >> 33;
    state = state.wrapping_mul(0xff51_afd7_ed55_8ccd);
    state ^= state >> 33;
    state = state.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    state ^ (state >> 33)
}
