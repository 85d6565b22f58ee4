/** What a look at a database finds, and the fingerprint of what would change the plan. */
import { hashOf } from '../../json.ts'
import type { DatabaseFacts } from '../../targets/sqlite/database-files.ts'
import type { IntegrityReply } from '../../targets/sqlite/integrity.ts'
import type { SqliteProgram } from '../../targets/sqlite/programs.ts'
import type { SalvageReport } from '../../targets/sqlite/salvage/report.ts'

/** What SQLite says about the file; undefined in the state of a file that it cannot read. */
export interface DatabaseContent {
  /** `wal`, or `delete` for every rollback journal mode: the others are a matter of each connection. */
  readonly journalMode: string
  readonly pageSize: number
  readonly pages: number
  /** Pages that hold nothing. */
  readonly freePages: number
  readonly tables: number
  readonly tableNames: readonly string[]
}

/** A check that was run. */
export interface CheckRecord {
  readonly atMs: number
  /** Undefined where it did not end in time or its process died. */
  readonly reply: IntegrityReply | undefined
}

/** Where the ladder stands with the damaged state that the file is in now. */
export interface RecoveryState {
  readonly signature: string
  /** Of the file without its -wal. */
  readonly bareSignature: string
  /** The name of its folder in the quarantine. */
  readonly quarantine: string
  /** What was salvaged; undefined before it was. */
  readonly report: SalvageReport | undefined
  /** What a salvage is combined with, or why with nothing. */
  readonly set: { readonly id: string; readonly createdAtMs: number; readonly unwrittenSince: boolean } | null
  readonly withoutSet: string | null
  /** Other damaged states of it that are quarantined. */
  readonly others: number
  /** Services that use it, which the replacement stops and starts, and their processes that have it open. */
  readonly services: readonly string[]
  readonly servicePids: readonly number[]
}

export interface DatabaseState {
  readonly observedAtMs: number
  readonly facts: DatabaseFacts
  /** Whether the folder's mode is Trueup's to keep: it lies inside the workspace and is not the workspace itself. */
  readonly ownsFolder: boolean
  /** Whether this process may set modes: it is the owner or root. */
  readonly maySetModes: boolean
  readonly content: DatabaseContent | undefined
  readonly quick: CheckRecord | undefined
  readonly full: CheckRecord | undefined
  /** The comparison with a set that was made after the file was last written; undefined where there is none such. */
  readonly compared: CheckRecord | undefined
  /** What is done about damage; undefined where there is none. */
  readonly recovery: RecoveryState | undefined
  readonly programs: readonly SqliteProgram[]
  /** Size at an earlier moment, up to a week ago; undefined in the first day. */
  readonly earlier: { readonly atMs: number; readonly size: number } | undefined
}

/** What the last checks found wrong, latest first; empty for a sound database or one that was never checked. */
export function problemsOf(state: DatabaseState): readonly string[] {
  return [state.quick, state.full, state.compared]
    .filter((check) => check !== undefined)
    .sort((first, second) => second.atMs - first.atMs)
    .flatMap((check) => (check.reply?.is === 'broken' ? check.reply.problems : []))
}

/** The latest count of rows that point at nothing. */
export function violationsOf(state: DatabaseState): Extract<IntegrityReply, { is: 'sound' }> | undefined {
  const sound = [state.quick, state.full]
    .flatMap((check) => (check?.reply?.is === 'sound' ? [{ atMs: check.atMs, reply: check.reply }] : []))
    .sort((first, second) => second.atMs - first.atMs)
  return sound[0]?.reply
}

/** Changes when the file is another one, its modes or journal mode change, or a check comes out differently. */
export function fingerprintOf(state: DatabaseState): string {
  const { facts, content } = state
  return hashOf({
    identity: facts.file.identity,
    modes: [facts.file.mode, facts.wal?.mode ?? null, facts.shm?.mode ?? null, facts.folder.mode],
    journalMode: content?.journalMode ?? null,
    problems: problemsOf(state),
    recovery: state.recovery === undefined ? null : [state.recovery.signature, state.recovery.report !== undefined],
    violations: violationsOf(state)?.foreignKeyViolations ?? null,
  })
}
