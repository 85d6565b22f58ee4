/**
 * The packed program, as a stranger installs it: unpacked into a folder of its own with its declared dependencies, and with
 * nothing else of the checkout.
 */
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { removeFolder } from '../support/remove.ts'

const run = promisify(execFile)
const root = process.cwd()
const packageSchema = z.object({ version: z.string(), dependencies: z.record(z.string(), z.string()) })
let folder: string
let installed: string
let version: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-'))
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.types.json'], {
    cwd: root,
  })
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  installed = join(folder, 'node_modules/trueup')
  mkdirSync(installed, { recursive: true })
  await run('tar', ['xzf', join(folder, tarball), '-C', installed, '--strip-components=1'])
  const declared = packageSchema.parse(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')))
  version = declared.version
  for (const name of Object.keys(declared.dependencies)) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
}, 120_000)
afterAll(() => removeFolder(folder))

async function trueup(args: readonly string[], cwd: string, program = installed) {
  try {
    const { stdout } = await run(process.execPath, [join(program, 'dist/cli/main.js'), ...args], { cwd })
    return { status: 0, stdout }
  } catch (error) {
    const failed = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() }).parse(error)
    return { status: failed.code, stdout: failed.stdout + failed.stderr }
  }
}

describe('the package', { timeout: 120_000 }, () => {
  it('holds the program, the types and the licences, no source and no test', () => {
    const names = readdirSync(installed)
    expect(names.sort()).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'desired-state.schema.json', 'dist', 'package.json', 'types']),
    )
    expect(names.filter((name) => /^(src|test|node_modules|\.trueup|data)$/.test(name))).toEqual([])
    expect(statSync(join(installed, 'dist/cli/main.js')).mode & 0o111).not.toBe(0)
  })

  it('adopts a database and keeps it true, and the example plug-in is planned, carried out and undone', async () => {
    expect((await trueup(['--version'], folder)).stdout.trim()).toBe(version)
    const workspace = join(folder, 'workspace')
    mkdirSync(join(workspace, 'plugins'), { recursive: true, mode: 0o700 })
    const db = new Database(join(workspace, 'leads.db'))
    db.pragma('journal_mode = WAL')
    db.exec("CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT); INSERT INTO leads VALUES ('a', 'ann@ash.example')")
    db.close()
    expect((await trueup(['init', '--from', 'leads.db'], workspace)).status).toBe(0)
    expect((await trueup(['plan'], workspace)).stdout).toContain('Everything is as declared.')

    mkdirSync(join(workspace, 'exports'), { mode: 0o755 })
    cpSync(join(root, 'examples/plugin-file-mode/file-mode.mjs'), join(workspace, 'plugins/file-mode.mjs'))
    const stateFile = join(workspace, 'desired-state.yaml')
    const before = readFileSync(stateFile, 'utf8')
    const plugin = 'plugins:\n  modes: { module: plugins/file-mode.mjs, settings: { exports: "0700" } }\n'
    writeFileSync(stateFile, `${before}\n${plugin}`)
    const mode = () => (statSync(join(workspace, 'exports')).mode & 0o777).toString(8)
    const plan = await trueup(['plan', 'file-mode/exports'], workspace)
    expect([plan.status, plan.stdout]).toEqual([2, expect.stringContaining('exports has mode 0755, not 0700')])
    const applied = await trueup(['apply', 'file-mode/exports', '--json'], workspace)
    expect(mode()).toBe('700')
    const { run: done } = z
      .object({ run: z.object({ executed: z.array(z.object({ id: z.string() })) }) })
      .parse(JSON.parse(applied.stdout))
    const [{ id } = { id: '' }] = done.executed
    expect((await trueup(['undo', id], workspace)).status).toBe(0)
    expect(mode()).toBe('755')

    writeFileSync(join(workspace, 'plugins/file-mode.mjs'), 'export default () => ({ kinds: [{ name: "table" }] })')
    const refused = await trueup(['plan', '--json'], workspace)
    expect([refused.status, refused.stdout]).toEqual([1, expect.stringContaining('PLUGIN_UNUSABLE')])
  })

  it('gives types by which a plug-in compiles, and one that is wrong does not', async () => {
    const source = (category: string) => `
      import { defineKind, definePlugin, type JsonObject, OperationalError } from 'trueup'
      interface Spec extends JsonObject { readonly file: string }
      export default definePlugin(({ settingsIn, clock }) => ({ kinds: [defineKind<Spec, { at: number }>({
        name: 'one', category: '${category}',
        list: (desired) => Object.keys(settingsIn(desired) ?? {}).map((file) => ({ key: { kind: 'one', name: file }, spec: { file }, dependsOn: [], observeOnly: true })),
        observe: async ({ spec }) => spec.file === '' ? { is: 'unreadable', error: new OperationalError('NOT_FOUND', 'no') } : { is: 'present', state: { at: clock.nowMs() }, fingerprint: 'x' },
        diff: () => [], plan: () => [],
        checkpoint: async () => ({ evidence: '', images: 0 }),
        apply: async () => ({ changed: 0, skipped: [], skippedCount: 0, failed: [] }),
        probe: async () => 'not-applied',
        planUndo: async () => ({ is: 'not-undoable', reason: 'nothing is done' }),
        health: () => [],
        describe: (observation) => observation.is === 'present' ? String(observation.state.at) : observation.is,
      })] }))`
    writeFileSync(join(folder, 'right.ts'), source('data'))
    writeFileSync(join(folder, 'wrong.ts'), source('nonsense'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022']
    const told = await run(process.execPath, [tsc, ...options, 'right.ts', 'wrong.ts'], { cwd: folder }).catch(
      (error: unknown) => z.object({ stdout: z.string() }).parse(error),
    )
    expect(told.stdout.split('\n').filter((line) => line.includes('error TS'))).toEqual([
      expect.stringMatching(/^wrong\.ts.*"nonsense"' is not assignable to type 'Category'/),
    ])
  })

  it('tells by `doctor` that SQLite was not built for this machine', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'package-unbuilt-'))
    const program = join(elsewhere, 'node_modules/trueup')
    mkdirSync(join(elsewhere, 'node_modules'), { recursive: true })
    cpSync(installed, program, { recursive: true })
    for (const name of readdirSync(join(folder, 'node_modules')))
      if (name !== 'trueup' && name !== 'better-sqlite3')
        symlinkSync(resolve(folder, 'node_modules', name), join(elsewhere, 'node_modules', name))
    const told = await trueup(['doctor', '--quiet', '--json', '--port', '49999'], elsewhere, program)
    // As `npm ci` leaves it until it has ended: the package is there, and nothing is built.
    cpSync(resolve(folder, 'node_modules/better-sqlite3'), join(elsewhere, 'node_modules/better-sqlite3'), {
      recursive: true,
      dereference: true,
      filter: (path) => !path.endsWith('/better-sqlite3/build'),
    })
    for (const name of ['bindings', 'file-uri-to-path'])
      if (!existsSync(join(elsewhere, 'node_modules', name)))
        symlinkSync(join(root, 'node_modules', name), join(elsewhere, 'node_modules', name))
    const early = await trueup(['generate', '--rows', '5', '--into', 'leads', '--json'], elsewhere, program)
    removeFolder(elsewhere)
    expect([early.status, early.stdout]).toEqual([1, expect.stringContaining('SQLITE_NOT_BUILT')])
    expect([told.status, told.stdout]).toEqual([2, expect.stringContaining('npm rebuild better-sqlite3')])
  })
})
