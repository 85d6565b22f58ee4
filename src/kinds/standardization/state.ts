/** What was seen of a table's values. */
import type { Look } from './look.ts'

export interface StandardizationState {
  readonly look: Exclude<Look, { readonly is: 'absent' }>
  readonly scope: 'full' | 'rows'
  /** Rows of the table: counted by this look, or by the last full one; undefined when there was none. */
  readonly population: number | undefined
}

/** A short phrase: `5,012 rows, 8 fields with rules, 1,204 values to mend, 3 by hand`. */
export function describeState({ look, population }: StandardizationState): string {
  if (look.is === 'unaddressable') return look.reason
  const changed = look.fields.reduce((sum, field) => sum + field.changed, 0)
  const unmendable = look.fields.reduce((sum, field) => sum + field.unmendable, 0)
  const rows = population ?? look.rows
  const parts = [
    `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`,
    `${look.fields.length} ${look.fields.length === 1 ? 'field' : 'fields'} with rules`,
    ...(changed > 0 ? [`${changed.toLocaleString('en-US')} values not in standard form`] : []),
    ...(unmendable > 0 ? [`${unmendable.toLocaleString('en-US')} to correct by hand`] : []),
  ]
  return parts.join(', ')
}
