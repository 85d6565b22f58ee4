/** Plug-ins that add a rule and a channel: the program uses both, in threads too, and refuses what is wrong. The examples pass their tests. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDesiredState } from '../../src/desired/load.ts'
import { trueup } from '../support/cli.ts'

const run = promisify(execFile)
let folder: string
let server: Server
let port: number
const notes: { readonly key: string | undefined; readonly note: unknown }[] = []
/** More rows than are looked at without a thread. */
const rows = 3000

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plugins-'))
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  mkdirSync(join(folder, 'plugins'), { mode: 0o700 })
  cpSync('examples/plugin-sales/sales.mjs', join(folder, 'plugins/sales.mjs'))
  const db = new Database(join(folder, 'data/leads.db'))
  db.exec('CREATE TABLE leads (id TEXT PRIMARY KEY, title TEXT)')
  const insert = db.prepare('INSERT INTO leads VALUES (?, ?)')
  db.transaction(() => {
    for (let at = 0; at < rows; at += 1) insert.run(`k${at}`, at === 0 ? ' Vice  President' : 'CTO')
    insert.run('odd', '???')
  })()
  db.close()
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      notes.push({ key: request.headers['x-board-key']?.toString(), note: JSON.parse(Buffer.concat(parts).toString()) })
      response.end()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  declare('{ short: true }')
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

function declare(options: string): void {
  writeFileSync(
    join(folder, 'desired-state.yaml'),
    `apiVersion: trueup/v1
name: sales
plugins:
  sales: { module: plugins/sales.mjs }
databases: { main: { path: data/leads.db } }
tables:
  leads:
    database: main
    key: id
    fields:
      title: { type: text, standardize: { job_title: ${options} } }
alerts:
  channels:
    board: { plugin: board, settings: { url: "http://127.0.0.1:${port}/notes" }, secrets: { key: { env: BOARD_KEY } } }
`,
  )
}

describe('a plug-in', { timeout: 120_000 }, () => {
  it('brings a rule, whose options are checked and which mends values', async () => {
    const applied = await trueup(['apply'], { in: folder })
    expect(applied.stderr).toBe('')
    expect(applied.stdout).toContain('Bring 1 of 3,001 values of title in leads into standard form (job_title)')
    expect(applied.stdout).toContain('is no title')
    const db = new Database(join(folder, 'data/leads.db'), { readonly: true })
    expect(db.prepare("SELECT title FROM leads WHERE id IN ('k0', 'odd') ORDER BY id").pluck().all()).toEqual([
      'VP',
      '???',
    ])
    db.close()
    declare('{ shrt: true }')
    const refused = await trueup(['validate'], { in: folder })
    expect([refused.status, refused.stdout]).toEqual([1, expect.stringContaining('shrt is no option; there is short')])
    declare('{ short: true }')
  })

  it('goes on serving the generation in force while the file is no YAML and does not name it', async () => {
    writeFileSync(join(folder, 'desired-state.yaml'), 'tables: [\n')
    const db = new Database(join(folder, 'data/leads.db'))
    db.prepare("UPDATE leads SET title = ' Vice  President' WHERE id = 'k1'").run()
    const applied = await trueup(['apply'], { in: folder })
    expect([applied.status, applied.stdout]).toEqual([1, expect.stringContaining('form (job_title)')])
    expect(db.prepare("SELECT title FROM leads WHERE id = 'k1'").pluck().get()).toBe('VP')
    db.close()
    declare('{ short: true }')
  })

  it('brings a channel, which sends with its secret through the guard', async () => {
    const sent = await trueup(['alert', 'test', 'board'], { in: folder, environment: { BOARD_KEY: 'b-key' } })
    expect([sent.status, sent.stderr]).toEqual([0, ''])
    expect(notes).toEqual([
      { key: 'b-key', note: expect.objectContaining({ title: expect.stringContaining('sales') }) },
    ])
  })

  it('whose channel is named wrongly is found by `validate` and `doctor`, at its place and with the names that there are', async () => {
    const file = join(folder, 'desired-state.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('{ plugin: board,', '{ plugin: bord,'))
    const refused = await trueup(['validate'], { in: folder })
    const line = text.split('\n').findIndex((one) => one.includes('plugin: board')) + 1
    expect([refused.status, refused.stdout]).toEqual([
      1,
      expect.stringContaining(
        `desired-state.yaml:${line}:22: alerts.channels.board.plugin: names "bord", which no plug-in adds as a channel; correct it, or declare the plug-in under plugins; allowed: board; did you mean board?`,
      ),
    ])
    const examined = await trueup(['doctor'], { in: folder })
    expect([examined.status, examined.stdout]).toEqual([2, expect.stringContaining('which no plug-in adds')])
    writeFileSync(file, text)
  })

  it('that is declared with its channel while a controller runs gets a warning, since the next start loads it', () => {
    const text = (plugins: string) =>
      `apiVersion: trueup/v1\nname: sales\n${plugins}alerts: { channels: { board: { plugin: board } } }\n`
    const parse = (plugins: string) =>
      parseDesiredState(text(plugins), {
        file: 'desired-state.yaml',
        environment: {},
        workspace: folder,
        rules: new Map(),
        pluginChannels: { names: [], modules: new Map() },
      })
    expect(parse('').is).toBe('invalid')
    const parsed = parse('plugins: { sales: { module: plugins/sales.mjs } }\n')
    expect(parsed.is === 'valid' && parsed.warnings.map(({ message }) => message)).toEqual([
      'names "board", which no loaded plug-in adds as a channel; one that was declared just now is loaded by the next start',
    ])
  })

  it('of the examples passes its own test', async () => {
    await run(process.execPath, [
      '--test',
      'examples/plugin-sales/sales.test.mjs',
      'examples/plugin-file-mode/file-mode.test.mjs',
    ])
  })
})
