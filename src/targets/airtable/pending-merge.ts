/** Joins what several payloads tell of one record. Pure. */
import { canonicalJson, type JsonValue } from '../../json.ts'
import type { FeedRecord, PendingRecord } from './ports.ts'

/** Names no field: a record of which it is only known that something changed. */
const everyField = '*'

/**
 * What is pending after one more change. The newest told value of a cell counts, and the first one before it; a deletion
 * is undone by nothing but a new creation. A stale change only says that the record is worth reading.
 */
export function merged(
  known: PendingRecord | undefined,
  change: FeedRecord,
  atMs: number,
  seq: number,
  isStale: boolean,
): PendingRecord {
  const newest = { recordId: change.recordId, seq, atMs: Math.max(atMs, known?.atMs ?? 0) }
  if (isStale) return { ...staleOver(known, change), ...newest }
  if (change.what === 'destroyed') {
    const { createdMs } = known ?? { createdMs: undefined }
    return { ...newest, what: 'destroyed', createdMs, cells: {}, previous: {}, passed: {}, isWhole: true, untold: [] }
  }
  if (known?.what === 'destroyed' && change.what === 'changed') return { ...known, ...newest }
  if (known === undefined || known.what === 'destroyed' || change.what === 'created') {
    const { cells, previous, untold, isWhole, createdMs, what } = change
    return { ...newest, what, createdMs, cells, previous, passed: {}, untold, isWhole }
  }
  const untold = [
    ...known.untold.filter((field) => !(field in change.cells)),
    ...change.untold.filter((field) => !known.untold.includes(field)),
  ]
  const cells = without({ ...known.cells, ...change.cells }, change.untold)
  const firstBefore = without(change.previous, [...Object.keys(known.cells), ...known.untold])
  const previous = { ...known.previous, ...(known.what === 'created' ? {} : firstBefore) }
  return {
    ...newest,
    what: known.what,
    createdMs: known.createdMs,
    cells,
    previous,
    passed: passedOver(known, change),
    untold,
    isWhole: untold.length === 0,
  }
}

/** Values in between kept for a field: more edits of one cell within one poll are no edits of people. */
const passedMax = 20

/** A told value that a later one replaced before anybody took it in. */
function passedOver(known: PendingRecord, change: FeedRecord): PendingRecord['passed'] {
  const passed: Record<string, readonly JsonValue[]> = { ...known.passed }
  for (const [field, value] of Object.entries(change.cells)) {
    const before = known.cells[field]
    if (before === undefined || canonicalJson(before) === canonicalJson(value)) continue
    passed[field] = [...(passed[field] ?? []), before].slice(-passedMax)
  }
  return passed
}

function staleOver(known: PendingRecord | undefined, change: FeedRecord): Omit<PendingRecord, 'seq' | 'atMs'> {
  // Whether it is gone now is told by reading it, too.
  const what = known?.what ?? 'changed'
  const untold = [...new Set([...(known?.untold ?? []), everyField])]
  return {
    recordId: change.recordId,
    what: what === 'destroyed' ? 'changed' : what,
    createdMs: known?.createdMs,
    cells: {},
    previous: known?.previous ?? {},
    passed: known?.passed ?? {},
    untold,
    isWhole: false,
  }
}

function without<Value>(values: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))
}
