/**
 * What people ask of the sync: how each lead stands, what was moved when, which values they have to choose between, and
 * whether both sides are equal. Reads and notes only; what follows from a choice is done by the next look.
 */
import { OperationalError } from '../../errors.ts'
import type { CallUsage } from '../../targets/airtable/ports.ts'
import { scannedAt } from './intake-remote.ts'
import { neverSeen } from './merge-field.ts'
import { noteAsked } from './observe.ts'
import { type SyncPorts, targetOf } from './parts.ts'
import type { SyncSpec } from './spec.ts'
import type { Conflict } from './store/conflicts.ts'
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
  readonly usage: CallUsage
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
    filter: { readonly state: Conflict['state'] | undefined; readonly limit: number },
  ): Promise<readonly Conflict[]>
  /**
   * Takes one side's value; `apart` leaves both as they are until one of them changes. Bound to the values that were
   * shown.
   */
  resolve(id: string, take: TakenSide | 'apart', by: string): Promise<Resolution>
  /** Has the next look push, pull, or compare all. */
  ask(table: string, what: 'push' | 'pull' | 'full'): Promise<void>
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
  return {
    tables: ports.tables,
    async report(table) {
      const spec = declared(table)
      const store = await storeOf(table)
      const target = targetOf(spec, ports)
      return {
        table,
        localCount: store.pairs.localCount(),
        remoteCount: store.pairs.remoteCount(),
        statuses: store.pairs.statusCounts(),
        openConflicts: store.conflicts.openCount(),
        lastPullMs: target.feed.webhook()?.lastPollMs,
        lastFullMs: scannedAt(store),
        usage: target.base.usage(),
      }
    },
    lead: async (table, key) => (await storeOf(table)).pairs.get(key),
    leads: async (table, { status, afterKey = '', limit }) =>
      (await storeOf(table)).pairs.page(afterKey, limit, status),
    history: async (table, filter) => (await storeOf(table)).moves.history(filter),
    conflicts: async (table, filter) => (await storeOf(table)).conflicts.list(filter),
    async resolve(id, take, by) {
      for (const table of ports.tables()) {
        const store = await storeOf(table)
        const conflict = store.conflicts.get(id)
        if (conflict === undefined) continue
        if (conflict.state !== 'open') return { is: 'stale', conflict, table }
        store.transaction(() => settleConflict(store, conflict, take, by, ports.clock.nowMs()))
        return { is: 'resolved', conflict: store.conflicts.get(id) ?? conflict, table }
      }
      return { is: 'unknown' }
    },
    ask: async (table, what) => noteAsked(await storeOf(table), what),
    async verify(table, options) {
      return verify({ name: table, spec: declared(table) }, ports, options)
    },
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
