/**
 * What is known of a table's duplicates, asked for many records in a row: by a thread of another kind, on its own
 * connection. Reads only. A record is compared with its blocks; of a table that is small enough to have none, blocks are
 * made, since all records of a source against all of a table would be too many.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { planKeys } from '../../matching/blocking-plan.ts'
import { termsOf } from '../../matching/blocking-term.ts'
import { candidateIndex } from '../../matching/candidate-index.ts'
import { type CandidateSource, withKeptRecords } from '../../matching/changed-record.ts'
import { readingsOf } from '../../matching/feature.ts'
import type { Matcher } from '../../matching/matcher.ts'
import { readMatcher } from '../../matching/stored-matcher.ts'
import { seededRandom } from '../../random.ts'
import type { Cell } from '../../values/field-type.ts'
import { storedCandidates } from './candidates.ts'
import { confidenceText } from './diff.ts'
import { type KeyIndex, openKeyIndex } from './key-index.ts'
import { readLayout } from './layout.ts'
import { keyTextOf } from './look.ts'
import { groupReader } from './merge.ts'
import { cellReader } from './row-source.ts'
import { comparedFields, specSchema } from './spec.ts'
import { openDuplicateStore, type Pass } from './store.ts'
import { surestOf } from './surest.ts'

const orderSchema = z.object({
  store: z.string(),
  folder: z.string(),
  /** Where indexes of keys may be read, too. */
  also: z.string().nullable(),
  table: z.string(),
  spec: specSchema,
})
/** What a thread is told of where to look; see `DuplicatesLooker.known`. */
export type KnownOrder = z.output<typeof orderSchema>

/** The record that some values mean. */
export interface KnownLead {
  readonly rowId: number
  readonly key: string
  readonly confidence: number
  /** `0.97 sure: same phone; full_name 0.94 Jaro-Winkler`. Holds no value. */
  readonly why: string
}

export interface KnownLeads {
  /** The surest record that the values mean, if it is sure enough to be merged unasked. */
  find(cellOf: (field: string) => Cell | undefined): KnownLead | undefined
  close(): void
}

/** Opens what is known; undefined where the table was never looked at. `db` must stay open. */
export function openKnown(given: unknown, db: Database): KnownLeads | undefined {
  const order = orderSchema.parse(given)
  const { table, spec } = order
  const reading = readLayout(db, spec)
  if (reading.is !== 'layout' || !existsSync(order.store)) return undefined
  const { layout } = reading
  const store = openDuplicateStore(order.store)
  const opened: { index?: KeyIndex } = {}
  const close = () => {
    opened.index?.close()
    store.close()
  }
  try {
    store.holdState()
    const pass = store.pass(table)
    const matcher = pass === undefined ? undefined : readMatcher(pass.matcher, comparedFields(spec), spec.rules)
    const path = pass === undefined ? undefined : indexPathOf(pass, order)
    if (matcher === undefined || path === undefined) {
      close()
      return undefined
    }
    const index = openKeyIndex(path)
    opened.index = index
    const stored = storedCandidates({ table, store, index, cells: cellReader(db, spec, layout) })
    const compared = matcher.plan.is === 'keys' ? { matcher, source: stored } : inBlocks(matcher, stored)
    const parts = { spec, ...compared, source: withKeptRecords(compared.matcher, compared.source) }
    const rows = groupReader(db, { ...layout, references: [] })
    return {
      find(cellOf) {
        const surest = surestOf(parts, cellOf)
        const [row] = surest === undefined ? [] : rows.rowsAt([surest.rowId])
        if (surest === undefined || row === undefined || row.key === null) return undefined
        const { rowId, confidence, explanation } = surest
        return { rowId, key: keyTextOf(row.key), confidence, why: `${confidenceText(confidence)} sure: ${explanation}` }
      },
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

function indexPathOf(pass: Pass, { folder, also }: KnownOrder): string | undefined {
  return [folder, ...(also === null ? [] : [also])]
    .map((one) => join(one, pass.indexFile))
    .find((one) => existsSync(one))
}

/** One seed, so that the same rows have the same blocks. */
const seed = 7

/** The records of a table that is too small to have keys, by keys, in memory. */
function inBlocks(matcher: Matcher, stored: CandidateSource): { matcher: Matcher; source: CandidateSource } {
  const records = [...stored.allRows()].map((row) => [row, stored.cellsOf(row)] as const)
  const { features } = matcher.features
  const { vocabularies } = matcher.judge.model
  const keys = planKeys({
    features,
    terms: termsOf(features, vocabularies),
    sample: records.map(([, cells]) => readingsOf(features, cells)),
    rows: records.length,
    random: seededRandom(seed),
  })
  const keyed: Matcher = { ...matcher, plan: { is: 'keys', keys } }
  const source = candidateIndex(keyed)
  for (const [row, cells] of records) source.put(row, cells)
  return { matcher: keyed, source }
}
