// The dependency direction of docs/ARCHITECTURE.md. A new folder under src must be given its place here.
const inside = (...folders) => `^src/(${folders.join('|')})/`

/** What a folder of src may import besides itself and the ground floor (errors, clock, random, log). */
const layers = {
  values: [],
  desired: ['values'],
  engine: ['desired', 'journal'],
  journal: [],
  targets: ['values'],
  kinds: ['desired', 'engine', 'targets', 'values'],
  leads: ['desired', 'engine', 'targets', 'values'],
  api: ['values', 'desired', 'engine', 'journal', 'leads', 'dashboard'],
  dashboard: [],
  cli: ['desired', 'engine', 'journal', 'leads', 'api', 'demo', 'sandbox', 'targets'],
  sandbox: [],
  demo: ['desired', 'values', 'targets', 'sandbox'],
  sim: ['desired', 'engine', 'journal', 'kinds', 'targets', 'sandbox'],
  bench: ['desired', 'engine', 'journal', 'kinds', 'targets', 'leads', 'api', 'demo', 'sandbox'],
}

const ground = '^src/[a-z-]+\\.ts$'

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(layers).map(([folder, allowed]) => ({
      name: `${folder}-keeps-its-direction`,
      severity: 'error',
      from: { path: inside(folder), pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: [inside(folder, ...allowed), '^src/(errors|clock|random|log|json)\\.ts$', ...(folder === 'cli' || folder === 'bench' || folder === 'sim' ? ['^src/main\\.ts$'] : [])] },
    })),
    {
      name: 'kinds-do-not-know-each-other',
      comment: 'A kind is deleted by deleting its folder; what two kinds share lives in src/targets or src/engine.',
      severity: 'error',
      from: { path: '^src/kinds/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/kinds/([^/]+)/', pathNot: '^src/kinds/$1/' },
    },
    { name: 'nobody-imports-the-root', severity: 'error', from: { pathNot: '^src/(cli|bench|sim)/|\\.test\\.ts$|^src/main' }, to: { path: '^src/main\\.ts$' } },
    { name: 'ground-floor-stands-alone', severity: 'error', from: { path: ground, pathNot: '^src/main' }, to: { path: '^src/', pathNot: '^src/(errors|clock|random|log|json)\\.ts$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
