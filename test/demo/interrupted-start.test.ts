/** A first start that is killed at any moment leaves either no data or all of them, and the next start is none the worse. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureDemoWorkspace } from '../../src/demo/demo-workspace.ts'
import { openLog } from '../../src/log.ts'
import { removeFolder } from '../support/remove.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trueup-interrupted-test-'))
})
afterEach(() => removeFolder(directory))

/** Whether the unfinished work holds this file by now. */
function workHolds(file: string): boolean {
  const stateFolder = join(directory, '.trueup')
  if (!existsSync(stateFolder)) return false
  return readdirSync(stateFolder).some((name) => existsSync(join(stateFolder, name, file)))
}

test.each(['data/leads.db', 'data/scraper/leads.db', 'data/json', 'desired-state.yaml'])(
  'killed when %s had just been begun',
  async (file) => {
    const compiled = pathToFileURL(resolve(process.cwd(), 'dist/demo/demo-workspace.js')).href
    const log = pathToFileURL(resolve(process.cwd(), 'dist/log.js')).href
    const script = `
      import { ensureDemoWorkspace } from ${JSON.stringify(compiled)}
      import { openLog } from ${JSON.stringify(log)}
      await ensureDemoWorkspace({ directory: ${JSON.stringify(directory)}, log: openLog('silent') })`
    const child = spawn('node', ['--input-type=module', '--eval', script], { stdio: 'inherit' })
    const ended = once(child, 'exit')
    while (child.exitCode === null && !workHolds(file)) await sleep(2)
    child.kill('SIGKILL')
    await ended

    const whole = () => {
      const db = new Database(join(directory, 'data/leads.db'), { readonly: true })
      const rows = db.prepare('SELECT count(*) FROM leads').pluck().get()
      db.close()
      return { rows, entries: readdirSync(join(directory, 'data')).sort() }
    }
    const complete = {
      rows: 5000,
      entries: ['airtable-base.json', 'campaigns.db', 'json', 'leads.db', 'leads_cache.db', 'scraper'],
    }
    if (existsSync(join(directory, 'data'))) expect(whole()).toEqual(complete)
    await ensureDemoWorkspace({ directory, log: openLog('silent') })
    expect(whole()).toEqual(complete)
    expect(readdirSync(directory).sort()).toEqual(['.trueup', 'data', 'desired-state.yaml', 'services'])
    expect(readdirSync(join(directory, '.trueup'))).toEqual([])
  },
)
