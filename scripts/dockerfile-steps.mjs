/**
 * Goes through the steps of deploy/docker/Dockerfile one by one in a scratch folder, where no Docker is: COPY copies, RUN runs with
 * this machine's Node, and at the end the entry point is started as the declared user and asked by the declared health check.
 * It shows that the steps are right, and nothing about the base images.
 *
 *     node scripts/dockerfile-steps.mjs [--keep] [--modules FOLDER]
 *
 * --modules links an installed node_modules in place of `npm ci` and `npm rebuild`, which take minutes.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, modules: { type: 'string' } } })
const checkout = resolve(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'trueup-dockerfile-'))
// Another user has to get to the files.
spawnSync('chmod', ['755', scratch])

const steps = readFileSync(join(checkout, 'deploy/docker/Dockerfile'), 'utf8')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => /^([A-Z]+) (.*)$/.exec(line))
  .map(([, verb, rest]) => ({ verb, rest }))

/** A stage: its own root, where it works, and what it says about running. */
let stage
const stages = new Map()
const port = await freePort()

try {
  for (const { verb, rest } of steps) {
    process.stdout.write(`${verb} ${rest}\n`)
    take(verb, rest)
  }
  process.exitCode = await start()
} finally {
  if (values.keep) process.stdout.write(`kept: ${scratch}\n`)
  else rmSync(scratch, { recursive: true, force: true })
}

function take(verb, rest) {
  switch (verb) {
    case 'FROM': {
      const name = / AS (\S+)$/.exec(rest)?.[1] ?? 'final'
      stage = { root: join(scratch, name), workdir: '/', env: {} }
      stages.set(name, stage)
      mkdirSync(stage.root, { recursive: true })
      return
    }
    case 'WORKDIR':
      stage.workdir = rest
      mkdirSync(inStage(rest), { recursive: true })
      return
    case 'ENV':
      for (const [, name, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value
      return
    case 'COPY':
      copy(rest.split(' '))
      return
    case 'RUN':
      run(rest)
      return
    case 'USER':
      stage.user = rest.split(':').map(Number)
      return
    case 'HEALTHCHECK':
      stage.health = JSON.parse(/CMD (.*)$/.exec(rest)[1])
      return
    case 'ENTRYPOINT':
      stage.entry = JSON.parse(rest)
      return
    case 'CMD':
      stage.command = JSON.parse(rest)
      return
    case 'VOLUME':
    case 'EXPOSE':
      return
    default:
      throw new Error(`${verb} is no step that this script knows`)
  }
}

function inStage(path) {
  return join(stage.root, path.startsWith('/') ? path : join(stage.workdir, path))
}

function copy(words) {
  const from = /^--from=(\w+)$/.exec(words[0])?.[1]
  const sources = words.slice(from === undefined ? 0 : 1, -1)
  const target = words.at(-1)
  for (const source of sources) {
    if (from === undefined && source === '.') copyCheckout(inStage(target))
    else {
      const file = from === undefined ? join(checkout, source) : join(stages.get(from).root, source)
      const into = target.endsWith('/') ? join(inStage(target), source) : inStage(target)
      mkdirSync(dirname(into), { recursive: true })
      cpSync(file, into, { recursive: true, verbatimSymlinks: true })
    }
  }
}

/** What git tracks: the rest is named in .dockerignore. */
function copyCheckout(into) {
  const listed = spawnSync('git', ['ls-files', '-z'], { cwd: checkout, encoding: 'utf8' }).stdout.split('\0')
  for (const file of listed.filter((one) => one !== '' && existsSync(join(checkout, one)))) {
    mkdirSync(dirname(join(into, file)), { recursive: true })
    cpSync(join(checkout, file), join(into, file))
  }
}

function run(text) {
  if (values.modules !== undefined && /^npm (ci|rebuild)/.test(text)) {
    if (!existsSync(inStage('node_modules')))
      cpSync(resolve(values.modules), inStage('node_modules'), { recursive: true, verbatimSymlinks: true })
    process.stdout.write('  (modules were linked in its place)\n')
    return
  }
  // Absolute paths are those of the stage.
  const here = text.replaceAll(/(?<= )\/(?=\w)/g, `${stage.root}/`)
  const env = { ...process.env, ...stage.env }
  const { status } = spawnSync('bash', ['-c', here], { cwd: inStage('.'), env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`RUN ${text} ended with ${status}`)
}

/** Starts it as an orchestrator would, asks the health check, and stops it. */
async function start() {
  const [uid, gid] = stage.user
  const isRoot = process.getuid() === 0
  const own = {
    cwd: inStage('.'),
    env: { PATH: process.env.PATH, HOME: scratch, ...mapped(stage.env) },
    ...(isRoot ? { uid, gid } : {}),
  }
  const workspace = dirname(own.env.TRUEUP_STATE)
  mkdirSync(workspace, { recursive: true })
  const state = own.env.TRUEUP_STATE
  cpSync(join(checkout, 'deploy/kubernetes/base/desired-state.yaml'), state)
  if (isRoot) for (const path of [workspace, state]) chownSync(path, uid, gid)
  const args = [...stage.entry, ...stage.command].map((word) => (word === '4000' ? String(port) : word))
  process.stdout.write(
    `start: ${args.join(' ')} as ${isRoot ? `${uid}:${gid}` : 'this user'}, in ${relative(scratch, own.cwd)}\n`,
  )
  const child = spawn(process.execPath, args.slice(1), { ...own, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    for (let left = 60; left > 0; left -= 1) {
      await delay(1000)
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
      const check = stage.health.map((word) => word.replaceAll('4000', String(port)))
      if (spawnSync(process.execPath, check.slice(1), own).status === 0) {
        process.stdout.write('healthy\n')
        return 0
      }
    }
    process.stdout.write('not healthy after 60 s\n')
    return 1
  } finally {
    const ended = new Promise((done) => child.once('close', done))
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await ended
    }
  }
}

function mapped(env) {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.startsWith('/') ? join(stage.root, value) : value]),
  )
}

function freePort() {
  return new Promise((found) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address()
      server.close(() => found(free))
    })
  })
}
