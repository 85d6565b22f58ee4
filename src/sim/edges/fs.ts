/**
 * `node:fs` of the simulated machine: paths below its folder are where the simulation keeps them, and what changes a file
 * is an effect that may be refused or be the last thing that the process does.
 */
import * as real from 'node:fs'
import { basename } from 'node:path'
import {
  type Effect,
  isSimulating,
  livingLife,
  realPath,
  replaced,
  shownFolder,
  shownPath,
  theSimulation,
} from './current.ts'

export * from 'node:fs'

/** A refusal as the operating system gives it. */
class Refused extends Error {
  readonly code = 'ENOSPC'
  readonly errno = -28
  readonly syscall = 'write'

  constructor(path: string) {
    super(`ENOSPC: no space left on device, write '${path}'`)
  }
}

function isOurs(path: unknown): path is string {
  return typeof path === 'string' && isSimulating() && path.startsWith(shownFolder)
}

const placed = (args: unknown[]): unknown[] => args.map((one) => (typeof one === 'string' ? realPath(one) : one))

function reading<F extends (...args: never[]) => unknown>(function_: F): F {
  return replaced(function_, (args, call) => {
    if (isOurs(args[0])) livingLife()
    return call([typeof args[0] === 'string' ? realPath(args[0]) : args[0], ...args.slice(1)])
  })
}

/** @param places how many of the first arguments are paths. */
function changing<F extends (...args: never[]) => unknown>(function_: F, name: string, places = 1): F {
  return replaced(function_, (args, call) => {
    const path = args[0]
    const changed = [...placed(args.slice(0, places)), ...args.slice(places)]
    if (!isOurs(path)) return call(changed)
    livingLife()
    const effect: Effect = { kind: 'file', target: `${name} ${nameOf(path)}` }
    if (theSimulation().before(effect) === 'refused') throw new Refused(path)
    const result = call(changed)
    theSimulation().after(effect)
    return result
  })
}

/** Without what is drawn by chance. */
function nameOf(path: string): string {
  return basename(path).replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'uuid')
}

export const existsSync = reading(real.existsSync)
export const statSync = reading(real.statSync)
export const lstatSync = reading(real.lstatSync)
export const statfsSync = reading(real.statfsSync)
export const readFileSync = reading(real.readFileSync)
export const readdirSync = reading(real.readdirSync)
export const readlinkSync = reading(real.readlinkSync)
export const accessSync = reading(real.accessSync)
export const createReadStream = reading(real.createReadStream)
export const createWriteStream = reading(real.createWriteStream)
export const mkdirSync = reading(real.mkdirSync)
export const chmodSync = reading(real.chmodSync)
export const utimesSync = reading(real.utimesSync)
export const openSync = reading(real.openSync)
export const realpathSync = replaced(real.realpathSync, (args, call) => {
  const [path] = args
  const found = call([typeof path === 'string' ? realPath(path) : path, ...args.slice(1)])
  return typeof found === 'string' ? shownPath(found) : found
})
export const mkdtempSync = replaced(real.mkdtempSync, (args, call) => {
  const found = call(placed(args))
  return typeof found === 'string' ? shownPath(found) : found
})
export const writeFileSync = changing(real.writeFileSync, 'write')
export const appendFileSync = changing(real.appendFileSync, 'append')
export const renameSync = changing(real.renameSync, 'rename', 2)
export const copyFileSync = changing(real.copyFileSync, 'copy', 2)
export const linkSync = changing(real.linkSync, 'link', 2)
export const rmSync = changing(real.rmSync, 'remove')
export const unlinkSync = changing(real.unlinkSync, 'remove')
