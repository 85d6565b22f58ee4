/**
 * Builds src/ into dist/: the command line, every entry of a worker thread or child process at the place where `entryUrl`
 * looks for it, and what they share as chunks, with the packages they use. Fewer and larger files, since a process that
 * loads a thousand small modules takes twice as long to start. Types are checked by `npm run check:types`.
 */
import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { keepPlaces, keptOutside, modules, offersWork, source } from './bundle.mjs'
import { buildDashboard } from './dashboard.mjs'
import { buildGraphiql } from './graphiql.mjs'
import { licensesOf, packagesOf } from './licenses.mjs'

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
function entries() {
  return modules().filter(
    (file) => programs.includes(file) || loadedByTests.includes(file) || file.startsWith('bench/') || offersWork(file),
  )
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
  // A tenth of what every start would read; licences are in THIRD-PARTY-LICENSES.txt.
  comments: false,
})
const modulesOfNode = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
const ofDashboard = await buildDashboard(join(source, 'dashboard/app'), join(target, 'dashboard/app'))
const ofGraphiql = await buildGraphiql(join(target, 'dashboard/graphiql'))
const packages = packagesOf([...modulesOfNode, ...ofDashboard, ...ofGraphiql])
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), licensesOf(packages))
// What of node_modules is in dist: scripts/shipped.mjs reads it.
writeFileSync(
  join(target, 'third-party.json'),
  `${JSON.stringify(
    packages.map(({ name, version }) => ({ name, version })),
    null,
    2,
  )}\n`,
)
chmodSync(join(target, 'cli/main.js'), 0o755)
// What `trueup help TOPIC` shows.
cpSync('docs/explanation', join(target, 'help'), { recursive: true })
for (const asset of assets) {
  if (existsSync(join(source, asset))) cpSync(join(source, asset), join(target, asset), { recursive: true })
}
