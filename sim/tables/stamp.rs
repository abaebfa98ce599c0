//! Times as tables write them, and the instants that they stand for.
//!
//! A cell is first read as a [`Moment`], what a clock showed, which needs no time zone; a
//! [`WallClock`] then says when that was.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::error::LineError;

/// What a clock showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Seconds from 1970-01-01 00:00 on that clock.
    pub seconds: i64,
    /// And nanoseconds.
    pub nanos: u32,
    /// How far the clock is ahead of UTC, s, where the text says so.
    pub offset_s: Option<i32>,
    /// Whether it is the second of two equal hours when summer time ends, where the row says so.
    pub repeated: Option<bool>,
}

impl Moment {
    /// `seconds` and `nanos` on a clock that the text does not name.
    pub fn local(seconds: i64, nanos: u32) -> Self {
        Self { seconds, nanos, offset_s: None, repeated: None }
    }

    /// What the clock showed `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self { seconds: self.seconds + seconds, ..self }
    }
}

/// Which instant of its interval the time of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stamp {
    /// Its start.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Where the time of a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TimeColumns {
    /// In the first column.
    #[default]
    First,
    /// In these columns, whose texts are joined by a blank.
    Joined(Vec<String>),
    /// In columns for the parts of a time.
    Parts(TimeParts),
}

/// The columns of the parts of a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeParts {
    /// The date, in the form of times.
    pub date: Option<String>,
    /// Year, month and day, in place of the date.
    pub year: Option<String>,
    /// See `year`.
    pub month: Option<String>,
    /// See `year`.
    pub day: Option<String>,
    /// Hours since midnight: `13` or `13:30`; 24 is the end of the day.
    pub hour: Option<String>,
    /// The hour of the day from 1 to 24, by its end.
    pub hour_ending: Option<String>,
    /// Minutes since the hour.
    pub minute: Option<String>,
    /// The quarter of the hour from 1 to 4.
    pub quarter: Option<String>,
    /// Whether it is the second of two equal hours: `Y`, `true` or `1`.
    pub repeated: Option<String>,
}

impl TimeParts {
    pub(super) fn names(&self) -> [&Option<String>; 9] {
        let Self { date, year, month, day, hour, hour_ending, minute, quarter, repeated } = self;
        [date, year, month, day, hour, hour_ending, minute, quarter, repeated]
    }
}

/// How the text of a time is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TimeForm {
    /// ISO 8601, with or without an offset.
    #[default]
    Iso,
    /// A number of units since 1970 in UTC, of which a second has so many.
    Unix(u32),
    /// A pattern of `strptime`.
    Pattern(String),
}

impl TimeForm {
    /// The form that `text` names: `iso`, `unix`, `unix-ms`, or a pattern.
    ///
    /// # Errors
    ///
    /// A text that is none of them.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "iso" => Ok(Self::Iso),
            "unix" => Ok(Self::Unix(1)),
            "unix-ms" => Ok(Self::Unix(1000)),
            _ if text.contains('%') => Ok(Self::Pattern(text.to_owned())),
            _ => Err(format!("unknown form of time `{text}`")),
        }
    }

    /// What `text` shows.
    ///
    /// # Errors
    ///
    /// A text that is not of this form, with a way out where there is one.
    pub fn read(&self, text: &str) -> Result<Moment, LineError> {
        let read = match self {
            Self::Iso => iso(text).or_else(|| iso_by_library(text)),
            Self::Unix(per_second) => unix(text, *per_second),
            Self::Pattern(pattern) => by_pattern(pattern, text),
        };
        read.ok_or_else(|| match self {
            Self::Iso => {
                let message = format!("needs a time such as `2026-06-01T00:00Z`, got `{text}`");
                LineError::new(0, message).help_from(way_out(text))
            }
            Self::Unix(_) => {
                LineError::new(0, format!("needs a number of seconds since 1970, got `{text}`"))
            }
            Self::Pattern(pattern) => {
                LineError::new(0, format!("`{text}` is no time of the form `{pattern}`"))
                    .help_from(way_out(text))
            }
        })
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, or `None` where there is no such
/// date.
pub(super) fn days(year: i64, month: u8, day: u8) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::from(month).checked_sub(1)?)?;
    if day == 0 || day > length || !(-9999..=9999).contains(&year) {
        return None;
    }
    // Years from March, so that the leap day is the last of its year.
    let (month, day) = (i64::from(month), i64::from(day));
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let of_year = (153 * since_march + 2) / 5 + day - 1;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Digits of a text from its front.
struct Digits<'t>(&'t [u8]);

impl Digits<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (front, rest) = self.0.split_at_checked(digits)?;
        let mut value = 0;
        for byte in front {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(byte - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    fn take(&mut self, wanted: &[u8]) -> bool {
        match self.0.first() {
            Some(byte) if wanted.contains(byte) => {
                self.0 = &self.0[1..];
                true
            }
            _ => false,
        }
    }
}

/// The usual forms of ISO 8601: a date, then perhaps a time to the nanosecond, then perhaps an
/// offset. 24:00 is the end of its day.
fn iso(text: &str) -> Option<Moment> {
    let mut rest = Digits(text.as_bytes());
    let year = rest.number(4)?;
    if !rest.take(b"-") {
        return None;
    }
    let month = rest.number(2)?;
    if !rest.take(b"-") {
        return None;
    }
    let day = days(year, month as u8, rest.number(2)? as u8)?;
    let (mut seconds, mut nanos) = (day * 86_400, 0);
    if rest.take(b"T ") {
        let hour = rest.number(2)?;
        if !rest.take(b":") {
            return None;
        }
        let minute = rest.number(2)?;
        let second = if rest.take(b":") { rest.number(2)? } else { 0 };
        if rest.take(b".,") {
            nanos = decimals(&mut rest)?;
        }
        let end_of_day = (hour, minute, second, nanos) == (24, 0, 0, 0);
        if !(hour < 24 || end_of_day) || minute > 59 || second > 59 {
            return None;
        }
        seconds += hour * 3600 + minute * 60 + second;
        // A blank between time and offset is usual.
        while !rest.0.is_empty() && rest.take(b" ") {}
    }
    let offset_s = match rest.0 {
        [] => None,
        b"Z" | b"z" | b"UTC" => Some(0),
        [sign @ (b'+' | b'-'), digits @ ..] => {
            let mut digits = Digits(digits);
            let hours = digits.number(2)?;
            digits.take(b":");
            let minutes = if digits.0.is_empty() { 0 } else { digits.number(2)? };
            if !digits.0.is_empty() || hours > 25 || minutes > 59 {
                return None;
            }
            let ahead = (hours * 3600 + minutes * 60) as i32;
            Some(if *sign == b'-' { -ahead } else { ahead })
        }
        _ => return None,
    };
    Some(Moment { seconds, nanos, offset_s, repeated: None })
}

/// Up to nine decimals of a second that count; what follows them is below a nanosecond.
fn decimals(rest: &mut Digits<'_>) -> Option<u32> {
    let count = rest.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let digit = |at: usize| if at < count { u32::from(rest.0[at] - b'0') } else { 0 };
    let nanos = (0..9).fold(0, |value, at| value * 10 + digit(at));
    rest.0 = &rest.0[count..];
    Some(nanos)
}

/// What else ISO 8601 knows.
fn iso_by_library(text: &str) -> Option<Moment> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(of_instant(instant));
    }
    text.parse::<DateTime>().ok().map(of_civil)
}

fn of_instant(instant: Timestamp) -> Moment {
    let nanos = instant.as_nanosecond();
    Moment {
        seconds: nanos.div_euclid(1_000_000_000) as i64,
        nanos: nanos.rem_euclid(1_000_000_000) as u32,
        offset_s: Some(0),
        repeated: None,
    }
}

fn of_civil(local: DateTime) -> Moment {
    let day = days(i64::from(local.year()), local.month() as u8, local.day() as u8)
        .expect("a date of the calendar");
    let of_day =
        i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
    Moment::local(day * 86_400 + of_day, local.subsec_nanosecond() as u32)
}

/// A number of units since 1970, `per_second` in a second.
fn unix(text: &str, per_second: u32) -> Option<Moment> {
    let at = |seconds, nanos| Moment { seconds, nanos, offset_s: Some(0), repeated: None };
    let per_second = i64::from(per_second);
    if let Ok(whole) = text.parse::<i64>() {
        let part = whole.rem_euclid(per_second) * (1_000_000_000 / per_second);
        return Some(at(whole.div_euclid(per_second), part as u32));
    }
    if let Some((whole, part)) = text.split_once('.')
        && !whole.starts_with('-')
        && let (Ok(whole), true) = (whole.parse::<i64>(), part.bytes().all(|b| b.is_ascii_digit()))
    {
        // Digit by digit: an f64 of today's seconds ends at a quarter of a microsecond.
        let part = decimals(&mut Digits(part.as_bytes())).unwrap_or(0);
        let of_unit = whole.rem_euclid(per_second) * (1_000_000_000 / per_second);
        let nanos = of_unit + i64::from(part) / per_second;
        return Some(at(whole.div_euclid(per_second), nanos as u32));
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.abs() < 1e15)?;
    let nanos = (value / per_second as f64 * 1e9).round() as i128;
    Some(at(nanos.div_euclid(1_000_000_000) as i64, nanos.rem_euclid(1_000_000_000) as u32))
}

/// What may follow a time that a pattern reads: seconds that are zero, the name of a clock in
/// brackets, and the end of an interval (`from - until`), which counts by its start.
fn may_follow(rest: &str) -> bool {
    let rest = rest.strip_prefix(":00").unwrap_or(rest);
    rest.is_empty() || rest.starts_with(" - ") || rest.starts_with(" (")
}

/// By a pattern of `strptime`.
fn by_pattern(pattern: &str, text: &str) -> Option<Moment> {
    let read = |text: &str| {
        let (time, length) = BrokenDownTime::parse_prefix(pattern, text).ok()?;
        if !may_follow(&text[length..]) {
            return None;
        }
        let offset_s = time.offset().map(|offset| offset.seconds());
        let local = time.to_datetime().ok()?;
        Some(Moment { offset_s, ..of_civil(local) })
    };
    read(text).or_else(|| {
        // 24:00 is the end of its day.
        let at = text.find("24:00").or_else(|| text.ends_with(" 24").then(|| text.len() - 2))?;
        let midnight = format!("{}00{}", &text[..at], &text[at + 2..]);
        read(&midnight).map(|moment| moment.plus(86_400))
    })
}

/// What to write for times that look like `text`.
fn way_out(text: &str) -> Option<String> {
    if let Ok(number) = text.parse::<f64>() {
        let form = match number {
            1e8..1e10 => "unix",
            1e11..1e13 => "unix-ms",
            _ => return None,
        };
        return Some(format!("seconds or milliseconds since 1970 need `time_format: {form}`"));
    }
    let clocks = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"];
    let dates = ["%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%d-%b-%Y"];
    let fits = |pattern: &String| {
        BrokenDownTime::parse_prefix(pattern, text)
            .is_ok_and(|(_, length)| length == text.len() || text[length..].starts_with(" - "))
    };
    let patterns = dates.iter().flat_map(|date| clocks.map(|clock| format!("{date}{clock}")));
    let Some(pattern) = patterns.into_iter().find(fits) else {
        let is_word = !text.is_empty() && !text.bytes().any(|byte| byte.is_ascii_digit());
        return is_word
            .then(|| "a line that is no row, such as one of sums, is to be taken out".into());
    };
    let whole = if pattern.contains(' ') {
        ""
    } else {
        "; where other columns hold the hour, name them in `time_parts`"
    };
    // Up to the twelfth of a month nobody can tell it from its day.
    let other = pattern.replace("%m/%d/", "%d/%m/");
    let either = if other != pattern && fits(&other) {
        format!(" or, with the day first, `\"{other}\"`")
    } else {
        String::new()
    };
    Some(format!("write how times are written: `time_format: \"{pattern}\"`{either}{whole}"))
}

/// The clock that times without an offset were read from.
#[derive(Debug, Clone)]
pub struct WallClock {
    zone: TimeZone,
    is_utc: bool,
}

impl WallClock {
    /// The clock of `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self { is_utc: zone == TimeZone::UTC, zone }
    }

    /// When it showed `moment`. Of two equal hours it is the first, unless the row says which, or
    /// `previous`, the row before, was not before that.
    ///
    /// # Errors
    ///
    /// A time that the clock skips, or that no calendar has.
    pub fn instant(
        &self,
        moment: Moment,
        previous: Option<Timestamp>,
    ) -> Result<Timestamp, LineError> {
        let out_of_range = || {
            let help = "milliseconds since 1970 need `time_format: unix-ms`".to_owned();
            let is_far = moment.offset_s == Some(0) && moment.seconds > 1_000_000_000_000;
            LineError::new(0, "a time out of range").help_from(is_far.then_some(help))
        };
        let at = |offset_s: i64| {
            let nanos = i32::try_from(moment.nanos).map_err(|_| out_of_range())?;
            let seconds = moment.seconds.checked_sub(offset_s).ok_or_else(out_of_range)?;
            Timestamp::new(seconds, nanos).map_err(|_| out_of_range())
        };
        if let Some(offset_s) = moment.offset_s {
            return at(i64::from(offset_s));
        }
        if self.is_utc {
            return at(0);
        }
        let local = at(0)?.to_zoned(TimeZone::UTC).datetime();
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(i64::from(offset.seconds())),
            AmbiguousOffset::Gap { .. } => {
                let name = self.zone.iana_name().unwrap_or("this time zone");
                let local = local.strftime("%Y-%m-%d %H:%M");
                let message = format!("the clock of {name} skips `{local}`");
                let help = "a clock without summer time is a fixed offset: `time_zone: \"-05:00\"`";
                Err(LineError::new(0, message).help_from(Some(help.to_owned())))
            }
            AmbiguousOffset::Fold { before, after } => {
                let earlier = at(i64::from(before.seconds()))?;
                let later = moment
                    .repeated
                    .unwrap_or_else(|| previous.is_some_and(|previous| previous >= earlier));
                if later { at(i64::from(after.seconds())) } else { Ok(earlier) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(form: &TimeForm, text: &str) -> String {
        let moment = form.read(text).unwrap();
        WallClock::new(TimeZone::UTC).instant(moment, None).unwrap().to_string()
    }

    fn pattern(text: &str) -> TimeForm {
        TimeForm::parse(text).unwrap()
    }

    #[test]
    fn iso_times_are_those_of_the_library() {
        for text in [
            "2026-06-01T00:00Z",
            "2024-02-29 23:59:59.123456789+05:30",
            "2024-11-03 01:00-05:00",
            "1969-12-31T23:59:59.5Z",
            "0001-01-01T00:00Z",
            "2024-07-01T00:00:00.000Z",
        ] {
            let ours = said(&TimeForm::Iso, text);
            assert_eq!(ours, text.parse::<Timestamp>().unwrap().to_string(), "{text}");
        }
        for text in ["2024-02-29", "2024-03-01 12:30", "1600-12-31T23:00:00.25"] {
            let local: DateTime = text.parse().unwrap();
            let theirs = jiff::tz::Offset::UTC.to_timestamp(local).unwrap();
            assert_eq!(said(&TimeForm::Iso, text), theirs.to_string(), "{text}");
        }
        assert_eq!(said(&TimeForm::Iso, "2024-12-31 24:00"), "2025-01-01T00:00:00Z");
        for text in ["2023-02-29", "2024-01-01 24:01", "2024-01-01 12:60", "2024-1-1", "", "x"] {
            assert!(TimeForm::Iso.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn epochs_and_patterns_are_read_as_they_are_written() {
        assert_eq!(said(&TimeForm::Unix(1), "1719792000"), "2024-07-01T00:00:00Z");
        assert_eq!(said(&TimeForm::Unix(1), "1720864800.1"), "2024-07-13T10:00:00.1Z");
        assert_eq!(said(&TimeForm::Unix(1000), "1719792000250"), "2024-07-01T00:00:00.25Z");
        assert_eq!(said(&TimeForm::Unix(1000), "1719792000250.5"), "2024-07-01T00:00:00.2505Z");
        let american = pattern("%m/%d/%Y %I:%M:%S %p");
        assert_eq!(said(&american, "11/3/2024 5:00:00 PM"), "2024-11-03T17:00:00Z");
        let interval = pattern("%d/%m/%Y %H:%M:%S");
        let text = "03/11/2024 06:00:00 - 03/11/2024 07:00:00";
        assert_eq!(said(&interval, text), "2024-11-03T06:00:00Z");
        assert_eq!(said(&pattern("%m/%d/%Y %H:%M"), "12/31/2024 24:00"), "2025-01-01T00:00:00Z");
        assert_eq!(said(&pattern("%m/%d/%Y"), "12/31/2024"), "2024-12-31T00:00:00Z");
        assert_eq!(
            said(&pattern("%Y-%m-%dT%H:%M%z"), "2024-07-01T00:00-0600"),
            "2024-07-01T06:00:00Z"
        );
        assert!(TimeForm::parse("epoch").is_err());
    }

    #[test]
    fn what_is_no_iso_time_is_shown_its_form() {
        for (text, form) in [
            ("1719792000", "`time_format: unix`"),
            ("1719792000250", "`time_format: unix-ms`"),
            ("11/3/2024 5:00:00 AM", "\"%m/%d/%Y %I:%M:%S %p\""),
            ("11/03/2024", "\"%m/%d/%Y\"` or, with the day first, `\"%d/%m/%Y\"`; where other"),
            ("11/13/2024", "\"%m/%d/%Y\"`; where other columns hold the hour"),
            ("31/03/2024 06:00:00 - 31/03/2024 07:00:00", "\"%d/%m/%Y %H:%M:%S\""),
            ("01.07.2024 13:00", "\"%d.%m.%Y %H:%M\""),
        ] {
            let help = TimeForm::Iso.read(text).unwrap_err().help.unwrap();
            assert!(help.contains(form), "{text}: {help}");
        }
        let help = TimeForm::Iso.read("yesterday").unwrap_err().help.unwrap();
        assert!(help.contains("is to be taken out"), "{help}");
        assert_eq!(TimeForm::Iso.read("12").unwrap_err().help, None);
    }

    #[test]
    fn the_row_says_which_of_two_equal_hours_it_is() {
        let clock = WallClock::new(TimeZone::get("America/Chicago").unwrap());
        let at = |repeated| {
            let moment = TimeForm::Iso.read("2024-11-03 01:00").unwrap();
            clock.instant(Moment { repeated, ..moment }, None).unwrap().to_string()
        };
        assert_eq!(at(None), "2024-11-03T06:00:00Z");
        assert_eq!(at(Some(false)), "2024-11-03T06:00:00Z");
        assert_eq!(at(Some(true)), "2024-11-03T07:00:00Z");
        let skipped = TimeForm::Iso.read("2024-03-10 02:00").unwrap();
        let error = clock.instant(skipped, None).unwrap_err();
        assert!(error.message.contains("skips `2024-03-10 02:00`"), "{error}");
        assert!(error.help.unwrap().contains("time_zone: \"-05:00\""));
        let fixed = WallClock::new(TimeZone::fixed(jiff::tz::offset(-5)));
        assert_eq!(fixed.instant(skipped, None).unwrap().to_string(), "2024-03-10T07:00:00Z");
    }
}
