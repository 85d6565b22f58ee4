import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { removeFolder } from '../support/remove.ts'

it('schema.graphql is what the checked-in desired state gives (`npm run generate:schemas` renews it)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-schema-'))
  try {
    cpSync('desired-state.yaml', join(folder, 'desired-state.yaml'))
    const out = join(folder, 'schema.graphql')
    execFileSync(process.execPath, [
      resolve('dist/cli/main.js'),
      'schema',
      '--out',
      out,
      '--state',
      join(folder, 'desired-state.yaml'),
    ])
    expect(readFileSync(out, 'utf8')).toBe(readFileSync('schema.graphql', 'utf8'))
  } finally {
    removeFolder(folder)
  }
})
