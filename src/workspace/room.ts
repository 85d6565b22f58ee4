/**
 * Whether there is room to work in on the disk of `.trueup`. A ballast file holds room back while there is enough; when it
 * gets short the ballast goes, nothing that grows is begun any more, and the record and an orderly stop still find room.
 */
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Policy } from '../desired/schema.ts'
import type { Obstacle } from '../engine/gate.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { freeBytesOf } from '../targets/free-room.ts'

export interface Room {
  /** Measures, unless it was a moment ago; releases or makes the ballast as that asks. Throws nothing. */
  look(): RoomState
}

export interface RoomState {
  readonly freeBytes: number
  readonly isShort: boolean
  /** Bytes that the ballast holds; 0 where there is none. */
  readonly ballastBytes: number
}

/** Often enough to see a disk fill, seldom enough to cost nothing. */
const measureEveryMs = 1000
const chunkBytes = 1_048_576
const ballastName = 'ballast'

/** @param makes whether a ballast is made here: by the controller, not by each command. */
export function createRoom(ports: {
  readonly folder: string
  readonly bounds: () => Policy['disk']
  readonly makes: boolean
  readonly clock: Clock
  readonly log: Log
}): Room {
  const { folder, bounds, clock, log } = ports
  const path = join(folder, ballastName)
  let last: { readonly atMs: number; readonly state: RoomState } | undefined

  const measure = (): RoomState => {
    const { freeMin, ballast } = bounds()
    const wasShort = last?.state.isShort ?? false
    const held = sizeOf(path)
    const freeBytes = freeBytesOf(folder, log)
    // Once it was short, there must be room for the ballast too: else its making would make it short again.
    const isShort = freeBytes < (wasShort ? freeMin + ballast : freeMin)
    const free = `${megabytes(freeBytes)} free`
    if (isShort && !wasShort)
      log.warn(`the disk is nearly full (${free}): nothing that writes is begun until there is room again`)
    if (!isShort && wasShort) log.info(`there is room on the disk again (${free})`)
    if (isShort && held > 0) {
      release(path, log)
      return { freeBytes: freeBytesOf(folder, log), isShort, ballastBytes: sizeOf(path) }
    }
    const isWanted = !isShort && ports.makes && held < ballast && freeBytes - (ballast - held) >= freeMin
    if (isWanted) makeBallast(path, ballast, log)
    return { freeBytes, isShort, ballastBytes: isWanted ? sizeOf(path) : held }
  }

  return {
    look() {
      const atMs = clock.monotonicMs()
      if (last !== undefined && atMs - last.atMs < measureEveryMs) return last.state
      last = { atMs, state: measure() }
      return last.state
    },
  }
}

/** What the gate holds everything back for while room is short. */
export function roomObstacle({ isShort, freeBytes }: RoomState, { freeMin }: Policy['disk']): readonly Obstacle[] {
  if (!isShort) return []
  return [
    {
      code: 'disk-short',
      message: `only ${megabytes(freeBytes)} of disk are free, and below ${megabytes(freeMin)} (policy.disk.freeMin) nothing that writes is begun`,
      nextStep: 'Free space on the disk of the workspace; it goes on by itself.',
    },
  ]
}

export function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function release(path: string, log: Log): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'the ballast could not be released')
  }
}

/** Written in full, so that its room is really taken; what cannot be written whole is not kept. */
function makeBallast(path: string, bytes: number, log: Log): void {
  try {
    const file = openSync(path, 'w', 0o600)
    try {
      const chunk = Buffer.alloc(chunkBytes)
      for (let left = bytes; left > 0; left -= chunkBytes) writeSync(file, chunk, 0, Math.min(left, chunkBytes))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    release(path, log)
    log.warn({ err: messageOf(error) }, 'the ballast could not be made')
  }
}
