/**
 * Generated workspaces to measure on. Each size is generated once a run and copied from then on, so that every benchmark
 * starts from the same bytes.
 */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { databasePaths, demoDesiredState, generateWorkspace } from '../demo/generate.ts'
import type { MessLevel } from '../demo/mess.ts'
import type { BenchContext } from './measure.ts'
import { runTrueup } from './product.ts'

/** A policy that lets every repair through: what waits for a person cannot be measured. */
const trusting = {
  approvals: { low: 'auto', medium: 'auto', high: 'auto', critical: 'auto' },
  blastRadius: { rows: 100_000_000, percent: 100 },
}

const fieldSchema = z.looseObject({})
const stateSchema = z.looseObject({
  apiVersion: z.string(),
  name: z.string(),
  databases: z.record(z.string(), z.unknown()),
  tables: z.looseObject({ leads: z.looseObject({ key: z.string(), fields: z.record(z.string(), fieldSchema) }) }),
  imports: z.record(z.string(), z.unknown()),
})

/** What of the demo's desired state a benchmark declares beside the leads table, which is always there. */
export interface Declare {
  readonly databases?: Readonly<Record<string, unknown>>
  /** `true` for those of the demo. */
  readonly imports?: true | Readonly<Record<string, unknown>>
}

/** Writes a desired state of the demo's leads table, without what this version does not manage; gives its path. */
export function writeState(folder: string, file: string, declare: Declare = {}): string {
  const demo = stateSchema.parse(parse(demoDesiredState()))
  const { key, fields, indexes, quality } = demo.tables.leads
  const local = Object.fromEntries(
    Object.entries(fields).map(([name, { airtable: _, conflicts: __, ...field }]) => [name, field]),
  )
  const all = declare.imports === true
  const state = {
    apiVersion: demo.apiVersion,
    name: 'bench',
    policy: trusting,
    databases: all ? demo.databases : (declare.databases ?? { main: { path: databasePaths.main } }),
    tables: { leads: { database: 'main', key, fields: local, indexes, quality } },
    ...(declare.imports === undefined ? {} : { imports: all ? demo.imports : declare.imports }),
  }
  const path = join(folder, file)
  writeFileSync(path, stringify(state))
  return path
}

/** The generated workspace itself: read it, never write it. Without a desired state of the bench. */
export async function generated(context: BenchContext, rows: number, mess: MessLevel): Promise<string> {
  const folder = join(context.folder, `generated-${mess}-${rows}`)
  if (existsSync(folder)) return folder
  context.say(`generating ${rows.toLocaleString('en-US')} rows (mess ${mess}, seed ${context.seed})`)
  await generateWorkspace({ into: folder, rows, seed: context.seed, mess })
  return folder
}

/** A copy of the generated main database alone, in a folder of its own. */
export async function copied(context: BenchContext, name: string, rows: number, mess: MessLevel): Promise<string> {
  const from = await generated(context, rows, mess)
  const folder = join(context.folder, name)
  mkdirSync(join(folder, 'data'), { recursive: true })
  cpSync(join(from, databasePaths.main), join(folder, databasePaths.main))
  return folder
}

/**
 * A workspace at rest: the leads table as declared and in standard form, with a journal of how it came to be so. What no
 * rule can mend (e-mail addresses that two leads have, unknown statuses) is as it was generated.
 */
export async function atRest(context: BenchContext, rows: number, mess: MessLevel): Promise<string> {
  const folder = join(context.folder, `at-rest-${mess}-${rows}`)
  if (existsSync(folder)) return folder
  await copied(context, `at-rest-${mess}-${rows}`, rows, mess)
  writeState(folder, 'desired-state.yaml')
  context.say(`bringing ${rows.toLocaleString('en-US')} rows (mess ${mess}) to rest with \`trueup apply\``)
  await applyToTheEnd(folder)
  return folder
}

const appliedSchema = z.object({ run: z.object({ executed: z.array(z.unknown()) }) })
const appliesMax = 8

/** Applies until there is nothing left to carry out: one run does not always see what its own repairs have made possible. */
export async function applyToTheEnd(folder: string): Promise<void> {
  for (let left = appliesMax; left > 0; left -= 1) {
    const { stdout } = await runTrueup(['apply', '--json'], { folder, allowed: [0, 2] })
    if (appliedSchema.parse(JSON.parse(stdout)).run.executed.length === 0) return
  }
  throw new Error(`${appliesMax} runs of \`trueup apply\` did not bring ${folder} to rest`)
}

/** A copy of a workspace at rest, to be written to. No process has it open. */
export async function atRestCopy(context: BenchContext, name: string, rows: number, mess: MessLevel): Promise<string> {
  const folder = join(context.folder, name)
  cpSync(await atRest(context, rows, mess), folder, { recursive: true })
  return folder
}
