import type { Cell } from '../../../values/field-type.ts'
import { type Row, type RowCheck, textOf } from './check.ts'

export interface Implied {
  readonly when: Readonly<Record<string, readonly (string | number | boolean)[]>>
  readonly filled: readonly string[]
  readonly empty: readonly string[]
}

/** Where a row holds certain values, other fields are filled, or empty: who was contacted has a day of contact. */
export function implied({ when, filled, empty }: Implied): RowCheck {
  const conditions = Object.entries(when)
  const condition = conditions.map(([field, values]) => `${field} is ${values.join(' or ')}`).join(' and ')
  const wanted = [
    ...(filled.length > 0 ? [`has ${filled.join(', ')}`] : []),
    ...(empty.length > 0 ? [`has no ${empty.join(', ')}`] : []),
  ]
  const applies = (row: Row) => conditions.every(([field, values]) => values.some((value) => holds(row(field), value)))
  return {
    is: 'row',
    id: `implies.${Object.keys(when).join('.')}.${[...filled, ...empty].join('.')}`,
    field: filled[0] ?? empty[0] ?? null,
    title: `${wanted.join(' and ')} where ${condition}`,
    fault: [
      ...(filled.length > 0 ? [`is empty although ${condition}`] : []),
      ...(empty.length > 0 ? [`is filled although ${condition}`] : []),
    ].join(' or '),
    severity: 'medium',
    reads: [...Object.keys(when), ...filled, ...empty],
    remedy: `Where ${condition}, correct it, or ${[...filled, ...empty].join(', ')}.`,
    reasonOf: (row) => {
      if (!applies(row)) return undefined
      const missing = filled.find((field) => isEmpty(row(field)))
      if (missing !== undefined) return `has no ${missing} although ${condition}`
      const extra = empty.find((field) => !isEmpty(row(field)))
      return extra === undefined ? undefined : `has ${extra} although ${condition}`
    },
  }
}

function isEmpty(cell: Cell): boolean {
  return !(cell instanceof Uint8Array) && textOf(cell) === undefined
}

function holds(cell: Cell, value: string | number | boolean): boolean {
  if (cell === null || cell instanceof Uint8Array) return false
  if (typeof value === 'boolean') return Number(cell) === Number(value)
  return String(cell) === String(value)
}
