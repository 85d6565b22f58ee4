/** What a look at a backup finds. */
import { hashOf } from '../../json.ts'
import type { AirtableRestoreState } from './airtable-restore/ask.ts'
import type { RestoreState } from './restore-state.ts'

/** One set, over all folders that it is in. */
export interface BackupSet {
  readonly id: string
  readonly createdAtMs: number
  /** Of all its files. */
  readonly bytes: number
  readonly isEncrypted: boolean
  /** What it holds: names of databases, `airtable/TABLE` and the like; none where its manifest cannot be read. */
  readonly holds: readonly string[]
  /** The folders it is in, absolute. */
  readonly folders: readonly string[]
  /** Declared places that it is not in, as a person names them. */
  readonly missingFrom: readonly string[]
  /** Folders in which something is wrong with it. */
  readonly damagedIn: readonly string[]
  /** What is wrong with it, with the folder; empty as a rule. */
  readonly problems: readonly string[]
  /** When it was last found sound in every folder that it is in, and how; undefined where it was not. */
  readonly verified: { readonly atMs: number; readonly how: 'restored' | 'without-key' } | undefined
}

export interface BackupState {
  readonly observedAtMs: number
  /** Newest first. */
  readonly sets: readonly BackupSet[]
  /** The newest set without a problem, and the newest that was verified. */
  readonly newest: BackupSet | undefined
  readonly newestVerified: BackupSet | undefined
  /** The last scheduled moment; undefined where there was none yet. */
  readonly dueAtMs: number | undefined
  readonly nextAtMs: number | undefined
  /** Places that cannot be written, and why. */
  readonly unusable: readonly { readonly place: string; readonly reason: string }[]
  /** Ids of the sets that are kept for no reason any more, oldest first. */
  readonly prunable: readonly string[]
  /** Restores that people asked for. */
  readonly restores: readonly RestoreState[]
  readonly airtableRestores: readonly AirtableRestoreState[]
  readonly evidence: string
}

/** Whether a set as young as the schedule asks is in every folder. */
export function isDue({ newest, dueAtMs }: Pick<BackupState, 'newest' | 'dueAtMs'>): boolean {
  if (newest === undefined) return true
  return newest.missingFrom.length > 0 || (dueAtMs !== undefined && newest.createdAtMs < dueAtMs)
}

/** What actions are bound to: which sets there are, and which of them are sound and verified. */
export function evidenceOf(sets: readonly Pick<BackupSet, 'id' | 'folders' | 'problems' | 'verified'>[]): string {
  return hashOf(
    sets.map(({ id, folders, problems, verified }) => ({ id, folders, problems, isVerified: verified !== undefined })),
  )
}

export function fingerprintOf(state: BackupState): string {
  return hashOf({
    evidence: state.evidence,
    verified: state.sets.map(({ id, verified }) => [id, verified?.atMs ?? null]),
    due: isDue(state),
    unusable: state.unusable.map(({ place, reason }) => [place, reason]),
    prunable: state.prunable,
    restores: [...state.restores, ...state.airtableRestores].map((one) => [one.ask.id, one.evidence]),
  })
}

/** How long a set that was put aside can be taken back. */
export const asideMs = 48 * 3_600_000
export const asideText = 'for 48 hours they can be taken back by undo; then they are gone for good'
