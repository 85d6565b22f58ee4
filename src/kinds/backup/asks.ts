/**
 * The restores in place that were asked for: each a folder with what was asked and the copy that the set was restored to,
 * made whole under another name first. An ask that nobody approved lapses, since its copy holds what was in the set.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { codeOf } from '../../targets/sqlite/database-error.ts'
import type { AirtableAsk } from './airtable-restore/ask.ts'
import { askSchema, type RestoreAsk } from './restore-state.ts'

/** As long as approvals stand by default. */
export const askLapsesMs = 72 * 3_600_000

const stagingPrefix = '.staging-'
const movesPrefix = '.moves-'
/** How long a restore of Airtable can be taken back. */
export const movesKeptMs = 30 * 86_400_000
/** No set takes longer to restore: the child process that does is killed before. */
const stagingMaxMs = 2 * 3_600_000

function folderOf(ownFolder: string): string {
  return join(ownFolder, 'restores')
}

/** Where an ask is put together before {@link noteAsk}; only this user can read it. */
export function stagingFolder(ownFolder: string, id: string): string {
  const folder = join(folderOf(ownFolder), `${stagingPrefix}${id}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Where the lines of an ask for a table of Airtable are. */
export function stagedLines(ownFolder: string, { id, table }: Pick<AirtableAsk, 'id' | 'table'>): string {
  return join(folderOf(ownFolder), id, `airtable-${table}.jsonl`)
}

/**
 * What an action writes to Airtable, record by record. It lies with the asks, so that an erasure drops it with them: nothing
 * of it can be written or taken back then.
 */
export function keptMovesPath(ownFolder: string, actionId: string): string {
  return join(folderOf(ownFolder), `${movesPrefix}${actionId}.json`)
}

/** The copy of an ask. */
export function stagedCopy(ownFolder: string, { id, database }: Pick<RestoreAsk, 'id' | 'database'>): string {
  return join(folderOf(ownFolder), id, `${database}.db`)
}

/** Gives a staged copy its ask, all at once. */
export function noteAsk(ownFolder: string, ask: RestoreAsk | AirtableAsk): void {
  const staging = join(folderOf(ownFolder), `${stagingPrefix}${ask.id}`)
  writeFileSync(join(staging, 'ask.json'), JSON.stringify(ask), { mode: 0o600 })
  renameSync(staging, join(folderOf(ownFolder), ask.id))
}

/** What was asked of a backup and has not lapsed, oldest first. */
export function asksOf(ownFolder: string, backup: string, nowMs: number): readonly RestoreAsk[] {
  return askedSince(allAsks(ownFolder), backup, nowMs)
}

export function askedSince<Ask extends { readonly backup: string; readonly atMs: number }>(
  asks: readonly Ask[],
  backup: string,
  nowMs: number,
): readonly Ask[] {
  return asks
    .filter((ask) => ask.backup === backup && nowMs - ask.atMs < askLapsesMs)
    .sort((one, other) => one.atMs - other.atMs)
}

/** Undefined where it is not there. */
export function findAsk(ownFolder: string, id: string): RestoreAsk | undefined {
  return allAsks(ownFolder).find((ask) => ask.id === id)
}

export function dropAsk(ownFolder: string, id: string): void {
  rmSync(join(folderOf(ownFolder), id), { recursive: true, force: true })
}

/** Drops every ask, since its copy may hold somebody who is being erased; gives how many. */
export function dropAllAsks(ownFolder: string): number {
  const count = namesIn(folderOf(ownFolder)).length
  rmSync(folderOf(ownFolder), { recursive: true, force: true })
  return count
}

/** Removes what lapsed, and what a crash left half put together. */
export function sweepAsks(ownFolder: string, nowMs: number): void {
  for (const { id, atMs } of readAsks(ownFolder, anyAskSchema)) if (nowMs - atMs >= askLapsesMs) dropAsk(ownFolder, id)
  for (const name of namesIn(folderOf(ownFolder))) {
    const keptMs = name.startsWith(stagingPrefix)
      ? stagingMaxMs
      : name.startsWith(movesPrefix)
        ? movesKeptMs
        : undefined
    if (keptMs === undefined) continue
    const made = statSync(join(folderOf(ownFolder), name), { throwIfNoEntry: false })
    if (made !== undefined && nowMs - made.mtimeMs >= keptMs) dropAsk(ownFolder, name)
  }
}

/** What the asks of every sort have in common. */
const anyAskSchema = z.looseObject({ id: z.string(), atMs: z.number() })

function allAsks(ownFolder: string): readonly RestoreAsk[] {
  return readAsks(ownFolder, askSchema)
}

/** The asks of one sort. */
export function readAsks<Ask>(ownFolder: string, schema: z.ZodType<Ask>): readonly Ask[] {
  return namesIn(folderOf(ownFolder)).flatMap((name) => {
    if (name.startsWith('.')) return []
    try {
      const found = schema.safeParse(JSON.parse(readFileSync(join(folderOf(ownFolder), name, 'ask.json'), 'utf8')))
      // One of another version cannot be carried out; it goes with the next erasure, or by hand.
      return found.success ? [found.data] : []
    } catch (error) {
      // Gone a moment ago.
      if (codeOf(error) === 'ENOENT') return []
      throw error
    }
  })
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
