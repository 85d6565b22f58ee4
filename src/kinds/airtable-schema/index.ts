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
import type { AirtableTarget, AirtableTargets, BaseSchema } from '../../targets/airtable/ports.ts'
import { type Order, orderOf } from './actions.ts'
import { type ApplyPorts, applyBase, checkpointBase, probeBase } from './apply.ts'
import { differencesOf } from './diff.ts'
import { airtableSchemaHealth, describeBase } from './health.ts'
import { notesOn } from './notes.ts'
import { observeBase } from './observe.ts'
import { planAirtableSchema } from './plan.ts'
import { createRefusals } from './refusals.ts'
import { type AirtableSchemaSpec, airtableSchemaKindName, listAirtableSchema } from './spec.ts'
import type { AirtableSchemaState } from './state.ts'
import { planUndoOfBase } from './undo.ts'
import { createWatchers } from './watchers.ts'

export interface AirtableSchemaPorts {
  readonly airtable: AirtableTargets
  readonly memory: Memory
  readonly clock: Clock
}

/** The newest look of this process. */
interface LastLook {
  readonly spec: AirtableSchemaSpec
  /** By the monotonic clock. */
  readonly atMs: number
  readonly schema: BaseSchema
  readonly found: 'true' | 'untrue'
}

/** How long the look before an action stands for the world at its checkpoint, in milliseconds. */
const justReadMs = 30_000

/** Makes the kind. */
export function airtableSchemaKind(ports: AirtableSchemaPorts): Kind<AirtableSchemaSpec, AirtableSchemaState> {
  const { airtable, memory, clock } = ports
  const watchers = createWatchers()
  /** Resources that the next look has to read anew. */
  const anew = new Set<string>()
  const looks = new Map<string, LastLook>()
  const refusals = createRefusals(clock)
  const justRead = (owner: string) => {
    const last = looks.get(owner)
    return last !== undefined && clock.monotonicMs() - last.atMs < justReadMs ? last.schema : undefined
  }

  const targetOf = (connection: AirtableSchemaSpec['connection']): AirtableTarget => {
    const target = airtable.of(declarationOf(connection))
    watchers.attach(connection, target)
    return target
  }
  const applyPorts = (owner: string, order: Order): ApplyPorts => ({
    target: targetOf(order.connection),
    refuse(part, refusal) {
      const spec = looks.get(owner)?.spec
      if (spec !== undefined) refusals.add(owner, spec, part, refusal)
    },
    lookAnew: () => anew.add(owner),
    justRead: justRead(owner),
  })

  return {
    name: airtableSchemaKindName,
    category: 'airtable',
    list: listAirtableSchema,
    async observe(resource, _scope, context) {
      const owner = keyText(resource.key)
      const isAnew = anew.has(owner)
      const notes = notesOn(owner, resource.spec, { memory, clock })
      const target = targetOf(resource.spec.connection)
      const observation = await observeBase(
        resource,
        {
          nowMs: clock.nowMs,
          notes,
          refusals: refusals.of(owner, resource.spec),
          target,
          isAnew,
          before: looks.get(owner)?.found ?? 'nothing',
        },
        context,
      )
      if (isAnew) anew.delete(owner)
      if (observation.is === 'present') {
        const found = differencesOf(resource, observation).length === 0 ? 'true' : 'untrue'
        const { schema } = observation.state
        looks.set(owner, { spec: resource.spec, atMs: clock.monotonicMs(), schema, found })
      }
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
    refresh({ key }) {
      anew.add(keyText(key))
      refusals.forget(keyText(key))
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
