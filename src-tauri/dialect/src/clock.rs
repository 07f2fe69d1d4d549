//! Dates as HTTP and JSON write them, to and from Unix time.
//!
//! Promises: the proleptic Gregorian calendar in UTC and nothing else; pure
//! arithmetic, the present is always passed in. Leaves out: the obsolete HTTP
//! date forms, which no provider sends.

/// Milliseconds in a day.
pub(crate) const DAY_MS: u64 = 86_400_000;

/// Unix milliseconds of an HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date_ms(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = date.split_once(',')?.1.split_ascii_whitespace();
    let day = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(name))? as i64 + 1;
    let year = words.next()?.parse().ok()?;
    let seconds = time_of_day_s(words.next()?)?;
    if words.next() != Some("GMT") {
        return None;
    }
    unix_ms(days(year, month, day)?, seconds, 0)
}

/// Unix milliseconds of an RFC 3339 time: `2026-11-22T10:00:00.5Z`, `…+01:00`.
pub fn rfc3339_ms(time: &str) -> Option<u64> {
    let (date, time) = time.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let offset_s = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let offset = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            if zone.starts_with('-') {
                -offset
            } else {
                offset
            }
        }
    };
    // Three digits of the fraction are the milliseconds.
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let fraction_ms = digits.parse().ok()?;
    unix_ms(
        days(year, month, day)?,
        time_of_day_s(clock)? - offset_s,
        fraction_ms,
    )
}

/// An RFC 3339 time in UTC, to the second.
pub(crate) fn rfc3339(unix_s: u64) -> String {
    let (days, second) = ((unix_s / 86_400) as i64, unix_s % 86_400);
    // The year starts in March here, so that the leap day comes last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days from 1970-01-01, for years of up to four digits.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Seconds since midnight of `08:49:37`.
fn time_of_day_s(clock: &str) -> Option<i64> {
    let mut parts = clock.splitn(3, ':').map(str::parse::<u8>);
    let mut next = |max: u8| parts.next()?.ok().filter(|n| *n <= max).map(i64::from);
    // 60 is a leap second.
    Some(next(23)? * 3_600 + next(59)? * 60 + next(60)?)
}

fn unix_ms(days: i64, seconds: i64, ms: i64) -> Option<u64> {
    u64::try_from((days * 86_400 + seconds) * 1_000 + ms).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_read() {
        assert_eq!(
            http_date_ms("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777_000)
        );
        assert_eq!(
            http_date_ms("Thu, 29 Feb 2024 00:00:00 GMT"),
            Some(1_709_164_800_000)
        );
        for wrong in [
            "",
            "120",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Foo 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn rfc3339_times_are_read_in_any_zone() {
        assert_eq!(rfc3339_ms("1970-01-01T00:00:01Z"), Some(1_000));
        assert_eq!(
            rfc3339_ms("2024-02-29T00:00:00.25Z"),
            Some(1_709_164_800_250)
        );
        assert_eq!(
            rfc3339_ms("2024-02-29T01:30:00+01:30"),
            Some(1_709_164_800_000)
        );
        assert_eq!(
            rfc3339_ms("2024-02-28T23:00:00-01:00"),
            Some(1_709_164_800_000)
        );
        for wrong in [
            "",
            "2024-02-29",
            "2024-13-01T00:00:00Z",
            "2024-02-29T25:00:00Z",
            "xTZ",
        ] {
            assert_eq!(rfc3339_ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_written_are_read_back() {
        for unix_s in [
            0,
            951_782_400,
            1_709_164_800,
            1_709_251_199,
            1_763_769_600,
            4_102_444_799,
        ] {
            assert_eq!(
                rfc3339_ms(&rfc3339(unix_s)),
                Some(unix_s * 1_000),
                "{}",
                rfc3339(unix_s)
            );
        }
        assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56Z");
    }
}
