/** Long answers in pieces: to stdout, or to a file that is not there yet. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { finished } from 'node:stream/promises'
import { OperationalError } from '../errors.ts'

export interface Piece {
  readonly text: string
  /** How many rows, records or entries it holds. */
  readonly rows: number
}

type Pieces = AsyncIterable<Piece> | Iterable<Piece>

export async function toStdout(pieces: Pieces): Promise<void> {
  for await (const { text } of pieces) if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Writes a file for its owner's eyes (0600). Throws USAGE where it is there already. */
export async function toFile(pieces: Pieces, out: string): Promise<{ readonly path: string; readonly rows: number }> {
  const path = resolve(out)
  const stream = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  let rows = 0
  try {
    await once(stream, 'open')
    for await (const piece of pieces) {
      rows += piece.rows
      if (!stream.write(piece.text)) await once(stream, 'drain')
    }
    stream.end()
    await finished(stream)
  } catch (error) {
    stream.destroy()
    if (isExisting(error))
      throw new OperationalError('USAGE', `${out} is there already`, { hint: 'Name another file, or remove it first.' })
    throw error
  }
  return { path, rows }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}
