/** The record, as whoever must be able to trust it looks at it: exported, verified, and tampered with behind Trueup's back. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { trueup, trueupJson } from '../support/cli.ts'
import { personWorlds } from '../support/person-world.ts'
import { python } from '../support/python.ts'
import { removeFolder } from '../support/remove.ts'
import type { Workspace } from '../support/workspace.ts'

const verdictSchema = z.object({
  whole: z.boolean(),
  keyFound: z.boolean(),
  entries: z.number(),
  signedUpTo: z.number(),
  problems: z.array(z.object({ seq: z.number().nullable(), message: z.string() })),
})
const exportSchema = z.object({
  items: z.array(
    z.object({ id: z.string(), at: z.string(), type: z.string(), actor: z.string(), body: z.json(), hash: z.string() }),
  ),
})

const worlds = personWorlds({ imports: false })
/** As a disk that this machine only adds to. */
const elsewhere = mkdtempSync(join(tmpdir(), 'trueup-heads-'))
let workspace: Workspace
beforeAll(async () => {
  workspace = worlds.fresh()
  const audit = `  audit: { verify: 100ms, heads: { to: ['${elsewhere}'] } }`
  workspace.edit((yaml) => yaml.replace(/^policy:$/m, `policy:\n${audit}`))
  await trueup(['apply'], { in: workspace.folder })
}, 120_000)
afterAll(() => {
  worlds.remove()
  removeFolder(elsewhere)
})

const verify = () => trueupJson(['audit', 'verify'], verdictSchema, { in: workspace.folder })
async function tamper(sql: string): Promise<void> {
  const program = python(
    `c = sqlite3.connect(sys.argv[1])
# Whoever wants to forge takes the guards away first.
for (name,) in c.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
    c.execute(f'DROP TRIGGER "{name}"')
c.execute(sys.argv[2]); c.commit(); c.close()`,
    workspace.path('.trueup/journal.db'),
    sql,
  )
  await program.ended()
}

test('what was done is whole and signed to its end, for its owner alone', async () => {
  const { status, document } = await verify()
  expect(document).toMatchObject({ whole: true, keyFound: true, problems: [] })
  expect(document.signedUpTo).toBe(document.entries)
  expect(document.entries).toBeGreaterThan(5)
  expect(status).toBe(0)
  for (const file of ['.trueup/audit.heads', '.trueup/audit.key'])
    expect(statSync(workspace.path(file)).mode & 0o777).toBe(0o600)
})

test('a copy of the signed heads is where it is declared to be, and is verified by', async () => {
  const [name = ''] = readdirSync(elsewhere)
  const copy = join(elsewhere, name)
  expect([name, readFileSync(copy, 'utf8')]).toEqual([
    expect.stringMatching(/^people-[0-9a-f]{8}\.audit\.heads$/),
    readFileSync(workspace.path('.trueup/audit.heads'), 'utf8'),
  ])
  const { status } = await trueup(['audit', 'verify', '--heads', copy], { in: workspace.folder })
  expect(status).toBe(0)
})

test('is exported whole or in part, as JSON and as CSV, to a file that was not there', async () => {
  const whole = await trueupJson(['audit', 'export'], exportSchema, { in: workspace.folder })
  const { entries } = (await verify()).document
  expect(whole.document.items.map(({ id }) => Number(id))).toEqual(Array.from({ length: entries }, (_, at) => at + 1))
  const out = workspace.path('audit.csv')
  const csv = ['audit', 'export', '--format', 'csv', '--resource', 'table/leads', '--out', out]
  expect((await trueup(csv, { in: workspace.folder })).status).toBe(0)
  const lines = readFileSync(out, 'utf8').trimEnd().split('\r\n')
  expect(lines[0]).toBe('seq,at,type,actor,resource,action,run,body,hash')
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines.slice(1)) expect(line).toContain(',table/leads,')
  const again = await trueup(csv, { in: workspace.folder })
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('is there already')])
  const later = await trueupJson(['audit', 'export', '--since', '2999-01-01'], exportSchema, { in: workspace.folder })
  expect(later.document.items).toEqual([])
})

test('cut off at its end, it is found, also by a copy of the heads that was kept elsewhere', async () => {
  const { entries } = (await verify()).document
  const [journal, copy] = [workspace.path('.trueup/journal.db'), workspace.path('kept.heads')]
  copyFileSync(workspace.path('.trueup/audit.heads'), copy)
  copyFileSync(journal, `${journal}.kept`)
  await tamper(`DELETE FROM entries WHERE seq > ${entries - 2}`)
  const found = await trueupJson(['audit', 'verify', '--heads', copy], verdictSchema, { in: workspace.folder })
  expect(found.status).toBe(3)
  expect(found.document.problems[0]).toMatchObject({ seq: entries - 1, message: expect.stringContaining('missing') })
  copyFileSync(`${journal}.kept`, journal)
  expect((await verify()).status).toBe(0)
})

test('edited, the entry is named', async () => {
  await tamper("UPDATE entries SET actor = 'nobody' WHERE seq = 3")
  const { status, stdout } = await trueup(['audit', 'verify'], { in: workspace.folder })
  expect([status, stdout]).toEqual([3, expect.stringContaining('entry 3 is not as it was written')])
})

test('by itself, too: the resource of the record is critical, and says what a person does', async () => {
  const { status, stdout } = await trueup(['why', 'audit/journal'], { in: workspace.folder })
  expect(stdout).toContain('entry 3 is not as it was written')
  expect(stdout).toContain('trueup audit verify')
  expect(status).toBe(0)
})
