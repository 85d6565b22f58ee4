/** The types of the sync: how leads stand, what was moved, which values conflict. Values are shown as the records' own are. */
import { isoOf } from '../../clock.ts'
import { may, type Viewer } from '../auth/permissions.ts'
import type { CellMoveView, ConflictView, LeadSyncView, SyncMoveView } from '../sync-port.ts'
import type { Builder } from './builder.ts'
import type { Repositories } from './context.ts'
import { tableNames } from './lead-names.ts'
import { encodeNodeId } from './node-id.ts'
import { isoOrNull } from './scalars.ts'
import { shownCells } from './shown-cells.ts'

export type SyncTypes = ReturnType<typeof addSyncTypes>

/** A move of a table, with its table for the sake of what may be seen of its cells. */
type ShownCell = CellMoveView & { readonly table: string }

export function addSyncTypes(builder: Builder, repositories: Repositories) {
  const shown = shownCells(repositories)
  /** Sentences that may quote a value. */
  const quoting = (viewer: Viewer, text: string | null): string | null =>
    viewer.role.unmasked === 'all' && may(viewer, 'leads.read') ? text : null
  const nodeIdOf = (table: string, key: string): string => encodeNodeId(tableNames(table).type, key)

  const LeadSyncState = builder.enumType('LeadSyncState', {
    description:
      'SYNCED: both sides settled. PENDING: something is to be moved. CONFLICT: a person chooses. BLOCKED: a side refuses a value. APART: left different on purpose. INCOMPLETE: the record in Airtable lacks what the table requires.',
    values: {
      SYNCED: { value: 'synced' },
      PENDING: { value: 'pending' },
      CONFLICT: { value: 'conflict' },
      BLOCKED: { value: 'blocked' },
      APART: { value: 'apart' },
      INCOMPLETE: { value: 'incomplete' },
    } as const,
  })
  const ConflictState = builder.enumType('ConflictState', {
    description: 'GONE: the values changed or agreed before anybody chose.',
    values: { OPEN: { value: 'open' }, RESOLVED: { value: 'resolved' }, GONE: { value: 'gone' } } as const,
  })
  const ConflictKind = builder.enumType('ConflictKind', {
    description: 'VALUES: both sides changed a field. DELETED_…: that side deleted the record, the other edited it.',
    values: {
      VALUES: { value: 'values' },
      DELETED_LOCAL: { value: 'deleted-local' },
      DELETED_AIRTABLE: { value: 'deleted-remote' },
    } as const,
  })
  const ConflictTake = builder.enumType('ConflictTake', {
    description: 'APART leaves both sides as they are until one of them changes again.',
    values: { LOCAL: { value: 'local' }, AIRTABLE: { value: 'airtable' }, APART: { value: 'apart' } } as const,
  })
  const SyncDirection = builder.enumType('SyncDirection', {
    description: 'Which way a record was moved.',
    values: { PUSH: { value: 'push' }, PULL: { value: 'pull' } } as const,
  })
  const SyncVerb = builder.enumType('SyncVerb', {
    description: 'What was done with a record on the other side.',
    values: { CREATE: { value: 'create' }, UPDATE: { value: 'update' }, DELETE: { value: 'delete' } } as const,
  })
  const SyncMoveState = builder.enumType('SyncMoveState', {
    description: 'REFUSED: the receiving side would not take it.',
    values: { DONE: { value: 'done' }, REFUSED: { value: 'refused' } } as const,
  })
  const LeadSync = builder.objectRef<LeadSyncView>('LeadSync').implement({
    description: 'How one record stands with Airtable.',
    fields: (t) => ({
      status: t.field({ type: LeadSyncState, resolve: ({ state }) => state }),
      detail: t.string({
        description: 'Why. Left out for a role that does not see all personal data, since it may quote a value.',
        nullable: true,
        resolve: ({ detail }, _args, { viewer }) => quoting(viewer, detail),
      }),
      recordId: t.exposeString('recordId', { description: "Airtable's id of the record.", nullable: true }),
      localChangedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ localChangedMs }) => isoOrNull(localChangedMs),
      }),
      airtableChangedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ remoteChangedMs }) => isoOrNull(remoteChangedMs),
      }),
      airtableUrl: t.field({
        type: 'URL',
        description: 'Where a person sees the record; null with another endpoint than Airtable itself.',
        nullable: true,
        resolve: ({ url }) => url,
      }),
    }),
  })

  const Conflict = builder.objectRef<ConflictView>('Conflict').implement({
    description: 'What a person has to choose between, bound to exactly these values.',
    fields: (t) => ({
      id: t.exposeID('id'),
      table: t.exposeString('table'),
      leadId: t.id({ resolve: ({ table, key }) => nodeIdOf(table, key) }),
      lead: t.node({
        description: 'The record here; null where it was deleted.',
        id: ({ table, key }) => (repositories.has(table) ? nodeIdOf(table, key) : null),
      }),
      field: t.exposeString('field', { description: 'Null where the record as a whole is meant.', nullable: true }),
      kind: t.field({ type: ConflictKind, resolve: ({ kind }) => kind }),
      state: t.field({ type: ConflictState, resolve: ({ state }) => state }),
      localValue: t.field({
        type: 'JSON',
        nullable: true,
        resolve: ({ table, field, local }, _args, context) => shown(context, table, field, local),
      }),
      airtableValue: t.field({
        type: 'JSON',
        nullable: true,
        resolve: ({ table, field, remote }, _args, context) => shown(context, table, field, remote),
      }),
      baseValue: t.field({
        type: 'JSON',
        description: 'What both sides last agreed on; null where they never did.',
        nullable: true,
        resolve: ({ table, field, base }, _args, context) => shown(context, table, field, base),
      }),
      localChangedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ localChangedMs }) => isoOrNull(localChangedMs),
      }),
      airtableChangedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ remoteChangedMs }) => isoOrNull(remoteChangedMs),
      }),
      foundAt: t.field({ type: 'DateTime', resolve: ({ foundMs }) => isoOf(foundMs) }),
      choice: t.exposeString('choice', { description: '`local`, `airtable` or `apart`.', nullable: true }),
      resolvedBy: t.exposeString('resolvedBy', { nullable: true }),
      resolvedAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ resolvedMs }) => isoOrNull(resolvedMs) }),
      recordId: t.exposeString('recordId', { nullable: true }),
      airtableUrl: t.field({ type: 'URL', nullable: true, resolve: ({ url }) => url }),
    }),
  })

  const CellMove = builder.objectRef<ShownCell>('SyncCell').implement({
    description: 'One field that was moved.',
    fields: (t) => ({
      field: t.exposeString('field'),
      before: t.field({
        type: 'JSON',
        description: 'What the receiving side held.',
        nullable: true,
        resolve: ({ table, field, before }, _args, context) => shown(context, table, field, before),
      }),
      after: t.field({
        type: 'JSON',
        nullable: true,
        resolve: ({ table, field, after }, _args, context) => shown(context, table, field, after),
      }),
      lost: t.exposeBoolean('lost', {
        description: 'The value before was a change of that side, which was overruled: here it is kept.',
      }),
      reason: t.exposeString('reason', {
        description: '`changed`, `filled`, `restored`, `deleted`, `unseen`, or the policy that decided.',
      }),
    }),
  })
  const SyncMove = builder.objectRef<SyncMoveView>('SyncMove').implement({
    description: 'One record that an action moved from one side to the other.',
    fields: (t) => ({
      id: t.id({ resolve: ({ id }) => String(id) }),
      table: t.exposeString('table'),
      leadId: t.id({ resolve: ({ table, key }) => nodeIdOf(table, key) }),
      recordId: t.exposeString('recordId', { nullable: true }),
      actionId: t.exposeID('actionId', {
        description:
          'What `undo` takes back, with all it moved; null for an edit that was noticed only after it was overwritten.',
        nullable: true,
      }),
      runId: t.exposeID('runId', { nullable: true }),
      direction: t.field({ type: SyncDirection, resolve: ({ direction }) => direction }),
      verb: t.field({ type: SyncVerb, resolve: ({ verb }) => verb }),
      state: t.field({ type: SyncMoveState, resolve: ({ state }) => state }),
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      note: t.string({
        description:
          'Why it was refused, or what else is to be known. Left out for a role that does not see all personal data.',
        nullable: true,
        resolve: ({ note }, _args, { viewer }) => quoting(viewer, note),
      }),
      cells: t.field({
        type: [CellMove],
        complexity: { field: 1, multiplier: 1 },
        resolve: ({ table, cells }) => cells.map((cell) => ({ ...cell, table })),
      }),
    }),
  })

  return { LeadSync, LeadSyncState, Conflict, ConflictState, ConflictTake, SyncMove }
}
