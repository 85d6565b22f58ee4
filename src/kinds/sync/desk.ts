/**
 * What people ask of the sync: how each lead stands, what was moved when, which values they have to choose between, and
 * whether both sides are equal. Reads and notes only; what follows from a choice is done by the next look.
 */
import { OperationalError } from '../../errors.ts'
import type { AirtableTarget, CallUsage } from '../../targets/airtable/ports.ts'
import { type AskedKind, isAsked, noteAsked } from './asked.ts'
import { modifiedUntil, scannedAt } from './intake-remote.ts'
import { knownIdsOf } from './mapping.ts'
import { neverSeen } from './merge-field.ts'
import { type SyncPorts, targetOf } from './parts.ts'
import type { SyncSpec } from './spec.ts'
import type { Conflict, ConflictPlace } from './store/conflicts.ts'
import type { KeptMove } from './store/moves.ts'
import type { Pair, PairStatus } from './store/pair.ts'
import type { TableStore } from './store/store.ts'
import { type Verification, verify } from './verify.ts'

export interface SyncReport {
  readonly table: string
  readonly localCount: number
  readonly remoteCount: number
  readonly statuses: Readonly<Partial<Record<PairStatus, number>>>
  readonly openConflicts: number
  /** When Airtable was last asked for changes, and when all records were last read. */
  readonly lastPullMs: number | undefined
  readonly lastFullMs: number | undefined
  /** Whether changes in Airtable are told by a webhook; without one they are asked for by time. */
  readonly webhook: boolean
  /** Undefined while there is no token, so that nobody can say which base is meant. */
  readonly usage: CallUsage | undefined
}

export type TakenSide = 'local' | 'airtable'

export type Resolution =
  | { readonly is: 'resolved'; readonly conflict: Conflict; readonly table: string }
  /** The values changed, or somebody has chosen: `conflict` says how it stands. */
  | { readonly is: 'stale'; readonly conflict: Conflict; readonly table: string }
  | { readonly is: 'unknown' }

export interface SyncDesk {
  /** Declared mirrors, by the tables' names. */
  tables(): readonly string[]
  report(table: string): Promise<SyncReport>
  /** How one lead stands; undefined where the sync has not met it. */
  lead(table: string, key: string): Promise<Pair | undefined>
  /** Those of some keys that the sync has met. */
  some(table: string, keys: readonly string[]): Promise<readonly Pair[]>
  /** Leads by key, after one. */
  leads(
    table: string,
    filter: { readonly status?: PairStatus; readonly afterKey?: string; readonly limit: number },
  ): Promise<readonly Pair[]>
  /** What was moved, newest first. */
  history(
    table: string,
    filter: { readonly key?: string; readonly beforeId?: number; readonly limit: number },
  ): Promise<readonly KeptMove[]>
  conflicts(
    table: string,
    filter: {
      readonly state: Conflict['state'] | undefined
      readonly after?: ConflictPlace
      readonly limit: number
    },
  ): Promise<readonly Conflict[]>
  /** One conflict of any table; undefined for an id that is none. */
  conflict(id: string): Promise<{ readonly conflict: Conflict; readonly table: string } | undefined>
  /**
   * Takes one side's value; `apart` leaves both as they are until one of them changes. Bound to the values that were
   * shown. `noted` is called before anything is written; what it throws leaves all as it is.
   */
  resolve(
    id: string,
    take: TakenSide | 'apart',
    by: string,
    noted?: (conflict: Conflict, table: string) => void,
  ): Promise<Resolution>
  /** Has the next look push, pull, or compare all; gives a mark for {@link isAsked}. */
  ask(table: string, what: AskedKind): Promise<string>
  /** Whether no look has taken up yet what was asked for. */
  isAsked(table: string, mark: string): Promise<boolean>
  /** Our names of the Airtable fields that mirror a table's, by Airtable's ids. */
  fieldsById(table: string): Promise<ReadonlyMap<string, string>>
  /** Where a person sees a record in Airtable; undefined where its base is not Airtable's own, or not known yet. */
  linkOf(table: string, recordId: string): Promise<string | undefined>
  /** Reads both sides whole and compares them field by field. Changes nothing. */
  verify(
    table: string,
    options: { readonly signal: AbortSignal; readonly progress: (done: number, total: number) => void },
  ): Promise<Verification>
}

export interface SyncDeskPorts extends SyncPorts {
  readonly tables: () => readonly string[]
}

export function createSyncDesk(ports: SyncDeskPorts): SyncDesk {
  const declared = (table: string): SyncSpec => {
    const spec = ports.specOf(table)
    if (spec === undefined) {
      const names = ports.tables().join(', ')
      throw new OperationalError('NOT_FOUND', `no table ${table} is mirrored in Airtable; mirrored: ${names || 'none'}`)
    }
    return spec
  }
  const storeOf = async (table: string): Promise<TableStore> => {
    declared(table)
    return (await ports.syncStore()).table(table)
  }
  const find = async (id: string) => {
    for (const table of ports.tables()) {
      const store = await storeOf(table)
      const conflict = store.conflicts.get(id)
      if (conflict !== undefined) return { conflict, table, store }
    }
    return undefined
  }
  return {
    tables: ports.tables,
    async report(table) {
      const spec = declared(table)
      const store = await storeOf(table)
      const target = reachable(spec, ports)
      return {
        table,
        localCount: store.pairs.localCount(),
        remoteCount: store.pairs.remoteCount(),
        statuses: store.pairs.statusCounts(),
        openConflicts: store.conflicts.openCount(),
        lastPullMs: latest(target?.feed.webhook()?.lastPollMs, modifiedUntil(store)),
        lastFullMs: scannedAt(store),
        webhook: target?.feed.webhook() !== undefined,
        usage: target?.base.usage(),
      }
    },
    lead: async (table, key) => (await storeOf(table)).pairs.get(key),
    some: async (table, keys) => (await storeOf(table)).pairs.some(keys),
    leads: async (table, { status, afterKey = '', limit }) =>
      (await storeOf(table)).pairs.page(afterKey, limit, status),
    history: async (table, filter) => (await storeOf(table)).moves.history(filter),
    conflicts: async (table, filter) => (await storeOf(table)).conflicts.list(filter),
    conflict: async (id) => {
      const found = await find(id)
      return found && { conflict: found.conflict, table: found.table }
    },
    async resolve(id, take, by, noted) {
      const found = await find(id)
      if (found === undefined) return { is: 'unknown' }
      const { conflict, table, store } = found
      if (conflict.state !== 'open') return { is: 'stale', conflict, table }
      refuseToAllow(declared(table), conflict, take)
      store.transaction(() => {
        noted?.(conflict, table)
        settleConflict(store, conflict, take, by, ports.clock.nowMs())
      })
      return { is: 'resolved', conflict: store.conflicts.get(id) ?? conflict, table }
    },
    ask: async (table, what) => noteAsked(await storeOf(table), what),
    isAsked: async (table, mark) => isAsked(await storeOf(table), mark),
    async fieldsById(table) {
      const { fields } = knownIdsOf(await storeOf(table))
      return new Map(Object.entries(fields).map(([name, { id }]) => [id, name]))
    },
    async linkOf(table, recordId) {
      const { airtable } = declared(table)
      const tableId = knownIdsOf(await storeOf(table)).table?.id
      if (airtable.endpoint !== null || tableId === undefined) return undefined
      return `https://airtable.com/${airtable.base}/${tableId}/${recordId}`
    },
    async verify(table, options) {
      return verify({ name: table, spec: declared(table) }, ports, options)
    },
  }
}

/** A conflict about "do not contact" can be settled by keeping it; taking it back has a way of its own, which journals why. */
function refuseToAllow(spec: SyncSpec, { field, key, kind }: Conflict, take: TakenSide | 'apart'): void {
  const isMark = kind === 'values' && spec.fields.some((one) => one.name === field && one.doNotContact)
  if (!isMark || take !== 'airtable') return
  throw new OperationalError('CONTACT_NOT_ALLOWED', `${field} of ${key} is not taken back by choosing a side`, {
    hint: `To set it in Airtable again take local; to take it back: trueup leads allow-contact ${key} --reason "…"`,
  })
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}

/** The base; undefined while its token is missing, which must not hide what is known of both sides. */
function reachable(spec: SyncSpec, ports: SyncDeskPorts): AirtableTarget | undefined {
  try {
    return targetOf(spec, ports)
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'AIRTABLE_TOKEN_MISSING') return undefined
    throw error
  }
}

/** A choice is written as what the sides last agreed on: then the side that was chosen is the one that changed. */
function settleConflict(
  store: TableStore,
  conflict: Conflict,
  take: TakenSide | 'apart',
  by: string,
  atMs: number,
): void {
  const { key, field, local, remote } = conflict
  const pair = store.pairs.get(key)
  store.conflicts.resolve(conflict.id, take, by, atMs)
  if (pair === undefined) return
  if (conflict.kind !== 'values') {
    const verdict = take === 'apart' ? null : take
    store.pairs.put({ ...pair, verdict, dirty: true })
    return
  }
  const base = {
    local: take === 'local' ? neverSeen : local,
    remote: take === 'airtable' ? neverSeen : remote,
  }
  store.pairs.put({ ...pair, base: { ...pair.base, [field]: base }, dirty: true })
}
