/** A write that a person asks for waits while the table is worked on; what is decided meanwhile counts for it, too. */
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { LeadRepository } from '../../src/leads/repository.ts'
import { openLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { leadsOf } from '../../src/workspace/lead-access.ts'
import { openWorkspace, type Workspace } from '../../src/workspace/open.ts'
import { removeFolder } from '../support/remove.ts'

const yaml = (mode: string) => `apiVersion: trueup/v1
name: held
policy: { mode: ${mode} }
databases:
  main: { path: data/leads.db }
tables:
  leads:
    database: main
    key: id
    fields:
      email: { type: email }
      company: { type: text }
`
const table = { kind: 'rows', name: 'leads' }

let root: string
let workspace: Workspace
let db: Database.Database
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'held-'))
  mkdirSync(join(root, 'data'))
  writeFileSync(join(root, 'desired-state.yaml'), yaml('enforce'))
  db = new Database(join(root, 'data/leads.db'))
  db.exec(
    `CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT, company TEXT);
     INSERT INTO leads VALUES ('ann', 'ann@acme.com', 'Acme'), ('bob', 'bob@acme.com', 'Acme')`,
  )
  workspace = await openWorkspace({
    stateFile: join(root, 'desired-state.yaml'),
    purpose: 'act',
    environment: {},
    clock: systemClock,
    random: systemRandom,
    log: openLog('silent'),
  })
  workspace.generations.onInForce(({ number, state }) => void workspace.engine.declare(number, state))
})
afterEach(async () => {
  await workspace.close()
  db.close()
  await removeFolder(root)
})

/** The table is worked on until `decide` has been done, which is when the write waits for it. */
async function whileHeld<Outcome>(
  ask: (leads: LeadRepository) => Promise<Outcome>,
  decide: () => void,
): Promise<Outcome> {
  const { engine } = workspace
  const turn = new EventEmitter()
  const held = engine.alone(table, () => once(turn, 'ended'))
  const watched: Engine = {
    ...engine,
    alone(key, task) {
      turn.emit('awaited')
      return engine.alone(key, task)
    },
  }
  const leads = leadsOf({ ...workspace, engine: watched }, { clock: systemClock, random: systemRandom }).of('leads')
  if (leads === undefined) throw new Error('no leads are declared')
  const awaited = once(turn, 'awaited')
  const asked = ask(leads)
  await awaited
  decide()
  turn.emit('ended')
  await held
  return asked
}

const change = (leads: LeadRepository) =>
  leads.update('ann', { company: 'Other' }, { actor: 'token:ann', reason: 'a call' })
const observe = () => {
  writeFileSync(join(root, 'desired-state.yaml'), yaml('observe'))
  workspace.generations.reload()
}
const pause = () =>
  workspace.journal.append([
    { type: 'resource.suspended', actor: 'token:bob', resource: 'rows/leads', body: { reason: 'a pause' } },
  ])
const rows = () => db.prepare('SELECT id, company FROM leads ORDER BY id').raw().all()
const untouched = [
  ['ann', 'Acme'],
  ['bob', 'Acme'],
]

test('a write that nothing holds is made when its turn comes', async () => {
  expect(await whileHeld(change, () => undefined)).toMatchObject({ is: 'written' })
  expect(rows()).toEqual([
    ['ann', 'Other'],
    ['bob', 'Acme'],
  ])
})

test('mode observe, declared while a write waits for its turn, holds it', async () => {
  expect(await whileHeld(change, observe)).toMatchObject({ is: 'waiting' })
  expect(rows()).toEqual(untouched)
})

test('a pause, ordered while a write waits for its turn, holds it', async () => {
  expect(await whileHeld(change, pause)).toMatchObject({ is: 'waiting' })
  expect(rows()).toEqual(untouched)
})

test('mode observe, declared while an erasure waits for its turn, holds it', async () => {
  const erase = (leads: LeadRepository) =>
    leads.erase({ key: 'ann', actor: 'token:ann', reason: 'asked for it', dryRun: false })
  expect(await whileHeld(erase, observe)).toMatchObject({ is: 'waiting' })
  expect(rows()).toEqual(untouched)
})
