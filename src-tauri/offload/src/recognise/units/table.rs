//! The list of units: what each is called, and how the calculator writes it.
//!
//! A unit stands here only if it has one value everywhere. `pounds` and `ounces` are masses: money is not on
//! the list, and both units of a task measure the same. `C` and `F` are rows of their own, since they are
//! degrees only beside each other.

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Length,
    Mass,
    Time,
    Speed,
    Temperature,
    Area,
    Volume,
    Data,
    Pressure,
    Energy,
}

/// A unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// As the calculator writes it.
    pub(super) written: &'static str,
    pub(super) kind: Kind,
    /// Abbreviations, to the letter.
    pub(super) names: &'static [&'static str],
    /// Words, in any case.
    pub(super) words: &'static [&'static str],
}

const fn unit(
    written: &'static str,
    kind: Kind,
    names: &'static [&'static str],
    words: &'static [&'static str],
) -> Unit {
    Unit {
        written,
        kind,
        names,
        words,
    }
}

/// All of them.
pub(super) const UNITS: [Unit; 54] = [
    unit(
        "mm",
        Kind::Length,
        &["mm"],
        &["millimeter", "millimeters", "millimetre", "millimetres"],
    ),
    unit(
        "cm",
        Kind::Length,
        &["cm"],
        &["centimeter", "centimeters", "centimetre", "centimetres"],
    ),
    unit(
        "m",
        Kind::Length,
        &["m"],
        &["meter", "meters", "metre", "metres"],
    ),
    unit(
        "km",
        Kind::Length,
        &["km", "Km", "KM"],
        &["kilometer", "kilometers", "kilometre", "kilometres"],
    ),
    unit("inches", Kind::Length, &[], &["inch", "inches"]),
    unit("feet", Kind::Length, &["ft"], &["foot", "feet"]),
    unit("yards", Kind::Length, &["yd"], &["yard", "yards"]),
    unit("miles", Kind::Length, &["mi"], &["mile", "miles"]),
    unit(
        "nautical_miles",
        Kind::Length,
        &["nmi"],
        &["nautical mile", "nautical miles"],
    ),
    unit("mg", Kind::Mass, &["mg"], &["milligram", "milligrams"]),
    unit("g", Kind::Mass, &["g"], &["gram", "grams"]),
    unit(
        "kg",
        Kind::Mass,
        &["kg", "Kg", "KG"],
        &["kilogram", "kilograms", "kilo", "kilos"],
    ),
    unit(
        "tonnes",
        Kind::Mass,
        &[],
        &["tonne", "tonnes", "metric ton", "metric tons"],
    ),
    unit("ounces", Kind::Mass, &["oz"], &["ounce", "ounces"]),
    unit("pounds", Kind::Mass, &["lb", "lbs"], &["pound", "pounds"]),
    unit("ms", Kind::Time, &["ms"], &["millisecond", "milliseconds"]),
    unit("seconds", Kind::Time, &["s", "sec"], &["second", "seconds"]),
    unit("minutes", Kind::Time, &["min"], &["minute", "minutes"]),
    unit("hours", Kind::Time, &["h", "hr", "hrs"], &["hour", "hours"]),
    unit("days", Kind::Time, &[], &["day", "days"]),
    unit("weeks", Kind::Time, &[], &["week", "weeks"]),
    unit(
        "m/s",
        Kind::Speed,
        &["m/s"],
        &["meters per second", "metres per second"],
    ),
    unit(
        "km/h",
        Kind::Speed,
        &["km/h", "kph"],
        &["kilometers per hour", "kilometres per hour"],
    ),
    unit("mph", Kind::Speed, &["mph"], &["miles per hour"]),
    unit("knots", Kind::Speed, &[], &["knot", "knots"]),
    unit(
        "°C",
        Kind::Temperature,
        &["°C"],
        &["celsius", "degrees celsius"],
    ),
    unit(
        "°F",
        Kind::Temperature,
        &["°F"],
        &["fahrenheit", "degrees fahrenheit"],
    ),
    unit("kelvin", Kind::Temperature, &["K"], &["kelvin"]),
    unit("°C", Kind::Temperature, &["C"], &[]),
    unit("°F", Kind::Temperature, &["F"], &[]),
    unit(
        "m^2",
        Kind::Area,
        &["m²", "m^2"],
        &[
            "square meter",
            "square meters",
            "square metre",
            "square metres",
        ],
    ),
    unit(
        "km^2",
        Kind::Area,
        &["km²", "km^2"],
        &[
            "square kilometer",
            "square kilometers",
            "square kilometre",
            "square kilometres",
        ],
    ),
    unit(
        "feet^2",
        Kind::Area,
        &["ft²", "ft^2"],
        &["square foot", "square feet"],
    ),
    unit("miles^2", Kind::Area, &[], &["square mile", "square miles"]),
    unit("hectares", Kind::Area, &["ha"], &["hectare", "hectares"]),
    unit("acres", Kind::Area, &[], &["acre", "acres"]),
    unit(
        "ml",
        Kind::Volume,
        &["ml", "mL"],
        &["milliliter", "milliliters", "millilitre", "millilitres"],
    ),
    unit(
        "liters",
        Kind::Volume,
        &["l", "L"],
        &["liter", "liters", "litre", "litres"],
    ),
    unit(
        "m^3",
        Kind::Volume,
        &["m³", "m^3"],
        &["cubic meter", "cubic meters", "cubic metre", "cubic metres"],
    ),
    unit(
        "cm^3",
        Kind::Volume,
        &["cm³", "cm^3"],
        &[
            "cubic centimeter",
            "cubic centimeters",
            "cubic centimetre",
            "cubic centimetres",
        ],
    ),
    unit("bits", Kind::Data, &[], &["bit", "bits"]),
    unit("bytes", Kind::Data, &[], &["byte", "bytes"]),
    unit("KiB", Kind::Data, &["KiB"], &["kibibyte", "kibibytes"]),
    unit("MiB", Kind::Data, &["MiB"], &["mebibyte", "mebibytes"]),
    unit("GiB", Kind::Data, &["GiB"], &["gibibyte", "gibibytes"]),
    unit("TiB", Kind::Data, &["TiB"], &["tebibyte", "tebibytes"]),
    unit("Pa", Kind::Pressure, &["Pa"], &["pascal", "pascals"]),
    unit(
        "kPa",
        Kind::Pressure,
        &["kPa"],
        &["kilopascal", "kilopascals"],
    ),
    unit("bar", Kind::Pressure, &["bar"], &[]),
    unit("psi", Kind::Pressure, &["psi"], &[]),
    unit("joules", Kind::Energy, &["J"], &["joule", "joules"]),
    unit("kJ", Kind::Energy, &["kJ"], &["kilojoule", "kilojoules"]),
    unit("MJ", Kind::Energy, &["MJ"], &["megajoule", "megajoules"]),
    unit(
        "kWh",
        Kind::Energy,
        &["kWh"],
        &["kilowatt hour", "kilowatt hours"],
    ),
];
