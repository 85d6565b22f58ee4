/** What a change cost, as a table. */
import Table from 'cli-table3'
import type { Figure } from '../measure.ts'
import { figureText, megabytes } from '../report.ts'
import type { Change, Measured } from './change.ts'

/** Less than this is called no change, whatever the turns say: two runs of one program differ by as much. */
const noise = 0.03

/** @param changes as `changesOf` gives them. */
export function changesText(changes: readonly Change[]): string {
  const table = new Table({
    head: ['benchmark', 'what', 'before', 'now', 'ratio before', 'now', 'memory before', 'now', 'change'],
    colWidths: [null, 44],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  })
  for (const change of changes) {
    const { before, now } = change
    table.push([
      change.bench,
      change.what,
      figure(before?.figure),
      figure(now?.figure),
      before?.ratio?.toFixed(2) ?? '',
      now?.ratio?.toFixed(2) ?? '',
      memory(before),
      memory(now),
      verdict(change),
    ])
  }
  return table.toString()
}

function figure(value: Figure | undefined): string {
  return value === undefined ? '' : figureText(value)
}

function memory(value: Measured | undefined): string {
  return value?.peakBytes === undefined ? '' : megabytes(value.peakBytes)
}

function verdict({ before, now, times, clear }: Change): string {
  if (before === undefined) return 'new'
  if (now === undefined) return 'gone'
  if (times === undefined) return 'from nothing'
  const percent = `${times < 1 ? '−' : '+'}${(Math.abs(times - 1) * 100).toFixed(0)} %`
  if (Math.abs(times - 1) < noise) return 'none'
  if (!clear) return `${percent}, unclear`
  return `${percent} ${times > 1 ? 'SLOWER' : 'faster'}`
}
