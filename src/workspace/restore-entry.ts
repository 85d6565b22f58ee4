/**
 * Child process: restores a set, or some of it, into a folder: each file checked against the manifest, and the people who
 * were erased since taken out again before anybody sees it.
 */
import { createReadStream, createWriteStream, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import { forgetInImportLog } from '../kinds/import/index.ts'
import { countBytes } from '../targets/backup/byte-count.ts'
import { type Inspector, withInspector } from '../targets/backup/inspector.ts'
import { type Manifest, manifestName, readManifest } from '../targets/backup/manifest.ts'
import { byteProblem, unpackMember } from '../targets/backup/pack.ts'
import { findRows } from '../targets/erasure/find-rows.ts'
import { erasedBy } from '../targets/erasure/marks.ts'
import { type PersonPlace, personPlaceSchema } from '../targets/erasure/person-layout.ts'
import { removeRows } from '../targets/erasure/remove-rows.ts'
import { type ServeContext, serve } from '../targets/process/serve.ts'
import { openReading, openWriting } from '../targets/sqlite/connection.ts'
import { codeOf } from '../targets/sqlite/database-error.ts'
import { quoteIdentifier } from '../targets/sqlite/schema-reader.ts'
import { identitiesOf, keyIdentity, personTextsOf } from '../values/identity.ts'
import { forgetDecisions } from './decision-files.ts'

export const restoreOrderSchema = z.strictObject({
  /** The set. */
  folder: z.string(),
  /** An empty private folder. */
  into: z.string(),
  identities: z.array(z.string()),
  /** Names of the members; null for all. */
  members: z.array(z.string()).nullable(),
  erased: z.object({ key: z.string(), marks: z.array(z.string()) }).nullable(),
  /** Where people are, by the entry of `databases`. */
  places: z.array(z.strictObject({ database: z.string(), place: personPlaceSchema })),
  /** Mirrored tables: which Airtable field, by name or id, holds which field. */
  mirrors: z.array(
    z.strictObject({
      table: z.string(),
      fields: personPlaceSchema.shape.fields,
      remote: z.record(z.string(), z.string()),
      /** The table's name in SQLite, and the Airtable field that holds its key. */
      keysOf: z.string(),
      remoteKey: z.string(),
    }),
  ),
})
export type RestoreOrder = z.output<typeof restoreOrderSchema>

export const restoreReplySchema = z.strictObject({
  files: z.array(
    z.strictObject({
      name: z.string(),
      file: z.string(),
      rows: z.int(),
      /** Of a database, without the people that were taken out. */
      tables: z.array(z.strictObject({ name: z.string(), rows: z.int() })),
    }),
  ),
  /** Records of erased people that were taken out. */
  withheld: z.int(),
})
export type RestoreReply = z.output<typeof restoreReplySchema>

serve((input, { progress }): Promise<RestoreReply> => {
  const order = restoreOrderSchema.parse(input)
  return withInspector((inspector) => restored(order, inspector, progress))
})

async function restored(
  order: RestoreOrder,
  inspector: Inspector,
  progress: ServeContext['progress'],
): Promise<RestoreReply> {
  const { folder, into, identities } = order
  const manifest = manifestOf(folder)
  const wanted = manifest.members.filter(({ name }) => order.members?.includes(name) ?? true)
  if (manifest.recipients !== null && identities.length === 0)
    throw new OperationalError('BACKUP_KEY_NEEDED', `${manifest.id} is encrypted, and no private key was given`)
  const files: RestoreReply['files'] = []
  let withheld = 0
  const begin = countBytes(
    wanted.map(({ bytes, plainBytes }) => bytes + plainBytes),
    progress,
  )
  for (const [index, member] of wanted.entries()) {
    const onBytes = begin(index)
    const from = join(folder, member.file)
    const problem = await byteProblem(member, from, onBytes)
    if (problem !== undefined) throw new OperationalError('BACKUP_DAMAGED', `${folder}: ${problem}`)
    const to = join(into, member.restoredAs)
    await unpackMember(member, { from, to, scratch: into, identities, isDurable: true, onBytes }, inspector)
    const before = withheld
    if (order.erased !== null && member.is === 'database') {
      const places = order.places.filter(({ database }) => database === member.name).map(({ place }) => place)
      withheld += withholdRows(to, places, order.erased)
    }
    if (order.erased !== null && member.is === 'airtable-table') withheld += await withholdLines(member.name, to, order)
    if (order.erased !== null && member.is === 'own-database')
      withheld += forgetDecisions(member.name, to, order.erased, order.places)
    const known = member.tables.flatMap(({ name, rows }) => (name === 'sqlite_schema' ? [] : [{ name, rows }]))
    const tables = member.is === 'database' && withheld > before ? countsIn(to, known) : known
    const rows = tables.reduce((sum, table) => sum + table.rows, 0)
    files.push({ name: member.name, file: member.restoredAs, rows, tables })
  }
  return { files, withheld }
}

function countsIn(path: string, tables: RestoreReply['files'][number]['tables']): typeof tables {
  const db = openReading(path)
  try {
    return tables.map(({ name }) => ({
      name,
      rows:
        db
          .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(name)}`)
          .pluck()
          .get() ?? 0,
    }))
  } finally {
    db.close()
  }
}

function manifestOf(folder: string): Manifest {
  try {
    return readManifest(readFileSync(join(folder, manifestName), 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new OperationalError('BACKUP_DAMAGED', `${folder}: ${manifestName} is missing`)
    throw error
  }
}

/** Takes the records of erased people out, with what refers to them, and overwrites where they were. */
function withholdRows(
  path: string,
  places: readonly PersonPlace[],
  erased: NonNullable<RestoreOrder['erased']>,
): number {
  let count = 0
  const db = openWriting(path)
  try {
    db.pragma('secure_delete = ON')
    for (const place of places) {
      for (;;) {
        const rows = findRows(db, place, { is: 'marks', ...erased })
        if (rows.length === 0) break
        const keys = new Set(rows.flatMap(({ key }) => (typeof key === 'string' ? [key] : [])))
        const removed = db.transaction(() => {
          forgetInImportLog(db, (key) => typeof key === 'string' && keys.has(key))
          return removeRows(db, place, rows).length
        })()
        if (removed === 0)
          throw new OperationalError(
            'ACTION_FAILED',
            `erased people cannot be taken out of ${place.table}: a trigger keeps them`,
          )
        count += rows.length
      }
    }
    if (count > 0) db.exec('VACUUM')
  } finally {
    db.close()
  }
  return count
}

const recordSchema = z.looseObject({ id: z.string(), fields: z.record(z.string(), z.unknown()) })
const baseSchema = z.looseObject({
  tables: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      fields: z.array(z.looseObject({ id: z.string(), name: z.string() })),
    }),
  ),
})

/** The same for a table of Airtable; the schema of the base was restored before. */
async function withholdLines(name: string, path: string, order: RestoreOrder): Promise<number> {
  const mirror = order.mirrors.find(({ table }) => `airtable/${table}` === name)
  if (mirror === undefined) return 0
  const { tables } = baseSchema.parse(JSON.parse(readFileSync(join(order.into, 'airtable-schema.json'), 'utf8')))
  const identities = identitiesIn(mirror, tables)
  const isErased = erasedBy(order.erased)
  const part = `${path}.part`
  let withheld = 0
  async function* kept() {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      if (isErased(identities(recordSchema.parse(JSON.parse(line))))) withheld += 1
      else yield `${line}\n`
    }
  }
  await pipeline(kept(), createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }))
  renameSync(part, path)
  return withheld
}

/** By what the person of a record is recognised: its id, the key of the lead, and the mirrored fields. */
function identitiesIn(
  { remote, fields, keysOf, remoteKey }: RestoreOrder['mirrors'][number],
  tables: z.output<typeof baseSchema>['tables'],
) {
  const all = tables.flatMap((table) => table.fields)
  const idsOf = (wanted: string | undefined) =>
    all
      .filter(({ id, name }) => [id, name].some((one) => one.toLowerCase() === wanted?.toLowerCase()))
      .map(({ id }) => id)
  const columns = new Map(Object.entries(remote).map(([field, wanted]) => [field, idsOf(wanted)]))
  const keys = idsOf(remoteKey)
  return (record: z.output<typeof recordSchema>): readonly string[] => {
    const cellAt = (ids: readonly string[] | undefined) =>
      ids?.map((id) => record.fields[id]).find((cell) => cell !== undefined)
    const key = cellAt(keys)
    const own = [record.id, ...(typeof key === 'string' ? [key] : [])].map((one) => keyIdentity(keysOf, one))
    const texts = personTextsOf(fields, (field) => cellAt(columns.get(field)))
    return [...own.filter((one) => one !== undefined), ...identitiesOf(texts)]
  }
}
