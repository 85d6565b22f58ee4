/**
 * `npm run check`: every check of the sources, two at a time, the longest first. All are run, whichever fails, and what each
 * says is shown in one piece.
 */
import { spawn } from 'node:child_process'

const checks = ['check:types', 'check:dead', 'check:layers', 'check:lint', 'check:packages']
const atOnce = 2

function run(name) {
  return new Promise((done) => {
    const startedMs = Date.now()
    const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] })
    const said = []
    child.stdout.on('data', (part) => said.push(part))
    child.stderr.on('data', (part) => said.push(part))
    child.on('error', (error) => said.push(Buffer.from(`${error.message}\n`)))
    child.on('close', (status) => {
      const seconds = Math.round((Date.now() - startedMs) / 1000)
      process.stdout.write(`${status === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n${Buffer.concat(said)}`)
      done(status === 0)
    })
  })
}

const waiting = [...checks]
const failed = []
async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (!(await run(name))) failed.push(name)
  }
}

await Promise.all(Array.from({ length: atOnce }, work))
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
