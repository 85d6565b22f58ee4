/** A user for whom the machine has no name, as most containers run programs: what they do is theirs all the same, by their number. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { generateWorkspace } from '../../src/demo/generate.ts'
import { type CliOptions, documents, trueupJson } from '../support/cli.ts'
import { removeFolder } from '../support/remove.ts'

const named = new Set(
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => Number(line.split(':')[2])),
)
let uid = 10_001
while (named.has(uid)) uid += 1

const exported = z.object({ items: z.array(z.object({ actor: z.string() })) })
const folder = mkdtempSync(join(tmpdir(), 'trueup-nameless-'))
const as: CliOptions = { in: folder, as: { uid, gid: uid }, environment: { HOME: folder } }

beforeAll(async () => {
  await generateWorkspace({ into: folder, rows: 50, seed: 6, mess: 'heavy', services: false })
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${uid}:${uid}`, folder])
}, 60_000)
afterAll(() => removeFolder(folder))

// Only root may run a program as somebody else.
it.runIf(process.getuid?.() === 0)('repairs and makes a token, and the journal has their number', async () => {
  const { document } = await trueupJson(['apply', 'table/leads'], documents.apply, as)
  expect(document.run.executed.length).toBeGreaterThan(0)
  const made = await trueupJson(
    ['token', 'create', '--role', 'viewer', '--subject', 'ann'],
    z.object({ id: z.string() }),
    as,
  )
  expect(made.status).toBe(0)
  const { items } = (await trueupJson(['audit', 'export'], exported, as)).document
  const people = items.map(({ actor }) => actor).filter((actor) => actor.startsWith('local:'))
  expect(people.length).toBeGreaterThan(1)
  expect(new Set(people)).toEqual(new Set([`local:uid-${uid}`]))
})
