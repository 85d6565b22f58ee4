/**
 * Looks at a database file without leaving a trace on it. A file that was there and is gone is never taken for one that
 * is yet to be made: it is unreadable, and a person is asked.
 */
import { dirname, sep } from 'node:path'
import { z } from 'zod'
import type { Memory } from '../../engine/memory.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import { toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { DatabaseFacts } from '../../targets/sqlite/database-files.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import type { SqliteProgram } from '../../targets/sqlite/programs.ts'
import { readSchemaNames } from '../../targets/sqlite/schema-reader.ts'
import { checkDeadlineMs, checksOf } from './checks.ts'
import { contentCheckOf, unwrittenSince } from './content-check.ts'
import { noteDamage } from './damage.ts'
import type { RecoveryPorts, SetOfDatabase } from './ports.ts'
import { damageSignature, quarantineAt, quarantineId, quarantinesOf, readNote } from './quarantine.ts'
import { chooseSet } from './recover.ts'
import type { DatabaseDeclaration } from './spec.ts'
import {
  type CheckRecord,
  type DatabaseContent,
  type DatabaseState,
  fingerprintOf,
  problemsOf,
  type RecoveryState,
} from './state.ts'

export interface ObservePorts extends RecoveryPorts {
  /** Which programs have a file open; asked at most once a minute for each file. */
  readonly programsOf: (path: string) => Promise<readonly SqliteProgram[]>
}

/** The look as the engine wants it: what cannot be read is given as `unreadable`, never thrown. */
export async function observeDatabase(
  ports: ObservePorts,
  resource: Declared<DatabaseDeclaration>,
  signal: AbortSignal,
): Promise<Observation<DatabaseState>> {
  try {
    return await look(ports, resource, signal)
  } catch (error) {
    const known = toDatabaseError(error, resource.spec.path)
    if (known instanceof OperationalError) return { is: 'unreadable', error: known }
    throw error
  }
}

async function look(
  ports: ObservePorts,
  { key, spec }: Declared<DatabaseDeclaration>,
  signal: AbortSignal,
): Promise<Observation<DatabaseState>> {
  const owner = keyText(key)
  const facts = await ports.files.facts(spec.path)
  if (facts === undefined) {
    await refuseVanished(ports, owner, spec)
    return { is: 'absent' }
  }
  const nowMs = ports.clock.nowMs()
  const content = await contentOf(ports.databases, spec.path)
  const found = {
    observedAtMs: nowMs,
    facts,
    ownsFolder: ownsFolder(facts, spec),
    maySetModes: process.getuid === undefined || [0, facts.file.uid].includes(process.getuid()),
    programs: await ports.programsOf(facts.file.path),
    earlier: earlierSize(ports.memory, owner, facts.file.size, nowMs),
  }
  const setsOf = onceOnly(() => ports.sets.of(spec.name))
  const broken = content instanceof OperationalError ? content.message : goneProblem(ports.memory, owner, spec, content)
  const checked =
    content instanceof OperationalError || broken !== undefined
      ? { content: undefined, full: undefined, compared: undefined, quick: brokenRecord(nowMs, broken) }
      : { content, ...(await soundness(ports, owner, { spec, facts }, setsOf, signal)) }
  const bare: DatabaseState = { ...found, ...checked, recovery: undefined }
  const [problem] = problemsOf(bare)
  const isDamaged = problem !== undefined
  const state = isDamaged
    ? { ...bare, recovery: recoveryOf(ports, spec.name, found, chooseSet(setsOf(), unwrittenSince(facts, setsOf()))) }
    : bare
  if (state.content !== undefined && state.content.tables > 0) {
    remember(ports.memory, owner, 'held-tables', true)
    remember(ports.memory, owner, 'tables', [...state.content.tableNames])
  }
  noteDamage(ports.memory, owner, isDamaged ? { paths: [spec.path, facts.file.path], problem } : undefined)
  const fingerprint = fingerprintOf(state)
  return isDamaged
    ? {
        is: 'present',
        state,
        fingerprint,
        withheld: `it is damaged, and its repair is yet to be approved (${problem})`,
      }
    : { is: 'present', state, fingerprint }
}

function onceOnly<Value>(work: () => Value): () => Value {
  let known: { readonly value: Value } | undefined
  return () => {
    known ??= { value: work() }
    return known.value
  }
}

async function soundness(
  ports: ObservePorts,
  owner: string,
  at: { readonly spec: DatabaseDeclaration; readonly facts: DatabaseFacts },
  setsOf: () => readonly SetOfDatabase[],
  signal: AbortSignal,
): Promise<Pick<DatabaseState, 'full' | 'quick' | 'compared'>> {
  const checks = await checksOf(ports, owner, at.spec, at.facts, signal)
  const isBroken = [checks.full, checks.quick].some((check) => check?.reply?.is === 'broken')
  if (isBroken) return { ...checks, compared: undefined }
  const options = { signal, deadlineMs: checkDeadlineMs }
  return { ...checks, compared: await contentCheckOf(ports, owner, { ...at, full: checks.full }, setsOf, options) }
}

function recoveryOf(
  { ownFolder, users }: ObservePorts,
  database: string,
  { facts, programs }: Pick<DatabaseState, 'facts' | 'programs'>,
  chosen: Pick<RecoveryState, 'set' | 'withoutSet'>,
): RecoveryState {
  const signature = damageSignature(facts)
  const quarantine = quarantineId(database, signature)
  return {
    ...chosen,
    signature,
    bareSignature: damageSignature({ file: facts.file, wal: undefined }),
    quarantine,
    report: readNote(quarantineAt(ownFolder, quarantine))?.report,
    others: quarantinesOf(ownFolder, database).filter((id) => id !== quarantine).length,
    services: users.namesOf(database),
    servicePids: programs.map(({ pid }) => pid).filter((pid) => users.owns(database, pid)),
  }
}

/** Throws DATABASE_MISSING when the file held tables at an earlier look, or left a -wal behind that holds what it lost. */
async function refuseVanished(ports: ObservePorts, owner: string, { path, name }: DatabaseDeclaration): Promise<void> {
  const [remains] = await ports.files.remains(path)
  if (remains === undefined && ports.memory.get(owner, 'held-tables') !== true) return
  const sign = remains === undefined ? 'it held tables when it was last seen' : `${remains} is still there`
  throw new OperationalError('DATABASE_MISSING', `${path} is gone, and ${sign}`, {
    hint: `Find out who removed it. \`trueup backup list\` names the sets, and \`trueup backup restore ID --database ${name}\` puts all of one in its place; an empty one is not made.`,
  })
}

/** What SQLite says; the error as a value when it cannot read the file. Other trouble is thrown. */
async function contentOf(databases: Databases, path: string): Promise<DatabaseContent | OperationalError> {
  try {
    const view = await databases.read(path)
    try {
      const tableNames = readSchemaNames(view.db).tables
      const ask = (name: string) => Number(view.db.pragma(name, { simple: true }))
      return {
        journalMode: view.db.pragma('journal_mode', { simple: true }) === 'wal' ? 'wal' : 'delete',
        pageSize: ask('page_size'),
        pages: ask('page_count'),
        freePages: ask('freelist_count'),
        tables: tableNames.length,
        tableNames,
      }
    } finally {
      view.close()
    }
  } catch (error) {
    const known = toDatabaseError(error, path)
    if (known instanceof OperationalError && known.code === 'DATABASE_CORRUPT') return known
    throw known
  }
}

/** SQLite finds an emptied file sound, and one over which the -wal of another database was laid. */
function goneProblem(
  memory: Memory,
  owner: string,
  { path }: DatabaseDeclaration,
  { tableNames }: DatabaseContent,
): string | undefined {
  const before = z.array(z.string()).safeParse(memory.get(owner, 'tables')).data ?? []
  const isGone = before.length > 0 && !before.some((name) => tableNames.includes(name))
  return isGone ? `none of the tables that ${path} held is there any more (${before.join(', ')})` : undefined
}

function brokenRecord(atMs: number, problem: string | undefined): CheckRecord {
  return { atMs, reply: { is: 'broken', problems: problem === undefined ? [] : [problem] } }
}

function ownsFolder(facts: DatabaseFacts, spec: DatabaseDeclaration): boolean {
  const folder = dirname(facts.file.path)
  return folder !== spec.workspace && folder.startsWith(spec.workspace + sep)
}

const dayMs = 86_400_000
const samplesMax = 8
const samplesSchema = z.array(z.tuple([z.number(), z.number()]))

/** The size at the oldest of a week's daily samples; adds today's. */
function earlierSize(memory: Memory, owner: string, size: number, nowMs: number): DatabaseState['earlier'] {
  const parsed = samplesSchema.safeParse(memory.get(owner, 'sizes'))
  const samples = parsed.success ? parsed.data.filter(([atMs]) => atMs <= nowMs) : []
  const latest = samples.at(-1)
  if (latest === undefined || nowMs - latest[0] >= dayMs) {
    memory.set(owner, 'sizes', [...samples, [nowMs, size]].slice(-samplesMax))
  }
  const [oldest] = samples
  return oldest === undefined || nowMs - oldest[0] < dayMs ? undefined : { atMs: oldest[0], size: oldest[1] }
}

function remember(memory: Memory, owner: string, name: string, value: JsonValue): void {
  if (JSON.stringify(memory.get(owner, name)) !== JSON.stringify(value)) memory.set(owner, name, value)
}
