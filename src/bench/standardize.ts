/** One field of a whole table brought into standard form, checkpoint included, against bare batched UPDATEs of known values. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { databasePaths } from '../demo/generate.ts'
import { runFloor } from './floor.ts'
import { actionSpanMs, lastSeq } from './journal-spans.ts'
import { type Bench, compared, type Pair } from './measure.ts'
import { runTrueup } from './product.ts'
import { atRestCopy } from './sample.ts'

const resource = 'standardization/leads'

export const standardize: Bench = {
  name: 'standardize',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'standardize', rows, 'clean')
    const database = join(folder, databasePaths.main)
    const spans: Pair[] = []
    const works: Pair[] = []
    let peakBytes = 0
    let cells = 0
    for (let round = 0; round < context.rounds; round += 1) {
      context.say(`standardize: round ${round + 1} of ${context.rounds}`)
      cells = messUp(database)
      const copy = join(context.folder, `standardize-floor-${round}.db`)
      cpSync(database, copy)
      const floor = await runFloor('update', copy, 'company')
      const seq = lastSeq(folder)
      const taken = await runTrueup(['apply', '--json'], { folder, allowed: [0, 2] })
      if (floor.rows !== cells) throw new Error(`the floor changed ${floor.rows} cells, not ${cells}`)
      if (messyCells(database) > 0) throw new Error('`trueup apply` left cells that are not in standard form')
      spans.push({ value: actionSpanMs(folder, resource, seq), floor: floor.wallMs })
      works.push({ value: taken.cpuMs, floor: floor.cpuMs })
      peakBytes = Math.max(peakBytes, taken.peakBytes)
    }
    const what = `${cells.toLocaleString('en-US')} cells of one field standardized:`
    return [
      { bench: 'standardize', what: `${what} checkpoint + apply, wall`, ...compared('ms', spans), aims: [], peakBytes },
      { bench: 'standardize', what: `${what} whole \`apply\`, CPU`, ...compared('ms', works), aims: [], peakBytes },
    ]
  },
}

/** Puts spaces around every company; gives how many cells that were. The file is in DELETE mode or closed afterwards. */
function messUp(path: string): number {
  const db = new Database(path)
  try {
    const { changes } = db.prepare("UPDATE leads SET company = ' ' || company || ' ' WHERE company <> ''").run()
    db.pragma('wal_checkpoint(TRUNCATE)')
    return changes
  } finally {
    db.close()
  }
}

function messyCells(path: string): number {
  const db = new Database(path)
  try {
    return db.prepare<[], number>('SELECT count(*) FROM leads WHERE company <> trim(company)').pluck().get() ?? 0
  } finally {
    db.close()
  }
}
