/** What every writer of a generated workspace knows: its size, seed, level of mess, moment and people. */
import type { MessLevel } from './mess.ts'
import { type Population, populationOf } from './population.ts'
import { type Scenario, sharesOf } from './scenario.ts'
import { below, type Stream, streamOf } from './stream.ts'

/** Rows of the main table that are not one person in full, with their part at level heavy. */
const plantedRows = [
  ['half-filled', 0.01],
  ['missing-email', 0.02],
  ['email-without-domain', 0.005],
  ['duplicate-exact', 0.005],
  ['duplicate-by-email', 0.014],
  ['duplicate-fuzzy', 0.01],
  ['duplicate-doubtful', 0.004],
] as const
export type RowKind = 'plain' | (typeof plantedRows)[number][0]

export interface WorkspacePlan {
  readonly seed: number
  /** Of schema, modes and files. */
  readonly mess: MessLevel
  /** From 0 (clean) to 1 (heavy); multiplies what is planted in values and rows. */
  readonly share: number
  /** Likewise for people who are there twice. */
  readonly duplicateShare: number
  /** Likewise for people about whom two sides disagree. */
  readonly conflictShare: number
  /** The moment at which the workspace was left, milliseconds since the epoch. */
  readonly nowMs: number
  /** Rows of the main table and of its sources. */
  readonly rows: { readonly main: number; readonly cache: number; readonly scraper: number; readonly json: number }
  readonly population: Population
  readonly streams: (name: string) => Stream
  /** How row `index` of the main table comes about. */
  rowKindAt(index: number): RowKind
  /** Key of row `index` of the main table; null where it was planted as missing. */
  keyAt(index: number): string | null
  /** A row before `index` that holds a person once and in full, or undefined where none was found. */
  plainRowBefore(index: number, choices: Stream): number | undefined
  /** A key that the main table holds, near row `index`. */
  someKeyNear(index: number): string
}

/** Lays out a workspace; nothing is written and nothing is remembered for each row. */
export function planWorkspace(options: {
  rows: number
  seed: number
  mess: MessLevel
  nowMs: number
  scenario?: Scenario
}): WorkspacePlan {
  const { seed, nowMs, rows, scenario = 'mixed' } = options
  const {
    malformed: share,
    structure: mess,
    duplicate: duplicateShare,
    conflicted: conflictShare,
  } = sharesOf(scenario, options.mess)
  const streams = (name: string) => streamOf(seed, name)
  const counts = {
    main: rows,
    cache: Math.ceil(rows * 0.2),
    scraper: Math.ceil(rows * 0.24),
    json: Math.ceil(rows * 0.06),
  }
  const kinds = streams('row-kind')
  const keys = streams('key')
  const missing = streams('missing-key')

  const rowKindAt = (index: number): RowKind => {
    let chance = kinds(index).next()
    for (const [kind, part] of plantedRows) {
      chance -= part * (kind.startsWith('duplicate') ? duplicateShare : share)
      if (chance < 0) return kind
    }
    return 'plain'
  }
  const keyAt = (index: number) => (missing(index).next() < 0.003 * share ? null : keys(index).uuid())

  return {
    seed,
    mess,
    share,
    duplicateShare,
    conflictShare,
    nowMs,
    rows: counts,
    population: populationOf(seed, counts.main + counts.cache + counts.scraper + counts.json),
    streams,
    rowKindAt,
    keyAt,
    plainRowBefore(index, choices) {
      const random = choices(index)
      for (let left = 20; left > 0 && index > 0; left -= 1) {
        const candidate = index - 1 - below(random, Math.min(index, 4000))
        if (rowKindAt(candidate) === 'plain') return candidate
      }
      return undefined
    },
    someKeyNear(index) {
      for (let at = index; at < index + counts.main; at += 1) {
        const key = keyAt(at % counts.main)
        if (key !== null) return key
      }
      throw new RangeError('no row has a key')
    },
  }
}
