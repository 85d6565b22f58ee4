/** Keeps the newest status of every resource, tells listeners, and writes a summary beside the journal for other processes. */
import type { JournalStore } from '../journal/store.ts'
import type { Declaration, DeclaredResource } from './declaration.ts'
import { noFailures } from './outcome.ts'
import { keyText, type ResourceKey } from './resource.ts'
import type { ResourceStatus } from './status.ts'
import { type StatusView, statusViewSchema, viewOf } from './view.ts'

export interface StatusStore {
  get(key: ResourceKey): ResourceStatus | undefined
  all(): readonly ResourceStatus[]
  set(status: ResourceStatus): void
  /** Takes over a declaration: keeps what is known of resources whose spec did not change, forgets those that went. */
  declare(declaration: Declaration): { readonly gone: readonly ResourceKey[]; readonly changed: readonly ResourceKey[] }
  /**
   * Forgets what was seen of those resources whose last look shows something that is to be forgotten, as if they had never
   * been looked at; gives their keys.
   */
  forget(shows: (view: string) => boolean): readonly ResourceKey[]
  onChange(listener: (status: ResourceStatus) => void): () => void
}

export function createStatusStore(journal: JournalStore | undefined): StatusStore {
  let order: readonly string[] = []
  const statuses = new Map<string, ResourceStatus>()
  const listeners = new Set<(status: ResourceStatus) => void>()
  return {
    get: (key) => statuses.get(keyText(key)),
    all: () =>
      order.flatMap((key) => {
        const status = statuses.get(key)
        return status === undefined ? [] : [status]
      }),
    set(status) {
      statuses.set(keyText(status.declared.key), status)
      if (journal !== undefined) keepSummary(journal, status)
      for (const listener of listeners) listener(status)
    },
    declare(declaration) {
      const next = new Map(declaration.resources.map((resource) => [keyText(resource.declared.key), resource]))
      const gone = [...statuses.values()]
        .filter((status) => !next.has(keyText(status.declared.key)))
        .map((status) => status.declared.key)
      for (const key of gone) statuses.delete(keyText(key))
      const changed: ResourceKey[] = []
      for (const [key, resource] of next) {
        const before = statuses.get(key)
        if (before?.specHash !== resource.specHash) changed.push(resource.declared.key)
        statuses.set(
          key,
          before === undefined
            ? unseen(resource, declaration.generation)
            : carriedOver(before, resource, declaration.generation),
        )
      }
      order = [...next.keys()]
      return { gone, changed }
    },
    forget(shows) {
      const seen = [...statuses].filter(([, status]) => shows(JSON.stringify(viewOf(status))))
      for (const [name, { declared, specHash, generation }] of seen) {
        statuses.set(name, unseen({ declared, specHash }, generation))
      }
      return seen.map(([, { declared }]) => declared.key)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function unseen(resource: DeclaredResource, generation: number): ResourceStatus {
  return {
    ...resource,
    generation,
    observation: undefined,
    summary: 'not looked at yet',
    drift: [],
    actions: [],
    conditions: [],
    checks: [],
    lookedAtMs: undefined,
    fullLookAtMs: undefined,
    streak: noFailures,
  }
}

function carriedOver(before: ResourceStatus, resource: DeclaredResource, generation: number): ResourceStatus {
  return before.specHash === resource.specHash
    ? { ...before, ...resource, generation }
    : { ...before, ...resource, generation, streak: noFailures, fullLookAtMs: undefined }
}

function keepSummary(journal: JournalStore, status: ResourceStatus): void {
  // While the journal cannot be written the status is known here alone; the next look writes it.
  journal.beside((db) => {
    db.prepare('INSERT OR REPLACE INTO looks (resource, at_ms, body) VALUES (?, ?, ?)').run(
      keyText(status.declared.key),
      status.lookedAtMs ?? 0,
      JSON.stringify(viewOf(status)),
    )
  })
}

/** What a running controller last saw of every declared resource, in the order of `declared`. */
export function readKeptViews(journal: JournalStore, declared: readonly ResourceKey[]): readonly StatusView[] {
  const find = journal.db.prepare<[string], { body: string }>('SELECT body FROM looks WHERE resource = ?')
  return declared.flatMap((key) => {
    const row = find.get(keyText(key))
    return row === undefined ? [] : [statusViewSchema.parse(JSON.parse(row.body))]
  })
}
