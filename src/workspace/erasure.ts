/** Joins what erases a person in one workspace: the suppression list, the tables, and every place that keeps traces of them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Clock } from '../clock.ts'
import { type PersonTable, personTableOf, personTablesOf } from '../desired/person-tables.ts'
import type { DesiredState } from '../desired/schema.ts'
import { forgetInJournal, showsPerson } from '../journal/forget.ts'
import type { JournalStore } from '../journal/store.ts'
import { dropAllAsks, listBackups } from '../kinds/backup/index.ts'
import { duplicatesStoreFile, emptyDuplicateStore } from '../kinds/duplicates/index.ts'
import { forgetInImportLog, forgottenLogChange, importSources } from '../kinds/import/index.ts'
import { forgetWaivers, recordOfWaiver, waiversFile, waiversTable } from '../kinds/quality/index.ts'
import { emptySearchFile } from '../leads/search/forget.ts'
import { createEraser, type Eraser, type ErasureTrace, type PersonMarks } from '../targets/erasure/eraser.ts'
import type { PersonPlace } from '../targets/erasure/person-layout.ts'
import type { SuppressionStore } from '../targets/erasure/suppressions.ts'
import type { Offload } from '../targets/process/ports.ts'
import { erasedChange } from '../targets/sqlite/change-codec.ts'
import type { Change, ChangeSets, Databases, SetOf } from '../targets/sqlite/ports.ts'
import { identitiesOf, keyIdentity, personTextsOf } from '../values/identity.ts'
import { linesElsewhere } from './erasure-elsewhere.ts'
import { databasePathOf } from './paths.ts'

export interface ErasurePorts {
  readonly store: SuppressionStore
  readonly databases: Databases
  readonly offload: Offload
  readonly changeSets: ChangeSets
  readonly checkpointsPath: string
  readonly journal: JournalStore
  /** Folder of the desired state, and `.trueup` in it. */
  readonly workspace: string
  readonly ownFolder: string
  readonly state: () => DesiredState
  /** Forgets what a running loop has seen and would write down again. */
  readonly forgetLooks: (shows: (view: string) => boolean) => void
  readonly clock: Clock
}

export interface Erasure {
  readonly eraser: Eraser
  readonly places: () => readonly PersonPlace[]
}

export function openErasure(ports: ErasurePorts): Erasure {
  const { ownFolder, journal } = ports
  const places = () => personTablesOf(ports.state()).map((table) => placeOf(table, ports.state(), ports.workspace))
  const searchPath = join(ownFolder, 'search.db')
  const waiversPath = join(ownFolder, waiversFile)
  // Of what is only observed quality is told, too.
  const everyPlace = () => personPlacesOf(ports.state(), ports.workspace)
  const traces: readonly ErasureTrace[] = [
    {
      name: 'checkpoints',
      path: ports.checkpointsPath,
      forget: (person) => forgetInCheckpoints(person, places(), ports),
    },
    {
      name: 'previews, last looks, events and restores that were asked for',
      path: join(ownFolder, 'journal.db'),
      forget: async (person) => {
        ports.forgetLooks(showsPerson(person.known))
        // A restore that was asked for holds a copy of what was in the set.
        return forgetInJournal(journal, person.known) + dropAllAsks(ownFolder)
      },
    },
    {
      name: 'duplicates',
      path: join(ownFolder, duplicatesStoreFile),
      forget: async () => emptyDuplicateStore(ownFolder),
    },
    {
      name: 'what was said of the quality of records',
      path: waiversPath,
      forget: async (person) =>
        forgetWaivers(waiversPath, (table, key) => isTheirRecord(person, everyPlace(), { table, key })),
    },
    { name: 'search index', path: searchPath, forget: async () => emptySearchFile(searchPath) },
  ]
  const eraser = createEraser({
    ...ports,
    places,
    traces: () => traces,
    cleanDatabase: (db, path, person) => cleanDatabase(db, person, path, places()),
    elsewhere: (identities) =>
      linesElsewhere({
        state: ports.state(),
        backups: listBackups(ports.state(), ports.workspace).map(({ spec }) => spec),
        paths: places().map(({ path }) => path),
        identities,
      }),
    otherFiles: () => importSources(ports.state(), ports.workspace).map((file) => ({ file, reason: sourceReason })),
  })
  return { eraser, places }
}

const sourceReason = 'it is a source of an import, which Trueup never changes; its rows of this person are withheld'

/** Every declared table, also those that are only observed: a copy of one is Trueup's own. */
export function personPlacesOf(state: DesiredState, workspace: string): readonly PersonPlace[] {
  return Object.entries(state.tables)
    .filter(([, table]) => state.databases[table.database] !== undefined)
    .map(([name, table]) => placeOf(personTableOf(name, table), state, workspace))
}

function placeOf({ database, ...table }: PersonTable, state: DesiredState, workspace: string): PersonPlace {
  const { emails, linkedins, phones, person } = table.fields
  const fields = {
    emails: [...emails],
    linkedins: [...linkedins],
    phones: phones.map((phone) => ({ ...phone })),
    person,
  }
  return {
    ...table,
    fields,
    formerColumns: { ...table.formerColumns },
    path: databasePathOf(state, database, workspace),
  }
}

function cleanDatabase(db: Database, person: PersonMarks, path: string, places: readonly PersonPlace[]): number {
  const tables = places.filter((place) => place.path === path).map(({ table }) => table)
  return forgetInImportLog(db, (key) => tables.some((table) => person.isRecord(path, table, key)))
}

/** Whether a record, of an entry of `tables`, was theirs. */
function isTheirRecord(
  person: PersonMarks,
  places: readonly PersonPlace[],
  { table, key }: { readonly table: string; readonly key: string },
): boolean {
  const place = places.find(({ name }) => name === table)
  return place !== undefined && person.isRecord(place.path, place.table, key)
}

/**
 * First learns which records were theirs, since a change of one cell says only which record it is of; then replaces every
 * change of those records. Undo then finds nothing to bring back, and says that it left them alone.
 */
async function forgetInCheckpoints(
  person: PersonMarks,
  places: readonly PersonPlace[],
  { changeSets, checkpointsPath }: ErasurePorts,
): Promise<number> {
  if (!existsSync(checkpointsPath)) return 0
  const theirs = new Set<string>()
  const nameOf = ({ target }: SetOf, { key, rowId }: Change) =>
    JSON.stringify([target.path, target.table, key === null ? rowId : String(key)])
  await changeSets.redact((setOf, change) => {
    if (isTheirs(setOf, change, person, places)) theirs.add(nameOf(setOf, change))
    return undefined
  })
  return changeSets.redact((setOf, change) => {
    const { path, keyColumn } = setOf.target
    const waived = setOf.target.table === waiversTable ? recordOfWaiver(change) : undefined
    const isOfThem = waived !== undefined && isTheirRecord(person, places, waived)
    if (isOfThem || theirs.has(nameOf(setOf, change))) return erasedChange(change, keyColumn)
    const tables = places.filter((place) => place.path === path).map(({ table }) => table)
    return forgottenLogChange(change, (key) => tables.some((table) => person.isRecord(path, table, key)))
  })
}

function isTheirs({ target }: SetOf, change: Change, person: PersonMarks, places: readonly PersonPlace[]): boolean {
  const { path, table } = target
  if (person.isRecord(path, table, change.key)) return true
  const place = places.find((one) => one.path === path && one.table.toLowerCase() === table.toLowerCase())
  if (place === undefined) return false
  const own = typeof change.key === 'string' ? keyIdentity(place.table, change.key) : undefined
  const identities = (cells: Readonly<Record<string, unknown>>) => [
    ...(own === undefined ? [] : [own]),
    ...identitiesOf(personTextsOf(place.fields, (field) => cells[field])),
  ]
  if (change.is !== 'cell') return person.isPerson(identities(change.row))
  return [change.before, change.after].some((cell) => person.isPerson(identities({ [change.column]: cell })))
}
