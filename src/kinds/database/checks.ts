/**
 * The integrity checks on their schedule. Results are remembered, so that looks between two checks cost nothing; a file
 * that was replaced, got smaller, or was written after a check found it broken, is checked anew.
 */
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { Memory } from '../../engine/memory.ts'
import { OperationalError } from '../../errors.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { DatabaseFacts } from '../../targets/sqlite/database-files.ts'
import { checkIntegrity, type IntegrityReply, integrityReplySchema } from '../../targets/sqlite/integrity.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { corruptionMetAtMs } from '../met-corruption.ts'
import type { DatabaseDeclaration } from './spec.ts'
import type { CheckRecord } from './state.ts'

export interface CheckPorts {
  readonly databases: Databases
  readonly offload: Offload
  readonly memory: Memory
  readonly clock: Clock
}

/** A check is killed after this time; 10 GB take about two minutes. */
export const checkDeadlineMs = 600_000

const rememberedSchema = z.strictObject({
  atMs: z.number(),
  /** Of the file that was checked. */
  identity: z.string(),
  bytes: z.number(),
  reply: integrityReplySchema.nullable(),
})
type Remembered = z.output<typeof rememberedSchema>

export interface Checks {
  /** Left out where a full check, which covers it, is newer. */
  readonly quick: CheckRecord | undefined
  readonly full: CheckRecord | undefined
}

/** Runs what is due. Throws what a check throws, except that it did not end: that is remembered as no result. */
export async function checksOf(
  ports: CheckPorts,
  owner: string,
  spec: DatabaseDeclaration,
  facts: DatabaseFacts,
  signal: AbortSignal,
): Promise<Checks> {
  const run = async (depth: 'quick' | 'full'): Promise<Remembered> => {
    const reply = await runCheck(ports, spec.path, depth, signal)
    const remembered = {
      atMs: ports.clock.nowMs(),
      identity: facts.file.identity,
      bytes: facts.file.size,
      reply: reply ?? null,
    }
    ports.memory.set(owner, depth, JSON.parse(JSON.stringify(remembered)))
    return remembered
  }
  const isDue = (known: Remembered | undefined, everyMs: number) => isDueAt(known, everyMs, facts, ports.clock.nowMs())

  let full = recall(ports.memory, owner, 'full')
  if (isDue(full, spec.fullEveryMs)) full = await run('full')
  let quick = recall(ports.memory, owner, 'quick')
  const newest = newerOf(quick, full)
  const isDoubted = newest !== undefined && newest.atMs < corruptionMetAtMs(ports.memory)
  if (isDoubted || isDue(newest, spec.quickEveryMs)) quick = await run('quick')
  return { full: recordOf(full), quick: newerOf(quick, full) === quick ? recordOf(quick) : undefined }
}

function isDueAt(known: Remembered | undefined, everyMs: number, facts: DatabaseFacts, nowMs: number): boolean {
  if (known === undefined || known.identity !== facts.file.identity) return true
  // Only VACUUM makes a file of SQLite smaller; whatever else cut it off may have left a -wal that hides it.
  if (facts.file.size < known.bytes) return true
  // A clock that was set back must not put the next check off.
  if (nowMs - known.atMs >= everyMs || nowMs < known.atMs) return true
  const modifiedAtMs = Math.max(facts.file.modifiedAtMs, facts.wal?.modifiedAtMs ?? 0)
  return known.reply?.is === 'broken' && modifiedAtMs > known.atMs
}

async function runCheck(
  ports: CheckPorts,
  path: string,
  depth: 'quick' | 'full',
  signal: AbortSignal,
): Promise<IntegrityReply | undefined> {
  try {
    return await checkIntegrity(ports, path, depth, { signal, deadlineMs: checkDeadlineMs })
  } catch (error) {
    const ended = error instanceof OperationalError && ['ACTION_DEADLINE', 'WORKER_DIED'].includes(error.code)
    if (!ended || signal.aborted) throw error
    return undefined
  }
}

/** What was remembered in another form, by an older Trueup, is as good as nothing. */
function recall(memory: Memory, owner: string, depth: 'quick' | 'full'): Remembered | undefined {
  const known = rememberedSchema.safeParse(memory.get(owner, depth))
  return known.success ? known.data : undefined
}

function newerOf(quick: Remembered | undefined, full: Remembered | undefined): Remembered | undefined {
  if (quick === undefined || full === undefined) return quick ?? full
  return quick.atMs > full.atMs ? quick : full
}

function recordOf(known: Remembered | undefined): CheckRecord | undefined {
  return known && { atMs: known.atMs, reply: known.reply ?? undefined }
}
