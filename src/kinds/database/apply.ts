/**
 * Carries the repairs of a database out. Each is made in steps that can be told done from not done by looking, so that a
 * repeated call completes what a crash cut off.
 */
import type { Action } from '../../engine/action.ts'
import type { Applied, Checkpoint, EffectContext } from '../../engine/kind.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { switchJournalMode } from '../../targets/sqlite/connection.ts'
import type { DatabaseFiles } from '../../targets/sqlite/database-files.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { journalEvidence, type ModeChange, modeEvidence, type Order, orderOf } from './actions.ts'
import type { RecoveryPorts } from './ports.ts'
import { probeRecovery, putBack, recoveryEvidence, replaceDamaged, salvage } from './recover.ts'

export type ApplyPorts = RecoveryPorts

/** The evidence as it is now. Nothing needs to be kept: the input holds the exact inverse. */
export async function checkpointDatabase(ports: ApplyPorts, action: Action): Promise<Checkpoint> {
  return { evidence: await evidenceOf(ports, orderOf(action)), images: 0 }
}

/** The evidence that an order of this form is bound to, from the world. */
async function evidenceOf(ports: ApplyPorts, order: Order): Promise<string> {
  if (order.verb === 'salvage' || order.verb === 'replace-damaged' || order.verb === 'put-back')
    return recoveryEvidence(ports, order)
  if (order.verb !== 'set-mode') return journalEvidence(await journalModeOf(ports, order.path))
  const modes = await modesNow(ports.files, order.changes)
  return modeEvidence(order.changes, (change) => modes.get(change.path))
}

/** `wal`, `delete`, or `absent` where there is no file. */
export async function journalModeOf(ports: Pick<ApplyPorts, 'databases' | 'files'>, path: string): Promise<string> {
  if ((await ports.files.facts(path)) === undefined) return 'absent'
  const view = await ports.databases.read(path)
  try {
    return view.db.pragma('journal_mode', { simple: true }) === 'wal' ? 'wal' : 'delete'
  } finally {
    view.close()
  }
}

const done: Applied = { changed: 1, skipped: [], skippedCount: 0, failed: [] }

/** Makes the change. */
export async function applyDatabase(ports: ApplyPorts, action: Action, context: EffectContext): Promise<Applied> {
  const { signal } = context
  const order = orderOf(action)
  switch (order.verb) {
    case 'set-mode':
      return setModes(ports.files, order.changes)
    case 'enable-wal':
      await setJournalMode(ports.databases, order.path, 'wal', signal)
      return done
    case 'disable-wal':
      await setJournalMode(ports.databases, order.path, 'delete', signal)
      return done
    case 'create-database':
      await ports.files.create(order.path, ports.databases)
      return done
    case 'remove-database':
      await ports.files.removeEmpty(order.path, ports.databases)
      ports.memory.set(keyText(action.resource), 'held-tables', false)
      ports.memory.set(keyText(action.resource), 'tables', [])
      return done
    case 'salvage':
      return salvage(ports, order, context)
    case 'replace-damaged':
      return replaceDamaged(ports, action.resource.name, order, context)
    case 'put-back':
      return putBack(ports, action.resource.name, order, context)
  }
}

/** After a crash: how much of it is done. */
export async function probeDatabase(
  ports: ApplyPorts,
  action: Action,
): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'> {
  const order = orderOf(action)
  switch (order.verb) {
    case 'set-mode':
      return probeModes(ports.files, order.changes)
    case 'enable-wal':
      return (await journalModeOf(ports, order.path)) === 'wal' ? 'applied' : 'not-applied'
    case 'disable-wal':
      return (await journalModeOf(ports, order.path)) === 'delete' ? 'applied' : 'not-applied'
    case 'create-database': {
      const mode = await journalModeOf(ports, order.path)
      return mode === 'wal' ? 'applied' : mode === 'absent' ? 'not-applied' : 'partly'
    }
    case 'remove-database': {
      const mode = await journalModeOf(ports, order.path)
      return mode === 'absent' ? 'applied' : mode === 'delete' ? 'partly' : 'not-applied'
    }
    case 'salvage':
    case 'replace-damaged':
    case 'put-back':
      return probeRecovery(ports, order)
  }
}

async function setModes(files: DatabaseFiles, changes: readonly ModeChange[]): Promise<Applied> {
  let changed = 0
  const skipped: string[] = []
  for (const { path, from, to } of changes) {
    const mode = await files.modeOf(path)
    if (mode === undefined || mode === to) continue
    if (mode !== from) {
      skipped.push(path)
      continue
    }
    await files.setMode(path, to)
    changed += 1
  }
  return { changed, skipped, skippedCount: skipped.length, failed: [] }
}

async function probeModes(
  files: DatabaseFiles,
  changes: readonly ModeChange[],
): Promise<'applied' | 'partly' | 'not-applied'> {
  const modes = await modesNow(files, changes)
  const there = changes.filter(({ path }) => modes.has(path))
  const made = there.filter(({ path, to }) => modes.get(path) === to)
  if (made.length === there.length) return 'applied'
  return made.length === 0 ? 'not-applied' : 'partly'
}

async function modesNow(files: DatabaseFiles, changes: readonly ModeChange[]): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const { path } of changes) {
    const mode = await files.modeOf(path)
    if (mode !== undefined) found.set(path, mode)
  }
  return found
}

/** Throws DATABASE_LOCKED while another program keeps the file from being switched. */
async function setJournalMode(
  databases: Databases,
  path: string,
  to: 'wal' | 'delete',
  signal: AbortSignal,
): Promise<void> {
  const mode = await databases.exclusive(path, (db) => switchJournalMode(db, to), { signal })
  if (mode !== to) throw new OperationalError('DATABASE_LOCKED', `${path} stayed in journal mode ${mode}`)
}
