/**
 * The whole product on a messy workspace, by its command line: what it says before it acts changes nothing, what it does
 * it does once, and everything that it did can be taken back to the last cell.
 */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { databasePaths } from '../../src/demo/generate.ts'
import { withoutBackups, withoutMirror } from '../support/local-state.ts'
import { removeFolder } from '../support/remove.ts'

let root: string
let workspace: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'trueup-undo-everything-'))
  workspace = join(root, 'workspace')
})
afterAll(() => removeFolder(root))

const program = resolve(process.cwd(), 'dist/cli/main.js')
const run = promisify(execFile)
const exitSchema = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() })

/** Runs a command in a process of its own; gives its exit status and its JSON answer. */
async function trueup(...given: readonly string[]): Promise<{ status: number; answer: unknown }> {
  const args = [program, ...given, '--json', '--state', join(workspace, 'desired-state.yaml')]
  const done = await run(process.execPath, args, { maxBuffer: 2 ** 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => exitSchema.parse(error),
  )
  if (done.stdout === '') throw new Error(`trueup ${given.join(' ')}: ${done.code} ${done.stderr}`)
  return { status: done.code, answer: JSON.parse(done.stdout) }
}

const driftSchema = z.object({
  resource: z.object({ kind: z.string(), name: z.string() }),
  path: z.string(),
  severity: z.string(),
  message: z.string(),
  byHand: z.string().nullish(),
})
const planSchema = z.object({ drift: z.array(driftSchema), actions: z.array(z.object({ id: z.string() })) })
const appliedSchema = planSchema.extend({
  run: z.object({
    id: z.string(),
    executed: z.array(
      z.object({ id: z.string(), resource: z.string(), verb: z.string(), outcome: z.string(), changed: z.number() }),
    ),
    rolledBack: z.array(z.string()),
  }),
})
const itemsSchema = z.object({ items: z.array(z.object({ id: z.string() })) })
const undoneSchema = z.object({
  items: z.array(
    z.object({ is: z.string(), conflicts: z.array(z.string()).default([]), message: z.string().optional() }),
  ),
})

/** What a plan says of the world, without ids and moments. */
function driftIn(answer: unknown): readonly string[] {
  const { drift } = planSchema.parse(answer)
  return drift.map(({ resource, path, message }) => `${resource.kind}/${resource.name} ${path}: ${message}`).sort()
}

/** Every file of the workspace with its content and its moment. */
function filesNow(): Readonly<Record<string, string>> {
  const paths = readdirSync(workspace, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    paths.map((path) => {
      const at = join(workspace, path)
      const { mtimeNs, size } = statSync(at, { bigint: true })
      const content = statSync(at).isFile() ? createHash('sha256').update(readFileSync(at)).digest('hex') : 'folder'
      return [path, `${mtimeNs} ${size} ${content}`]
    }),
  )
}

const dumpScript = `
import json, sqlite3, sys
lines = {}
for path in sys.argv[1:]:
    db = sqlite3.connect(path)
    db.text_factory = lambda raw: 't' + raw.decode('utf-8', 'surrogateescape')
    names = [name[1:] for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    for name in names:
        if name.startswith('_trueup') or name.startswith('sqlite_'): continue
        cursor = db.execute(f'SELECT rowid AS "(row)", * FROM "{name}" ORDER BY rowid')
        columns = [column[0] for column in cursor.description]
        for row in cursor:
            cells = sorted(zip(columns, row))
            lines[f'{path} {name} {row[0]}'] = {c: repr(v) for c, v in cells}
    db.close()
print(json.dumps(lines))
`
const dumpSchema = z.record(z.string(), z.record(z.string(), z.string()))
type Dump = z.output<typeof dumpSchema>

/** Every cell of every table that is not Trueup's own, as Python reads it: by file, table and rowid, then by column. */
function dump(): Dump {
  const paths = Object.values(databasePaths)
  const text = execFileSync('python3', ['-c', dumpScript, ...paths], {
    cwd: workspace,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return dumpSchema.parse(JSON.parse(text))
}

/** Cells that are not the same in both. */
function differences(before: Dump, after: Dump): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((row) => {
    const [was, is] = [before[row] ?? {}, after[row] ?? {}]
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter((column) => was[column] !== is[column])
      .map((column) => `${row} ${column}: ${was[column]} → ${is[column]}`)
  })
}

/** How many entries the journal has. */
function journalEntries(): number {
  const script = `import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM entries').fetchone()[0])`
  return Number(execFileSync('python3', ['-c', script, join(workspace, '.trueup/journal.db')], { encoding: 'utf8' }))
}

test('plan, apply, approve, apply, apply again, and undo of everything gives every cell back', async () => {
  await run(process.execPath, [
    program,
    ...['generate', '--rows', '200', '--seed', '7', '--mess', 'heavy', '--into', workspace],
  ])
  // To the byte, and without a poll that would be noted: the mirror has tests of its own. So have backups, which no undo unmakes.
  const stateFile = join(workspace, 'desired-state.yaml')
  writeFileSync(stateFile, withoutBackups(withoutMirror(readFileSync(stateFile, 'utf8'))))
  const original = dump()

  const files = filesNow()
  const planned = await trueup('plan')
  expect(planned.status).toBe(2)
  expect(filesNow()).toEqual(files)

  const runs: { readonly id: string; readonly executed: z.output<typeof appliedSchema>['run']['executed'] }[] = []
  const apply = async () => {
    const applied = await trueup('apply')
    const answer = appliedSchema.parse(applied.answer)
    // Stale: an earlier repair of the run moved its evidence, so that it is planned anew.
    expect(answer.run.executed.filter(({ outcome }) => outcome !== 'succeeded' && outcome !== 'stale')).toEqual([])
    expect(answer.run.rolledBack).toEqual([])
    const executed = answer.run.executed.filter(({ outcome }) => outcome === 'succeeded')
    if (executed.length > 0) runs.push({ id: answer.run.id, executed })
    return answer
  }
  await apply()
  for (let rounds = 0; ; rounds += 1) {
    const waiting = itemsSchema.parse((await trueup('approvals')).answer).items.map(({ id }) => id)
    if (waiting.length === 0) break
    expect(rounds, 'what is approved and applied does not wait again').toBeLessThan(5)
    expect((await trueup('approve', ...waiting)).status).toBe(0)
    await apply()
  }
  expect(runs.flatMap(({ executed }) => executed).length).toBeGreaterThan(20)

  const settled = dump()
  const entries = journalEntries()
  // The journal's file also holds the lease and what was last seen, which are written; the record itself is not. What
  // looks at duplicates found is a cache like these.
  const besidesJournal = () =>
    Object.entries(filesNow()).filter(([path]) => !/^\.trueup(\/journal\.db|\/duplicates[.-]|$)/.test(path))
  const untouched = besidesJournal()
  expect((await apply()).run.executed).toEqual([])
  expect(besidesJournal()).toEqual(untouched)
  expect(journalEntries()).toBe(entries)
  expect(differences(settled, dump()).slice(0, 20)).toEqual([])

  // What is left is for people; only where it weighs much does a plan end with 2.
  const after = await trueup('plan')
  const left = planSchema.parse(after.answer)
  const heavy = left.drift.filter(({ severity }) => severity === 'high' || severity === 'critical')
  expect(left.actions).toEqual([])
  expect(left.drift.filter(({ byHand }) => byHand === undefined || byHand === null)).toEqual([])
  expect(after.status, heavy.map(({ message }) => message).join('\n')).toBe(heavy.length > 0 ? 2 : 0)

  for (const { id, executed } of runs.toReversed()) {
    const { items } = undoneSchema.parse((await trueup('undo', id)).answer)
    // Airtable lets no program delete a table: what was made there is empty, and a person is told how.
    const expected = executed.toReversed().map(({ verb, resource }) => ({
      is: verb === 'create-table' && resource.startsWith('airtable-schema/') ? 'by-hand' : 'undone',
    }))
    expect(items, executed.map(({ verb, resource }) => `${verb} ${resource}`).join('\n')).toMatchObject(expected)
    expect(items.flatMap(({ conflicts = [] }) => conflicts)).toEqual([])
  }
  expect(differences(original, dump()).slice(0, 20)).toEqual([])
  // The migration log knows the rows whose import was undone: they do not come back by themselves.
  const isNoted = /^import\/\S+ rows\.(missing|blanks|unnoted):/
  const isThere = /^airtable-schema\/base tables\.leads:/
  expect(driftIn((await trueup('plan')).answer)).toEqual(
    driftIn(planned.answer).filter((text) => !isNoted.test(text) && !isThere.test(text)),
  )
}, 600_000)
