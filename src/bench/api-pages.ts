/**
 * Pages of leads as people and programs ask for them, through the API of a running controller with all its protections, each
 * against the bare statement over node:http on the same file. One request after the other, so that a time is that of a request.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { databasePaths } from '../demo/generate.ts'
import { type Bench, type BenchContext, compared, median, type Pair, type Row } from './measure.ts'
import { startNode } from './processes.ts'
import { type RunningController, startController } from './product.ts'
import type { RawName } from './raw-pages.ts'
import { atRestCopy } from './sample.ts'

const rawScript = fileURLToPath(new URL('./raw-pages.js', import.meta.url))
/** Requests of each kind in a round, fewer where they are slow; the median of them is the figure of the round. */
const requestsPerRound = 60
const roundMaxMs = 3000
const pageRows = 50
const cells = `id full_name email company title phone linkedin_url company_website engagement_status verified created_at updated_at`
const pageSchema = z.object({ leads: z.looseObject({}) })

interface Question {
  readonly what: string
  readonly query: string
  readonly raw: { readonly name: RawName; readonly operands: readonly (string | number)[] }
}

export const apiPages: Bench = {
  name: 'api-pages',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'api-pages', rows, 'light')
    const file = join(folder, databasePaths.main)
    const questions = questionsOf(file)
    context.say('api-pages: the floor makes its index of words')
    const raw = await startRaw(file)
    const controller = await startController(folder)
    try {
      await controller.quiet()
      const found: Row[] = []
      for (const question of questions) found.push(await measured(context, question, rows, controller, raw))
      return found
    } finally {
      await raw.stop()
      await controller.stop()
    }
  },
}

/** What is asked depends on the data: a company that several leads have, a place in the middle. */
function questionsOf(file: string): readonly Question[] {
  const db = new Database(file, { readonly: true })
  const one = <Value>(sql: string): Value => {
    const value = db.prepare<[], Value>(sql).pluck().get()
    if (value === undefined || value === null) throw new Error(`the generated leads have nothing for: ${sql}`)
    return value
  }
  const middle = one<string>('SELECT id FROM leads ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM leads)')
  const company = one<string>(
    "SELECT company FROM leads WHERE company GLOB '[A-Z]*' GROUP BY company HAVING count(*) > 1 ORDER BY count(*), company LIMIT 1",
  )
  const word = one<string>(
    "SELECT lower(substr(full_name, 1, instr(full_name, ' ') - 1)) FROM leads WHERE instr(full_name, ' ') > 3 LIMIT 1",
  )
  db.close()
  const list = (args: string, selected: string) => `{ leads(first: ${pageRows}${args}) { ${selected} } }`
  const nodes = `nodes { ${cells} } pageInfo { hasNextPage endCursor }`
  const contains = `filter: { company: { contains: ${JSON.stringify(company)} } }`
  const limit = pageRows + 1
  const page: Question['raw'] = { name: 'page', operands: [limit] }
  return [
    { what: 'the first page', query: list('', nodes), raw: page },
    {
      what: 'a page from the middle, skipped to',
      query: list(`, filter: { id: { gt: ${JSON.stringify(middle)} } }`, nodes),
      raw: { name: 'after', operands: [middle, limit] },
    },
    {
      what: 'a filter by part of a name, few matches',
      query: list(`, ${contains}`, nodes),
      raw: { name: 'filter', operands: [`%${company}%`, limit] },
    },
    {
      what: 'the same, counted',
      query: `{ leads(${contains}) { totalCount } }`,
      raw: { name: 'count', operands: [`%${company}%`] },
    },
    {
      what: 'a search for a first name, best first',
      query: list(`, search: ${JSON.stringify(word)}`, nodes),
      raw: { name: 'search', operands: [word, limit] },
    },
    {
      what: 'a page with what the checks say of each lead (floor: without)',
      query: list('', `nodes { ${cells} dataQuality { score issues { check field severity reason } } }`),
      raw: page,
    },
    {
      what: 'a page with the history of each lead (floor: without)',
      query: list('', `nodes { ${cells} history { isComplete events { __typename } } }`),
      raw: page,
    },
  ]
}

async function measured(
  context: BenchContext,
  { what, query, raw }: Question,
  rows: number,
  controller: RunningController,
  floor: RawServer,
): Promise<Row> {
  const ask = () => controller.request(query, pageSchema, 'keep-alive')
  const askRaw = () => floor.ask(raw)
  // Statements are prepared and code is compiled by then.
  for (let at = 0; at < 5; at += 1) await Promise.all([ask(), askRaw()])
  const pairs: Pair[] = []
  for (let round = 0; round < context.rounds; round += 1) {
    context.say(`api-pages: ${what}, round ${round + 1} of ${context.rounds}`)
    pairs.push({ value: await medianMs(ask), floor: await medianMs(askRaw) })
  }
  return {
    bench: 'api-pages',
    what: `${rows.toLocaleString('en-US')} leads, ${what}`,
    ...compared('ms', pairs),
    aims: [],
    peakBytes: controller.memory.peakBytes(),
  }
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = []
  const fromMs = performance.now()
  while (taken.length < requestsPerRound && (taken.length === 0 || performance.now() - fromMs < roundMaxMs)) {
    const startMs = performance.now()
    await work()
    taken.push(performance.now() - startMs)
  }
  return median(taken)
}

interface RawServer {
  ask(question: Question['raw']): Promise<unknown>
  stop(): Promise<void>
}

async function startRaw(file: string): Promise<RawServer> {
  const { line: port, stop } = await startNode([rawScript, file])
  return {
    async ask(question) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(question) })
      return response.json()
    },
    stop,
  }
}
