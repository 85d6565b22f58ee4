/** The actions that a look at a mirrored table asks for. Pure. */
import { z } from 'zod'
import type { ActionDraft, ActionRisk, Finding } from '../../engine/action.ts'
import type { JsonObject } from '../../json.ts'
import { recordsPerRequest } from './push-size.ts'
import type { SyncSpec } from './spec.ts'
import type { SyncState } from './state.ts'
import { type Group, type GroupSort, groupSorts } from './survey.ts'

export const syncInputSchema = z.object({
  table: z.string(),
  sort: z.enum(groupSorts),
  count: z.int(),
})
export type SyncInput = z.output<typeof syncInputSchema>

export const undoVerbs = { push: 'undo-push', pull: 'undo-pull' } as const

/** From how many deletions, or which share of the mirrored leads, they are a mass deletion: never done unasked. */
const massRowsMin = 10
const massSharePercent = 5

export function planSync(name: string, spec: SyncSpec, state: SyncState): readonly ActionDraft[] {
  if (state.is === 'unready') return []
  const population = Math.max(state.localCount, state.remoteCount)
  return state.survey.groups.map((group) => draftOf(name, spec, group, population))
}

function draftOf(name: string, spec: SyncSpec, group: Group, population: number): ActionDraft {
  const { sort, keys } = group
  const count = keys.length
  const isPush = sort.startsWith('push')
  const isAdditive = sort.endsWith('-new') || sort.endsWith('-fill')
  const input: JsonObject & SyncInput = { table: name, sort, count }
  return {
    verb: sort,
    input,
    summary: summaryOf(sort, count, spec),
    risk: riskOf(sort, count, population, spec),
    findings: findingsOf(group, count, population),
    precondition: group.fingerprint,
    affected: { count, sample: keys.slice(0, 20) },
    // What writes only where nothing was cannot harm a share of what is there.
    population: isAdditive ? 0 : population,
    preview: group.previews,
    reversible: sort === 'push-erasures' ? 'irreversible' : 'from-checkpoint',
    recovery: isPush ? 'keyed' : 'transactional',
    cost: isPush
      ? { bucket: `airtable:${spec.airtable.base}`, tokens: Math.ceil(count / recordsPerRequest) }
      : { bucket: `sqlite:${spec.database}`, tokens: Math.ceil(count / 500) },
    // Held back, where it has to be, record by record and not as a whole: see docs/adr on sync.
    resolves: [],
    order: groupSorts.indexOf(sort) >= groupSorts.indexOf('pull-new') ? 0 : 1,
  }
}

function summaryOf(sort: GroupSort, count: number, spec: SyncSpec): string {
  const leads = count === 1 ? '1 lead' : `${count.toLocaleString('en')} leads`
  const there = `${spec.remoteTable} in Airtable`
  const were = count === 1 ? 'was' : 'were'
  switch (sort) {
    case 'push-new':
      return `make ${leads} in ${there}`
    case 'push-fill':
      return `fill empty cells of ${leads} in ${there}`
    case 'push-changes':
      return `write changes of ${leads} to ${there}`
    case 'push-deletions':
      return `delete ${leads} in ${there}, which ${were} deleted here`
    case 'push-erasures':
      return `delete ${leads} of erased people in ${there}`
    case 'pull-new':
      return `take over ${leads} made in ${there}`
    case 'pull-fill':
      return `fill empty values of ${leads} from ${there}`
    case 'pull-changes':
      return `take over changes of ${leads} made in ${there}`
    case 'pull-deletions':
      return `delete ${leads} here, which ${were} deleted in ${there}`
  }
}

function riskOf(sort: GroupSort, count: number, population: number, spec: SyncSpec): ActionRisk {
  // A person asked for the erasure, and was told what goes.
  if (sort === 'push-erasures') return 'medium'
  if (!sort.endsWith('-deletions')) return sort.endsWith('-changes') ? 'medium' : 'low'
  if (isMass(count, population)) return 'critical'
  return spec.deletions === 'propagate' ? 'medium' : 'high'
}

/** An emptied table, a filter mistaken for the whole: never followed by itself, whatever the policy of deletions. */
function isMass(count: number, population: number): boolean {
  return count > Math.max(massRowsMin, (population * massSharePercent) / 100)
}

function findingsOf(group: Group, count: number, population: number): readonly Finding[] {
  const findings: Finding[] = []
  if (group.lost > 0) {
    const message = 'Values changed on both sides; the losing ones stay in the history'
    findings.push({ code: 'overrules', count: group.lost, message })
  }
  if (group.sort.endsWith('-deletions') && isMass(count, population)) {
    const message = `A mass deletion: ${count} of ${population} mirrored leads`
    findings.push({ code: 'mass-deletion', count, message })
  }
  return findings
}
