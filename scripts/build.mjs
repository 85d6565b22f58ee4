/**
 * Builds src/ into dist/: the command line, every entry of a worker thread or child process at the place where `entryUrl`
 * looks for it, and what they share as chunks, with the packages they use. Fewer and larger files, since a process that
 * loads a thousand small modules takes twice as long to start. Types are checked by `npm run check:types`.
 */
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { buildDashboard } from './dashboard.mjs'
import { licensesOf } from './licenses.mjs'

const source = resolve('src')
const target = resolve('dist')

/** Programs of their own, and what `import 'trueup'` gives. */
const programs = ['cli/main.ts', 'engine/plugin.ts', 'targets/process/host.ts', 'desired/write-json-schema.ts']
/** Modules that tests load in processes of their own. */
const loadedByTests = [
  'clock.ts',
  'errors.ts',
  'log.ts',
  'random.ts',
  'demo/demo-workspace.ts',
  'demo/generate.ts',
  'engine/engine.ts',
  'targets/airtable/official-transport.ts',
  'targets/airtable/target.ts',
  'targets/process/offload.ts',
  'targets/process/serve.ts',
  'targets/sqlite/change-sets.ts',
  'targets/sqlite/databases.ts',
  'workspace/open.ts',
]
const assets = ['sandbox/static', 'demo/services', 'targets/process/supervision/trueup-shim.sh']
/** Native, or it loads files of its own while it runs. */
const keptOutside = ['better-sqlite3', 'pino']

function entries() {
  const sources = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  const offersWork = (file) => /^serve\(/m.test(readFileSync(join(source, file), 'utf8'))
  return sources.filter(
    (file) => programs.includes(file) || loadedByTests.includes(file) || file.startsWith('bench/') || offersWork(file),
  )
}

/** `import.meta.url` of a module names the place that the module itself would have in dist/, whatever chunk it is put in. */
const keepPlaces = {
  name: 'keep-places',
  transform(code, id) {
    if (!id.startsWith(source) || !code.includes('import.meta.url')) return undefined
    const place = relative(source, id).replace(/\.ts$/, '.js')
    return { code: code.replaceAll('import.meta.url', `placeOf(${JSON.stringify(place)})`), map: null }
  },
  renderChunk(code, { fileName }) {
    const placed = code.replace(/placeOf\("([^"]+)"\)/g, (_, place) => {
      const path = relative(dirname(fileName), place)
      return `new URL(${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}, import.meta.url).href`
    })
    return { code: placed, map: null }
  },
}

const bundle = await rolldown({
  input: Object.fromEntries(entries().map((file) => [file.replace(/\.ts$/, ''), join(source, file)])),
  platform: 'node',
  external: keptOutside,
  plugins: [keepPlaces],
  transform: { target: 'node20.19' },
  onLog(level, log) {
    if (level === 'warn' && log.id?.includes('node_modules') !== true) throw new Error(log.message)
  },
})
rmSync(target, { recursive: true, force: true })
const { output } = await bundle.write({
  dir: target,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
})
const packages = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
const ofDashboard = await buildDashboard(join(source, 'dashboard/app'), join(target, 'dashboard/app'))
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), licensesOf([...packages, ...ofDashboard]))
chmodSync(join(target, 'cli/main.js'), 0o755)
for (const asset of assets) {
  if (existsSync(join(source, asset))) cpSync(join(source, asset), join(target, asset), { recursive: true })
}
