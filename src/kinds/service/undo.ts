/** How what was done to a service would be taken back now. What a program did by itself is not Trueup's to undo. */
import { z } from 'zod'
import type { Action } from '../../engine/action.ts'
import type { UndoPlan } from '../../engine/kind.ts'
import { markPrefixOf } from '../../targets/process/supervision/instance.ts'
import { launchSchema } from '../../targets/process/supervision/launch-declaration.ts'
import { commandText, draftOf, orderOf, runsProgram } from './orders.ts'
import type { ServicePorts } from './ports.ts'
import { recordOf } from './record.ts'
import { evidenceOf } from './state.ts'

const keptSchema = z.object({ launch: launchSchema, launchHash: z.string().nullable() })
const undoGraceMs = 30_000

export async function planServiceUndo(action: Action, ports: ServicePorts): Promise<UndoPlan> {
  const order = orderOf(action)
  const { name } = action.resource
  const { host, store } = ports
  const record = recordOf(store, name)
  const live = host.liveWith(markPrefixOf(host.workspaceId, 'service', name))
  const precondition = evidenceOf(record?.instance.uuid ?? null, live)
  const rest = { risk: 'low' as const, precondition, resolves: [], order: 0 }
  const isOwn = record?.actionId === action.id && live.includes(record.instance.uuid)
  switch (order.verb) {
    case 'start': {
      if (record === undefined || !isOwn) return gone(name)
      const { uuid } = record.instance
      const draft = draftOf(
        name,
        {
          verb: 'end',
          instance: uuid,
          graceMs: undoGraceMs,
          cause: 'undo',
          message: 'its start was undone',
          limits: null,
          heldBy: null,
        },
        { ...rest, summary: `End ${name}` },
      )
      return { is: 'undo', draft, conflicts: [] }
    }
    case 'restart': {
      const kept = keptSchema.safeParse(store.get('kept', action.id))
      if (!kept.success) return { is: 'not-undoable', reason: 'what it ran with before is not known' }
      if (record === undefined || !isOwn) return gone(name)
      const { launch, launchHash } = kept.data
      const { uuid } = record.instance
      const before = { launch, launchHash: launchHash ?? '', log: order.log }
      const draft = draftOf(
        name,
        { verb: 'restart', ...before, instance: uuid, graceMs: order.graceMs, why: 'changed' },
        {
          ...rest,
          findings: [runsProgram],
          summary: `Restart ${name} as it ran before: ${commandText(launch.command)}`,
        },
      )
      return { is: 'undo', draft, conflicts: [] }
    }
    case 'end': {
      if (record === undefined || record.launch === null || live.length > 0)
        return { is: 'not-undoable', reason: `${name} runs again already, or what it ran with is not known` }
      const { launch, launchHash, crashes } = record
      const draft = draftOf(
        name,
        {
          verb: 'start',
          launch,
          launchHash: launchHash ?? '',
          log: logOf(ports, name),
          failures: 0,
          crashes,
          asked: true,
        },
        { ...rest, findings: [runsProgram], summary: `Start ${name} again` },
      )
      return { is: 'undo', draft, conflicts: [] }
    }
    case 'start-unit':
    case 'restart-unit':
    case 'stop-unit':
      return { is: 'not-undoable', reason: 'units are started and stopped with systemctl' }
    case 'end-leftovers':
      return { is: 'not-undoable', reason: 'processes that were left behind cannot be brought back' }
    case 'adopt':
      return { is: 'not-undoable', reason: 'adopting a process changes nothing of it' }
  }
}

function logOf({ ownFolder }: ServicePorts, name: string) {
  return { path: `${ownFolder}/logs/${name}.log`, bytesMax: 10_000_000, filesMax: 10 }
}

function gone(name: string): UndoPlan {
  return { is: 'not-undoable', reason: `the ${name} that it started has ended since` }
}
