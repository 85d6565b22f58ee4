/** What one action did to a base, collected while it runs, so that each webhook can be told its part. */
import type { SandboxUser } from '../access/tokens.ts'
import type { Field, Table } from '../metadata/model.ts'
import type { StoredRecord } from '../store/records.ts'

/** Where a change came from. The full list of Airtable's is [?]. */
type ChangeSource = 'publicApi' | 'client' | 'formSubmission' | 'automation'

export interface Actor {
  readonly user: SandboxUser
  readonly source: ChangeSource
  readonly permissionLevel: string
}

/** Before and after; undefined on the side where it does not exist. */
export interface Changed<T> {
  readonly before: T | undefined
  readonly after: T | undefined
}

export interface TableChanges {
  readonly records: Map<string, Changed<StoredRecord>>
  readonly fields: Map<string, Changed<Field>>
  metadata: Changed<Table> | undefined
}

export class ChangeCollector {
  readonly tables = new Map<string, TableChanges>()

  record(tableId: string, id: string, before: StoredRecord | undefined, after: StoredRecord | undefined): void {
    const { records } = this.#table(tableId)
    const earlier = records.get(id)
    records.set(id, { before: earlier === undefined ? before : earlier.before, after })
  }

  field(tableId: string, id: string, before: Field | undefined, after: Field | undefined): void {
    const { fields } = this.#table(tableId)
    const earlier = fields.get(id)
    fields.set(id, { before: earlier === undefined ? before : earlier.before, after })
  }

  table(tableId: string, before: Table | undefined, after: Table | undefined): void {
    this.#table(tableId).metadata = { before, after }
  }

  #table(id: string): TableChanges {
    const known = this.tables.get(id)
    if (known !== undefined) return known
    const fresh: TableChanges = { records: new Map(), fields: new Map(), metadata: undefined }
    this.tables.set(id, fresh)
    return fresh
  }
}
