/** What has to be so once faults have stopped and time has passed. */
import { keyText } from '../../engine/resource.ts'
import type { Book, Edit } from '../world/book.ts'
import type { Controller } from '../world/controller.ts'
import { mirroredFields, recordsOf } from '../world/mirror.ts'
import type { Rest } from '../world/rest.ts'
import type { World } from '../world/world.ts'
import { nameOf } from './permission.ts'
import type { SeenAction } from './record.ts'
import { judgeReplay } from './replay.ts'
import { standardEmail } from './standard.ts'

const hourMs = 3_600_000

export interface StandingNow {
  /** What is neither as declared nor waits for a person. */
  readonly waiting: readonly string[]
  /** What waits for people to approve it, jobs aside: they ask again at each of their moments. */
  readonly asking: readonly string[]
}

/** Reasons that only a person ends; everything else has to pass by itself. */
const forPeople =
  /^(ApprovalNeeded|Rejected|ByHand|StoppedByPerson|ConfigurationWrong|Quarantined|Suspended|AskedPerson|Risk|BlastRadius.*|approval-needed|rejected|by-hand)$/

export function judgeStates(world: World, { workspace }: Controller): StandingNow {
  const waiting: string[] = []
  const asking: string[] = []
  for (const status of workspace.engine.statuses.all()) {
    const name = keyText(status.declared.key)
    const isReady = status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'true')
    if (isReady) continue
    const asks = status.actions.some(({ gate: { decision } }) => decision === 'approve' || decision === 'approve-twice')
    if (asks && status.declared.key.kind !== 'job') asking.push(name)
    const reasons = status.conditions.filter(({ type, status: is }) => type !== 'Ready' && is === 'true')
    if (reasons.length === 0 || reasons.some(({ message }) => message === ''))
      world.violate('what is not ready says why', `${name} says nothing`)
    const told = `${name}: ${reasons.map(({ type, reason, message }) => `${type} ${reason} ${message}`).join('; ')}`
    world.trace.note(`  not ready: ${told}`)
    // The rest begins with mode enforce.
    if (reasons.some(({ reason }) => reason === 'ModeObserve'))
      world.violate('a changed policy is followed at once', name)
    for (const { wakeUpMs } of reasons)
      if (wakeUpMs !== undefined && wakeUpMs > world.clock.nowMs() + hourMs + 1000)
        world.violate('what waits is looked at again within the hour', name)
    const isTrue = ({ reason }: { readonly reason: string }) =>
      forPeople.test(reason) || (reason === 'JobFailed' && hasFailed(world))
    if (!reasons.some(isTrue)) waiting.push(told)
  }
  return { waiting, asking }
}

/** Runs fail by chance: that the last one did is for its people, and the next one comes at its moment. */
function hasFailed({ programs }: World): boolean {
  const last = programs.fake.ended.findLast(({ lockName }) => lockName.startsWith('job-'))
  return last !== undefined && last.code !== 0
}

export function judgeQuiet(world: World, dispatched: readonly SeenAction[]): void {
  for (const action of dispatched)
    if (action.resource.kind !== 'job')
      world.violate('what has converged stays as it is', `${nameOf(action)}: ${action.summary}`)
}

/** Both sides equal or explained, nobody lost, doubled or brought back, and no edit gone without a trace. */
export async function judgeEnd(rest: Rest, controller: Controller): Promise<void> {
  const { world, book } = rest
  const rows = rowsOf(world)
  const records = recordsOf(world).map(({ fields }) => fields)
  for (const email of book.erased)
    if (!book.writtenAgain.has(email) && rows.some((row) => String(row.email ?? '').toLowerCase() === email))
      world.violate('no erased person comes back', email)
  judgeReplay(world)
  judgeDeclared(world, book, rows)
  const { sync } = controller.workspace
  const isStill = controller.workspace.engine.statuses
    .all()
    .filter(({ declared }) => declared.key.kind === 'sync' || declared.key.kind === 'table')
    .every(({ conditions }) => conditions.some(({ type, status }) => type === 'Ready' && status === 'true'))
  if (!isStill) return
  const pairs = await settled(rest, sync.leads('leads', { limit: 1000 }))
  // What a side refuses, what an undo left different on purpose, what a person still has to fill in: said of the lead.
  const blocked = new Set(
    pairs.flatMap(({ status, key }) => (/^(blocked|apart|incomplete)$/.test(status) ? [key] : [])),
  )
  const conflicts = await settled(rest, sync.conflicts('leads', { state: undefined, limit: 100_000 }))
  const open = conflicts.filter(({ state }) => state === 'open')
  const history = await settled(rest, sync.history('leads', { limit: 100_000 }))
  // What was taken back on one side does not come again by itself.
  for (const { key, actionId } of history) if (rest.checks.isUndone(actionId)) blocked.add(key)
  for (const row of rows) {
    const own = records.filter((record) => record['Lead ID'] === row.id)
    if (own.length > 1) world.violate('no lead stands twice in Airtable', String(row.id))
    if (blocked.has(String(row.id)) || open.some(({ key }) => key === row.id)) continue
    const [record] = own
    if (record === undefined) {
      if (!book.deleted.has(String(row.full_name))) world.violate('no lead is lost in Airtable', String(row.full_name))
      continue
    }
    for (const [field, remote] of mirroredFields)
      if (!same(row[field], record[remote]))
        world.violate(
          'both sides are equal',
          `${row.id} ${field}: ${String(row[field])} here, ${String(record[remote])} there`,
        )
  }
  judgeEdits(world, book, rows, traces(rows, conflicts, history))
  judgeUnrivalled(
    rest,
    rows.filter(({ id }) => !blocked.has(String(id)) && !open.some(({ key }) => key === id)),
  )
}

/** What is declared is so, where no person took it back. */
function judgeDeclared({ programs, declaration, violate }: World, book: Book, rows: readonly Row[]): void {
  if (programs.hanging.size > 0) violate('a program without a sign of life is replaced', [...programs.hanging].join())
  if (book.undos.length > 0) return
  if (!programs.fake.runs('service-collector')) violate('a declared service runs', 'collector')
  const untidy = rows.filter(({ email }) => email !== standardEmail(email))
  if (declaration.standardizes && untidy.length > 0)
    violate(
      'declared values are in standard form',
      untidy.map(({ id, email }) => `${String(id)} ${String(email)}`).join(),
    )
}

type Row = Readonly<Record<string, unknown>>

function rowsOf({ agent }: World): readonly Row[] {
  return agent.prepare<[], Row>('SELECT id, full_name, email, company, score FROM leads').all()
}

function same(local: unknown, remote: unknown): boolean {
  return (local ?? null) === (remote ?? null)
}

interface Moved {
  readonly key: string
  readonly content: { readonly cells: Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>> }
}
interface Disputed {
  readonly key: string
  readonly field: string
  readonly local: unknown
  readonly remote: unknown
}

function traces(rows: readonly Row[], conflicts: readonly Disputed[], history: readonly Moved[]): ReadonlySet<string> {
  const names = new Map(rows.map((row) => [row.id, row.full_name]))
  const found = new Set<string>()
  for (const { key, content } of history)
    for (const [field, { before, after }] of Object.entries(content.cells))
      for (const mark of [before, after]) found.add(JSON.stringify([names.get(key), field, mark]))
  for (const { key, field, local, remote } of conflicts)
    for (const mark of [local, remote]) found.add(JSON.stringify([names.get(key), field, mark]))
  return found
}

/** The last edit of a side stands, or was followed by an edit of the other side, or is named by history or a conflict. */
function judgeEdits(world: World, book: Book, rows: readonly Row[], traced: ReadonlySet<string>): void {
  const last = new Map<string, Edit>()
  for (const edit of book.edits) last.set(`${edit.side} ${edit.name} ${edit.field}`, edit)
  for (const edit of last.values()) {
    const row = rows.find(({ full_name }) => full_name === edit.name)
    // Of a deleted lead the last values went with it; what a person had undone was taken back on purpose.
    if (row === undefined || book.deleted.has(edit.name) || book.undos.length > 0) continue
    if (edit.side === 'remote' && book.hooksLost) continue
    if (unansweredOf(book, edit).includes(row[edit.field])) continue
    if (row[edit.field] === edit.value || traced.has(JSON.stringify([edit.name, edit.field, edit.value]))) continue
    world.violate('no edit vanishes without a trace', `${JSON.stringify(edit)}, final ${String(row[edit.field])}`)
  }
}

/** What a write through the API may have put into this cell, of which nobody was told. */
function unansweredOf({ unanswered }: Book, { name, field }: Edit): readonly unknown[] {
  return [...unanswered].filter((one) => one.name === name && one.field === field).map(({ value }) => value)
}

/** Where one side alone ever edited a cell, its last edit stands: nobody else wanted anything. */
function judgeUnrivalled({ world, book }: Rest, rows: readonly Row[]): void {
  if (book.undos.length > 0) return
  for (const row of rows)
    for (const field of ['company', 'score'] as const) {
      const edits = book.edits.filter((edit) => edit.name === row.full_name && edit.field === field)
      const last = edits.at(-1)
      if (last === undefined || book.deleted.has(last.name)) continue
      if (edits.some(({ by }) => by !== last.by || by === 'API') || unansweredOf(book, last).length > 0) continue
      if (row[field] !== last.value)
        world.violate('an edit that nobody rivals stands', `${JSON.stringify(last)}, final ${String(row[field])}`)
    }
}

/** Waits while time passes. */
async function settled<Result>(rest: Rest, work: Promise<Result>): Promise<Result> {
  let isOver = false
  const mine = work.finally(() => {
    isOver = true
  })
  mine.catch(() => undefined)
  while (!isOver) await rest.advance(10)
  return mine
}
