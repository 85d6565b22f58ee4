/** `trueup plan` on tables of growing size, against the bare read of all their cells. */
import { join } from 'node:path'
import { databasePaths } from '../demo/generate.ts'
import { runFloor } from './floor.ts'
import { type Bench, type BenchContext, compared, type Row } from './measure.ts'
import { runTrueup } from './product.ts'
import { generated, writeState } from './sample.ts'

const memoryMaxBytes = 512 * 1024 ** 2

export const plan: Bench = {
  name: 'plan',
  async run(context) {
    const rows = context.rows(1_000_000)
    // A full look has to grow no faster than the table: the smaller ones show it.
    const smaller = [rows / 100, rows / 10].map(Math.round).filter((one) => one >= 1000)
    const found: Row[] = []
    for (const size of smaller) found.push(...(await ofSize(context, size, false)))
    return [...found, ...(await ofSize(context, rows, true))]
  },
}

async function ofSize(context: BenchContext, rows: number, isWhole: boolean): Promise<readonly Row[]> {
  const folder = await generated(context, rows, 'light')
  writeState(folder, 'leads.yaml')
  writeState(folder, 'with-imports.yaml', { imports: true })
  const database = join(folder, databasePaths.main)
  // Once for the file cache; it is no round.
  await runFloor('read', database)
  const measure = async (state: string, rounds: number) => {
    const taken = []
    for (let round = 0; round < rounds; round += 1) {
      context.say(`plan: ${state}, round ${round + 1} of ${rounds}`)
      const floor = await runFloor('read', database)
      taken.push({ floor, plan: await runTrueup(['plan', '--json', '--state', state], { folder, allowed: [0, 2] }) })
    }
    return taken
  }
  const count = rows.toLocaleString('en-US')
  const rowsOf = (what: string, taken: Awaited<ReturnType<typeof measure>>, hasAim: boolean): readonly Row[] => {
    const peakBytes = Math.max(...taken.map((one) => one.plan.peakBytes))
    const shared = { bench: 'plan', peakBytes }
    const wall = compared(
      'ms',
      taken.map((one) => ({ value: one.plan.wallMs, floor: one.floor.wallMs })),
    )
    const cpu = compared(
      'ms',
      taken.map((one) => ({ value: one.plan.cpuMs, floor: one.floor.cpuMs })),
    )
    const aims: Row['aims'] = hasAim
      ? [
          { of: 'ratio', below: 3 },
          { of: 'memory', below: memoryMaxBytes },
        ]
      : []
    return [
      { ...shared, ...wall, what: `${what}, ${count} rows, wall`, aims },
      { ...shared, ...cpu, what: `${what}, ${count} rows, CPU`, aims },
    ]
  }
  return [
    ...rowsOf('plan of the leads table', await measure('leads.yaml', context.rounds), isWhole),
    // Imports read three sources more, so the ratio to the read of one table is a figure and no aim.
    ...(isWhole ? rowsOf('plan with three imports', await measure('with-imports.yaml', 1), false) : []),
  ]
}
