/** What a person asks for waits until its resource is free: what holds by then, and not what held before, decides. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { keyText } from '../engine/resource.ts'
import { openLog } from '../log.ts'
import { systemRandom } from '../random.ts'
import { carryOut } from './carry-out.ts'
import { leadsOf } from './lead-access.ts'
import { openWorkspace } from './open.ts'
import type { Workspace } from './workspace.ts'

const desired = {
  apiVersion: 'trueup/v1',
  name: 'test',
  databases: { main: { path: 'main.db' } },
  tables: { leads: { database: 'main', key: 'id', fields: { name: { type: 'text' }, email: { type: 'email' } } } },
  services: { worker: { command: ['sleep', '600'] } },
}

let folder: string
let workspace: Workspace
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-turn-'))
  const db = new Database(join(folder, 'main.db'))
  db.exec(
    "CREATE TABLE leads (id TEXT PRIMARY KEY, name TEXT, email TEXT); INSERT INTO leads VALUES ('k1', 'Ann', 'ann@example.com')",
  )
  db.close()
  writeFileSync(join(folder, 'desired-state.yaml'), JSON.stringify(desired))
  workspace = await openWorkspace({
    stateFile: join(folder, 'desired-state.yaml'),
    purpose: 'act',
    environment: {},
    clock: systemClock,
    random: systemRandom,
    log: openLog('silent'),
  })
})
afterEach(async () => {
  await workspace.close()
  rmSync(folder, { recursive: true })
})

const actor = 'token:ann'

/** A workspace that suspends whatever waits for its turn, before the turn comes. */
function suspending(): Workspace {
  const { engine, journal } = workspace
  return {
    ...workspace,
    engine: {
      ...engine,
      alone(key, work) {
        journal.append([{ type: 'resource.suspended', actor, resource: keyText(key), body: { reason: 'a pause' } }])
        return engine.alone(key, work)
      },
    },
  }
}

function people(): unknown[] {
  const db = new Database(join(folder, 'main.db'), { readonly: true })
  try {
    return db.prepare('SELECT name FROM leads').pluck().all()
  } finally {
    db.close()
  }
}

const leads = () => leadsOf(suspending(), { clock: systemClock, random: systemRandom }).of('leads')

it('a change of a lead is held when its table was suspended before its turn came', async () => {
  const outcome = await leads()?.update('k1', { name: 'Bob' }, { actor, reason: 'call' })
  expect(outcome).toMatchObject({ is: 'waiting', reasons: ['suspended by token:ann: a pause'] })
  expect(people()).toEqual(['Ann'])
})

it('an erasure is held when its table was suspended before its turn came', async () => {
  const outcome = await leads()?.erase({ key: 'k1', actor, reason: 'asked for it', dryRun: false })
  expect(outcome).toMatchObject({ is: 'waiting', reasons: ['suspended by token:ann: a pause'] })
  expect(people()).toEqual(['Ann'])
})

it('a start of a service is held when it was suspended before its turn came', async () => {
  const { services } = workspace.programs
  const [declared] = services.list(workspace.generations.inForce().state)
  const draft = await services.request('worker', 'start', declared, actor)
  if (declared === undefined || draft === undefined) throw new Error('nothing would be started')
  const outcome = await carryOut({ key: declared.key, draft, declared }, services, actor, suspending())
  expect(outcome).toMatchObject({ is: 'held', message: 'suspended by token:ann: a pause' })
})
