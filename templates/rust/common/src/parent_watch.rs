//! Ends this process when LocalAI, its parent, is gone: a killed parent cannot stop its backends.

use std::os::unix::process::parent_id;
use std::time::Duration;

use crate::log;

const DEFAULT_INTERVAL: Duration = Duration::from_secs(2);

/// Starts the watch unless `LOCALAI_BACKEND_PARENT_WATCH` is `false`, `0`, `no` or `off`.
///
/// `LOCALAI_BACKEND_PARENT_WATCH_INTERVAL` is a Go duration such as `500ms`; a bare number counts
/// seconds. A process that starts without a parent of its own (1 or 0) is not watched.
pub fn start() {
    let switch = std::env::var("LOCALAI_BACKEND_PARENT_WATCH").unwrap_or_default();
    if is_off(&switch) {
        return;
    }
    let parent = parent_id();
    if parent <= 1 {
        return;
    }
    let interval = std::env::var("LOCALAI_BACKEND_PARENT_WATCH_INTERVAL").unwrap_or_default();
    let interval = parse_interval(&interval).unwrap_or(DEFAULT_INTERVAL);
    std::thread::spawn(move || loop {
        std::thread::sleep(interval);
        if parent_id() != parent {
            log::line(format!("parent process {parent} is gone, exiting"));
            std::process::exit(1);
        }
    });
}

fn is_off(switch: &str) -> bool {
    let switch = switch.trim().to_ascii_lowercase();
    matches!(switch.as_str(), "false" | "0" | "no" | "off")
}

/// Reads `1m30s`, `500ms` or `2`; `None` for anything else and for zero.
fn parse_interval(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_where(after, |c| c.is_ascii_digit() || c == '.');
        seconds += number.parse::<f64>().ok()? * seconds_of(unit)?;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|interval| !interval.is_zero())
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

fn seconds_of(unit: &str) -> Option<f64> {
    match unit {
        "" | "s" => Some(1.0),
        "ns" => Some(1e-9),
        "us" | "µs" => Some(1e-6),
        "ms" => Some(1e-3),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_go_durations_or_seconds() {
        assert_eq!(parse_interval("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_interval("2s"), Some(Duration::from_secs(2)));
        assert_eq!(parse_interval("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_interval(" 3 "), Some(Duration::from_secs(3)));
        assert_eq!(parse_interval("0.5"), Some(Duration::from_millis(500)));
    }

    #[test]
    fn anything_else_means_the_default() {
        for text in ["", "0", "0s", "-1s", "soon", "5 minutes", "1.2.3s", "s"] {
            assert_eq!(parse_interval(text), None, "{text:?}");
        }
    }

    #[test]
    fn four_words_switch_the_watch_off() {
        for word in ["false", "0", "no", "off", " OFF "] {
            assert!(is_off(word), "{word:?}");
        }
        for word in ["", "true", "1", "yes"] {
            assert!(!is_off(word), "{word:?}");
        }
    }
}
