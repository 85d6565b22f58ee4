/** A labelled set: a CSV file with one column that says which rows are one thing. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'

export interface LabelledSet {
  readonly name: string
  /** Columns without the truth. */
  readonly columns: readonly string[]
  readonly records: readonly (readonly string[])[]
  /** The truth of each record; empty where it has none. */
  readonly truth: readonly string[]
}

const recordsSchema = z.array(z.array(z.string()))

/** Reads every row of a CSV file; the first names the columns. Throws OperationalError USAGE where it cannot be read. */
export function readCsv(path: string): readonly (readonly string[])[] {
  try {
    const options = { bom: true, skip_empty_lines: true, relax_column_count: true, relax_quotes: true }
    return recordsSchema.parse(parse(readFileSync(path), options))
  } catch (error) {
    throw new OperationalError('USAGE', `${path} cannot be read as CSV`, { cause: error })
  }
}

/** Reads a labelled set. @param truthColumn the name of the column that says which rows are one thing */
export function readLabelledSet(path: string, truthColumn: string): LabelledSet {
  const [head, ...rows] = readCsv(path)
  if (head === undefined) throw new OperationalError('USAGE', `${path} is empty`)
  const columns = head.map((name) => name.trim())
  const truthAt = columns.indexOf(truthColumn)
  if (truthAt < 0) {
    throw new OperationalError('USAGE', `${path} has no column ${truthColumn}`, {
      hint: `Name one of its columns with --truth: ${columns.join(', ')}`,
    })
  }
  const kept = columns.flatMap((_, at) => (at === truthAt ? [] : [at]))
  return {
    name: basename(path).replace(/\.csv$/iu, ''),
    columns: kept.map((at) => columns[at] ?? ''),
    records: rows.map((row) => kept.map((at) => row[at]?.trim() ?? '')),
    truth: rows.map((row) => row[truthAt]?.trim() ?? ''),
  }
}
