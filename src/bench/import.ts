/** A table of another file imported into an empty one, against a bare read of it and INSERTs of the columns both have. */
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { databasePaths } from '../demo/generate.ts'
import { runFloor } from './floor.ts'
import { actionSpanMs } from './journal-spans.ts'
import { type Bench, compared, type Pair } from './measure.ts'
import { runTrueup } from './product.ts'
import { applyToTheEnd, generated, writeState } from './sample.ts'

const databases = {
  source: { path: 'data/source.db', manage: 'observe' },
  main: { path: databasePaths.main },
}
const resource = 'import/agents'
const imports = { agents: { from: { database: 'source', table: 'leads' }, into: 'leads', map: 'auto' } }

export const importRows: Bench = {
  name: 'import',
  async run(context) {
    const rows = context.rows(100_000)
    const source = join(await generated(context, rows, 'light'), databasePaths.main)
    const empty = join(context.folder, 'import-empty')
    mkdirSync(join(empty, dirname(databasePaths.main)), { recursive: true })
    symlinkSync(source, join(empty, 'data/source.db'))
    // The import is declared once the table is there, so that it is all that is left to do.
    writeState(empty, 'desired-state.yaml', { databases })
    await applyToTheEnd(empty)
    writeState(empty, 'desired-state.yaml', { databases, imports })

    const spans: Pair[] = []
    const works: Pair[] = []
    let peakBytes = 0
    for (let round = 0; round < context.rounds; round += 1) {
      context.say(`import: round ${round + 1} of ${context.rounds}`)
      const folder = join(context.folder, `import-${round}`)
      cpSync(empty, folder, { recursive: true, verbatimSymlinks: true })
      const copy = join(context.folder, `import-floor-${round}.db`)
      cpSync(join(empty, databasePaths.main), copy)
      const floor = await runFloor('import', source, copy)
      const taken = await runTrueup(['apply', '--json'], { folder, allowed: [0, 2] })
      spans.push({ value: actionSpanMs(folder, resource), floor: floor.wallMs })
      works.push({ value: taken.cpuMs, floor: floor.cpuMs })
      peakBytes = Math.max(peakBytes, taken.peakBytes)
      const leads = leadsIn(join(folder, databasePaths.main))
      if (leadsIn(copy) < leads * 0.8) throw new Error(`the floor inserted only ${leadsIn(copy)} rows`)
      // Some rows are duplicates and some lack what is required; most must have become leads.
      if (leads < rows * 0.8) throw new Error(`only ${leads} of ${rows} rows were imported`)
      rmSync(folder, { recursive: true })
    }
    const what = `${rows.toLocaleString('en-US')} rows imported:`
    return [
      { bench: 'import', what: `${what} checkpoint + apply, wall`, ...compared('ms', spans), aims: [], peakBytes },
      { bench: 'import', what: `${what} whole \`apply\`, CPU`, ...compared('ms', works), aims: [], peakBytes },
    ]
  },
}

function leadsIn(path: string): number {
  const db = new Database(path)
  try {
    return db.prepare<[], number>('SELECT count(*) FROM leads').pluck().get() ?? 0
  } finally {
    db.close()
  }
}
