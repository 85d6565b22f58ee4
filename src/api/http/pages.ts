/** What is answered that is no operation: the dashboard, GraphiQL, the report, metrics, the schema of the desired state. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import { isPagePath } from '../../dashboard/app/pages.ts'
import { renderJsonSchema } from '../../desired/json-schema.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { may, type Viewer } from '../auth/permissions.ts'
import type { BackupPort } from '../backup-port.ts'
import type { MetricPort } from '../metric-port.ts'
import { metricsText, stateFigures } from '../metrics.ts'
import { dashboard } from '../page/assets.ts'
import { graphiqlFile } from '../page/graphiql.ts'
import type { EnginePort } from '../ports.ts'
import type { ProgramPort } from '../program-port.ts'
import { reportHtml } from '../report.ts'
import type { ReportPort } from '../report-port.ts'
import { graphiqlPolicy, send, sendError, setSecurityHeaders } from './respond.ts'

export interface PageOptions {
  readonly engine: EnginePort
  readonly programs: ProgramPort
  readonly backups: BackupPort
  readonly metrics: MetricPort
  readonly reports: ReportPort
  readonly clock: Clock
}

export function createPages({ engine, programs, backups, metrics, reports, clock }: PageOptions) {
  /** Of the last day, or of so many days as `?days=7` says. */
  async function reportPage(request: IncomingMessage): Promise<string> {
    const days = Number(new URLSearchParams((request.url ?? '').split('?', 2)[1]).get('days') ?? 1)
    const span = Number.isFinite(days) && days > 0 ? Math.min(days, 366) : 1
    return reportHtml(await reports.report(clock.nowMs() - span * 86_400_000), '/report.css')
  }

  async function allMetrics(): Promise<string> {
    const [resources, controller, ...figures] = await Promise.all([
      engine.resources(),
      engine.controller(),
      programs.figures(),
      backups.figures(),
      metrics.figures(),
    ])
    return metricsText([...stateFigures(resources, controller, clock.nowMs()), ...figures.flat()])
  }

  return { reportPage, allMetrics }
}

/** The page under the address of each of its views, and its files, whose names change with their content. */
export async function answerDashboard(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = path.startsWith('/app/') ? dashboard().files.get(path.slice('/app/'.length)) : undefined
  if (file === undefined && !isPagePath(path)) return sendError(response, 404, 'NOT_FOUND', 'There is nothing here.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendError(response, 405, 'METHOD', 'Only GET.')
  if (file === undefined) return send(response, 200, 'text/html; charset=utf-8', dashboard().page)
  response.setHeader('cache-control', 'private, max-age=31536000, immutable')
  send(response, 200, file.type, file.text)
}

/** The files of GraphiQL; its page stands under `/graphql`. */
export async function answerGraphiql(
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
  viewer: Viewer,
): Promise<void> {
  if (!may(viewer, 'schema.read')) return sendError(response, 403, 'FORBIDDEN', 'This role does not see the schema.')
  if (request.method !== 'GET') return sendError(response, 405, 'METHOD', 'Only GET.')
  const file = await graphiqlFile(name)
  if (file === undefined) return sendError(response, 404, 'NOT_FOUND', 'There is nothing here.')
  // The workers take the policy of their own file.
  setSecurityHeaders(response, graphiqlPolicy)
  response.setHeader('cache-control', 'private, max-age=31536000, immutable')
  send(response, 200, file.type, file.text)
}

let renderedSchema: string | undefined
/** What editors complete and check by; made once, when first asked for. */
export function desiredStateSchema(): string {
  renderedSchema ??= renderJsonSchema(standardizeRules)
  return renderedSchema
}
