/** Compares one pair, field by field and as a whole, and says what would have to be done. Pure. */
import { hashOf, type JsonValue } from '../../json.ts'
import { keyIn } from './adopt.ts'
import { personIdentitiesOf } from './identity.ts'
import type { LocalRow } from './local-table.ts'
import { type MappedField, needsTypecast, type SyncMapping } from './mapping.ts'
import { type Base, type FieldDecision, mergeField } from './merge-field.ts'
import { mergeRecord } from './merge-record.ts'
import type { Judge } from './quality.ts'
import {
  emptyReading,
  type Mark,
  markOf,
  type Plain,
  type Reading,
  readLocal,
  readRemote,
  sameMark,
  sameMeaning,
  writeRemote,
} from './reading.ts'
import type { SyncSpec } from './spec.ts'
import type { ConflictDraft } from './store/conflicts.ts'
import type { CellMove, Move, MoveVerb } from './store/moves.ts'
import type { Bounce, Pair, PairStatus } from './store/pair.ts'

export interface CompareContext {
  readonly spec: SyncSpec
  readonly mapping: SyncMapping
  readonly judges: ReadonlyMap<string, Judge>
  readonly nowMs: number
  /** Whether an erased person is meant: such a lead is neither pushed nor pulled back. */
  readonly isErased: (identities: readonly string[]) => boolean
  /** Whether a person said that whom is meant may be contacted again. */
  readonly isAllowed: (identities: readonly string[]) => boolean
}

/** Something that only a person can mend. */
export interface Problem {
  readonly code:
    | 'unfit-local'
    | 'unfit-remote'
    | 'unknown-choice'
    | 'refused'
    | 'twin'
    | 'incomplete'
    | 'bounce'
    | 'key-type'
  readonly key: string
  /** Empty where the record as a whole is meant. */
  readonly field: string
  readonly message: string
}

export interface Comparison {
  /** The pair with what is settled now; its `dirty` says whether anything is left to do. */
  readonly pair: Pair
  readonly moves: readonly Omit<Move, 'seq'>[]
  readonly conflicts: readonly ConflictDraft[]
  readonly problems: readonly Problem[]
  /** Neither side has the lead any more. */
  readonly forget: boolean
}

/** From how many times turned back within {@link bounceSpanMs} a cell is left alone. */
export const bouncesMax = 3
export const bounceSpanMs = 3_600_000

/** Readings of one mapped field on both sides. */
interface FieldView {
  readonly mapped: MappedField
  readonly local: Reading
  readonly remote: Reading
  readonly same: boolean
  readonly base: Base | undefined
}

/** Compares a pair with the row as it is now. */
export function comparePair(before: Pair, row: LocalRow | undefined, context: CompareContext): Comparison {
  const pair: Pair = {
    ...before,
    local: row === undefined ? (before.local === 'never' ? 'never' : 'gone') : 'there',
    rowId: row?.rowId ?? null,
    localAtMs: row?.changedMs ?? before.localAtMs,
  }
  const views = viewsOf(pair, row, context)
  if (context.isErased(identitiesOfViews(pair, views, context))) return erased(pair)
  if (pair.twinOf !== null) return twin(pair, views)
  const held = pair.held !== null && pair.held === rowMark(views)
  const decision = mergeRecord({
    local: pair.local,
    remote: pair.remote,
    deletions: context.spec.deletions,
    changedSinceAgreed: () => changedSinceAgreed(pair, views),
    verdict: pair.verdict ?? undefined,
    held,
  })
  switch (decision.is) {
    case 'forget':
      return { pair, moves: [], conflicts: [], problems: [], forget: true }
    case 'leave':
      return resting(pair, 'apart', decision.why === 'held' ? 'an undo left it as it is' : 'its deletion is ignored')
    case 'conflict':
      return deletionConflict(pair, decision.deleted)
    case 'compare':
      return compareFields(pair, views, context)
    default:
      return wholeMove(pair, decision.is, views, context)
  }
}

function viewsOf(pair: Pair, row: LocalRow | undefined, { mapping }: CompareContext): readonly FieldView[] {
  return mapping.fields.flatMap((mapped) => {
    const { field, remote } = mapped
    if (row !== undefined && !(field.name in row.cells)) return []
    const localReading = row === undefined ? emptyReading : readLocal(field, row.cells[field.name] ?? null)
    const remoteReading = readRemote(field, remote, pair.cells?.[remote.id])
    return [
      {
        mapped,
        local: localReading,
        remote: remoteReading,
        same: sameMeaning(field, remote, localReading, remoteReading),
        base: pair.base?.[field.name],
      },
    ]
  })
}

/** By what either side tells who the lead is. */
function identitiesOfViews(
  pair: Pair,
  views: readonly FieldView[],
  { spec, mapping }: CompareContext,
): readonly string[] {
  const byName = new Map(views.map((view) => [view.mapped.field.name, view]))
  const record = { table: spec.table, key: pair.key }
  return (['local', 'remote'] as const).flatMap((side) =>
    personIdentitiesOf(record, mapping.fields, (field) => byName.get(field)?.[side]),
  )
}

/** What of a local row, or of its absence, decides whether it is still as an undo left it. */
export function heldMark(pair: Pair, row: LocalRow | undefined, context: CompareContext): string {
  return rowMark(viewsOf(pair, row, context))
}

function rowMark(views: readonly FieldView[]): string {
  return hashOf(views.map(({ mapped, local }) => [mapped.field.name, jsonOf(markOf(local))]))
}

function changedSinceAgreed(pair: Pair, views: readonly FieldView[]): boolean {
  const side = pair.local === 'there' ? 'local' : 'remote'
  return views.some(({ base, ...view }) => {
    if (base === undefined) return !isEmpty(view[side])
    return !sameMark(base[side], markOf(view[side]))
  })
}

function compareFields(pair: Pair, views: readonly FieldView[], context: CompareContext): Comparison {
  const bases: Record<string, Base> = { ...pair.base }
  const push: Record<string, CellMove> = {}
  const pull: Record<string, CellMove> = {}
  const conflicts: ConflictDraft[] = []
  const problems: Problem[] = []
  for (const view of views) {
    const { field } = view.mapped
    const decision = decide(view, pair, context, () => identitiesOfViews(pair, views, context))
    const bounce = bounceProblem(decision, view, pair, context)
    if (bounce !== undefined) {
      problems.push(bounce)
      continue
    }
    switch (decision.is) {
      case 'settled':
        bases[field.name] = settledBase(view)
        break
      case 'push':
        addPush(push, view, decision, pair, problems)
        break
      case 'pull':
        pull[field.name] = cellMove(view, decision, 'local')
        break
      case 'conflict':
        conflicts.push(valueConflict(pair, view))
        break
      case 'unfit':
        problems.push(unfitProblem(pair, view, decision))
        break
    }
  }
  const writesKey = keyIn({ fields: pair.cells ?? {} }, context.mapping) !== pair.key
  const moves = [
    ...moveOf(pair, 'update-local', pull, false, context),
    ...moveOf(pair, 'update-remote', push, writesKey, context),
  ]
  return finish({ ...pair, base: bases }, moves, conflicts, problems)
}

function decide(
  view: FieldView,
  pair: Pair,
  context: CompareContext,
  identities: () => readonly string[],
): FieldDecision {
  const { field } = view.mapped
  return mergeField({
    field,
    base: view.base,
    local: view.local,
    remote: view.remote,
    same: view.same,
    localAtMs: pair.localAtMs ?? undefined,
    remoteAtMs: pair.remoteAtMs ?? undefined,
    better: () => context.judges.get(field.name)?.(view.local, view.remote),
    isAllowed: () => context.isAllowed(identities()),
  })
}

/** A side that keeps turning a cell back (an automation, another program) is left alone for a while and named. */
function bounceProblem(
  decision: FieldDecision,
  view: FieldView,
  pair: Pair,
  { nowMs }: CompareContext,
): Problem | undefined {
  if (decision.is !== 'push') return undefined
  const { name } = view.mapped.field
  const bounce: Bounce | undefined = pair.bounces[name]
  if (bounce === undefined || bounce.count < bouncesMax || nowMs - bounce.sinceMs > bounceSpanMs) return undefined
  if (bounce.value !== JSON.stringify(markOf(view.remote))) return undefined
  const message = `${name} is turned back each time it is written (${bounce.count} times within the hour)`
  return { code: 'bounce', key: pair.key, field: name, message }
}

function settledBase(view: FieldView): Base {
  return { local: markOf(view.local), remote: markOf(view.remote) }
}

function cellMove(
  view: FieldView,
  decision: { readonly value: Plain; readonly lost: boolean; readonly reason: string },
  to: 'local' | 'remote',
  afterRaw: JsonValue = decision.value,
): CellMove {
  const before = markOf(view[to])
  return {
    fieldId: view.mapped.remote.id,
    before,
    beforeRaw: jsonOf(before),
    after: decision.value,
    afterRaw,
    lost: decision.lost,
    reason: decision.reason,
  }
}

function addPush(
  push: Record<string, CellMove>,
  view: FieldView,
  decision: Extract<FieldDecision, { is: 'push' | 'pull' }>,
  pair: Pair,
  problems: Problem[],
): void {
  const { field, remote } = view.mapped
  const written = writeRemote(field, remote, decision.value)
  if (written.is === 'unknown-choice') {
    const message = `${JSON.stringify(written.choice)} is no choice of ${remote.name} in Airtable; there are ${written.closest.join(', ')}`
    problems.push({ code: 'unknown-choice', key: pair.key, field: field.name, message })
    return
  }
  push[field.name] = {
    ...cellMove(view, decision, 'remote', written.cell),
    beforeRaw: pair.cells?.[remote.id] ?? null,
  }
}

function moveOf(
  pair: Pair,
  verb: MoveVerb,
  cells: Readonly<Record<string, CellMove>>,
  writesKey: boolean,
  { mapping }: CompareContext,
): readonly Omit<Move, 'seq'>[] {
  if (Object.keys(cells).length === 0 && !writesKey) return []
  const written = Object.fromEntries(Object.values(cells).map(({ fieldId, afterRaw }) => [fieldId, afterRaw]))
  const isRemote = verb === 'update-remote' || verb === 'create-remote'
  return [
    {
      key: pair.key,
      rec: pair.rec,
      verb,
      content: {
        cells: { ...cells },
        writesKey,
        whole: null,
        typecast: isRemote && needsTypecast(mapping, written),
        erases: false,
      },
    },
  ]
}

/** A record is made or deleted as a whole. */
function wholeMove(
  pair: Pair,
  verb: 'create-remote' | 'create-local' | 'delete-remote' | 'delete-local',
  views: readonly FieldView[],
  context: CompareContext,
): Comparison {
  const problems: Problem[] = []
  switch (verb) {
    case 'delete-remote':
    case 'delete-local': {
      const content = {
        cells: {},
        writesKey: false,
        whole: pair.cells === null ? null : { ...pair.cells },
        typecast: false,
        erases: false,
      }
      return finish(pair, [{ key: pair.key, rec: pair.rec, verb, content }], [], [])
    }
    case 'create-remote': {
      const cells: Record<string, CellMove> = {}
      for (const view of views) {
        if (view.mapped.field.direction === 'pull') continue
        if (view.local.is === 'unfit') {
          const { reason, shown } = view.local
          problems.push(unfitProblem(pair, view, { is: 'unfit', side: 'local', reason, shown }))
        } else if (view.local.value !== null) {
          const decision = { is: 'push', value: view.local.value, lost: false, reason: 'filled' } as const
          addPush(cells, view, decision, { ...pair, cells: null }, problems)
        }
      }
      return finish(pair, moveOf({ ...pair, rec: null }, verb, cells, true, context), [], problems)
    }
    case 'create-local':
      return createLocal(pair, views, context)
  }
}

function createLocal(pair: Pair, views: readonly FieldView[], context: CompareContext): Comparison {
  const problems: Problem[] = []
  const cells: Record<string, CellMove> = {}
  if (!context.spec.keyIsText) {
    const message = 'a lead made in Airtable is given a text key, which the key column of the table cannot hold'
    return finish(pair, [], [], [{ code: 'key-type', key: pair.key, field: '', message }])
  }
  for (const view of views) {
    const { field } = view.mapped
    if (view.remote.is === 'unfit') {
      const { reason, shown } = view.remote
      problems.push(unfitProblem(pair, view, { is: 'unfit', side: 'remote', reason, shown }))
    } else if (view.remote.value !== null && (field.direction !== 'push' || field.doNotContact)) {
      cells[field.name] = cellMove(view, { value: view.remote.value, lost: false, reason: 'filled' }, 'local')
    }
  }
  const missing = views
    .filter(({ mapped }) => mapped.field.required && cells[mapped.field.name] === undefined)
    .map(({ mapped }) => mapped.remote.name)
  if (missing.length > 0 || Object.keys(cells).length === 0) {
    const message =
      missing.length > 0
        ? `record ${pair.rec} in Airtable has no ${missing.join(', ')} yet, which the table requires`
        : `record ${pair.rec} in Airtable is empty`
    const incomplete: Pair = { ...pair, status: 'incomplete', detail: message, dirty: true }
    return {
      pair: incomplete,
      moves: [],
      conflicts: [],
      problems: [...problems, { code: 'incomplete', key: pair.key, field: '', message }],
      forget: false,
    }
  }
  return finish(pair, moveOf(pair, 'create-local', cells, false, context), [], problems)
}

/** Leaves out what a side has refused before, and says how the pair stands. */
function finish(
  pair: Pair,
  moves: readonly Omit<Move, 'seq'>[],
  conflicts: readonly ConflictDraft[],
  problems: readonly Problem[],
): Comparison {
  const { refusal } = pair
  const wanted = moves.filter(
    (move) => refusal === null || sideOf(move.verb) !== refusal.side || refusal.fingerprint !== contentMark(move),
  )
  const refused = wanted.length < moves.length && refusal !== null
  const all: readonly Problem[] = refused
    ? [...problems, { code: 'refused', key: pair.key, field: '', message: refusal.reason }]
    : problems
  const isBlocked = all.some(({ code }) => code !== 'incomplete')
  const status: PairStatus =
    conflicts.length > 0 ? 'conflict' : isBlocked ? 'blocked' : wanted.length > 0 ? 'pending' : 'synced'
  return {
    pair: {
      ...pair,
      status,
      detail: all[0]?.message ?? null,
      dirty: wanted.length > 0 || conflicts.length > 0 || all.length > 0,
      // Another content than the refused one: the refusal is past.
      refusal: refused ? refusal : wanted.length > 0 ? null : refusal,
    },
    moves: wanted,
    conflicts,
    problems: all,
    forget: false,
  }
}

export function sideOf(verb: MoveVerb): 'local' | 'remote' {
  return verb.endsWith('-remote') ? 'remote' : 'local'
}

/** Fingerprint of what a move writes, regardless of what it overwrites. */
export function contentMark(move: Pick<Move, 'verb' | 'content'>): string {
  const cells = Object.fromEntries(Object.entries(move.content.cells).map(([field, { afterRaw }]) => [field, afterRaw]))
  return hashOf({ verb: move.verb, cells })
}

function resting(pair: Pair, status: PairStatus, detail: string): Comparison {
  return {
    pair: { ...pair, status, detail, dirty: false },
    moves: [],
    conflicts: [],
    problems: [],
    forget: false,
  }
}

/** Neither pushed nor pulled back; what is left of the person in Airtable goes, since a person asked for that. */
function erased(pair: Pair): Comparison {
  if (pair.remote !== 'there') return resting(pair, 'apart', 'the person was erased')
  const content = { cells: {}, writesKey: false, whole: null, typecast: false, erases: true }
  return finish(pair, [{ key: pair.key, rec: pair.rec, verb: 'delete-remote', content }], [], [])
}

function twin(pair: Pair, views: readonly FieldView[]): Comparison {
  const message = `record ${pair.rec} in Airtable means the same lead as another record there (key ${pair.twinOf})`
  if (pair.remote !== 'there' && views.every(({ local }) => isEmpty(local))) {
    return { pair, moves: [], conflicts: [], problems: [], forget: true }
  }
  return {
    pair: { ...pair, status: 'blocked', detail: message, dirty: true },
    moves: [],
    conflicts: [],
    problems: [{ code: 'twin', key: pair.key, field: '', message }],
    forget: false,
  }
}

function valueConflict(pair: Pair, { mapped, local, remote, base }: FieldView): ConflictDraft {
  return {
    key: pair.key,
    field: mapped.field.name,
    kind: 'values',
    local: markOf(local),
    remote: markOf(remote),
    base: base?.local ?? null,
    localAtMs: pair.localAtMs,
    remoteAtMs: pair.remoteAtMs,
  }
}

function deletionConflict(pair: Pair, deleted: 'local' | 'remote'): Comparison {
  const draft: ConflictDraft = {
    key: pair.key,
    field: '',
    kind: deleted === 'local' ? 'deleted-local' : 'deleted-remote',
    local: pair.localAtMs,
    remote: pair.remoteAtMs,
    base: null,
    localAtMs: pair.localAtMs,
    remoteAtMs: pair.remoteAtMs,
  }
  const detail = deleted === 'local' ? 'deleted here and edited in Airtable' : 'deleted in Airtable and edited here'
  return {
    pair: { ...pair, status: 'conflict', detail, dirty: true },
    moves: [],
    conflicts: [draft],
    problems: [],
    forget: false,
  }
}

function unfitProblem(pair: Pair, view: FieldView, decision: Extract<FieldDecision, { is: 'unfit' }>): Problem {
  const { field, remote } = view.mapped
  const where = decision.side === 'local' ? `${field.name} here` : `${remote.name} in Airtable`
  return {
    code: decision.side === 'local' ? 'unfit-local' : 'unfit-remote',
    key: pair.key,
    field: field.name,
    message: `${where} ${decision.reason}`,
  }
}

function isEmpty(reading: Reading): boolean {
  return reading.is === 'value' && reading.value === null
}

export function jsonOf(mark: Mark): JsonValue {
  return mark !== null && typeof mark === 'object' ? { unfit: mark.unfit } : mark
}
