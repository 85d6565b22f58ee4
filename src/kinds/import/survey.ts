/** The columns of a source with a sample of their values, small however large the values are. */
import type { ColumnSample } from './mapping.ts'
import { isBlankValue, type Source, type SourceValue } from './source-row.ts'

const valuesMax = 500
const columnsMax = 1000
const charactersMax = 1000

/** Reads up to `source.surveyRows` rows; columns beyond the first thousand are left to `raw_data`. */
export function surveyColumns(source: Source): readonly ColumnSample[] {
  const samples = new Map<string, SourceValue[]>(source.columns.map((column) => [column, []]))
  let rows = 0
  for (const item of source.items()) {
    if (item.is !== 'row') continue
    for (const [column, value] of item.row.cells) {
      let values = samples.get(column)
      if (values === undefined) {
        if (samples.size >= columnsMax) continue
        values = []
        samples.set(column, values)
      }
      if (values.length < valuesMax && !isBlankValue(value) && !item.row.flaws.has(column)) values.push(small(value))
    }
    if (++rows >= source.surveyRows) break
  }
  return [...samples].map(([column, values]) => ({ column, values }))
}

function small(value: SourceValue): SourceValue {
  if (typeof value === 'string') return value.length > charactersMax ? value.slice(0, charactersMax) : value
  if (value instanceof Uint8Array) return new Uint8Array(0)
  if (Array.isArray(value)) return []
  return typeof value === 'object' && value !== null ? {} : value
}
