/**
 * The kind `airtable-schema`: one resource for the declared base, in which the mapped tables and fields are there with types
 * that hold what is declared. Everything here joins the parts; what each keeps true stands in its module.
 */
import type { Clock } from '../../clock.ts'
import type { Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { declarationOf } from '../../targets/airtable/declaration.ts'
import type { AirtableTarget, AirtableTargets } from '../../targets/airtable/ports.ts'
import { type Order, orderOf } from './actions.ts'
import { type ApplyPorts, applyBase, checkpointBase, probeBase } from './apply.ts'
import { differencesOf } from './diff.ts'
import { airtableSchemaHealth, describeBase } from './health.ts'
import { notesOn } from './notes.ts'
import { observeBase } from './observe.ts'
import { planAirtableSchema } from './plan.ts'
import { type AirtableSchemaSpec, airtableSchemaKindName, listAirtableSchema } from './spec.ts'
import type { AirtableSchemaState } from './state.ts'
import { planUndoOfBase } from './undo.ts'
import { createWatchers } from './watchers.ts'

export interface AirtableSchemaPorts {
  readonly airtable: AirtableTargets
  readonly memory: Memory
  readonly clock: Clock
}

/** Makes the kind. */
export function airtableSchemaKind(ports: AirtableSchemaPorts): Kind<AirtableSchemaSpec, AirtableSchemaState> {
  const { airtable, memory, clock } = ports
  const watchers = createWatchers()
  /** Resources that the next look has to read anew. */
  const anew = new Set<string>()
  const looks = new Map<string, 'true' | 'untrue'>()
  /** The newest declaration that was looked at, for what an action of it remembers. */
  const specs = new Map<string, AirtableSchemaSpec>()

  const targetOf = (connection: AirtableSchemaSpec['connection']): AirtableTarget => {
    const target = airtable.of(declarationOf(connection))
    watchers.attach(connection, target)
    return target
  }
  const applyPorts = (owner: string, order: Order): ApplyPorts => ({
    target: targetOf(order.connection),
    refuse(part, refusal) {
      const spec = specs.get(owner)
      if (spec !== undefined) notesOn(owner, spec, { memory, clock }).refuse(part, refusal)
    },
    lookAnew: () => anew.add(owner),
  })

  return {
    name: airtableSchemaKindName,
    category: 'airtable',
    list: listAirtableSchema,
    async observe(resource, _scope, context) {
      const owner = keyText(resource.key)
      specs.set(owner, resource.spec)
      const isAnew = anew.has(owner)
      const notes = notesOn(owner, resource.spec, { memory, clock })
      const target = targetOf(resource.spec.connection)
      const observation = await observeBase(
        resource,
        { nowMs: clock.nowMs, notes, target, isAnew, before: looks.get(owner) ?? 'nothing' },
        context,
      )
      if (isAnew) anew.delete(owner)
      looks.set(owner, differencesOf(resource, observation).length === 0 ? 'true' : 'untrue')
      return observation
    },
    diff: differencesOf,
    plan: planAirtableSchema,
    async checkpoint(action, context) {
      const order = orderOf(action)
      return checkpointBase(order, applyPorts(keyText(action.resource), order), context)
    },
    async apply(action, context) {
      const order = orderOf(action)
      return applyBase(order, applyPorts(keyText(action.resource), order), context)
    },
    async probe(action, context) {
      const order = orderOf(action)
      return probeBase(order, applyPorts(keyText(action.resource), order), context)
    },
    async planUndo(action, context) {
      const order = orderOf(action)
      return planUndoOfBase(order, targetOf(order.connection), context)
    },
    refresh({ key, spec }) {
      anew.add(keyText(key))
      notesOn(keyText(key), spec, { memory, clock }).forgetRefusals()
    },
    watch({ spec }, notify) {
      const watcher = watchers.add(spec.connection, notify)
      attachNow(spec, targetOf)
      return watcher
    },
    health: (resource, observation, drift) => airtableSchemaHealth(resource.spec, observation, drift),
    describe: describeBase,
  }
}

/** Without a token there is nothing to watch yet; the look says so, and attaches once there is one. */
function attachNow(
  { connection }: AirtableSchemaSpec,
  targetOf: (connection: AirtableSchemaSpec['connection']) => AirtableTarget,
): void {
  try {
    targetOf(connection)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
  }
}
