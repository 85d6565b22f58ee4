/** A set of one database made, packed and verified by restoring it, against one bare `VACUUM INTO` of the same file. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { databasePaths } from '../demo/generate.ts'
import { runFloor } from './floor.ts'
import { actionSpanMs, lastSeq } from './journal-spans.ts'
import { type Bench, compared, type Pair } from './measure.ts'
import { runTrueup } from './product.ts'
import { atRestCopy } from './sample.ts'

const declared = `
backups:
  bench: { of: [main], schedule: "0 3 * * *", to: [backups/] }
`

export const backup: Bench = {
  name: 'backup',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'backup', rows, 'clean')
    appendFileSync(join(folder, 'desired-state.yaml'), declared)
    const spans: Pair[] = []
    let peakBytes = 0
    for (let round = 0; round < context.rounds; round += 1) {
      context.say(`backup: round ${round + 1} of ${context.rounds}`)
      const copy = join(context.folder, `backup-floor-${round}.db`)
      const floor = await runFloor('copy', join(folder, databasePaths.main), copy)
      const seq = lastSeq(folder)
      const taken = await runTrueup(['backup', 'create', '--json'], { folder })
      spans.push({ value: actionSpanMs(folder, 'backup/bench', seq), floor: floor.wallMs })
      peakBytes = Math.max(peakBytes, taken.peakBytes)
    }
    const what = `a set of ${rows.toLocaleString('en-US')} rows: copied, checked, packed, restored, compared, wall`
    return [{ bench: 'backup', what, ...compared('ms', spans), aims: [], peakBytes }]
  },
}
