/**
 * Looks at a table, always at all of it: what can differ about it are its schema and counts over its rows. Changed rows
 * lead to a look only where they change what the last one found.
 */
import { z } from 'zod'
import type { Observation, Scope } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { readChangeLog } from '../../targets/sqlite/change-log.ts'
import { codeOf, toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { ReadView } from '../../targets/sqlite/ports.ts'
import { type Baseline, createBaseline } from './baseline.ts'
import { answersFor, type LookPorts, scanRequest } from './look.ts'
import { questionsFor } from './questions.ts'
import { readSchemaState } from './read-state.ts'
import { noAnswers, type ScanAnswers } from './scan.ts'
import type { TableDeclaration } from './spec.ts'
import { findObject, type TableState } from './state.ts'

export interface ObservePorts extends LookPorts {
  readonly baselines: Baselines
}

/** What the last full look at each table found, by resource, with what it was asked under. */
export type Baselines = Map<string, { readonly spec: string; readonly schemaVersion: number; readonly found: Baseline }>

/** The look as the engine wants it: what cannot be read is given as `unreadable`, never thrown. */
export async function observeTable(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  signal: AbortSignal,
): Promise<Observation<TableState>> {
  const { path } = resource.spec
  try {
    return await lookOnce(ports, resource, signal)
  } catch (error) {
    // A thread reads the file a moment after its schema was read: a column that went meanwhile is no error of the file.
    const moved = codeOf(error) === 'SQLITE_ERROR'
    const known = toDatabaseError(error, path)
    if (known instanceof OperationalError) return { is: 'unreadable', error: known }
    if (!moved) throw error
  }
  return lookOnce(ports, resource, signal)
}

async function lookOnce(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  signal: AbortSignal,
): Promise<Observation<TableState>> {
  const view = await ports.databases.read(resource.spec.path)
  try {
    return await lookAt(ports, resource, view, signal)
  } finally {
    view.close()
  }
}

async function lookAt(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  view: ReadView,
  signal: AbortSignal,
): Promise<Observation<TableState>> {
  const { spec } = resource
  const state = readSchemaState(view.db, spec.table, noAnswers)
  const old = spec.renamedFrom === null ? undefined : findObject(state.objects, 'table', spec.renamedFrom)
  if (state.table === undefined && !state.isView && old === undefined) return { is: 'absent' }
  const answers = await answersAbout(ports, resource, state, view, signal)
  const found: TableState = { ...state, answers }
  return { is: 'present', state: found, fingerprint: fingerprintOfState(found) }
}

function fingerprintOfState(state: TableState): string {
  const schema = state.objects.map(({ type, name, sql }) => [type, name, sql])
  return hashOf({ schema, answers: state.answers })
}

async function answersAbout(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  state: TableState,
  view: ReadView,
  signal: AbortSignal,
): Promise<ScanAnswers> {
  const { table } = state
  const { spec } = resource
  const owner = keyText(resource.key)
  ports.baselines.delete(owner)
  if (table === undefined || table.form !== 'ordinary') return noAnswers
  const request = scanRequest(table, spec.key, questionsFor(spec, table), spec.enforced)
  const { answers, detail } = await answersFor(ports, view.db, spec.path, request, signal)
  if (detail !== null) {
    const found = createBaseline(request, answers, detail)
    ports.baselines.set(owner, { spec: hashOf(spec), schemaVersion: state.schemaVersion, found })
  }
  return answers
}

/** More changed rows than this are as well looked at by a full look. */
const changedRowsMax = 5000

const cursorSchema = z.tuple([z.number(), z.number().nullable()])

/**
 * What is worth a look since the cursor: nothing while the schema is the same and no row that the change table names
 * changes what the last look found, else everything.
 */
export async function changesOf(
  ports: Pick<ObservePorts, 'databases' | 'baselines'>,
  resource: Declared<TableDeclaration>,
  cursor: string | undefined,
): Promise<{ scope: Scope; cursor: string }> {
  const { spec } = resource
  const view = await ports.databases.read(spec.path)
  try {
    const version = Number(view.db.pragma('schema_version', { simple: true }))
    const since = parseCursor(cursor)
    const seq = since?.[0] === version ? (since[1] ?? undefined) : undefined
    const reading = readChangeLog(view.db, spec.table, seq, changedRowsMax)
    const next = JSON.stringify([version, reading.lastSeq ?? null])
    const known = ports.baselines.get(keyText(resource.key))
    const isKnown = known?.schemaVersion === version && known.spec === hashOf(spec)
    const isNews = reading.is !== 'rows' || !isKnown || known.found.isNews(view.db, reading.rowIds)
    const scope: Scope = isNews ? { is: 'full' } : { is: 'rows', rowIds: [] }
    return { scope, cursor: next }
  } finally {
    view.close()
  }
}

/** A cursor that cannot be read is no cursor: everything is looked at. */
function parseCursor(cursor: string | undefined): z.output<typeof cursorSchema> | undefined {
  if (cursor === undefined) return undefined
  try {
    return cursorSchema.parse(JSON.parse(cursor))
  } catch {
    return undefined
  }
}
