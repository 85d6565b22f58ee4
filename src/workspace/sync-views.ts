/** What the sync remembers, as the API shows it: cells as values of their declared types, Airtable's ids as our names. */
import type { CellMoveView, ConflictView, SyncMoveView } from '../api/sync-port.ts'
import type { TableSpec } from '../desired/schema.ts'
import type { JsonValue } from '../json.ts'
import { type Conflict, type KeptMove, type Mark, partsOf } from '../kinds/sync/index.ts'

/** What a view needs besides the thing itself. */
export interface ViewContext {
  readonly table: string
  /** Undefined for one that is not declared any more. */
  readonly spec: TableSpec | undefined
}

export function conflictView(
  conflict: Conflict,
  context: ViewContext & { readonly recordId: string | null; readonly url: string | null },
): ConflictView {
  const { id, key, field, kind, foundMs, state, choice, resolvedBy, resolvedMs } = conflict
  const value = (mark: Mark) => (kind === 'values' ? cellValue(mark, field, context) : null)
  return {
    id,
    table: context.table,
    key,
    field: field === '' ? null : field,
    kind,
    local: value(conflict.local),
    remote: value(conflict.remote),
    base: value(conflict.base),
    localChangedMs: conflict.localAtMs,
    remoteChangedMs: conflict.remoteAtMs,
    foundMs,
    state,
    choice,
    resolvedBy,
    resolvedMs,
    recordId: context.recordId,
    url: context.url,
  }
}

export function moveView(
  move: KeptMove,
  context: ViewContext & {
    /** The action, where the journal knows it. */
    readonly action: { readonly id: string; readonly runId: string | null } | null
    readonly fieldsById: ReadonlyMap<string, string>
  },
): SyncMoveView {
  const { id, key, rec, verb, state, atMs, note, content } = move
  const told = Object.entries(content.cells).map(
    ([field, { before, after, lost, reason }]): CellMoveView => ({
      field,
      before: verb.startsWith('create') ? null : cellValue(before, field, context),
      after: cellValue(after, field, context),
      lost,
      reason,
    }),
  )
  // A deletion keeps the whole record as it was, by Airtable's ids.
  const whole = Object.entries(content.whole ?? {}).map(
    ([fieldId, before]): CellMoveView => ({
      field: context.fieldsById.get(fieldId) ?? fieldId,
      before,
      after: null,
      lost: false,
      reason: 'deleted',
    }),
  )
  return {
    id,
    table: context.table,
    key,
    recordId: rec,
    actionId: context.action?.id ?? null,
    runId: context.action?.runId ?? null,
    direction: verb.endsWith('-remote') ? 'push' : 'pull',
    verb: verb.startsWith('create') ? 'create' : verb.startsWith('delete') ? 'delete' : 'update',
    state: state === 'refused' ? 'refused' : 'done',
    atMs,
    note,
    cells: verb.startsWith('delete') ? whole : told,
  }
}

/** A remembered cell as a value of its field's type; what the type cannot express, as the text that was there. */
export function cellValue(mark: Mark, field: string, { spec }: ViewContext): JsonValue {
  if (mark !== null && typeof mark === 'object') {
    // What stands for "whatever is there" is no value of anybody's.
    return mark.unfit.startsWith('\u0000') ? null : mark.unfit
  }
  switch (spec?.fields[field]?.type) {
    case 'boolean':
      return mark === 1
    case 'choices':
      return [...partsOf(mark)]
    case 'json':
      return typeof mark === 'string' ? parsedOr(mark) : mark
    default:
      return mark
  }
}

function parsedOr(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Remembered under an earlier declaration, when the field was plain text.
    if (error instanceof SyntaxError) return text
    throw error
  }
}
