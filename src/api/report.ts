/** The health report: how well everything is, what needs a person, what happened in a period, what comes next. As data, Markdown and HTML. Pure. */
import { isoOf } from '../clock.ts'
import { withoutPersons } from '../scrub.ts'
import type { Health, HealthComponent, HealthIssue } from './health-report.ts'
import { type Html, page, raw } from './page/html.ts'

/** One line of a section: what it is about, and what is said. */
export interface ReportLine {
  readonly about: string
  readonly text: string
}

export interface ReportSection {
  readonly title: string
  /** Said where there is no line. */
  readonly empty: string
  readonly lines: readonly ReportLine[]
}

/** What is read of it. */
export type ReadReport = Pick<
  HealthReport,
  'workspace' | 'fromMs' | 'toMs' | 'verdict' | 'status' | 'figures' | 'sections'
>

export interface HealthReport extends Health {
  readonly workspace: string
  readonly fromMs: number
  readonly toMs: number
  /** One sentence for a person who reads no further. */
  readonly verdict: string
  /** What needs a person first. */
  readonly sections: readonly ReportSection[]
}

/** What is wrong, the worst first, as the report names it. */
export function issuesSection(issues: readonly HealthIssue[]): ReportSection {
  return {
    title: 'Issues',
    empty: 'Nothing is wrong.',
    lines: [...issues]
      .sort((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity))
      .map(({ severity, category, component, message, affected, suggestion }) => ({
        about: `${severity}, ${category}: ${component}`,
        text: `${ended(message)} ${affected.count > 0 ? `${affected.count} ${affected.count === 1 ? 'record' : 'records'}. ` : ''}${suggestion}`,
      })),
  }
}

/** What was checked of each component: those that are well in one line. */
export function checksSection(components: readonly HealthComponent[]): ReportSection {
  const wrong = components.filter(({ status }) => status !== 'ok')
  const well = components.filter(({ status }) => status === 'ok').map(({ name }) => name)
  return {
    title: 'Checks',
    empty: 'Nothing was looked at yet.',
    lines: [
      ...wrong.map(({ name, status, checks }) => ({
        about: name,
        text: [
          `${statusWords[status]}.`,
          ...checks
            .filter((check) => check.status !== 'ok')
            .map(({ name: check, message }) => ended(`${check}: ${message}`)),
        ].join(' '),
      })),
      ...(well.length === 0 ? [] : [{ about: `${well.length} well`, text: well.join(', ') }]),
    ],
  }
}

const severities = ['critical', 'high', 'medium', 'low']

function ended(text: string): string {
  return /[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`
}

const statusWords = {
  ok: 'well',
  warning: 'with warnings',
  failed: 'in trouble',
  unknown: 'not looked at yet',
} as const

/** For a terminal, a mail, a chat. */
export function reportMarkdown(report: ReadReport): string {
  const sections = report.sections.flatMap(({ title, empty, lines }) => [
    '',
    `## ${title}`,
    '',
    ...(lines.length === 0 ? [empty] : lines.map(({ about, text }) => `- **${marked(about)}**: ${marked(text)}`)),
  ])
  return `${[`# ${marked(titleOf(report))}`, '', marked(report.verdict), '', overallOf(report), ...sections].join('\n')}\n`
}

/** A page that prints: no script, its style beside it. */
export function reportHtml(report: ReadReport, stylesheet: string): string {
  const sections = report.sections.map(
    ({ title, empty, lines }) =>
      raw`<section><h2>${title}</h2>${
        lines.length === 0
          ? raw`<p class="empty">${empty}</p>`
          : raw`<dl>${lines.map(({ about, text }): Html => raw`<div><dt>${about}</dt><dd>${clean(text)}</dd></div>`)}</dl>`
      }</section>`,
  )
  const body = raw`<main><h1>${titleOf(report)}</h1><p class="verdict ${report.status}">${clean(report.verdict)}</p>
<p>${overallOf(report)}</p>${sections}</main>`
  return page({ title: 'Report', stylesheet, body })
}

export const reportStylesheet = `body { font: 11pt/1.45 system-ui, sans-serif; color: #111; background: #fff; margin: 0 }
main { max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .25rem; border-bottom: 1px solid #999 }
.verdict { font-weight: 600; border-left: .3rem solid #2e7d32; padding-left: .6rem } .verdict.warning, .verdict.unknown { border-color: #b26a00 }
.verdict.failed { border-color: #b00020 } .empty { color: #555 }
dl { margin: 0 } dl div { display: grid; grid-template-columns: 14rem 1fr; gap: .75rem; padding: .15rem 0 } dt { font-weight: 600 } dd { margin: 0; overflow-wrap: anywhere }
@media (max-width: 40rem) { dl div { grid-template-columns: 1fr; gap: 0 } }
@media print { main { margin: 0; max-width: none } section { break-inside: avoid } a { color: inherit; text-decoration: none } }
@page { margin: 18mm }
`

export function titleOf({ workspace, fromMs, toMs }: ReadReport): string {
  return `${workspace}: ${isoOf(fromMs).slice(0, 16).replace('T', ' ')} to ${isoOf(toMs).slice(0, 16).replace('T', ' ')} (UTC)`
}

/** `Overall: with warnings. 23 components, 40 checks of which 1 failed, 5 issues that touch 12 records.` */
function overallOf({ status, figures }: ReadReport): string {
  const { components, checks, checksFailed, issues, affectedRecords } = figures
  return `Overall: ${statusWords[status]}. ${components} components, ${checks} checks of which ${checksFailed} failed, ${issues} issues that touch ${affectedRecords} records.`
}

function clean(text: string): string {
  return withoutPersons(text).replaceAll(/\s+/g, ' ')
}

/** What would be a mark of Markdown is text. */
function marked(text: string): string {
  return clean(text).replaceAll(/[\\*_<>[\]#|]/g, (sign) => `\\${sign}`)
}

/** As a message of a channel. */
export function reportMessage(report: ReadReport): { readonly subject: string; readonly text: string } {
  return {
    subject: `[${report.workspace}] Report: ${clean(report.verdict)}`.slice(0, 200),
    text: reportMarkdown(report),
  }
}
