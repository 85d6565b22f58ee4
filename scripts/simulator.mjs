/**
 * Bundles the simulator: the product's own modules, with the edges of src/sim/edges in the place of what touches the machine,
 * and, for the table of planted bugs, with one piece of source text exchanged. Nothing of it is in dist/.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { keepPlaces, keptOutside, modules, offersWork, source } from './bundle.mjs'

const edges = join(source, 'sim/edges')

/** Modules of node and packages, by the edge that stands for them. */
const machine = {
  'node:fs': 'fs.ts',
  'node:fs/promises': 'fs-promises.ts',
  'node:timers/promises': 'timers-promises.ts',
  'node:crypto': 'crypto.ts',
  'node:os': 'os.ts',
  'better-sqlite3': 'sqlite.ts',
}
/** Our own modules that do nothing but touch the machine. */
const ours = {
  'targets/airtable/official-transport.ts': 'official-transport.ts',
  'targets/process/holder.ts': 'holder.ts',
  'targets/process/machine.ts': 'machine.ts',
  'targets/process/offload.ts': 'offload.ts',
  'targets/process/supervision/process-host.ts': 'process-host.ts',
  'targets/sqlite/live-locks.ts': 'live-locks.ts',
  'targets/sqlite/watch.ts': 'watch.ts',
}

/** The simulator itself and the sandbox, which is another machine, use the real ones. */
const isProduct = (importer) =>
  importer?.startsWith(source) === true && !/^(sim|sandbox)\//.test(relative(source, importer))

const simulatedMachine = {
  name: 'simulated-machine',
  resolveId(id, importer) {
    if (!isProduct(importer)) return keptOutside.includes(id) ? { id, external: true } : undefined
    if (Object.hasOwn(machine, id)) return join(edges, machine[id])
    if (!id.startsWith('.')) return undefined
    const own = relative(source, resolve(dirname(importer), id))
    return Object.hasOwn(ours, own) ? join(edges, ours[own]) : undefined
  },
}

/**
 * Exchanges one piece of the product's text.
 *
 * @param bug `{ file, from, to }`; `from` must stand in the file exactly once.
 */
function planted(bug) {
  const found = { times: 0 }
  return {
    found,
    plugin: {
      name: 'planted-bug',
      load(id) {
        if (bug === undefined || id !== join(source, bug.file)) return undefined
        const text = readFileSync(id, 'utf8')
        found.times = text.split(bug.from).length - 1
        return { code: text.replace(bug.from, () => bug.to), moduleType: 'ts' }
      },
    },
  }
}

/** Bundles it to a folder below node_modules, from where packages are found, and gives the path of its program. */
export async function bundleSimulator(name, bug) {
  const target = resolve('node_modules/.cache/trueup-simulator', name)
  const entries = modules().filter((file) => file === 'sim/main.ts' || offersWork(file))
  const { found, plugin } = planted(bug)
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ''), join(source, file)])),
    platform: 'node',
    // Said here, what is kept outside would be so before the edges are asked for.
    external: keptOutside.filter((name) => !Object.hasOwn(machine, name)),
    plugins: [plugin, simulatedMachine, keepPlaces],
    transform: { target: 'node20.19' },
    onLog(level, log) {
      if (level === 'warn' && log.id?.includes('node_modules') !== true) throw new Error(log.message)
    },
  })
  if (existsSync(target)) rmSync(target, { recursive: true })
  await bundle.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    sourcemap: true,
  })
  await bundle.close()
  if (bug !== undefined && found.times !== 1)
    throw new Error(`${bug.file} holds the text to be exchanged ${found.times} times, not once: ${bug.from}`)
  return join(target, 'sim/main.js')
}
