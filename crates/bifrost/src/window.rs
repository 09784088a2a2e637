//! Reset periods in the gateway's form. Source: `reference/bifrost-api.md` 4.4.

use model::{Unit, Window};

/// Writes a window: `30d`, `1w`, `1M`, `10Y`; minutes are `m`, months `M`.
pub fn write(window: Window) -> String {
    let unit = match window.unit {
        Unit::Second => "s",
        Unit::Minute => "m",
        Unit::Hour => "h",
        Unit::Day => "d",
        Unit::Week => "w",
        Unit::Month => "M",
        Unit::Year => "Y",
    };
    format!("{}{unit}", window.count)
}

/// Whether the gateway takes this text as a reset period. Quarters need a newer gateway, so they are not taken.
pub fn is_valid(text: &str) -> bool {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    count.parse::<u32>().is_ok_and(|count| count > 0) && ["s", "m", "h", "d", "w", "M", "Y"].contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_the_gateway_takes() {
        assert_eq!(write(Window::new(30, Unit::Day)), "30d");
        assert_eq!(write(Window::new(1, Unit::Month)), "1M");
        assert_eq!(write(Window::new(5, Unit::Minute)), "5m");
        for text in ["10Y", "1d", "24h", "1M"] {
            assert!(is_valid(text), "{text}");
        }
        for text in ["", "10", "0d", "1mo", "1D", "-1d", "daily", "1.5d"] {
            assert!(!is_valid(text), "{text}");
        }
    }
}
