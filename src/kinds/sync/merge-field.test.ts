import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Base, type FieldInput, mergeField, neverSeen } from './merge-field.ts'
import { markOf, type Plain, type Reading, sameMark } from './reading.ts'
import { conflictPolicies } from './spec.ts'

const value = (plain: Plain): Reading => ({ is: 'value', value: plain })
const unfit: Reading = { is: 'unfit', reason: 'cannot be read as a date', shown: 'soon' }

function merge(over: Partial<FieldInput> & { local: Reading; remote: Reading }): ReturnType<typeof mergeField> {
  return mergeField({
    field: { direction: 'both', policy: 'most_recent' },
    base: undefined,
    same: sameMark(markOf(over.local), markOf(over.remote)),
    localAtMs: undefined,
    remoteAtMs: undefined,
    better: () => undefined,
    ...over,
  })
}

const agreed = (plain: Plain): Base => ({ local: plain, remote: plain })

describe('a cell that both sides hold', () => {
  it('goes to the side that did not change it', () => {
    expect(merge({ base: agreed('a'), local: value('b'), remote: value('a') })).toEqual({
      is: 'push',
      value: 'b',
      lost: false,
      reason: 'changed',
    })
    expect(merge({ base: agreed('a'), local: value('a'), remote: value(null) })).toEqual({
      is: 'pull',
      value: null,
      lost: false,
      reason: 'changed',
    })
  })

  it('is settled where both changed it alike', () => {
    expect(merge({ base: agreed('a'), local: value('b'), remote: value('b') })).toEqual({ is: 'settled' })
  })

  it('stays as it is where the two were left apart and nobody changed it since', () => {
    expect(merge({ base: { local: 'a', remote: 'b' }, local: value('a'), remote: value('b') })).toEqual({
      is: 'settled',
    })
  })

  it('is decided by the declared policy where both changed it differently, and the losing value is named', () => {
    const both = { base: agreed('a'), local: value('mine'), remote: value('theirs') }
    const by = (policy: (typeof conflictPolicies)[number], over: Partial<FieldInput> = {}) =>
      merge({ ...both, field: { direction: 'both', policy }, ...over })
    expect(by('local_wins')).toEqual({ is: 'push', value: 'mine', lost: true, reason: 'local_wins' })
    expect(by('airtable_wins')).toEqual({ is: 'pull', value: 'theirs', lost: true, reason: 'airtable_wins' })
    expect(by('manual')).toEqual({ is: 'conflict' })
    const mine = { is: 'push', value: 'mine', lost: true }
    const theirs = { is: 'pull', value: 'theirs', lost: true }
    const [older, newer] = [
      { localAtMs: 1, remoteAtMs: 2 },
      { localAtMs: 2, remoteAtMs: 1 },
    ]
    expect(by('most_recent', newer)).toEqual({ ...mine, reason: 'most_recent' })
    expect(by('most_recent', older)).toEqual({ ...theirs, reason: 'most_recent' })
    expect(by('highest_quality', { ...older, better: () => 'local' })).toEqual({ ...mine, reason: 'highest_quality' })
    expect(by('highest_quality', { ...newer, better: () => 'remote' })).toEqual({
      ...theirs,
      reason: 'highest_quality',
    })
    // On a draw the newer one.
    expect(by('highest_quality', newer)).toEqual({ ...mine, reason: 'highest_quality' })
  })

  it('is decided by the policy where the two meet with different values, or one was emptied and the other changed', () => {
    const field = { direction: 'both' as const, policy: 'local_wins' as const }
    const won = { is: 'push', lost: true, reason: 'local_wins' }
    expect(merge({ field, local: value('mine'), remote: value('theirs') })).toEqual({ ...won, value: 'mine' })
    expect(merge({ field, base: agreed('a'), local: value('b'), remote: value(null) })).toEqual({ ...won, value: 'b' })
    expect(merge({ field, base: agreed('a'), local: value(null), remote: value('b') })).toEqual({ ...won, value: null })
  })

  it('goes to Airtable’s edit where nobody knows which was last, since a person made it', () => {
    const both = { base: agreed('a'), local: value('mine'), remote: value('theirs') }
    expect(merge(both)).toMatchObject({ is: 'pull' })
    for (const times of [{ localAtMs: 1, remoteAtMs: 1 }, { localAtMs: 1 }, { remoteAtMs: 1 }])
      expect(merge({ ...both, ...times })).toMatchObject({ is: 'pull' })
  })

  it('fills what one side lacks when the two meet for the first time', () => {
    const filled = { value: 'a', lost: false, reason: 'filled' }
    expect(merge({ local: value('a'), remote: value(null) })).toEqual({ is: 'push', ...filled })
    expect(merge({ local: value(null), remote: value('a') })).toEqual({ is: 'pull', ...filled })
    // Whatever the policy says.
    for (const policy of conflictPolicies) {
      const field = { direction: 'both' as const, policy }
      expect(merge({ field, local: value('a'), remote: value(null) })).toEqual({ is: 'push', ...filled })
      expect(merge({ field, local: value(null), remote: value('a') })).toEqual({ is: 'pull', ...filled })
    }
  })

  it('is never taken over in a form that the other side cannot hold', () => {
    expect(merge({ base: agreed('2024-01-01'), local: unfit, remote: value('2024-01-01') })).toEqual({
      is: 'unfit',
      side: 'local',
      reason: 'cannot be read as a date',
      shown: 'soon',
    })
    // Nor is it nothing: it is not filled from the other side.
    expect(
      merge({ field: { direction: 'both', policy: 'local_wins' }, local: unfit, remote: value('a') }),
    ).toMatchObject({
      is: 'unfit',
      side: 'local',
    })
    expect(merge({ base: agreed('2024-01-01'), local: value('2024-01-01'), remote: unfit })).toMatchObject({
      is: 'unfit',
      side: 'remote',
    })
  })

  it('of a field that only pushes overrules an edit in Airtable, but wipes nothing out before the two have agreed', () => {
    const field = { direction: 'push' as const, policy: 'manual' as const }
    expect(merge({ field, base: agreed('a'), local: value('a'), remote: value('theirs') })).toEqual({
      is: 'push',
      value: 'a',
      lost: true,
      reason: 'restored',
    })
    expect(merge({ field, local: value(null), remote: value('theirs') })).toEqual({ is: 'settled' })
    const pushed = { is: 'push', value: 'mine' }
    const cases = [
      [{ remote: value('theirs') }, { lost: true, reason: 'filled' }],
      [{ remote: value(null) }, { lost: false, reason: 'filled' }],
      [
        { base: agreed('a'), remote: value('theirs') },
        { lost: true, reason: 'changed' },
      ],
      [
        { base: agreed('a'), remote: value('a') },
        { lost: false, reason: 'changed' },
      ],
      [
        { base: agreed('a'), remote: value(null) },
        { lost: true, reason: 'changed' },
      ],
    ] as const
    for (const [over, outcome] of cases)
      expect(merge({ field, local: value('mine'), ...over })).toEqual({ ...pushed, ...outcome })
    expect(merge({ field, base: { local: 'a', remote: 'b' }, local: value('a'), remote: value('b') })).toEqual({
      is: 'settled',
    })
  })

  it('of a field that only pulls follows Airtable', () => {
    const field = { direction: 'pull' as const, policy: 'local_wins' as const }
    const edited = { field, base: agreed('a'), local: value('mine') }
    expect(merge({ ...edited, remote: value('a') })).toEqual({ is: 'pull', value: 'a', lost: true, reason: 'restored' })
    expect(merge({ ...edited, remote: value('b') })).toEqual({ is: 'pull', value: 'b', lost: true, reason: 'changed' })
    expect(merge({ field, local: value(null), remote: value('a') })).toEqual({
      is: 'pull',
      value: 'a',
      lost: false,
      reason: 'filled',
    })
    expect(merge({ field, local: value('mine'), remote: value(null) })).toEqual({ is: 'settled' })
  })

  it('is taken from the chosen side once a choice marked the base', () => {
    const chosen = { base: { local: neverSeen, remote: 'theirs' }, local: value('mine'), remote: value('theirs') }
    expect(merge({ ...chosen, field: { direction: 'both', policy: 'manual' } })).toMatchObject({
      is: 'push',
      value: 'mine',
    })
  })
})

describe('a cell that says that somebody is not to be contacted', () => {
  const fields = (['both', 'push', 'pull'] as const).flatMap((direction) =>
    conflictPolicies.map((policy) => ({ direction, policy, doNotContact: true })),
  )
  const set = value(1)
  const clear = value(null)
  const each = (over: Omit<Parameters<typeof merge>[0], 'field'>) => fields.map((field) => merge({ ...over, field }))
  const written = () => fields.filter(({ direction }) => direction !== 'pull')

  it('is taken from Airtable whenever it is set there, whatever direction and policy are declared', () => {
    for (const base of [undefined, agreed(null), { local: 1, remote: 1 }, { local: 1, remote: null }])
      for (const one of each({ base, local: clear, remote: set }))
        expect(one).toEqual({ is: 'pull', value: 1, lost: false, reason: base?.local === 1 ? 'kept' : 'changed' })
  })

  it('goes to Airtable whenever it is set here and was never set there', () => {
    for (const base of [undefined, agreed(null)])
      for (const field of written())
        expect(merge({ base, local: set, remote: clear, field })).toEqual({
          is: 'push',
          value: 1,
          lost: false,
          reason: base === undefined ? 'filled' : 'changed',
        })
  })

  it('stays set here alone in a field that only pulls, and where the two were left apart and Airtable has not changed since', () => {
    const pulls = { direction: 'pull' as const, policy: 'manual' as const, doNotContact: true }
    for (const base of [undefined, agreed(null)])
      expect(merge({ base, local: set, remote: clear, field: pulls })).toEqual({ is: 'settled' })
    for (const one of each({ base: { local: 1, remote: null }, local: set, remote: clear }))
      expect(one).toEqual({ is: 'settled' })
    for (const field of written()) {
      const changed = { base: { local: 1, remote: null }, local: set, remote: value('?') }
      expect(merge({ ...changed, field })).toMatchObject({ is: 'push', value: 1, reason: 'changed' })
    }
  })

  it('is settled in a field that only pulls where a person allowed the contact here', () => {
    const pulls = { direction: 'pull' as const, policy: 'manual' as const, doNotContact: true }
    const allowed = { base: agreed(1), local: clear, remote: set, field: pulls }
    expect(merge({ ...allowed, isAllowed: () => true })).toEqual({ is: 'settled' })
    expect(merge({ ...allowed, isAllowed: () => false })).toMatchObject({ is: 'pull', value: 1, reason: 'kept' })
  })

  it('is a question for a person where it was cleared in Airtable, and set there again where they keep it', () => {
    for (const one of each({ base: agreed(1), local: set, remote: clear })) expect(one).toEqual({ is: 'conflict' })
    const kept = { base: { local: neverSeen, remote: null }, local: set, remote: clear }
    for (const field of written()) expect(merge({ ...kept, field })).toMatchObject({ is: 'push', value: 1 })
  })

  it('is cleared there only where a person allowed the contact, and set here anew where it is ticked after that', () => {
    const allowed = { isAllowed: () => true, local: clear, remote: set }
    for (const field of written())
      expect(merge({ ...allowed, base: agreed(1), field })).toEqual({
        is: 'push',
        value: null,
        lost: false,
        reason: 'changed',
      })
    for (const one of each({ ...allowed, base: agreed(null) })) expect(one).toMatchObject({ is: 'pull', value: 1 })
  })

  it('is never cleared by what cannot be read', () => {
    for (const one of each({ base: agreed(null), local: unfit, remote: clear }))
      expect(one).toMatchObject({ is: 'unfit', side: 'local' })
    for (const one of each({ base: agreed(null), local: clear, remote: unfit }))
      expect(one).toMatchObject({ is: 'unfit', side: 'remote' })
    for (const one of each({ base: agreed(null), local: clear, remote: value('?') }))
      expect(one).toEqual({ is: 'pull', value: '?', lost: false, reason: 'changed' })
  })
})

describe('whatever the values are', () => {
  const plain = fc.oneof(fc.constant(null), fc.constantFrom('a', 'b', 'c'), fc.constantFrom(1, 2))
  const reading = fc.oneof(
    plain.map((one): Reading => ({ is: 'value', value: one })),
    fc.constant(unfit),
  )
  const mark = reading.map(markOf)
  const input = fc.record({
    field: fc.record({
      direction: fc.constantFrom('both' as const, 'push' as const, 'pull' as const),
      policy: fc.constantFrom(...conflictPolicies),
    }),
    base: fc.option(fc.record({ local: mark, remote: mark }), { nil: undefined }),
    local: reading,
    remote: reading,
    localAtMs: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    remoteAtMs: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    better: fc.constantFrom(
      () => 'local' as const,
      () => 'remote' as const,
      () => undefined,
    ),
  })
  const decide = (one: Omit<FieldInput, 'same'>) =>
    mergeField({ ...one, same: one.local.is === 'value' && sameMark(markOf(one.local), markOf(one.remote)) })

  it('an edit of one side alone is never lost: it is moved, or a person is told', () => {
    fc.assert(
      fc.property(input, (one) => {
        fc.pre(one.base !== undefined && one.field.direction === 'both')
        const base = one.base ?? agreed(null)
        const localChanged = !sameMark(base.local, markOf(one.local))
        const remoteChanged = !sameMark(base.remote, markOf(one.remote))
        fc.pre(localChanged !== remoteChanged)
        const decision = decide(one)
        if (decision.is === 'settled') expect(one.local).toEqual(one.remote)
        else if (decision.is === 'unfit') expect(decision.side).toBe(localChanged ? 'local' : 'remote')
        else expect(decision.is).toBe(localChanged ? 'push' : 'pull')
      }),
    )
  })

  it('what is carried out settles: once the value is on both sides, nothing more is to do', () => {
    fc.assert(
      fc.property(input, (one) => {
        const decision = decide(one)
        fc.pre(decision.is === 'push' || decision.is === 'pull')
        if (decision.is !== 'push' && decision.is !== 'pull') return
        const both: Reading = { is: 'value', value: decision.value }
        const after = { local: decision.value, remote: decision.value }
        expect(decide({ ...one, base: after, local: both, remote: both })).toEqual({ is: 'settled' })
      }),
    )
  })

  it('a change that loses to another is always named as lost', () => {
    fc.assert(
      fc.property(input, (one) => {
        const decision = decide(one)
        if (decision.is !== 'push' && decision.is !== 'pull') return
        const loser = decision.is === 'push' ? one.remote : one.local
        const side = decision.is === 'push' ? 'remote' : 'local'
        const changed = one.base !== undefined && !sameMark(one.base[side], markOf(loser))
        if (changed) expect(decision.lost).toBe(true)
      }),
    )
  })
})
