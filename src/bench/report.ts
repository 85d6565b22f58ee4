/** The report: one table for people, or one JSON document. */
import { availableParallelism, cpus, loadavg } from 'node:os'
import Table from 'cli-table3'
import type { Aim, Figure, Row } from './measure.ts'

/** What the figures depend on besides the program. */
export interface Circumstances {
  readonly at: string
  readonly cores: number
  readonly processor: string
  /** Processes that wanted a core, on average over the last minute, when the run began. */
  readonly loadBefore: number
  readonly node: string
  readonly seed: number
  readonly rounds: number
}

/** Taken when a run begins. */
export function circumstances(now: Date, seed: number, rounds: number): Circumstances {
  return {
    at: now.toISOString(),
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    loadBefore: loadavg()[0] ?? 0,
    node: process.version,
    seed,
    rounds,
  }
}

/** Whether the aim was met. */
export function isMet(aim: Aim, row: Row): boolean {
  const value = { ratio: row.ratio, figure: row.median.value, memory: row.peakBytes }[aim.of]
  return value !== undefined && value <= aim.below
}

export function reportJson(rows: readonly Row[], about: Circumstances): string {
  const withAims = rows.map((row) => ({ ...row, aims: row.aims.map((aim) => ({ ...aim, met: isMet(aim, row) })) }))
  return JSON.stringify({ ...about, rows: withAims }, null, 2)
}

export function reportText(rows: readonly Row[], about: Circumstances): string {
  const table = new Table({
    head: ['benchmark', 'what', 'median', 'floor', 'ratio', 'aim', 'peak memory'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left', 'right'],
    colWidths: [null, 52],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  })
  for (const row of rows) {
    table.push([
      row.bench,
      row.what,
      figureText(row.median),
      row.floor === undefined ? '' : figureText(row.floor),
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
      row.aims.map((aim) => `${aimText(aim, row)} ${isMet(aim, row) ? 'met' : 'MISSED'}`).join('\n'),
      row.peakBytes === undefined ? '' : megabytes(row.peakBytes),
    ])
  }
  const loaded =
    about.loadBefore > about.cores * 0.5
      ? '\nThe machine was busy with other work: compare ratios, not figures, and measure again when it is idle.'
      : ''
  return `${table.toString()}
${about.at}, ${about.processor}, ${about.cores} cores, load ${about.loadBefore.toFixed(1)} before the run, Node ${about.node}, seed ${about.seed}, ${about.rounds} rounds${loaded}`
}

function aimText({ of, below }: Aim, row: Row): string {
  switch (of) {
    case 'ratio':
      return `ratio ≤ ${Number(below.toFixed(3))}`
    case 'figure':
      return `≤ ${figureText({ value: below, unit: row.median.unit })}`
    case 'memory':
      return `≤ ${megabytes(below)}`
  }
}

/** A figure for people, in the unit that reads best. */
export function figureText({ value, unit }: Figure): string {
  switch (unit) {
    case 'ms':
      return value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`
    case 'percent':
      return `${value.toFixed(2)} %`
    case 'requests/s':
      return `${value.toFixed(0)}/s`
    case 'calls':
      return `${Number.isInteger(value) ? value : value.toFixed(2)} calls`
  }
}

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}
