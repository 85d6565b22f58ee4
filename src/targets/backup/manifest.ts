/**
 * What a set of a backup says about itself. The text is canonical and carries its own hash, so that a change of any byte of
 * it shows; it names every file with its bytes, and every table with its rows.
 */
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { canonicalJson, hashOf } from '../../json.ts'

export const manifestName = 'manifest.json'

export const tableSchema = z.strictObject({
  name: z.string(),
  rows: z.int(),
  /** SHA-256 of the rows in their order, a line each. */
  sha256: z.string(),
  /** `json`: a line is SQLite's `json_array` of the columns, in the order of rowids. Absent: their `quote`s with commas between. */
  form: z.exactOptional(z.literal('json')),
})
export type TableFacts = z.output<typeof tableSchema>
export type RowForm = NonNullable<TableFacts['form']>

export const memberSchema = z.strictObject({
  /** What it is a copy of: `main`, `airtable/leads`, `journal`. */
  name: z.string(),
  is: z.enum(['database', 'own-database', 'airtable-table', 'file']),
  /** The name in the set, and the name that it is restored under. */
  file: z.string(),
  restoredAs: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  plainBytes: z.int(),
  plainSha256: z.string(),
  /** Of databases and Airtable tables. */
  tables: z.array(tableSchema),
})
export type Member = z.output<typeof memberSchema>

export const manifestSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  /** The entry of `backups`. */
  backup: z.string(),
  /** The action that made it. */
  actionId: z.string(),
  createdAtMs: z.int(),
  /** The generation of the desired state that was in force. */
  generation: z.int(),
  compression: z.literal('gzip'),
  /** How many age recipients can decrypt it; null where it is not encrypted. */
  recipients: z.int().nullable(),
  members: z.array(memberSchema),
})
export type Manifest = z.output<typeof manifestSchema>

const sealedSchema = z.strictObject({ manifest: manifestSchema, sha256: z.string() })

export function writeManifest(manifest: Manifest): string {
  return `${canonicalJson({ manifest, sha256: hashOf(manifest) })}\n`
}

/** Throws BACKUP_DAMAGED where a byte of it is another one. */
export function readManifest(text: string): Manifest {
  const parsed = sealedSchema.safeParse(jsonOf(text))
  if (!parsed.success || writeManifest(parsed.data.manifest) !== text) {
    throw new OperationalError('BACKUP_DAMAGED', `${manifestName} is not what was written`)
  }
  return parsed.data.manifest
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new OperationalError('BACKUP_DAMAGED', `${manifestName} is not what was written`, { cause: error })
  }
}

/** How a set was checked: by restoring all of it, or, without a private key, by its encrypted bytes. */
export const noteSchema = z.strictObject({
  /** Of the manifest that was checked. */
  manifestSha256: z.string(),
  atMs: z.int(),
  how: z.enum(['restored', 'without-key']),
})
export type VerifiedNote = z.output<typeof noteSchema>

const idPattern = /^(.+)-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-([0-9a-f]{8})$/

/** `nightly-20261126T030000Z-0a1b2c3d`: the last part is of the action that makes it, so that it is found again. */
export function setIdOf(backup: string, createdAtMs: number, actionId: string): string {
  const stamp = new Date(createdAtMs).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${backup}-${stamp}-${actionMarkOf(actionId)}`
}

export function actionMarkOf(actionId: string): string {
  return hashOf(actionId).slice(0, 8)
}

/** Undefined for what is no id of a set. */
export function parseSetId(
  text: string,
): { readonly backup: string; readonly createdAtMs: number; readonly actionMark: string } | undefined {
  const found = idPattern.exec(text)
  const [backup, actionMark] = [found?.[1], found?.[8]]
  if (found === null || backup === undefined || actionMark === undefined) return undefined
  const [year = 0, month = 0, day = 0, hour, minute, second] = found.slice(2, 8).map(Number)
  return { backup, createdAtMs: Date.UTC(year, month - 1, day, hour, minute, second), actionMark }
}
