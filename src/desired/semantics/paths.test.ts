import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standardizeRules } from '../../values/rules/index.ts'
import { parseDesiredState } from '../load.ts'

let root: string
let workspace: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'paths-'))
  workspace = join(root, 'workspace')
  mkdirSync(join(workspace, 'data'), { recursive: true })
  mkdirSync(join(root, 'outside'))
  writeFileSync(join(root, 'outside/leads.db'), '')
  writeFileSync(join(workspace, 'data/leads.db'), '')
  symlinkSync(join(root, 'outside'), join(workspace, 'out'))
  symlinkSync('../outside/leads.db', join(workspace, 'link.db'))
  symlinkSync('nowhere', join(workspace, 'dangling.db'))
  symlinkSync('circle.db', join(workspace, 'circle.db'))
  symlinkSync('data', join(workspace, 'inside'))
})
afterAll(() => rmSync(root, { recursive: true }))

/** What is wrong with a path where one stands in the desired state. */
function problemOf(entry: string): string | undefined {
  const text = `apiVersion: trueup/v1\nname: paths\n${entry}\n`
  const read = parseDesiredState(text, {
    file: 'desired-state.yaml',
    workspace,
    environment: {},
    rules: standardizeRules,
  })
  return 'problems' in read ? read.problems.map(({ message }) => message).join('; ') : undefined
}
const database = (path: string) => problemOf(`databases: { main: { path: ${JSON.stringify(path)} } }`)

describe('a path of the desired state', () => {
  test.each(['data/leads.db', 'data/new.db', 'new/folder/new.db', 'inside/leads.db', './data/../data/leads.db'])(
    '%s is one of the workspace',
    (path) => {
      expect(database(path) ?? '').not.toMatch(/workspace/)
    },
  )

  test.each([
    ['../outside/leads.db', /outside the workspace/],
    ['data/../../outside/leads.db', /outside the workspace/],
    ['/etc/passwd', /outside the workspace/],
    ['out/leads.db', /symbolic link/],
    ['out/new.db', /symbolic link/],
    ['link.db', /symbolic link/],
    ['dangling.db', /symbolic link/],
    ['circle.db', /symbolic link/],
    ['data/\0.db', /NUL/],
    ['~/leads.db', /~/],
  ])('%j is refused', (path, problem) => {
    expect(database(path)).toMatch(problem)
  })

  test.each([
    'services: { one: { command: [x], directory: out } }',
    'services: { one: { command: [x], probe: { heartbeat: out/beat, maxAge: 1m } } }',
    'jobs: { one: { command: [x], directory: out } }',
    'databases: { main: { path: data/leads.db } }\nbackups: { one: { of: [main], schedule: "0 3 * * *", to: [out/] } }',
    'access: { tokens: { file: out/tokens.json } }',
  ])('%s is refused too', (entry) => {
    expect(problemOf(entry)).toMatch(/symbolic link/)
  })
})
