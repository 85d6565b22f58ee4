/**
 * How a place in a scrolled box becomes a place in a list of any length. Browsers draw no element taller than some 17 million
 * pixels: a longer list is drawn shorter than it is, and moves by more rows a pixel. Pure.
 */

export const rowHeightPx = 36
/** Below what every browser draws. */
const heightMaxPx = 8_000_000

export interface Scale {
  /** Of all rows together, as it is drawn. */
  readonly heightPx: number
  /** The first row that is seen, when the box is scrolled so far. */
  firstAt(scrollPx: number): number
  /** Where a row is drawn, in pixels from the top of the list, when the box is scrolled so far. */
  topOf(row: number, scrollPx: number): number
  /** How far the box has to be scrolled for a row to be the first that is seen. */
  scrollTo(row: number): number
}

export function scaleOf(rows: number, viewPx: number): Scale {
  const wholePx = rows * rowHeightPx
  const heightPx = Math.min(wholePx, heightMaxPx)
  const room = Math.max(0, heightPx - viewPx)
  const factor = room === 0 || heightPx === wholePx ? 1 : (wholePx - viewPx) / room
  const inList = (scrollPx: number) => Math.min(Math.max(0, scrollPx), room) * factor
  return {
    heightPx,
    firstAt: (scrollPx) => Math.min(Math.floor(inList(scrollPx) / rowHeightPx), Math.max(0, rows - 1)),
    topOf: (row, scrollPx) => row * rowHeightPx - inList(scrollPx) + Math.min(Math.max(0, scrollPx), room),
    scrollTo: (row) => Math.min((row * rowHeightPx) / factor, room),
  }
}
