import { type RowCheck, textOf } from './check.ts'

/** A field with a target of completeness has a value. Bytes count as one. */
export function missing(field: string): RowCheck {
  return {
    is: 'row',
    id: `${field}.completeness`,
    field,
    title: 'is filled',
    fault: 'is empty',
    severity: 'medium',
    reads: [field],
    remedy: `Fill ${field} where it is empty, or lower its target in quality.completeness.`,
    reasonOf: (row) => {
      const cell = row(field)
      return cell instanceof Uint8Array || textOf(cell) !== undefined ? undefined : 'is empty'
    },
  }
}
