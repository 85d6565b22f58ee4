/**
 * The program that writes while a drill goes on: `node writer.js DATABASE ACKNOWLEDGED SEED`. Each row that was committed is
 * told in the second file afterwards, a line each, as a program that promised it to somebody would know it.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { seededRandom } from '../../random.ts'

/** Milliseconds between two rows, at most. */
const pauseMsMax = 40

async function write(database: string, acknowledged: string, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const db = new Database(database, { timeout: 10_000 })
  const insert = db.prepare('INSERT INTO leads (id, company, note, at_ms) VALUES (?, ?, ?, ?)')
  const update = db.prepare('UPDATE leads SET note = ?, at_ms = ? WHERE id = ?')
  for (let count = 1; ; count += 1) {
    const atMs = Date.now()
    const changes = count > 20 && random.next() < 0.3
    const id = `row-${String(changes ? 1 + Math.floor(random.next() * 20) : count).padStart(6, '0')}`
    const note = random.hex(8 + Math.floor(random.next() * 400))
    if (changes) update.run(note, atMs, id)
    else insert.run(id, `Company ${count}`, note, atMs)
    appendFileSync(acknowledged, `${JSON.stringify({ id, note, atMs })}\n`)
    await pause(random.next() * pauseMsMax)
  }
}

const [, script, database, acknowledged, seed] = process.argv
if (script === fileURLToPath(import.meta.url) && database !== undefined && acknowledged !== undefined)
  await write(database, acknowledged, Number(seed))
