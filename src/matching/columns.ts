/**
 * What a full pass keeps of every record: fingerprints of its readings and of its block keys, and how common each value
 * is. Flat typed arrays, so that a million records take some eighty bytes each.
 */
import { type BlockingKey, keyWriter, valuesOf } from './blocking-plan.ts'
import { type Feature, readingsInto } from './feature.ts'
import { fingerprintOf } from './fingerprint.ts'
import { isSketched, sketches } from './sketch.ts'
import type { RecordSource } from './source.ts'

export interface Columns {
  readonly rows: number
  /** For each feature, the fingerprint of each row's reading; 0 for none. */
  readonly prints: readonly Uint32Array[]
  /** For each feature, the sketch of each row's reading; empty where the role has no sketches. */
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
  readonly printOf: (rule: number, cells: readonly string[], prints: ArrayLike<number>) => number
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
  const sketched = features.map(({ role }) => new Uint32Array(isSketched(role) ? rows : 0))
  const slots = keys.map((key) => Array.from({ length: valuesOf(key) }, () => new Uint32Array(rows)))
  const rules = Array.from({ length: ruled.count }, () => new Uint32Array(rows))
  const writeKeys = keyWriter(keys)
  const sketchers = features.map(({ role }) => sketches[role].of)
  const readings: string[] = []
  const rowPrints = new Uint32Array(features.length)
  let at = 0
  const keep = (key: number, value: number, print: number) => {
    const column = slots[key]?.[value]
    if (column !== undefined) column[at] = print
  }
  source.scan((cells, row) => {
    at = row
    readingsInto(features, cells, readings)
    for (let feature = 0; feature < readings.length; feature += 1) {
      const reading = readings[feature] ?? ''
      rowPrints[feature] = 0
      const column = prints[feature]
      const sketch = sketched[feature]
      const sketchOf = sketchers[feature]
      if (reading === '' || column === undefined || sketch === undefined || sketchOf === undefined) continue
      const print = fingerprintOf(reading)
      rowPrints[feature] = print
      column[row] = print
      if (sketch.length > 0) sketch[row] = sketchOf(reading)
    }
    writeKeys(readings, rowPrints, keep)
    for (let rule = 0; rule < ruled.count; rule += 1) {
      const column = rules[rule]
      if (column !== undefined) column[row] = ruled.printOf(rule, cells, rowPrints)
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
  for (let row = 0; row < prints.length; row += 1) {
    const print = prints[row] ?? 0
    if (print === 0) continue
    const at = placeOf(print)
    values[at] = print
    counts[at] = (counts[at] ?? 0) + 1
  }
  const commonness = new Uint8Array(prints.length)
  for (let row = 0; row < prints.length; row += 1) {
    const print = prints[row] ?? 0
    if (print !== 0) commonness[row] = commonnessOfCount(counts[placeOf(print)] ?? 1)
  }
  return commonness
}

export function commonnessOfCount(count: number): number {
  if (count <= 1) return 0
  return Math.min(255, Math.round(Math.log2(Math.max(1, count)) * commonnessUnit))
}

function tableSize(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, rows) * 1.5))
}
