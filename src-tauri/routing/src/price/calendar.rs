//! Days and hours in UTC, as far as prices need them.
//!
//! Leaves out: time zones and leap seconds (Unix time has none). Chinese public
//! holidays, too: DeepSeek's page speaks of weekends only.

const DAY_S: u64 = 86_400;
const MINUTE_S: u64 = 60;

/// Minutes of a day between which something holds, the last one excluded. A
/// window that crosses midnight is written as two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DailyWindow {
    from_minute: u64,
    to_minute: u64,
}

impl DailyWindow {
    /// From two clock times, `01:00` and `04:00`; `24:00` ends a day.
    pub(super) fn from_clock(from: &str, to: &str) -> Option<DailyWindow> {
        let (from_minute, to_minute) = (minute_of_clock(from)?, minute_of_clock(to)?);
        (from_minute < to_minute).then_some(DailyWindow {
            from_minute,
            to_minute,
        })
    }

    pub(super) fn holds(self, at_unix_s: u64) -> bool {
        let minute = at_unix_s % DAY_S / MINUTE_S;
        (self.from_minute..self.to_minute).contains(&minute)
    }

    pub(super) fn overlaps(self, other: DailyWindow) -> bool {
        self.from_minute < other.to_minute && other.from_minute < self.to_minute
    }
}

/// Saturday or Sunday, UTC. The first of January 1970 was a Thursday.
pub(super) fn is_weekend(at_unix_s: u64) -> bool {
    matches!((at_unix_s / DAY_S + 4) % 7, 0 | 6)
}

/// The day of a moment, UTC, as `2026-12-01`.
pub(crate) fn date_of(unix_s: u64) -> String {
    let (mut year, mut day) = (1970, unix_s / DAY_S);
    loop {
        let days = if is_leap(year) { 366 } else { 365 };
        // No clock of ours runs that far; a damaged figure must not be counted down for ever.
        if day < days || year == 9999 {
            break;
        }
        (year, day) = (year + 1, day - days);
    }
    let mut month = 1;
    while month < 12 && day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", day.min(30) + 1)
}

/// Midnight UTC of a day written `2026-12-01`, in seconds since 1970. `None` when
/// there is no such day.
pub(crate) fn unix_s_of_date(date: &str) -> Option<u64> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    if parts.next().is_some() || year < 1970 || !(1..=12).contains(&month) {
        return None;
    }
    if day < 1 || day > days_in(year, month) {
        return None;
    }
    let years = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 });
    let months = (1..month).map(|month| days_in(year, month));
    let days = years.sum::<u64>() + months.sum::<u64>() + day - 1;
    Some(days * DAY_S)
}

fn minute_of_clock(time: &str) -> Option<u64> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    let whole = hour * 60 + minute;
    (minute < 60 && whole <= 24 * 60).then_some(whole)
}

/// Exactly so many digits and nothing else.
fn number(text: &str, digits: usize) -> Option<u64> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_midnight() {
        for (date, unix_s) in [
            ("1970-01-01", 0),
            ("2000-03-01", 951_868_800),
            ("2024-02-29", 1_709_164_800),
            ("2026-11-22", 1_795_305_600),
            ("2026-12-01", 1_796_083_200),
        ] {
            assert_eq!(unix_s_of_date(date), Some(unix_s), "{date}");
            assert_eq!(date_of(unix_s), date);
            assert_eq!(date_of(unix_s + DAY_S - 1), date, "its last second");
        }
    }

    #[test]
    fn days_that_never_were_are_refused() {
        for date in [
            "",
            "2026",
            "2026-2-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-01-00",
            "2026-01-01-01",
            "1969-12-31",
            "2026-01-01T00:00",
            "+026-01-01",
        ] {
            assert_eq!(unix_s_of_date(date), None, "{date}");
        }
    }

    #[test]
    fn the_weekend_is_saturday_and_sunday() {
        for (date, weekend) in [
            ("2026-11-20", false), // Friday
            ("2026-11-21", true),
            ("2026-11-22", true),
            ("2026-11-23", false), // Monday
        ] {
            let midnight = unix_s_of_date(date).expect("a date");
            assert_eq!(is_weekend(midnight), weekend, "{date}");
            assert_eq!(is_weekend(midnight + DAY_S - 1), weekend, "{date} 23:59:59");
        }
    }

    #[test]
    fn a_window_holds_its_first_second_and_not_its_last() {
        let window = DailyWindow::from_clock("01:00", "04:00").expect("a window");
        for (unix_s, holds) in [
            (3_599, false),
            (3_600, true),
            (14_399, true),
            (14_400, false),
        ] {
            assert_eq!(window.holds(unix_s), holds, "{unix_s}");
            assert_eq!(
                window.holds(unix_s + 20_000 * DAY_S),
                holds,
                "{unix_s}, years later"
            );
        }
    }

    #[test]
    fn clock_times_that_make_no_window_are_refused() {
        for (from, to) in [
            ("04:00", "01:00"),
            ("04:00", "04:00"),
            ("1:00", "04:00"),
            ("01:60", "04:00"),
            ("01:00", "24:01"),
            ("01", "04"),
        ] {
            assert_eq!(DailyWindow::from_clock(from, to), None, "{from}-{to}");
        }
        assert!(DailyWindow::from_clock("00:00", "24:00").is_some());
    }

    #[test]
    fn windows_that_touch_do_not_overlap() {
        let window = |from, to| DailyWindow::from_clock(from, to).expect("a window");
        assert!(!window("01:00", "04:00").overlaps(window("04:00", "06:00")));
        assert!(window("01:00", "04:00").overlaps(window("03:59", "06:00")));
    }
}
