//! Short decimal digits of a floating-point number by the algorithm Grisu2.
//!
//! Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers",
//! PLDI 2010. Grisu2 misses the shortest digits for one number in a thousand. `toJSON` prints by
//! it, with the parameters below, so its misses are part of what `toJSON` returns; an algorithm
//! that is always right would print other bytes.

/// The number `significand * 2^exponent`, without a sign.
#[derive(Clone, Copy)]
struct Wide {
    significand: u64,
    exponent: i32,
}

impl Wide {
    /// Shifts until the highest bit is set.
    fn normalized(self) -> Wide {
        let shift = self.significand.leading_zeros();
        Wide { significand: self.significand << shift, exponent: self.exponent - shift as i32 }
    }

    /// The same number for an exponent that is not larger, if it fits.
    fn with_exponent(self, exponent: i32) -> Wide {
        Wide { significand: self.significand << (self.exponent - exponent), exponent }
    }

    /// The product, rounded to 64 bits.
    fn times(self, power: Power) -> Wide {
        let product = u128::from(self.significand) * u128::from(power.significand);
        Wide { significand: ((product + (1 << 63)) >> 64) as u64, exponent: self.exponent + power.exponent + 64 }
    }
}

/// A power of ten, approximately: `10^decimal` is about `significand * 2^exponent`.
#[derive(Clone, Copy)]
struct Power {
    significand: u64,
    exponent: i32,
    decimal: i32,
}

/// Digits and a decimal exponent that read back as the given number, which is finite and positive.
pub(super) fn shortest(number: f64) -> (String, i32) {
    let (low, exact, high) = boundaries(number);
    let power = power_for(high.exponent);
    let mut low = low.times(power);
    let exact = exact.times(power);
    let mut high = high.times(power);
    // Each product may be off by one: stay inside of the interval.
    low.significand += 1;
    high.significand -= 1;

    let mut digits = Vec::with_capacity(17);
    let exponent = generate_digits(&mut digits, low, exact, high) - power.decimal;
    let digits = digits.into_iter().map(char::from).collect();
    (digits, exponent)
}

/// The number and the middles between it and its neighbours, all with the same exponent.
fn boundaries(number: f64) -> (Wide, Wide, Wide) {
    let bits = number.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = (bits >> 52) as i32;
    let exact = match biased {
        0 => Wide { significand: fraction, exponent: -1074 },
        _ => Wide { significand: fraction | (1 << 52), exponent: biased - 1075 },
    };
    // Below a power of two the neighbour is only half as far away.
    let is_lower_closer = fraction == 0 && biased > 1;
    let (factor, shift) = if is_lower_closer { (4, 2) } else { (2, 1) };
    let low = Wide { significand: factor * exact.significand - 1, exponent: exact.exponent - shift };
    let high = Wide { significand: 2 * exact.significand + 1, exponent: exact.exponent - 1 }.normalized();
    (low.with_exponent(high.exponent), exact.normalized(), high)
}

/// A power whose product with a number of the given exponent has an exponent from -60 to -32, so
/// that its whole part fits into 32 bits.
fn power_for(exponent: i32) -> Power {
    let binary = -61 - exponent;
    // log10(2) is about 78913 / 2^18; the quotient is rounded up.
    let decimal = binary * 78913 / (1 << 18) + i32::from(binary > 0);
    let index = (decimal + 300 + 7) / 8;
    let (significand, exponent) = POWERS[index as usize];
    Power { significand, exponent, decimal: index * 8 - 300 }
}

/// Writes the digits of `high` from the left until they lie in the interval; returns their exponent.
fn generate_digits(digits: &mut Vec<u8>, low: Wide, exact: Wide, high: Wide) -> i32 {
    let fraction_bits = -high.exponent as u32;
    let one = 1u64 << fraction_bits;
    let mut width = high.significand - low.significand;
    let mut distance = high.significand - exact.significand;
    let mut whole = high.significand >> fraction_bits;
    let mut fraction = high.significand & (one - 1);

    let mut exponent = whole.ilog10() as i32 + 1;
    while exponent > 0 {
        exponent -= 1;
        let unit = 10u64.pow(exponent as u32);
        digits.push(b'0' + (whole / unit) as u8);
        whole %= unit;
        let rest = (whole << fraction_bits) + fraction;
        if rest <= width {
            round(digits, distance, width, rest, unit << fraction_bits);
            return exponent;
        }
    }
    loop {
        exponent -= 1;
        fraction *= 10;
        width *= 10;
        distance *= 10;
        digits.push(b'0' + (fraction >> fraction_bits) as u8);
        fraction &= one - 1;
        if fraction <= width {
            round(digits, distance, width, fraction, one);
            return exponent;
        }
    }
}

/// Lowers the last digit while that brings the digits closer to the exact number.
///
/// All numbers are distances below the upper bound: `rest` that of the digits, `distance` that
/// of the exact number, `width` that of the lower bound; `unit` is what the last digit counts.
fn round(digits: &mut [u8], distance: u64, width: u64, mut rest: u64, unit: u64) {
    let Some(last) = digits.last_mut() else {
        return;
    };
    while rest < distance
        && width - rest >= unit
        && (rest + unit < distance || distance - rest > rest + unit - distance)
    {
        *last -= 1;
        rest += unit;
    }
}

/// `10^-300`, `10^-292` to `10^324`: significand and binary exponent, rounded to the nearest.
const POWERS: [(u64, i32); 79] = [
    (0xab70_fe17_c79a_c6ca, -1060),
    (0xff77_b1fc_bebc_dc4f, -1034),
    (0xbe56_91ef_416b_d60c, -1007),
    (0x8dd0_1fad_907f_fc3c, -980),
    (0xd351_5c28_3155_9a83, -954),
    (0x9d71_ac8f_ada6_c9b5, -927),
    (0xea9c_2277_23ee_8bcb, -901),
    (0xaecc_4991_4078_536d, -874),
    (0x823c_1279_5db6_ce57, -847),
    (0xc210_9436_4dfb_5637, -821),
    (0x9096_ea6f_3848_984f, -794),
    (0xd774_85cb_2582_3ac7, -768),
    (0xa086_cfcd_97bf_97f4, -741),
    (0xef34_0a98_172a_ace5, -715),
    (0xb238_67fb_2a35_b28e, -688),
    (0x84c8_d4df_d2c6_3f3b, -661),
    (0xc5dd_4427_1ad3_cdba, -635),
    (0x936b_9fce_bb25_c996, -608),
    (0xdbac_6c24_7d62_a584, -582),
    (0xa3ab_6658_0d5f_daf6, -555),
    (0xf3e2_f893_dec3_f126, -529),
    (0xb5b5_ada8_aaff_80b8, -502),
    (0x8762_5f05_6c7c_4a8b, -475),
    (0xc9bc_ff60_34c1_3053, -449),
    (0x964e_858c_91ba_2655, -422),
    (0xdff9_7724_7029_7ebd, -396),
    (0xa6df_bd9f_b8e5_b88f, -369),
    (0xf8a9_5fcf_8874_7d94, -343),
    (0xb944_7093_8fa8_9bcf, -316),
    (0x8a08_f0f8_bf0f_156b, -289),
    (0xcdb0_2555_6531_31b6, -263),
    (0x993f_e2c6_d07b_7fac, -236),
    (0xe45c_10c4_2a2b_3b06, -210),
    (0xaa24_2499_6973_92d3, -183),
    (0xfd87_b5f2_8300_ca0e, -157),
    (0xbce5_0864_9211_1aeb, -130),
    (0x8cbc_cc09_6f50_88cc, -103),
    (0xd1b7_1758_e219_652c, -77),
    (0x9c40_0000_0000_0000, -50),
    (0xe8d4_a510_0000_0000, -24),
    (0xad78_ebc5_ac62_0000, 3),
    (0x813f_3978_f894_0984, 30),
    (0xc097_ce7b_c907_15b3, 56),
    (0x8f7e_32ce_7bea_5c70, 83),
    (0xd5d2_38a4_abe9_8068, 109),
    (0x9f4f_2726_179a_2245, 136),
    (0xed63_a231_d4c4_fb27, 162),
    (0xb0de_6538_8cc8_ada8, 189),
    (0x83c7_088e_1aab_65db, 216),
    (0xc45d_1df9_4271_1d9a, 242),
    (0x924d_692c_a61b_e758, 269),
    (0xda01_ee64_1a70_8dea, 295),
    (0xa26d_a399_9aef_774a, 322),
    (0xf209_787b_b47d_6b85, 348),
    (0xb454_e4a1_79dd_1877, 375),
    (0x865b_8692_5b9b_c5c2, 402),
    (0xc835_53c5_c896_5d3d, 428),
    (0x952a_b45c_fa97_a0b3, 455),
    (0xde46_9fbd_99a0_5fe3, 481),
    (0xa59b_c234_db39_8c25, 508),
    (0xf6c6_9a72_a398_9f5c, 534),
    (0xb7dc_bf53_54e9_bece, 561),
    (0x88fc_f317_f222_41e2, 588),
    (0xcc20_ce9b_d35c_78a5, 614),
    (0x9816_5af3_7b21_53df, 641),
    (0xe2a0_b5dc_971f_303a, 667),
    (0xa8d9_d153_5ce3_b396, 694),
    (0xfb9b_7cd9_a4a7_443c, 720),
    (0xbb76_4c4c_a7a4_4410, 747),
    (0x8bab_8eef_b640_9c1a, 774),
    (0xd01f_ef10_a657_842c, 800),
    (0x9b10_a4e5_e991_3129, 827),
    (0xe710_9bfb_a19c_0c9d, 853),
    (0xac28_20d9_623b_f429, 880),
    (0x8044_4b5e_7aa7_cf85, 907),
    (0xbf21_e440_03ac_dd2d, 933),
    (0x8e67_9c2f_5e44_ff8f, 960),
    (0xd433_179d_9c8c_b841, 986),
    (0x9e19_db92_b4e3_1ba9, 1013),
];
