import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../json.ts'
import type { ActionDraft } from './action.ts'
import type { DriftDraft } from './drift.ts'
import { type ActionsInput, contentIdOf, diffPlans, driftsOf, makeActions, planIdOf } from './planner.ts'

const leads = { kind: 'table', name: 'leads' }
const nowMs = Date.UTC(2026, 10, 23)

const draft = (over: Partial<ActionDraft> = {}): ActionDraft => ({
  verb: 'standardize',
  input: { field: 'email', rows: [1, 2, 3] },
  summary: 'standardize 3 values of email',
  risk: 'low',
  findings: [],
  precondition: 'evidence-1',
  affected: { count: 3, sample: ['a', 'b', 'c'] },
  population: 100,
  preview: [{ key: 'a', field: 'email', before: 'A@B.C', after: 'a@b.c' }],
  reversible: 'exact',
  recovery: 'transactional',
  cost: { bucket: 'sqlite:main', tokens: 1 },
  resolves: ['fields.email.format'],
  order: 0,
  ...over,
})

const difference = (path: string): DriftDraft => ({
  path,
  severity: 'low',
  category: 'data',
  desired: 'canonical',
  observed: { not: 3 },
  affected: { count: 3, sample: ['a'] },
  message: '3 of 100 values are not canonical',
})

const plan = (drafts: readonly ActionDraft[], over: Partial<ActionsInput> = {}) =>
  makeActions({ resource: leads, drafts, cause: [], specHash: 'spec-1', nowMs, ...over })

const [first] = plan([draft()])
const idOf = (over: Partial<ActionDraft>, input: Partial<ActionsInput> = {}) => plan([draft(over)], input)[0]?.id

function* objectsIn(value: JsonValue | object | undefined): Generator<object> {
  if (typeof value !== 'object' || value === null) return
  yield value
  for (const part of Object.values(value)) yield* objectsIn(part)
}

describe('an action', () => {
  it('has the same id for the same content, whenever and however often it is planned', () => {
    expect(first?.id).toMatch(/^[0-9a-f]{12}$/)
    const again = draft({
      input: { rows: [1, 2, 3], field: 'email' },
      summary: 'other words',
      risk: 'high',
      preview: [],
    })
    expect(plan([again], { nowMs: nowMs + 5000 })[0]?.id).toBe(first?.id)
    expect(first && contentIdOf(first)).toBe(first?.id)
  })

  it('has another id for another resource, verb, input, evidence or spec', () => {
    const ids = [
      first?.id,
      idOf({ verb: 'fill' }),
      idOf({ input: { field: 'email', rows: [1, 2] } }),
      idOf({ precondition: 'evidence-2' }),
      idOf({}, { specHash: 'spec-2' }),
      idOf({}, { resource: { kind: 'table', name: 'people' } }),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('has an id of its own when the same repair is needed once more', () => {
    const seen: string[] = []
    const ids = [0, 1, 2].map((occurrence) =>
      idOf(
        {},
        {
          occurrenceOf: (contentId) => {
            seen.push(contentId)
            return occurrence
          },
        },
      ),
    )
    expect(new Set(ids).size).toBe(3)
    expect(ids[0]).toBe(first?.id)
    expect(new Set(seen)).toEqual(new Set([first?.id]))
  })

  it('is frozen through and through, and is a copy', () => {
    const rows = [1, 2]
    const mine = draft({ input: { field: 'email', rows, nested: { deep: [{ x: 1, none: null }] } } })
    const [action] = plan([mine])
    rows.push(3)
    expect(action?.input.rows).toEqual([1, 2])
    const objects = [...objectsIn(action)]
    expect(objects.length).toBeGreaterThan(10)
    expect(objects.filter((one) => !Object.isFrozen(one))).toEqual([])
    expect(Object.isFrozen(mine.input)).toBe(false)
  })

  it('keeps the moment it was first planned', () => {
    const later = plan([draft(), draft({ verb: 'fill' })], { nowMs: nowMs + 5000, known: plan([draft()]) })
    expect(later.map(({ plannedAtMs }) => plannedAtMs - nowMs)).toEqual([0, 5000])
  })

  it('takes its cause from the drift it resolves, or from the person who asked', () => {
    const drift = driftsOf(leads, [difference('fields.email.format'), difference('mode.file')], new Set(['mode.file']))
    const drafts = [draft(), draft({ verb: 'chmod', resolves: ['mode.file'] }), draft({ verb: 'look', resolves: [] })]
    expect(plan(drafts, { cause: drift }).map(({ cause }) => cause)).toEqual(['desired-changed', 'drift', 'drift'])
    expect(plan([draft()], { cause: 'undo', requestedBy: 'local:ann', undoes: 'abc' })[0]).toMatchObject({
      cause: 'undo',
      requestedBy: 'local:ann',
      undoes: 'abc',
    })
    expect(plan([draft()], { cause: 'request', requestedBy: 'local:ann' })[0]).toMatchObject({
      cause: 'request',
      requestedBy: 'local:ann',
    })
  })

  it('is not planned twice in one plan', () => {
    expect(() => plan([draft(), draft({ summary: 'other words' })])).toThrow('same content')
  })

  it('never shares an id between different contents, nor has two for one', () => {
    const content = fc.record({
      verb: fc.constantFrom('a', 'b'),
      input: fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(fc.nat(2), fc.boolean(), fc.constantFrom('1', ''))),
      precondition: fc.constantFrom('p', 'q'),
    })
    const same = (one: { input: JsonObject }) => JSON.stringify(Object.entries(one.input).sort())
    fc.assert(
      fc.property(content, content, (a, b) => {
        const isSame = a.verb === b.verb && a.precondition === b.precondition && same(a) === same(b)
        expect(idOf(a) === idOf(b)).toBe(isSame)
      }),
    )
  })
})

describe('drift', () => {
  it('keeps its id from look to look and knows whether the declaration or the world has changed', () => {
    const [a, b] = driftsOf(leads, [difference('x'), difference('y')], new Set(['y']))
    const [again] = driftsOf(leads, [{ ...difference('x'), observed: 'something else' }], new Set())
    expect(again?.id).toBe(a?.id)
    expect([a?.cause, b?.cause]).toEqual(['desired-changed', 'drift'])
    expect(a?.id).not.toBe(b?.id)
    expect([...objectsIn(a)].every((one) => Object.isFrozen(one))).toBe(true)
  })

  it('is named once for each path', () => {
    expect(() => driftsOf(leads, [difference('x'), difference('x')], new Set())).toThrow('same path')
  })
})

describe('a plan', () => {
  it('has an id of generation and actions, in whatever order', () => {
    const actions = plan([draft(), draft({ verb: 'fill' })])
    expect(planIdOf(actions, 1)).toBe(planIdOf([...actions].reverse(), 1))
    expect(planIdOf(actions, 1)).not.toBe(planIdOf(actions, 2))
    expect(planIdOf(actions, 1)).not.toBe(planIdOf(actions.slice(1), 1))
    expect(planIdOf(actions.slice(0, 1), 1)).not.toBe(planIdOf(actions.slice(1), 1))
  })

  it('tells for each vanished action what stands in its stead, and why', () => {
    const before = plan([
      draft(),
      draft({ verb: 'fill', resolves: ['fields.company.empty'], summary: 'fill 2 companies' }),
      draft({ verb: 'index' }),
    ])
    const after = plan([
      draft({
        precondition: 'evidence-2',
        input: { field: 'email', rows: [1, 2] },
        summary: 'standardize 2 values of email',
      }),
      draft({ precondition: 'evidence-2', summary: 'standardize 3 other values of email' }),
      draft({ verb: 'index' }),
    ])
    const change = diffPlans(before, after)
    expect(change.kept.map(({ verb }) => verb)).toEqual(['index'])
    expect(change.appeared.length).toBe(2)
    expect(
      change.vanished.map(({ nearest, changed, message }) => ({ nearest: nearest?.summary, changed, message })),
    ).toEqual([
      {
        nearest: 'standardize 3 other values of email',
        changed: ['evidence'],
        message:
          'the records it was planned on have changed; instead of “standardize 3 values of email” now “standardize 3 other values of email”',
      },
      { nearest: undefined, changed: [], message: 'no longer needed: fill 2 companies' },
    ])
  })

  it('knows a repair that is needed again', () => {
    const change = diffPlans(plan([draft()]), plan([draft()], { occurrenceOf: () => 1 }))
    expect(change.vanished[0]?.changed).toEqual(['recurrence'])
    expect(change.vanished[0]?.message).toMatch(/^it was carried out and is needed again; instead of/)
  })

  it('names all in which an action differs from the one it stands in for', () => {
    const [vanished] = diffPlans(
      plan([draft()]),
      plan([draft({ precondition: 'evidence-2', input: { field: 'email', rows: [4] } })], { specHash: 'spec-2' }),
    ).vanished
    expect(vanished?.changed).toEqual(['evidence', 'declaration', 'input'])
    expect(vanished?.message).toMatch(
      /^the records it was planned on have changed, the desired state has changed, other values would be written; instead of/,
    )
  })

  it('lets an action stand in for another one of the same resource, verb and drift alone, in whatever order that is named', () => {
    const before = plan([draft({ resolves: ['a', 'b'] })])
    const inStead = (over: Partial<ActionDraft>, input: Partial<ActionsInput> = {}) =>
      diffPlans(before, plan([draft({ resolves: ['a', 'b'], precondition: 'evidence-2', ...over })], input)).vanished[0]
        ?.nearest !== undefined
    expect(inStead({})).toBe(true)
    expect(inStead({ resolves: ['b', 'a'] })).toBe(true)
    expect(inStead({ resolves: ['a'] })).toBe(false)
    expect(inStead({ verb: 'fill' })).toBe(false)
    expect(inStead({}, { resource: { kind: 'table', name: 'people' } })).toBe(false)
    // An order of names that is another one on the earlier side is the same drift, too.
    const [turned] = plan([draft({ resolves: ['b', 'a'] })])
    const after = plan([draft({ resolves: ['a', 'b'], precondition: 'evidence-2' })])
    expect(turned && diffPlans([turned], after).vanished[0]?.nearest).toBe(after[0])
  })

  it('differs in nothing from itself', () => {
    const actions = plan([draft(), draft({ verb: 'fill' })])
    expect(diffPlans(actions, plan([draft(), draft({ verb: 'fill' })], { nowMs: 0 }))).toMatchObject({
      appeared: [],
      vanished: [],
    })
  })
})
