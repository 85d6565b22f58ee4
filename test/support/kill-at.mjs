/**
 * Preloaded into the command line (`node --import`): ends it with SIGKILL right before its n-th step that changes files
 * under the chosen folders. KILL_STEP says n (0: never), KILL_UNDER the folders, KILL_COUNT a file that gets a line for each
 * step. Its child processes and threads are left alone.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const { KILL_STEP = '0', KILL_UNDER = '', KILL_COUNT = '' } = process.env
const at = Number(KILL_STEP)
const folders = KILL_UNDER.split(':')
const write = fs.appendFileSync
let steps = 0

function step(name, args) {
  const isMeant = args.some((one) => typeof one === 'string' && folders.some((folder) => one.startsWith(folder)))
  if (!isMeant) return
  steps += 1
  if (KILL_COUNT !== '') write(KILL_COUNT, `${name}\n`)
  if (steps === at) process.kill(process.pid, 'SIGKILL')
}

const isCommand = isMainThread && (process.argv[1] ?? '').endsWith('cli/main.js')
for (const [home, names] of !isCommand
  ? []
  : [
      [fs, ['renameSync', 'rmSync', 'mkdirSync', 'utimesSync', 'copyFileSync', 'writeFileSync', 'openSync']],
      [fs.promises, ['rename', 'rm', 'link', 'copyFile', 'open', 'chmod']],
    ])
  for (const name of names) {
    const real = home[name]
    home[name] = (...args) => {
      // A folder that is opened to be synced changes nothing by itself, and yet is a moment between two steps.
      step(name, args)
      return real.apply(home, args)
    }
  }
syncBuiltinESMExports()
