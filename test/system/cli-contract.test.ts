/** What scripts and people may rely on: help, one JSON document on stdout, errors with the next step, exit status. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { documents, soleDocument, startTrueup, trueup, trueupJson } from '../support/cli.ts'
import { generateWorkspaces, journalOf, type Workspace, type Workspaces } from '../support/workspace.ts'

const commands = [
  'validate',
  'init',
  'doctor',
  'import',
  'plan',
  'apply',
  'run',
  'query',
  'quality',
  'stats',
  'sandbox',
  'schema',
  'status',
  'drift',
  'health',
  'why',
  'approvals',
  'approve',
  'reject',
  'undo',
  'generate',
  'conflicts',
  'resolve',
  'report',
  'completion',
]
/** Commands that only gather others. */
const groups = ['leads', 'person', 'token', 'service', 'sync', 'alert', 'audit', 'backup']
const stackTrace = /^\s+at .+:\d+:\d+\)?$/m
const colour = new RegExp(`${String.fromCharCode(27)}\\[`)

let workspaces: Workspaces
/** Applied once. */
let settled: Workspace
beforeAll(async () => {
  workspaces = await generateWorkspaces({ rows: 100, seed: 9, sources: false })
  settled = workspaces.fresh()
  await trueup(['apply'], { in: settled.folder })
}, 120_000)
afterAll(() => workspaces.remove())

describe('help', () => {
  test('names every command, and this test every command', async () => {
    const { status, stdout } = await trueup(['--help'])
    expect(status).toBe(0)
    const named = [...stdout.matchAll(/^ {2}(\w+) .*$/gm)].map(([, name]) => name)
    expect(named.filter((name) => name !== 'help').sort()).toEqual([...commands, ...groups].sort())
  })

  test('of every command says what it does and gives an example', async () => {
    const program = await createProgram()
    for (const name of commands) {
      let help = ''
      const command = program.commands.find((one) => one.name() === name)
      command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
      expect(help).toContain(`Usage: trueup ${name}`)
      expect(help).toMatch(new RegExp(`Examples:\\n {2}.*trueup ${name}`))
      expect(help).toContain('--json')
      expect(help).toContain('--state <file>')
    }
    const { status, stdout, stderr } = await trueup(['plan', '--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('Usage: trueup plan')
  })
})

describe('with --json', () => {
  test.each([
    [['validate'], 0],
    [['plan'], 2],
    [['plan', 'table/leads'], 0],
    [['plan', 'standardization/leads'], 2],
    [['apply', '--dry-run'], 2],
    [['apply'], 2],
    [['status'], 2],
    [['drift'], 2],
    [['drift', 'machine/local'], 0],
    [['health'], 0],
    [['health', 'database/main'], 0],
    [['why', 'duplicates/leads'], 0],
    [['approvals'], 2],
    [['undo', '--since', '2h', '--dry-run'], 2],
    [['undo', '--since', '2h', '--resource', 'table/nobody', '--dry-run'], 0],
  ])('%j prints one document and nothing else, and ends with %i', async (args, expected) => {
    const { status, stdout, stderr } = await trueup([...args, '--json'], { in: settled.folder })
    expect(stderr).toBe('')
    expect(soleDocument(stdout)).toBeTypeOf('object')
    expect(soleDocument(stdout)).not.toHaveProperty('error')
    expect(stdout.endsWith('}\n')).toBe(true)
    expect(status).toBe(expected)
  })

  test.each([
    [['plann'], 'USAGE', 'Did you mean plan?'],
    [['plan', '--jsno'], 'USAGE', 'Did you mean --json?'],
    [['apply', '--approve-risk', 'huge'], 'USAGE', 'low, medium, high, critical'],
    [['reject', '000000000000'], 'USAGE', 'trueup reject --help'],
    [['why'], 'USAGE', 'trueup why --help'],
    [['why', 'table/nobody'], 'NOT_FOUND', 'table/leads'],
    [['plan', 'nobody'], 'NOT_FOUND', 'table/leads'],
    [['undo', '000000000000'], 'ACTION_NOT_FOUND', 'trueup'],
    [['undo'], 'USAGE', 'trueup undo --help'],
    [['undo', '--since', 'yesterday'], 'USAGE', '2h'],
    [['status', '--state', 'nowhere.yaml'], 'DESIRED_STATE_MISSING', '--state'],
    [['validate', '--state', 'nowhere.yaml'], 'DESIRED_STATE_MISSING', '--state'],
    [['validate', '--state', '.'], 'DESIRED_STATE_MISSING', '--state'],
    [['plan', '--state', '.'], 'DESIRED_STATE_MISSING', '--state'],
    [['generate', '--rows', 'many'], 'USAGE', 'trueup generate --help'],
    [['generate', '--rows', '5'], 'USAGE', 'empty folder'],
  ])('the error of %j is one document with code, message and next step, and ends with 1', async (args, code, hint) => {
    const { status, stdout, stderr } = await trueup([...args, '--json'], { in: settled.folder })
    const { error } = documents.error.parse(soleDocument(stdout))
    expect(error.code).toBe(code)
    expect(error.hint).toContain(hint)
    expect(`${stdout}${stderr}`).not.toMatch(stackTrace)
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  })

  test('a refusal ends with 3', async () => {
    const refused = await trueupJson(['approve', '000000000000'], documents.answers, { in: settled.folder })
    expect(refused).toMatchObject({ status: 3, document: { items: [{ is: 'refused' }] } })
  })

  test('a file that is no saved plan is named', async () => {
    writeFileSync(settled.path('notes.txt'), 'no plan')
    const { status, document } = await trueupJson(['apply', 'notes.txt'], documents.error, { in: settled.folder })
    expect(status).toBe(1)
    expect(document.error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('notes.txt') })
  })
})

describe('for people', () => {
  test.each([['plann'], ['plan', '--jsno']])('%s is answered with what was meant', async (...args) => {
    const { status, stdout, stderr } = await trueup(args, { in: settled.folder })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/Did you mean (plan|--json)\?/)
  })

  test('errors go to stderr with the next step', async () => {
    const { status, stdout, stderr } = await trueup(['why', 'table/nobody'], { in: settled.folder })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^trueup: there is no resource table\/nobody\n {2}next: .*table\/leads/)
  })

  test('output that is no terminal holds no colour, nor does one with NO_COLOR', async () => {
    const plain = await trueup(['status'], { in: settled.folder })
    expect(plain.stdout).not.toMatch(colour)
    const forced = await trueup(['status'], { in: settled.folder, environment: { NO_COLOR: '1', FORCE_COLOR: '1' } })
    expect(forced.stdout).not.toMatch(colour)
  })

  test('why never says that nothing needs doing while a person is needed', async () => {
    // Where a person decides over every merge, addresses stand twice that should be unique.
    const workspace = workspaces.fresh()
    workspace.edit((yaml) => yaml.replace('strategy: most_recent', 'strategy: manual'))
    await trueup(['apply', 'database/main', 'table/leads'], { in: workspace.folder })
    const { document } = await trueupJson(['why', 'table/leads'], documents.why, { in: workspace.folder })
    const drift = await trueupJson(['plan', 'table/leads'], documents.plan, { in: workspace.folder })
    const forPeople = drift.document.drift.filter(({ byHand, severity }) => byHand !== null && severity !== 'low')
    expect(forPeople.length).toBeGreaterThan(0)
    const steps = document.items[0]?.lines.filter(({ label }) => label === 'next step').map(({ text }) => text)
    for (const { byHand } of forPeople) expect(steps).toContainEqual(byHand)
  })

  test('status and validate are short sentences', async () => {
    expect((await trueup(['status'], { in: settled.folder })).stdout).toMatch(/^\d+ repairs? waits? for a person/)
    expect((await trueup(['validate'], { in: settled.folder })).stdout).toContain('desired-state.yaml is valid')
  })
})

describe('looking', () => {
  test('changes nothing on the disk, and works before anything was ever applied', async () => {
    const workspace = workspaces.fresh()
    const before = listingOf(workspace)
    for (const args of [
      ['plan'],
      ['status'],
      ['health'],
      ['drift'],
      ['approvals'],
      ['why', 'table/leads'],
      ['apply', '--dry-run'],
    ]) {
      expect((await trueup(args, { in: workspace.folder })).stderr).toBe('')
    }
    expect(listingOf(workspace)).toEqual(before)
  })
})

describe('two at once', () => {
  test('the second apply is told that another Trueup works here and what to do; the first is not disturbed', async () => {
    const workspace = workspaces.fresh()
    const first = startTrueup(['apply', '--json'], { in: workspace.folder })
    await leaseTaken(workspace)
    const second = await trueupJson(['apply'], documents.error, { in: workspace.folder })
    const meanwhile = !first.hasEnded()
    expect(meanwhile).toBe(true)
    expect(second.status).toBe(1)
    expect(second.document.error).toMatchObject({ code: 'LEASE_HELD', hint: expect.stringContaining('wait') })
    const { status, stdout } = await first.ended
    expect(status).toBe(2)
    expect(documents.apply.parse(soleDocument(stdout)).run).toMatchObject({ settled: true })
    expect(journalOf(workspace).check()).toMatchObject({ is: 'whole' })
  })

  test('the lease of an apply that was killed holds nobody up', async () => {
    const workspace = workspaces.fresh()
    const first = startTrueup(['apply'], { in: workspace.folder })
    await leaseTaken(workspace)
    await first.kill()
    expect((await trueup(['apply'], { in: workspace.folder })).status).toBe(2)
  })

  test('Ctrl-C ends an apply at its next safe point', async () => {
    const workspace = workspaces.fresh()
    const running = startTrueup(['apply', '--json'], { in: workspace.folder })
    await leaseTaken(workspace)
    process.kill(running.pid, 'SIGINT')
    const { status, stdout, stderr } = await running.ended
    expect(status).not.toBeNull()
    expect(soleDocument(stdout, stderr)).toBeTypeOf('object')
    expect(journalOf(workspace).check()).toMatchObject({ is: 'whole' })
    expect((await trueup(['apply'], { in: workspace.folder })).status).toBe(2)
    expect(journalOf(workspace).records('intended', 'checkpointed', 'dispatched', 'unknown')).toEqual([])
  })
})

/** Waits until an apply holds the lease. */
async function leaseTaken(workspace: Workspace): Promise<void> {
  for (;;) {
    await sleep(5)
    try {
      const db = new Database(workspace.path('.trueup/journal.db'), { readonly: true, fileMustExist: true })
      const held = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM lease').get()?.n === 1
      db.close()
      if (held) return
    } catch {
      // The journal is being made.
    }
  }
}

/** Every file with its size and times, as `find` prints it. */
function listingOf(workspace: Workspace): readonly string[] {
  return execFileSync('find', [workspace.folder, '-printf', '%p %s %T@ %C@ %m\\n'], { encoding: 'utf8' })
    .split('\n')
    .sort()
}
