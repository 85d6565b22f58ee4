/** What the system says of this very machine. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMachine } from './machine.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-machine-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('disk, memory and load are those that the tools of the system tell', async () => {
  const facts = await createMachine().look(folder, [])
  const [total = 0] = execFileSync('df', ['--output=size', '-B1', folder], { encoding: 'utf8' })
    .split('\n')
    .slice(1)
    .map(Number)
  expect(facts.disk.totalBytes).toBe(total)
  expect(facts.disk.freeBytes).toBeGreaterThan(0)
  expect(facts.disk.freeBytes).toBeLessThanOrEqual(total)
  expect(facts.memory?.availableBytes).toBeLessThanOrEqual(facts.memory?.totalBytes ?? 0)
  expect(facts.load?.cores).toBeGreaterThanOrEqual(1)
  expect(facts.load?.perCore).toBeGreaterThanOrEqual(0)
})

test('a -wal file is measured while others write it, without being opened', async () => {
  const path = join(folder, 'leads.db')
  const db = new Database(path)
  try {
    db.pragma('journal_mode = WAL')
    db.exec('CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))')
    const { walBytes } = await createMachine().look(folder, [path, join(folder, 'none.db')])
    expect(walBytes[path]).toBeGreaterThan(100_000)
    expect(walBytes[join(folder, 'none.db')]).toBe(0)
  } finally {
    db.close()
  }
})

test('timers that run late show as lag of the event loop since the look before', async () => {
  const machine = createMachine()
  writeFileSync(join(folder, 'x'), '')
  expect((await machine.look(folder, [])).loopLagMs).toEqual({ p99: 0, max: 0 })
  await new Promise((done) => setTimeout(done, 300))
  // Nothing else runs meanwhile.
  const untilMs = performance.now() + 700
  while (performance.now() < untilMs);
  await new Promise((done) => setTimeout(done, 300))
  expect((await machine.look(folder, [])).loopLagMs.max).toBeGreaterThan(300)
})
