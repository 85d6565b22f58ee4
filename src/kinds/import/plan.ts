/** One action for an import: insert what is missing, fill what is blank, and note each row in the migration log. */
import { z } from 'zod'
import type { ActionDraft, Finding } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { figure } from './diff.ts'
import { type ImportResource, importResourceSchema } from './spec.ts'
import { type ImportState, importStateSchema } from './state.ts'

/** All that carrying an import out needs, beside its change sets; the rest tells the person who approves it. */
export const importInputSchema = z.strictObject({
  spec: importResourceSchema,
  mapping: importStateSchema.shape.mapping.shape.mapped,
  leftOver: z.array(z.string()),
})

/** Nothing is planned before the table has what the import writes. */
export function planImport(
  resource: Declared<ImportResource>,
  observation: Observation<ImportState>,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  if (observation.is !== 'present' || observation.state.waitingFor.length > 0) return []
  const { state } = observation
  const { inserts, fills, toNote } = state
  if (inserts.count === 0 && fills.cells === 0 && toNote === 0) return []
  const { spec } = resource
  const input: z.output<typeof importInputSchema> = {
    spec,
    mapping: state.mapping.mapped,
    leftOver: state.mapping.unmapped.map(({ column }) => column),
  }
  const paths = new Set(['rows.missing', 'rows.blanks', 'rows.unnoted'])
  return [
    {
      verb: 'import',
      input,
      summary: summaryOf(state, spec),
      risk: inserts.count === 0 && fills.cells === 0 ? 'low' : 'medium',
      findings: findingsOf(state, spec.into.name),
      precondition: state.evidence,
      affected: {
        count: inserts.count + fills.leads,
        sample: [...fills.sample.slice(0, 10), ...inserts.sample].slice(0, 20),
      },
      population: state.population,
      preview: state.preview,
      reversible: 'from-checkpoint',
      recovery: 'transactional',
      cost: { bucket: `sqlite:${spec.into.database}`, tokens: 1 },
      resolves: drift.map(({ path }) => path).filter((path) => paths.has(path)),
      order: 0,
    },
  ]
}

function summaryOf(state: ImportState, spec: ImportResource): string {
  const { inserts, fills, outcomes: counts } = state
  const doing = [
    ...(inserts.count > 0 ? [`insert ${figure(inserts.count, 'lead')}`] : []),
    ...(fills.leads > 0 ? [`fill ${figure(fills.cells, 'blank')} of ${figure(fills.leads, 'lead')}`] : []),
    ...(inserts.count + fills.leads === 0 ? [`note ${figure(state.toNote, 'row')} in the migration log`] : []),
  ]
  const rest = [
    ...(counts.unchanged > 0 ? [`${counts.unchanged.toLocaleString('en-US')} bring nothing new`] : []),
    ...(counts.withheld > 0 ? [`${counts.withheld.toLocaleString('en-US')} are of leads that were deleted`] : []),
    ...(counts.refused > 0 ? [`${counts.refused.toLocaleString('en-US')} are refused`] : []),
  ]
  const others = rest.length === 0 ? '' : `; ${rest.join(', ')}`
  return `import ${spec.name} into ${spec.into.name}: ${doing.join(' and ')}, from ${figure(state.rows, 'source row')}${others}`
}

function findingsOf(state: ImportState, table: string): readonly Finding[] {
  const { outcomes: counts, problems, alike } = state
  const finding = (code: string, count: number, message: string): readonly Finding[] =>
    count === 0 ? [] : [{ code, count, message }]
  return [
    ...finding('inserts-leads', state.inserts.count, `${figure(state.inserts.count, 'lead')} would be new`),
    ...finding('fills-blanks', state.fills.cells, `${figure(state.fills.cells, 'blank')} would be filled`),
    ...finding(
      'merges-rows',
      counts.merged,
      `${figure(counts.merged, 'row')} complete a lead that another row or system brought`,
    ),
    ...finding(
      'means-known-leads',
      alike.merged,
      `${figure(alike.merged, 'row')} of these by likeness: as sure as the duplicates of ${table} are merged unasked`,
    ),
    ...finding(
      'may-be-duplicates',
      alike.flagged,
      `${figure(alike.flagged, 'lead')} would be new although a lead means the same; the next look at duplicates finds them`,
    ),
    ...finding(
      'refuses-known-leads',
      alike.refused,
      `${figure(alike.refused, 'row')} are refused since they mean a lead that is there`,
    ),
    ...finding(
      'withholds-rows',
      counts.withheld,
      `${figure(counts.withheld, 'row')} are of leads that were deleted since they were imported`,
    ),
    ...finding('refuses-rows', counts.refused, `${figure(counts.refused, 'row')} cannot be imported`),
    ...finding(
      'unusable-values',
      problems.values.count,
      `${figure(problems.values.count, 'value')} fit no field${state.keepsRest ? ' and are kept in raw_data' : ' and are not imported'}`,
    ),
  ]
}
