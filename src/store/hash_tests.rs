use proptest::prelude::*;

use super::*;
use crate::store::hash_bytes;

/// From `nix-hash --type … --flat` (2.8.0) of a file with `abc`; BLAKE3 from
/// draft-aumasson-blake3-00.
#[test]
fn known_hashes() {
    let known = [
        (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            HashAlgorithm::Sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (HashAlgorithm::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
    ];
    for (algorithm, base16) in known {
        assert_eq!(hash_bytes(algorithm, b"abc").to_base16(), base16);
    }
}

#[test]
fn the_notations_of_one_hash() {
    let hash = hash_bytes(HashAlgorithm::Sha1, b"abc");
    let notations = [
        (HashFormat::Base16, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (HashFormat::Nix32, "kpcd173cq987hw957sx6m0868wv3x6d9"),
        (HashFormat::Base64, "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
    ];
    for (format, digits) in notations {
        assert_eq!(hash.format(format, false), digits);
        assert_eq!(hash.format(format, true), format!("sha1:{digits}"));
        assert_eq!(Hash::parse_any(digits, Some(HashAlgorithm::Sha1)), Ok(hash));
        assert_eq!(Hash::parse_any(&format!("sha1:{digits}"), None), Ok(hash));
    }
    let sri = "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";
    assert_eq!(hash.format(HashFormat::Sri, false), sri);
    assert_eq!(Hash::parse_any(sri, None), Ok(hash));
    assert_eq!(Hash::parse_sri(sri), Ok(hash));
}

#[test]
fn reading_is_as_lenient_as_in_nix() {
    let hash = hash_bytes(HashAlgorithm::Md5, b"abc");
    let readable = [
        "md5:900150983CD24FB0D6963F7D28E17F72",
        "md5-kAFQmDzST7DWlj99KOF/cg==",
        "md5-kAFQmDzST7DWlj99KOF/cg",
        "md5-kAFQmDzST7DW\nlj99KOF/cg=anything at all",
        // The bits beyond the last byte do not matter.
        "md5-kAFQmDzST7DWlj99KOF/cv==",
    ];
    for text in readable {
        assert_eq!(Hash::parse_any(text, None), Ok(hash), "{text}");
    }
}

#[test]
fn an_empty_hash_is_zero_where_the_algorithm_is_known() {
    assert_eq!(
        Hash::parse_allow_empty("", Some(HashAlgorithm::Sha256)).unwrap().to_sri(),
        "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    );
    assert_eq!(
        Hash::parse_allow_empty("", None).unwrap_err().to_string(),
        "an empty hash needs its algorithm to be given"
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let sha1 = Some(HashAlgorithm::Sha1);
    let errors = [
        (None, "kpcd", "the hash 'kpcd' does not say its algorithm"),
        (None, "sha3:00", "unknown hash algorithm 'sha3', expected 'blake3', 'md5', 'sha1', 'sha256' or 'sha512'"),
        (sha1, "md5:00", "the hash 'md5:00' should be of type 'sha1'"),
        (
            sha1,
            "kpcd",
            "the hash 'kpcd' has 4 characters, but one of type 'sha1' has 40, 32 or 28 \
             (hexadecimal, Nix base-32 or base-64)",
        ),
        (
            sha1,
            "epcd173cq987hw957sx6m0868wv3x6d9",
            "the nix32 hash 'epcd173cq987hw957sx6m0868wv3x6d9' contains the invalid character 'e'",
        ),
        (sha1, "sha1-qZk+", "the sri hash 'qZk+' does not stand for the 20 bytes of type 'sha1'"),
        (sha1, "sha1-qZ é", r"the sri hash 'qZ é' contains the invalid character ' '"),
    ];
    for (expected, text, error) in errors {
        assert_eq!(Hash::parse_any(text, expected).unwrap_err().to_string(), error);
    }
}

#[test]
fn compression_folds() {
    let bytes: Vec<u8> = (0..32).collect();
    let mut folded = [0; 20];
    for (index, byte) in folded.iter_mut().enumerate() {
        *byte = if index < 12 { index as u8 ^ (index as u8 + 20) } else { index as u8 };
    }
    assert_eq!(compress(&bytes), folded);
}

proptest! {
    #[test]
    fn every_notation_reads_back(
        algorithm in proptest::sample::select(HashAlgorithm::ALL.to_vec()),
        text in any::<Vec<u8>>(),
    ) {
        let hash = hash_bytes(algorithm, &text);
        for format in [HashFormat::Base16, HashFormat::Nix32, HashFormat::Base64, HashFormat::Sri] {
            prop_assert_eq!(Hash::parse_any(&hash.format(format, true), None), Ok(hash));
            prop_assert_eq!(Hash::parse_any(&hash.format(format, false), Some(algorithm)), Ok(hash));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", named in "(md5|sha512)[:-][0-9a-z+/=é]*") {
        let _ = Hash::parse_any(&text, Some(HashAlgorithm::Sha256));
        let _ = Hash::parse_any(&named, None);
    }
}
