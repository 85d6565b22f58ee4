/** The health and maintenance report: what happened in a period, what needs a person, what comes next. As data, Markdown and HTML. Pure. */
import { isoOf } from '../clock.ts'
import { withoutPersons } from '../scrub.ts'
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

export interface MaintenanceReport {
  readonly workspace: string
  readonly fromMs: number
  readonly toMs: number
  /** One sentence for a person who reads no further. */
  readonly verdict: string
  readonly status: 'ok' | 'warning' | 'failed' | 'unknown'
  /** What needs a person first. */
  readonly sections: readonly ReportSection[]
}

const statusWords = {
  ok: 'well',
  warning: 'with warnings',
  failed: 'in trouble',
  unknown: 'not looked at yet',
} as const

/** For a terminal, a mail, a chat. */
export function reportMarkdown(report: MaintenanceReport): string {
  const sections = report.sections.flatMap(({ title, empty, lines }) => [
    '',
    `## ${title}`,
    '',
    ...(lines.length === 0 ? [empty] : lines.map(({ about, text }) => `- **${marked(about)}**: ${marked(text)}`)),
  ])
  return `${[`# ${marked(titleOf(report))}`, '', marked(report.verdict), '', `Overall: ${statusWords[report.status]}.`, ...sections].join('\n')}\n`
}

/** A page that prints: no script, its style beside it. */
export function reportHtml(report: MaintenanceReport, stylesheet: string): string {
  const sections = report.sections.map(
    ({ title, empty, lines }) =>
      raw`<section><h2>${title}</h2>${
        lines.length === 0
          ? raw`<p class="empty">${empty}</p>`
          : raw`<dl>${lines.map(({ about, text }): Html => raw`<div><dt>${about}</dt><dd>${clean(text)}</dd></div>`)}</dl>`
      }</section>`,
  )
  const body = raw`<main><h1>${titleOf(report)}</h1><p class="verdict ${report.status}">${clean(report.verdict)}</p>
<p>Overall: ${statusWords[report.status]}.</p>${sections}</main>`
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

export function titleOf({ workspace, fromMs, toMs }: MaintenanceReport): string {
  return `${workspace}: ${isoOf(fromMs).slice(0, 16).replace('T', ' ')} to ${isoOf(toMs).slice(0, 16).replace('T', ' ')} (UTC)`
}

function clean(text: string): string {
  return withoutPersons(text).replaceAll(/\s+/g, ' ')
}

/** What would be a mark of Markdown is text. */
function marked(text: string): string {
  return clean(text).replaceAll(/[\\*_<>[\]#|]/g, (sign) => `\\${sign}`)
}

/** As a message of a channel. */
export function reportMessage(report: MaintenanceReport): { readonly subject: string; readonly text: string } {
  return {
    subject: `[${report.workspace}] Report: ${clean(report.verdict)}`.slice(0, 200),
    text: reportMarkdown(report),
  }
}
