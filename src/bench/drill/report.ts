/** What drills found, for people and for Prometheus. */
import Table from 'cli-table3'
import type { DrillResult } from './drill.ts'

const seconds = (value: number) => `${value.toFixed(1)} s`

export function resultsText(results: readonly DrillResult[]): string {
  const table = new Table({
    head: ['disaster', 'rows', 'lost', 'age of the last surviving row', 'age of the newest set', 'brought back in'],
    style: { head: [], border: [] },
  })
  for (const one of results)
    table.push([
      one.disaster,
      one.acknowledged,
      one.lost,
      one.lastSurvivingRowAgeSeconds === null ? 'none survived' : seconds(one.lastSurvivingRowAgeSeconds),
      seconds(one.newestSetAgeSeconds),
      seconds(one.restoreSeconds),
    ])
  const problems = results.flatMap(({ disaster, problems }) => problems.map((problem) => `✗ ${disaster}: ${problem}\n`))
  return `${table.toString()}\n${problems.join('')}`
}

const gauges: readonly (readonly [name: string, help: string, of: (result: DrillResult) => number | null])[] = [
  [
    'last_surviving_row_age_seconds',
    'How long before the disaster the last row was written that came back.',
    ({ lastSurvivingRowAgeSeconds }) => lastSurvivingRowAgeSeconds,
  ],
  ['lost_rows', 'Acknowledged rows that did not come back as written.', ({ lost }) => lost],
  [
    'restore_seconds',
    'From the first command to a database that is true again.',
    ({ restoreSeconds }) => restoreSeconds,
  ],
  ['problems', 'What should not be; see the output of the drill.', ({ problems }) => problems.length],
]

/** The text format of Prometheus, with the moment at which the drill ended. */
export function metricsText(results: readonly DrillResult[], nowMs: number): string {
  const lines = gauges.flatMap(([name, help, of]) => [
    `# HELP trueup_drill_${name} ${help}`,
    `# TYPE trueup_drill_${name} gauge`,
    ...results.flatMap((result) => {
      const value = of(result)
      return value === null ? [] : [`trueup_drill_${name}{disaster="${result.disaster}"} ${value}`]
    }),
  ])
  return [
    ...lines,
    '# HELP trueup_drill_timestamp_seconds When the drill ended, in seconds since the epoch.',
    '# TYPE trueup_drill_timestamp_seconds gauge',
    `trueup_drill_timestamp_seconds ${Math.round(nowMs / 1000)}`,
    '',
  ].join('\n')
}
