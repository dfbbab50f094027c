//! Appending texts, most of which are short.

/// Appends a text. One of 4 to 64 bytes is copied in two parts of one length, which overlap unless the text is twice as long: the
/// compiler knows these lengths, so nothing is called.
#[inline(always)]
pub(crate) fn append(to: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        4..8 => append_twice::<4>(to, text),
        8..16 => append_twice::<8>(to, text),
        16..32 => append_twice::<16>(to, text),
        32..=64 => append_twice::<32>(to, text),
        _ => to.extend_from_slice(text),
    }
}

/// Appends the first and the last bytes of a text that has no others.
#[inline(always)]
fn append_twice<const PART: usize>(to: &mut Vec<u8>, text: &[u8]) {
    let (Some(first), Some(last)) = (text.first_chunk::<PART>(), text.last_chunk::<PART>()) else { return };
    let end = to.len() + text.len();
    to.reserve(2 * PART);
    to.extend_from_slice(first);
    to.truncate(end - PART);
    to.extend_from_slice(last);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_lengths_are_appended() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..100 {
            for mut to in [Vec::new(), b"before".to_vec()] {
                let expected = [&to[..], &bytes[length..2 * length]].concat();
                append(&mut to, &bytes[length..2 * length]);
                assert_eq!(to, expected);
            }
        }
    }
}
