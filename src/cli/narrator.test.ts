import pc from 'picocolors'
import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../clock.ts'
import type { StoredEvent } from '../engine/event-store.ts'
import { createNarrator } from './narrator.ts'
import type { Terminal } from './terminal.ts'

function heard() {
  const lines: string[] = []
  const terminal: Terminal = {
    colour: pc.createColors(false),
    isInteractive: false,
    line: (text = '') => lines.push(text),
    table: () => undefined,
    progress: () => undefined,
    progressDone: () => undefined,
  }
  const due: (() => void)[] = []
  const clock: Clock = {
    ...systemClock,
    nowMs: () => new Date(2026, 10, 27, 9).getTime(),
    after: (_, run) => {
      due.push(run)
      return { cancel: () => undefined }
    },
  }
  const later = () => {
    for (const run of due.splice(0)) run()
  }
  return { lines, later, narrator: createNarrator(terminal, 'desired-state.yaml', clock) }
}

const happened = (level: StoredEvent['level'], reason: string, message: string, count = 1): StoredEvent => ({
  id: reason,
  seq: count,
  resource: { kind: 'service', name: 'scraper' },
  template: message,
  firstAtMs: 0,
  lastAtMs: 0,
  ...{ level, reason, message, count },
})

test('a trouble that comes again is told the 1st, 10th, 100th time, and its end once', () => {
  const { lines, narrator } = heard()
  for (let count = 1; count <= 120; count += 1)
    narrator.event(happened('warning', 'CrashLoop', 'it failed 4 times in a row', count))
  narrator.event(happened('info', 'Converged', 'it is as declared', 1))
  narrator.event(happened('info', 'Converged', 'it is as declared', 2))
  expect(lines).toEqual([
    '09:00:00 ! service/scraper: it failed 4 times in a row',
    '09:00:00 ! service/scraper: it failed 4 times in a row (10 times)',
    '09:00:00 ! service/scraper: it failed 4 times in a row (100 times)',
    '09:00:00 · service/scraper: it is as declared',
  ])
})

test('every repair is told, and that all is well where nothing was wrong is not', () => {
  const { lines, later, narrator } = heard()
  narrator.event(happened('info', 'Converged', 'it is as declared'))
  narrator.event(happened('info', 'Repaired', 'Start scraper', 1))
  later()
  narrator.event(happened('info', 'Repaired', 'Start scraper', 2))
  narrator.event(happened('error', 'RolledBack', 'too much failed: 3 repairs were undone'))
  expect(lines).toEqual([
    '09:00:00 ✓ service/scraper: Start scraper',
    '09:00:00 ✓ service/scraper: Start scraper',
    '09:00:00 ✗ service/scraper: too much failed: 3 repairs were undone',
  ])
})

test('repairs that are alike and follow one another are one line', () => {
  const { lines, later, narrator } = heard()
  for (const count of [50, 50, 10]) narrator.event(happened('info', 'Repaired', `make ${count} leads in Airtable`))
  narrator.event(happened('info', 'Repaired', 'fill empty cells of 1 lead in Airtable'))
  expect(lines).toEqual(['09:00:00 ✓ service/scraper: make 50 leads in Airtable, and 2 more like it'])
  later()
  expect(lines.slice(1)).toEqual(['09:00:00 ✓ service/scraper: fill empty cells of 1 lead in Airtable'])
})

test('of a large edit the first five changes are named', () => {
  const { lines, narrator } = heard()
  const changes = Array.from({ length: 7 }, (_, index) => ({
    path: `tables.t${index}`,
    section: 'tables',
    change: 'added' as const,
  }))
  narrator.edit({ is: 'accepted', number: 2, changes })
  narrator.edit({ is: 'waiting', number: 3, why: '12 of 20 entries went' })
  expect(lines).toEqual([
    '09:00:00 ✓ desired-state.yaml: generation 2 is in force: tables.t0 added, tables.t1 added, tables.t2 added, tables.t3 added, tables.t4 added and 2 more',
    '09:00:00 ○ desired-state.yaml: generation 3 waits for a person: 12 of 20 entries went',
  ])
})
