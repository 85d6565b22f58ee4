/** What of a look at a mirrored table is a difference, in words for a person. Pure. */
import type { DriftDraft, Severity } from '../../engine/drift.ts'
import { unreachable } from '../../errors.ts'
import { shortHashOf } from '../../json.ts'
import type { Problem } from './comparison.ts'
import type { SyncSpec } from './spec.ts'
import type { SyncState } from './state.ts'
import type { Group, GroupSort } from './survey.ts'

const sampleMax = 20

type Mirrored = Pick<SyncSpec, 'remoteTable' | 'remoteKey'>

export function diffSync(name: string, spec: Mirrored, state: SyncState): readonly DriftDraft[] {
  if (state.is === 'unready') return []
  const { survey } = state
  const sorts = [...new Set(survey.groups.map(({ sort }) => sort))]
  return [
    ...sorts.map((sort) =>
      groupDrift(
        sort,
        survey.groups.filter((group) => group.sort === sort),
        spec,
      ),
    ),
    ...problemDrifts(state, spec),
    ...(survey.openConflicts > 0 ? [conflictDrift(name, survey.openConflicts)] : []),
  ]
}

function groupDrift(sort: GroupSort, groups: readonly Group[], spec: Mirrored): DriftDraft {
  const keys = groups.flatMap((group) => group.keys)
  const { message, severity } = wordsOf(sort, keys.length, spec)
  return {
    path: pathOf(sort),
    severity,
    category: 'airtable',
    desired: 'both sides agree',
    observed: observedIn(sort, groups),
    // Which records, so that new ones are not taken for old ones that a push had left.
    mark: shortHashOf(groups.map(({ fingerprint }) => fingerprint)),
    affected: { count: keys.length, sample: keys.slice(0, sampleMax) },
    message,
  }
}

/** Where the sides differ: no values, which not everybody who sees a drift may see. */
function observedIn(sort: GroupSort, groups: readonly Group[]): string {
  switch (sort) {
    case 'push-new':
    case 'pull-deletions':
      return 'only here'
    case 'pull-new':
    case 'push-deletions':
    case 'push-erasures':
      return 'only in Airtable'
    default: {
      const fields = [...new Set(groups.flatMap((group) => group.fields))].toSorted()
      return `differ in ${fields.join(', ')}`
    }
  }
}

/** `push.new`, `pull.deletions`: where in the resource a difference of this sort stands. */
export function pathOf(sort: GroupSort): string {
  return sort.replace('-', '.')
}

function wordsOf(sort: GroupSort, count: number, spec: Mirrored): { message: string; severity: Severity } {
  const there = `Airtable (${spec.remoteTable})`
  const leads = count === 1 ? '1 lead' : `${count.toLocaleString('en')} leads`
  switch (sort) {
    case 'push-new':
      return { message: `${leads} not in ${there} yet`, severity: 'low' }
    case 'push-fill':
      return { message: `${leads} with values that ${there} lacks`, severity: 'low' }
    case 'push-changes':
      return { message: `${leads} changed here and not in ${there}`, severity: 'medium' }
    case 'push-deletions':
      return { message: `${leads} deleted here and still in ${there}`, severity: 'high' }
    case 'push-erasures':
      return { message: `${leads} of erased people still in ${there}`, severity: 'high' }
    case 'pull-new':
      return { message: `${leads} made in ${there} and not here yet`, severity: 'low' }
    case 'pull-fill':
      return { message: `${leads} with values in ${there} that are lacking here`, severity: 'low' }
    case 'pull-changes':
      return { message: `${leads} changed in ${there} and not here`, severity: 'medium' }
    case 'pull-deletions':
      return { message: `${leads} deleted in ${there} and still here`, severity: 'high' }
    default:
      return unreachable(sort)
  }
}

function problemDrifts({ survey }: Extract<SyncState, { is: 'surveyed' }>, spec: Mirrored): readonly DriftDraft[] {
  const codes = [...new Set(survey.problems.map(({ code }) => code))]
  return codes.flatMap((code) => {
    const problems = survey.problems.filter((problem) => problem.code === code)
    const fields = [...new Set(problems.map(({ field }) => field))]
    return fields.map((field) => {
      const of = problems.filter((problem) => problem.field === field)
      const count = fields.length === 1 ? (survey.problemCounts[code] ?? of.length) : of.length
      return problemDrift(code, field, of, count, spec)
    })
  })
}

function problemDrift(
  code: Problem['code'],
  field: string,
  problems: readonly Problem[],
  count: number,
  spec: Mirrored,
): DriftDraft {
  const [first] = problems
  const more = count > 1 ? ` (and ${(count - 1).toLocaleString('en')} more)` : ''
  const keys = [...new Set(problems.map(({ key }) => key))]
  return {
    path: field === '' ? `held.${code}` : `fields.${field}.${code}`,
    severity: code === 'incomplete' ? 'low' : code === 'twin' || code === 'bounce' ? 'medium' : 'low',
    category: 'airtable',
    desired: 'both sides agree',
    observed: [...new Set(problems.map(({ message }) => message))].slice(0, sampleMax),
    affected: { count, sample: keys.slice(0, sampleMax) },
    message: `${first?.message ?? code}${more}`,
    byHand: remedyOf(code, field, spec),
  }
}

function remedyOf(code: Problem['code'], field: string, spec: Mirrored): string {
  switch (code) {
    case 'unfit-local':
      return `correct the value of ${field} here; until then Airtable keeps what it has`
    case 'unfit-remote':
      return `correct the value in ${spec.remoteTable} in Airtable; until then ${field} stays as it is here`
    case 'unknown-choice':
      return `add the choice to the field in Airtable, or set airtable.unknownChoices: add for ${field}, or correct the value here`
    case 'refused':
      return 'correct the value that the message names; it is tried again as soon as it changes'
    case 'twin':
      return `merge the two records in Airtable (keep the one that has a ${spec.remoteKey}), or give one of them another e-mail or LinkedIn address`
    case 'incomplete':
      return 'nothing to do: the record is taken over as soon as it is complete'
    case 'bounce':
      return `find the automation in Airtable, or the program here, that writes ${field} back, and let one of the two rule (airtable.direction)`
    case 'key-type':
      return 'declare the key as text, or add such leads here'
    default:
      return unreachable(code)
  }
}

function conflictDrift(name: string, count: number): DriftDraft {
  return {
    path: 'conflicts',
    severity: 'medium',
    category: 'airtable',
    desired: 0,
    observed: count,
    affected: { count, sample: [] },
    message: `${count === 1 ? '1 value was' : `${count.toLocaleString('en')} values were`} changed on both sides of ${name}, and a person has to choose`,
    byHand: 'see `trueup conflicts`, then `trueup resolve ID --take local|airtable`',
  }
}
