/** Runs a line of a page in a real shell, in which `trueup` is the compiled program. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { callsIn, wordsOf } from './blocks.ts'

export interface Told {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What pages may use beside `trueup`. */
const shellWords = new Set(['cat', 'chmod', 'cp', 'curl', 'jq', 'ls', 'mkdir', 'node', 'rm', 'stat'])

/** The first word of a line that is neither ours nor among what every machine has; undefined where all can be run. */
export function strangerIn(text: string): string | undefined {
  // A quotation is no call, whatever signs it holds.
  return callsIn(text.replaceAll(/"[^"]*"|'[^']*'/g, 'QUOTED'))
    .map((call) => wordsOf(call.replace(/ [0-9]?>.*$/, '')))
    .map((words) => (words[0] === 'npx' ? words[1] : words[0]) ?? '')
    .find((word) => word !== 'trueup' && !shellWords.has(word))
}

/** Makes `trueup` and `npx trueup` commands of the folder `bin`; gives the variables with which they are found. */
export function shellIn(home: string): Readonly<Record<string, string>> {
  const bin = join(home, 'bin')
  mkdirSync(bin, { recursive: true })
  // Who uses this shell has the folder.
  mkdirSync(join(home, '.config/fish/completions'), { recursive: true })
  const program = `exec "${process.execPath}" "${resolve('dist/cli/main.js')}"`
  for (const [name, text] of [
    ['trueup', `${program} "$@"`],
    ['npx', `shift\n${program} "$@"`],
  ] as const) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: home }
}

/** Ends it when the time is over. */
export function runInShell(
  text: string,
  options: { readonly in: string; readonly variables: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<Told> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', text], {
    cwd: options.in,
    env: options.variables,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    told.stdout += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    told.stderr += part
  })
  const timer = setTimeout(() => child.kill('SIGTERM'), options.timeoutMs)
  return new Promise((done) => {
    child.on('close', (status) => {
      clearTimeout(timer)
      done({ status, ...told })
    })
  })
}
