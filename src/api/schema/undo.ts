/** Taking back what an action, a run, or all since a moment did: as a whole, by resource, or record by record. */

import type { UndoSelection } from '../../engine/undo.ts'
import type { UndoConflictView } from '../../engine/undo-conflict-view.ts'
import { type UndoChoice, undoKeysMax } from '../../engine/undo-rows.ts'
import type { JsonValue } from '../../json.ts'
import { actorOf } from '../auth/permissions.ts'
import type { EnginePort, UndoOutcome } from '../ports.ts'
import { type Builder, requires } from './builder.ts'
import type { Repositories } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { hasTag, type Results } from './results.ts'
import { shownCells } from './shown-cells.ts'

type Undoing = Extract<UndoOutcome, { is: 'undoing' }>
type Stopped = Extract<UndoOutcome, { is: 'conflicts' }>
type NotUndoable = Extract<UndoOutcome, { is: 'not-undoable' }>

/** A cell of a conflict with its table, for the sake of what may be seen of it. */
interface ConflictCell {
  readonly table: string
  readonly field: string
  readonly before: JsonValue
  readonly made: JsonValue
  readonly now: JsonValue
}

export function addUndo(builder: Builder, engine: EnginePort, repositories: Repositories, results: Results): void {
  const shown = shownCells(repositories)

  const UndoConflictRule = builder.enumType('UndoConflictRule', {
    description:
      'What becomes of records that were changed since. SKIP leaves them alone, FORCE takes them back all the same, STOP takes nothing back while there is one.',
    values: { SKIP: { value: 'skip' }, FORCE: { value: 'force' }, STOP: { value: 'stop' } } as const,
  })
  const UndoConflictKind = builder.enumType('UndoConflictKind', {
    description:
      'CHANGED: it holds something else now. GONE: it was deleted since. BACK: it was deleted, and one with its key is there again.',
    values: { CHANGED: { value: 'changed' }, GONE: { value: 'gone' }, BACK: { value: 'back' } } as const,
  })
  const UndoConflictOutcome = builder.enumType('UndoConflictOutcome', {
    description: 'KEPT: it stays as it is now. TAKEN: it is taken back over the later change.',
    values: { KEPT: { value: 'kept' }, TAKEN: { value: 'taken' } } as const,
  })
  const Cell = builder.objectRef<ConflictCell>('UndoConflictCell').implement({
    description: 'One field of a record that was changed since. Values are masked as the record’s own are.',
    fields: (t) => ({
      field: t.exposeString('field'),
      before: t.field({
        type: 'JSON',
        description: 'What it held before the action that is undone.',
        nullable: true,
        resolve: ({ table, field, before }, _args, context) => shown(context, table, field, before),
      }),
      made: t.field({
        type: 'JSON',
        description: 'What that action made of it.',
        nullable: true,
        resolve: ({ table, field, made }, _args, context) => shown(context, table, field, made),
      }),
      now: t.field({
        type: 'JSON',
        nullable: true,
        resolve: ({ table, field, now }, _args, context) => shown(context, table, field, now),
      }),
    }),
  })
  const ChangedBy = builder.objectRef<NonNullable<UndoConflictView['changedBy']>>('UndoConflictWriter').implement({
    description: 'The later action that wrote the record.',
    fields: (t) => ({
      actionId: t.exposeID('actionId'),
      actor: t.exposeString('actor', { description: 'Who asked for it; `controller` where nobody did.' }),
      resource: t.exposeString('resource', { description: 'kind/name.' }),
      summary: t.exposeString('summary'),
      at: t.field({ type: 'DateTime', resolve: ({ at }) => at }),
    }),
  })
  const UndoConflict = builder.objectRef<UndoConflictView>('UndoConflict').implement({
    description: 'A record that is not any more what the undone action made of it.',
    fields: (t) => ({
      actionId: t.exposeID('actionId', { description: 'The action that is undone.' }),
      table: t.exposeString('table'),
      key: t.exposeString('key', { description: 'What `keepTheirs` and `take` name it by.' }),
      kind: t.field({ type: UndoConflictKind, resolve: ({ is }) => is }),
      cells: t.field({ type: [Cell], resolve: ({ table, cells }) => cells.map((cell) => ({ table, ...cell })) }),
      outcome: t.field({ type: UndoConflictOutcome, resolve: ({ outcome }) => outcome }),
      chosen: t.exposeBoolean('isChosen', { description: 'Whether that was said of this very record.' }),
      changedBy: t.field({
        type: ChangedBy,
        description: 'Null where another program wrote it, or where that is not known.',
        nullable: true,
        resolve: ({ changedBy }) => changedBy,
      }),
    }),
  })

  const UndoAction = builder.objectRef<Undoing['actions'][number]>('UndoAction').implement({
    description: 'An action that takes back another.',
    fields: (t) => ({
      actionId: t.exposeID('actionId', {
        description: 'Null in a dry run, where what is newer has to be taken back before it can be planned.',
        nullable: true,
      }),
      undoes: t.exposeID('undoes'),
      state: t.exposeString('state', { description: '`verified`: done. `approved`: it waits. `planned`: a dry run.' }),
      changes: t.exposeInt('changes', { description: 'Records that it changed, or changes that it would make.' }),
      remaining: t.exposeInt('remaining', { description: 'Records left out that can still be taken back.' }),
    }),
  })
  const UndoByHand = builder.objectRef<Undoing['byHand'][number]>('UndoByHand').implement({
    description: 'An action that only a person can take back, and what the person does.',
    fields: (t) => ({ actionId: t.exposeID('actionId'), steps: t.exposeString('steps') }),
  })
  const UndoLeft = builder.objectRef<Undoing['left'][number]>('UndoLeft').implement({
    description: 'An action that stays as it is, and why: it cannot be taken back, or taking it back failed.',
    fields: (t) => ({ actionId: t.exposeID('actionId'), message: t.exposeString('message') }),
  })
  const UndoingRef = builder.objectRef<Undoing>('Undoing').implement({
    description: 'The undo is an action like any other; `conflicts` are records that were changed since and stay.',
    isTypeOf: (value) => hasTag(value, 'undoing'),
    fields: (t) => ({
      actions: t.field({ type: [UndoAction], resolve: (outcome) => [...outcome.actions] }),
      conflicts: t.field({ type: ['String'], resolve: (outcome) => [...outcome.conflicts] }),
      conflictDetails: t.field({
        type: [UndoConflict],
        description: 'The records that were changed since, with what is done about each; 200 an action at most.',
        resolve: (outcome) => [...outcome.conflictDetails],
      }),
      byHand: t.field({ type: [UndoByHand], resolve: (outcome) => [...outcome.byHand] }),
      left: t.field({ type: [UndoLeft], resolve: (outcome) => [...outcome.left] }),
      runId: t.exposeID('runId', { nullable: true }),
    }),
  })
  const StoppedRef = builder.objectRef<Stopped>('UndoConflicts').implement({
    description: 'Nothing was taken back, since records were changed since and nobody decided on them.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'conflicts'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'UNDO_CONFLICTS' }),
      conflicts: t.field({ type: [UndoConflict], resolve: (outcome) => [...outcome.conflicts] }),
    }),
  })
  const NotUndoableRef = builder.objectRef<NotUndoable>('NotUndoable').implement({
    description: 'It cannot be taken back; `hint` says what can be done instead.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'not-undoable'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'NOT_UNDOABLE' }),
      hint: t.exposeString('hint', { description: 'What to do instead.' }),
    }),
  })

  const UndoInput = builder.inputType('UndoInput', {
    description: 'Either `id` or `since`; the rest narrows it.',
    fields: (t) => ({
      id: t.id({ description: 'An action, or a run with all its actions.' }),
      since: t.field({ type: 'DateTime', description: 'All that was carried out since, newest first.' }),
      resource: t.string({ description: 'kind/name: of this resource alone.' }),
      keys: t.stringList({
        description: 'Keys of records: these alone, with those that were changed together with them.',
        validate: { minLength: 1, maxLength: undoKeysMax },
      }),
      onConflict: t.field({ type: UndoConflictRule, description: 'Default SKIP.' }),
      keepTheirs: t.stringList({
        description: 'Keys of records that keep what they hold now.',
        validate: { maxLength: undoKeysMax },
      }),
      take: t.stringList({
        description: 'Keys of records that are taken back over what was changed since.',
        validate: { maxLength: undoKeysMax },
      }),
      dryRun: t.boolean({ description: 'Only says what would be done, with all conflicts.' }),
    }),
  })

  builder.mutationFields((t) => ({
    undo: t.errorUnionField({
      ...requires('state.reconcile'),
      description:
        'Takes back an action, a run, or all since a moment, newest first. Records that were changed since are left alone where nothing else is chosen.',
      types: [UndoingRef, StoppedRef, NotUndoableRef, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'UndoResult' },
      args: { input: t.arg({ type: UndoInput, required: true }) },
      resolve: async (_root, { input }, { viewer }) => {
        const outcome = await engine.undo({
          of: selectionOf(input),
          choice: choiceOf(input),
          dryRun: input.dryRun ?? false,
          actor: actorOf(viewer),
        })
        return outcome.is === 'not-found'
          ? { ...outcome, message: `There is no action and no run ${input.id}.` }
          : outcome
      },
    }),
  }))
}

interface GivenUndo {
  readonly id?: string | null | undefined
  readonly since?: string | null | undefined
  readonly resource?: string | null | undefined
  readonly keys?: readonly string[] | null | undefined
  readonly onConflict?: UndoChoice['onConflict'] | null | undefined
  readonly keepTheirs?: readonly string[] | null | undefined
  readonly take?: readonly string[] | null | undefined
}

function refuse(path: string, message: string): InputInvalidError {
  return new InputInvalidError([{ path: ['input', path], message }])
}

function selectionOf({ id, since, resource: given }: GivenUndo): UndoSelection {
  if ((id == null) === (since == null)) throw refuse('id', 'either id or since')
  const resource = given ?? undefined
  if (id != null) return { is: 'id', id, resource }
  const sinceMs = Date.parse(since ?? '')
  if (Number.isNaN(sinceMs)) throw refuse('since', 'is no moment of ISO 8601')
  return { is: 'since', sinceMs, resource }
}

function choiceOf({ keys, onConflict, keepTheirs, take }: GivenUndo): UndoChoice {
  const both = (keepTheirs ?? []).filter((key) => take?.includes(key) === true)
  if (both.length > 0) throw refuse('take', `${both.join(', ')} is in keepTheirs too`)
  return { keys: keys ?? null, onConflict: onConflict ?? 'skip', keepTheirs: keepTheirs ?? [], take: take ?? [] }
}
