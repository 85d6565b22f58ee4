/**
 * `npm run mutate`: changes the pure cores at one place after the other and runs the unit tests beside them on each change; a
 * change that no test notices survives. Exit status 1 when fewer than 80 % of a part are noticed, 2 for wrong usage. What is
 * known from the last run is not run again; reports in .cache/mutate.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'

const parts = {
  gate: [
    'engine/gate.ts',
    'engine/windows.ts',
    'engine/limits.ts',
    'engine/breaker.ts',
    'engine/approvals.ts',
    'engine/person.ts',
  ],
  planner: ['engine/planner.ts', 'engine/order.ts'],
  merge: ['kinds/sync/merge-field.ts', 'kinds/sync/merge-record.ts', 'kinds/duplicates/survivorship.ts'],
  matching: [
    'matching/cluster.ts',
    'matching/comparison.ts',
    'matching/date-parts.ts',
    'matching/edit-distance.ts',
    'matching/jaro-winkler.ts',
    'matching/judge.ts',
    'matching/phonetic.ts',
    'matching/rules.ts',
    'matching/score.ts',
    'matching/token-likeness.ts',
    'kinds/duplicates/groups.ts',
  ],
}
const usage = `npm run mutate -- [--part ${Object.keys(parts).join('|')}]… [--afresh] [FILE…]

  --part NAME  only this part; may be given several times
  --afresh     runs again what is known from the last run
  FILE         only these files of the parts, such as src/engine/gate.ts
`

function asked() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { part: { type: 'string', multiple: true }, afresh: { type: 'boolean' }, help: { type: 'boolean' } },
    })
    const names = values.part ?? Object.keys(parts)
    const unknown = [
      ...names.filter((name) => !Object.hasOwn(parts, name)),
      ...positionals.filter((file) => !names.some((name) => parts[name]?.includes(file.replace(/^src\//, '')))),
    ]
    if (unknown.length > 0) throw new Error(`not a part, or not a file of it: ${unknown.join(', ')}`)
    return { names, files: positionals, afresh: values.afresh === true, help: values.help === true }
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

const { names, files, afresh, help } = asked()
if (help) {
  process.stdout.write(usage)
  process.exit(0)
}
for (const name of names) {
  const mutate = parts[name].map((file) => `src/${file}`).filter((file) => files.length === 0 || files.includes(file))
  if (mutate.length === 0) continue
  process.stdout.write(`\n${name}\n`)
  await new Stryker({
    mutate,
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
    testRunner: 'vitest',
    testFiles: parts[name].map((file) => `src/${file.replace(/\.ts$/, '.test.ts')}`).filter((file) => existsSync(file)),
    vitest: { configFile: 'test/vitest/mutate.config.ts' },
    coverageAnalysis: 'perTest',
    // What is computed once, while a module loads, would need a process for each change.
    ignoreStatic: true,
    // On a machine with much else to do a run that is only slow must not be taken for one that never ends.
    timeoutMS: 20_000,
    concurrency: 1,
    incremental: true,
    force: afresh,
    incrementalFile: `.cache/mutate/${name}.json`,
    tempDirName: '.cache/mutate/sandbox',
    ignorePatterns: ['dist', 'types', 'docs', 'data', 'backups', 'services', 'deploy', 'examples'],
    reporters: ['progress-append-only', 'clear-text', 'html'],
    htmlReporter: { fileName: `.cache/mutate/${name}.html` },
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false },
    thresholds: { high: 90, low: 80, break: 80 },
    warnings: { slow: false },
  }).runMutationTest()
}
