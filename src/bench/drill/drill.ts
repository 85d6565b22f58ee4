/**
 * One destroy-and-restore: a program writes, sets are made, the database is destroyed, and the command line brings it back
 * as a person would. What was acknowledged to the program says what is lost.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Random } from '../../random.ts'
import { pause } from '../measure.ts'
import { endWithUs, exitOf } from '../processes.ts'
import { runTrueup } from '../product.ts'
import { type Disaster, strikeWith } from './disaster.ts'

export interface DrillOptions {
  readonly folder: string
  readonly disaster: Disaster
  /** How long the program writes. */
  readonly seconds: number
  /** Between two sets; they are made one after the other, so that it is never less than one takes. */
  readonly setEverySeconds: number
  readonly seed: number
  readonly random: Random
  readonly say: (text: string) => void
}

export interface DrillResult {
  readonly disaster: Disaster
  readonly acknowledged: number
  /** Acknowledged rows, as last written, that the restored database does not have so. */
  readonly lost: number
  /** How long before the disaster the last row was written that came back as written; null where none did. */
  readonly lastSurvivingRowAgeSeconds: number | null
  /** How old the newest verified set was: nothing written before it may be lost. */
  readonly newestSetAgeSeconds: number
  /** From the first command after the disaster to a database that is true again. */
  readonly restoreSeconds: number
  /** What should not be: a row lost although it was in a verified set, or a database that is not sound. */
  readonly problems: readonly string[]
}

/** Checked at every look: in life, damage that no read meets is found with the next check that `integrity` declares. */
const desired = `apiVersion: trueup/v1
name: drill
databases:
  main: { path: data/leads.db, integrity: { quick: 1s } }
tables:
  leads:
    database: main
    key: id
    fields:
      company: { type: text }
      note: { type: longtext }
      at_ms: { type: integer }
backups:
  drill: { of: [main], schedule: "0 3 * * *", to: [backups/] }
`
const writerScript = fileURLToPath(new URL('./writer.js', import.meta.url))
const rowSchema = z.object({ id: z.string(), note: z.string(), atMs: z.number() })
type Row = z.output<typeof rowSchema>

export async function drill(options: DrillOptions): Promise<DrillResult> {
  const { folder, disaster, random, say } = options
  const database = join(folder, 'data/leads.db')
  mkdirSync(join(folder, 'data'), { recursive: true })
  writeFileSync(join(folder, 'desired-state.yaml'), desired)
  const trueup = (...argv: string[]) => runTrueup([...argv, '--json'], { folder, allowed: [0, 2] })
  await trueup('apply')

  say(`${disaster}: a program writes for ${options.seconds} s`)
  const { set, atMs: setAtMs } = await writeAndBackUp(options, database)
  const destroyedAtMs = Date.now()
  strikeWith(disaster, database, random)

  say(`${disaster}: it is brought back`)
  const startMs = performance.now()
  await bringBack(options, database, set)
  const restoreSeconds = (performance.now() - startMs) / 1000
  const outcome = compare(folder, database, setAtMs)
  return {
    disaster,
    acknowledged: outcome.acknowledged,
    lost: outcome.lost,
    lastSurvivingRowAgeSeconds: outcome.newestAtMs === undefined ? null : (destroyedAtMs - outcome.newestAtMs) / 1000,
    newestSetAgeSeconds: (destroyedAtMs - setAtMs) / 1000,
    restoreSeconds,
    problems: outcome.problems,
  }
}

/** What a person does after each disaster. */
async function bringBack({ folder, disaster }: DrillOptions, database: string, set: string): Promise<void> {
  const trueup = (...argv: string[]) => runTrueup([...argv, '--json'], { folder, allowed: [0, 2] })
  if (disaster === 'deleted') {
    await trueup('backup', 'restore', set, '--into', 'restored')
    renameSync(join(folder, 'restored/main.db'), database)
  }
  // A statement that SQLite was right to obey damages nothing: only a person knows that it should not have been.
  if (disaster === 'rows deleted') await trueup('backup', 'restore', set, '--database', 'main')
  await trueup('apply')
  await approveAll(folder)
}

const setSchema = z.object({ id: z.string(), verified: z.boolean() })

/** Gives the newest verified set, and a moment before which every row is in it. */
async function writeAndBackUp(
  { folder, seconds, setEverySeconds, seed }: DrillOptions,
  database: string,
): Promise<{ set: string; atMs: number }> {
  const writer = spawn(process.execPath, [writerScript, database, join(folder, 'acknowledged'), String(seed)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  endWithUs(writer)
  const ended = exitOf(writer)
  const endMs = performance.now() + seconds * 1000
  let newest = { set: '', atMs: 0 }
  try {
    do {
      const atMs = Date.now()
      const made = setSchema.parse(
        JSON.parse((await runTrueup(['backup', 'create', '--json'], { folder, allowed: [0] })).stdout),
      )
      if (made.verified) newest = { set: made.id, atMs }
      await pause(Math.max(0, Math.min(setEverySeconds * 1000, endMs - performance.now())))
    } while (performance.now() < endMs)
  } finally {
    // In the middle of whatever it does, as a machine that loses its power.
    writer.kill('SIGKILL')
    await ended.catch(() => undefined)
  }
  return newest
}

const approvalsSchema = z.object({ items: z.array(z.object({ id: z.string() })) })

/** A person looks at what waits and says yes, as often as something new waits because of it. */
async function approveAll(folder: string): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    const { stdout } = await runTrueup(['approvals', '--json'], { folder, allowed: [0, 2] })
    const ids = approvalsSchema.parse(JSON.parse(stdout)).items.map(({ id }) => id)
    if (ids.length === 0) return
    await runTrueup(['approve', ...ids, '--comment', 'drill', '--json'], { folder, allowed: [0, 2] })
    await runTrueup(['apply', '--json'], { folder, allowed: [0, 2] })
  }
}

interface Outcome {
  readonly acknowledged: number
  readonly lost: number
  readonly newestAtMs: number | undefined
  readonly problems: readonly string[]
}

function compare(folder: string, database: string, setAtMs: number): Outcome {
  const written = new Map<string, Row>()
  const lines = readFileSync(join(folder, 'acknowledged'), 'utf8').split('\n').slice(0, -1)
  for (const line of lines) {
    const row = rowSchema.parse(JSON.parse(line))
    written.set(row.id, row)
  }
  const db = new Database(database, { readonly: true })
  try {
    const problems: string[] = []
    const sound = z.array(z.object({ integrity_check: z.string() })).parse(db.pragma('integrity_check'))
    if (sound[0]?.integrity_check !== 'ok') problems.push(`the database is not sound: ${sound[0]?.integrity_check}`)
    const noteOf = db.prepare('SELECT note FROM leads WHERE id = ?').pluck()
    const back = [...written.values()].filter(({ id, note }) => noteOf.get(id) === note)
    const survived = new Set(back.map(({ id }) => id))
    for (const { id, atMs } of written.values())
      if (!survived.has(id) && atMs < setAtMs) problems.push(`${id} was in a verified set and did not come back`)
    return {
      acknowledged: written.size,
      lost: written.size - back.length,
      newestAtMs: back.length === 0 ? undefined : Math.max(...back.map(({ atMs }) => atMs)),
      problems,
    }
  } finally {
    db.close()
  }
}
