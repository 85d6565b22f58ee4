/** What a person sees on the terminal in which `trueup run` stands, while they edit the file and other programs write. */
import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder } from '../support/remove.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-terminal-'))
const file = join(folder, 'desired-state.yaml')
const withFields = (...fields: string[]) =>
  writeFileSync(
    file,
    `apiVersion: trueup/v1
name: terminal
databases: { main: { path: leads.db } }
tables:
  leads:
    database: main
    key: id
    fields:
      id: { type: text }
${fields.map((field) => `      ${field}\n`).join('')}`,
  )

withFields('email: { type: email }')
const child = spawn(process.execPath, ['dist/cli/main.js', 'run', '--port', '0', '--state', file], {
  env: { ...process.env, NO_COLOR: '1' },
})
const ended = new Promise<number | null>((done) => child.once('close', done))
afterAll(() => {
  child.kill('SIGKILL')
  removeFolder(folder)
})

let text = ''
child.stdout.setEncoding('utf8').on('data', (part: string) => {
  text += part
})
child.stderr.setEncoding('utf8').on('data', (part: string) => {
  text += part
})
const says = async (words: RegExp) => {
  while (!words.test(text)) {
    if (child.exitCode !== null) throw new Error(`it ended: ${text}`)
    await new Promise((wait) => setTimeout(wait, 20))
  }
}

describe('the terminal of a running controller', { timeout: 60_000 }, () => {
  it('tells repairs as they are made, then what waits and what to do next', async () => {
    await says(/^\d\d:\d\d:\d\d ✓ database\/main: Make an empty database /m)
    await says(/^\d\d:\d\d:\d\d ✓ table\/leads: Create table leads/m)
    await says(/^Everything is as declared.*\n(.*\n)*Try:/m)
  })

  it('names place and problem of a broken edit, and what stays in force', async () => {
    withFields('email: { type: email }', 'email: { type: text }')
    await says(/✗ .*desired-state\.yaml:\d+:\d+: .*email/)
    expect(text).toMatch(/Generation 1 of .*desired-state\.yaml stays in force/)
  })

  it('tells what an edit changed, and the repair that follows', async () => {
    withFields('email: { type: email }', 'region: { type: text }')
    await says(/✓ .*desired-state\.yaml: generation 2 is in force: tables\.leads\.fields\.region added/)
    await says(/✓ table\/leads: Add column region \(TEXT\) to table leads/)
    // Every edit, trouble and repair is told once.
    expect(text.match(/is in force/g)).toHaveLength(1)
    expect(text.match(/Add column region/g)).toHaveLength(1)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
