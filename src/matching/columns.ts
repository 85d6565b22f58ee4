/**
 * What a full pass keeps of every record: fingerprints of its readings and of its block keys, and how common each value
 * is. Flat typed arrays, so that a million records take some eighty bytes each.
 */
import { type BlockingKey, keyValuesMax, writeKey } from './blocking-plan.ts'
import { type Feature, readingsOf } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import { sketches } from './sketch.ts'
import type { RecordSource } from './source.ts'

export interface Columns {
  readonly rows: number
  /** For each feature, the fingerprint of each row's reading; 0 for none. */
  readonly prints: readonly Uint32Array[]
  /** For each feature, the sketch of each row's reading. */
  readonly sketches: readonly Uint32Array[]
  /** For each feature, how common each row's value is; see {@link countBitsOf}. */
  readonly commonness: readonly Uint8Array[]
  /** For each key, the fingerprints of each row: as many arrays as the key has values. */
  readonly keys: readonly (readonly Uint32Array[])[]
  /** For each exact rule, the fingerprint of each row's values. */
  readonly rules: readonly Uint32Array[]
}

/** Fingerprints that exact rules ask for. */
export interface RulePrints {
  readonly count: number
  readonly printsOf: (cells: readonly string[]) => readonly number[]
}

/** Commonness is kept in twelfths of a bit, which reaches to two million records of one value. */
const commonnessUnit = 12

export function countBitsOf(commonness: number): number {
  return commonness / commonnessUnit
}

/** Reads all records once. */
export function columnsOf(
  source: RecordSource,
  features: readonly Feature[],
  keys: readonly BlockingKey[],
  ruled: RulePrints,
): Columns {
  const { rows } = source
  const prints = features.map(() => new Uint32Array(rows))
  const sketched = features.map(() => new Uint32Array(rows))
  const slots = keys.map((key) =>
    Array.from(
      { length: key.terms.some((term) => term.name === 'rare words') ? keyValuesMax : 1 },
      () => new Uint32Array(rows),
    ),
  )
  const rules = Array.from({ length: ruled.count }, () => new Uint32Array(rows))
  const into = new Uint32Array(keyValuesMax)
  const scratch = [new Uint32Array(keyValuesMax), new Uint32Array(keyValuesMax)] as const
  source.scan((cells, row) => {
    const readings = readingsOf(features, cells)
    for (let feature = 0; feature < readings.length; feature += 1) {
      const reading = readings[feature] ?? ''
      const role = features[feature]?.role
      const column = prints[feature]
      const sketch = sketched[feature]
      if (reading === '' || role === undefined || column === undefined || sketch === undefined) continue
      column[row] = fingerprintOf(reading)
      sketch[row] = sketches[role].of(reading)
    }
    if (ruled.count > 0)
      for (const [at, print] of ruled.printsOf(cells).entries()) {
        const column = rules[at]
        if (column !== undefined) column[row] = print
      }
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at]
      const slot = slots[at]
      if (key === undefined || slot === undefined) continue
      const count = writeKey(key, readings, into, scratch)
      for (let value = 0; value < count; value += 1) {
        const column = slot[value]
        if (column !== undefined) column[row] = into[value] ?? 0
      }
    }
  })
  return { rows, prints, sketches: sketched, commonness: prints.map(commonnessOf), keys: slots, rules }
}

/** For each row, log2 of how many rows share its value, in units of a twelfth of a bit. */
function commonnessOf(prints: Uint32Array): Uint8Array {
  const mask = tableSize(prints.length) - 1
  const values = new Uint32Array(mask + 1)
  const counts = new Uint32Array(mask + 1)
  const placeOf = (print: number) => {
    let at = print & mask
    while (values[at] !== 0 && values[at] !== print) at = (at + 1) & mask
    return at
  }
  for (const print of prints) {
    if (print === 0) continue
    const at = placeOf(print)
    values[at] = print
    counts[at] = (counts[at] ?? 0) + 1
  }
  return Uint8Array.from(prints, (print) => (print === 0 ? 0 : commonnessOfCount(counts[placeOf(print)] ?? 1)))
}

export function commonnessOfCount(count: number): number {
  return Math.min(255, Math.round(Math.log2(Math.max(1, count)) * commonnessUnit))
}

function tableSize(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, rows) * 1.5))
}
