/** What happens to a database in a drill. Only once nobody has the file open: its bytes are changed behind SQLite. */
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Random } from '../../random.ts'

export const disasters = ['deleted', 'emptied', 'cut off', 'pages of zeros', 'header', 'rows deleted'] as const
export type Disaster = (typeof disasters)[number]

const pageBytes = 4096

function changeBytes(path: string, change: (descriptor: number, size: number) => void): void {
  const descriptor = openSync(path, 'r+')
  try {
    change(descriptor, fstatSync(descriptor).size)
  } finally {
    closeSync(descriptor)
  }
}

const strike: Readonly<Record<Disaster, (path: string, random: Random) => void>> = {
  deleted(path) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  },
  emptied: (path) => changeBytes(path, (descriptor) => ftruncateSync(descriptor, 0)),
  'cut off': (path, random) =>
    changeBytes(path, (descriptor, size) => ftruncateSync(descriptor, Math.floor(size * (0.3 + random.next() * 0.6)))),
  'pages of zeros': (path, random) =>
    changeBytes(path, (descriptor, size) => {
      for (let count = 0; count < 4; count += 1) {
        const page = 1 + Math.floor(random.next() * (size / pageBytes - 1))
        writeSync(descriptor, Buffer.alloc(pageBytes), 0, pageBytes, page * pageBytes)
      }
    }),
  header: (path) => changeBytes(path, (descriptor) => writeSync(descriptor, Buffer.alloc(100, 0x58), 0, 100, 0)),
  'rows deleted'(path) {
    const db = new Database(path)
    db.exec('DELETE FROM leads')
    db.close()
  },
}

export function strikeWith(disaster: Disaster, path: string, random: Random): void {
  strike[disaster](path, random)
}
