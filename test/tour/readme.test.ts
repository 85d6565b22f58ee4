import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder } from '../support/remove.ts'

const root = resolve(import.meta.dirname, '../..')

interface Step {
  readonly commands: string
  readonly exitStatus: number
  /** What the page says that is printed. */
  readonly shown: readonly string[]
}

/** The commands that the README marks with `<!-- tour: exit N -->`, and the output that it shows below them. */
const steps: readonly Step[] = [
  ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(
    /^<!-- tour: exit (\d) -->\n```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```)?/gm,
  ),
].map(([, status = '', commands = '', output = '']) => ({
  commands,
  exitStatus: Number(status),
  shown: output.split('\n').filter((line) => line.trim() !== '' && line !== '…'),
}))

/** Ids depend on where the files lie. */
function withoutIds(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
}

describe('the tour of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-tour-'))
  let results: readonly { readonly status: number; readonly output: string }[] = []

  beforeAll(() => {
    // One shell for all steps, as a reader has it; in the checkout npx runs the compiled command line.
    const boundary = '=====step====='
    const script = [
      `npx() { shift; "${process.execPath}" "${join(root, 'dist/cli/main.js')}" "$@"; }`,
      ...steps.map(({ commands }) => `${commands}\necho "${boundary}$?"`),
    ].join('\n')
    const { TRUEUP_STATE: _, TRUEUP_LOG: __, ...environment } = process.env
    const run = spawnSync('bash', ['-c', script], {
      cwd: folder,
      env: { ...environment, NO_COLOR: '1' },
      encoding: 'utf8',
      maxBuffer: 50_000_000,
    })
    const parts = run.stdout.split(boundary)
    results = parts.slice(1).map((part, index) => ({
      status: Number(part.slice(0, part.indexOf('\n'))),
      // The paths of this run, as a reader in the folder above would shorten them.
      output: (parts[index] ?? '').replace(/^\d+\n/, '').replaceAll(`${folder}/`, ''),
    }))
  }, 600_000)
  afterAll(() => removeFolder(folder))

  it('is marked in the page', () => {
    expect(steps.length).toBeGreaterThan(6)
  })

  it.each(steps.map((step, index) => [step.commands.trim().split('\n').at(-1) ?? '', step, index] as const))(
    '%s ends and prints as the page says',
    (_, step, index) => {
      const result = results[index]
      expect(result?.status).toBe(step.exitStatus)
      const lines = withoutIds(result?.output ?? '').split('\n')
      expect(step.shown.map(withoutIds).filter((line) => !lines.includes(line))).toEqual([])
    },
  )
})
