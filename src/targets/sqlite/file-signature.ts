/** What tells one state of a database's files from another without opening them. */
import { stat } from 'node:fs/promises'
import { codeOf } from './database-error.ts'

export interface FileSignature {
  /** Differs whenever the database file, its -wal or its rollback journal was written, replaced, appeared or went. */
  readonly text: string
  /** The latest modification of any of them, in milliseconds since the epoch; 0 where there is none. */
  readonly newestMs: number
}

/** @param path the real path, beside which SQLite keeps the others. */
export async function signatureOf(path: string): Promise<FileSignature> {
  const parts = await Promise.all(['', '-wal', '-journal'].map((part) => partOf(path + part)))
  return {
    text: parts.map((part) => part.text).join('|'),
    newestMs: Math.max(...parts.map((part) => part.newestMs)),
  }
}

async function partOf(path: string): Promise<FileSignature> {
  try {
    const found = await stat(path, { bigint: true })
    return {
      text: `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`,
      newestMs: Number(found.mtimeMs),
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    return { text: code, newestMs: 0 }
  }
}
