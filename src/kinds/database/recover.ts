/**
 * The ladder for a damaged database: a copy of it is quarantined and a sound one made of what can be read and what a
 * backup holds; once a person has approved, that one takes its place. Each step can be told done by looking.
 */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Applied, EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import { syncFolder } from '../../targets/durable-files.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { DatabaseFacts } from '../../targets/sqlite/database-files.ts'
import { companions, copyDurably, partOf, refuseWhileOpen } from '../../targets/sqlite/placing.ts'
import { takenName } from '../../targets/sqlite/salvage/mirror.ts'
import type { QuarantineOrder } from '../../targets/sqlite/salvage/quarantine-entry.ts'
import { salvageReportSchema } from '../../targets/sqlite/salvage/report.ts'
import type { SalvageOrder } from '../../targets/sqlite/salvage/salvage-entry.ts'
import type { Order } from './actions.ts'
import { readMirrors } from './mirrors.ts'
import type { RecoveryPorts, SetOfDatabase } from './ports.ts'
import {
  damageSignature,
  makeFolder,
  type PlacedFile,
  type Quarantine,
  quarantineAt,
  quarantineId,
  readNote,
  readPlaced,
  replaceEvidence,
  writeNote,
  writePlaced,
} from './quarantine.ts'

type OrderOf<Verb extends Order['verb']> = Extract<Order, { verb: Verb }>

/** A child process that copies or salvages is killed after so long. */
const childDeadlineMs = 3_600_000
const done: Applied = { changed: 1, skipped: [], skippedCount: 0, failed: [] }

/** The files as they are; throws DATABASE_MISSING where none is. */
async function factsOf(ports: RecoveryPorts, path: string): Promise<DatabaseFacts> {
  const facts = await ports.files.facts(path)
  if (facts === undefined) throw new OperationalError('DATABASE_MISSING', `${path} is gone`)
  return facts
}

/** The evidence of the three orders, from the world. */
export async function recoveryEvidence(
  ports: RecoveryPorts,
  order: OrderOf<'salvage' | 'replace-damaged' | 'put-back'>,
): Promise<string> {
  const facts = await ports.files.facts(order.path)
  if (facts === undefined) return 'absent'
  if (order.verb === 'put-back') return placedText(placedOf(facts))
  const signature = damageSignature(facts)
  if (order.verb === 'salvage') return signature
  const note = readNote(quarantineAt(ports.ownFolder, order.quarantine))
  return note === undefined ? 'not salvaged' : replaceEvidence(signature, note.report)
}

/**
 * Quarantines and salvages; touches nothing of the database. The services that use it are stopped first, since what they
 * write from then on would be in no copy; that it is damaged keeps them from being started until it is repaired.
 */
export async function salvage(
  ports: RecoveryPorts,
  order: OrderOf<'salvage'>,
  context: EffectContext,
): Promise<Applied> {
  if (readNote(quarantineAt(ports.ownFolder, order.quarantine)) !== undefined) return done
  const how = { why: `${order.database} is damaged`, again: false, signal: context.signal }
  return ports.users.aside(order.database, how, () => salvageAlone(ports, order, context))
}

async function salvageAlone(ports: RecoveryPorts, order: OrderOf<'salvage'>, context: EffectContext): Promise<Applied> {
  const facts = await factsOf(ports, order.path)
  const { file } = facts
  // A service that was stopped has written until then: it is the state of now that the next look finds.
  const signature = damageSignature(facts)
  const at = quarantineAt(ports.ownFolder, quarantineId(order.database, signature))
  makeFolder(at)
  const options = { ...context, deadlineMs: childDeadlineMs }
  const copying: QuarantineOrder = { path: file.path, folder: dirname(at.original) }
  await ports.offload.process(
    entryUrl('../../targets/sqlite/salvage/quarantine-entry', import.meta.url),
    copying,
    options,
  )
  const scratch = join(at.folder, 'scratch')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { mode: 0o700 })
  try {
    const salvaging: SalvageOrder = {
      file: at.original,
      into: scratch,
      ...(await restoredSet(ports, order, join(scratch, 'set'), context)),
      ...{ keys: order.keys, mirrors: [] },
    }
    const run = async (one: SalvageOrder) => {
      const entry = entryUrl('../../targets/sqlite/salvage/salvage-entry', import.meta.url)
      return salvageReportSchema.parse(await ports.offload.process(entry, one, options))
    }
    const alone = await run(salvaging)
    const { mirrors, withoutAirtable } = await readMirrors(
      ports.mirrors,
      order.database,
      alone,
      scratch,
      context.signal,
    )
    // Once more from the start, so that what Airtable gives goes into the same result by the same checks.
    const report = { ...(mirrors.length === 0 ? alone : await run({ ...salvaging, mirrors })), withoutAirtable }
    for (const { name } of mirrors) await keepTaken(scratch, at.folder, takenName(name))
    await rename(join(scratch, 'result.db'), at.result)
    const { database, path } = order
    writeNote(at, { database, path, signature, madeAtMs: ports.clock.nowMs(), report })
    return done
  } catch (error) {
    throw toDatabaseError(error, at.folder)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The rows that came from Airtable lie beside the result: which ones they were is known without asking again. */
async function keepTaken(from: string, to: string, name: string): Promise<void> {
  if (existsSync(join(from, name))) await rename(join(from, name), join(to, name))
}

/** The set to combine with, restored; or why there is none, which the report says. */
async function restoredSet(
  ports: RecoveryPorts,
  order: OrderOf<'salvage'>,
  into: string,
  context: EffectContext,
): Promise<Pick<SalvageOrder, 'set' | 'withoutSet'>> {
  if (order.set === null) return { set: null, withoutSet: order.withoutSet }
  mkdirSync(into, { mode: 0o700 })
  try {
    const path = await ports.sets.restore(order.set.id, order.database, into, context)
    return { set: { ...order.set, path }, withoutSet: null }
  } catch (error) {
    // A set that cannot be restored must not keep what can be read from being saved.
    if (!(error instanceof OperationalError) || !error.code.startsWith('BACKUP_')) throw error
    return { set: null, withoutSet: `${order.set.id} cannot be restored: ${error.message}` }
  }
}

/** Which of the verified sets a salvage is combined with, and why none is. */
export function chooseSet(
  sets: readonly SetOfDatabase[],
  unwrittenSince: SetOfDatabase | undefined,
): Pick<OrderOf<'salvage'>, 'set' | 'withoutSet'> {
  const readable = sets.filter(({ isEncrypted }) => !isEncrypted)
  const chosen = unwrittenSince !== undefined && !unwrittenSince.isEncrypted ? unwrittenSince : readable[0]
  if (chosen === undefined) {
    const [newest] = sets
    const withoutSet =
      newest === undefined
        ? 'no verified set holds this database'
        : `${newest.id} is encrypted, and its key is not on this machine`
    return { set: null, withoutSet }
  }
  const { id, createdAtMs } = chosen
  return { set: { id, createdAtMs, unwrittenSince: chosen.id === unwrittenSince?.id }, withoutSet: null }
}

/** Puts the repaired file in the place of the damaged one. Throws DATABASE_LOCKED while a program has that open. */
export async function replaceDamaged(
  ports: RecoveryPorts,
  database: string,
  order: OrderOf<'replace-damaged'>,
  context: EffectContext,
): Promise<Applied> {
  const at = quarantineAt(ports.ownFolder, order.quarantine)
  const how = { why: `the damaged file of ${database} is replaced`, again: true, signal: context.signal }
  await withoutUsers(ports, database, order.path, how, () =>
    place(ports, order.path, { from: at.result, wal: undefined, at, what: 'replaced' }),
  )
  return done
}

/** Nobody is stopped for nothing: where a program that is no service of Trueup has the file open, that is refused first. */
async function withoutUsers(
  ports: RecoveryPorts,
  database: string,
  path: string,
  how: Parameters<RecoveryPorts['users']['aside']>[1],
  work: () => Promise<void>,
): Promise<void> {
  const { file } = await factsOf(ports, path)
  await refuseWhileOpen(file.path, ports.programsNow, (pid) => ports.users.owns(database, pid))
  await ports.users.aside(database, how, work)
}

/** Puts the quarantined file back, and keeps the repaired one beside it in the quarantine. */
export async function putBack(
  ports: RecoveryPorts,
  database: string,
  order: OrderOf<'put-back'>,
  context: EffectContext,
): Promise<Applied> {
  // What uses it is not started on a damaged file: its own look does so when that is repaired.
  const how = { why: `the damaged file of ${database} is put back`, again: false, signal: context.signal }
  await withoutUsers(ports, database, order.path, how, () => putBackAlone(ports, order, context))
  return done
}

async function putBackAlone(ports: RecoveryPorts, order: OrderOf<'put-back'>, context: EffectContext): Promise<void> {
  const at = quarantineAt(ports.ownFolder, order.quarantine)
  const { file } = await factsOf(ports, order.path)
  const placed = readPlaced(at, 'put-back')
  if (placed?.identity !== file.identity) {
    const keep: QuarantineOrder = { path: file.path, folder: join(at.folder, `repaired-${ports.clock.nowMs()}`) }
    const entry = entryUrl('../../targets/sqlite/salvage/quarantine-entry', import.meta.url)
    await ports.offload.process(entry, keep, { ...context, deadlineMs: childDeadlineMs })
  }
  const wal = `${at.original}-wal`
  await place(ports, order.path, { from: at.original, wal: existsSync(wal) ? wal : undefined, at, what: 'put-back' })
}

interface Placing {
  readonly from: string
  readonly wal: string | undefined
  readonly at: Quarantine
  readonly what: 'replaced' | 'put-back'
}

/**
 * The old -wal goes before the new file comes, lest SQLite plays it back into that one. A crash between leaves the
 * damaged file without its -wal, which the quarantine holds; a repeated call goes on from there.
 */
async function place(ports: RecoveryPorts, path: string, { from, wal, at, what }: Placing): Promise<void> {
  const { file } = await factsOf(ports, path)
  const isThere = readPlaced(at, what)?.identity === file.identity
  await ports.databases.leave(path)
  await refuseWhileOpen(file.path, ports.programsNow)
  const part = partOf(file.path)
  try {
    if (!isThere) {
      await copyDurably(from, part, file)
      const found = statSync(part, { bigint: true })
      writePlaced(at, what, {
        identity: `${found.dev}:${found.ino}`,
        size: Number(found.size),
        modifiedAtMs: Number(found.mtimeMs),
      })
      await refuseWhileOpen(file.path, ports.programsNow)
      for (const suffix of companions) await rm(file.path + suffix, { force: true })
      await rename(part, file.path)
    }
    if (wal !== undefined && !existsSync(`${file.path}-wal`)) {
      await copyDurably(wal, part, file)
      await rename(part, `${file.path}-wal`)
    }
    syncFolder(dirname(file.path))
  } catch (error) {
    throw toDatabaseError(error, path)
  } finally {
    await rm(part, { force: true })
  }
}

function placedOf({ file }: DatabaseFacts): PlacedFile {
  return { identity: file.identity, size: file.size, modifiedAtMs: file.modifiedAtMs }
}

function placedText({ identity }: PlacedFile): string {
  return `file ${identity}`
}

/** How much of an order is done. */
export async function probeRecovery(
  ports: RecoveryPorts,
  order: OrderOf<'salvage' | 'replace-damaged' | 'put-back'>,
): Promise<'applied' | 'partly' | 'not-applied'> {
  const at = quarantineAt(ports.ownFolder, order.quarantine)
  if (order.verb === 'salvage') return readNote(at) === undefined ? 'not-applied' : 'applied'
  const facts = await ports.files.facts(order.path)
  if (facts === undefined) return 'partly'
  const isThere = readPlaced(at, order.verb === 'put-back' ? 'put-back' : 'replaced')?.identity === facts.file.identity
  if (order.verb === 'put-back') {
    const lacksWal = existsSync(`${at.original}-wal`) && facts.wal === undefined
    return isThere ? (lacksWal ? 'partly' : 'applied') : 'not-applied'
  }
  if (isThere) return 'applied'
  // The damaged file, already without its -wal.
  const isBare = facts.wal === undefined && damageSignature(facts) === order.bareSignature
  return isBare && order.bareSignature !== order.signature ? 'partly' : 'not-applied'
}

/** Evidence for putting the quarantined file back, and whether the repaired one was written since. */
export function putBackFrom(
  at: Quarantine,
  facts: DatabaseFacts,
): { readonly precondition: string; readonly isWritten: boolean } | undefined {
  const placed = readPlaced(at, 'replaced')
  if (placed === undefined || placed.identity !== facts.file.identity || !existsSync(at.original)) return undefined
  const isSame = placed.size === facts.file.size && placed.modifiedAtMs === facts.file.modifiedAtMs
  return { precondition: placedText(placed), isWritten: !isSame || (facts.wal?.size ?? 0) > 0 }
}
