import type { Command } from 'commander'
import { z } from 'zod'
import { reportHtml, reportStylesheet } from '../../api/report.ts'
import { isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { withApi } from '../api.ts'
import { type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { momentOf } from '../moment.ts'
import { toFile } from '../out-file.ts'
import { currentViews } from '../views.ts'

interface ReportOptions extends CommonOptions {
  readonly since: string
  readonly format: string
  readonly out?: string
}

const statuses = { OK: 'ok', WARNING: 'warning', FAILED: 'failed', UNKNOWN: 'unknown' } as const
const statusSchema = z.enum(['OK', 'WARNING', 'FAILED', 'UNKNOWN']).transform((status) => statuses[status])
const severities = { LOW: 'low', MEDIUM: 'medium', HIGH: 'high', CRITICAL: 'critical' } as const
const severitySchema = z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']).transform((severity) => severities[severity])

const answerSchema = z.object({
  healthReport: z.object({
    workspace: z.string(),
    from: z.string(),
    to: z.string(),
    verdict: z.string(),
    status: statusSchema,
    components: z.array(
      z.object({
        name: z.string(),
        status: statusSchema,
        checkedAt: z.string().nullable(),
        checks: z.array(z.object({ name: z.string(), status: statusSchema, message: z.string() })),
      }),
    ),
    issues: z.array(
      z.object({
        id: z.string(),
        component: z.string(),
        severity: severitySchema,
        category: z.string(),
        message: z.string(),
        affected: z.object({ count: z.number(), sample: z.array(z.string()) }),
        suggestion: z.string(),
        actionId: z.string().nullable(),
      }),
    ),
    figures: z.object({
      components: z.number(),
      checks: z.number(),
      checksFailed: z.number(),
      issues: z.number(),
      affectedRecords: z.number(),
    }),
    sections: z.array(
      z.object({
        title: z.string(),
        empty: z.string(),
        lines: z.array(z.object({ about: z.string(), text: z.string() })),
      }),
    ),
    markdown: z.string(),
  }),
})

const query = `query ($since: DateTime!) { healthReport(since: $since) {
  workspace from to verdict status markdown sections { title empty lines { about text } }
  components { name status checkedAt checks { name status message } }
  issues { id component severity category message affected { count sample } suggestion actionId }
  figures { components checks checksFailed issues affectedRecords } } }`

/** `report`: what happened, what needs a person, what comes next. */
export function registerReport(program: Command): void {
  common(program.command('report'), [
    'trueup report',
    'trueup report --since 7d --format html --out week.html',
    'trueup report --json',
  ])
    .summary('what was done, what needs a person, what comes next')
    .description(
      'The health report: checks and issues as they are, and of a period repairs, quality, duplicates, sync, backups, restarts, forecasts. The running controller shows the same at /report, for printing, and sends it as `alerts.reports` says.',
    )
    .option('--since <time>', 'from when on: a date, a moment, or how long ago', '24h')
    .option('--format <format>', 'md, json or html', 'md')
    .option('--out <file>', 'write to this file, which must not exist')
    .action((options: ReportOptions) => runCommand(options, (run) => report(options, run)))
}

async function report(
  options: ReportOptions,
  run: Parameters<Parameters<typeof runCommand>[1]>[0],
): Promise<ExitStatus> {
  if (!['md', 'json', 'html'].includes(options.format))
    throw new OperationalError('USAGE', `--format ${options.format} is none of md, json and html`)
  const since = isoOf(momentOf('--since', options.since, Date.now()))
  const { healthReport: found } = await withApi(options, 'look', async (api) => {
    // A controller has looked; where none runs, how things stand is looked up now.
    if (api.workspace !== undefined) await currentViews(api.workspace, run)
    return api.request(query, { since }, answerSchema)
  })
  const { markdown, ...data } = found
  const text = textOf(options.format, markdown, data)
  if (options.out !== undefined) {
    const written = await toFile([{ text, rows: 1 }], options.out)
    run.answer({ path: written.path }, ({ line }) => line(`Wrote ${options.out}.`))
  } else if (options.format === 'md') run.answer(data, ({ line }) => line(text.trimEnd()))
  else process.stdout.write(text)
  return data.status === 'failed' ? 2 : 0
}

type Data = Omit<z.output<typeof answerSchema>['healthReport'], 'markdown'>

function textOf(format: string, markdown: string, data: Data): string {
  if (format === 'md') return markdown
  if (format === 'json') return `${JSON.stringify(data, null, 2)}\n`
  // A file by itself: its style comes with it.
  const style = `data:text/css,${encodeURIComponent(reportStylesheet)}`
  return reportHtml({ ...data, fromMs: Date.parse(data.from), toMs: Date.parse(data.to) }, style)
}
