/**
 * Whether an action may begin, reckoned anew from what people did and from the text that is in force: what the simulator
 * knows of the world, and not what the gate says.
 */
import { z } from 'zod'
import { personOf } from '../../engine/person.ts'
import type { Book } from '../world/book.ts'
import type { World } from '../world/world.ts'
import type { ActionBook, SeenAction, SeenEntry } from './record.ts'

const levels = ['low', 'medium', 'high', 'critical'] as const

/** What of the desired state decides about actions. */
const policySchema = z.object({
  policy: z.object({
    mode: z.string(),
    approvals: z.record(z.string(), z.string()),
    blastRadius: z.object({ rows: z.number(), percent: z.number() }),
    windows: z.array(z.object({ between: z.string() })).default([]),
  }),
})
type Policy = z.output<typeof policySchema>['policy']

interface Quarantine {
  readonly resource: string
  readonly specHash: string
  readonly path: string
  readonly sinceMs: number
}

const blastShareRowsMin = 20

export function watchPermissions(world: World, book: Book, actions: ActionBook): void {
  const waiting = new Map<number, Policy>()
  const suspended = new Set<string>()
  let quarantines: Quarantine[] = []
  let policy: Policy | undefined

  function note(entry: SeenEntry, action: SeenAction | undefined): void {
    const number = Number(entry.body.number)
    if (entry.type === 'generation.accepted' || entry.type === 'generation.waiting') {
      const read = policySchema.parse(JSON.parse(String(entry.body.yaml))).policy
      if (entry.type === 'generation.accepted') policy = read
      else waiting.set(number, read)
    }
    if (entry.type === 'generation.approved') policy = waiting.get(number) ?? policy
    if (entry.type === 'resource.suspended') suspended.add(entry.resource)
    if (entry.type === 'resource.resumed') suspended.delete(entry.resource)
    if (entry.type === 'quarantine.lifted')
      quarantines = quarantines.filter(
        ({ resource, specHash, path }) =>
          resource !== entry.resource || specHash !== entry.body.specHash || path !== entry.body.path,
      )
    // What was undone is held back from the undo on, whether or not that was noted.
    if (entry.type === 'action.undone' && action !== undefined && action.cause !== 'undo')
      for (const path of action.resolves)
        quarantines.push({ resource: nameOf(action), specHash: action.specHash, path, sinceMs: entry.atMs })
    // On other evidence it is another question, and who approved did not see it. What the record refused to plan is planned
    // by the very approval that was asked for: that one stands.
    if (entry.type === 'action.superseded' || entry.type === 'action.planned')
      book.approvals.splice(
        0,
        book.approvals.length,
        ...book.approvals.filter((one) => one.actionId !== entry.actionId || one === book.approving),
      )
    if (entry.type === 'action.reconsidered' || entry.type === 'action.superseded') book.rejected.delete(entry.actionId)
  }

  function judge(entry: SeenEntry, action: SeenAction): void {
    if (policy === undefined) {
      world.violate('nothing is done before a desired state is in force', action.summary)
      return
    }
    const told = `${action.verb} on ${nameOf(action)} (${action.summary})`
    if (policy.mode === 'observe') world.violate('nothing runs in mode observe', told)
    if (suspended.has(nameOf(action))) world.violate('nothing runs while suspended', told)
    if (book.rejected.has(action.id)) world.violate('what a person rejected is not done', told)
    if (isDenied(policy, action, entry.atMs)) world.violate('nothing runs in a deny window', told)
    // A run with too many failures is taken back without asking (docs/INVARIANTS.md, limits).
    if (action.cause === 'undo' && action.requestedBy === 'controller') return
    const held = quarantines.filter(
      ({ resource, specHash, path }) =>
        resource === nameOf(action) && specHash === action.specHash && action.resolves.includes(path),
    )
    const sinceMs = action.cause === 'undo' ? 0 : Math.max(0, ...held.map((one) => one.sinceMs))
    const needed = neededBy(policy, action, action.cause !== 'undo' && held.length > 0)
    const given = givenTo(action, entry.atMs, sinceMs)
    if (given < needed)
      world.violate('no gated action without live approvals of that very action', `${told}: ${given} of ${needed}`)
  }

  function givenTo(action: SeenAction, nowMs: number, sinceMs: number): number {
    const people = new Set<string>()
    const count = (person: string) => {
      if (
        action.risk === 'critical' &&
        action.requestedBy !== null &&
        personOf(action.requestedBy) === personOf(person)
      )
        return
      people.add(personOf(person))
    }
    for (const { actionId, person, atMs } of book.approvals)
      if (actionId === action.id && atMs + world.declaration.expireAfterS * 1000 > nowMs && atMs >= sinceMs)
        count(person)
    for (const { of, person } of book.undos) if (of === action.undoes) count(person)
    // Who asks for an erasure has confirmed it.
    if (action.cause === 'request' && action.requestedBy !== null) count(action.requestedBy)
    return people.size
  }

  actions.onEntry((entry, seen) => {
    note(entry, seen?.action)
    if (entry.type === 'action.intended' && seen !== undefined) judge(entry, seen.action)
  })
}

function neededBy(policy: Policy, action: SeenAction, isQuarantined: boolean): number {
  const reached = levels.slice(0, levels.indexOf(action.risk) + 1).map((level) => policy.approvals[level])
  if (reached.includes('approve-twice')) return 2
  const { count } = action.affected
  const { rows, percent } = policy.blastRadius
  const isLarge =
    count > rows || (count >= blastShareRowsMin && action.population > 0 && count * 100 > percent * action.population)
  const asks =
    reached.includes('approve') ||
    action.needsApproval === true ||
    action.reversible === 'irreversible' ||
    isLarge ||
    isQuarantined
  return asks ? 1 : 0
}

/** The windows of the simulated owner: from a full hour, in UTC, for medium risk and more. */
function isDenied({ windows }: Policy, action: SeenAction, atMs: number): boolean {
  if (action.risk === 'low') return false
  const hour = new Date(atMs).getUTCHours()
  return windows.some(({ between }) => {
    const [from = 0, to = 0] = between.split('-').map((part) => Number(part.slice(0, 2)))
    return hour >= from && hour < to
  })
}

export function nameOf({ resource }: Pick<SeenAction, 'resource'>): string {
  return `${resource.kind}/${resource.name}`
}
