/** Reads the output of programs from their files, which the shim writes and rotates. */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The last `bytesMax` bytes, from the beginning of a line; of the file put aside last, too, where the newest is short. */
export function tailOf(path: string, bytesMax: number): string {
  const newest = lastBytes(path, bytesMax)
  const missing = bytesMax - newest.length
  const bytes = missing > 0 ? Buffer.concat([lastBytes(`${path}.1`, missing), newest]) : newest
  const text = bytes.toString('utf8')
  const isCut = bytes.length === bytesMax
  const lineEnd = text.indexOf('\n')
  return isCut && lineEnd >= 0 && lineEnd < text.length - 1 ? text.slice(lineEnd + 1) : text
}

function lastBytes(path: string, bytesMax: number): Buffer {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
  try {
    const { size } = fstatSync(file)
    const buffer = Buffer.alloc(Math.min(size, bytesMax))
    const read = readSync(file, buffer, 0, buffer.length, Math.max(0, size - bytesMax))
    return buffer.subarray(0, read)
  } finally {
    closeSync(file)
  }
}

/** Size and last write; undefined where there is no such file. */
export function logFactsOf(path: string): { readonly bytes: number; readonly changedAtMs: number } | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : { bytes: found.size, changedAtMs: found.mtimeMs }
}

/** Removes a log with all files that were put aside. */
export function removeLog(path: string): void {
  const folder = dirname(path)
  const name = basename(path)
  if (!existsSync(folder)) return
  for (const one of readdirSync(folder)) {
    if (one === name || (one.startsWith(`${name}.`) && /^\d+$/.test(one.slice(name.length + 1))))
      rmSync(join(folder, one), { force: true })
  }
}

/** The output of one program, as it may be shown. */
export interface ProgramOutput {
  readonly path: string
  /** The last `bytesMax` bytes, from the beginning of a line. */
  tail(bytesMax: number): string
  /** Blots its secrets out of a piece of its output. */
  redact(text: string): string
}

export function outputOf(path: string, redact: (text: string) => string): ProgramOutput {
  return { path, tail: (bytesMax) => redact(tailOf(path, bytesMax)), redact }
}
