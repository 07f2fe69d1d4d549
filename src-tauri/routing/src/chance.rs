//! Chance from a seed.
//!
//! Promises: the same seed gives the same draws in every version, so that the
//! seed on a receipt replays a choice and a scenario repeats its figures. A
//! general library promises that for its generators one by one at best, and
//! SplitMix64 (Steele, Lea and Flood, 2014) is five lines. Leaves out secrets:
//! whoever has seen a draw can tell the next.

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The stream of this seed.
    pub const fn seeded(seed: u64) -> Chance {
        Chance(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The place of one weight, drawn in proportion to them. Weights that are no
    /// numbers above nought are never drawn, unless all are such: then any may be.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> Option<usize> {
        let usable = |weight: f64| match weight.is_finite() && weight > 0.0 {
            true => weight,
            false => 0.0,
        };
        let total: f64 = weights.clone().map(usable).sum();
        let unit = self.unit();
        if total <= 0.0 {
            let count = weights.count();
            return (count > 0).then(|| ((unit * count as f64) as usize).min(count - 1));
        }
        let mut left = unit * total;
        let mut last = None;
        for (place, weight) in weights.map(usable).enumerate() {
            if weight > 0.0 {
                last = Some(place);
                left -= weight;
                if left < 0.0 {
                    break;
                }
            }
        }
        last
    }

    /// A waiting time with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// From the bell curve around nought with a spread of 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_draws() {
        // The reference outputs of SplitMix64 for this seed.
        let mut chance = Chance::seeded(1_234_567);
        let drawn = [chance.number(), chance.number(), chance.number()];
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
            ]
        );
    }

    #[test]
    fn weights_are_drawn_in_proportion() {
        let mut chance = Chance::seeded(7);
        let mut drawn = [0; 4];
        for _ in 0..10_000 {
            let weights = [1.0, 0.0, 3.0, f64::NAN];
            drawn[chance.weighted(weights.into_iter()).expect("a draw")] += 1;
        }
        assert!((2_300..2_700).contains(&drawn[0]), "{drawn:?}");
        assert_eq!((drawn[1], drawn[3]), (0, 0));
        assert_eq!(chance.weighted([].into_iter()), None);
        assert!(chance.weighted([0.0, -1.0].into_iter()).is_some());
    }

    #[test]
    fn samples_have_the_mean_and_spread_they_say() {
        let mut chance = Chance::seeded(9);
        let count = 20_000;
        let waits: f64 = (0..count).map(|_| chance.exponential(5.0)).sum();
        assert!((waits / f64::from(count) - 5.0).abs() < 0.2);
        let normals: Vec<f64> = (0..count).map(|_| chance.normal()).collect();
        let mean = normals.iter().sum::<f64>() / f64::from(count);
        let spread = normals.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / f64::from(count);
        assert!(mean.abs() < 0.05 && (spread - 1.0).abs() < 0.05);
    }
}
