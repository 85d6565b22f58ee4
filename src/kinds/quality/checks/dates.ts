import { type Row, type RowCheck, textOf } from './check.ts'
import { momentOf } from './moment.ts'

/** The moment of a cell, milliseconds since the epoch; undefined where it cannot be told for sure. */
function momentIn(row: Row, field: string): number | undefined {
  const text = textOf(row(field))
  return text === undefined ? undefined : momentOf(text)
}

const dayMs = 86_400_000

/** A date has come. One of today is not in the future anywhere: a day is left for the time zones. */
export function notInFuture(field: string, nowMs: number): RowCheck {
  return {
    is: 'row',
    id: `${field}.future`,
    field,
    title: 'is not in the future',
    fault: 'lies in the future',
    severity: 'medium',
    reads: [field],
    remedy: `Correct ${field} where it lies in the future.`,
    reasonOf: (row) => ((momentIn(row, field) ?? 0) > nowMs + dayMs ? 'lies in the future' : undefined),
  }
}

/** A date is none before a day, which was written as YYYY-MM-DD. */
export function notBefore(field: string, day: string): RowCheck {
  const firstMs = Date.parse(`${day}T00:00:00Z`)
  return {
    is: 'row',
    id: `${field}.before`,
    field,
    title: `is not before ${day}`,
    fault: `lies before ${day}`,
    severity: 'medium',
    reads: [field],
    remedy: `Correct ${field} where it lies before ${day}.`,
    reasonOf: (row) => {
      const atMs = momentIn(row, field)
      return atMs !== undefined && atMs < firstMs ? `lies before ${day}` : undefined
    },
  }
}

/** Dates come in their order; those that are empty are passed over. A date counts as the whole of its day. */
export function ordered(fields: readonly string[]): RowCheck {
  return {
    is: 'row',
    id: `ordered.${fields.join('.')}`,
    field: null,
    title: `has ${fields.join(', then ')}`,
    fault: `does not have ${fields.join(', then ')}`,
    severity: 'medium',
    reads: fields,
    remedy: `Correct the dates of these rows: ${fields.join(' comes before ')}.`,
    reasonOf: (row) => {
      let last: { readonly field: string; readonly atMs: number } | undefined
      for (const field of fields) {
        const atMs = momentIn(row, field)
        if (atMs === undefined) continue
        if (last !== undefined && atMs + dayMs <= last.atMs) return `has ${field} before ${last.field}`
        last = { field, atMs }
      }
      return undefined
    },
  }
}
