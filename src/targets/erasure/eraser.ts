/**
 * Erases a person: out of every declared table that Trueup writes to, out of what it keeps beside them, and out of the
 * bytes of the files; and puts them on the suppression list first, so that nothing brings them back meanwhile. Every step
 * can be repeated, so that one that a crash cut off is completed by the same call.
 */
import { existsSync } from 'node:fs'
import { isAbsolute, relative } from 'node:path'
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import type { Cell } from '../../values/field-type.ts'
import { entryUrl } from '../process/entry-url.ts'
import type { Offload } from '../process/ports.ts'
import type { Databases } from '../sqlite/ports.ts'
import { cleanFiles, searchFiles } from './clean-files.ts'
import { findByKey, findRows, foundRowsMax, type Wanted } from './find-rows.ts'
import { type PersonPlace, type PersonRow, personRowSchema, recordName } from './person-layout.ts'
import { type RemovedRows, referringRows, removeRows } from './remove-rows.ts'
import { linesOfFiles, linesOfTables, linesOfTraces, type ReportLine, type SearchedFiles } from './report.ts'
import type { ErasureOutcome, ErasureWork, Suppression, SuppressionStore } from './suppressions.ts'

/** By what the traces of a person are told where their records are gone. */
export interface PersonMarks {
  isPerson(identities: readonly string[]): boolean
  /** Whether a record of a table of a file was theirs. */
  isRecord(path: string, table: string, key: Cell): boolean
  /** Their addresses and name as they are written, and their keys; undefined after a crash, when nobody knows them any more. */
  readonly known: { readonly texts: readonly string[]; readonly keys: readonly string[] } | undefined
}

/** A place besides the tables where the person may be: cleaned by whoever keeps it. */
export interface ErasureTrace {
  /** For people: `checkpoints`, `search index`. */
  readonly name: string
  /** The database file that it is in; where it is not there, there is nothing to do. */
  readonly path: string
  /** Removes what is theirs and gives how much it was. */
  forget(person: PersonMarks): Promise<number>
}

export interface EraserPorts {
  readonly store: SuppressionStore
  readonly databases: Databases
  readonly offload: Offload
  readonly clock: Clock
  /** The tables of the generation in force that may be written. */
  readonly places: () => readonly PersonPlace[]
  readonly traces: () => readonly ErasureTrace[]
  /** What Trueup keeps in the databases themselves: cleaned in one transaction with the records. Gives how much it was. */
  readonly cleanDatabase: (db: Database, path: string, person: PersonMarks) => number
  /** Files that are searched afterwards and never changed, with the reason why they still hold a person. */
  readonly otherFiles: () => readonly { readonly file: string; readonly reason: string }[]
  /** Lines of the report about places that the eraser does not go through itself. */
  readonly elsewhere: (identities: number) => readonly ReportLine[]
  /** Folder that files are named from. */
  readonly workspace: string
  readonly ownFolder: string
}

/** A person's records in one table. */
export interface FoundInTable {
  readonly place: PersonPlace
  readonly rows: readonly PersonRow[]
  /** Records of other tables that refer to these. */
  readonly referring: readonly RemovedRows[]
}

export interface PersonFound {
  readonly identities: readonly string[]
  readonly tables: readonly FoundInTable[]
}

export interface Eraser {
  /** Everything that is of the person of one record. Reads only. Undefined when there is no such record. */
  find(start: { readonly table: string; readonly key: string }, signal: AbortSignal): Promise<PersonFound | undefined>
  /** The records of suppressed people in one table, or in some of its rows. */
  findErased(table: string, rowIds: readonly number[] | undefined, signal: AbortSignal): Promise<readonly PersonRow[]>
  /** The evidence of an erasure: which of the found records are still there and still this person's. */
  evidence(found: PersonFound): Promise<string>
  /** Which files hold an address of the person. Reads only. */
  filesHolding(
    found: PersonFound,
    signal: AbortSignal,
  ): Promise<{ readonly searched: readonly string[]; readonly holding: readonly string[] }>
  /** Does it, or goes on with it: `found` is known to the first try only. */
  erase(request: EraseRequest, signal: AbortSignal): Promise<ErasureOutcome>
}

export interface EraseRequest {
  /** The action's id. */
  readonly id: string
  readonly found?: PersonFound | undefined
  readonly suppression?: Pick<Suppression, 'table' | 'reason' | 'by' | 'atMs'> | undefined
}

/** How often, and after how long, what a look under way wrote down again is forgotten again. */
const triesMax = 10
const pauseMs = 1000
/** So often identities of newly found records are followed to further ones. */
const roundsMax = 5
/** In so few rows one looks on the main thread. */
const inlineRowsMax = 500

/** What the journal may hold of records as evidence: where they are, nothing of what is in them. */
export function evidenceOf(tables: readonly { readonly name: string; readonly rows: readonly PersonRow[] }[]): string {
  return hashOf(
    tables
      .filter(({ rows }) => rows.length > 0)
      .map(({ name, rows }) => [name, rows.map(({ rowId, key }) => [rowId, keyText(key)])]),
  )
}

export function createEraser(ports: EraserPorts): Eraser {
  const { store, databases } = ports
  /** A declared file that is not there holds nobody. */
  const places = () => ports.places().filter(({ path }) => existsSync(path))

  const scan = async (place: PersonPlace, wanted: Wanted, signal: AbortSignal): Promise<readonly PersonRow[]> => {
    const at = await databases.locate(place.path)
    try {
      const order = { at: at.path, place, wanted }
      const found = await ports.offload.thread(entryUrl('./scan-entry', import.meta.url), order, { signal })
      return z.array(personRowSchema).parse(found)
    } finally {
      at.release()
    }
  }
  const within = async <Result>(place: PersonPlace, work: (db: Database) => Result): Promise<Result> => {
    const view = await databases.read(place.path)
    try {
      return work(view.db)
    } finally {
      view.close()
    }
  }
  const placeOf = (table: string): PersonPlace => {
    const place = ports.places().find(({ name }) => name === table)
    if (place !== undefined) return place
    throw new OperationalError('NOT_FOUND', `no table that may be written is declared as ${table}`)
  }

  async function find(start: { table: string; key: string }, signal: AbortSignal): Promise<PersonFound | undefined> {
    const place = placeOf(start.table)
    const row = await within(place, (db) => findByKey(db, place, start.key))
    if (row === undefined) return undefined
    const identities = new Set(row.identities)
    const tables = places()
    for (let round = 1; ; round += 1) {
      const before = identities.size
      const found: FoundInTable[] = []
      for (const one of tables) {
        const wanted: Wanted = { is: 'identities', identities: [...identities] }
        const scanned = identities.size === 0 ? [] : await scan(one, wanted, signal)
        // A record that nothing tells but its counted key is erased all the same.
        const isStart =
          one.name === place.name && !scanned.some(({ rowId, key }) => rowId === row.rowId && key === row.key)
        const rows = isStart ? [row, ...scanned] : scanned
        for (const identity of rows.flatMap((each) => each.identities)) identities.add(identity)
        if (rows.length > 0) found.push({ place: one, rows, referring: [] })
      }
      if (identities.size > before && round < roundsMax) continue
      const withReferring = found.map(async (one) => ({
        ...one,
        referring: await within(one.place, (db) => referringRows(db, one.place, one.rows)),
      }))
      return { identities: [...identities], tables: await Promise.all(withReferring) }
    }
  }

  async function findErased(table: string, rowIds: readonly number[] | undefined, signal: AbortSignal) {
    const marks = store.marks()
    if (marks === null) return []
    const place = placeOf(table)
    const wanted: Wanted = { is: 'marks', key: marks.key, marks: [...marks.marks] }
    if (rowIds === undefined || rowIds.length > inlineRowsMax) return scan(place, wanted, signal)
    return within(place, (db) => findRows(db, place, wanted, { rowIds, signal }))
  }

  async function evidence({ identities, tables }: PersonFound): Promise<string> {
    const now = tables.map(async ({ place, rows }) => {
      const still = await within(place, (db) =>
        rows.filter((row) => {
          const wanted: Wanted = { is: 'identities', identities: [...identities] }
          if (row.rowId === null || row.identities.length === 0) {
            return findByKey(db, place, keyText(row.key))?.rowId === row.rowId
          }
          return findRows(db, place, wanted, { rowIds: [row.rowId] }).some(({ key }) => key === row.key)
        }),
      )
      return { name: place.name, rows: still }
    })
    return evidenceOf(await Promise.all(now))
  }

  async function erase({ id, found, suppression }: EraseRequest, signal: AbortSignal): Promise<ErasureOutcome> {
    const known = store.outcome(id)
    if (known !== undefined) return known
    if (found !== undefined) {
      const { identities } = found
      store.begin({ id, suppression: suppression === undefined ? undefined : { ...suppression, identities } })
    }
    const work = store.work(id)
    if (work === undefined) throw new OperationalError('ACTION_STALE', `the erasure ${id} was never begun`)
    const paths = [...new Set(places().map(({ path }) => path))]
    const cleaned = await removeEverywhere(id, found, signal)
    const person = marksOf(store.work(id) ?? work, found, store)
    const traces: { from: string; count: number }[] = [...cleaned]
    for (const path of paths) {
      const count = await removeIn(path, (db) => ports.cleanDatabase(db, path, person))
      if (count > 0) traces.push({ from: `migration log of ${nameOf(path)}`, count })
    }
    const own = ports.traces().map(({ path }) => path)
    const searching = { ...ports, nameOf, databases: [...paths, ...own] }
    for (let tries = 1; ; tries += 1) {
      for (const trace of ports.traces()) {
        const count = await trace.forget(person)
        if (count > 0) traces.push({ from: trace.name, count })
      }
      const { searched, remains } = await cleanFiles(searching, addressesOf(found), signal)
      // A look that was under way wrote down what it had seen before.
      const isOver = !remains.some(({ file }) => own.some((path) => nameOf(path) === file.replace(/-wal$/, '')))
      if (isOver || tries === triesMax) return finish(id, summed(traces), { files: searched, remains })
      await ports.clock.sleep(pauseMs, signal)
    }
  }

  function finish(id: string, traces: { from: string; count: number }[], found: SearchedFiles): ErasureOutcome {
    const work = store.work(id)
    const rows = [...(work?.rows ?? [])]
    const names = ports
      .traces()
      .filter(({ path }) => existsSync(path))
      .map(({ name }) => name)
    const report = [
      ...linesOfTables(places(), rows, nameOf),
      ...linesOfTraces(names, traces),
      ...linesOfFiles(found),
      ...ports.elsewhere(work?.identities.length ?? 0),
    ]
    const outcome = { rows, traces, searched: found.files.length, remains: [...found.remains], report }
    store.finish(id, outcome)
    return outcome
  }

  /** Removes the found records, then looks again until no table holds the person. */
  async function removeEverywhere(
    id: string,
    found: PersonFound | undefined,
    signal: AbortSignal,
  ): Promise<{ from: string; count: number }[]> {
    const referring = new Map<string, number>()
    for (const place of places()) {
      let rows = found?.tables.find((one) => one.place.name === place.name)?.rows ?? []
      for (let isSure = false; !isSure; ) {
        if (rows.length > 0) {
          const named = rows.filter(({ key }) => key !== null)
          store.note(
            id,
            place.name,
            named.map(({ key }) => recordName(place.path, place.table, key)),
          )
          const removed = await removeIn(place.path, (db) => removeRows(db, place, rows))
          for (const { table, count } of removed) {
            if (table.toLowerCase() === place.table.toLowerCase()) continue
            referring.set(table, (referring.get(table) ?? 0) + count)
          }
        }
        const work = store.work(id)
        if (work === undefined || work.identities.length === 0) break
        const key = store.marks()?.key
        if (key === undefined) break
        const next = await scan(place, { is: 'marks', key, marks: [...work.identities] }, signal)
        isSure = next.length === 0
        if (next.length > 0 && next.length < foundRowsMax && sameRows(next, rows)) {
          throw new OperationalError(
            'ACTION_FAILED',
            `records of ${place.name} cannot be removed: a trigger brings them back`,
          )
        }
        rows = next
      }
    }
    return [...referring].map(([table, count]) => ({ from: `records of ${table} that referred to them`, count }))
  }

  /** One transaction in which deleted content is overwritten. */
  function removeIn<Result>(path: string, work: (db: Database) => Result): Promise<Result> {
    return databases.exclusive(path, (db) => {
      const before = Number(db.pragma('secure_delete', { simple: true }))
      db.pragma('secure_delete = ON')
      try {
        return db.transaction(() => work(db)).immediate()
      } finally {
        db.pragma(`secure_delete = ${before}`)
      }
    })
  }

  const nameOf = (path: string): string => {
    const name = relative(ports.workspace, path)
    return name.startsWith('..') || isAbsolute(name) ? path : name
  }

  const filesHolding = (found: PersonFound, signal: AbortSignal) => {
    const databases = [...new Set([...places(), ...ports.traces()].map(({ path }) => path))]
    return searchFiles({ ...ports, nameOf, databases }, addressesOf(found) ?? [], signal)
  }

  return { find, findErased, evidence, filesHolding, erase }
}

function marksOf(work: ErasureWork, found: PersonFound | undefined, store: SuppressionStore): PersonMarks {
  const identities = new Set(work.identities)
  const records = new Set(work.records)
  return {
    isPerson: (some) => some.some((identity) => identities.has(store.mark(identity))),
    isRecord: (path, table, key) => key !== null && records.has(store.mark(recordName(path, table, key))),
    known: found === undefined ? undefined : { texts: textsOf(found), keys: keysOf(found) },
  }
}

/** The shortest text that is looked for in bytes: a shorter one is found everywhere. */
const addressCharactersMin = 6

function addressesOf(found: PersonFound | undefined): readonly string[] | undefined {
  if (found === undefined) return undefined
  // What others may have as well is not looked for: finding it would tell nothing.
  const written = found.tables.flatMap(({ rows }) => rows.flatMap(({ texts }) => texts.own))
  const keys = found.identities.filter((one) => /^(email:[^/]+|linkedin:.+)$/.test(one))
  // With and without the +tag, which a source may lack.
  const plain = written.map((text) => text.replace(/\+[^@\s]*@/, '@'))
  const addresses = [...written, ...plain, ...keys.map((one) => one.slice(one.indexOf(':') + 1))]
  return [...new Set(addresses.map((text) => text.trim()))].filter((text) => text.length >= addressCharactersMin)
}

function textsOf(found: PersonFound): readonly string[] {
  const rows = found.tables.flatMap((table) => table.rows)
  const texts = rows.flatMap(({ texts: { own, shared, person } }) => [
    ...own,
    ...shared,
    ...(person === null ? [] : [person]),
  ])
  return [...new Set(texts.map((text) => text.trim()))].filter((text) => text.length > 2)
}

function keysOf(found: PersonFound): readonly string[] {
  return found.tables.flatMap(({ rows }) => rows.filter(({ key }) => key !== null).map(({ key }) => keyText(key)))
}

function summed(counts: readonly { from: string; count: number }[]): { from: string; count: number }[] {
  const sums = new Map<string, number>()
  for (const { from, count } of counts) sums.set(from, (sums.get(from) ?? 0) + count)
  return [...sums].map(([from, count]) => ({ from, count }))
}

function sameRows(one: readonly PersonRow[], other: readonly PersonRow[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ rowId, key }, index) => other[index]?.rowId === rowId && other[index]?.key === key)
  )
}

function keyText(key: Cell): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
}
