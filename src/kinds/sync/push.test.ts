import { describe, expect, it } from 'vitest'
import { pushState } from './push.ts'
import type { MoveState } from './store/moves.ts'

const stateOf = (...states: MoveState[]) => pushState(states.map((state) => ({ state })))

describe('a push that a crash cut off', () => {
  it('was not begun where nothing was sent', () => {
    expect(stateOf()).toBe('not-applied')
    expect(stateOf('planned', 'planned')).toBe('not-applied')
  })

  it('was done where each of its records was', () => {
    expect(stateOf('done', 'done')).toBe('applied')
  })

  it.each<[string, MoveState[]]>([
    ['something may be under way', ['done', 'sent']],
    ['something is left', ['done', 'planned']],
    ['what it rested on had changed', ['void', 'void']],
    ['Airtable refused a record', ['done', 'refused']],
  ])('is gone on with where %s, so that it tells what it did', (_, states) => {
    expect(stateOf(...states)).toBe('partly')
  })
})
