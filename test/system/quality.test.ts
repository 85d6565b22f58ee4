/** Quality on a whole workspace: the faults that the generator planted are found, and every way to ask gives the same answer. */
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/clock.ts'
import { openLog } from '../../src/log.ts'
import { systemRandom } from '../../src/random.ts'
import { openLocalApi } from '../../src/workspace/local-api.ts'
import { openWorkspace } from '../../src/workspace/open.ts'
import { trueup, trueupJson } from '../support/cli.ts'
import { eventually, startRun } from '../support/controller.ts'
import { generateWorkspaces, type Workspace, type Workspaces } from '../support/workspace.ts'

let workspaces: Workspaces
/** Applied once. */
let settled: Workspace
beforeAll(async () => {
  workspaces = await generateWorkspaces({ rows: 600, seed: 5 })
  settled = workspaces.fresh()
  await trueup(['apply'], { in: settled.folder })
}, 180_000)
afterAll(() => workspaces.remove())

const answerSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      rows: z.number(),
      score: z.number(),
      fields: z.array(z.object({ field: z.string(), score: z.number() })),
      issues: z.array(
        z.object({ id: z.string(), severity: z.string(), affected: z.number(), sample: z.array(z.string()) }).loose(),
      ),
      trend: z.array(z.object({ score: z.number() }).loose()),
    }),
  ),
})
const leadSchema = z.object({
  score: z.number(),
  issues: z.array(z.object({ check: z.string(), reason: z.string() }).loose()),
})

describe('the quality of the sample leads', () => {
  test('names the planted faults with their numbers', async () => {
    const { status, document } = await trueupJson(['quality', 'leads'], answerSchema, { in: settled.folder })
    expect(status).toBe(0)
    const [report] = document.items
    const found = new Map(report?.issues.map(({ id, affected }) => [id, affected]))
    const count = (where: string) => settled.rows(`SELECT count(*) AS n FROM leads WHERE ${where}`)[0]?.n
    expect(found.get('ai_message.forbids')).toBe(count("ai_message LIKE '%{{%' OR ai_message LIKE '%lorem ipsum%'"))
    expect(found.get('ai_message.length')).toBe(count('length(trim(ai_message)) BETWEEN 1 AND 79'))
    expect(found.get('date_messaged.future') ?? 0).toBe(
      count("date_messaged > date('now', '+1 day') AND date_messaged LIKE '20__-__-__'"),
    )
    expect(found.get('implies.engagement_status.date_messaged')).toBe(
      count("engagement_status IN ('contacted', 'responded') AND coalesce(date_messaged, '') = ''"),
    )
    expect(report?.rows).toBe(count('1'))
    expect(report?.score).toBeLessThan(100)
  })

  test('of one record gives the reasons; its mending is seen at once', async () => {
    const { document } = await trueupJson(['quality', 'leads'], answerSchema, { in: settled.folder })
    const key = document.items[0]?.issues.find(({ id }) => id === 'ai_message.forbids')?.sample[0] ?? ''
    const before = await trueupJson(['quality', 'leads', '--lead', key], leadSchema, { in: settled.folder })
    expect(before.document.issues).toContainEqual(
      expect.objectContaining({ check: 'ai_message.forbids', reason: 'holds "{{"' }),
    )
    const message = settled.rows('SELECT company FROM leads WHERE id = ?', key)[0]?.company
    const text = `Hi, I saw how ${message} grew this year and thought that we should talk. Would next week suit you for a call?`
    const updated = await trueup(['leads', 'update', key, JSON.stringify({ ai_message: text })], { in: settled.folder })
    expect(updated.status).toBe(0)
    const after = await trueupJson(['quality', 'leads', '--lead', key], leadSchema, { in: settled.folder })
    expect(after.document.score).toBeGreaterThan(before.document.score)
  })

  test('is the same by GraphQL of a controller, by the command beside it, and by the command alone', async () => {
    const workspace = workspaces.copyOf(settled)
    const alone = await trueupJson(['quality', 'leads'], answerSchema, { in: workspace.folder })
    const controller = await startRun(workspace.folder)
    try {
      // The controller mends more than one `apply`; what is equal is what both tell of the same rows.
      await eventually(
        () => controller.query('{ resources(kind: "quality") { nodes: summary } }'),
        (data) => JSON.stringify(data).includes('score'),
      )
      const query = '{ quality(table: "leads") { rows score fields { field score } issues { id affected } } }'
      const beside = await trueupJson(['quality', 'leads'], answerSchema, { in: workspace.folder })
      const { quality } = z
        .object({
          quality: z.array(
            z.object({
              rows: z.number(),
              score: z.number(),
              fields: z.array(z.object({ field: z.string(), score: z.number() })),
              issues: z.array(z.object({ id: z.string(), affected: z.number() })),
            }),
          ),
        })
        .parse(await controller.query(query))
      const plain = ({ rows, score, fields, issues }: z.output<typeof answerSchema>['items'][number]) => ({
        rows,
        score,
        fields,
        issues: issues.map(({ id, affected }) => ({ id, affected })),
      })
      const [told] = beside.document.items
      const [toldAlone] = alone.document.items
      expect(told && plain(told)).toEqual(quality[0])
      expect(toldAlone?.issues.map(({ id }) => id).sort()).toEqual(told?.issues.map(({ id }) => id).sort())
      expect(told?.trend.length).toBeGreaterThan(0)
    } finally {
      await controller.stop()
    }
  })

  test('is in plan, health and why, and nothing is written for it', async () => {
    const health = await trueup(['health', 'quality/leads'], { in: settled.folder })
    expect(health.stdout).toMatch(/score: [\d.]+ of 100 over/)
    const plan = await trueup(['plan', 'quality/leads'], { in: settled.folder })
    expect(plan.stdout).toMatch(/rows: ai_message has an unfilled placeholder/)
    expect((await trueup(['why', 'quality/leads'], { in: settled.folder })).stdout).toContain('quality/leads')
    const validate = await trueup(['validate'], { in: settled.folder })
    expect(validate.stdout).not.toMatch(/quality.*not managed/)
  })
})

describe('a page of leads with nested data', () => {
  test('makes as many SQL statements for 200 records as for 2', async () => {
    const workspace = await openWorkspace({
      stateFile: settled.path('desired-state.yaml'),
      purpose: 'act',
      environment: {},
      clock: systemClock,
      random: systemRandom,
      log: openLog('silent'),
    })
    const api = openLocalApi(workspace, { clock: systemClock, random: systemRandom, subject: 'test' })
    const run = async (first: number): Promise<{ statements: number; records: number }> => {
      const counter = countStatements()
      try {
        const answer = await api.request(
          `query ($first: Int) { leads(first: $first) { totalCount nodes { recordKey full_name rowVersion dataQuality { score issues { check } } } } }`,
          { first },
        )
        expect(answer.errors).toBeUndefined()
        const { leads } = z
          .object({ leads: z.object({ nodes: z.array(z.object({ dataQuality: z.object({}) })) }) })
          .parse(answer.data)
        return { statements: counter.count(), records: leads.nodes.length }
      } finally {
        counter.stop()
      }
    }
    try {
      await run(2)
      const few = await run(2)
      const many = await run(200)
      expect([few.records, many.records]).toEqual([2, 200])
      expect(many.statements).toBe(few.statements)
      expect(few.statements).toBeGreaterThan(2)
    } finally {
      await api.close()
      await workspace.close()
    }
  })
})

/** Counts every statement that any connection of this process carries out. */
function countStatements(): { count(): number; stop(): void } {
  const db = new Database(':memory:')
  const prototype = Object.getPrototypeOf(db.prepare('SELECT 1'))
  db.close()
  const spies = (['all', 'get', 'run', 'iterate'] as const).map((method) => vi.spyOn(prototype, method))
  return {
    count: () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0),
    stop: () => {
      for (const spy of spies) spy.mockRestore()
    },
  }
}
