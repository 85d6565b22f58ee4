/** A generated workspace may be far larger than memory: nothing is kept for each row. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { removeFolder } from '../support/remove.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trueup-memory-test-'))
})
afterEach(() => removeFolder(root))

test('60,000 leads are made in a heap of 24 MB, far less than they are', () => {
  const compiled = pathToFileURL(resolve(process.cwd(), 'dist/demo/generate.js')).href
  const script = `
    import { generateWorkspace } from ${JSON.stringify(compiled)}
    await generateWorkspace({ into: ${JSON.stringify(root)}, rows: 60_000, seed: 1, mess: 'heavy' })
    process.stdout.write('done')`
  const out = execFileSync('node', ['--max-old-space-size=24', '--input-type=module', '--eval', script], {
    encoding: 'utf8',
  })
  expect(out).toBe('done')
  expect(statSync(join(root, 'data/leads.db')).size).toBeGreaterThan(40_000_000)
})
