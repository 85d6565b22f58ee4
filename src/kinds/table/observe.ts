/**
 * Looks at a table. A full look asks about every row what the declaration raises; a look at changed rows asks only these,
 * which is enough where the last full look found nothing wrong and the schema is the same.
 */
import { z } from 'zod'
import type { Memory } from '../../engine/memory.ts'
import type { Observation, Scope } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { hashOf } from '../../json.ts'
import { readChangeLog } from '../../targets/sqlite/change-log.ts'
import { codeOf, toDatabaseError } from '../../targets/sqlite/database-error.ts'
import type { ReadView } from '../../targets/sqlite/ports.ts'
import { answersFor, type LookPorts, scanRequest } from './look.ts'
import { questionsFor } from './questions.ts'
import { readSchemaState } from './read-state.ts'
import { noAnswers, type Questions, type ScanAnswers } from './scan.ts'
import type { TableDeclaration } from './spec.ts'
import { findObject, type TableState } from './state.ts'

export interface ObservePorts extends LookPorts {
  readonly memory: Memory
}

/** The look as the engine wants it: what cannot be read is given as `unreadable`, never thrown. */
export async function observeTable(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  scope: Scope,
  signal: AbortSignal,
): Promise<Observation<TableState>> {
  const { path } = resource.spec
  try {
    return await lookOnce(ports, resource, scope, signal)
  } catch (error) {
    // A thread reads the file a moment after its schema was read: a column that went meanwhile is no error of the file.
    const moved = codeOf(error) === 'SQLITE_ERROR'
    const known = toDatabaseError(error, path)
    if (known instanceof OperationalError) return { is: 'unreadable', error: known }
    if (!moved) throw error
  }
  return lookOnce(ports, resource, scope, signal)
}

async function lookOnce(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  scope: Scope,
  signal: AbortSignal,
): Promise<Observation<TableState>> {
  const view = await ports.databases.read(resource.spec.path)
  try {
    return await lookAt(ports, resource, scope, view, signal)
  } finally {
    view.close()
  }
}

async function lookAt(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  scope: Scope,
  view: ReadView,
  signal: AbortSignal,
): Promise<Observation<TableState>> {
  const { spec } = resource
  const state = readSchemaState(view.db, spec.table, noAnswers)
  const old = spec.renamedFrom === null ? undefined : findObject(state.objects, 'table', spec.renamedFrom)
  if (state.table === undefined && !state.isView && old === undefined) return { is: 'absent' }
  const answers = await answersAbout(ports, resource, state, scope, view, signal)
  const found: TableState = { ...state, answers }
  return { is: 'present', state: found, fingerprint: fingerprintOfState(found) }
}

function fingerprintOfState(state: TableState): string {
  const schema = state.objects.map(({ type, name, sql }) => [type, name, sql])
  return hashOf({ schema, answers: state.answers })
}

/** What a full look found, for the looks at changed rows after it. */
const rememberedSchema = z.strictObject({ schema: z.string(), questions: z.string() })

async function answersAbout(
  ports: ObservePorts,
  resource: Declared<TableDeclaration>,
  state: TableState,
  scope: Scope,
  view: ReadView,
  signal: AbortSignal,
): Promise<ScanAnswers> {
  const { table } = state
  const { spec } = resource
  if (table === undefined || table.form !== 'ordinary') return noAnswers
  const questions = questionsFor(spec, table)
  const ask = (rowIds: readonly number[] | null) =>
    answersFor(ports, view.db, spec.path, scanRequest(table, spec.key, questions, rowIds), signal)
  const owner = keyText(resource.key)
  const now = { schema: hashOf(state.objects.map(({ sql }) => sql)), questions: hashOf(questions) }
  const known = rememberedSchema.safeParse(ports.memory.get(owner, 'clean'))
  const sound = known.success && known.data.schema === now.schema && known.data.questions === now.questions
  // Uniqueness is a matter of all rows, so a changed row alone cannot tell.
  if (scope.is === 'rows' && sound && questions.groupings.length === 0) {
    const answers = await ask(scope.rowIds)
    if (isClean(answers, questions)) return answers
  }
  const answers = await ask(null)
  ports.memory.set(owner, 'clean', isClean(answers, questions) ? now : null)
  return answers
}

/** Whether no row is at fault. Counts that are no fault (values of a column that shall go) keep looks full, which is right. */
function isClean(answers: ScanAnswers, questions: Questions): boolean {
  return (
    answers.missingKeys.count === 0 &&
    questions.conditions.every(({ id }) => (answers.conditions[id]?.count ?? 0) === 0) &&
    questions.groupings.every(({ id }) => {
      const answer = answers.groupings[id]
      return answer !== undefined && answer.groups === 0 && answer.emptyRows === 0
    })
  )
}

/** More changed rows than this are as well looked at by a full look. */
const changedRowsMax = 5000

const cursorSchema = z.tuple([z.number(), z.number().nullable()])

/** What changed since the cursor: rows by the change table while the schema is the same, else everything. */
export async function changesOf(
  ports: Pick<ObservePorts, 'databases'>,
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
    const scope: Scope = reading.is === 'rows' ? { is: 'rows', rowIds: reading.rowIds } : { is: 'full' }
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
