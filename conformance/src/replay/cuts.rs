//! In which pieces octets are fed: what is said must not depend on how it arrives.

/// How thoroughly a direction is cut.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The most octets that may be fed for one direction in all its single cuts together.
    pub octets: usize,
    /// How many random ways there are.
    pub random: usize,
    /// Where randomness begins.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            octets: 1 << 20,
            random: 4,
            seed: 1,
        }
    }
}

/// Ways to cut `length` octets, each a list of ascending offsets: octet by octet; at all
/// `boundaries` at once, before and behind them; at each single one of these places; at random.
pub(super) fn ways(length: usize, boundaries: &[usize], effort: Effort) -> Vec<Vec<usize>> {
    let inside = |at: &usize| (1..length).contains(at);
    let shifted = |by: isize| {
        boundaries
            .iter()
            .filter_map(move |&at| at.checked_add_signed(by))
            .filter(inside)
    };
    let mut ways: Vec<Vec<usize>> = vec![(1..length).collect()];
    ways.extend([-1, 0, 1].map(|by| shifted(by).collect()));
    let mut single: Vec<usize> = [-1, 0, 1].into_iter().flat_map(shifted).collect();
    single.sort_unstable();
    single.dedup();
    let affordable = (effort.octets / length.max(1)).max(1);
    let stride = single.len().div_ceil(affordable).max(1);
    ways.extend(single.into_iter().step_by(stride).map(|at| vec![at]));
    let mut random = Random(effort.seed ^ length as u64);
    for _ in 0..effort.random {
        let longest = 1 + random.below(length.max(1));
        let mut at = 0;
        let steps = std::iter::from_fn(|| {
            at += 1 + random.below(longest);
            Some(at).filter(inside)
        });
        ways.push(steps.collect());
    }
    ways.retain(|way| !way.is_empty());
    ways
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % bound as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_around_a_boundary_is_cut_alone_and_with_the_others() {
        let ways = ways(
            10,
            &[0, 4, 10],
            Effort {
                random: 3,
                ..Effort::default()
            },
        );
        assert_eq!(ways[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for way in [
            vec![3, 9],
            vec![4],
            vec![1, 5],
            vec![1],
            vec![3],
            vec![5],
            vec![9],
        ] {
            assert!(ways.contains(&way), "{way:?}");
        }
        assert!(
            ways.iter()
                .all(|way| way.is_sorted() && way.iter().all(|at| (1..10).contains(at)))
        );
    }

    #[test]
    fn long_streams_are_cut_at_some_boundaries_only() {
        let boundaries: Vec<usize> = (1..1000).map(|n| n * 1000).collect();
        let ways = ways(1_000_000, &boundaries, Effort::default());
        assert!(ways.len() < 10);
    }

    #[test]
    fn nothing_is_cut_in_nothing() {
        assert!(ways(0, &[0], Effort::default()).is_empty());
        assert!(ways(1, &[0, 1], Effort::default()).is_empty());
    }
}
