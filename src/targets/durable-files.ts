/** Files that are on the disk, not only in the system's memory, when these return. */
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs'

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

/** Writes a file that only its owner can read (0600). `wx` refuses one that is there, `w` takes its place. */
export function writeDurably(path: string, text: string, flag: 'wx' | 'w'): void {
  const file = openSync(path, flag, 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
