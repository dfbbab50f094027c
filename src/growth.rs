//! How tables grow.

/// For how many more entries a table should get room before the next one comes: when it has come to have `some`, for four times as many, at
/// once. What has so many will have many more, and to grow step by step moves all of them each time.
#[inline(always)]
pub(crate) fn room(entries: usize, some: usize) -> usize {
    if entries == some { 4 * some } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_grow_once() {
        let mut table = rustc_hash::FxHashSet::default();
        let mut capacities = Vec::new();
        for entry in 0..500 {
            table.reserve(room(table.len(), 100));
            table.insert(entry);
            if entry >= 100 {
                capacities.push(table.capacity());
            }
        }
        assert!(capacities.iter().all(|&capacity| capacity >= 500 && capacity == capacities[0]));
    }
}
