/** What a change cost: the rows of two programs' benchmarks, measured in turns, side by side. */
import { z } from 'zod'
import { type Figure, median } from '../measure.ts'

const figureSchema = z.object({ value: z.number(), unit: z.enum(['ms', 'percent', 'requests/s', 'calls']) })

/** What is read of the JSON that `npm run bench -- --json` prints; of an older program too. */
export const benchOutputSchema = z.object({
  loadBefore: z.number(),
  rows: z.array(
    z.object({
      bench: z.string(),
      what: z.string(),
      median: figureSchema,
      ratio: z.number().optional(),
      peakBytes: z.number().optional(),
    }),
  ),
})

export type BenchOutput = z.infer<typeof benchOutputSchema>
type OutputRow = BenchOutput['rows'][number]

/** One row of both programs. `undefined` where a program does not have the row. */
export interface Change {
  readonly bench: string
  readonly what: string
  readonly before: Measured | undefined
  readonly now: Measured | undefined
  /**
   * How many times dearer it became, above 1 for worse: of the ratios to the floor where there are any, since load falls
   * out of them, else of the figures.
   */
  readonly times: number | undefined
  /** Whether all turns of one program lie on one side of all turns of the other. With fewer than 2 turns nothing is clear. */
  readonly clear: boolean
}

/** Medians over the turns. */
export interface Measured {
  readonly figure: Figure
  readonly ratio: number | undefined
  readonly peakBytes: number | undefined
}

/**
 * @param before outputs of the base, a turn each
 * @param now outputs of the program as it is, a turn each
 * @returns a change for each row that either has, in the order of the program as it is, then what it no longer has
 */
export function changesOf(before: readonly BenchOutput[], now: readonly BenchOutput[]): readonly Change[] {
  const names = new Map([...now, ...before].flatMap(({ rows }) => rows.map((row) => [nameOf(row), row] as const)))
  return [...names].map(([name, { bench, what }]) => {
    const ofBase = rowsNamed(name, before)
    const ofNow = rowsNamed(name, now)
    return { bench, what, before: measured(ofBase), now: measured(ofNow), ...compared(ofBase, ofNow) }
  })
}

function nameOf({ bench, what }: OutputRow): string {
  return `${bench}\0${what}`
}

function rowsNamed(name: string, outputs: readonly BenchOutput[]): readonly OutputRow[] {
  return outputs.flatMap(({ rows }) => rows.filter((row) => nameOf(row) === name))
}

function measured(rows: readonly OutputRow[]): Measured | undefined {
  const [first] = rows
  if (first === undefined) return undefined
  return {
    figure: { value: median(rows.map((row) => row.median.value)), unit: first.median.unit },
    ratio: medianOf(rows.map((row) => row.ratio)),
    peakBytes: medianOf(rows.map((row) => row.peakBytes)),
  }
}

function medianOf(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined)
  return known.length === 0 ? undefined : median(known)
}

function compared(before: readonly OutputRow[], now: readonly OutputRow[]): Pick<Change, 'times' | 'clear'> {
  const byRatio = [...before, ...now].every((row) => row.ratio !== undefined)
  const costs = (rows: readonly OutputRow[]) => rows.map((row) => costOf(row, byRatio))
  const ofBase = costs(before)
  const ofNow = costs(now)
  if (ofBase.length === 0 || ofNow.length === 0) return { times: undefined, clear: false }
  const base = median(ofBase)
  return {
    times: base === 0 ? undefined : median(ofNow) / base,
    clear:
      Math.min(ofBase.length, ofNow.length) > 1 &&
      (Math.max(...ofBase) < Math.min(...ofNow) || Math.max(...ofNow) < Math.min(...ofBase)),
  }
}

/** Of requests a second more is better, and so is a higher ratio of them to the floor: their cost is the inverse. */
function costOf({ median: figure, ratio }: OutputRow, byRatio: boolean): number {
  const amount = byRatio && ratio !== undefined ? ratio : figure.value
  return figure.unit === 'requests/s' ? 1 / amount : amount
}
