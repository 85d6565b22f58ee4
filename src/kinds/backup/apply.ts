/** Carries out what was planned on a backup. */
import { z } from 'zod'
import type { Action } from '../../engine/action.ts'
import type { Applied, Checkpoint, EffectContext } from '../../engine/kind.ts'
import { rowsOf } from '../../engine/undo-rows.ts'
import { OperationalError } from '../../errors.ts'
import { isAside, putAside, readSet, removeAside, setOfAction, takeBack } from '../../targets/backup/sets.ts'
import { markAside, remoteOf, removeThere, takeBackThere } from '../../targets/backup/shelf.ts'
import { carryOut, keepMoves, keptMoves } from './airtable-restore/carry-out.ts'
import { compareAirtable } from './airtable-restore/compare.ts'
import { placeOf } from './airtable-restore/plan.ts'
import { reversedMoves } from './airtable-restore/undo.ts'
import { dropAsk, findAsk, sweepAsks } from './asks.ts'
import { goneEvidence, placedBy, probeFile, probeTakeAway, restoreFile, takeAway } from './gone-file.ts'
import { makeSet, verifySet } from './make-set.ts'
import { compareIn, setsOf, usableFolders } from './observe.ts'
import { type Order, orderOf } from './orders.ts'
import type { BackupPorts } from './ports.ts'
import { sweepScratch } from './scratch.ts'
import type { BackupSpec } from './spec.ts'
import { asideMs, evidenceOf } from './state.ts'

const nothing: Applied = { changed: 0, skipped: [], skippedCount: 0, failed: [] }
const keptSchema = z.object({ evidence: z.string(), images: z.number() })

/** @param specOf the declared backup of that name, in the generation in force. */
export async function checkpointBackup(
  action: Action,
  specOf: (name: string) => BackupSpec | undefined,
  ports: BackupPorts,
  context: EffectContext,
): Promise<Checkpoint> {
  const order = orderOf(action)
  switch (order.verb) {
    case 'restore': {
      if (findAsk(ports.ownFolder, order.ask.id) === undefined)
        throw new OperationalError('ACTION_STALE', 'what was asked to be restored has lapsed', {
          hint: 'Ask again with `trueup backup restore`.',
        })
      const { precondition, id: actionId } = action
      const keep = { checkpoints: ports.checkpointsPath, actionId, precondition }
      return keptSchema.parse(await compareIn(order.ask, keep, ports, context))
    }
    case 'restore-airtable': {
      const before = keptMoves(ports.ownFolder, action.id)
      if (before !== undefined) return { evidence: action.precondition, images: before.length }
      const { comparison, moves } = await compareAirtable(order.ask, ports, context)
      if (comparison.evidence === action.precondition) keepMoves(ports.ownFolder, action.id, moves)
      return { evidence: comparison.evidence, images: moves.length }
    }
    case 'undo-restore-airtable': {
      const before = keptMoves(ports.ownFolder, action.id)
      if (before !== undefined) return { evidence: action.precondition, images: before.length }
      const reversed = await reversedMoves(order.undoes, order.place, ports, context, rowsOf(action))
      if (reversed === undefined) throw new OperationalError('ACTION_STALE', 'what undo needs is not kept any more')
      if (reversed.evidence === action.precondition) keepMoves(ports.ownFolder, action.id, reversed.moves)
      return { evidence: reversed.evidence, images: reversed.moves.length }
    }
    case 'restore-file':
      return { evidence: goneEvidence(order.ask), images: 0 }
    case 'take-away':
      return { evidence: placedBy(order.undoes, ports)?.evidence ?? 'another file', images: 0 }
    case 'undo-restore': {
      const reversed = await ports.changeSets.reverse(order.undoes, action.id, ports.databases, rowsOf(action))
      return { evidence: reversed.fingerprint, images: reversed.count }
    }
    case 'take-back':
      return { evidence: asideEvidence(order), images: 0 }
    default: {
      const spec = specOf(action.resource.name)
      return { evidence: spec === undefined ? 'not declared any more' : evidenceOf(setsOf(spec)), images: 0 }
    }
  }
}

/** What a take-back is bound to: which of the sets are still there to be taken back. */
export function asideEvidence({
  ids,
  folders,
}: Pick<Extract<Order, { verb: 'take-back' }>, 'ids' | 'folders'>): string {
  return folders.flatMap((folder) => ids.filter((id) => isAside(folder, id)).map((id) => `${folder}/${id}`)).join('\n')
}

export async function applyBackup(action: Action, ports: BackupPorts, context: EffectContext): Promise<Applied> {
  const order = orderOf(action)
  const { name } = action.resource
  const nowMs = ports.clock.nowMs()
  switch (order.verb) {
    case 'create':
      sweepScratch(ports.ownFolder)
      sweepAsks(ports.ownFolder, nowMs)
      await makeSet(action, order.spec, ports, context)
      return { ...nothing, changed: 1 }
    case 'verify': {
      const { problems } = await verifySet(order.id, order.folders, { identities: [], isProved: false }, ports, context)
      if (problems.length > 0) throw new OperationalError('BACKUP_DAMAGED', problems.join('; '))
      return { ...nothing, changed: 1 }
    }
    case 'prune':
      return prune(name, order, nowMs, ports, context)
    case 'take-back': {
      const back = new Set<string>()
      for (const folder of order.folders)
        for (const id of order.ids) {
          const isThere = remoteOf(folder) !== undefined
          const taken = isThere ? await takeBackThere(folder, id, ports, context.signal) : takeBack(folder, id)
          if (taken) back.add(id)
        }
      return { ...nothing, changed: back.size }
    }
    case 'restore': {
      const outcome = await ports.changeSets.apply(action.id, ports.databases, context)
      dropAsk(ports.ownFolder, order.ask.id)
      return outcome
    }
    case 'restore-airtable': {
      const outcome = await carryOut(action.id, placeOf(order.ask), ports, context)
      dropAsk(ports.ownFolder, order.ask.id)
      return outcome
    }
    case 'undo-restore-airtable':
      return carryOut(action.id, order.place, ports, context)
    case 'restore-file':
      return restoreFile(action, order, ports, context)
    case 'take-away':
      return takeAway(order, ports, context)
    case 'undo-restore':
      return ports.changeSets.apply(action.id, ports.databases, context)
  }
}

async function prune(
  name: string,
  order: Extract<Order, { verb: 'prune' }>,
  nowMs: number,
  ports: BackupPorts,
  context: EffectContext,
): Promise<Applied> {
  const aside = new Set<string>()
  for (const folder of order.folders) {
    const isThere = remoteOf(folder) !== undefined
    if (isThere) await removeThere(folder, name, nowMs - asideMs, ports, context.signal)
    removeAside(folder, name, nowMs - asideMs)
    for (const id of order.ids) {
      context.signal.throwIfAborted()
      if (isThere) await markAside(folder, id, nowMs, ports, context.signal)
      if (putAside(folder, id, nowMs)) aside.add(id)
    }
  }
  return { ...nothing, changed: aside.size }
}

/** After a crash: did it take effect? */
export async function probeBackup(
  action: Action,
  ports: BackupPorts,
): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'> {
  const order = orderOf(action)
  switch (order.verb) {
    case 'create': {
      const { spec } = order
      const made = usableFolders(spec, ports).map((folder) => setOfAction(folder, spec.name, action.id))
      if (made.every((set) => set === undefined)) return 'not-applied'
      return made.every((set) => set?.verified !== undefined) ? 'applied' : 'partly'
    }
    case 'verify': {
      const notes = order.folders.map((folder) => readSet(folder, order.id).verified)
      return notes.every((note) => note !== undefined && note.atMs >= action.plannedAtMs) ? 'applied' : 'not-applied'
    }
    case 'prune': {
      const left = order.folders.some((folder) => order.ids.some((id) => readSet(folder, id).manifest !== undefined))
      return left ? 'partly' : 'applied'
    }
    case 'take-back':
      return asideEvidence(order) === '' ? 'applied' : 'partly'
    case 'restore': {
      const made = await ports.changeSets.probe(action.id, ports.databases)
      // The copy that it was compared with is still to go.
      return made === 'applied' && findAsk(ports.ownFolder, order.ask.id) !== undefined ? 'partly' : made
    }
    case 'restore-airtable':
    case 'undo-restore-airtable':
      // What was written already is told from the records themselves when it goes on.
      return keptMoves(ports.ownFolder, action.id) === undefined ? 'not-applied' : 'partly'
    case 'restore-file':
      return probeFile(action, order, ports)
    case 'take-away':
      return probeTakeAway(order, ports)
    case 'undo-restore':
      return ports.changeSets.probe(action.id, ports.databases)
  }
}
