/** What a benchmark is, what it finds, and the arithmetic on repeated measurements. */

/** One measured quantity. */
export interface Figure {
  readonly value: number
  readonly unit: 'ms' | 'percent' | 'requests/s' | 'calls'
}

/** An aim, and whether it was met: of the ratio to the floor, the figure itself, or the memory. */
export interface Aim {
  readonly of: 'ratio' | 'figure' | 'memory'
  readonly below: number
}

/** One line of the report. */
export interface Row {
  readonly bench: string
  readonly what: string
  readonly median: Figure
  /** The least that could do the same, measured in the same run in turns with it. */
  readonly floor: Figure | undefined
  /** Median of the ratios of each round, so that a change of the machine's load between rounds falls out. */
  readonly ratio: number | undefined
  readonly aims: readonly Aim[]
  readonly peakBytes: number | undefined
  readonly rounds: number
}

/** A benchmark: a file of its own in this folder. */
export interface Bench {
  readonly name: string
  run(context: BenchContext): Promise<readonly Row[]>
}

export interface BenchContext {
  /** Rows of the table, `usual` where the command line does not say. */
  rows(usual: number): number
  readonly rounds: number
  readonly seed: number
  /** A folder that is removed at the end. */
  readonly folder: string
  say(message: string): void
}

/** The middle one; the lower of the two middle ones of an even number. Throws for none. */
export function median(numbers: readonly number[]): number {
  return percentile(numbers, 50)
}

/** The smallest number that at least `percent` of them do not exceed (nearest rank). Throws for none. */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((one, other) => one - other)
  const found = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
  if (found === undefined) throw new RangeError('there is no median of no numbers')
  return found
}

/** A thing and its floor, measured in one round. */
export interface Pair {
  readonly value: number
  readonly floor: number
}

/** Median, floor and ratio of rounds in which a thing and its floor were measured in turns. */
export function compared(
  unit: Figure['unit'],
  pairs: readonly Pair[],
): Pick<Row, 'median' | 'floor' | 'ratio' | 'rounds'> {
  return {
    median: { value: median(pairs.map((pair) => pair.value)), unit },
    floor: { value: median(pairs.map((pair) => pair.floor)), unit },
    ratio: median(pairs.map((pair) => pair.value / pair.floor)),
    rounds: pairs.length,
  }
}

/** Waits. @param milliseconds at least so long */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
