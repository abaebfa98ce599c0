//! The natural logarithm of the draws, faster than a general one and the same on every machine.

/// Parts that the mantissa is divided into.
const PARTS: usize = 128;

/// Bits of the mantissa that tell the part.
const PART_BITS: u32 = PARTS.trailing_zeros();

/// Where the reduced argument starts: mantissas run from 0.6875 to 1.375, so that arguments
/// near one have exponent zero and nothing cancels.
const START: u64 = 0x3fe6_0000_0000_0000;

const MANTISSA_BITS: u32 = 52;

/// ln 2 in two parts, the first with so few bits that its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// For each part the reciprocal of a point in its middle, rounded to nine bits, and the
/// logarithm of that point.
static TABLE: [(f64, f64); PARTS] = table();

/// Natural logarithm of a positive, normal, finite number.
///
/// Tang's method (ACM TOMS 16, 378, 1990): x = 2^e m, and ln m = ln c + ln(1 + r) with c a
/// tabulated point near m, r = m / c - 1 within 0.006, and a polynomial in r. No division, no
/// fused multiply-add, only operations that IEEE 754 fixes to the bit. Within 2e-16 of the
/// true value absolutely for arguments near one, and relatively elsewhere; about a third of
/// the time of `libm::log`. What is not normal and positive gives a meaningless number.
#[inline]
pub(super) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let from_start = bits.wrapping_sub(START);
    let part = (from_start >> (MANTISSA_BITS - PART_BITS)) as usize % PARTS;
    let exponent = (from_start as i64) >> MANTISSA_BITS;
    let mantissa = f64::from_bits(bits.wrapping_sub((exponent as u64) << MANTISSA_BITS));
    let (inverse, ln_point) = TABLE[part];

    // m = high + low with 26 bits in high: high * inverse - 1 is then exact.
    let high = f64::from_bits(mantissa.to_bits() & !((1 << 27) - 1));
    let low = mantissa - high;
    let r = (high * inverse - 1.0) + low * inverse;

    let r2 = r * r;
    let tail = (-0.5 + r * (1.0 / 3.0))
        + r2 * ((-0.25 + r * 0.2) + r2 * ((-1.0 / 6.0 + r * (1.0 / 7.0)) - r2 * 0.125));
    let e = exponent as f64;
    (e * LN_2_HIGH + ln_point) + (r + (e * LN_2_LOW + r2 * tail))
}

const fn table() -> [(f64, f64); PARTS] {
    let mut table = [(1.0, 0.0); PARTS];
    let mut part = 0;
    while part < PARTS {
        let step = 1_u64 << (MANTISSA_BITS - PART_BITS);
        let bits = START + part as u64 * step;
        let middle = f64::from_bits(bits + step / 2);
        // Nine bits after the point, by hand: rounding is no constant function yet.
        let inverse = ((512.0 / middle + 0.5) as u64) as f64 / 512.0;
        table[part] = (inverse, -ln_by_series(inverse));
        part += 1;
    }
    table
}

/// ln x = 2 artanh((x - 1) / (x + 1)) by its series, for the table: |z| is below 0.2, where
/// 16 terms leave 1e-24.
const fn ln_by_series(x: f64) -> f64 {
    let z = (x - 1.0) / (x + 1.0);
    let z2 = z * z;
    let mut sum = 0.0;
    let mut term = 16;
    while term > 0 {
        term -= 1;
        sum = sum * z2 + 1.0 / (2 * term + 1) as f64;
    }
    2.0 * z * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Streams;

    #[test]
    fn logarithms_agree_with_libm() {
        let mut stream = Streams::new(3, 0).stream("log", "test");
        let close = |x: f64| {
            let (ours, theirs) = (ln(x), libm::log(x));
            let error = (ours - theirs).abs();
            assert!(error <= 4e-16 * theirs.abs().max(0.3), "ln {x}: {ours} against {theirs}");
        };
        for _ in 0..200_000 {
            let u = stream.uniform();
            close(u);
            close(1.0 - 1e-6 * u);
            close(u * 1e-12);
            close(1.0 + u * 1e9);
        }
        for x in [f64::MIN_POSITIVE, 0.6875, 0.5, 1.0, 1.375, 2.0, f64::MAX, 0.5f64.powi(53)] {
            close(x);
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn it_rises_across_the_borders_of_parts() {
        for part in 0..=PARTS as u64 {
            let border = f64::from_bits(START + part * (1 << (MANTISSA_BITS - PART_BITS)));
            let below = f64::from_bits(border.to_bits() - 1);
            assert!(ln(below) <= ln(border), "at {border}");
        }
    }
}
