/**
 * What a set of one database takes, against one bare `VACUUM INTO` of the same file in the same round; at rest, and while four
 * Python programs write to it. Taken: the copy of one moment, the only part that writers could notice. Whole: until it is
 * proved that it can be restored, in a process beside; at rest also by its stages.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { databasePaths } from '../demo/generate.ts'
import { runStages, type Stages } from './backup-stages.ts'
import { runFloor } from './floor.ts'
import { actionSpanMs, lastSeq } from './journal-spans.ts'
import { type Bench, type BenchContext, compared, type Pair, pause, type Row } from './measure.ts'
import { runTrueup } from './product.ts'
import { atRestCopy } from './sample.ts'

const declared = `
backups:
  bench: { of: [main], schedule: "0 3 * * *", to: [backups/] }
`

const writersCount = 4
/** Two statements in a transaction of its own, as fast as the others let it, as long as its standard input is open. */
const writer = `
import sqlite3, sys, threading, os
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
db = sqlite3.connect(sys.argv[1], timeout=60)
while True:
    with db:
        db.execute("UPDATE leads SET title = title || '' WHERE rowid = abs(random()) % 1000 + 1")
        db.execute("UPDATE leads SET title = title || '' WHERE rowid = abs(random()) % 1000 + 1")
`

/** Writes to the database with real programs while the work goes on. */
async function whileWriting<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const programs = Array.from({ length: writersCount }, () =>
    spawn('python3', ['-c', writer, path], { stdio: ['pipe', 'ignore', 'ignore'] }),
  )
  const ended = programs.map((program) => new Promise((resolve) => program.on('close', resolve)))
  try {
    await pause(500)
    return await work()
  } finally {
    for (const { stdin } of programs) stdin.end()
    await Promise.all(ended)
  }
}

const stageTexts: Readonly<Record<keyof Stages, string>> = {
  copied: 'taken',
  packed: 'packed and hashed by its bytes',
  restored: 'restored and compared by its bytes',
  inspected: "SQLite's full check beside the hashing of all rows",
}
const stagesShown = ['packed', 'restored', 'inspected'] as const

async function rounds(
  context: BenchContext,
  folder: string,
  name: string,
  hasWriters: boolean,
): Promise<readonly Row[]> {
  const main = join(folder, databasePaths.main)
  const sets: Pair[] = []
  const copies: Pair[] = []
  const stages = new Map<keyof Stages, Pair[]>()
  let peakBytes = 0
  const one = async (round: number) => {
    const path = (what: string) => join(context.folder, `${name}-${what}-${round}.db`)
    const floor = await runFloor('copy', main, path('floor'))
    const copy = await runFloor('set-copy', main, path('copy'))
    const seq = lastSeq(folder)
    const taken = await runTrueup(['backup', 'create', '--json'], { folder })
    sets.push({ value: actionSpanMs(folder, 'backup/bench', seq), floor: floor.wallMs })
    copies.push({ value: copy.wallMs, floor: floor.wallMs })
    peakBytes = Math.max(peakBytes, taken.peakBytes)
    for (const what of ['floor', 'copy']) rmSync(path(what))
    if (hasWriters) return
    const apart = mkdtempSync(join(context.folder, 'stages-'))
    const found = await runStages(main, apart)
    rmSync(apart, { recursive: true })
    for (const stage of stagesShown)
      stages.set(stage, [...(stages.get(stage) ?? []), { value: found[stage].wallMs, floor: floor.wallMs }])
  }
  for (let round = 0; round < context.rounds; round += 1) {
    context.say(`${name}: round ${round + 1} of ${context.rounds}`)
    await (hasWriters ? whileWriting(main, () => one(round)) : one(round))
  }
  const beside = hasWriters ? `, beside ${writersCount} Python writers` : ''
  return [
    {
      bench: name,
      what: `a set taken: the copy of one moment${beside}, wall`,
      ...compared('ms', copies),
      aims: [{ of: 'ratio', below: 1.5 }],
      peakBytes: undefined,
    },
    {
      bench: name,
      what: `a whole set, until it is proved: taken, packed, restored, compared, checked, all rows hashed${beside}, wall`,
      ...compared('ms', sets),
      aims: [],
      peakBytes,
    },
    ...[...stages].map(
      ([stage, pairs]): Row => ({
        bench: name,
        what: `of a whole set: ${stageTexts[stage]}, wall`,
        ...compared('ms', pairs),
        aims: [],
        peakBytes: undefined,
      }),
    ),
  ]
}

export const backup: Bench = {
  name: 'backup',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'backup', rows, 'clean')
    appendFileSync(join(folder, 'desired-state.yaml'), declared)
    return [...(await rounds(context, folder, 'backup', false)), ...(await rounds(context, folder, 'backup', true))]
  },
}
