//! Times as dates.

/// A number of seconds since 1970-01-01 00:00 UTC as `YYYYMMDDhhmmss` in UTC.
///
/// The date is computed as in "Euclidean affine functions and their application to calendar algorithms" by
/// Neri and Schneider: the year begins in March, so that the leap day is its last.
pub(super) fn compact_date(seconds: u64) -> String {
    const DAYS_IN_400_YEARS: u64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const DAYS_BEFORE_1970: u64 = 719_468;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let quarters = 4 * (days + DAYS_BEFORE_1970) + 3;
    let century = quarters / DAYS_IN_400_YEARS;
    let quarters_of_century = (quarters % DAYS_IN_400_YEARS) | 3;
    let (year_of_century, day_of_year) = (quarters_of_century / 1461, quarters_of_century % 1461 / 4);
    let month_and_day = 2141 * day_of_year + 197_913;
    let (month, day) = (month_and_day >> 16, (month_and_day & 0xffff) / 2141 + 1);
    let year = 100 * century + year_of_century + u64::from(month > 12);
    let month = if month > 12 { month - 12 } else { month };
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `date -u +%Y%m%d%H%M%S -d @seconds` says.
    #[test]
    fn dates_of_times() {
        for (seconds, expected) in [
            (0, "19700101000000"),
            (68_169_599, "19720228235959"),
            (68_169_600, "19720229000000"),
            (951_868_800, "20000301000000"),
            (1_000_000_000, "20010909014640"),
            (1_686_503_798, "20230611171638"),
            (1_735_689_599, "20241231235959"),
            (4_107_542_399, "21000228235959"),
            (253_402_300_799, "99991231235959"),
        ] {
            assert_eq!(compact_date(seconds), expected, "{seconds}");
        }
    }
}
