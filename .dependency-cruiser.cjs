// The dependency direction of docs/ARCHITECTURE.md. A new folder under src must be given its place here.
const inside = (...folders) => `^src/(${folders.join('|')})/`

/** What a folder of src may import besides itself and the ground floor (errors, clock, random, log, json, scrub, signals). */
const layers = {
  values: [],
  matching: ['values'],
  desired: ['values'],
  metrics: [],
  engine: ['desired', 'journal', 'metrics'],
  journal: [],
  targets: ['values'],
  kinds: ['desired', 'engine', 'matching', 'metrics', 'targets', 'values'],
  alerts: ['desired', 'engine', 'metrics', 'targets'],
  leads: ['desired', 'engine', 'targets', 'values'],
  clients: [],
  dashboard: ['clients'],
  api: ['values', 'desired', 'engine', 'journal', 'leads', 'dashboard', 'metrics'],
  workspace: ['desired', 'engine', 'journal', 'alerts', 'kinds', 'leads', 'api', 'metrics', 'sandbox', 'targets', 'values'],
  sandbox: [],
  demo: ['desired', 'values', 'targets', 'sandbox'],
  cli: ['clients', 'desired', 'engine', 'journal', 'kinds', 'leads', 'api', 'demo', 'sandbox', 'targets', 'values', 'workspace'],
  sim: ['desired', 'engine', 'journal', 'kinds', 'targets', 'sandbox', 'workspace'],
  bench: [
    'desired',
    'engine',
    'journal',
    'kinds',
    'matching',
    'targets',
    'leads',
    'api',
    'demo',
    'sandbox',
    'values',
    'workspace',
  ],
}

const groundFloor = '^src/(errors|clock|random|log|json|scrub|signals)\\.ts$'

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A circle that types alone close is gone when the program runs.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'every-folder-has-its-place',
      comment: 'A folder that is missing from `layers` would be bound by no rule at all.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: inside(...Object.keys(layers)) },
      to: {},
    },
    ...Object.entries(layers).map(([folder, allowed]) => ({
      name: `${folder}-keeps-its-direction`,
      severity: 'error',
      from: { path: inside(folder), pathNot: '\\.test\\.ts$' },
      to: { path: '^src/', pathNot: [inside(folder, ...allowed), groundFloor] },
    })),
    {
      name: 'kinds-do-not-know-each-other',
      comment: 'A kind is deleted by deleting its folder; what two kinds share lives in src/targets or src/engine.',
      severity: 'error',
      from: { path: '^src/kinds/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/kinds/([^/]+)/', pathNot: '^src/kinds/$1/' },
    },
    {
      name: 'a-kind-is-reached-by-its-index',
      comment: 'What a kind is made of is its own affair; `thread.ts` is what threads of others need of it. The command line knows kinds by their names only.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/kinds/[^/]+/', '\\.test\\.ts$'] },
      to: { path: '^src/kinds/', pathNot: ['^src/kinds/(registry|own-files|met-corruption)\\.ts$', '^src/kinds/[^/]+/(index|thread)\\.ts$'] },
    },
    {
      name: 'the-command-line-makes-no-kinds',
      comment: 'src/workspace/open.ts is the only place that joins kinds, targets, journal and engine.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/kinds/', pathNot: '^src/kinds/registry\\.ts$' },
    },
    {
      name: 'ground-floor-stands-alone',
      severity: 'error',
      from: { path: '^src/[a-z-]+\\.ts$' },
      to: { path: '^src/', pathNot: groundFloor },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
