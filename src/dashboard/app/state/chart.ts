/** From the past of figures and what is expected of them to lines in a box of 1000 by 1000. Pure. */

export interface Point {
  readonly atMs: number
  readonly value: number
}
interface Expected extends Point {
  readonly low: number
  readonly high: number
}

export interface Line {
  readonly name: string
  readonly past: readonly Point[]
  /** Empty where nothing can be said. */
  readonly expected: readonly Expected[]
}

export interface Drawing {
  readonly low: number
  readonly high: number
  readonly fromMs: number
  readonly untilMs: number
  /** Where what is expected begins, from 0 to 1000; undefined where nothing is. */
  readonly nowX: number | undefined
  readonly limitY: number | undefined
  readonly lines: readonly {
    readonly name: string
    /** Points of an SVG polyline; a single value is drawn as a short stroke. */
    readonly past: string
    readonly expected: string
    /** Points of the polygon in which nine of ten values are expected. */
    readonly band: string
  }[]
}

const side = 1000

/** Undefined where there is nothing to draw. No value is above `ceiling`, nor is it drawn so. A limit far beyond all values is told in words alone: it would flatten them. */
export function drawingOf(
  lines: readonly Line[],
  nowMs: number,
  limit: number | null,
  ceiling = Number.POSITIVE_INFINITY,
): Drawing | undefined {
  const points = lines.flatMap(({ past, expected }) => [...past, ...expected])
  if (points.length === 0) return undefined
  const values = lines.flatMap(({ past, expected }) => [
    ...past.map(({ value }) => value),
    ...expected.flatMap(({ low, high }) => [low, high]),
  ])
  const most = Math.max(...values)
  const isNear = limit !== null && limit <= Math.max(most * 3, most + 1)
  const all = isNear ? [...values, limit] : values
  const [low, roomy] = widened(Math.min(...all), Math.max(...all))
  const high = Math.min(roomy, Math.max(ceiling, ...values))
  const moments = points.map(({ atMs }) => atMs)
  const fromMs = Math.min(...moments)
  const untilMs = Math.max(...moments, fromMs + 1)
  const x = (atMs: number) => round(((atMs - fromMs) / (untilMs - fromMs)) * side)
  const y = (value: number) => round(side - ((value - low) / (high - low)) * side)
  const polyline = (of: readonly Point[]) => of.map(({ atMs, value }) => `${x(atMs)},${y(value)}`).join(' ')
  const hasExpected = lines.some(({ expected }) => expected.length > 0)
  return {
    low,
    high,
    fromMs,
    untilMs,
    nowX: hasExpected ? Math.min(side, Math.max(0, x(nowMs))) : undefined,
    limitY: isNear ? y(limit) : undefined,
    lines: lines.map(({ name, past, expected }) => {
      const [only] = past
      const last = past.at(-1)
      const isSingle = only !== undefined && past.length === 1
      return {
        name,
        past: isSingle ? `${x(only.atMs) - 8},${y(only.value)} ${x(only.atMs) + 8},${y(only.value)}` : polyline(past),
        expected: expected.length === 0 || last === undefined ? '' : polyline([last, ...expected]),
        band: [
          ...expected.map(({ atMs, high: top }) => `${x(atMs)},${y(top)}`),
          ...[...expected].reverse().map(({ atMs, low: bottom }) => `${x(atMs)},${y(bottom)}`),
        ].join(' '),
      }
    }),
  }
}

/** A little room; and some height where all values are as good as one, whose last digits are no news. */
function widened(low: number, high: number): readonly [number, number] {
  const spread = high - low
  const room = spread > Math.abs(high) * 0.005 ? spread * 0.08 : Math.max(Math.abs(high) * 0.1, 1)
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room]
}

function round(number: number): number {
  return Math.round(number * 10) / 10
}
