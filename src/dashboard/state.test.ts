/** What the dashboard works out by itself: filters, the window of rows, the tree of resources, runs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column } from './app/api/records.ts'
import type { ResourceRow } from './app/api/shapes.ts'
import { isPagePath } from './app/pages.ts'
import { conditionsOf, conditionText, filterOf } from './app/state/lead-filter.ts'
import { createRowWindow, pageSize, type Start } from './app/state/row-window.ts'
import { rowHeightPx, scaleOf } from './app/state/scroll-scale.ts'
import { rulingOf, treeOf } from './app/state/tree.ts'
import { ago, bytes, span } from './app/ui/text.ts'

function column(name: string, is: Column['is'], choices: readonly string[] = []): Column {
  return { name, is, choices, editable: true, sortable: true, filter: 'SomeFilter' }
}

describe('a filter in the address', () => {
  const columns = [column('company', 'text'), column('verified', 'boolean'), column('age', 'number')]

  it('is what was written there, whatever a value holds', () => {
    const condition = { field: 'company', operator: 'contains', value: 'a:b & c' }
    expect(conditionsOf([conditionText(condition)], columns)).toEqual([condition])
  })

  it('leaves out what names no column or no comparison', () => {
    expect(conditionsOf(['nothing:eq:1', 'company:drop:1', 'company', ''], columns)).toEqual([])
  })

  it('gives values the type of their column', () => {
    const conditions = conditionsOf(['verified:eq:true', 'age:gte:7', 'company:empty:', 'company:eq:7'], columns)
    expect(filterOf(conditions, columns)).toEqual({
      and: [{ verified: { eq: true } }, { age: { gte: 7 } }, { company: { isNull: true } }, { company: { eq: '7' } }],
    })
    expect(filterOf([], columns)).toBeUndefined()
  })
})

describe('the window of rows', () => {
  function listOf(total: number) {
    const asked: Start[] = []
    const rows = createRowWindow<number>(
      async (start) => {
        asked.push(start)
        const first = 'skip' in start ? start.skip : Number(start.after) + 1
        const nodes = Array.from({ length: Math.max(0, Math.min(pageSize, total - first)) }, (_, at) => first + at)
        const last = nodes.at(-1) ?? -1
        return { nodes, totalCount: total, pageInfo: { hasNextPage: last < total - 1, endCursor: `${last}` } }
      },
      () => undefined,
    )
    return { rows, asked }
  }

  it('asks for what is seen, once, and for what comes next on the way', async () => {
    const { rows, asked } = listOf(1_000_000)
    await rows.show(0, 40)
    await rows.show(5, 45)
    expect([rows.at(44), rows.total()]).toEqual([44, 1_000_000])
    expect(asked).toEqual([{ skip: 0 }, { after: '99' }])
  })

  it('jumps to any place, goes on from there by cursors, and keeps few pages', async () => {
    const { rows, asked } = listOf(1_000_000)
    await rows.show(0, 40)
    await rows.show(777_710, 777_750)
    expect([rows.at(777_710), asked.at(-2), asked.at(-1)]).toEqual([777_710, { skip: 777_700 }, { after: '777799' }])
    for (let first = 777_750; first < 780_000; first += 50) await rows.show(first, first + 40)
    expect([rows.at(779_980), rows.at(0)]).toEqual([779_980, undefined])
    expect(asked.filter((start) => 'skip' in start)).toHaveLength(2)
    await rows.show(0, 40)
    expect(rows.at(0)).toBe(0)
  })

  it('does not ask for what was only passed by', async () => {
    const { rows, asked } = listOf(1_000_000)
    await Promise.all([rows.show(0, 300), rows.show(500_000, 500_040)])
    expect(asked).toEqual([{ skip: 0 }, { skip: 500_000 }])
  })

  it('ends with the list', async () => {
    const { rows } = listOf(130)
    await rows.show(0, 130)
    await rows.show(100, 300)
    expect([rows.total(), rows.at(129), rows.at(130)]).toEqual([130, 129, undefined])
  })

  it('says what went wrong and tries again when asked', async () => {
    let fails = true
    const rows = createRowWindow<number>(
      async () => {
        if (fails) throw new Error('down')
        return { nodes: [7], totalCount: 1, pageInfo: { hasNextPage: false, endCursor: null } }
      },
      () => undefined,
    )
    await expect(rows.show(0, 10)).rejects.toThrow('down')
    fails = false
    await rows.refresh()
    expect(rows.at(0)).toBe(7)
  })
})

describe('how far a list is scrolled', () => {
  it('is what it is where the browser can draw it', () => {
    const scale = scaleOf(1000, 600)
    expect([scale.heightPx, scale.firstAt(720), scale.topOf(20, 720), scale.scrollTo(20)]).toEqual([
      36_000, 20, 720, 720,
    ])
  })

  it('reaches every row of a list that no browser can draw, and draws what is seen where it is looked at', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (rows, share) => {
        const view = 600
        const scale = scaleOf(rows, view)
        expect(scale.heightPx).toBeLessThan(16_000_000)
        const scrolled = Math.max(0, scale.heightPx - view) * share
        const first = scale.firstAt(scrolled)
        const top = scale.topOf(first, scrolled)
        expect(top).toBeLessThanOrEqual(scrolled + 0.01)
        expect(top).toBeGreaterThan(scrolled - rowHeightPx - 0.01)
        const end = scale.heightPx - view
        if (end > 0) expect(scale.firstAt(end) + Math.ceil(view / rowHeightPx)).toBeGreaterThanOrEqual(rows - 1)
      }),
    )
  })
})

describe('resources as a tree', () => {
  function row(key: string, ...dependsOn: string[]): ResourceRow {
    const [kind = '', name = ''] = key.split('/')
    const keys = dependsOn.map((one) => ({ kind: one.split('/')[0] ?? '', name: one.split('/')[1] ?? '' }))
    return {
      id: key,
      kind,
      name,
      status: 'CONVERGED',
      summary: '',
      observation: null,
      generation: 1,
      lookedAt: null,
      fullLookAt: null,
      dependsOn: keys,
      error: null,
      conditions: [],
      drift: [],
      actions: [],
    }
  }
  const shape = (rows: readonly ResourceRow[]): unknown => {
    const named = (nodes: ReturnType<typeof treeOf>): unknown =>
      nodes.map(({ resource, children }) => (children.length === 0 ? resource.id : [resource.id, named(children)]))
    return named(treeOf(rows))
  }

  it('hangs each below the most particular thing that it depends on', () => {
    const rows = [
      row('quality/leads', 'table/leads', 'database/main'),
      row('database/main'),
      row('table/leads', 'database/main'),
      row('service/scraper', 'database/main'),
    ]
    expect(shape(rows)).toEqual([['database/main', [['table/leads', ['quality/leads']], 'service/scraper']]])
  })

  it('shows everything, also what depends on itself or on what is not declared', () => {
    expect(shape([row('a/1', 'b/2'), row('b/2', 'a/1'), row('c/3', 'gone/4')])).toBeDefined()
    const all = JSON.stringify(shape([row('a/1', 'b/2'), row('b/2', 'a/1'), row('c/3', 'gone/4')]))
    for (const key of ['a/1', 'b/2', 'c/3']) expect(all).toContain(key)
  })

  it('tells the condition that rules, and none where all is well', () => {
    const conditions = [
      { type: 'Ready', status: 'false' },
      { type: 'Waiting', status: 'true' },
      { type: 'Suspended', status: 'true' },
      { type: 'Stalled', status: 'false' },
    ]
    expect(rulingOf(conditions).map(({ type }) => type)).toEqual(['Suspended', 'Waiting', 'Ready'])
    expect(rulingOf([{ type: 'Ready', status: 'true' }])).toEqual([])
  })
})

describe('words', () => {
  it('tell an age as a person would', () => {
    expect([span(40_000), span(300_000), span(7_200_000), span(300_000_000)]).toEqual([
      '40 s',
      '5 min',
      '2 h',
      '3 days',
    ])
    expect(ago('2026-11-26T10:00:00.000Z', Date.UTC(2026, 10, 26, 10, 0, 40))).toBe('40 s ago')
    expect(ago('2026-11-26T10:00:00.000Z', Date.UTC(2026, 10, 26, 9, 0, 0))).toBe('in 60 min')
    expect(ago(null, 0)).toBe('never')
  })

  it('tell a size', () => {
    expect([bytes(512), bytes(1_282_000), bytes(23_000_000)]).toEqual(['512 B', '1282 kB', '23 MB'])
  })
})

describe('addresses', () => {
  it('of the page are its views and what is below them', () => {
    expect(['/', '/queue', '/leads/x', '/actions/a1'].map(isPagePath)).toEqual([true, true, true, true])
    expect(['/graphql/none', '/metrics', '/nonsense', '/app/x.js'].map(isPagePath)).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})
