// From the places that people and compilers name to offsets into a text.

/** The offset of a line and column, both from 1; what lies outside means the nearest place inside. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', start)
    if (end < 0) return text.length
    start = end + 1
  }
  const end = text.indexOf('\n', start)
  return start + unitsOf(text.slice(start, end < 0 ? text.length : end), column)
}

/** UTF-16 units before a column, which counts characters from 1. */
function unitsOf(line: string, column: number): number {
  let units = 0
  for (const character of line) {
    if (--column < 1) return units
    units += character.length
  }
  return units
}
