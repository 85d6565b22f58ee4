/** Each part is really broken: files, modes, ports, programs, the journal, a base behind HTTP with tokens that may little. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { freePort } from '../../../test/support/free-port.ts'
import { systemClock } from '../../clock.ts'
import { takeLease } from '../../engine/lease.ts'
import { openJournal } from '../../journal/store.ts'
import { openLog } from '../../log.ts'
import { seededRandom } from '../../random.ts'
import { tokenProfile, tokenRestrictions } from '../../sandbox/access/tokens.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { holderOf } from '../../targets/process/holder.ts'
import type { DoctorCheck } from './check.ts'
import { examine } from './doctor.ts'
import { descriptorsLimitIn, isAtLeast, nodeMin } from './machine.ts'

const log = openLog('silent')
let folder: string
let port: number
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  port = await freePort()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const path = (name: string) => join(folder, name)
function declare(lines: readonly string[] = []): void {
  const base = ['apiVersion: trueup/v1', 'name: test', 'databases: { main: { path: leads.db } }']
  writeFileSync(path('desired-state.yaml'), [...base, ...lines].join('\n'), { mode: 0o600 })
}
async function look(environment: Record<string, string> = {}, clock = systemClock): Promise<readonly DoctorCheck[]> {
  return examine({
    stateFile: path('desired-state.yaml'),
    host: '127.0.0.1',
    port,
    environment: { PATH: process.env.PATH, ...environment },
    clock,
    random: seededRandom(1),
    log,
  })
}
const one = (checks: readonly DoctorCheck[], id: string) => checks.find((check) => check.id === id)
/** What is not well, but for the load and memory of the machine that the tests run on. */
const unwell = (checks: readonly DoctorCheck[]) =>
  checks.filter(({ id, status }) => status !== 'ok' && !/^machine\.(cpu|memory|disk|temporary)$/.test(id))

describe('the doctor', () => {
  it('finds nothing to mend where all is well, and gives a remedy for everything else', async () => {
    declare(['services: { one: { command: [sh, -c, "sleep 1"] } }'])
    const checks = await look()
    expect(unwell(checks)).toEqual([])
    expect(one(checks, 'programs.services.one')?.message).toMatch(/\/sh$/)
    expect(one(checks, 'workspace.own')?.message).toMatch(/no \.trueup yet/)
    for (const { status, remedy } of checks) expect(remedy === null).toBe(status === 'ok')
  })

  it('tells of a file that is missing or not valid with its place, and goes on with the rest', async () => {
    expect(unwell(await look())).toEqual([
      expect.objectContaining({ id: 'file.readable', status: 'fail', remedy: expect.stringContaining('trueup init') }),
    ])
    declare(['tables: { leads: 3 }', 'nonsense: 1'])
    const checks = await look()
    expect(one(checks, 'file.valid')).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/desired-state\.yaml:4:\d+: .*\(and 1 more\)$/),
      remedy: expect.stringContaining('trueup validate'),
    })
    expect(one(checks, 'machine.node')?.status).toBe('ok')
  })

  it('tells of a desired state that others can write', async () => {
    declare()
    chmodSync(path('desired-state.yaml'), 0o666)
    expect(unwell(await look())).toEqual([
      expect.objectContaining({ id: 'file.mode', status: 'warn', remedy: expect.stringContaining('chmod go-w') }),
    ])
  })

  it('tells of secrets that are not to be had, and never what they are', async () => {
    const planted = 'patPLANTED.very-secret'
    writeFileSync(path('smtp'), planted, { mode: 0o644 })
    declare([
      'alerts:',
      '  channels:',
      '    ops: { webhook: { env: HOOK_THERE } }',
      '    gone: { slack: { env: HOOK_GONE } }',
      '    mail: { email: { to: [a@example.com], smtp: { file: smtp } } }',
      'services: { one: { command: [sh], environment: { KEY: { file: missing } } } }',
      'backups:',
      '  good: { of: [main], schedule: "0 3 * * *", to: [b/], encryptTo: [{ env: RECIPIENT }] }',
      '  bad: { of: [main], schedule: "0 3 * * *", to: [c/], encryptTo: [age1nonsense] }',
    ])
    const checks = await look({
      HOOK_THERE: planted,
      RECIPIENT: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    })
    expect(Object.fromEntries(unwell(checks).map(({ id, status }) => [id, status]))).toEqual({
      'keys.alerts.channels.gone.slack': 'fail',
      'keys.alerts.channels.mail.email.smtp': 'warn',
      'keys.services.one.environment.KEY': 'fail',
      'keys.backups.bad.encryptTo.0.recipient': 'fail',
    })
    expect(one(checks, 'keys.alerts.channels.ops.webhook')?.status).toBe('ok')
    expect(one(checks, 'keys.backups.good.encryptTo.0.recipient')?.status).toBe('ok')
    expect(JSON.stringify(checks)).not.toContain(planted)
  })

  it('tells of programs that are missing, may not be executed, or whose script or folder is missing', async () => {
    writeFileSync(path('there.sh'), '#!/bin/sh\n', { mode: 0o644 })
    declare([
      'services:',
      '  none: { command: [no-such-program] }',
      '  script: { command: [sh, services/gone.sh] }',
      '  mode: { command: [./there.sh] }',
      '  folder: { command: [sh], directory: gone }',
      '  probed: { command: [sh, there.sh], probe: { exec: [./gone-probe] } }',
      '  unit: { systemd: no-such-unit.service, manage: observe }',
    ])
    const found = unwell(await look()).map(({ id, message }) => `${id.replace('programs.services.', '')}: ${message}`)
    expect(found).toEqual([
      expect.stringMatching(/^none: .*no program no-such-program$/),
      expect.stringMatching(/^script: .*no .*services\/gone\.sh$/),
      expect.stringMatching(/^mode: .*there\.sh may not be executed$/),
      expect.stringMatching(/^folder: .*no folder .*gone$/),
      expect.stringMatching(/^probed\.probe: .*no program \.\/gone-probe$/),
      expect.stringMatching(/^unit: .*(systemd does not run|no unit)/),
    ])
  })

  it('tells of a port that another program has, and knows that of its own controller', async () => {
    declare()
    const other = createServer()
    await new Promise<void>((listening) => other.listen(port, '127.0.0.1', listening))
    expect(unwell(await look())).toEqual([expect.objectContaining({ id: 'ports.api', status: 'fail' })])

    mkdirSync(path('.trueup'), { mode: 0o700 })
    const journal = openJournal(path('.trueup/journal.db'), systemClock)
    const lease = takeLease({ journal, clock: systemClock, holder: holderOf(process.pid), isAlive: () => true })
    lease.setAddress(`http://127.0.0.1:${port}`)
    const checks = await look()
    expect(unwell(checks)).toEqual([])
    expect(one(checks, 'workspace.lease')?.message).toContain(`a controller at http://127.0.0.1:${port}`)
    lease.release()
    journal.close()
    await new Promise((closed) => other.close(closed))
  })

  it('tells of a journal that was changed, of files that others can read, and of plain copies that were left', async () => {
    declare()
    mkdirSync(path('.trueup'), { mode: 0o700 })
    const journal = openJournal(path('.trueup/journal.db'), systemClock)
    journal.append([{ type: 'lease.taken', actor: 'test', body: { number: 1 } }])
    journal.close()
    expect(one(await look(), 'workspace.journal')).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/: 1 entries$/),
    })

    const db = new Database(path('.trueup/journal.db'))
    db.exec("DROP TRIGGER entries_are_not_changed; UPDATE entries SET actor = 'nobody'")
    db.close()
    chmodSync(path('.trueup/journal.db'), 0o644)
    mkdirSync(path('.trueup/scratch/another-boot:1:1_ab'), { recursive: true, mode: 0o700 })
    expect(unwell(await look()).map(({ id, status }) => [id, status])).toEqual([
      ['workspace.own.mode', 'fail'],
      ['workspace.journal', 'fail'],
      ['workspace.scratch', 'warn'],
    ])
  })

  it('tells of a journal of a newer version, of one that is none, and of a clock that is behind it', async () => {
    declare()
    mkdirSync(path('.trueup'), { mode: 0o700 })
    const file = path('.trueup/journal.db')
    const journal = openJournal(file, systemClock)
    journal.append([{ type: 'lease.taken', actor: 'test', body: { number: 1 } }])
    journal.close()
    const yesterday = { ...systemClock, nowMs: () => Date.now() - 86_400_000 }
    expect(unwell(await look({}, yesterday))).toEqual([
      expect.objectContaining({ id: 'workspace.clock', status: 'fail', remedy: expect.stringContaining('NTP') }),
    ])
    const db = new Database(file)
    db.pragma('user_version = 99')
    db.close()
    expect(one(await look(), 'workspace.journal')).toMatchObject({
      status: 'fail',
      message: expect.stringMatching(/99/),
    })
    writeFileSync(file, 'no database at all, but some words that are long enough', { mode: 0o600 })
    expect(one(await look(), 'workspace.journal')?.status).toBe('fail')
  })

  it('tells of databases that are no files or not there to be read', async () => {
    mkdirSync(path('folder.db'))
    declare()
    writeFileSync(
      path('desired-state.yaml'),
      readFileSync(path('desired-state.yaml'), 'utf8').replace(
        'databases: {',
        'databases: { wrong: { path: folder.db }, gone: { path: gone.db, manage: observe },',
      ),
    )
    expect(unwell(await look()).map(({ id }) => id)).toEqual(['workspace.databases.wrong', 'workspace.databases.gone'])
  })
})

describe('the doctor of a base', () => {
  const base = 'appDoctor00000001'
  let sandbox: Sandbox
  let url: string
  beforeEach(async () => {
    sandbox = createSandbox({
      path: ':memory:',
      clock: systemClock,
      random: seededRandom(1),
      log,
      limits: { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 },
    })
    sandbox.control.ensureBase({
      baseId: base,
      tables: [{ name: 'Leads', fields: [{ name: 'Lead ID', type: 'singleLineText' }] }],
    })
    url = await sandbox.listen()
    declare([
      `airtable: { token: { env: TOKEN }, base: ${base}, endpoint: "${url}", requestsPerSecond: 50 }`,
      'tables:',
      '  leads:',
      '    database: main',
      '    key: id',
      '    airtable: { table: Leads, key: Lead ID }',
      '    fields: { email: { type: email } }',
    ])
  })
  afterEach(() => sandbox.close())
  const network = async (token: string) =>
    (await look({ TOKEN: token })).filter(({ area }) => area === 'network').map(({ id, status }) => [id, status])

  it('finds that all is well with a token that may everything, and changes nothing', async () => {
    expect(await network('patAll')).toEqual([
      ['network.airtable', 'ok'],
      ['network.airtable.permission', 'ok'],
      ['network.airtable.Leads', 'ok'],
      ['network.airtable.webhooks', 'ok'],
    ])
  })

  it('tells what a token may not, each with the scope or permission that mends it', async () => {
    const restrictions = { ...tokenRestrictions.readOnlyScopes, ...tokenRestrictions.readOnly }
    sandbox.control.setToken(tokenProfile('patRead', restrictions))
    expect(await network('patRead')).toEqual([
      ['network.airtable', 'ok'],
      ['network.airtable.permission', 'fail'],
      ['network.airtable.Leads', 'ok'],
      ['network.airtable.webhooks', 'warn'],
    ])
    sandbox.control.setToken(tokenProfile('patRevoked', tokenRestrictions.revoked))
    expect(await network('patRevoked')).toEqual([['network.airtable', 'fail']])
  })

  it('tells that nothing answers', async () => {
    await sandbox.close()
    const [check] = (await look({ TOKEN: 'patAll' })).filter(({ area }) => area === 'network')
    expect(check).toMatchObject({ status: 'fail', message: expect.stringContaining('cannot be reached') })
    sandbox = createSandbox({ path: ':memory:', clock: systemClock, random: seededRandom(1), log })
  })
})

describe('the limits of the doctor', () => {
  it('are those of package.json', () => {
    const { engines } = z
      .object({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')))
    expect(engines.node).toBe(`>=${nodeMin.join('.')}`)
  })

  it('compare versions by number and read the kernel’s table of limits', () => {
    expect(['20.19.0', 'v22.1.0', '20.9.9', '18.20.4'].map((version) => isAtLeast(version, nodeMin))).toEqual([
      true,
      true,
      false,
      false,
    ])
    const table = (soft: string) =>
      `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}   4096  files\n`
    expect(descriptorsLimitIn(table('512'))).toBe(512)
    expect(descriptorsLimitIn(table('unlimited'))).toBe(Number.POSITIVE_INFINITY)
    expect(descriptorsLimitIn('')).toBeUndefined()
  })
})
