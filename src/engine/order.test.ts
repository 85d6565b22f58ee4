import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderResources } from './order.ts'
import { keyText, type ResourceKey } from './resource.ts'

const key = (name: string): ResourceKey => ({ kind: 'table', name })
const resource = (name: string, ...on: string[]) => ({ key: key(name), dependsOn: on.map(key) })
const names = (keys: readonly ResourceKey[]) => keys.map(({ name }) => name).join(' ')

/** Up to 12 resources with dependencies in any direction, to themselves and to what is not declared. */
const anyGraph = fc
  .uniqueArray(fc.constantFrom(...'abcdefghijkl'), { maxLength: 12 })
  .chain((all) =>
    fc.tuple(
      ...all.map((name) =>
        fc.array(fc.constantFrom(...'abcdefghijklm'), { maxLength: 2 }).map((on) => resource(name, ...on)),
      ),
    ),
  )

describe('the order of resources', () => {
  it('puts dependencies first and leaves the rest as declared', () => {
    const order = orderResources([
      resource('sync', 'leads'),
      resource('backup'),
      resource('leads', 'main'),
      resource('main'),
    ])
    expect(order).toMatchObject({ is: 'ordered', unknown: [] })
    expect(order.is === 'ordered' && names(order.keys)).toBe('backup main leads sync')
  })

  it('names the whole cycle, and only the cycle', () => {
    const order = orderResources([
      resource('x', 'a'),
      resource('a', 'b'),
      resource('b', 'c'),
      resource('c', 'a'),
      resource('y'),
    ])
    expect(order.is === 'cycle' && names(order.path)).toBe('a b c a')
    const own = orderResources([resource('a', 'a')])
    expect(own.is === 'cycle' && names(own.path)).toBe('a a')
  })

  it('reports what is not declared and orders all the same', () => {
    expect(orderResources([resource('leads', 'gone'), resource('main')])).toEqual({
      is: 'ordered',
      keys: [key('leads'), key('main')],
      unknown: [{ key: key('leads'), dependsOn: key('gone') }],
    })
  })

  it('refuses a key that is declared twice', () => {
    expect(() => orderResources([resource('a'), resource('a')])).toThrow('declared once')
  })

  it('orders a chain of ten thousand', () => {
    const chain = Array.from({ length: 10_000 }, (_, at) => resource(`t${at}`, ...(at < 9999 ? [`t${at + 1}`] : [])))
    const order = orderResources(chain)
    expect(order.is === 'ordered' && order.keys[0]?.name).toBe('t9999')
  })

  it('keeps every dependency and every resource, or shows a true cycle', () => {
    fc.assert(
      fc.property(anyGraph, (declared) => {
        const order = orderResources(declared)
        const dependsOn = new Map(declared.map((one) => [keyText(one.key), one.dependsOn.map(keyText)]))
        if (order.is === 'cycle') {
          const path = order.path.map(keyText)
          expect(path.length).toBeGreaterThan(1)
          expect(path.at(-1)).toBe(path[0])
          for (const [index, text] of path.slice(0, -1).entries())
            expect(dependsOn.get(text)).toContain(path[index + 1])
          return
        }
        const places = new Map(order.keys.map((one, index) => [keyText(one), index]))
        expect(places.size).toBe(declared.length)
        for (const [text, on] of dependsOn) {
          for (const dependency of on) {
            const place = places.get(dependency)
            if (place !== undefined) expect(place).toBeLessThan(places.get(text) ?? -1)
          }
        }
        expect(order.unknown.length).toBe([...dependsOn.values()].flat().filter((on) => !dependsOn.has(on)).length)
      }),
      { numRuns: 1000 },
    )
  })

  it('changes nothing where the declaration is in order already', () => {
    fc.assert(
      fc.property(anyGraph, (declared) => {
        const order = orderResources(declared)
        if (order.is === 'cycle') return
        const byText = new Map(declared.map((one) => [keyText(one.key), one]))
        const sorted = order.keys.flatMap((one) => byText.get(keyText(one)) ?? [])
        expect(orderResources(sorted)).toMatchObject({ keys: order.keys })
      }),
    )
  })
})
