//! What time it is, for code that may ask: universal time.

use monty_types::{MontyDate, MontyDateTime, MontyObject};

/// Universal time, as the process has no other.
fn since_1970() -> (i64, u32) {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    (since.as_secs().cast_signed(), since.subsec_micros())
}

/// The civil date of so many days after 1970-01-01 (Howard Hinnant's algorithm).
fn date(days: i64) -> MontyDate {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    MontyDate {
        year: i32::try_from(year).unwrap_or(9_999),
        month: u8::try_from(month).unwrap_or(12),
        day: u8::try_from(day).unwrap_or(31),
    }
}

pub(super) fn today() -> MontyObject {
    MontyObject::Date(date(since_1970().0.div_euclid(86_400)))
}

pub(super) fn now(zone: Option<monty_types::MontyTimeZone>) -> MontyObject {
    let (seconds, microsecond) = since_1970();
    let local = seconds
        + zone
            .as_ref()
            .map_or(0, |zone| i64::from(zone.offset_seconds));
    let MontyDate { year, month, day } = date(local.div_euclid(86_400));
    let of_day = local.rem_euclid(86_400);
    let part = |value: i64| u8::try_from(value).unwrap_or(0);
    MontyObject::DateTime(MontyDateTime {
        year,
        month,
        day,
        hour: part(of_day / 3_600),
        minute: part(of_day / 60 % 60),
        second: part(of_day % 60),
        microsecond,
        offset_seconds: zone.as_ref().map(|zone| zone.offset_seconds),
        timezone_name: zone.and_then(|zone| zone.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970_are_dates() {
        let of = |days| {
            let MontyDate { year, month, day } = date(days);
            (year, month, day)
        };
        assert_eq!(of(0), (1970, 1, 1));
        assert_eq!(of(19_782), (2024, 2, 29));
        assert_eq!(of(20_088), (2024, 12, 31));
        assert_eq!(of(-1), (1969, 12, 31));
    }
}
