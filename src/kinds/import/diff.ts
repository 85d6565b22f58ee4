/** What of a source is not in the table yet, and what of it cannot be. */
import type { DriftDraft } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { placeText } from './source-row.ts'
import type { ImportResource } from './spec.ts'
import type { ImportState } from './state.ts'

const none = { count: 0, sample: [] }
const namedMax = 5

/** The differences of an import. What the table lacks belongs to the table and is only mentioned. */
export function diffImport(
  resource: Declared<ImportResource>,
  observation: Observation<ImportState>,
): readonly DriftDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  const { into } = resource.spec
  const waiting = state.waitingFor.length === 0 ? '' : `; waits for ${state.waitingFor.slice(0, namedMax).join(', ')}`
  return [
    ...missingRows(state, into.name, waiting),
    ...blanks(state, into.name, waiting),
    ...unnoted(state),
    ...refusedRows(state),
    ...unreadableFiles(state),
    ...unmappedColumns(state, into.name),
    ...mapProblems(state),
  ]
}

function missingRows(state: ImportState, table: string, waiting: string): readonly DriftDraft[] {
  const { count, sample } = state.inserts
  if (count === 0) return []
  return [
    {
      path: 'rows.missing',
      severity: 'medium',
      category: 'data',
      desired: 0,
      observed: count,
      affected: { count, sample },
      message: `${figure(count, 'lead')} of the source ${count === 1 ? 'is' : 'are'} not in ${table}${waiting}`,
    },
  ]
}

function blanks(state: ImportState, table: string, waiting: string): readonly DriftDraft[] {
  const { leads, cells, sample } = state.fills
  if (leads === 0) return []
  return [
    {
      path: 'rows.blanks',
      severity: 'low',
      category: 'data',
      desired: 0,
      observed: cells,
      affected: { count: leads, sample },
      message: `the source knows ${figure(cells, 'value')} that ${figure(leads, 'lead')} in ${table} lack${waiting}`,
    },
  ]
}

function unnoted(state: ImportState): readonly DriftDraft[] {
  if (state.toNote === 0) return []
  return [
    {
      path: 'rows.unnoted',
      severity: 'low',
      category: 'data',
      desired: 0,
      observed: state.toNote,
      affected: none,
      message: `${figure(state.toNote, 'source row')} bring nothing new and are not noted in the migration log yet`,
    },
  ]
}

function refusedRows(state: ImportState): readonly DriftDraft[] {
  const { count, first } = state.problems.rows
  if (count === 0) return []
  const named = first.slice(0, namedMax).map((problem) => `${placeText(problem)}: ${problem.message}`)
  return [
    {
      path: 'rows.refused',
      severity: 'medium',
      category: 'data',
      desired: 0,
      observed: count,
      affected: { count, sample: first.slice(0, 20).map(placeText) },
      message: `${figure(count, 'source row')} cannot be imported: ${named.join('; ')}${count > namedMax ? '; …' : ''}`,
      byHand: 'Correct the rows in the source; they are imported with the next look.',
    },
  ]
}

function unreadableFiles(state: ImportState): readonly DriftDraft[] {
  const { count, first } = state.problems.files
  if (count === 0) return []
  const named = first.slice(0, namedMax).map((problem) => `${placeText(problem)}: ${problem.message}`)
  return [
    {
      path: 'files.unreadable',
      severity: 'medium',
      category: 'data',
      desired: 0,
      observed: count,
      affected: none,
      message: `${figure(count, 'problem')} of files, whose other rows are imported: ${named.join('; ')}`,
      byHand: 'Correct or remove the files.',
    },
  ]
}

function unmappedColumns(state: ImportState, table: string): readonly DriftDraft[] {
  const { unmapped } = state.mapping
  if (state.keepsRest || unmapped.length === 0) return []
  const named = unmapped.slice(0, 20).map(({ column, reason }) => `\`${column}\` (${reason})`)
  return [
    {
      path: 'columns.unmapped',
      severity: 'low',
      category: 'data',
      desired: [],
      observed: unmapped.map(({ column }) => column),
      affected: none,
      message: `${figure(unmapped.length, 'source column')} fill no field and are not imported: ${named.join(', ')}`,
      byHand: `Name them in \`map\`, declare fields for them, or give ${table} a field \`raw_data\` of type json that keeps them.`,
    },
  ]
}

function mapProblems(state: ImportState): readonly DriftDraft[] {
  const { problems } = state.mapping
  if (problems.length === 0) return []
  return [
    {
      path: 'map.entries',
      severity: 'medium',
      category: 'data',
      desired: [],
      observed: problems,
      affected: none,
      message: `entries of \`map\` cannot be followed: ${problems.join('; ')}`,
      byHand: 'Correct `map` in the desired state.',
    },
  ]
}

/** `1 lead`, `12,403 leads`. */
export function figure(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
