//! What a hash earns: the Bitcoin protocol's rules in closed form.

/// The state of the Bitcoin network and of its market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Difficulty: a block takes `difficulty * 2^32` hashes in the mean.
    pub difficulty: f64,
    /// New bitcoin a block.
    pub subsidy_btc: f64,
    /// Transaction fees a block, BTC.
    pub fees_btc: f64,
    /// Price of a bitcoin, $.
    pub price_usd: f64,
}

impl Network {
    /// Expected bitcoin a hash.
    pub fn btc_per_hash(&self) -> f64 {
        const HASHES_PER_DIFFICULTY: f64 = 4_294_967_296.0;
        // In f64, because the product exceeds 64 bits.
        (self.subsidy_btc + self.fees_btc) / (self.difficulty * HASHES_PER_DIFFICULTY)
    }

    /// Expected income of a petahash a second over a day, $: the hash price as it is quoted.
    pub fn hash_price_usd_ph_day(&self) -> f64 {
        self.btc_per_hash() * self.price_usd * HASHES_PER_PH_DAY
    }
}

/// Hashes of a petahash a second in a day.
pub(super) const HASHES_PER_PH_DAY: f64 = 86_400e15;

/// Income of a machine per energy, $/MWh, at a hash price in $/PH/day: what power may cost
/// before hashing loses money.
///
/// `joules_per_hash` is the energy that hashing adds. Over the nameplate draw this is the
/// figure that the industry quotes; the price policy takes the draw above sleep, because a
/// curtailed machine still draws that.
pub fn breakeven_usd_mwh(hash_price_usd_ph_day: f64, joules_per_hash: f64) -> f64 {
    const JOULES_PER_MWH: f64 = 3.6e9;
    hash_price_usd_ph_day / HASHES_PER_PH_DAY / joules_per_hash * JOULES_PER_MWH
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The breakeven table of the reference, to its printed precision.
    #[test]
    fn breakeven_prices_by_efficiency_and_hash_price() {
        let table = [
            (12.0, [130, 171, 191, 219]),
            (15.0, [104, 137, 153, 175]),
            (17.5, [89, 117, 131, 150]),
            (21.5, [73, 96, 107, 122]),
            (29.5, [53, 70, 78, 89]),
        ];
        for (j_per_th, row) in table {
            for (hash_price, printed) in [37.4, 49.3, 55.0, 63.0].into_iter().zip(row) {
                let ours = breakeven_usd_mwh(hash_price, j_per_th * 1e-12);
                // Hash prices are printed to 0.1: half a digit of them may move the last one.
                let slack = 0.5 + ours * 0.05 / hash_price;
                assert!((ours - f64::from(printed)).abs() <= slack, "{j_per_th}: {ours}");
            }
        }
    }

    /// Closed form of a day at difficulty 2^32: a block takes 2^64 hashes.
    #[test]
    fn the_hash_price_of_a_round_difficulty() {
        let network = Network {
            difficulty: 4_294_967_296.0,
            subsidy_btc: 3.0,
            fees_btc: 1.0,
            price_usd: 50_000.0,
        };
        let exact = 86_400e15 / 18_446_744_073_709_551_616.0 * 4.0 * 50_000.0;
        assert!((network.hash_price_usd_ph_day() / exact - 1.0).abs() < 1e-15);
    }

    /// 2025-08-27 in the daily record of the reference: 53.909 $/PH/day on the subsidy alone.
    #[test]
    fn the_hash_price_of_a_recorded_day() {
        let network = Network {
            difficulty: 129_699_156_960_681.0,
            subsidy_btc: 3.125,
            fees_btc: 0.0,
            price_usd: 111_222.06,
        };
        assert!((network.hash_price_usd_ph_day() - 53.909).abs() <= 5e-4);
    }
}
