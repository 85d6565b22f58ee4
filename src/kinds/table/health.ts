/** The checks of a health report about one table, and its short description. Pure. */
import type { Drift } from '../../engine/drift.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { counted } from './drafts.ts'
import type { TableDeclaration } from './spec.ts'
import type { TableState } from './state.ts'

/** Whether the table can be read, has the declared form, and holds only rows that the form allows. */
export function tableHealth(
  spec: TableDeclaration,
  observation: Observation<TableState>,
  drift: readonly Drift[],
): readonly HealthCheck[] {
  const readable: HealthCheck =
    observation.is === 'unreadable'
      ? { name: `${spec.table}.readable`, status: 'unknown', message: observation.error.message }
      : { name: `${spec.table}.readable`, status: 'ok', message: describeTable(observation) }
  if (observation.is === 'unreadable') return [readable]
  return [
    readable,
    check(
      `${spec.table}.schema`,
      drift.filter(({ category }) => category !== 'data'),
      'The table has the declared form.',
    ),
    check(
      `${spec.table}.rows`,
      drift.filter(({ category }) => category === 'data'),
      'All rows fit the declared form.',
    ),
  ]
}

function check(name: string, drift: readonly Drift[], well: string): HealthCheck {
  const worst = drift.some(({ severity }) => severity === 'high' || severity === 'critical')
  const real = drift.filter(({ severity }) => severity !== 'low')
  const status = worst ? 'failed' : real.length > 0 ? 'warning' : 'ok'
  const [first] = real
  if (first === undefined) return { name, status, message: drift.length === 0 ? well : (drift[0]?.message ?? well) }
  const more = real.length === 1 ? '' : ` (and ${counted(real.length - 1, 'other difference')})`
  return { name, status, message: `${first.message}${more}` }
}

/** A short phrase: `5,012 rows, 23 columns`. */
export function describeTable(observation: Observation<TableState>): string {
  if (observation.is === 'unreadable') return 'unreadable'
  if (observation.is === 'absent') return 'not there'
  const { table, answers, isView } = observation.state
  if (table === undefined) return isView ? 'a view' : 'under its old name'
  return `${counted(answers.rows, 'row')}, ${counted(table.columns.length, 'column')}`
}
