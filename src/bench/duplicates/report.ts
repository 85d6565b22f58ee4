/** What the benchmark of duplicates prints. */
import Table from 'cli-table3'
import type { SetReport } from './measure-set.ts'
import type { SyntheticReport } from './synthetic.ts'

export interface ShownSet extends SetReport {
  /** Reading the file as CSV and nothing else, in the same run. */
  readonly bareReadMs: number
  readonly peakBytes: number
  readonly inferred: boolean
}

const share = (value: number) => value.toFixed(4)
const count = (value: number) => value.toLocaleString('en-US')
const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`

/** One JSON document. */
export function setJson(report: ShownSet): string {
  const { groups, automatic, known, pairs, ...rest } = report
  return JSON.stringify(
    {
      set: rest.set,
      rows: rest.rows,
      precision: groups.precision,
      recall: groups.recall,
      f1: groups.f1,
      best: known ?? null,
      truePairs: groups.truePairs,
      foundPairs: groups.foundPairs,
      pairsCompared: pairs.compared,
      candidatePairs: pairs.candidates,
      possiblePairs: pairs.possible,
      candidateRecall: rest.candidateRecall,
      oversizedBlocks: rest.oversizedBlocks,
      automatic: {
        from: rest.mergeAutomaticallyFrom,
        precision: automatic.precision,
        recall: automatic.recall,
        pairs: automatic.foundPairs,
      },
      tookMs: rest.tookMs,
      bareReadMs: rest.bareReadMs,
      ratio: rest.tookMs / rest.bareReadMs,
      peakBytes: rest.peakBytes,
      inferred: rest.inferred,
      fields: rest.fields,
      keys: rest.keys,
      explained: rest.explained,
    },
    null,
    2,
  )
}

/** A table for people. */
export function setText(report: ShownSet): string {
  const { groups, automatic, known, pairs } = report
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['set', `${report.set}, ${count(report.rows)} rows, ${count(groups.truePairs)} true pairs`],
    ['precision', share(groups.precision)],
    ['recall', share(groups.recall)],
    ['F1', known === undefined ? share(groups.f1) : `${share(groups.f1)}   best known ${share(known.f1)}: ${known.by}`],
    [
      `merged automatically, from ${report.mergeAutomaticallyFrom}`,
      `precision ${share(automatic.precision)}, recall ${share(automatic.recall)}, ${count(automatic.foundPairs)} pairs`,
    ],
    [
      'pairs compared',
      `${count(pairs.compared)} of ${count(pairs.candidates)} candidates of ${count(pairs.possible)} possible`,
    ],
    ['candidate recall', share(report.candidateRecall)],
    ['oversized blocks', count(report.oversizedBlocks)],
    [
      'time',
      `${Math.round(report.tookMs)} ms, ${(report.tookMs / report.bareReadMs).toFixed(1)} times the bare read of the file`,
    ],
    ['peak memory', mebibytes(report.peakBytes)],
  )
  const fields = report.fields.map(
    ({ name, role, leftOut }) => `  ${name}: ${leftOut === undefined ? role : `not compared, ${leftOut}`}`,
  )
  return [
    table.toString(),
    report.inferred ? 'Fields, told from the columns and their values:' : 'Fields:',
    ...fields,
    'Blocks by:',
    ...report.keys.map((key) => `  ${key}`),
    'Some of the pairs:',
    ...report.explained.map((pair) => `  ${pair}`),
  ].join('\n')
}

/** The figures of generated leads. */
export function syntheticText(report: SyntheticReport): string {
  const { groups, automatic } = report
  const table = new Table({ style: { head: [], border: [] } })
  table.push(
    ['leads', `${count(report.rows)} generated, ${count(groups.truePairs)} true pairs`],
    ['precision', share(groups.precision)],
    ['recall', share(groups.recall)],
    ['F1', share(groups.f1)],
    [
      `merged automatically, from ${report.mergeAutomaticallyFrom}`,
      `precision ${share(automatic.precision)}, recall ${share(automatic.recall)}`,
    ],
    ['pairs compared', `${count(report.compared)} of ${count(report.candidates)} candidates`],
    ['oversized blocks', count(report.oversizedBlocks)],
    [
      'full pass',
      `${Math.round(report.passCpuMs)} ms of processor time, ${report.ratio.toFixed(2)} times the bare read of 8 columns (${Math.round(report.bareReadCpuMs)} ms); aim: 3`,
    ],
    ['peak memory of the pass', `${mebibytes(report.peakBytes)}; aim: 350 MB`],
    [
      'full look of the kind',
      `${count(report.look.automatic)} groups to merge, ${count(report.look.waiting)} waiting; ${Math.round(report.look.lookCpuMs)} ms of processor time; peak memory ${mebibytes(report.look.peakBytes)}; limit: 512 MB`,
    ],
  )
  return [table.toString(), 'Blocks by:', ...report.keys.map((key) => `  ${key}`)].join('\n')
}
