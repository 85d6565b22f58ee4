/** `trueup init --from`: the file that it writes is true of each legacy database as it stands, and nothing else is touched. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { databasePaths, generateWorkspace } from '../../src/demo/generate.ts'
import { trueup, trueupJson } from '../support/cli.ts'
import { removeFolder } from '../support/remove.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'init-'))
  await generateWorkspace({ into: join(folder, 'made'), rows: 200, seed: 5, mess: 'heavy' })
})
afterAll(() => removeFolder(folder))

const planSchema = z.object({
  drift: z.array(z.object({ resource: z.object({ kind: z.string() }), path: z.string(), message: z.string() })),
  actions: z.array(z.unknown()),
})
const traceOf = (path: string) => [
  statSync(path).mtimeMs,
  createHash('sha256').update(readFileSync(path)).digest('hex'),
]

describe.each(Object.entries(databasePaths))('init --from the %s database', (name, path) => {
  it('writes a desired state that plan finds true, with proposals as comments', { timeout: 120_000 }, async () => {
    const workspace = join(folder, name)
    const database = join(workspace, path)
    mkdirSync(dirname(database), { recursive: true })
    writeFileSync(database, readFileSync(join(folder, 'made', path)), { mode: 0o644 })
    const before = traceOf(database)

    const made = await trueup(['init', '--from', path], { in: workspace })
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toMatch(/next: trueup plan/)
    const yaml = readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')
    expect(yaml).toMatch(/^ *# → \S.* {2}\(.*\d/m)

    const { status, document } = await trueupJson(['plan'], planSchema, { in: workspace })
    expect([status, document.actions]).toEqual([0, []])
    // What no declaration can make true is told: modes, the journal, rows without a key, words in columns of numbers.
    const ofTables = document.drift.filter(({ resource }) => resource.kind === 'table').map((drift) => drift.path)
    expect(
      ofTables.filter((one) => !/^(key\.missing|unmanaged\.(verified|enriched|needs_enrichment))$/.test(one)),
    ).toEqual([])
    expect(traceOf(database)).toEqual(before)
  })
})

describe('init', () => {
  it('never overwrites a file, and refuses a database outside of the workspace', { timeout: 60_000 }, async () => {
    const workspace = join(folder, 'made')
    const yaml = readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')
    const again = await trueup(['init', '--from', 'data/leads.db'], { in: workspace })
    expect(again.status).toBe(1)
    expect(again.stderr).toMatch(/exists already, and is left as it is/)
    expect(readFileSync(join(workspace, 'desired-state.yaml'), 'utf8')).toBe(yaml)

    const outside = await trueup([
      'init',
      '--from',
      join(workspace, 'data/leads.db'),
      '--state',
      join(folder, 'other/state.yaml'),
    ])
    expect([outside.status, outside.stderr]).toEqual([1, expect.stringMatching(/lies outside/)])
  })
})
