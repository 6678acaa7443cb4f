//! Where things are in the chart of the score: arithmetic only.

use nephoscope_model::api::TrendPoint;
use nephoscope_model::{Points, TargetName};

use crate::wording;

/// The frame of one chart and the scales within it.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The whole drawing.
    pub width: f64,
    /// The whole drawing.
    pub height: f64,
    /// Where the scales begin.
    pub left: f64,
    /// Where the scales begin.
    pub top: f64,
    /// The room right of the scales.
    beside: f64,
    /// Labels below the chart.
    dates: usize,
    /// Nights that may be named.
    notes: usize,
    /// Seconds at the left and right edge.
    time: (f64, f64),
    /// Score at the bottom and top edge.
    score: (f64, f64),
}

/// A night that moved the score.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Where it stands.
    pub x: f64,
    /// Where its words stand.
    pub text_x: f64,
    /// On which side of its line the words are.
    pub anchor: &'static str,
    /// What it did.
    pub words: String,
    /// Points gained; negative for points lost.
    pub gain: f64,
}

/// The room right of the last point, for its value.
const RIGHT: f64 = 46.0;
/// The same where lines of several targets end there, and are named.
const RIGHT_NAMED: f64 = 108.0;
/// The distance of two lines of words.
const LINE: f64 = 16.0;
/// The room below the scales, for dates.
const BELOW: f64 = 26.0;
/// A step of the score that is worth naming.
const NOTABLE: f64 = 1.0;

impl Plot {
    /// For a card that is at least 520 pixels wide.
    pub fn wide(points: &[&TrendPoint]) -> Self {
        Self::new(points, 720.0, 244.0, 6, 3)
    }

    /// For a telephone: the same letters in less room, so fewer of them.
    pub fn narrow(points: &[&TrendPoint]) -> Self {
        Self::new(points, 330.0, 216.0, 3, 1)
    }

    fn new(points: &[&TrendPoint], width: f64, height: f64, dates: usize, notes: usize) -> Self {
        let seconds = || points.iter().map(|point| seconds(point));
        let first = seconds().fold(f64::INFINITY, f64::min);
        let last = seconds().fold(f64::NEG_INFINITY, f64::max);
        let values =
            || points.iter().flat_map(|p| [&p.low, &p.posture, &p.high]).flatten().map(Points::to_f64);
        let low = values().fold(100.0, f64::min);
        let high = values().fold(0.0, f64::max);
        let several = points.windows(2).any(|pair| pair[0].target != pair[1].target);
        let step = step(high - low);
        let bottom = ((low - 1.0) / step).floor() * step;
        let top = ((high + 1.0) / step).ceil() * step;
        Self {
            width,
            height,
            left: 34.0,
            top: 8.0,
            beside: if several { RIGHT_NAMED } else { RIGHT },
            dates,
            notes,
            time: (first, if last > first { last } else { first + 1.0 }),
            score: (bottom.max(0.0), top.min(100.0).max(bottom + step)),
        }
    }

    /// Where the scales end.
    pub fn right(&self) -> f64 {
        self.width - self.beside
    }

    /// Where the scales end.
    pub fn bottom(&self) -> f64 {
        self.height - BELOW
    }

    fn x(&self, point: &TrendPoint) -> f64 {
        let share = (seconds(point) - self.time.0) / (self.time.1 - self.time.0);
        round(self.left + share * (self.right() - self.left))
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.score.0) / (self.score.1 - self.score.0);
        round(self.bottom() - share.clamp(0.0, 1.0) * (self.bottom() - self.top))
    }

    /// Where the posture of a point is.
    pub fn place(&self, point: &TrendPoint) -> (f64, f64) {
        (self.x(point), self.y(value(point.posture.as_ref())))
    }

    /// The lines of the grid: score and height.
    pub fn ticks(&self) -> Vec<(i64, f64)> {
        let step = step(self.score.1 - self.score.0);
        let count = ((self.score.1 - self.score.0) / step).round() as i64;
        (0..=count).map(|i| self.score.0 + i as f64 * step).map(|v| (v.round() as i64, self.y(v))).collect()
    }

    /// The dates below: words, place, and which end of the words is there.
    pub fn dates(&self, points: &[&TrendPoint]) -> Vec<(String, f64, &'static str)> {
        let wanted = self.dates.min(points.len()).max(2);
        let mut dates: Vec<(String, f64, &'static str)> = Vec::new();
        for index in 0..wanted {
            let Some(point) = points.get(index * (points.len() - 1) / (wanted - 1)) else { continue };
            let anchor = match index {
                0 => "start",
                i if i + 1 == wanted => "end",
                _ => "middle",
            };
            let words = wording::short_day(point.at);
            if dates.last().is_none_or(|(last, _, _)| *last != words) {
                dates.push((words, self.x(point), anchor));
            }
        }
        dates
    }

    /// The path through the postures of one target.
    pub fn line(&self, points: &[&TrendPoint]) -> String {
        path(points.iter().map(|point| self.place(point)))
    }

    /// The area between the lowest and the highest score that is possible.
    pub fn band(&self, points: &[&TrendPoint]) -> String {
        let low = |p: &TrendPoint| (self.x(p), self.y(value(p.low.as_ref().or(p.posture.as_ref()))));
        let high = |p: &TrendPoint| (self.x(p), self.y(value(p.high.as_ref().or(p.posture.as_ref()))));
        let there = points.iter().map(|point| high(point));
        let back = points.iter().rev().map(|point| low(point));
        format!("{}Z", path(there.chain(back)))
    }

    /// The nights that moved the score most, as far as their words do not stand in each other's way.
    pub fn notes(&self, points: &[&TrendPoint]) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        let mut steps = steps(points);
        steps.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        for (point, gain) in steps {
            if notes.len() == self.notes {
                break;
            }
            let x = self.x(point);
            let words = format!(
                "{}{:.1} on {}",
                if gain < 0.0 { "−" } else { "+" },
                gain.abs(),
                wording::short_day(point.at)
            );
            let room = words.chars().count() as f64 * 6.4 + 12.0;
            let leftwards = x - room > self.left;
            let (text_x, anchor) = if leftwards { (x - 6.0, "end") } else { (x + 6.0, "start") };
            let span = |note: &Note| {
                if note.anchor == "end" { (note.x - room, note.x) } else { (note.x, note.x + room) }
            };
            let note = Note { x, text_x: round(text_x), anchor, words, gain };
            let (from, to) = span(&note);
            if notes.iter().map(span).all(|(other_from, other_to)| to < other_from || other_to < from) {
                notes.push(note);
            }
        }
        notes
    }
}

/// Moves heights apart until each has a line of its own, from the top down, and back up from the `bottom`.
pub fn spread(heights: &mut [(usize, f64)], bottom: f64) {
    heights.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = f64::NEG_INFINITY;
    for (_, height) in heights.iter_mut() {
        *height = height.max(free);
        free = *height + LINE;
    }
    let mut free = bottom;
    for (_, height) in heights.iter_mut().rev() {
        *height = height.min(free);
        free = *height - LINE;
    }
}

/// The class of a note, by direction.
pub fn note_class(gain: f64) -> &'static str {
    if gain < 0.0 { "note fell" } else { "note rose" }
}

/// Each point that differs notably from the one before of its target.
fn steps<'a>(points: &[&'a TrendPoint]) -> Vec<(&'a TrendPoint, f64)> {
    let mut before: Vec<(&TargetName, f64)> = Vec::new();
    let mut steps = Vec::new();
    for point in points {
        let now = value(point.posture.as_ref());
        match before.iter_mut().find(|(target, _)| **target == point.target) {
            Some((_, last)) => {
                if (now - *last).abs() >= NOTABLE {
                    steps.push((*point, now - *last));
                }
                *last = now;
            }
            None => before.push((&point.target, now)),
        }
    }
    steps
}

fn path(places: impl Iterator<Item = (f64, f64)>) -> String {
    let steps = places.enumerate().map(|(i, (x, y))| format!("{}{x} {y}", if i == 0 { 'M' } else { 'L' }));
    steps.collect::<Vec<_>>().join("")
}

fn seconds(point: &TrendPoint) -> f64 {
    point.at.as_second() as f64
}

fn value(points: Option<&Points>) -> f64 {
    points.map_or(0.0, Points::to_f64)
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// The distance between lines of the grid for a span of scores.
fn step(span: f64) -> f64 {
    match span {
        s if s <= 6.0 => 2.0,
        s if s <= 22.0 => 5.0,
        s if s <= 45.0 => 10.0,
        _ => 25.0,
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::ScanId;

    use super::*;

    fn point(day: i64, posture: i128) -> TrendPoint {
        let points = |n| Points::ratio(n, 10);
        TrendPoint {
            scan: ScanId::from("20261116T020000Z-1f3a9c2e"),
            target: TargetName::from("shop"),
            at: jiff::Timestamp::from_second(1_790_000_000 + day * 86_400).unwrap(),
            posture: points(posture),
            low: points(posture - 20),
            high: points(posture + 10),
            reported: points(posture),
            debt: 0,
            unknown: 0,
        }
    }

    #[test]
    fn everything_drawn_lies_within_the_frame() {
        let points: Vec<_> = (0..30).map(|day| point(day, 700 + (day as i128 * 37) % 90)).collect();
        let points: Vec<_> = points.iter().collect();
        for plot in [Plot::wide(&points), Plot::narrow(&points)] {
            for point in &points {
                let (x, y) = plot.place(point);
                assert!((plot.left..=plot.right()).contains(&x) && (plot.top..=plot.bottom()).contains(&y));
            }
            let dates = plot.dates(&points);
            assert_eq!(dates.first().map(|date| date.2), Some("start"));
            assert_eq!(dates.last().map(|date| date.2), Some("end"));
            assert!(plot.ticks().len() <= 6, "{:?}", plot.ticks());
            assert!(plot.band(&points).ends_with('Z'));
        }
    }

    #[test]
    fn only_nights_that_moved_the_score_are_named() {
        let quiet: Vec<_> = (0..10).map(|day| point(day, 700)).collect();
        assert_eq!(
            Plot::wide(&quiet.iter().collect::<Vec<_>>()).notes(&quiet.iter().collect::<Vec<_>>()),
            []
        );
        let mut fell = quiet;
        fell.extend((10..20).map(|day| point(day, 638)));
        let points: Vec<_> = fell.iter().collect();
        let notes = Plot::wide(&points).notes(&points);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].words.starts_with("−6.2 on "), "{}", notes[0].words);
        assert_eq!(note_class(notes[0].gain), "note fell");
    }

    #[test]
    fn names_at_the_ends_of_lines_do_not_stand_on_each_other() {
        let mut heights = [(0, 200.0), (1, 198.0), (2, 50.0), (3, 210.0)];
        spread(&mut heights, 212.0);
        let lines: Vec<f64> = heights.iter().map(|(_, height)| *height).collect();
        assert!(lines.windows(2).all(|pair| pair[1] - pair[0] >= LINE), "{lines:?}");
        assert_eq!((heights[0], lines[3]), ((2, 50.0), 212.0));
    }

    #[test]
    fn one_moment_and_one_value_still_give_a_frame() {
        let same = [point(0, 1000), point(0, 1000)];
        let points: Vec<_> = same.iter().collect();
        let plot = Plot::narrow(&points);
        let (x, y) = plot.place(points[0]);
        assert!(x.is_finite() && y.is_finite());
    }
}
