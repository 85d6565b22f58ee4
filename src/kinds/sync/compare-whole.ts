/** Records that are made, deleted or left alone as a whole. Pure. */
import {
  addPush,
  type Comparison,
  cellMove,
  finish,
  moveOf,
  type Problem,
  resting,
  unfitProblem,
} from './comparison.ts'
import { type CompareContext, type FieldView, isEmpty } from './field-view.ts'
import type { ConflictDraft } from './store/conflicts.ts'
import type { CellMove } from './store/moves.ts'
import type { Pair } from './store/pair.ts'

/** A record is made or deleted as a whole. */
export function wholeMove(
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

/** Neither pushed nor pulled back; what is left of the person in Airtable goes, since a person asked for that. */
export function erased(pair: Pair): Comparison {
  if (pair.remote !== 'there') return resting(pair, 'apart', 'the person was erased')
  const content = { cells: {}, writesKey: false, whole: null, typecast: false, erases: true }
  return finish(pair, [{ key: pair.key, rec: pair.rec, verb: 'delete-remote', content }], [], [])
}

export function twin(pair: Pair, views: readonly FieldView[]): Comparison {
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

export function deletionConflict(pair: Pair, deleted: 'local' | 'remote'): Comparison {
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
