/**
 * Reads what a log gains from call to call, across rotations: nothing twice, and whole lines, so that a secret that is
 * blotted out of each piece cannot slip through between two of them.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'

export interface LogFollower {
  /**
   * What came since the last call, 256 KiB at most; what a flood brings beyond that is left out with a note. A line that has
   * no end yet is held back until it has, or until nothing more has come by the next call.
   */
  read(): string
}

const followBytesMax = 262_144

interface Place {
  readonly ino: number
  readonly size: number
}

/** Follows a log from its end as it is now, or from its beginning. */
export function followLog(path: string, from: 'end' | 'beginning' = 'end'): LogFollower {
  const start: Place = { ino: 0, size: 0 }
  let at: Place = from === 'end' ? (placeOf(path) ?? start) : start
  let held: Buffer = Buffer.alloc(0)
  const fresh = (): Buffer => {
    const now = placeOf(path)
    if (now === undefined) return Buffer.alloc(0)
    const before = at
    at = now
    if (now.ino === before.ino) return range(path, before.size, now.size)
    const aside = placeOf(`${path}.1`)
    const rest = aside?.ino === before.ino ? range(`${path}.1`, before.size, aside.size) : Buffer.alloc(0)
    return Buffer.concat([rest, range(path, 0, now.size)])
  }
  return {
    read() {
      const came = fresh()
      const all = Buffer.concat([held, came])
      // Bytes, not text: a character is never cut in two.
      const end = came.length === 0 || all.length > followBytesMax ? all.length : all.lastIndexOf(0x0a) + 1
      held = Buffer.from(all.subarray(end))
      return all.subarray(0, end).toString('utf8')
    },
  }
}

function placeOf(path: string): Place | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : { ino: found.ino, size: found.size }
}

/** Bytes of a file from one place up to another; of more than fit, the latest whole lines with a note. */
function range(path: string, since: number, until: number): Buffer {
  const left = Math.max(0, until - since - followBytesMax)
  const wanted = Buffer.alloc(Math.max(0, until - since - left))
  if (wanted.length === 0) return wanted
  const bytes = wanted.subarray(0, readAt(path, wanted, since + left))
  if (left === 0) return bytes
  const line = bytes.indexOf(0x0a) + 1
  return Buffer.concat([Buffer.from(`[${left + line} bytes left out]\n`), bytes.subarray(line)])
}

function readAt(path: string, buffer: Buffer, position: number): number {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
  try {
    return readSync(file, buffer, 0, buffer.length, position)
  } finally {
    closeSync(file)
  }
}
