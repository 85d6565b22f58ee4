// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like that.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { standardizeRules } from '../values/rules/index.ts'
import { parseDesiredState } from './load.ts'
import { problemText } from './problem.ts'
import { secretReader } from './references.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a secret', () => {
  it('is read from the environment, without white space around it', async () => {
    await expect(secretReader({ KEY: ' s3cret\n' }, folder)({ env: 'KEY' })).resolves.toBe('s3cret')
  })

  it('is read from a file, relative to the workspace or absolute', async () => {
    writeFileSync(join(folder, 'key'), 's3cret\n')
    const read = secretReader({}, folder)
    await expect(read({ file: 'key' })).resolves.toBe('s3cret')
    await expect(read({ file: join(folder, 'key') })).resolves.toBe('s3cret')
  })

  it('is read anew each time, so that a rotated one is taken up', async () => {
    const read = secretReader({}, folder)
    writeFileSync(join(folder, 'rotated'), 'old')
    await read({ file: 'rotated' })
    writeFileSync(join(folder, 'rotated'), 'new')
    await expect(read({ file: 'rotated' })).resolves.toBe('new')
  })

  it.each([
    ['a variable that is not set', { env: 'NOWHERE' }, 'the secret { env: NOWHERE } is not set'],
    ['a variable that is empty', { env: 'EMPTY' }, 'the secret { env: EMPTY } is empty'],
    ['a variable that every object has', { env: 'constructor' }, 'the secret { env: constructor } is not set'],
    ['a file that is not there', { file: 'nowhere' }, 'the secret { file: nowhere } cannot be read (ENOENT)'],
    ['a folder', { file: '.' }, 'the secret { file: . } cannot be read (EISDIR)'],
    ['an empty file', { file: 'empty' }, 'the secret { file: empty } is empty'],
    ['a file that is too large to be one', { file: 'large' }, 'the secret { file: large } is larger than 64 KiB'],
  ])('is refused for %s, with an error that holds no content', async (_, reference, message) => {
    writeFileSync(join(folder, 'empty'), ' \n')
    writeFileSync(join(folder, 'large'), 'x'.repeat(70_000))
    const read = secretReader({ EMPTY: '' }, folder)
    await expect(read(reference)).rejects.toMatchObject({ code: 'REFERENCE_UNRESOLVED', message })
  })
})

describe('references in the file', () => {
  const parse = (text: string, environment: Record<string, string> = {}) =>
    parseDesiredState(`apiVersion: trueup/v1\nname: leads\n${text}`, {
      file: 'f',
      environment,
      workspace: '/workspace',
      rules: standardizeRules,
    })

  it('are replaced in paths, commands, environments, probes and import patterns', () => {
    const parsed = parse(
      `
databases: { main: { path: "\${D}/a.db" } }
tables: { leads: { database: main, key: id, fields: { email: { type: email } } } }
imports: { i: { from: { files: "\${D}/*.json" }, into: leads } }
services: { s: { command: ["\${D}/run", "--flag=\${F:-x}"], environment: { DIR: "\${D}" }, probe: { http: "http://127.0.0.1:\${P:-80}/" } } }
`,
      { D: 'data' },
    )
    expect(parsed).toMatchObject({
      is: 'valid',
      state: {
        databases: { main: { path: 'data/a.db' } },
        imports: { i: { from: { files: 'data/*.json' } } },
        services: {
          s: {
            command: ['data/run', '--flag=x'],
            environment: { DIR: 'data' },
            probe: { http: 'http://127.0.0.1:80/' },
          },
        },
      },
    })
  })

  it('are left alone elsewhere, with a warning', () => {
    const parsed = parse(
      'databases: { main: { path: a.db } }\ntables: { leads: { database: main, key: id, fields: { a: { type: text, description: "${X}" } } } }',
    )
    expect(parsed.is === 'valid' && parsed.warnings.map(problemText)).toEqual([
      'f:4:85: tables.leads.fields.a.description: holds ${…}, which is replaced only in paths, commands, environments and import patterns',
    ])
  })

  it('of secrets stay references', () => {
    const parsed = parse('airtable: { token: { env: AIRTABLE_API_KEY }, base: appBZvPvNXGqtoJdc }', {
      AIRTABLE_API_KEY: 's3cret',
    })
    expect(JSON.stringify(parsed)).not.toContain('s3cret')
    expect(parsed).toMatchObject({ is: 'valid', state: { airtable: { token: { env: 'AIRTABLE_API_KEY' } } } })
  })
})
