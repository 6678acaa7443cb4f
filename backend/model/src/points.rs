//! Exact points of the score: rationals, so that parts add up exactly.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimal places of the text form, beyond which a fraction is cut off.
const PLACES: u32 = 18;

/// Points of the posture score, 0 to 100, or a difference of such; an exact fraction.
///
/// As text and in JSON it is a decimal with up to 18 places; [`Points::fraction`] is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct Points(BigRational);

impl Points {
    /// No points.
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// A whole number of points.
    pub fn whole(number: i64) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    /// The fraction `numerator / denominator`; none where the denominator is zero.
    pub fn ratio(numerator: i128, denominator: i128) -> Option<Self> {
        (denominator != 0).then(|| Self(BigRational::new(numerator.into(), denominator.into())))
    }

    /// The exact value.
    pub fn rational(&self) -> &BigRational {
        &self.0
    }

    /// The exact value as text, `numerator/denominator`, or one number where it is whole.
    pub fn fraction(&self) -> String {
        self.0.to_string()
    }

    /// Reads what [`Points::fraction`] wrote; none for anything else.
    pub fn from_fraction(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// True below zero.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// True at zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The nearest floating-point number, for drawing only.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(0.0)
    }

    /// Rounded half away from zero to `places` decimals, for showing.
    pub fn rounded(&self, places: u32) -> String {
        let scale = BigInt::from(10).pow(places);
        let scaled = (&self.0 * BigRational::from_integer(scale)).round().to_integer();
        decimal(&scaled, places)
    }
}

/// Writes `scaled / 10^places` as a decimal.
fn decimal(scaled: &BigInt, places: u32) -> String {
    let width = places as usize + 1;
    let digits = format!("{:0>width$}", scaled.abs().to_string());
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    let sign = if scaled.is_negative() { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

impl From<BigRational> for Points {
    fn from(value: BigRational) -> Self {
        Self(value)
    }
}

impl std::ops::Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Points {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::zero(), |sum, part| sum + part)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = BigInt::from(10).pow(PLACES);
        let scaled = (&self.0 * BigRational::from_integer(scale)).trunc().to_integer();
        let text = decimal(&scaled, PLACES);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl FromStr for Points {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is not a decimal number");
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let joined: BigInt = format!("{whole}{fraction}").parse().map_err(|_| refuse())?;
        let places = u32::try_from(fraction.len()).map_err(|_| refuse())?;
        Ok(Self(BigRational::new(joined * sign, BigInt::from(10).pow(places))))
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_decimal_and_the_fraction_is_exact() {
        let third = Points::ratio(1, 3).unwrap();
        assert_eq!(third.to_string(), "0.333333333333333333");
        assert_eq!(third.fraction(), "1/3");
        assert_eq!(Points::from_fraction("1/3"), Some(third));
        assert_eq!(Points::ratio(-29, 10).unwrap().to_string(), "-2.9");
        assert_eq!("-2.9".parse(), Ok(Points::ratio(-29, 10).unwrap()));
        assert_eq!(Points::whole(100).to_string(), "100");
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        assert_eq!(Points::ratio(125, 100).unwrap().rounded(1), "1.3");
        assert_eq!(Points::ratio(-125, 100).unwrap().rounded(1), "-1.3");
        assert_eq!(Points::ratio(1, 100).unwrap().rounded(1), "0.0");
        assert_eq!(Points::whole(72).rounded(0), "72");
    }
}
