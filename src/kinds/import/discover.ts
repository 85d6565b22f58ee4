/**
 * Finds what could be imported below a folder: tables of SQLite files and JSON files whose columns tell of people. Looks
 * only: databases are opened through the port that leaves no trace, and files are never written.
 */
import { readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { Database } from 'better-sqlite3'
import { messageOf, OperationalError } from '../../errors.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { fitJudge } from './fit.ts'
import { jsonSource } from './json-source.ts'
import { type ColumnSample, type Mapping, mapColumns } from './mapping.ts'
import type { Source } from './source-row.ts'
import { type ImportResource, type IntoTable, rolesOf } from './spec.ts'
import { type StatusWord, statusWordsOf } from './status-words.ts'
import { surveyColumns } from './survey.ts'
import { foldName, synonymScore } from './synonyms.ts'
import { tableSource } from './table-source.ts'
import { findFiles } from './workspace-files.ts'

/** One source that holds leads, by what its columns say. */
export interface FoundSource {
  readonly source: ImportResource['source']
  /** 0 to 1: how surely its rows are people who can be recognised. */
  readonly confidence: number
  readonly mapping: Mapping
  /** Words of its status columns that no declared choice or alias admits. */
  readonly statusWords: readonly StatusWord[]
}

/** Something that was looked at and is not proposed. */
export interface PassedOver {
  /** Relative to the workspace. */
  readonly path: string
  readonly table: string | null
  readonly reason: string
}

export interface DiscoverSettings {
  /** Absolute. */
  readonly folder: string
  readonly workspace: string
  readonly into: IntoTable
  /** Absolute paths of the declared databases by name. */
  readonly databases: ReadonlyMap<string, string>
}

const databaseEndings = /\.(db|db3|sqlite|sqlite3)$/i
const jsonEndings = /\.(json|jsonl|ndjson)$/i
const entriesMax = 20_000
const foldersDeepMax = 16
/** Folders that hold programs or Trueup's own data. */
const skippedFolders = new Set(['node_modules', '__pycache__', 'venv'])
const surveyRows = 1000
/** A source below this is not proposed: its rows could hardly be told apart. */
const confidenceMin = 0.5

/** Everything below the folder that could be imported, and what was passed over and why. */
export async function discoverSources(
  settings: DiscoverSettings,
  ports: { readonly databases: Databases },
): Promise<{ readonly found: readonly FoundSource[]; readonly passedOver: readonly PassedOver[] }> {
  const files = filesBelow(settings.folder)
  const passedOver: PassedOver[] = []
  const found: FoundSource[] = []
  for (const path of files.filter((file) => databaseEndings.test(file))) {
    const tables = await tablesOf(path, settings, ports.databases)
    found.push(...tables.found)
    passedOver.push(...tables.passedOver)
  }
  const json = jsonFolders(
    files.filter((file) => jsonEndings.test(file)),
    settings,
  )
  return { found: [...found, ...json.found], passedOver: [...passedOver, ...json.passedOver] }
}

function filesBelow(folder: string): readonly string[] {
  const files: string[] = []
  const walk = (at: string, depth: number) => {
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((one, other) =>
      one.name < other.name ? -1 : 1,
    )) {
      // Links are not followed: they could lead round in circles, or out of what was asked for.
      if (entry.name.startsWith('.') || skippedFolders.has(entry.name)) continue
      const path = join(at, entry.name)
      if (entry.isDirectory() && depth < foldersDeepMax) walk(path, depth + 1)
      else if (entry.isFile()) files.push(path)
      if (files.length > entriesMax) {
        throw new OperationalError('USAGE', `${folder} holds more than ${entriesMax.toLocaleString('en-US')} files`, {
          hint: 'Name a folder further down.',
        })
      }
    }
  }
  try {
    walk(folder, 0)
  } catch (error) {
    if (error instanceof OperationalError) throw error
    throw new OperationalError('USAGE', `${folder} cannot be looked through: ${messageOf(error)}`, {
      hint: 'Name a folder that exists and that you may read.',
      cause: error,
    })
  }
  return files
}

async function tablesOf(
  path: string,
  settings: DiscoverSettings,
  databases: Databases,
): Promise<{ found: readonly FoundSource[]; passedOver: readonly PassedOver[] }> {
  const shown = relative(settings.workspace, path)
  const found: FoundSource[] = []
  const passedOver: PassedOver[] = []
  try {
    const view = await databases.read(path)
    try {
      for (const table of tableNames(view.db)) {
        if (isSame(path, settings.into.path) && table === settings.into.table) {
          passedOver.push({ path: shown, table, reason: 'is the table that would be imported into' })
          continue
        }
        const database = databaseNameOf(path, settings)
        const source = tableSource(view.db, `${database}.${table}`, table)
        const one =
          source === undefined ? undefined : judged(source, { is: 'database', database, path, table }, settings)
        if (one !== undefined && one.confidence >= confidenceMin) found.push(one)
        else passedOver.push({ path: shown, table, reason: noLeads })
      }
    } finally {
      view.close()
    }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    passedOver.push({ path: shown, table: null, reason: error.message })
  }
  return { found, passedOver }
}

const noLeads = 'no columns tell who a person is (a name with an e-mail address or a LinkedIn profile)'

function tableNames(db: Database): readonly string[] {
  const sql = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND name NOT LIKE '\\_trueup%' ESCAPE '\\' ORDER BY name`
  return db.prepare<[], string>(sql).pluck().all()
}

function judged(source: Source, from: ImportResource['source'], { into }: DiscoverSettings): FoundSource {
  const columns = surveyColumns({ ...source, surveyRows })
  const mapping = mapColumns(columns, into, {}, fitJudge(into))
  return {
    source: from,
    mapping,
    confidence: confidenceOf(mapping, columns, into),
    statusWords: wordsOf(mapping, columns, into),
  }
}

/** A name alone recognises nobody; an address or a profile does, and more surely together with a name. */
function confidenceOf(mapping: Mapping, columns: readonly ColumnSample[], into: IntoTable): number {
  const roles = rolesOf(into)
  const filled = new Set(columns.filter(({ values }) => values.length > 0).map(({ column }) => column))
  const score = (field: string | undefined) =>
    Math.max(
      0,
      ...mapping.mapped.filter((one) => one.field === field && filled.has(one.column)).map((one) => one.score),
    )
  const address = Math.max(score(roles.email), score(roles.linkedin))
  return Math.round((0.6 * address + 0.4 * score(roles.person)) * 100) / 100
}

/** Of the columns that fill a choice field, and of those that would if it admitted their words. */
function wordsOf(mapping: Mapping, columns: readonly ColumnSample[], into: IntoTable): readonly StatusWord[] {
  const choices = into.fields.filter(({ type }) => type === 'choice')
  const fieldOf = (column: string) => {
    const mapped = mapping.mapped.find((one) => one.column === column)
    if (mapped !== undefined) return choices.find(({ name }) => name === mapped.field)
    return choices.find(({ name }) => synonymScore(foldName(column), foldName(name)) !== undefined)
  }
  return columns.flatMap(({ column, values }) => {
    const field = fieldOf(column)
    return field === undefined ? [] : statusWordsOf(field, column, values)
  })
}

/** The declared database of the file, or a name made from it. */
function databaseNameOf(path: string, { databases }: DiscoverSettings): string {
  const declared = [...databases].find(([, one]) => isSame(one, path))
  if (declared !== undefined) return declared[0]
  const own = slugOf(basename(path).replace(databaseEndings, ''))
  const free = [own, slugOf(`${basename(dirname(path))}-${own}`)].find((name) => !databases.has(name))
  return free ?? `${own}-found`
}

/** A name as the desired state allows them. */
export function slugOf(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return /^[a-z]/.test(slug) ? slug.slice(0, 50) : `source-${slug}`.slice(0, 50).replace(/-$/, '')
}

function isSame(one: string, other: string): boolean {
  const real = (path: string) => {
    try {
      return realpathSync(path)
    } catch {
      // Not there: it is compared by its name.
      return resolve(path)
    }
  }
  return real(one) === real(other)
}

/** Folders of JSON files; folders that all hold leads are proposed together by the folder above them. */
function jsonFolders(
  files: readonly string[],
  settings: DiscoverSettings,
): { found: readonly FoundSource[]; passedOver: readonly PassedOver[] } {
  const folders = [...new Set(files.map((file) => dirname(file)))].sort()
  const holdsLeads = new Map(
    folders.map((folder) => {
      const own = files.filter((file) => dirname(file) === folder)
      return [
        folder,
        (jsonSourceOf(patternOf(folder, own, false, settings), settings)?.confidence ?? 0) >= confidenceMin,
      ]
    }),
  )
  const found: FoundSource[] = []
  const passedOver: PassedOver[] = []
  const take = (folder: string) => {
    const below = folders.filter((one) => one === folder || one.startsWith(`${folder}${sep}`))
    if (below.length === 0) return
    const own = files.filter((file) => below.includes(dirname(file)))
    const children = new Set(below.map((one) => (one === folder ? folder : childOf(folder, one))))
    const [only] = children
    // The pattern starts as far down as it can, so that it takes in no more than was seen.
    if (only !== undefined && only !== folder && children.size === 1) {
      take(only)
      return
    }
    if (below.every((one) => holdsLeads.get(one))) {
      const source = jsonSourceOf(
        patternOf(
          folder,
          own,
          below.some((one) => one !== folder),
          settings,
        ),
        settings,
      )
      if (source !== undefined) found.push(source)
      return
    }
    if (holdsLeads.has(folder)) {
      const direct = own.filter((file) => dirname(file) === folder)
      const source = holdsLeads.get(folder)
        ? jsonSourceOf(patternOf(folder, direct, false, settings), settings)
        : undefined
      if (source !== undefined) found.push(source)
      else
        for (const file of direct)
          passedOver.push({ path: relative(settings.workspace, file), table: null, reason: noLeads })
    }
    const inner = new Set(below.filter((one) => one !== folder).map((one) => childOf(folder, one)))
    for (const child of inner) take(child)
  }
  take(settings.folder)
  return { found, passedOver }
}

function childOf(folder: string, below: string): string {
  const [first = ''] = relative(folder, below).split(sep)
  return join(folder, first)
}

/** The pattern of the files, from the folder that it starts at: the workspace, or the folder itself where it lies outside. */
function patternOf(
  folder: string,
  files: readonly string[],
  deep: boolean,
  { workspace }: DiscoverSettings,
): { pattern: string; workspace: string } {
  const endings = [...new Set(files.map((file) => file.slice(file.lastIndexOf('.') + 1)))].sort()
  const name = endings.length === 1 ? `*.${endings[0]}` : `*.{${endings.join(',')}}`
  const inside = relative(workspace, folder)
  const isOutside = inside.startsWith('..')
  const start = isOutside || inside === '' ? '' : `${inside.split(sep).join('/')}/`
  return { pattern: `${start}${deep ? '**/' : ''}${name}`, workspace: isOutside ? folder : workspace }
}

function jsonSourceOf(
  { pattern, workspace }: { pattern: string; workspace: string },
  settings: DiscoverSettings,
): FoundSource | undefined {
  const databases = [...settings.databases.values()].sort()
  const files = findFiles({ workspace, pattern, databases })
  if (files.files.length === 0) return undefined
  return judged(jsonSource(pattern, files), { is: 'files', pattern, workspace, databases }, settings)
}
