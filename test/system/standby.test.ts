/** Two controllers on one volume: one acts, the other waits, and takes over when the first is gone, however it went. */

import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder } from '../support/remove.ts'

const folder = mkdtempSync(join(tmpdir(), 'standby-'))
const children: ReturnType<typeof spawn>[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  removeFolder(folder)
})

function controller() {
  const child = spawn(process.execPath, [
    'dist/cli/main.js',
    'run',
    '--standby',
    '--port',
    '0',
    '--state',
    join(folder, 'desired-state.yaml'),
  ])
  children.push(child)
  let text = ''
  const waiting: (() => void)[] = []
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
    for (const wake of waiting.splice(0)) wake()
  })
  const says = async (words: string) => {
    while (!text.includes(words)) await new Promise<void>((wake) => waiting.push(wake))
  }
  return { child, says, text: () => text }
}

describe('a controller that stands by', () => {
  it('does nothing while another one acts, and takes over when that one is killed', { timeout: 100_000 }, async () => {
    writeFileSync(
      join(folder, 'desired-state.yaml'),
      'apiVersion: trueup/v1\nname: two\ndatabases: { main: { path: leads.db } }\n',
    )
    const first = controller()
    await first.says('Trueup keeps')
    const second = controller()
    await second.says('Standing by')
    expect(second.text()).not.toContain('Trueup keeps')
    first.child.kill('SIGKILL')
    await second.says('Trueup keeps')
    second.child.kill('SIGTERM')
    expect(await new Promise((ended) => second.child.once('exit', ended))).toBe(0)
  })
})
