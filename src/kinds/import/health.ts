/** What people read about an import: its checks and its one line. */
import type { Drift } from '../../engine/drift.ts'
import type { HealthCheck } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import { figure } from './diff.ts'
import { placeText } from './source-row.ts'
import type { ImportState } from './state.ts'

/** The source can be read; its rows are in the table; what could not be imported; how columns were mapped; the last run. */
export function checkImport(observation: Observation<ImportState>, drift: readonly Drift[]): readonly HealthCheck[] {
  if (observation.is === 'unreadable') return [{ name: 'source', status: 'failed', message: observation.error.message }]
  if (observation.is === 'absent') return [{ name: 'source', status: 'unknown', message: 'not looked at yet' }]
  const { state } = observation
  const { files, rows, values } = state.problems
  const pending = drift.filter(({ path }) => path === 'rows.missing' || path === 'rows.blanks')
  const [lastRun] = state.runs
  return [
    {
      name: 'source',
      status: files.count > 0 ? 'warning' : 'ok',
      message:
        files.first[0] === undefined
          ? figure(state.rows, 'row')
          : `${placeText(files.first[0])}: ${files.first[0].message}`,
    },
    {
      name: 'imported',
      status: pending.length > 0 ? 'warning' : 'ok',
      message: pending.length > 0 ? pending.map(({ message }) => message).join('; ') : countsText(state),
    },
    {
      name: 'refused',
      status: rows.count > 0 ? 'warning' : 'ok',
      message:
        rows.first[0] === undefined
          ? 'no row'
          : `${figure(rows.count, 'row')}, first ${placeText(rows.first[0])}: ${rows.first[0].message}`,
    },
    {
      name: 'values',
      status: values.count > 0 ? 'warning' : 'ok',
      message:
        values.first[0] === undefined
          ? 'every value fits its field'
          : `${figure(values.count, 'value')} fit no field, first ${placeText(values.first[0])}: ${values.first[0].message}`,
    },
    {
      name: 'mapping',
      status: state.mapping.problems.length > 0 ? 'warning' : 'ok',
      message: [...state.mapping.problems, ...state.mapping.mapped.map(({ reason }) => reason)].join('; '),
    },
    ...(lastRun === undefined
      ? []
      : [{ name: 'last run', status: 'ok' as const, message: `${lastRun.at}: ${runText(lastRun)}` }]),
  ]
}

/** `5,012 rows: 4,800 imported, 200 to insert, 12 refused`. */
export function describeImport(observation: Observation<ImportState>): string {
  if (observation.is === 'absent') return 'not looked at'
  if (observation.is === 'unreadable') return observation.error.message
  return `${figure(observation.state.rows, 'row')}: ${countsText(observation.state)}`
}

function countsText(state: ImportState): string {
  const { outcomes } = state
  const parts: readonly (readonly [number, string])[] = [
    [state.settled, 'dealt with'],
    [outcomes.inserted, 'to insert'],
    [outcomes.merged, 'to merge into leads'],
    [outcomes.unchanged, 'in the table already'],
    [outcomes.withheld, 'of deleted leads'],
    [state.repeated, 'repeated'],
    [outcomes.refused, 'refused'],
  ]
  const shown = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString('en-US')} ${what}`)
  return shown.length === 0 ? 'nothing to import' : shown.join(', ')
}

function runText(run: ImportState['runs'][number]): string {
  const { inserted, merged, unchanged, withheld, refused } = run.counts
  const undone = run.undoneBy === null ? '' : `; undone by ${run.undoneBy}`
  return `${inserted} inserted, ${merged} merged, ${unchanged} unchanged, ${withheld} withheld, ${refused} refused${undone}`
}
