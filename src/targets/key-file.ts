/** A secret of 32 random bytes in a file of its own (0600), as 64 hexadecimal digits. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Random } from '../random.ts'
import { syncFolder, writeDurably } from './durable-files.ts'

const keyBytes = 32

/** Undefined where there is none, or what a crash left of one. */
export function readKey(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const text = readFileSync(path, 'utf8').trim()
  return /^[0-9a-f]{64}$/.test(text) ? text : undefined
}

/** Written and synced before anything is made with it. */
export function makeKey(path: string, random: Random): string {
  const key = random.hex(keyBytes)
  writeDurably(path, `${key}\n`, 'w')
  syncFolder(dirname(path))
  return key
}
