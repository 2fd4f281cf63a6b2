//! The signs of which frames and charts are made, as shapes: in a font they seldom meet.

use super::svg::CELL;

/// The height of a block in eighths of a cell, where the sign is one.
pub(super) fn eighths(sign: &str) -> Option<u16> {
    let number = u32::from(only(sign)?).checked_sub(0x2580)?;
    u16::try_from(number).ok().filter(|eighths| (1..=8).contains(eighths))
}

/// The path of a piece of a frame whose cell has its top left corner at `x` and `y`.
pub(super) fn frame(sign: &str, x: u16, y: u16) -> Option<String> {
    let (width, height) = CELL;
    let (left, middle, right) = (x, x + width / 2, x + width);
    let (top, center, bottom) = (y, y + height / 2, y + height);
    let (to_left, to_right) = (format!("M{middle},{center}H{left}"), format!("M{middle},{center}H{right}"));
    let (up, down) = (format!("M{middle},{center}V{top}"), format!("M{middle},{center}V{bottom}"));
    let round = |x: u16, y: u16| format!("M{middle},{y}Q{middle},{center} {x},{center}");
    Some(match only(sign)? {
        '─' => format!("M{left},{center}H{right}"),
        '│' => format!("M{middle},{top}V{bottom}"),
        '┌' => to_right + &down,
        '┐' => to_left + &down,
        '└' => to_right + &up,
        '┘' => to_left + &up,
        '├' => format!("M{middle},{top}V{bottom}{to_right}"),
        '┤' => format!("M{middle},{top}V{bottom}{to_left}"),
        '┬' => format!("M{left},{center}H{right}{down}"),
        '┴' => format!("M{left},{center}H{right}{up}"),
        '┼' => format!("M{left},{center}H{right}M{middle},{top}V{bottom}"),
        '╭' => round(right, bottom),
        '╮' => round(left, bottom),
        '╯' => round(left, top),
        '╰' => round(right, top),
        _ => return None,
    })
}

fn only(sign: &str) -> Option<char> {
    let mut chars = sign.chars();
    chars.next().filter(|_| chars.next().is_none())
}
