/** The duplicates of one declared table as the repositories of leads offer them: the desk's answers, and writes by the writer. */
import { type Clock, isoOf } from '../clock.ts'
import type { FieldSpec } from '../desired/schema.ts'
import type { Engine } from '../engine/engine.ts'
import type { ResourceKey } from '../engine/resource.ts'
import { OperationalError } from '../errors.ts'
import {
  type DuplicatesDesk,
  type DuplicatesSpec,
  type GroupView,
  kindName,
  resolvedPaths,
} from '../kinds/duplicates/index.ts'
import type { DuplicateGroup, DuplicatePair, LeadDuplicates, MergedField, MergePreview } from '../leads/duplicates.ts'
import type { WriteContext } from '../leads/editor.ts'
import type { LeadWriteOutcome, LeadWriter } from '../leads/ports.ts'
import type { Cell } from '../values/field-type.ts'

export interface LeadDuplicatesPorts {
  /** The entry of `tables`. */
  readonly table: string
  readonly fields: Readonly<Record<string, FieldSpec>>
  readonly spec: DuplicatesSpec
  readonly onInsert: LeadDuplicates['onInsert']
  readonly desk: DuplicatesDesk
  readonly engine: Engine
  readonly writer: LeadWriter
  readonly clock: Clock
  /** Looks now, where no loop does. */
  readonly look: (key: ResourceKey) => Promise<void>
}

export function createLeadDuplicates(ports: LeadDuplicatesPorts): LeadDuplicates {
  const { table, spec, desk, writer, clock } = ports
  const key: ResourceKey = { kind: kindName, name: table }
  const actionOf = (resolves: string): string | null =>
    ports.engine.statuses
      .all()
      .filter(({ declared }) => declared.key.kind === kindName && declared.key.name === table)
      .flatMap(({ actions }) => actions)
      .find(({ action }) => action.resolves.includes(resolves))?.action.id ?? null
  const groupOf = ({ group, survival, pairs }: GroupView): DuplicateGroup[] => {
    if (survival === undefined) return []
    return [
      {
        id: group.id,
        state: group.automatic ? 'merge' : 'review',
        confidence: group.confidence,
        rule: group.rule,
        keys: group.members.map((member) => member.key),
        survivor: textOf(survival.survivor.key),
        changes: survival.changes.map(changedField),
        pairs: pairs.map(pairOf),
        actionId: actionOf(group.automatic ? resolvedPaths.automatic(group.rule) : resolvedPaths.waiting(group.id)),
      },
    ]
  }

  return {
    onInsert: ports.onInsert,
    async groups({ state, key: of, limit, after }) {
      await ports.look(key)
      if (of !== undefined) {
        const found = await desk.groupOfKey(table, spec, of)
        return found === undefined ? [] : groupOf(found).filter((group) => state === undefined || group.state === state)
      }
      const sure = await desk.count(table, true)
      const views: GroupView[] = []
      if (state !== 'review') views.push(...(await desk.groups(table, spec, { automatic: true, limit, after })))
      if (state !== 'merge' && views.length < limit) {
        const passed = state === 'review' ? after : Math.max(0, after - sure)
        views.push(
          ...(await desk.groups(table, spec, { automatic: false, limit: limit - views.length, after: passed })),
        )
      }
      return views.flatMap(groupOf)
    },
    async counts() {
      await ports.look(key)
      return { merge: await desk.count(table, true), review: await desk.count(table, false) }
    },
    toldApart: () => desk.exclusions(table),

    async merge({ keys, survivor, take }, context, dryRun) {
      const problems = problemsOf(keys, survivor, take, ports.fields)
      if (problems.length > 0) return { is: 'invalid', problems }
      const stamp = (type: 'date' | 'datetime') => {
        const now = isoOf(clock.nowMs())
        return type === 'date' ? now.slice(0, 10) : now
      }
      const prepared = await desk.prepareMerge(spec, [...new Set(keys)], { survivor, take }, stamp)
      if (prepared.is === 'not-found') return prepared
      if (prepared.is === 'not-yet') throw new OperationalError('ACTION_STALE', prepared.reason)
      const { target, survival, changes, preview: cells, references } = prepared.merge
      const kept = textOf(survival.survivor.key)
      const preview: MergePreview = {
        survivor: kept,
        removed: survival.losers.map((loser) => textOf(loser.key)),
        changes: survival.changes.map(changedField),
        references: [...references].map(([name, count]) => ({ table: name, count })),
      }
      if (dryRun) return { is: 'would-merge', preview }
      const outcome = await writer.submit({
        table,
        verb: 'merge-leads',
        key: kept,
        affected: keys.length - 1,
        actor: context.actor,
        reason: context.reason,
        summary: `Merge ${keys.length} records of ${table} into one`,
        target,
        changes,
        preview: cells,
      })
      return refusalOf(outcome) ?? { is: 'merged', key: kept, actionId: outcome.actionId, preview }
    },

    async tellApart(keys, context) {
      const problems = problemsOf(keys, undefined, undefined, ports.fields)
      if (problems.length > 0) return { is: 'invalid', problems }
      const [missing] = await desk.missing(spec, keys)
      if (missing !== undefined) return { is: 'not-found', key: missing }
      const prepared = await desk.prepareExclusion(table, keys, noteOf(context, clock))
      if (prepared.changes.length === 0) return { is: 'told-apart', keys, actionId: undefined }
      const outcome = await writer.submit({
        table,
        verb: 'not-duplicate',
        key: keys[0] ?? '',
        affected: keys.length,
        actor: context.actor,
        reason: context.reason,
        summary: `Say that ${keys.length} records of ${table} are not duplicates`,
        target: { ...prepared.target, path: prepared.path },
        changes: prepared.changes,
        preview: [],
      })
      return refusalOf(outcome) ?? { is: 'told-apart', keys, actionId: outcome.actionId }
    },

    async match(cells) {
      await ports.look(key)
      return desk.match(table, spec, cells)
    },
    absorb: async (of, cells) => (await desk.absorb(spec, of, cells))?.map(changedField),
  }
}

function noteOf({ actor, reason }: WriteContext, clock: Clock) {
  return { by: actor, at: isoOf(clock.nowMs()), reason }
}

function problemsOf(
  keys: readonly string[],
  survivor: string | undefined,
  take: ReadonlyMap<string, string> | undefined,
  fields: Readonly<Record<string, FieldSpec>>,
) {
  const among = new Set(keys)
  return [
    ...(among.size < 2 ? [{ path: ['ids'], message: 'must name two records or more' }] : []),
    ...(survivor !== undefined && !among.has(survivor)
      ? [{ path: ['survivorId'], message: 'must be one of the records that are merged' }]
      : []),
    ...[...(take ?? [])].flatMap(([field, key]) => [
      ...(field in fields ? [] : [{ path: ['take', field], message: 'is no field of the table' }]),
      ...(among.has(key) ? [] : [{ path: ['take', field], message: 'must name one of the records that are merged' }]),
    ]),
  ]
}

function refusalOf(outcome: LeadWriteOutcome) {
  switch (outcome.is) {
    case 'applied':
      return undefined
    case 'changed-since':
      return { is: 'conflict' as const, currentVersion: '' }
    default:
      return outcome
  }
}

function changedField({ field, before, after, from }: GroupChange): MergedField {
  return { field, before, after, from: from === null ? null : textOf(from) }
}
type GroupChange = NonNullable<GroupView['survival']>['changes'][number]

function pairOf({ one, other, explanation }: GroupView['pairs'][number]): DuplicatePair {
  const { confidence, rules, sentence, priorBits, features } = explanation
  return {
    one,
    other,
    confidence,
    rules,
    explanation: sentence,
    priorBits,
    evidence: features.map(({ name, level, weight, likeness, sharers }) => ({
      field: name,
      level,
      bits: weight,
      likeness: likeness ?? null,
      sharers: sharers ?? null,
    })),
  }
}

function textOf(cell: Cell): string {
  return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell ?? '')
}
