/** What the API needs of backups, and nothing more. The composition root implements it over their kind. */
import type { OperationalError } from '../errors.ts'
import type { JsonValue } from '../json.ts'
import type { Figure } from '../metrics/catalogue.ts'

/** One set, over all folders that it is in. */
export interface BackupSetView {
  readonly id: string
  readonly createdAtMs: number
  readonly bytes: number
  readonly encrypted: boolean
  /** Absolute. */
  readonly paths: readonly string[]
  readonly problems: readonly string[]
  readonly verifiedAtMs: number | null
  /** `restored`, or `without-key`: compared before it was encrypted, and its bytes since. */
  readonly verifiedHow: 'restored' | 'without-key' | null
}

/** One entry of `backups` as it stands now. */
export interface BackupView {
  readonly name: string
  readonly summary: string
  readonly of: readonly string[]
  readonly schedule: string
  readonly timezone: string
  readonly nextAtMs: number | null
  /** Whether a set as young as the schedule asks is missing. */
  readonly due: boolean
  readonly places: readonly { readonly place: string; readonly problem: string | null }[]
  /** Newest first. */
  readonly sets: readonly BackupSetView[]
}

export type BackupRefusal =
  | { readonly is: 'not-found'; readonly message: string }
  | { readonly is: 'refused'; readonly message: string; readonly error: OperationalError }

export interface BackupCreated {
  readonly is: 'created'
  readonly actionId: string
  readonly set: BackupSetView
}

/** The gate holds it. */
export interface BackupHeld {
  readonly is: 'held'
  readonly actionId: string
  readonly message: string
}

export interface BackupVerified {
  readonly is: 'verified'
  readonly id: string
  readonly verified: boolean
  readonly how: 'restored' | 'without-key'
  /** Each names the file. */
  readonly problems: readonly string[]
}

export interface BackupPruned {
  readonly is: 'pruned'
  /** Null where nothing was older than is kept. */
  readonly actionId: string | null
  readonly ids: readonly string[]
}

/** What a restore in place would change; it waits for approval as an action. */
export interface RestoreAsked {
  readonly is: 'asked'
  /** Of the set. */
  readonly id: string
  readonly createdAtMs: number
  /** How much older the set is than the moment that was asked for; null where the set was named. */
  readonly olderMs: number | null
  /** Null where nothing differs. */
  readonly actionId: string | null
  readonly message: string
  readonly counts: { readonly added: number; readonly changed: number; readonly removed: number }
  readonly tables: readonly {
    readonly table: string
    readonly added: number
    readonly changed: number
    readonly removed: number
  }[]
  readonly passedOver: readonly { readonly table: string; readonly reason: string }[]
  /** Records of erased people, which stay away. */
  readonly withheld: number
  /** Keys, 20 at most. */
  readonly sample: readonly string[]
  readonly preview: readonly {
    readonly key: string
    readonly field: string
    readonly before: JsonValue
    readonly after: JsonValue
  }[]
}

/** All of a set lies in a folder of its own now. */
export interface RestoredIntoFolder {
  readonly is: 'restored'
  /** Of the set. */
  readonly id: string
  /** Absolute. */
  readonly folder: string
  readonly files: readonly { readonly name: string; readonly file: string; readonly rows: number }[]
  /** Records of erased people, which were left out. */
  readonly withheld: number
}

/** Which set is restored from: the one of that id, or the newest verified one that was made at a moment or before. */
export type SetChoice =
  | { readonly id: string }
  /** In milliseconds since the epoch. `backup`: of this entry of `backups` alone. */
  | { readonly atMs: number; readonly backup?: string | undefined }

/** A mirrored table of Airtable, restored in place. */
export interface AirtableRestoreRequest {
  readonly set: SetChoice
  /** The entry of `tables`. */
  readonly table: string
  readonly keys: readonly string[] | null
  /** Whether records that the set does not have go. */
  readonly removeOthers: boolean
  readonly actor: string
}

export interface RestoreRequest {
  readonly set: SetChoice
  readonly database: string
  readonly tables: readonly string[] | null
  readonly keys: readonly string[] | null
  readonly actor: string
}

export interface BackupPort {
  backups(): Promise<readonly BackupView[]>
  /** Makes a set now and verifies it. Without a name: of the only backup that is declared. */
  create(request: {
    readonly name: string | null
    readonly actor: string
  }): Promise<BackupCreated | BackupHeld | BackupRefusal>
  verify(request: { readonly id: string }): Promise<BackupVerified | BackupRefusal>
  restore(request: RestoreRequest): Promise<RestoreAsked | BackupRefusal>
  restoreAirtable(request: AirtableRestoreRequest): Promise<RestoreAsked | BackupRefusal>
  /** Restores all of a set into `restored/ID` of the workspace, which must not be there yet. */
  restoreIntoFolder(request: { readonly set: SetChoice }): Promise<RestoredIntoFolder | BackupRefusal>
  /** Puts aside what is older than is kept. */
  prune(request: {
    readonly name: string | null
    readonly actor: string
  }): Promise<BackupPruned | BackupHeld | BackupRefusal>
  /** As they are now, for `/metrics`. */
  figures(): Promise<readonly Figure[]>
}
