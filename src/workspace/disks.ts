/**
 * Whether there is room on the disks that declared databases lie on, other than that of `.trueup`, which room.ts looks after. What
 * writes to a database on a disk that is nearly full waits; everything else goes on.
 */
import { statSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { DesiredState, Policy } from '../desired/schema.ts'
import type { Obstacle } from '../engine/gate.ts'
import type { Log } from '../log.ts'
import { existingFolderOf, freeBytesOf } from '../targets/free-room.ts'
import { databasePathOf } from './paths.ts'
import { megabytes } from './room.ts'

export interface Disks {
  /** The databases whose disk is nearly full. Measures, unless it was a moment ago; throws nothing. */
  short(): readonly ShortDisk[]
}

export interface ShortDisk {
  /** The entry of `databases`, and its file as it is declared. */
  readonly database: string
  readonly path: string
  readonly freeBytes: number
}

const measureEveryMs = 1000

export function createDisks(ports: {
  /** Folder of the desired state, and `.trueup` in it, whose disk is left out. */
  readonly workspace: string
  readonly ownFolder: string
  readonly state: () => DesiredState
  readonly clock: Clock
  readonly log: Log
}): Disks {
  const { workspace, ownFolder, state, clock, log } = ports
  let last: { readonly atMs: number; readonly short: readonly ShortDisk[] } | undefined

  const measure = (): readonly ShortDisk[] => {
    const { databases, policy } = state()
    const own = deviceOf(ownFolder)
    const before = new Set(last?.short.map(({ database }) => database))
    return Object.keys(databases).flatMap((database) => {
      const path = databasePathOf(state(), database, workspace)
      if (deviceOf(path) === own) return []
      const freeBytes = freeBytesOf(path, log)
      const wasShort = before.has(database)
      // As of the disk of `.trueup`: what became short has to have more room before it is called enough again.
      const isShort = freeBytes < policy.disk.freeMin + (wasShort ? policy.disk.ballast : 0)
      const free = `${megabytes(freeBytes)} free`
      if (isShort && !wasShort)
        log.warn(`the disk of database ${database} is nearly full (${free}): what writes to it waits`)
      if (!isShort && wasShort) log.info(`there is room on the disk of database ${database} again (${free})`)
      return isShort ? [{ database, path: databases[database]?.path ?? path, freeBytes }] : []
    })
  }

  return {
    short() {
      const atMs = clock.monotonicMs()
      if (last === undefined || atMs - last.atMs >= measureEveryMs) last = { atMs, short: measure() }
      return last.short
    },
  }
}

function deviceOf(path: string): number | undefined {
  return statSync(existingFolderOf(path), { throwIfNoEntry: false })?.dev
}

/**
 * What the gate holds back for want of room on the disk of a database.
 * @param bucket the pace that an action draws on, which names the database that it writes to; undefined for all there is
 */
export function diskObstacles(
  short: readonly ShortDisk[],
  { freeMin }: Policy['disk'],
  bucket: string | undefined,
): readonly Obstacle[] {
  return short
    .filter(({ database }) => bucket === undefined || bucket === `sqlite:${database}`)
    .map(({ database, path, freeBytes }) => ({
      code: 'disk-short',
      of: `database ${database}`,
      message: `only ${megabytes(freeBytes)} are free on the disk of ${path}, and below ${megabytes(freeMin)} (policy.disk.freeMin) nothing that writes to it is begun`,
      nextStep: `Free space on the disk of ${path}; it goes on by itself.`,
    }))
}
