import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { openChangeSets } from './change-sets.ts'
import type { Change, ChangeSets } from './ports.ts'

let folder: string
let sets: ChangeSets
const path = '/data/leads.db'
const target = { path, table: 'leads', keyColumn: 'id' }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trail-'))
  sets = openChangeSets({ path: join(folder, 'checkpoints.db'), clock: systemClock })
})
afterEach(() => {
  sets.close()
  rmSync(folder, { recursive: true })
})

function keep(actionId: string, changes: readonly Change[], at = target): void {
  const writer = sets.begin(actionId, at)
  for (const change of changes) writer.add(change)
  writer.finish()
}
const cell = (key: string | number, after: string): Change => ({
  is: 'cell',
  rowId: 1,
  key,
  column: 'title',
  before: null,
  after,
})

test('the changes of one record are found among those of others, newest first, of its own table and file alone', async () => {
  const others = Array.from({ length: 1500 }, (_, at) => cell(`lead-${at}`, 'x'))
  keep('first', [...others.slice(0, 700), cell('lead"7', 'one'), ...others.slice(700)])
  keep('elsewhere', [cell('lead"7', 'not mine')], { ...target, path: '/data/other.db' })
  keep('second', [
    { ...cell('lead"7', 'not mine either'), of: { table: 'notes', keyColumn: 'id' } },
    cell('lead"7', 'two'),
  ])
  const { steps, isComplete } = await sets.trail({ path, table: 'leads', key: 'lead"7' })
  expect(isComplete).toBe(true)
  expect(steps).toMatchObject([
    { actionId: 'second', changes: [{ after: 'two' }] },
    { actionId: 'first', changes: [{ after: 'one' }] },
  ])
})

test('a number is no text that looks like it within another', async () => {
  keep('numbers', [cell(7, 'seven'), cell(77, 'more')])
  const { steps } = await sets.trail({ path, table: 'leads', key: '7' })
  expect(steps).toMatchObject([{ changes: [{ after: 'seven' }] }])
})
