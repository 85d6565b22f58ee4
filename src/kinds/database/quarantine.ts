/**
 * The folders of `.trueup/quarantine`: each holds one damaged state of a database as it was found, never written again,
 * and beside it what was made of it. Named after the state, so that the same one is quarantined once.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { hashOf } from '../../json.ts'
import { writeDurably } from '../../targets/durable-files.ts'
import { codeOf } from '../../targets/sqlite/database-error.ts'
import type { DatabaseFacts } from '../../targets/sqlite/database-files.ts'
import { type SalvageReport, salvageReportSchema } from '../../targets/sqlite/salvage/report.ts'

/** What tells one state of the files from another: another content has another size or time. */
export function damageSignature({ file, wal }: Pick<DatabaseFacts, 'file' | 'wal'>): string {
  return hashOf({
    file: [file.identity, file.size, file.modifiedAtMs],
    wal: wal === undefined || wal.size === 0 ? null : [wal.size, wal.modifiedAtMs],
  })
}

/** Name of the folder of a state. */
export function quarantineId(database: string, signature: string): string {
  return `${database}-${signature.slice(0, 12)}`
}

const noteSchema = z.strictObject({
  database: z.string(),
  path: z.string(),
  signature: z.string(),
  madeAtMs: z.number(),
  report: salvageReportSchema,
})
export type QuarantineNote = Readonly<z.output<typeof noteSchema>>

const placedSchema = z.strictObject({ identity: z.string(), size: z.number(), modifiedAtMs: z.number() })
/** The file that was put in the place of the damaged one, as it was then. */
export type PlacedFile = Readonly<z.output<typeof placedSchema>>

export interface Quarantine {
  readonly id: string
  readonly folder: string
  /** The damaged file; its -wal, -shm and journal lie beside it where they were there. */
  readonly original: string
  /** The database that was made of it. */
  readonly result: string
}

export function quarantineAt(ownFolder: string, id: string): Quarantine {
  const folder = join(ownFolder, 'quarantine', id)
  return { id, folder, original: join(folder, 'original', 'database'), result: join(folder, 'result.db') }
}

/** Ids of the quarantined states of a database. */
export function quarantinesOf(ownFolder: string, database: string): readonly string[] {
  const folder = join(ownFolder, 'quarantine')
  const isOwn = (name: string) =>
    name.startsWith(`${database}-`) && /^[0-9a-f]{12}$/.test(name.slice(database.length + 1))
  return existsSync(folder) ? readdirSync(folder).filter(isOwn) : []
}

/** What was made of a quarantined state; undefined where nothing was, or what was is of another version. */
export function readNote({ folder, result }: Quarantine): QuarantineNote | undefined {
  const found = noteSchema.safeParse(jsonIn(join(folder, 'report.json')))
  return found.success && existsSync(result) ? found.data : undefined
}

/** Written last: with it the salvage is whole. */
export function writeNote({ folder }: Quarantine, note: QuarantineNote): void {
  writeDurably(join(folder, 'report.json'), `${JSON.stringify(note, undefined, 1)}\n`, 'w')
}

export function makeFolder({ folder }: Quarantine): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/** @param what `replaced`: the repaired file in the place of the damaged one; `put-back`: the damaged one in its place. */
export function readPlaced({ folder }: Quarantine, what: 'replaced' | 'put-back'): PlacedFile | undefined {
  return placedSchema.safeParse(jsonIn(join(folder, `${what}.json`))).data
}

export function writePlaced({ folder }: Quarantine, what: 'replaced' | 'put-back', placed: PlacedFile): void {
  writeDurably(join(folder, `${what}.json`), JSON.stringify(placed), 'w')
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What an approval of a replacement is bound to: the damaged state, and what was made of it. */
export function replaceEvidence(signature: string, report: SalvageReport): string {
  return hashOf({ signature, report })
}
