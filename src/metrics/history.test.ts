import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { openOwnFile } from '../targets/sqlite/own-table.ts'
import { figure } from './catalogue.ts'
import { historyOver, type MetricHistory, metricHistorySchema, seriesMax } from './history.ts'

const openMetricHistory = (path: string) =>
  historyOver(openOwnFile(path, { schema: metricHistorySchema, synchronous: 'NORMAL' }))

import { bucketStart, levels } from './levels.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'metrics-'))
  folders.push(folder)
  return join(folder, 'own', 'metrics.db')
}

const hourMs = 3_600_000
const start = Date.UTC(2026, 0, 5)

/** Moments that grow, with a value each. */
const samples = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 7200 }), fc.integer({ min: -1000, max: 1000 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((steps) => {
    let atMs = start
    return steps.map(([seconds, value]) => {
      atMs += seconds * 1000
      return { atMs, value }
    })
  })

function noteAll(history: MetricHistory, all: readonly { atMs: number; value: number }[]) {
  for (const { atMs, value } of all) history.note(figure('approval_pending', value), atMs)
}

describe('the history of figures', () => {
  it('has at every level the aggregate of exactly the values that were noted, whatever they are', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...levels), (all, level) => {
        const history = openMetricHistory(':memory:')
        noteAll(history, all)
        const nowMs = all.at(-1)?.atMs ?? start
        const sinceMs = nowMs - level.stepMs * level.stepsKept
        const [series] = history.read({ name: 'approval_pending', sinceMs, nowMs, stepMs: level.stepMs })
        history.close()
        const spans = new Map<number, number[]>()
        for (const { atMs, value } of all) {
          const at = bucketStart(level.stepMs, atMs)
          if (at >= bucketStart(level.stepMs, sinceMs)) spans.set(at, [...(spans.get(at) ?? []), value])
        }
        expect(series?.buckets).toEqual(
          [...spans].map(([atMs, values]) => ({
            atMs,
            count: values.length,
            sum: values.reduce((sum, one) => sum + one, 0),
            min: Math.min(...values),
            max: Math.max(...values),
            last: values.at(-1),
          })),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('tells of any step no more and no less than was noted', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 90_000 }), (all, stepSeconds) => {
        const history = openMetricHistory(':memory:')
        noteAll(history, all)
        const nowMs = all.at(-1)?.atMs ?? start
        const [series] = history.read({
          name: 'approval_pending',
          sinceMs: start - hourMs,
          nowMs,
          stepMs: stepSeconds * 1000,
        })
        history.close()
        const buckets = series?.buckets ?? []
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(all.length)
        expect(buckets.reduce((sum, one) => sum + one.sum, 0)).toBe(all.reduce((sum, { value }) => sum + value, 0))
        for (const { count, sum, min, max, last } of buckets) {
          expect(sum / count).toBeGreaterThanOrEqual(min)
          expect(sum / count).toBeLessThanOrEqual(max)
          expect(last).toBeGreaterThanOrEqual(min)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('is bounded at every level, and a clock that is ten years ahead for a moment takes nothing away', () => {
    const path = newPath()
    const history = openMetricHistory(path)
    for (let step = 0; step < 700; step += 1) history.note(figure('approval_pending', step), start + step * 15_000)
    history.note(figure('approval_pending', 9), start + 10 * 365 * 24 * hourMs)
    const nowMs = start + 700 * 15_000
    history.note(figure('approval_pending', 700), nowMs)
    const kept = history.read({ name: 'approval_pending', sinceMs: nowMs - hourMs + 15_000, nowMs, stepMs: 15_000 })
    history.close()
    const db = new BetterSqlite(path, { readonly: true })
    const counts = db.prepare('SELECT level, count(*) AS n FROM steps GROUP BY level').all()
    db.close()
    expect(counts).toContainEqual({ level: 0, n: 240 })
    expect(kept[0]?.buckets.length).toBeGreaterThanOrEqual(239)
  })

  it('goes on after a restart, in a file that only its owner can read', () => {
    const path = newPath()
    const first = openMetricHistory(path)
    first.note(figure('table_rows', 5, { table: 'leads' }), start)
    first.close()
    const second = openMetricHistory(path)
    second.note(figure('table_rows', 7, { table: 'leads' }), start + 1000)
    const [series] = second.read({ name: 'table_rows', sinceMs: start - 1, nowMs: start + 2000, stepMs: 15_000 })
    second.close()
    expect(series).toMatchObject({ labels: { table: 'leads' }, buckets: [{ count: 2, min: 5, max: 7, last: 7 }] })
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('keeps figures of the catalogue that are to be kept, and a bounded number of series', () => {
    const history = openMetricHistory(':memory:')
    history.note(figure('generation', 3), start)
    expect(history.read({ name: 'generation', sinceMs: start, nowMs: start, stepMs: 0 })).toEqual([])
    const many = Array.from({ length: seriesMax + 3 }, (_, at) => figure('table_rows', at, { table: `t${at}` })).flat()
    expect(history.note(many, start)).toEqual({ leftOut: 3 })
    expect(history.read({ name: 'table_rows', sinceMs: start, nowMs: start, stepMs: 0 })).toHaveLength(seriesMax)
    history.close()
  })
})
